"""Unsealing: two people of two bodies look up who wrote something under the Chatham House Rule."""

import enum
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.attribution import SubjectKind
from forum.domain.base import Base, PublicId
from forum.domain.moderation import is_sentence
from forum.errors import Invalid

LAPSES_AFTER = timedelta(days=14)
"""How long a request waits for a second person."""

READABLE_FOR = timedelta(days=14)
"""How long after the approval the two may look; afterwards it takes a new request."""

MAX_REASON = 2000


class UnsealingState(enum.StrEnum):
    """Where a request is."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    LAPSED = "lapsed"
    """Nobody decided in time; never stored, it follows from the time."""


class Unsealing(PublicId, Base):
    """One request. Whose identity it is stands nowhere: it is worked out anew each time it is looked at."""

    __tablename__ = "unsealing"
    __table_args__ = (sa.Index("ix_unsealing_subject", "subject_kind", "subject_id"),)

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    subject_kind: Mapped[SubjectKind]
    subject_id: Mapped[int]
    alias: Mapped[str] = mapped_column(sa.String(64))
    reason: Mapped[str]
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    asked_at: Mapped[datetime]
    is_approved: Mapped[bool | None]
    answer: Mapped[str] = mapped_column(default="")
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    tells_at: Mapped[datetime | None]
    """When the person is told; set with the approval."""
    read_count: Mapped[int] = mapped_column(default=0)
    """How often the two looked; each time is on record."""

    def state_at(self, now: datetime) -> UnsealingState:
        """Give the state at a moment."""
        if self.is_approved is not None:
            return UnsealingState.APPROVED if self.is_approved else UnsealingState.REFUSED
        return UnsealingState.LAPSED if now - self.asked_at > LAPSES_AFTER else UnsealingState.ASKED

    def is_readable_at(self, now: datetime) -> bool:
        """Whether the two may look at a moment."""
        return (
            bool(self.is_approved) and self.decided_at is not None and now - self.decided_at <= READABLE_FOR
        )


def checked_reason(reason: str, *, field: str = "reason") -> str:
    """Give a reason for asking or refusing; Invalid where it is no sentence, or too long."""
    reason = reason.strip()
    if len(reason) > MAX_REASON:
        raise Invalid("Keep the reason under %(limit)s characters.", field=field, limit=MAX_REASON)
    if not is_sentence(reason):
        raise Invalid("Give the reason in at least one sentence: the person will read it.", field=field)
    return reason
