"""Which rule holds a contribution for a moderator before others read it.

One function a rule, asked in the order of RULES; the first that answers with its key holds. A new rule
is a function, a line in RULES and a sentence in HELD_BECAUSE. What each looks for in a text is written in
domain/holding_rules.py; at most one statement is asked for what was sent lately.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.answers import Answer
from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.holding_rules import (
    SIMILAR_LENGTH,
    SIMILAR_SPAN,
    HoldingRules,
    Recent,
    has_contacts,
    has_hash_list,
    has_outside_links,
    has_word,
    is_similar,
    similar_lengths,
)
from forum.domain.labels import Status
from forum.domain.papers import PaperVersion
from forum.domain.threads import Post
from forum.errors import Invalid
from forum.policy import Actor
from forum.policy.sql import reader_parameters, visible_to_reader

PROTECTED = "protected"
"""The rule whose finding is not held but locked: nobody reads it."""

HELD_BECAUSE: dict[str, str] = {
    "everything": "in this group a moderator reads every contribution before it is published",
    "newcomer": "it is your first contribution to this group, and a moderator reads those first",
    "links": "it leads to a site outside the references of this group",
    "hashes": "it lists several hash values",
    "contacts": "it holds an e-mail address or a telephone number",
    "words": "it holds a word for which moderators of this group have a look first",
    "too_fast": "you have sent a great deal to this group within an hour",
    "too_similar": "it says almost the same as something that was sent to this group lately",
    PROTECTED: "it may identify somebody who must be protected: it is locked, and nobody reads it. Take out "
    "whatever could tell who a person is",
}
"""Rule -> message id that ends the sentence "It will be held because …"."""

_OFFICES = frozenset({GroupRole.CHAIR, GroupRole.SECRETARIAT})


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a contribution waits: the rule's key, as stored in `held_because`, and its message id."""

    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Written:
    """What would be sent: its plain words with the title, and its HTML for where it leads."""

    text: str
    html: str = ""


NOTHING_WRITTEN = Written("")
"""Before anything was typed: only what does not look at the text can be told."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What the rules look at: who sends what where to, and what the database knows of it."""

    actor: Actor
    group: Group
    has_contributed: bool
    written: Written = NOTHING_WRITTEN
    recent: Recent = field(default_factory=Recent)
    rules: HoldingRules = field(default_factory=HoldingRules)
    """What the group's moderators have set."""


def find_hold(
    session: Session,
    actor: Actor,
    group: Group,
    *,
    account_keys: tuple[str, ...],
    written: Written = NOTHING_WRITTEN,
    now: datetime | None = None,
) -> Hold | None:
    """Give the rule that holds what the actor would send to the group now; None if it is published.

    `account_keys` are the person's own writer keys, open and sealed. Without `now` (an edit of what was
    sent already) nothing is asked of what else was sent lately.
    """
    has_contributed = group.holding_rule is HoldingRule.NEWCOMER and bool(
        session.scalar(_has_contributed(), {"group_id": group.id, "account_keys": account_keys})
    )
    recent = Recent()
    rules = HoldingRules.from_data(group.holding_rules)
    if now is not None and rules.asks_recent and not _is_exempt(actor, group):
        recent = _recent(session, actor, group, written, rules, account_keys, now)
    return predict_hold(actor, group, has_contributed=has_contributed, written=written, recent=recent)


def predict_hold(
    actor: Actor,
    group: Group,
    *,
    has_contributed: bool,
    written: Written = NOTHING_WRITTEN,
    recent: Recent | None = None,
) -> Hold | None:
    """Give the rule that would hold, where it is known already what the database knows."""
    rules = HoldingRules.from_data(group.holding_rules)
    sending = Sending(actor, group, has_contributed, written, recent or Recent(), rules)
    asked = (_protected,) if _is_exempt(actor, group) else RULES
    key = next(filter(None, (rule(sending) for rule in asked)), None)
    return Hold(key, HELD_BECAUSE[key]) if key is not None else None


def refuse_protected(hold: Hold | None) -> None:
    """Raise Invalid where a text of which a draft is kept would be locked: it is mended before it is sent."""
    if hold is not None and hold.rule == PROTECTED:
        raise Invalid(
            "This may identify somebody who must be protected. Take out whatever could tell who a person is; "
            "your draft is kept."
        )


def find_held(sending: Sending) -> str | None:
    """Give the first rule of the moderators' own that would hold this; the charter's is not asked."""
    return next(filter(None, (rule(sending) for rule in RULES if rule not in (_everything, _newcomer))), None)


def _is_exempt(actor: Actor, group: Group) -> bool:
    """Moderators read what is held: holding their own text would hold it for themselves."""
    return GroupRole.MODERATOR in actor.roles_in(group.id)


