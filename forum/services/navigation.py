"""What the navigation counts: unread notices, and what waits for a moderator."""

import functools
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.groups import GroupRole
from forum.domain.labels import Status
from forum.domain.moderation import Flag
from forum.domain.notices import Notice
from forum.domain.papers import PaperVersion
from forum.domain.threads import Post
from forum.policy import Actor
from forum.policy.sql import SUBJECT_OF, may_decide_reader, reader_parameters


class Counts(NamedTuple):
    """Numbers beside the links of the navigation."""

    notices: int = 0
    moderation: int = 0


NO_COUNTS = Counts()


def load_counts(session: Session, actor: Actor) -> Counts:
    """Give the counts of a signed-in person, in one statement."""
    if actor.account_id is None:
        return NO_COUNTS
    groups = sorted(actor.groups_with(GroupRole.MODERATOR))
    parameters: dict[str, Any] = {"account_id": actor.account_id}
    if groups:
        parameters |= {"groups": groups, **reader_parameters(actor)}
    return Counts(*session.execute(_counts(bool(groups)), parameters).one())


@functools.cache
def _counts(is_moderator: bool) -> sa.Select[*tuple[Any, ...]]:
    """The statement, built once: every page of a signed-in person asks it."""
    unread = (
        sa.select(sa.func.count())
        .select_from(Notice)
        .where(Notice.account_id == sa.bindparam("account_id"), Notice.read_at.is_(None))
        .scalar_subquery()
    )
    waiting: sa.ColumnElement[int] = sa.literal(0)
    if is_moderator:
        for model in (Post, PaperVersion):
            waiting = waiting + _pending(model) + _flagged(model)
    return sa.select(unread, waiting)


def _pending(model: Any) -> sa.ScalarSelect[int]:
    return (
        sa.select(sa.func.count())
        .select_from(model)
        .where(
            model.group_id.in_(sa.bindparam("groups", expanding=True)),
            model.status == Status.PENDING,
            may_decide_reader(model),
        )
        .scalar_subquery()
    )


def _flagged(model: Any) -> sa.ScalarSelect[int]:
    """Contributions with an open flag, each once however many flagged it."""
    kind: SubjectKind = SUBJECT_OF[model]
    return (
        sa.select(sa.func.count(sa.distinct(Flag.subject_id)))
        .join(model, model.id == Flag.subject_id)
        .where(
            Flag.group_id.in_(sa.bindparam("groups", expanding=True)),
            Flag.subject_kind == kind,
            Flag.closed_at.is_(None),
            model.status == Status.PUBLISHED,
            may_decide_reader(model),
        )
        .scalar_subquery()
    )
