"""The record: every edit, deletion, reordering, insertion and truncation shows."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from bench.audit import LENGTH, fill, mutate, opened
from forum.database import prepare_engine, writing
from forum.domain.accounts import Account, PlatformRole
from forum.domain.audit import FIRST, AuditAction, AuditEntry, Head, canonical_facts, parse_head
from forum.domain.labels import Ceiling
from forum.domain.tables import metadata
from forum.errors import Invalid, NotAllowed
from forum.services.audit import Verdict, get_head, list_entries, record, verify
from tests.builders import Builder
from tests.conftest import StoppedClock

TABLE = AuditEntry.__table__


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Session]:
    """A record of 200 entries, as services write them."""
    with opened(tmp_path / "audit.db") as session:
        fill(session, LENGTH)
        yield session


def test_every_one_of_120_mutations_is_found(chain: Session) -> None:
    """Edits, deletions, reorderings and insertions by the chain alone; the rest against the head.

    `python -m bench audit` does the same a thousand times.
    """
    outcome = mutate(chain, 120)
    assert (outcome.tried, outcome.missed) == (120, [])
    assert verify(chain, head=get_head(chain)) == Verdict(LENGTH, get_head(chain))


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE audit_entry SET action = 'x' WHERE number = 7", "entry 7: was changed"),
        ("UPDATE audit_entry SET recorded_at = 'yesterday' WHERE number = 7", "entry 7: cannot be read"),
        ("UPDATE audit_entry SET subject = x'00ff' WHERE number = 7", "entry 7: cannot be read"),
        ("UPDATE audit_entry SET facts = 5 WHERE number = 7", "entry 7: was changed"),
        ("DELETE FROM audit_entry WHERE number = 1", "entry 1: is missing; 2 comes next"),
        ("DELETE FROM audit_entry WHERE number BETWEEN 7 AND 9", "entry 7: is missing; 10 comes next"),
        ("UPDATE audit_entry SET number = -1 WHERE number = 7", "entry 1: is missing; -1 comes next"),
        (
            "UPDATE audit_entry SET previous = hash WHERE number = 7",
            "entry 7: does not follow the one before it",
        ),
        ("DELETE FROM audit_entry WHERE number > 190", "entry 191: is missing, with all after it"),
        ("DELETE FROM audit_entry", "entry 1: is missing, with all after it"),
    ],
)
def test_the_first_broken_entry_is_named(chain: Session, statement: str, fault: str) -> None:
    """Also where a value is not even of its kind."""
    head = get_head(chain)
    chain.execute(sa.text(statement))
    assert verify(chain, head=head).fault == fault


def test_an_empty_record_is_in_order(session: Session) -> None:
    """Unless a head says that there was something."""
    assert verify(session) == Verdict(0, None)
    assert verify(session, head=Head(1, "0" * 64)).fault is not None


def test_a_head_in_the_middle_still_fits(chain: Session) -> None:
    """What is added later changes nothing about it; another hash does."""
    row = chain.execute(sa.select(TABLE.c.hash).where(TABLE.c.number == 50)).one()
    assert verify(chain, head=Head(50, row.hash)).fault is None
    assert verify(chain, head=Head(50, "0" * 64)).fault == "entry 50: is not the one whose hash was kept"


@pytest.mark.parametrize("text", ["", "5", "5:abc", "x:" + "0" * 64, "5:" + "G" * 64, "-1:" + "0" * 64])
def test_what_is_no_head_is_refused(text: str) -> None:
    """SEQ:HASH and nothing else; what is printed can be read."""
    with pytest.raises(Invalid):
        parse_head(text)
    head = Head(5, "a" * 64)
    assert parse_head(str(head)) == head


@pytest.mark.parametrize(
    "facts",
    [
        {"reason": "A sentence that somebody wrote."},
        {"email": "ada@body.example"},
        {"name": "Ada Lovelace"},
        {"name": "Zoë"},
        {"key": "x" * 81},
        {"keys": ["fine", "not fine"]},
        {"line": "a\nb"},
        {"number": 1.5},
        {"nested": {"a": 1}},
    ],
)
def test_content_cannot_be_recorded(facts: dict[str, Any]) -> None:
    """Ids, keys and numbers alone, so that an erasure never has to break the chain."""
    with pytest.raises(ValueError, match=r"is no fact|is neither"):
        canonical_facts(facts)


def test_an_entry_is_rolled_back_with_what_it_records(session: Session, clock: StoppedClock) -> None:
    """It stands in the same transaction."""
    record(session, None, AuditAction.FLAGGED, now=clock())
    session.rollback()
    assert get_head(session) is None
    record(session, None, AuditAction.FLAGGED, now=clock())
    session.close()
    session.commit()
    assert get_head(session) is None
    record(session, None, AuditAction.FLAGGED, now=clock())
    session.commit()
    entry = session.get_one(AuditEntry, 1)
    assert (entry.action, entry.previous) == ("moderation.flagged", FIRST)


def test_what_a_savepoint_took_back_is_not_recorded(session: Session, clock: StoppedClock) -> None:
    """The rest of the transaction is, in its order."""
    record(session, None, AuditAction.FLAGGED, now=clock())
    with session.begin_nested():
        record(session, None, AuditAction.INVITED, now=clock())
    inner = session.begin_nested()
    record(session, None, AuditAction.DECIDED, now=clock())
    inner.rollback()
    record(session, None, AuditAction.UNDONE, now=clock())
    session.commit()
    actions = session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.number)).all()
    assert actions == ["moderation.flagged", "invitation.made", "moderation.undone"]
    assert verify(session).fault is None


def test_writers_at_once_make_one_chain(tmp_path: Path) -> None:
    """On SQLite under the write lock."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    assert_one_chain(engine)


