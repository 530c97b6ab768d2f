"""The write transaction: one writer at a time on both databases, and limits on what a statement may take."""

import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from forum.database import prepare_engine, writing
from forum.domain.outbox import OutboxEntry, Topic
from tests.conftest import StoppedClock

Sessions = sessionmaker[Session]


def add_entry(sessions: Sessions, clock: StoppedClock) -> None:
    with sessions() as session, writing(session):
        session.add(OutboxEntry(topic=Topic.INDEX, payload={}, created_at=clock(), available_at=clock()))


def test_eight_that_count_lose_nothing(real_sessions: Sessions, clock: StoppedClock) -> None:
    """Each reads a number, adds one and writes it: what is decided on what was read stays true."""
    add_entry(real_sessions, clock)
    faults: list[BaseException] = []

    def count() -> None:
        try:
            for _ in range(25):
                with real_sessions() as session, writing(session):
                    entry = session.scalars(sa.select(OutboxEntry)).one()
                    entry.attempts = entry.attempts + 1
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with real_sessions() as session:
        assert (session.scalar(sa.select(OutboxEntry.attempts)), faults) == (200, [])


def test_a_write_that_fails_leaves_nothing(real_sessions: Sessions, clock: StoppedClock) -> None:
    """The transaction is rolled back, and the next writer does not wait."""

    def fail() -> None:
        with real_sessions() as session, writing(session):
            session.add(OutboxEntry(topic=Topic.INDEX, payload={}, created_at=clock(), available_at=clock()))
            session.flush()
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail()
    add_entry(real_sessions, clock)
    with real_sessions() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(OutboxEntry)) == 1


@pytest.mark.postgresql
def test_a_statement_that_lasts_is_ended(postgresql_url: str) -> None:
    """Also on a connection that has waited in the queue of writers, which may take longer."""
    engine = sa.create_engine(postgresql_url)
    prepare_engine(engine, longest_statement=50)
    with sessionmaker(engine)() as session:
        with pytest.raises(sa.exc.OperationalError, match="statement timeout"):
            session.execute(sa.text("SELECT pg_sleep(60)"))
        with pytest.raises(sa.exc.OperationalError, match="statement timeout"), writing(session):
            session.execute(sa.text("SELECT pg_sleep(60)"))
    engine.dispose()


@pytest.mark.postgresql
def test_whoever_locks_what_it_decides_on_passes_the_queue(postgresql_url: str) -> None:
    """Leases of two workers do not wait for each other, nor for a writer."""
    engine = sa.create_engine(postgresql_url)
    prepare_engine(engine)
    sessions = sessionmaker(engine)
    with sessions() as first, sessions() as second, writing(first), writing(second, alone=False):
        assert second.scalar(sa.text("SELECT 1")) == 1
    engine.dispose()
