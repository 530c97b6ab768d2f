"""Looking up decisions: the newest on a contribution, and whether one was taken back."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.attribution import SubjectKind
from forum.domain.moderation import Action, ModerationDecision


def was_undone(decision_id: Any) -> sa.ColumnElement[bool]:
    """Give the condition that the decision in a column was taken back, before anybody was told of it."""
    return _was_reversed(decision_id, Action.UNDO)


def was_overturned(decision_id: Any) -> sa.ColumnElement[bool]:
    """Give the condition that an appeal against the decision with the key in a column was upheld."""
    return _was_reversed(decision_id, Action.OVERTURN)


def _was_reversed(decision_id: Any, action: Action) -> sa.ColumnElement[bool]:
    reversal = aliased(ModerationDecision)
    return (
        sa.select(sa.literal(1))
        .where(reversal.reverses_id == decision_id, reversal.action == action)
        .exists()
    )


def is_undone(session: Session, decision_id: int) -> bool:
    """Whether a decision was taken back."""
    return bool(session.scalar(sa.select(was_undone(decision_id))))


def find_last_decision(session: Session, kind: SubjectKind, subject_id: int) -> ModerationDecision | None:
    """Give the newest decision on a contribution."""
    return session.scalars(_LAST, {"kind": kind, "subject_id": subject_id}).first()


_LAST = (
    sa.select(ModerationDecision)
    .where(
        ModerationDecision.subject_kind == sa.bindparam("kind"),
        ModerationDecision.subject_id == sa.bindparam("subject_id"),
    )
    .order_by(ModerationDecision.id.desc())
    .limit(1)
)


def is_overturned(session: Session, decision_id: int) -> bool:
    """Whether an appeal against a decision was upheld."""
    return bool(session.scalar(sa.select(was_overturned(decision_id))))
