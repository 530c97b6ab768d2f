"""What a group's moderators have held: changing it, and what it would have held last month."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.groups import Group, HoldingRule
from forum.domain.holding_rules import SIMILAR_LENGTH, SIMILAR_SPAN, HoldingRules, Recent, checked_rules
from forum.domain.labels import Status
from forum.domain.papers import Paper, PaperVersion
from forum.domain.threads import OPENING_KEY, Post, Thread
from forum.errors import Conflict
from forum.policy import Action, Actor, visible_to
from forum.services.addresses import post_path, version_path
from forum.services.audit import record
from forum.services.groups import get_group
from forum.services.holding import MAX_RECENT, Sending, Written, find_held

SPAN = timedelta(days=30)
MOST = 500
"""As many contributions are looked at, the newest first."""
SHOWN = 50

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class WouldHold:
    """One contribution that the rules would have held."""

    rule: str
    kind: SubjectKind
    title: str
    path: str
    published_at: datetime
    is_day_only: bool


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What rules would have held in the last 30 days, of what was published and the moderator reads."""

    looked_at: int
    is_cut: bool
    """Whether there were more than are looked at."""
    held: Counter[str]
    """By rule."""
    newest: Sequence[WouldHold]


@dataclass(frozen=True, slots=True)
class _Sent:
    """A published contribution as the rules look at it."""

    kind: SubjectKind
    title: str
    text: str
    html: str
    path: str
    opens: bool
    """Whether its title was sent with it; a reply stands below another's."""
    author_id: int | None
    sent_at: datetime
    published_at: datetime


def get_moderated_group(session: Session, actor: Actor, slug: str) -> Group:
    """Give a group to one of its moderators; NotFound and NotAllowed as for MODERATE."""
    return get_group(session, actor, slug, Action.MODERATE)


def change_holding(
    session: Session,
    actor: Actor,
    slug: str,
    *,
    rules: HoldingRules,
    holding_rule: HoldingRule,
    based_on: int,
    now: datetime,
) -> Group:
    """Set what is held in a group from now on; takes one of its moderators.

    Conflict where somebody changed the group's terms since `based_on` (its lock_version).
    """
    group = get_moderated_group(session, actor, slug)
    if group.lock_version != based_on:
        raise Conflict("Somebody else changed this meanwhile. Look at it again before you change it.")
    data = checked_rules(rules).to_data()
    changed = sorted(
        name for name in {*data, *group.holding_rules} if data.get(name) != group.holding_rules.get(name)
    )
    if group.holding_rule is not holding_rule:
        group.holding_rule = holding_rule
        group.edited_fields = sorted({*group.edited_fields, "holding_rule"})
        changed.append("holding_rule")
    if not changed:
        return group
    group.holding_rules = data
    session.flush()
    # Which words are looked for is nobody else's business: the record has the names of the rules.
    record(
        session, actor, AuditAction.HOLDING_CHANGED, now=now,
        subject_kind="group", subject=group.public_id, group=group, rules=changed,
    )  # fmt: skip
    return group


def rehearse(session: Session, actor: Actor, slug: str, *, rules: HoldingRules, now: datetime) -> Rehearsal:
    """Tell what rules would have held of the last 30 days; takes a moderator, who reads what it counts.

    The charter's own rule (newcomers, everything) is not asked: it would hold what it has held already.
    """
    group = get_moderated_group(session, actor, slug)
    data = checked_rules(rules).to_data()
    sent = _published(session, actor, group, now)
    found = list(_held(actor, group, data, list(reversed(sent[:MOST]))))
    is_sealed = group.attribution is Attribution.CHATHAM_HOUSE
    newest = [
        WouldHold(rule, one.kind, one.title, one.path, one.published_at, is_sealed)
        for rule, one in reversed(found)
    ]
    return Rehearsal(
        looked_at=min(len(sent), MOST),
        is_cut=len(sent) > MOST,
        held=Counter(rule for rule, _ in found),
        newest=newest[:SHOWN],
    )


def _held(
    actor: Actor, group: Group, data: dict[str, Any], sent: Sequence[_Sent]
) -> Iterator[tuple[str, _Sent]]:
    """Ask the rules of each, oldest first, with what was there when it was sent."""
    rules = HoldingRules.from_data(data)
    for place, one in enumerate(sent):
        recent = Recent()
        if rules.asks_recent:
            before = [other for other in sent[:place] if other.sent_at > one.sent_at - SIMILAR_SPAN]
            fast = [
                other
                for other in before
                if one.author_id is not None
                and other.author_id == one.author_id
                and other.sent_at > one.sent_at - _HOUR
            ]
            texts = tuple(other.text[:SIMILAR_LENGTH] for other in before[-MAX_RECENT:])
            recent = Recent(len(fast), texts)
        written = Written(f"{one.title}\n{one.text}" if one.opens else one.text, one.html)
        rule = find_held(Sending(actor, group, True, written, recent, rules))
        if rule is not None:
            yield rule, one


def _published(session: Session, actor: Actor, group: Group, now: datetime) -> list[_Sent]:
    """Give what was published in the span and the actor reads, newest first, one more than is looked at."""
    posts = session.execute(
        sa.select(
            Post.public_id, Post.text, Post.html, Post.author_id, Post.created_at, Post.published_at,
            Post.order_key, Thread.title,
        )
        .join(Thread, Thread.id == Post.thread_id)
        .where(
            Post.group_id == group.id,
            Post.status == Status.PUBLISHED,
            Post.published_at > now - SPAN,
            visible_to(actor, Post),
        )
        .order_by(Post.published_at.desc())
        .limit(MOST + 1)
    )  # fmt: skip
    versions = session.execute(
        sa.select(
            Paper.public_id, PaperVersion.number, PaperVersion.title, PaperVersion.text, PaperVersion.html,
            Paper.author_id, PaperVersion.edited_at, PaperVersion.published_at,
        )
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .where(
            PaperVersion.group_id == group.id,
            PaperVersion.status == Status.PUBLISHED,
            PaperVersion.published_at > now - SPAN,
            visible_to(actor, PaperVersion),
        )
        .order_by(PaperVersion.published_at.desc())
        .limit(MOST + 1)
    )  # fmt: skip
    found = [
        _Sent(
            SubjectKind.POST, row.title, row.text, row.html, post_path(row.public_id),
            row.order_key == OPENING_KEY, row.author_id, row.created_at, row.published_at,
        )
        for row in posts
    ]  # fmt: skip
    found += [
        _Sent(
            SubjectKind.VERSION, row.title, row.text, row.html, version_path(row.public_id, row.number),
            True, row.author_id, row.edited_at, row.published_at,
        )
        for row in versions
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.sent_at, reverse=True)[: MOST + 1]
