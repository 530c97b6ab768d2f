"""Reading registers by one's rights: how much is in them, lists by filters, one entry with its history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus
from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group, MembersVisible
from forum.domain.labels import Status, Tlp
from forum.domain.organisations import Organisation
from forum.domain.register_entries import (
    EntryChange,
    RegisterEntry,
    RegisterEvent,
    RegisterValue,
    ThreadTopic,
)
from forum.domain.registers import Register, values_by_key
from forum.domain.threads import Thread
from forum.errors import NotFound
from forum.policy import Action, Actor, can, require, visible_to
from forum.policy.labels import COMMUNITY, group_label
from forum.policy.subjects import EntryRights, RegisterRights, Subject
from forum.services.addresses import thread_path
from forum.services.chatham import is_sealed
from forum.services.groups import list_groups
from forum.services.sealing import account_key, organisation_key
from forum.services.subjects import get_subject

PER_PAGE = 30
MAX_EXPORTED = 10_000
"""Entries of a file."""
SORTS = ("changed", "raised", "due", "title")

_LISTED = (Status.PUBLISHED, Status.PENDING, Status.HIDDEN)
"""What waits or was taken out is listed too, to the moderators who read it and to whoever wrote it."""


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """What of a register is asked for; what is empty narrows nothing."""

    state: str = ""
    group: str = ""
    initiative: int | None = None
    act_key: str = ""
    article: str = ""
    country: str = ""
    owner: str = ""
    """Slug of a body, or "me" for the actor's own and those of the bodies they speak for."""
    words: str = ""
    terms: Mapping[str, str] = field(default_factory=dict)
    """Term by field."""
    sort: str = "changed"

    @property
    def is_empty(self) -> bool:
        """Whether it asks for everything."""
        return replace(self, sort="changed") == EntryFilter()


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an entry is, as one reader may see it: a name with its page, or neither."""

    name: str | None
    path: str | None
    is_person: bool


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry as a list shows it to one reader."""

    register: str
    """Key of its register."""
    public_id: str
    title: str
    state: str
    status: Status
    tlp: Tlp
    group_slug: str
    group_title: str
    owner: Owner | None
    initiative: int | None
    act: str | None
    act_key: str | None
    article: str | None
    country: str | None
    due_on: date | None
    created_at: datetime
    changed_at: datetime
    is_day_only: bool
    text: str
    values: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class EntryPage:
    """One page of a register."""

    lines: list[EntryLine]
    total: int
    page: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an entry's history."""

    change: EntryChange
    state: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Discussed:
    """A discussion about an entry, or about a State and an article."""

    title: str
    path: str
    is_answered: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class EntryHead:
    """An entry with what its page needs beside its evidence."""

    entry: RegisterEntry
    group: Group
    line: EntryLine
    events: list[Event]
    threads: list[Discussed]
    rights: EntryRights


def count_entries(session: Session, actor: Actor, keys: Sequence[str]) -> dict[str, int]:
    """Give how many entries of each register the actor may read. One statement."""
    rows = session.execute(
        sa.select(RegisterEntry.register, sa.func.count().label("number"))
        .where(RegisterEntry.status == Status.PUBLISHED, visible_to(actor, RegisterEntry))
        .where(RegisterEntry.register.in_(keys))
        .group_by(RegisterEntry.register)
    )
    return {row.register: row.number for row in rows}


def count_in_group(session: Session, actor: Actor, group: Group) -> dict[str, int]:
    """Give how many entries the actor may read in a group, by register. One statement."""
    rows = session.execute(
        sa.select(RegisterEntry.register, sa.func.count().label("number"))
        .where(RegisterEntry.group_id == group.id, RegisterEntry.status == Status.PUBLISHED)
        .where(visible_to(actor, RegisterEntry))
        .group_by(RegisterEntry.register)
    )
    return {row.register: row.number for row in rows}


