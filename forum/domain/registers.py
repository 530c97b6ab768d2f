"""Registers as data, read from `config/registers.toml`: what is followed up, by whom, and how it moves on.

A register differs from another one in this file alone: a new one is a table here and no line of code.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from forum.domain.datafile import Table, open_table, refuse_twice
from forum.domain.groups import GroupRole
from forum.domain.text import normalise, one_line
from forum.errors import Invalid

MAX_TEXT = 2_000
"""Characters of a field of free text."""
MAX_REASON = 2_000
_REASON_WORDS = 3

_ARTICLE = re.compile(r"[0-9]{1,3}[a-z]?(?:\([0-9]{1,2}\))?(?:\([a-z]{1,2}\))?")


class FieldKind(enum.StrEnum):
    """What a field of an entry takes."""

    TEXT = "text"
    CHOICE = "choice"
    CHOICES = "choices"
    DATE = "date"


class OwnerKind(enum.StrEnum):
    """Who can be asked to see to an entry."""

    NONE = "none"
    PERSON = "person"
    BODY = "body"
    EITHER = "either"


class Link(enum.StrEnum):
    """What an entry can be tied to."""

    INITIATIVE = "initiative"
    ACT = "act"
    ARTICLE = "article"
    COUNTRY = "country"


class Tone(enum.StrEnum):
    """How a status looks beside others."""

    PLAIN = "plain"
    WAITING = "waiting"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True)
class Term:
    """One word of a taxonomy."""

    key: str
    title: str


@dataclass(frozen=True)
class RegisterField:
    """A field that the entries of a register have; `terms` are the taxonomy of a choice."""

    key: str
    title: str
    kind: FieldKind
    help: str
    is_required: bool
    terms: tuple[Term, ...]

    @property
    def is_taxonomy(self) -> bool:
        """Whether it takes words of a taxonomy, by which entries can be filtered."""
        return self.kind in {FieldKind.CHOICE, FieldKind.CHOICES}

    def name_of(self, value: str) -> str:
        """Give a stored value in words: of a term its title, also of one that has left the taxonomy."""
        return next((term.title for term in self.terms if term.key == value), value)


@dataclass(frozen=True)
class State:
    """A status of the entries of a register, and those that may follow it."""

    key: str
    title: str
    tone: Tone
    next: tuple[str, ...]


@dataclass(frozen=True)
class Register:
    """One register.

    `groups` is empty where every group may use it, `due` where nothing falls due.
    """

    key: str
    title: str
    summary: str
    entry: str
    """What one entry is called."""
    owner: OwnerKind
    owner_title: str
    raised_by: frozenset[GroupRole]
    tended_by: frozenset[GroupRole]
    groups: tuple[str, ...]
    initiatives: tuple[int, ...]
    """The initiatives on whose pages it is named; empty for all of them."""
    links: tuple[Link, ...]
    due: str
    states: tuple[State, ...]
    fields: tuple[RegisterField, ...]

    @property
    def first(self) -> State:
        """The status that an entry begins with."""
        return self.states[0]

    @property
    def finals(self) -> tuple[State, ...]:
        """The statuses in which nothing is left to do."""
        return tuple(state for state in self.states if not state.next)

    @property
    def taxonomies(self) -> tuple[RegisterField, ...]:
        """The fields by which entries can be filtered."""
        return tuple(field for field in self.fields if field.is_taxonomy)

    def find_state(self, key: str) -> State | None:
        """Give a status of this register; None where it has none of that name (any more)."""
        return next((state for state in self.states if state.key == key), None)

    def state_title(self, key: str) -> str:
        """Give a status in words."""
        state = self.find_state(key)
        return state.title if state else key

    def list_next(self, key: str) -> tuple[State, ...]:
        """Give the statuses that may follow one; from one that the data has lost, any may."""
        state = self.find_state(key)
        return tuple(one for one in self.states if state is None or one.key in state.next)

    def is_for(self, slug: str) -> bool:
        """Whether a group may have entries in it."""
        return not self.groups or slug in self.groups

    def concerns(self, initiative: int) -> bool:
        """Whether the page of an initiative names it."""
        return not self.initiatives or initiative in self.initiatives

    def check_transition(self, before: str, after: str) -> State:
        """Give the status that an entry changes to; Invalid with the ones that are possible."""
        choices = self.list_next(before)
        for state in choices:
            if state.key == after:
                return state
        if not choices:
            raise Invalid(
                "“%(before)s” is where an entry of this register ends.",
                field="state",
                before=self.state_title(before),
            )
        raise Invalid(
            "From “%(before)s” an entry goes on to: %(choices)s. Choose one of them.",
            field="state",
            before=self.state_title(before),
            choices=", ".join(state.title for state in choices),
        )


def read_value(field: RegisterField, given: Sequence[str]) -> tuple[str, ...]:
    """Give what an entry stores of what was typed into a field; Invalid names the field and what it takes."""
    values = tuple(dict.fromkeys(value for value in given if value.strip()))
    if not values:
        if field.is_required:
            raise Invalid("%(title)s: this is needed.", field=field.key, title=field.title)
        return ()
    match field.kind:
        case FieldKind.CHOICE | FieldKind.CHOICES:
            known = {term.key for term in field.terms}
            if not known.issuperset(values) or (field.kind is FieldKind.CHOICE and len(values) > 1):
                raise Invalid("%(title)s: choose from the list.", field=field.key, title=field.title)
            return values
        case FieldKind.DATE:
            return (_date(values[0], field).isoformat(),)
        case FieldKind.TEXT:
            text = normalise("\n".join(values)).strip()
            if len(text) > MAX_TEXT:
                raise Invalid(
                    "%(title)s: up to %(limit)d characters are accepted here.",
                    field=field.key,
                    title=field.title,
                    limit=MAX_TEXT,
                )
            return (text,)


def _date(text: str, field: RegisterField) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(
            "%(title)s: write the date as 2027-03-31.", field=field.key, title=field.title
        ) from None


def checked_reason(text: str) -> str:
    """Give the reason of a change; Invalid where it is no sentence, or too long."""
    reason = one_line(text) if len(text) <= 10 * MAX_REASON else text
    if len(reason) > MAX_REASON:
        raise Invalid("Up to %(limit)d characters are accepted here.", field="reason", limit=MAX_REASON)
    if len(reason.split()) < _REASON_WORDS:
        raise Invalid("Say in a sentence why: it stands in the history.", field="reason")
    return reason


def checked_article(text: str) -> str | None:
    """Give the number of an article as it is stored; None for nothing, Invalid for what is no number."""
    number = one_line(text).casefold().removeprefix("article").strip() if text else ""
    if number and not _ARTICLE.fullmatch(number):
        raise Invalid("Write the article as a number, such as 15 or 15(4).", field="article")
    return number or None


def load_registers(path: Path) -> tuple[Register, ...]:
    """Read and check all registers in the order of the file.

    DataFileError names the file, the register and the key that is wrong.
    """
    with open_table(path) as top:
        tables = top.tables("registers", "key", required=True)
        registers = tuple(_register(table) for table in tables)
        refuse_twice(tables, "key", [register.key for register in registers])
    return registers


def _words(kind: type[enum.StrEnum]) -> tuple[str, ...]:
    return tuple(member.value for member in kind)


def _roles(table: Table, key: str) -> frozenset[GroupRole]:
    return frozenset(GroupRole(role) for role in table.texts(key, allowed=_words(GroupRole), required=True))


def _register(table: Table) -> Register:
    states = _states(table)
    register = Register(
        key=table.slug("key"),
        title=table.text("title"),
        summary=table.text("summary"),
        entry=table.text("entry"),
        owner=OwnerKind(table.choice("owner", _words(OwnerKind))),
        owner_title=table.text("owner_title", "Owner"),
        raised_by=_roles(table, "raised_by"),
        tended_by=_roles(table, "tended_by"),
        groups=table.texts("groups"),
        initiatives=table.wholes("initiatives") if "initiatives" in table else (),
        links=tuple(Link(link) for link in table.texts("links", allowed=_words(Link))),
        due=table.text("due", ""),
        states=states,
        fields=_fields(table),
    )
    table.finish()
    return register


def _states(table: Table) -> tuple[State, ...]:
    tables = table.tables("statuses", "key", required=True)
    states = []
    for row in tables:
        states.append(
            State(
                key=row.slug("key"),
                title=row.text("title"),
                tone=Tone(row.choice("tone", _words(Tone), Tone.PLAIN.value)),
                next=row.texts("next"),
            )
        )
        row.finish()
    refuse_twice(tables, "key", [state.key for state in states])
    known = {state.key for state in states}
    for row, state in zip(tables, states, strict=True):
        for key in state.next:
            if key not in known:
                raise row.fault("next", f"'{key}' is no status of this register")
    return tuple(states)


def _fields(table: Table) -> tuple[RegisterField, ...]:
    tables = table.tables("fields", "key")
    fields = tuple(_field(row) for row in tables)
    refuse_twice(tables, "key", [field.key for field in fields])
    return fields


def _field(row: Table) -> RegisterField:
    kind = FieldKind(row.choice("kind", _words(FieldKind)))
    terms = []
    rows = row.tables("terms", "key", required=kind in {FieldKind.CHOICE, FieldKind.CHOICES})
    for term in rows:
        terms.append(Term(term.slug("key"), term.text("title")))
        term.finish()
    refuse_twice(rows, "key", [term.key for term in terms])
    field = RegisterField(
        key=row.slug("key"),
        title=row.text("title"),
        kind=kind,
        help=row.text("help", ""),
        is_required=row.flag("required", False),
        terms=tuple(terms),
    )
    row.finish()
    return field


def values_by_key(rows: Sequence[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    """Give stored values, in their order, by field."""
    found: dict[str, tuple[str, ...]] = {}
    for key, value in rows:
        found[key] = (*found.get(key, ()), value)
    return found
