"""Working off the outbox: leasing what is due, marking it done, putting it off, giving it up, counting.

An entry is leased for a while by raising its number of attempts; whoever finishes it must still hold
that number. A worker that dies keeps its lease until it runs out, and then another takes over.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.outbox import MAX_ATTEMPTS, OutboxEntry, Topic, backoff

KEEP_DONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Leased:
    """An entry in somebody's hands."""

    id: int
    topic: Topic
    payload: dict[str, Any]
    attempts: int
    """The number of this attempt, from 1: it tells whether the lease is still ours."""


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """What readiness wants to know."""

    due: int
    """Due now and not done."""
    failed: int
    """Given up."""
    oldest_due_at: datetime | None


def _waiting() -> sa.ColumnElement[bool]:
    return sa.and_(OutboxEntry.done_at.is_(None), OutboxEntry.failed_at.is_(None))


def _due(topics: Collection[Topic], now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        _waiting(),
        OutboxEntry.topic.in_(list(topics)),
        OutboxEntry.available_at <= now,
        sa.or_(OutboxEntry.leased_until.is_(None), OutboxEntry.leased_until <= now),
    )


def has_due(session: Session, topics: Collection[Topic], *, now: datetime) -> bool:
    """Whether there is work; a plain read, so that an idle worker takes no lock."""
    return session.scalar(sa.select(OutboxEntry.id).where(_due(topics, now)).limit(1)) is not None


def lease_entries(
    session: Session, topic: Topic, *, now: datetime, limit: int, span: timedelta
) -> list[Leased]:
    """Take at most `limit` due entries, oldest first, for `span`; call inside a write transaction."""
    rows = session.execute(
        sa.select(OutboxEntry.id, OutboxEntry.payload, OutboxEntry.attempts)
        .where(_due([topic], now))
        .order_by(OutboxEntry.available_at, OutboxEntry.id)
        .limit(limit)
        .with_for_update(skip_locked=True)  # PostgreSQL; SQLite has its write lock already
    ).all()
    session.execute(
        sa.update(OutboxEntry)
        .where(OutboxEntry.id.in_([row.id for row in rows]))
        .values(leased_until=now + span, attempts=OutboxEntry.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    return [Leased(row.id, topic, row.payload, row.attempts + 1) for row in rows]


def keep_leased(session: Session, entries: Sequence[Leased]) -> list[Leased]:
    """Give those of the entries that are still ours and not done; locks them on PostgreSQL."""
    rows = session.execute(
        sa.select(OutboxEntry.id, OutboxEntry.attempts)
        .where(OutboxEntry.id.in_([entry.id for entry in entries]), _waiting())
        .with_for_update()
    )
    held = {row.id: row.attempts for row in rows}
    return [entry for entry in entries if held.get(entry.id) == entry.attempts]


def finish_entries(session: Session, entries: Sequence[Leased], *, now: datetime) -> None:
    """Mark entries done, in the transaction of their effect."""
    _update(session, [entry.id for entry in entries], done_at=now, leased_until=None, error="")


def postpone_entry(session: Session, entry: Leased, error: str, *, now: datetime) -> bool:
    """Put a failed entry off, or give it up after the last attempt; tell whether it was given up."""
    is_last = entry.attempts >= MAX_ATTEMPTS
    _update(
        session,
        [held.id for held in keep_leased(session, [entry])],
        available_at=now + backoff(entry.attempts),
        leased_until=None,
        error=error[:500],
        failed_at=now if is_last else None,
    )
    return is_last


def release_entries(session: Session, entries: Sequence[Leased]) -> None:
    """Give back entries that were not tried: a worker that stops leaves nothing to wait for."""
    ids = [entry.id for entry in keep_leased(session, entries)]
    _update(session, ids, leased_until=None, attempts=OutboxEntry.attempts - 1)


def list_waiting(session: Session, topic: Topic) -> Sequence[int]:
    """Give the keys of the entries of a topic that wait or were given up: for whoever does them at once."""
    return session.scalars(
        sa.select(OutboxEntry.id).where(OutboxEntry.topic == topic, OutboxEntry.done_at.is_(None))
    ).all()


def finish_waiting(session: Session, ids: Sequence[int], *, now: datetime) -> None:
    """Mark entries done whoever holds them; their handler's effect is there already."""
    for start in range(0, len(ids), 1000):
        _update(
            session, list(ids[start : start + 1000]), done_at=now, failed_at=None, leased_until=None, error=""
        )


def _update(session: Session, ids: list[int], **values: Any) -> None:
    if ids:
        session.execute(
            sa.update(OutboxEntry)
            .where(OutboxEntry.id.in_(ids))
            .values(**values)
            .execution_options(synchronize_session=False)
        )


def count_outbox(session: Session, *, now: datetime) -> OutboxCounts:
    """Count what is due and what was given up."""
    row = session.execute(
        sa.select(
            sa.func.count().filter(sa.and_(OutboxEntry.failed_at.is_(None), OutboxEntry.available_at <= now)),
            sa.func.count().filter(OutboxEntry.failed_at.is_not(None)),
            sa.func.min(OutboxEntry.available_at).filter(OutboxEntry.failed_at.is_(None)),
        ).where(OutboxEntry.done_at.is_(None))
    ).one()
    return OutboxCounts(row[0], row[1], row[2] if row[2] is None or row[2] <= now else None)


def retry_failed(session: Session) -> int:
    """Give every dead letter another round of attempts; gives how many there were."""
    result = session.execute(
        sa.update(OutboxEntry)
        .where(OutboxEntry.failed_at.is_not(None))
        .values(failed_at=None, leased_until=None, attempts=0)
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def prune_outbox(session: Session, *, now: datetime) -> int:
    """Delete what was done over a day ago; gives how many entries went."""
    result = session.execute(
        sa.delete(OutboxEntry)
        .where(OutboxEntry.done_at < now - KEEP_DONE)
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