def count_by_initiative(
    session: Session, actor: Actor, registers: Sequence[Register], initiative: int
) -> list[tuple[Register, int]]:
    """Give the registers that an initiative follows itself up in, and how many entries the actor may read.

    First those that belong to it alone, with all of their entries. One statement.
    """
    shown = [register for register in registers if register.concerns(initiative)]
    own = [register.key for register in shown if register.initiatives]
    rows = session.execute(
        sa.select(RegisterEntry.register, sa.func.count().label("number"))
        .where(RegisterEntry.status == Status.PUBLISHED, visible_to(actor, RegisterEntry))
        .where(sa.or_(RegisterEntry.register.in_(own), RegisterEntry.initiative == initiative))
        .group_by(RegisterEntry.register)
    )
    counts = {row.register: row.number for row in rows}
    found = [(register, counts.get(register.key, 0)) for register in shown]
    return sorted(found, key=lambda pair: not pair[0].initiatives)


def list_entries(
    session: Session,
    actor: Actor,
    register: Register,
    asked: EntryFilter,
    *,
    page: int = 1,
    per_page: int = PER_PAGE,
) -> EntryPage:
    """Give a page of the entries that the actor may read. Three statements, however many there are."""
    condition = sa.and_(*_conditions(actor, register, asked))
    counting = sa.select(sa.func.count()).select_from(RegisterEntry)
    total = session.scalar(counting.join(Group, Group.id == RegisterEntry.group_id).where(condition)) or 0
    rows = session.execute(
        _lines().where(condition).order_by(*_order(asked.sort)).limit(per_page).offset((page - 1) * per_page)
    ).all()
    values = _values(session, [row.RegisterEntry.id for row in rows])
    lines = [_line(actor, row, values.get(row.RegisterEntry.id, {})) for row in rows]
    return EntryPage(lines, total, page, total > page * per_page)


def list_own_due(
    session: Session, actor: Actor, *, finals: Sequence[tuple[str, str]], limit: int = PER_PAGE
) -> list[EntryLine]:
    """Give the entries that are the actor's own or a body's they speak for, and not at an end. One statement.

    `finals` are (register, status) pairs in which nothing is left to do.
    """
    if not actor.is_signed_in:
        return []
    at_end = sa.tuple_(RegisterEntry.register, RegisterEntry.state).in_(list(finals) or [("", "")])
    rows = session.execute(
        _lines()
        .where(
            RegisterEntry.status == Status.PUBLISHED,
            visible_to(actor, RegisterEntry),
            _is_own(actor),
            ~at_end,
        )
        .order_by(RegisterEntry.due_on.is_(None), RegisterEntry.due_on, RegisterEntry.id)
        .limit(limit)
    )
    return [_line(actor, row, {}) for row in rows]


def get_entry(
    session: Session, actor: Actor, register: Register, public_id: str, *, action: Action = Action.READ
) -> tuple[Subject, EntryRights]:
    """Give an entry of this register with its rights, for an action of entries; NotFound if unreadable."""
    subject = get_subject(session, actor, SubjectKind.ENTRY, public_id)
    if subject.row.register != register.key:
        raise NotFound
    rights = EntryRights(subject, register.tended_by, owner_keys(subject.row))
    if action is not Action.READ:
        require(actor, action, rights)
    return subject, rights


def owner_keys(entry: RegisterEntry) -> frozenset[str]:
    """Give the writer keys of whoever owns an entry."""
    keys = []
    if entry.owner_id is not None:
        keys.append(account_key(entry.owner_id))
    if entry.owner_body_id is not None:
        keys.append(organisation_key(entry.owner_body_id))
    return frozenset(keys)


def get_head(session: Session, actor: Actor, register: Register, public_id: str) -> EntryHead:
    """Give what the page of an entry shows."""
    subject, rights = get_entry(session, actor, register, public_id)
    row = session.execute(_lines().where(RegisterEntry.id == subject.row.id)).one()
    values = _values(session, [subject.row.id]).get(subject.row.id, {})
    events = session.execute(
        sa.select(RegisterEvent.change, RegisterEvent.state, RegisterEvent.reason, RegisterEvent.at)
        .where(RegisterEvent.entry_id == subject.row.id)
        .order_by(RegisterEvent.id.desc())
    )
    return EntryHead(
        entry=subject.row,
        group=subject.group,
        line=_line(actor, row, values),
        events=[Event(*event) for event in events],
        threads=list_discussed(session, actor, ThreadTopic.entry_id == subject.row.id),
        rights=rights,
    )


