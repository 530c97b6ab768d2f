"""Moderation: decisions with reasons, flags, and which status may become which."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.attribution import SubjectKind
from forum.domain.base import Base, PublicId, checked
from forum.domain.labels import Status
from forum.errors import Invalid


class Action(enum.StrEnum):
    """What a moderator decides."""

    APPROVE = "approve"
    REJECT = "reject"
    HIDE = "hide"
    RESTORE = "restore"
    KEEP = "keep"
    """Reviewed after a flag, and left as it is."""


TRANSITIONS: dict[tuple[Status, Action], Status] = {
    (Status.PENDING, Action.APPROVE): Status.PUBLISHED,
    (Status.PENDING, Action.REJECT): Status.REJECTED,
    (Status.PUBLISHED, Action.HIDE): Status.HIDDEN,
    (Status.PUBLISHED, Action.KEEP): Status.PUBLISHED,
    (Status.HIDDEN, Action.RESTORE): Status.PUBLISHED,
    (Status.REJECTED, Action.RESTORE): Status.PUBLISHED,
}


def next_status(status: Status, action: Action) -> Status:
    """Give the status a decision leads to; Invalid where the decision does not apply."""
    try:
        return TRANSITIONS[status, action]
    except KeyError:
        raise Invalid(
            "This contribution is %(status)s, so it cannot be decided that way.", status=status.value
        ) from None


class ModerationDecision(PublicId, Base):
    """One decision on one contribution, with the reason that stands."""

    __tablename__ = "moderation_decision"
    __table_args__ = (sa.Index("ix_moderation_decision_subject", "subject_kind", "subject_id"),)

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    subject_kind: Mapped[SubjectKind]
    subject_id: Mapped[int]
    action: Mapped[Action]
    status_before: Mapped[Status] = mapped_column(checked(Status, "status_before"))
    status_after: Mapped[Status] = mapped_column(checked(Status, "status_after"))
    rule: Mapped[str | None] = mapped_column(sa.String(64))
    """The key of the group's rule that the decision rests on."""
    reason: Mapped[str]
    decided_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    decided_at: Mapped[datetime]
    reverses_id: Mapped[int | None] = mapped_column(sa.ForeignKey("moderation_decision.id"))


class FlagReason(enum.StrEnum):
    """Why a reader flags; `illegal` stands apart."""

    OFF_TOPIC = "off_topic"
    UNCIVIL = "uncivil"
    CONFIDENTIAL = "confidential"
    PERSONAL_DATA = "personal_data"
    SPAM = "spam"
    ILLEGAL = "illegal"
    OTHER = "other"


class Flag(PublicId, Base):
    """A reader asks a moderator to look; closed by a decision."""

    __tablename__ = "flag"
    __table_args__ = (
        sa.Index("ix_flag_subject", "subject_kind", "subject_id"),
        sa.Index(
            "uq_flag_open",
            "subject_kind",
            "subject_id",
            "reporter_id",
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
    )

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    subject_kind: Mapped[SubjectKind]
    subject_id: Mapped[int]
    reporter_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    reason: Mapped[FlagReason]
    explanation: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    decision_id: Mapped[int | None] = mapped_column(sa.ForeignKey("moderation_decision.id"))
