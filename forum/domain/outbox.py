"""The outbox: what is to be done after the commit."""

import enum
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, partial_index

MAX_ATTEMPTS = 8
"""After so many attempts an entry is a dead letter: kept, reported by readiness, and left alone."""


class Topic(enum.StrEnum):
    """One handler in delivery/ for each."""

    INDEX = "index"
    NOTIFY = "notify"
    MAIL = "mail"
    DEADLINE = "deadline"
    ANCHOR = "anchor"
    FILES = "files"
    ALERT = "alert"
    EXPORT = "export"
    RECONCILE = "reconcile"


class OutboxEntry(Base):
    """A deed to be done after the commit: at least once, by an idempotent handler."""

    __tablename__ = "outbox_entry"
    __table_args__ = (
        partial_index(
            "ix_outbox_entry_due",
            "topic",
            "available_at",
            where="done_at IS NULL AND failed_at IS NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[Topic]
    payload: Mapped[dict[str, Any]]
    """Ids and facts only, never text."""
    created_at: Mapped[datetime]
    available_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    """Set when it was given up: the dead letter that readiness reports."""
    error: Mapped[str] = mapped_column(default="")


def backoff(attempts: int) -> timedelta:
    """Give how long to wait after the n-th failed attempt: 2 s, 10 s, 50 s … at most six hours."""
    return timedelta(seconds=min(2 * 5 ** (attempts - 1), 6 * 3600))