def list_discussed(session: Session, actor: Actor, condition: sa.ColumnElement[bool]) -> list[Discussed]:
    """Give the discussions about something that the actor may read, newest first."""
    rows = session.execute(
        sa.select(Thread.title, Thread.public_id, Group.slug, Thread.answered_at, Thread.created_at)
        .join(ThreadTopic, ThreadTopic.thread_id == Thread.id)
        .join(Group, Group.id == Thread.group_id)
        .where(condition, Thread.status == Status.PUBLISHED, visible_to(actor, Thread))
        .order_by(Thread.id.desc())
    )
    return [
        Discussed(
            row.title,
            thread_path(row.slug, row.public_id),
            is_answered=row.answered_at is not None,
            at=row.created_at,
        )
        for row in rows
    ]


def list_groups_for(session: Session, actor: Actor, register: Register) -> list[Group]:
    """Give the groups in which the actor may raise an entry of a register."""
    return [
        group
        for group in list_groups(session, actor)
        if register.is_for(group.slug)
        and can(actor, Action.RAISE_ENTRY, RegisterRights(group, register.raised_by))
    ]


def list_values_in_use(session: Session, actor: Actor, register: Register) -> dict[str, list[str]]:
    """Give, for the filters, which groups, acts, articles, countries and bodies entries have.

    Of the entries that the actor may read, and no others. One statement.
    """
    rows = session.execute(
        sa.select(
            Group.slug,
            RegisterEntry.act_key,
            RegisterEntry.article,
            RegisterEntry.country,
            Organisation.slug.label("body"),
            RegisterEntry.initiative,
        )
        .select_from(RegisterEntry)
        .join(Group, Group.id == RegisterEntry.group_id)
        .outerjoin(Organisation, Organisation.id == RegisterEntry.owner_body_id)
        .where(RegisterEntry.register == register.key, RegisterEntry.status == Status.PUBLISHED)
        .where(visible_to(actor, RegisterEntry))
        .distinct()
    ).all()
    names = ("group", "act", "article", "country", "owner", "initiative")
    return {
        name: sorted({str(row[place]) for row in rows if row[place] is not None}, key=_natural)
        for place, name in enumerate(names)
    }


def _natural(text: str) -> tuple[int, str]:
    digits = "".join(character for character in text[:4] if character.isdigit())
    return int(digits) if digits and text[0].isdigit() else 0, text


def _lines() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            RegisterEntry,
            Group,
            Account.name.label("person_name"),
            Account.public_id.label("person_id"),
            Account.name_is_public,
            Account.status.label("person_status"),
            Organisation.name.label("body_name"),
            Organisation.slug.label("body_slug"),
        )
        .select_from(RegisterEntry)
        .join(Group, Group.id == RegisterEntry.group_id)
        .outerjoin(Account, Account.id == RegisterEntry.owner_id)
        .outerjoin(Organisation, Organisation.id == RegisterEntry.owner_body_id)
    )


def _values(session: Session, ids: Sequence[int]) -> dict[int, Mapping[str, tuple[str, ...]]]:
    if not ids:
        return {}
    pairs: dict[int, list[tuple[str, str]]] = {}
    for entry_id, key, value in session.execute(
        sa.select(RegisterValue.entry_id, RegisterValue.field, RegisterValue.value)
        .where(RegisterValue.entry_id.in_(ids))
        .order_by(RegisterValue.entry_id, RegisterValue.field, RegisterValue.position)
    ):
        pairs.setdefault(entry_id, []).append((key, value))
    return {entry_id: values_by_key(found) for entry_id, found in pairs.items()}


