"""Which rule holds a contribution for a moderator before others read it.

One function a rule, asked in the order of RULES; the first that answers with its key holds. A new rule
is a function, a line in RULES and a sentence in HELD_BECAUSE.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.answers import Answer
from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.labels import Status
from forum.domain.papers import PaperVersion
from forum.domain.threads import Post
from forum.policy import Actor

HELD_BECAUSE: dict[str, str] = {
    "everything": "in this group a moderator reads every contribution before it is published",
    "newcomer": "it is your first contribution to this group, and a moderator reads those first",
}
"""Rule -> message id that ends the sentence "It will be held because …"."""

_OFFICES = frozenset({GroupRole.CHAIR, GroupRole.SECRETARIAT})


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a contribution waits: the rule's key, as stored in `held_because`, and its message id."""

    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Sending:
    """What the rules look at: who sends, where to, and whether they have contributed there before."""

    actor: Actor
    group: Group
    has_contributed: bool


def find_hold(session: Session, actor: Actor, group: Group, *, account_keys: tuple[str, ...]) -> Hold | None:
    """Give the rule that holds what the actor would send to the group now; None if it is published.

    `account_keys` are the person's own writer keys, open and sealed.
    """
    has_contributed = group.holding_rule is HoldingRule.NEWCOMER and bool(
        session.scalar(_has_contributed(), {"group_id": group.id, "account_keys": account_keys})
    )
    return predict_hold(actor, group, has_contributed=has_contributed)


def predict_hold(actor: Actor, group: Group, *, has_contributed: bool) -> Hold | None:
    """Give the rule that would hold, where it is known already whether the actor has contributed."""
    if GroupRole.MODERATOR in actor.roles_in(group.id):
        return None
    sending = Sending(actor, group, has_contributed)
    for rule in RULES:
        key = rule(sending)
        if key is not None:
            return Hold(key, HELD_BECAUSE[key])
    return None


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


RULES: tuple[Callable[[Sending], str | None], ...] = (_everything, _newcomer)
