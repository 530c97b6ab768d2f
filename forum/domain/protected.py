"""The lane of what nobody is shown: suspected abuse material, and details that may identify a victim."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.attribution import SubjectKind
from forum.domain.base import Base, PublicId, checked, partial_index
from forum.domain.labels import Status
from forum.domain.moderation import FlagReason

LOCKING = frozenset({FlagReason.SUSPECTED, FlagReason.VICTIM})
"""Reasons of a flag that lock at once what was flagged."""


class Cause(enum.StrEnum):
    """What put something into the lane."""

    FLAG = "flag"
    RULE = "rule"


class ProtectedCase(PublicId, Base):
    """One locked contribution and what was done about it: facts, never its text, title or author."""

    __tablename__ = "protected_case"
    __table_args__ = (
        sa.Index("ix_protected_case_subject", "subject_kind", "subject_id"),
        partial_index(
            "uq_protected_case_open",
            "subject_kind",
            "subject_id",
            unique=True,
            where="released_at IS NULL",
        ),
    )

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    subject_kind: Mapped[SubjectKind]
    subject_id: Mapped[int]
    cause: Mapped[Cause]
    status_before: Mapped[Status] = mapped_column(checked(Status, "protected_status_before"))
    opened_at: Mapped[datetime]
    reported_at: Mapped[datetime | None]
    reported_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    released_at: Mapped[datetime | None]
    released_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    reason: Mapped[str] = mapped_column(default="")
    """Why it was released: what the hotline or the police have answered."""


def status_after_release(before: Status) -> Status:
    """Give the status of what is released: a moderator reads it then; what was received stays received."""
    return Status.RECEIVED if before is Status.RECEIVED else Status.PENDING
