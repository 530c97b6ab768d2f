"""Writing the record, in the transaction of what it records, and proving that nobody has changed it since."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from forum.domain.answers import Answer
from forum.domain.assessments import Assessment
from forum.domain.attribution import Authorship
from forum.domain.audit import (
    FIND_GUARDS,
    FIRST,
    GUARDS,
    AuditAction,
    AuditEntry,
    Head,
    canonical_facts,
    chain_hash,
)
from forum.domain.groups import Group
from forum.domain.papers import PaperVersion
from forum.domain.threads import Post
from forum.policy import Action, Actor, require
from forum.services.chatham import is_sealed

LOCK = 0x466F72756D  # "Forum"
"""The advisory lock on PostgreSQL under which entries get their numbers; SQLite has one writer anyway."""

BATCH = 1000

_PENDING = "forum_audit_pending"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk along the chain found."""

    entries: int
    """How many were in order, up to the end or to the first that is not."""
    head: Head | None
    """The last that was in order."""
    fault: str | None = None
    """What is wrong with the first broken entry, in a sentence; None where all is well."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """An entry that waits for the end of its transaction, and the (nested) transaction it was made in."""

    fields: dict[str, Any]
    transaction: SessionTransaction

    def is_within(self, transaction: SessionTransaction) -> bool:
        """Whether it was made in a transaction, or in one nested in it."""
        own: SessionTransaction | None = self.transaction
        while own is not None and own is not transaction:
            own = own.parent
        return own is not None


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
) -> None:
    """Append an entry; `subject` is a public id, `actor` None the operator; ValueError where a fact is text.

    Under the Chatham House Rule an author is not named: the actor is null, and a fact says `author`.
    It is written when the transaction commits, after everything else: entries get their numbers under a
    lock that is the last that a transaction takes, so two that record and touch the same rows cannot stop
    each other.
    """
    if _is_sealed_writer(session, actor, group, subject_kind, subject):
        actor, facts["by"] = None, "author"
    fields: dict[str, Any] = {
        "recorded_at": now,
        "actor": actor.public_id or None if actor else None,
        "action": action.value,
        "subject_kind": subject_kind,
        "subject": subject,
        "group": group.public_id if group else None,
        "facts": canonical_facts(facts),
    }
    transaction = session.get_nested_transaction() or session.get_transaction() or session.begin()
    session.info.setdefault(_PENDING, []).append(_Pending(fields, transaction))


def _is_sealed_writer(
    session: Session, actor: Actor | None, group: Group | None, kind: str | None, subject: str | None
) -> bool:
    """Whether naming the actor would say who wrote something under the Chatham House Rule."""
    if actor is None or group is None or not is_sealed(group):
        return False
    if kind in {"paper", "entry"}:
        return True  # what is recorded of a paper itself is done by its authors; entries come from passages
    models: dict[str, type[Post | PaperVersion | Answer | Assessment]] = {
        "post": Post,
        "version": PaperVersion,
        "answer": Answer,
        "assessment": Assessment,
    }
    if kind not in models:
        return False
    model = models[kind]
    written = (
        sa.select(sa.literal(1))
        .select_from(model)
        .join(Authorship, sa.and_(Authorship.subject_kind == kind, Authorship.subject_id == model.id))
        .where(model.public_id == subject, Authorship.writer_key.in_(sorted(actor.writer_keys)))
    )
    return session.scalar(written.limit(1)) is not None


def write_pending(session: Session) -> None:
    """Put what was recorded in this transaction at the end of the chain; the last thing before the commit."""
    pending: list[_Pending] = session.info.get(_PENDING, [])
    if not pending:
        return
    session.flush()  # takes every other lock first
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
    session.info[_PENDING] = []
    last = _read_head(session)
    previous = last.hash if last else FIRST
    rows = []
    for number, entry in enumerate(pending, last.number + 1 if last else 1):
        fields = {"number": number, **entry.fields, "previous": previous}
        previous = chain_hash(**fields)
        rows.append({**fields, "hash": previous})
    session.execute(sa.insert(AuditEntry), rows)


@event.listens_for(Session, "before_commit")
def _at_commit(session: Session) -> None:
    """Write the entries with what they record: no commit passes without them."""
    if not session.in_nested_transaction():
        write_pending(session)


@event.listens_for(Session, "after_soft_rollback")
def _at_rollback(session: Session, transaction: SessionTransaction) -> None:
    """Forget the entries of what did not happen."""
    pending: list[_Pending] = session.info.get(_PENDING, [])
    if pending:
        session.info[_PENDING] = [entry for entry in pending if not entry.is_within(transaction)]


@event.listens_for(Session, "after_transaction_end")
def _at_end(session: Session, transaction: SessionTransaction) -> None:
    """A session that is closed without a commit keeps nothing for its next transaction."""
    if transaction.parent is None:
        session.info.pop(_PENDING, None)


def is_guarded(session: Session) -> bool:
    """Whether the database refuses to change or delete entries."""
    dialect = session.get_bind().dialect.name
    found = set(session.scalars(sa.text(FIND_GUARDS[dialect])))
    return all(
        statement.split()[2] in found
        for statement in GUARDS[dialect]
        if statement.startswith("CREATE TRIGGER")
    )


def guard(session: Session) -> None:
    """Make the database refuse to change or delete entries, where it does not."""
    dialect = session.get_bind().dialect.name
    found = set(session.scalars(sa.text(FIND_GUARDS[dialect])))
    for statement in GUARDS[dialect]:
        if statement.startswith("CREATE TRIGGER") and statement.split()[2] in found:
            continue
        session.execute(sa.text(statement.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")))


def get_head(session: Session) -> Head | None:
    """Give the end of the chain, with what this transaction recorded; None where nothing was recorded yet."""
    write_pending(session)
    return _read_head(session)


def _read_head(session: Session) -> Head | None:
    row = session.execute(
        sa.select(AuditEntry.number, AuditEntry.hash).order_by(AuditEntry.number.desc()).limit(1)
    ).first()
    return Head(row.number, row.hash) if row else None


def verify(session: Session, *, head: Head | None = None) -> Verdict:
    """Walk the whole chain; against a head that was kept outside also truncation and rewriting show."""
    write_pending(session)
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