@pytest.mark.postgresql
def test_writers_at_once_make_one_chain_on_postgresql(postgresql_url: str) -> None:
    """Under an advisory lock."""
    assert_one_chain(sa.create_engine(postgresql_url))


def assert_one_chain(engine: sa.Engine) -> None:
    prepare_engine(engine)
    AuditEntry.__table__.drop(engine, checkfirst=True)  # type: ignore[attr-defined]
    AuditEntry.__table__.create(engine)  # type: ignore[attr-defined]
    sessions = sessionmaker(engine)
    clock = StoppedClock()

    def write(writer: int) -> None:
        for number in range(25):
            with sessions() as session, writing(session):
                record(session, None, AuditAction.FLAGGED, now=clock(), writer=writer, number=number)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with sessions() as session:
        assert verify(session).entries == 100
        assert verify(session).fault is None
    AuditEntry.__table__.drop(engine)  # type: ignore[attr-defined]
    engine.dispose()


@pytest.mark.postgresql
def test_two_that_record_and_touch_the_same_rows_do_not_stop_each_other(postgresql_url: str) -> None:
    """The chain's lock is the last a transaction takes: one that records first and then waits for a row
    holds up nobody who has that row and records too.
    """
    engine = sa.create_engine(postgresql_url)
    metadata.create_all(engine)
    sessions = sessionmaker(engine)
    try:
        with sessions() as session, writing(session):
            session.add_all(
                Account(name=handle, handle=handle, created_at=StoppedClock()()) for handle in "ab"
            )
        first_has_recorded, second_has_a_row = threading.Event(), threading.Event()

        def rename(handle: str, name: str) -> sa.Update:
            return sa.update(Account).where(Account.handle == handle).values(name=name)

        def first() -> None:
            with sessions() as session, writing(session, alone=False):
                record(session, None, AuditAction.FLAGGED, now=StoppedClock()(), writer=1)
                first_has_recorded.set()
                assert second_has_a_row.wait(30)
                session.execute(rename("a", "first"))

        def second() -> None:
            assert first_has_recorded.wait(30)
            with sessions() as session, writing(session, alone=False):
                session.execute(rename("a", "second"))
                second_has_a_row.set()
                record(session, None, AuditAction.FLAGGED, now=StoppedClock()(), writer=2)

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(first), pool.submit(second)]:
                done.result(60)
        with sessions() as session:
            assert verify(session) == Verdict(2, get_head(session))
            assert session.scalar(sa.select(Account.name).where(Account.handle == "a")) == "first"
    finally:
        metadata.drop_all(engine)
        engine.dispose()


def test_only_secretariat_and_administrators_read_it(session: Session, build: Builder) -> None:
    """A role in a group is not enough."""
    group = build.group()
    record(session, None, AuditAction.CHARTER_CHANGED, now=build.clock(), group=group)
    session.commit()
    for role in (PlatformRole.SECRETARIAT, PlatformRole.ADMINISTRATOR):
        lines, has_more = list_entries(session, build.actor(build.account("s", platform_role=role)))
        assert [line.entry.action for line in lines] == ["group.charter_changed"]
        assert not has_more
    for actor in (build.actor(build.member(group)), build.actor(None)):
        with pytest.raises(NotAllowed):
            list_entries(session, actor)


def test_a_group_that_a_reader_may_not_know_of_is_masked(session: Session, build: Builder) -> None:
    """The entry is there, for the chain; neither group nor subject nor facts are."""
    hidden = build.group(Ceiling.MEMBERS, is_listed=False)
    for number in range(3):
        record(session, None, AuditAction.MEMBER_ADDED, now=build.clock(), group=hidden, number=number)
    session.commit()
    reader = build.actor(build.account("s", platform_role=PlatformRole.SECRETARIAT))
    lines, has_more = list_entries(session, reader, limit=2)
    assert [(line.entry.number, line.group_slug, line.is_masked) for line in lines] == [
        (3, None, True),
        (2, None, True),
    ]
    assert has_more
    rest, has_more = list_entries(session, reader, before=2, limit=2)
    assert ([line.entry.number for line in rest], has_more) == ([1], False)
