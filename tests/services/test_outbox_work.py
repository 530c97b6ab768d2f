"""Leases, back-off, dead letters and counts of the outbox."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.database import writing
from forum.domain.outbox import MAX_ATTEMPTS, OutboxEntry, Topic, backoff
from forum.services.outbox import enqueue
from forum.services.outbox_work import (
    OutboxCounts,
    count_outbox,
    finish_entries,
    has_due,
    keep_leased,
    lease_entries,
    postpone_entry,
    prune_outbox,
    release_entries,
    retry_failed,
)
from tests.conftest import StoppedClock

SPAN = timedelta(seconds=30)


def fill(session: Session, clock: StoppedClock, count: int, topic: Topic = Topic.NOTIFY) -> None:
    with writing(session):
        for number in range(count):
            enqueue(session, topic, {"n": number}, now=clock())


def test_an_entry_is_leased_to_one_worker_at_a_time(session: Session, clock: StoppedClock) -> None:
    """The second finds the rest, and nothing once all is leased; a lease that ran out is free again."""
    fill(session, clock, 3)
    first = lease_entries(session, Topic.NOTIFY, now=clock(), limit=2, span=SPAN)
    second = lease_entries(session, Topic.NOTIFY, now=clock(), limit=2, span=SPAN)
    assert [entry.payload["n"] for entry in first + second] == [0, 1, 2]
    assert not has_due(session, [Topic.NOTIFY], now=clock())
    clock.advance(seconds=30)
    again = lease_entries(session, Topic.NOTIFY, now=clock(), limit=5, span=SPAN)
    assert [entry.attempts for entry in again] == [2, 2, 2]
    assert keep_leased(session, first) == [], "whoever lost the lease must not finish the entry"
    assert keep_leased(session, again) == again


def test_topics_do_not_mix(session: Session, clock: StoppedClock) -> None:
    """A lane takes its own topic alone."""
    fill(session, clock, 1, Topic.MAIL)
    assert not has_due(session, [Topic.INDEX, Topic.NOTIFY], now=clock())
    assert lease_entries(session, Topic.INDEX, now=clock(), limit=9, span=SPAN) == []


def test_what_is_put_off_waits(session: Session, clock: StoppedClock) -> None:
    """An entry for later is not due before."""
    enqueue(session, Topic.NOTIFY, {}, now=clock(), at=clock() + timedelta(minutes=1))
    session.flush()
    assert not has_due(session, [Topic.NOTIFY], now=clock())
    assert has_due(session, [Topic.NOTIFY], now=clock.advance(minutes=1))


def test_a_failing_entry_backs_off_and_is_given_up(session: Session, clock: StoppedClock) -> None:
    """Eight attempts, each after its wait; then a dead letter that keeps its error, and another round."""
    fill(session, clock, 1)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        (entry,) = lease_entries(session, Topic.NOTIFY, now=clock(), limit=1, span=SPAN)
        assert entry.attempts == attempt
        is_last = postpone_entry(session, entry, "TimeoutError", now=clock())
        assert is_last == (attempt == MAX_ATTEMPTS)
        clock.advance(seconds=backoff(attempt).total_seconds() - 1)
        assert not has_due(session, [Topic.NOTIFY], now=clock())
        clock.advance(seconds=1)
    assert count_outbox(session, now=clock()) == OutboxCounts(0, 1, None)
    assert session.scalars(sa.select(OutboxEntry.error)).one() == "TimeoutError"
    assert retry_failed(session) == 1
    assert has_due(session, [Topic.NOTIFY], now=clock())


def test_released_entries_have_lost_no_attempt(session: Session, clock: StoppedClock) -> None:
    """A worker that stops gives back what it did not try."""
    fill(session, clock, 2)
    entries = lease_entries(session, Topic.NOTIFY, now=clock(), limit=2, span=SPAN)
    release_entries(session, entries)
    again = lease_entries(session, Topic.NOTIFY, now=clock(), limit=2, span=SPAN)
    assert [entry.attempts for entry in again] == [1, 1]


def test_counts_and_pruning(session: Session, clock: StoppedClock) -> None:
    """Due entries and the oldest of them are counted; what was done over a day ago is forgotten."""
    fill(session, clock, 3)
    start = clock()
    entries = lease_entries(session, Topic.NOTIFY, now=start, limit=2, span=SPAN)
    assert count_outbox(session, now=start) == OutboxCounts(3, 0, start)
    finish_entries(session, entries, now=start)
    assert count_outbox(session, now=start) == OutboxCounts(1, 0, start)
    assert prune_outbox(session, now=clock.advance(days=1)) == 0
    assert prune_outbox(session, now=clock.advance(seconds=1)) == 2
    assert count_outbox(session, now=clock()).due == 1
