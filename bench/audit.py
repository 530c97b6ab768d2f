"""How many of 1,000 changes to the record `forum audit verify` finds, and how long the walk takes.

Edits, deletions, reorderings and insertions must show by the chain alone. A deletion that takes the end with
it, a truncation, and a rewriting of everything that follows cannot: they must show against the head that was
kept.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from forum.database import prepare_engine, writing
from forum.domain.audit import FIRST, AuditAction, AuditEntry, Head, chain_hash
from forum.domain.tables import metadata
from forum.services.audit import Verdict, get_head, record, verify

TABLE = AuditEntry.__table__
LENGTH = 200
"""Entries of the chain that is changed."""
MUTATIONS = 1_000
LONG = 20_000
"""Entries of the chain whose walk is timed."""
SEED = 20260302


@contextmanager
def opened(path: Path) -> Iterator[Session]:
    """Give a session on a new database with all tables and without the guards against changes."""
    engine = sa.create_engine(f"sqlite:///{path}")
    prepare_engine(engine, synchronous="OFF")
    metadata.create_all(engine)
    with sessionmaker(engine)() as session:
        yield session
    engine.dispose()


def fill(session: Session, length: int) -> None:
    """Record so many things, as services do."""
    rng, at = random.Random(1), datetime(2026, 3, 2, 9, tzinfo=UTC)
    with writing(session):
        for number in range(length):
            at += timedelta(seconds=rng.randrange(100))
            record(
                session,
                None,
                rng.choice(list(AuditAction)),
                now=at,
                subject_kind=rng.choice([None, "post", "version", "account"]),
                subject=rng.choice([None, f"{number:013d}"]),
                before="published",
                number=number,
                is_final=rng.choice([True, False, None]),
            )


Row = dict[str, Any]


def other_text(rng: random.Random, value: str | None, length: int = 13) -> str | None:
    """Give an id or a hash that is another one."""
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
    """Close the gaps between the numbers."""
    for number, row in enumerate(rows, 1):
        row["number"] = number


def rehash(row: Row) -> None:
    """Give an entry the hash that its fields have."""
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


@dataclass
class Outcome:
    """How many changes were made of each kind, and which of them nobody noticed."""

    made: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def tried(self) -> int:
        """All changes."""
        return self.made.total()


def mutate(session: Session, count: int) -> Outcome:
    """Change the chain in so many ways, one at a time, and judge each; the chain is left as it was."""
    good = [dict(row) for row in session.execute(sa.select(TABLE).order_by(TABLE.c.number)).mappings()]
    head = get_head(session)
    rng, outcome = random.Random(SEED), Outcome()
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        rows = [dict(row) for row in good]
        kind(rng, rows)
        assert rows != good
        outcome.made[kind.__name__] += 1
        if verdict_on(session, rows, head).fault is None:
            outcome.missed.append((number, kind.__name__, "with head"))
        reaches_the_end = any(row["number"] == len(good) and row["hash"] == good[-1]["hash"] for row in rows)
        shows_alone = kind in {edit, reorder, insert} or (kind is delete and reaches_the_end)
        if shows_alone and verdict_on(session, rows, None).fault is None:
            outcome.missed.append((number, kind.__name__, "without head"))
    return outcome


def main(argv: list[str]) -> int:
    """Print what was found of 1,000 changes, and the pace of the walk."""
    with tempfile.TemporaryDirectory() as folder:
        with opened(Path(folder) / "short.db") as session:
            fill(session, LENGTH)
            outcome = mutate(session, MUTATIONS)
        missed = {number for number, *_ in outcome.missed}
        print(f"changes found: {outcome.tried - len(missed):,} of {outcome.tried:,}")
        for kind, count in sorted(outcome.made.items()):
            lost = len({number for number, name, _ in outcome.missed if name == kind})
            print(f"  {kind:<9} {count - lost:>4} of {count}")
        with opened(Path(folder) / "long.db") as session:
            fill(session, LONG)
            began = time.perf_counter()
            verdict = verify(session)
            spent = time.perf_counter() - began
        assert verdict.fault is None
        print(f"walk of {verdict.entries:,} entries: {spent:.2f} s, {verdict.entries / spent:,.0f} a second")
    return 1 if outcome.missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