def _recent(
    session: Session,
    actor: Actor,
    group: Group,
    written: Written,
    rules: HoldingRules,
    account_keys: tuple[str, ...],
    now: datetime,
) -> Recent:
    """Ask once for what was sent lately: the person's own of the hour, and readable texts of this length."""
    least, most = similar_lengths(len(written.text)) if rules.similar else (1, 0)
    rows = session.execute(
        _recent_statement(),
        reader_parameters(actor)
        | {
            "group_id": group.id,
            "account_keys": account_keys,
            "since": now - SIMILAR_SPAN,
            "in_hour": now - timedelta(hours=1),
            "least": least,
            "most": most,
        },
    ).all()
    return Recent(
        mine_in_hour=sum(row.is_mine for row in rows),
        texts=tuple(row.text for row in rows if row.text),
    )


@functools.cache
def _recent_statement() -> sa.Select[*tuple[Any, ...]]:
    mine = sa.and_(
        Post.created_at > sa.bindparam("in_hour"),
        sa.select(sa.literal(1))
        .select_from(Authorship)
        .where(
            Authorship.subject_kind == SubjectKind.POST,
            Authorship.subject_id == Post.id,
            Authorship.writer_key.in_(sa.bindparam("account_keys", expanding=True)),
        )
        .exists(),
    )
    # Only what the person can read: to be told "almost the same" of another text would give it away.
    text = sa.func.substr(Post.text, 1, SIMILAR_LENGTH)
    comparable = sa.and_(
        sa.func.length(text).between(sa.bindparam("least"), sa.bindparam("most")),
        visible_to_reader(Post, is_signed_in=True),
    )
    return (
        sa.select(
            sa.case((mine, 1), else_=0).label("is_mine"),
            sa.case((comparable, text), else_="").label("text"),
        )
        .where(Post.group_id == sa.bindparam("group_id"), Post.created_at > sa.bindparam("since"))
        .order_by(Post.created_at.desc())
        .limit(MAX_RECENT)
    )


MAX_RECENT = 100
"""As many of a group's newest posts are looked at."""


@functools.cache
def _has_contributed() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        contributed_before(sa.bindparam("group_id"), sa.bindparam("account_keys", expanding=True))
    )


def contributed_before(group_id: Any, account_keys: Any) -> sa.ColumnElement[bool]:
    """Give the condition that a person (not their organisation) has something published in a group."""
    # One EXISTS in another: what the person wrote is little and is gone through until the first match,
    # while a join would let the database begin with all that the group holds.
    return sa.or_(
        *(
            sa.select(sa.literal(1))
            .select_from(Authorship)
            .where(
                Authorship.writer_key.in_(account_keys),
                Authorship.subject_kind == kind,
                sa.select(sa.literal(1))
                .select_from(model)
                .where(
                    model.id == Authorship.subject_id,
                    model.group_id == group_id,
                    model.status == Status.PUBLISHED,
                )
                .correlate_except(model)
                .exists(),
            )
            .correlate_except(Authorship)
            .exists()
            for model, kind in (
                (aliased(Post), SubjectKind.POST),
                (aliased(PaperVersion), SubjectKind.VERSION),
                (aliased(Answer), SubjectKind.ANSWER),
            )
        )
    )


def _everything(sending: Sending) -> str | None:
    return "everything" if sending.group.holding_rule is HoldingRule.EVERYTHING else None


def _newcomer(sending: Sending) -> str | None:
    """Chair and secretariat were appointed: they are no newcomers in their own group."""
    if sending.group.holding_rule is not HoldingRule.NEWCOMER or sending.has_contributed:
        return None
    return None if sending.actor.roles_in(sending.group.id) & _OFFICES else "newcomer"


def _protected(sending: Sending) -> str | None:
    return PROTECTED if has_word(sending.written.text, sending.rules.protected_words) else None


def _links(sending: Sending) -> str | None:
    rules, written = sending.rules, sending.written
    if not rules.outside_links:
        return None
    return "links" if has_outside_links(written.html, written.text, rules.reference_domains) else None


def _hashes(sending: Sending) -> str | None:
    return "hashes" if sending.rules.hash_lists and has_hash_list(sending.written.text) else None


def _contacts(sending: Sending) -> str | None:
    return "contacts" if sending.rules.contacts and has_contacts(sending.written.text) else None


def _words(sending: Sending) -> str | None:
    return "words" if has_word(sending.written.text, sending.rules.words) else None


def _too_fast(sending: Sending) -> str | None:
    limit = sending.rules.per_hour
    return "too_fast" if limit and sending.recent.mine_in_hour >= limit else None


def _too_similar(sending: Sending) -> str | None:
    is_alike = sending.rules.similar and is_similar(sending.written.text, sending.recent.texts)
    return "too_similar" if is_alike else None


RULES: tuple[Callable[[Sending], str | None], ...] = (
    _protected,
    _everything,
    _newcomer,
    _links,
    _hashes,
    _contacts,
    _words,
    _too_fast,
    _too_similar,
)
