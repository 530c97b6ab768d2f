"""Writing the record, in the transaction of what it records, and proving that nobody has changed it since."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.audit import FIRST, AuditAction, AuditEntry, Head, canonical_facts, chain_hash
from forum.domain.groups import Group, Membership, Seat
from forum.domain.organisations import Organisation
from forum.policy import Action, Actor, require

LOCK = 0x466F72756D  # "Forum"
"""The advisory lock on PostgreSQL under which entries get their numbers; SQLite has one writer anyway."""

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk along the chain found."""

    entries: int
    """How many were in order, up to the end or to the first that is not."""
    head: Head | None
    """The last that was in order."""
    fault: str | None = None
    """What is wrong with the first broken entry, in a sentence; None where all is well."""


def record(
    session: Session,
    actor: Actor | None,
    action: AuditAction,
    *,
    now: datetime,
    subject_kind: str | None = None,
    subject: str | None = None,
    group: Group | None = None,
    **facts: Any,
) -> AuditEntry:
    """Append an entry; `subject` is a public id, `actor` None the operator; ValueError where a fact is text.

    Call it last in a service: on PostgreSQL whoever records next waits for this transaction's end.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
    last = get_head(session)
    fields: dict[str, Any] = {
        "number": last.number + 1 if last else 1,
        "recorded_at": now,
        "actor": actor.public_id or None if actor else None,
        "action": action.value,
        "subject_kind": subject_kind,
        "subject": subject,
        "group": group.public_id if group else None,
        "facts": canonical_facts(facts),
        "previous": last.hash if last else FIRST,
    }
    entry = AuditEntry(**fields, hash=chain_hash(**fields))
    session.add(entry)
    session.flush()
    return entry


def record_membership(
    session: Session, by: Actor | None, action: AuditAction, membership: Membership, now: datetime
) -> None:
    """Append what happened to a person's role in a group."""
    seat = session.get(Seat, membership.seat_id) if membership.seat_id is not None else None
    record(
        session,
        by,
        action,
        now=now,
        subject_kind="account",
        subject=session.get_one(Account, membership.account_id).public_id,
        group=session.get_one(Group, membership.group_id),
        role=membership.role.value,
        seat=seat.public_id if seat else None,
        is_alternate=membership.is_alternate,
    )


def record_seat(session: Session, by: Actor | None, action: AuditAction, seat: Seat, now: datetime) -> None:
    """Append what happened to a seat."""
    group = session.get_one(Group, seat.group_id)
    body = session.get(Organisation, seat.organisation_id) if seat.organisation_id is not None else None
    facts = {"kind": seat.kind.value, "body": body.public_id if body else None, "country": seat.country}
    record(session, by, action, now=now, subject_kind="seat", subject=seat.public_id, group=group, **facts)


def get_head(session: Session) -> Head | None:
    """Give the end of the chain; None where nothing was recorded yet."""
    row = session.execute(
        sa.select(AuditEntry.number, AuditEntry.hash).order_by(AuditEntry.number.desc()).limit(1)
    ).first()
    return Head(row.number, row.hash) if row else None


def verify(session: Session, *, head: Head | None = None) -> Verdict:
    """Walk the whole chain; against a head that was kept outside also truncation and rewriting show."""
    done = Verdict(0, None)
    for row in _rows(session):
        fault = _fault(row, done.head)
        if fault is None and head is not None and row.number == head.number and row.hash != head.hash:
            fault = f"entry {row.number}: is not the one whose hash was kept"
        if fault is not None:
            return Verdict(done.entries, done.head, fault)
        done = Verdict(done.entries + 1, Head(row.number, row.hash))
    if head is not None and done.entries < head.number:
        return Verdict(done.entries, done.head, f"entry {done.entries + 1}: is missing, with all after it")
    return done


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """A row whose values are not even of their kinds."""

    number: Any


def _rows(session: Session) -> Iterator[Any]:
    """Give the chain in order of its numbers, in batches; a row that cannot be read is given as such."""
    table = AuditEntry.__table__
    after: Any = None
    while True:
        statement = sa.select(table).order_by(table.c.number).limit(BATCH)
        if after is not None:
            statement = statement.where(table.c.number > after)
        try:
            rows: Sequence[Any] = session.execute(statement).all()
        except (ValueError, TypeError):
            rows = _one_by_one(session, statement)
        yield from rows
        if len(rows) < BATCH:
            return
        after = rows[-1].number


def _one_by_one(session: Session, statement: sa.Select[Any]) -> list[Any]:
    """Read a batch row by row, up to and including the first that cannot be read."""
    table = AuditEntry.__table__
    found: list[Any] = []
    numbers = session.scalars(statement.with_only_columns(table.c.number)).all()
    for number in numbers:
        try:
            found.append(session.execute(sa.select(table).where(table.c.number == number)).one())
        except (ValueError, TypeError):
            return [*found, _Unreadable(number)]
    return found


def _fault(row: Any, before: Head | None) -> str | None:
    """Say what is wrong with an entry, given the one before it."""
    expected = before.number + 1 if before else 1
    if row.number != expected:
        return f"entry {expected}: is missing; {row.number} comes next"
    if isinstance(row, _Unreadable):
        return f"entry {row.number}: cannot be read"
    if row.previous != (before.hash if before else FIRST):
        return f"entry {row.number}: does not follow the one before it"
    names = ("number", "recorded_at", "actor", "action", "subject_kind", "subject", "group_public_id")
    fields: list[Any] = [*(getattr(row, name) for name in names), row.facts, row.previous]
    try:
        wanted = chain_hash(*fields)
    except (TypeError, ValueError, AttributeError):
        return f"entry {row.number}: cannot be read"
    return None if row.hash == wanted else f"entry {row.number}: was changed"


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An entry as a reader may see it: where they may not know of the group, neither subject nor facts."""

    entry: AuditEntry
    group_slug: str | None
    is_masked: bool


def list_entries(
    session: Session, actor: Actor, *, before: int | None = None, limit: int = 50
) -> tuple[list[AuditLine], bool]:
    """Give a page of the record, newest first, and whether there is more; secretariat and administrators."""
    require(actor, Action.SEE_AUDIT)
    statement = sa.select(AuditEntry, Group).outerjoin(Group, Group.public_id == AuditEntry.group)
    if before is not None:
        statement = statement.where(AuditEntry.number < before)
    rows = session.execute(statement.order_by(AuditEntry.number.desc()).limit(limit + 1)).all()
    lines = []
    for entry, group in rows[:limit]:
        is_known = group is None or group.is_listed or group.audience in actor.clearances
        lines.append(AuditLine(entry, group.slug if group and is_known else None, not is_known))
    return lines, len(rows) > limit
