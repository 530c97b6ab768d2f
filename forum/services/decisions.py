"""Looking up decisions: the newest on a contribution, and whether one was taken back."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.attribution import SubjectKind
from forum.domain.moderation import ModerationDecision


def was_undone(decision_id: Any) -> sa.ColumnElement[bool]:
    """Give the condition that the decision with the key in a column was taken back."""
    reversal = aliased(ModerationDecision)
    return sa.select(sa.literal(1)).where(reversal.reverses_id == decision_id).exists()


def is_undone(session: Session, decision_id: int) -> bool:
    """Whether a decision was taken back."""
    return bool(session.scalar(sa.select(was_undone(decision_id))))


def find_last_decision(session: Session, kind: SubjectKind, subject_id: int) -> ModerationDecision | None:
    """Give the newest decision on a contribution."""
    return session.scalars(
        sa.select(ModerationDecision)
        .where(ModerationDecision.subject_kind == kind, ModerationDecision.subject_id == subject_id)
        .order_by(ModerationDecision.id.desc())
        .limit(1)
    ).first()
