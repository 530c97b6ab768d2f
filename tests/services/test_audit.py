"""The record: every edit, deletion, reordering, insertion and truncation shows."""

import random
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from forum.database import prepare_engine, writing
from forum.domain.accounts import PlatformRole
from forum.domain.audit import FIRST, AuditAction, AuditEntry, Head, canonical_facts, chain_hash, parse_head
from forum.domain.labels import Ceiling
from forum.domain.tables import metadata
from forum.errors import Invalid, NotAllowed
from forum.services.audit import Verdict, get_head, list_entries, record, verify
from tests.builders import Builder
from tests.conftest import StoppedClock

TABLE = AuditEntry.__table__
LENGTH = 200
MUTATIONS = 1000


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Session]:
    """A record of 200 entries, as services write them."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'audit.db'}")
    prepare_engine(engine)
    metadata.create_all(engine)
    rng, clock = random.Random(1), StoppedClock()
    with sessionmaker(engine)() as session:
        with writing(session):
            for number in range(LENGTH):
                record(
                    session,
                    None,
                    rng.choice(list(AuditAction)),
                    now=clock.advance(seconds=rng.randrange(100)),
                    subject_kind=rng.choice([None, "post", "version", "account"]),
                    subject=rng.choice([None, f"{number:013d}"]),
                    before="published",
                    number=number,
                    is_final=rng.choice([True, False, None]),
                )
        yield session
    engine.dispose()


Row = dict[str, Any]


def other_text(rng: random.Random, value: str | None, length: int = 13) -> str | None:
    made = "".join(rng.choices("abcdef0123456789", k=length))
    return rng.choice([None, made, ""]) if value else made


def edit(rng: random.Random, rows: list[Row]) -> None:
    """One field of one entry becomes something else."""
    row = rng.choice(rows)
    name = rng.choice([name for name in row if name != "number"])
    value = row[name]
    if name == "recorded_at":
        row[name] = value + rng.choice([-1, 1]) * timedelta(microseconds=rng.choice([1, 10**6, 10**11]))
    elif name == "facts":
        place = rng.randrange(len(value))
        row[name] = rng.choice(
            [value[:place] + value[place + 1 :], value[:place] + "~" + value[place:], "{}", value + " "]
        )
    elif name in {"hash", "previous"}:
        row[name] = other_text(rng, None, 64)
    elif name == "action":
        row[name] = rng.choice([action.value for action in AuditAction if action.value != value])
    else:
        made = other_text(rng, value)
        row[name] = made if made != value else "x"


def delete(rng: random.Random, rows: list[Row]) -> None:
    """Some entries in a row are gone; the rest keep their numbers, or close the gap."""
    start = rng.randrange(len(rows) - 1)
    stop = rng.randrange(start + 1, len(rows))
    del rows[start:stop]
    if rng.random() < 0.5:
        number_anew(rows)


def reorder(rng: random.Random, rows: list[Row]) -> None:
    """Two entries change places."""
    one, two = rng.sample(range(len(rows)), 2)
    rows[one], rows[two] = rows[two], rows[one]
    number_anew(rows)


def insert(rng: random.Random, rows: list[Row]) -> None:
    """One more entry, well linked to the one before it, anywhere up to the end."""
    place = rng.randrange(len(rows))
    made = dict(rows[place]) | {"action": AuditAction.ROLE_CHANGED.value, "actor": "intruder"}
    made["previous"] = rows[place - 1]["hash"] if place else FIRST
    made["number"] = place + 1
    rehash(made)
    rows.insert(place, made)
    number_anew(rows)


def truncate(rng: random.Random, rows: list[Row]) -> None:
    """The end is cut off: only the head that was kept outside shows it."""
    del rows[rng.randrange(len(rows)) :]


def rewrite(rng: random.Random, rows: list[Row]) -> None:
    """An entry is changed and every hash from there on is worked out anew: the head shows it."""
    place = rng.randrange(len(rows))
    rows[place]["actor"] = "intruder"
    previous = rows[place]["previous"]
    for row in rows[place:]:
        row["previous"] = previous
        rehash(row)
        previous = row["hash"]


def number_anew(rows: list[Row]) -> None:
    for number, row in enumerate(rows, 1):
        row["number"] = number


def rehash(row: Row) -> None:
    names = ("number", "recorded_at", "actor", "action", "subject_kind", "subject", "group_public_id")
    row["hash"] = chain_hash(*(row[name] for name in names), row["facts"], row["previous"])


KINDS: list[Callable[[random.Random, list[Row]], None]] = [edit, delete, reorder, insert, truncate, rewrite]


def verdict_on(session: Session, rows: list[Row], head: Head | None) -> Verdict:
    """Put rows in the place of the chain, judge it, and put the chain back."""
    session.execute(sa.delete(TABLE))
    if rows:
        session.execute(sa.insert(TABLE), rows)
    found = verify(session, head=head)
    session.rollback()
    return found


def test_of_1000_mutations_1000_are_found(chain: Session) -> None:
    """Edits, deletions, reorderings and insertions by the chain alone; the rest against the head."""
    good = [dict(row) for row in chain.execute(sa.select(TABLE).order_by(TABLE.c.number)).mappings()]
    head = get_head(chain)
    assert verify(chain, head=head) == Verdict(LENGTH, head)
    rng = random.Random(20260302)
    missed = []
    for number in range(MUTATIONS):
        kind = KINDS[number % len(KINDS)]
        rows = [dict(row) for row in good]
        kind(rng, rows)
        assert rows != good
        if verdict_on(chain, rows, head).fault is None:
            missed.append((number, kind.__name__, "with head"))
        reaches_the_end = any(row["number"] == LENGTH and row["hash"] == good[-1]["hash"] for row in rows)
        shows_alone = kind in {edit, reorder, insert} or (kind is delete and reaches_the_end)
        if shows_alone and verdict_on(chain, rows, None).fault is None:
            missed.append((number, kind.__name__, "without head"))
    assert missed == []
    assert verify(chain, head=head).fault is None


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
    entry = record(session, None, AuditAction.FLAGGED, now=clock())
    assert (entry.number, entry.previous) == (1, FIRST)


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