def _is_own(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.or_(
        RegisterEntry.owner_id == actor.account_id,
        RegisterEntry.owner_body_id.in_(sorted(actor.organisation_ids)),
    )


def _conditions(actor: Actor, register: Register, asked: EntryFilter) -> list[sa.ColumnElement[bool]]:
    found = [
        RegisterEntry.register == register.key,
        RegisterEntry.status.in_(_LISTED),
        visible_to(actor, RegisterEntry),
    ]
    if asked.state:
        found.append(RegisterEntry.state == asked.state)
    if asked.group:
        found.append(Group.slug == asked.group)
    if asked.initiative is not None:
        found.append(RegisterEntry.initiative == asked.initiative)
    if asked.act_key:
        found.append(RegisterEntry.act_key == asked.act_key)
    if asked.article:
        found.append(RegisterEntry.article == asked.article)
    if asked.country:
        found.append(RegisterEntry.country == asked.country)
    if asked.owner == "me":
        found.append(_is_own(actor) if actor.is_signed_in else sa.false())
    elif asked.owner:
        body = sa.select(Organisation.id).where(Organisation.slug == asked.owner)
        found.append(RegisterEntry.owner_body_id == body.scalar_subquery())
    if asked.words:
        found += [_has_word(word) for word in asked.words.casefold().split()[:8]]
    found += [_has_term(key, term) for key, term in asked.terms.items()]
    return found


def _has_word(word: str) -> sa.ColumnElement[bool]:
    return sa.or_(
        sa.func.lower(RegisterEntry.title).contains(word, autoescape=True),
        sa.func.lower(RegisterEntry.text).contains(word, autoescape=True),
    )


def _has_term(key: str, term: str) -> sa.ColumnElement[bool]:
    return (
        sa.select(sa.literal(1))
        .where(
            RegisterValue.entry_id == RegisterEntry.id,
            RegisterValue.field == key,
            RegisterValue.value == term,
        )
        .exists()
    )


def _order(sort: str) -> tuple[Any, ...]:
    newest = (RegisterEntry.changed_at.desc(), RegisterEntry.id.desc())
    return {
        "raised": (RegisterEntry.created_at.desc(), RegisterEntry.id.desc()),
        "due": (RegisterEntry.due_on.is_(None), RegisterEntry.due_on, *newest),
        "title": (sa.func.lower(RegisterEntry.title), RegisterEntry.id),
    }.get(sort, newest)


def _owner(actor: Actor, group: Group, row: Any) -> Owner | None:
    """Whose it is; the name of a person as the group shows its members to this reader."""
    if row.body_name is not None:
        return Owner(row.body_name, f"/organisations/{row.body_slug}/", is_person=False)
    if row.person_name is None:
        return None
    is_inside = group_label(group.id) in actor.clearances
    is_shown = is_inside or (
        group.members_visible is MembersVisible.NAMES
        and (COMMUNITY in actor.clearances or row.name_is_public)
    )
    if not is_shown:
        return Owner(None, None, is_person=True)
    has_profile = row.person_status is not AccountStatus.FORMER
    return Owner(row.person_name, f"/people/{row.person_id}/" if has_profile else None, is_person=True)


def _line(actor: Actor, row: Any, values: Mapping[str, tuple[str, ...]]) -> EntryLine:
    entry: RegisterEntry = row.RegisterEntry
    return EntryLine(
        register=entry.register,
        public_id=entry.public_id,
        title=entry.title,
        state=entry.state,
        status=entry.status,
        tlp=entry.tlp,
        group_slug=row.Group.slug,
        group_title=row.Group.short_title,
        owner=_owner(actor, row.Group, row),
        initiative=entry.initiative,
        act=entry.act,
        act_key=entry.act_key,
        article=entry.article,
        country=entry.country,
        due_on=entry.due_on,
        created_at=entry.created_at,
        changed_at=entry.changed_at,
        is_day_only=is_sealed(row.Group),
        text=entry.text,
        values=values,
    )
