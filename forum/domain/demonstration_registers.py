"""Demonstration content of the registers and of the board of States, read from `registers.toml`.

An entry names its register and group, its owner as "person:<key>" or "body:<key>", and in `evidence` whether
it rests on the group's first paper or discussion. A status of the board has the word "demonstration" alone:
nothing is said of a real State. A status with a negative `days_ago` still waits for its day.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forum.domain.datafile import Table, open_table

DEMONSTRATION = "demonstration"
"""The word of the board that the demonstration uses."""
_EVIDENCE = ("", "paper", "post")


@dataclass(frozen=True)
class Move:
    """A change of status."""

    state: str
    reason: str
    days_ago: float


@dataclass(frozen=True)
class Entry:
    """An entry of a register."""

    register: str
    group: str
    title: str
    text: str
    values: dict[str, tuple[str, ...]]
    owner: str
    act: str
    evidence: str
    days_ago: float
    due_in_days: float | None
    moves: tuple[Move, ...]


@dataclass(frozen=True)
class Contact:
    """The contact of a State."""

    country: str
    person: str


@dataclass(frozen=True)
class BoardStatus:
    """A status of the board, published so many days ago, or due in so many days where negative."""

    country: str
    article: str
    days_ago: float
    remark: str


@dataclass(frozen=True)
class Registers:
    """The whole file."""

    entries: tuple[Entry, ...]
    contacts: tuple[Contact, ...]
    statuses: tuple[BoardStatus, ...]


def load_registers_demonstration(path: Path) -> Registers:
    """Read the file; DataFileError names the place and the key that is wrong."""
    with open_table(path) as top:
        return Registers(
            entries=tuple(_entry(row) for row in top.tables("entries", "title", required=True)),
            contacts=tuple(_contact(row) for row in top.tables("contacts", "country")),
            statuses=tuple(_status(row) for row in top.tables("statuses", "country")),
        )


def _entry(row: Table) -> Entry:
    values: dict[str, Any] = row.table("values").everything() if "values" in row else {}
    entry = Entry(
        register=row.slug("register"),
        group=row.slug("group"),
        title=row.text("title"),
        text=row.text("text"),
        values={key: (value,) if isinstance(value, str) else tuple(value) for key, value in values.items()},
        owner=row.text("owner", ""),
        act=row.text("act", ""),
        evidence=row.choice("evidence", _EVIDENCE, ""),
        days_ago=row.number("days_ago"),
        due_in_days=row.number("due_in_days") if "due_in_days" in row else None,
        moves=tuple(_move(move) for move in row.tables("moves", "state")),
    )
    row.finish()
    return entry


def _move(row: Table) -> Move:
    move = Move(row.slug("state"), row.text("reason"), row.number("days_ago"))
    row.finish()
    return move


def _contact(row: Table) -> Contact:
    contact = Contact(row.text("country"), row.slug("person"))
    row.finish()
    return contact


def _status(row: Table) -> BoardStatus:
    status = BoardStatus(
        row.text("country"), row.text("article"), row.number("days_ago"), row.text("remark", "")
    )
    row.finish()
    return status
