"""Comparing the index with the database: what is missing, what should not be there, what has changed."""

import enum
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction, AuditEntry
from forum.domain.outbox import OutboxEntry, Topic
from forum.policy.sql import MODEL_OF
from forum.search.protocol import Add, Change, Remove, SearchDocument, SearchEngine
from forum.services.audit import record
from forum.services.indexing import all_documents, read_document_id
from forum.services.outbox import enqueue

NIGHT = 2
"""The hour, in UTC, at which index and database are compared."""

MOST_REPAIRS = 1_000
"""Beyond so many differences building anew is quicker, and holds less in memory."""


class Problem(enum.StrEnum):
    """How a document of the index can differ from what the database says."""

    MISSING = "missing"
    STRAY = "stray"
    """Found although nobody should find it."""
    CHANGED = "changed"
    MISPLACED = "misplaced"
    """Found by another audience."""


@dataclass
class Differences:
    """What a comparison found."""

    documents: int = 0
    """How many documents the database has."""
    counts: Counter[Problem] = field(default_factory=Counter)
    repairs: list[Change] = field(default_factory=list)
    """What mends the first MOST_REPAIRS of them."""

    @property
    def total(self) -> int:
        """How many documents differ."""
        return self.counts.total()

    def note(self, problem: Problem, repair: Change) -> None:
        """Count a difference and keep what mends it."""
        self.counts[problem] += 1
        if len(self.repairs) < MOST_REPAIRS:
            self.repairs.append(repair)


def compare_index(
    session: Session, engine: SearchEngine, progress: Callable[[int], None] | None = None
) -> Differences:
    """Compare every document by id, version and audience.

    Changes that wait in the outbox are differences too: drain it first.
    """
    indexed: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for entry in engine.inventory():
        indexed[entry.id].append((entry.audience, entry.version))
    found = Differences()
    for document in _read(session):
        found.documents += 1
        problem = _judge(document, indexed.pop(document.id, []))
        if problem is not None:
            found.note(problem, Add(document))
        if progress and found.documents % 100 == 0:
            progress(found.documents)
    for id_ in indexed:
        found.note(Problem.STRAY, Remove(id_))
    return found


def find_subjects(session: Session, ids: Iterable[str]) -> list[tuple[SubjectKind, int]]:
    """Give kind and key of what documents stand for, as far as it is still in its table."""
    wanted: dict[SubjectKind, list[str]] = defaultdict(list)
    for id_ in ids:
        kind, public_id = read_document_id(id_)
        wanted[kind].append(public_id)
    found: list[tuple[SubjectKind, int]] = []
    for kind, public_ids in wanted.items():
        model = MODEL_OF[kind]
        rows = session.scalars(sa.select(model.id).where(model.public_id.in_(public_ids)))
        found += [(kind, row) for row in rows]
    return found


def plan_reconcile(session: Session, *, now: datetime) -> None:
    """Plan the comparison of the coming night, once; call inside a write transaction."""
    if not is_reconcile_planned(session, now=now):
        enqueue(session, Topic.RECONCILE, {}, now=now, at=next_night(now))


def is_reconcile_planned(session: Session, *, now: datetime) -> bool:
    """Whether a comparison is planned for a night to come, or waits for its turn: a plain read."""
    waits = sa.select(OutboxEntry.id).where(
        OutboxEntry.topic == Topic.RECONCILE,
        OutboxEntry.done_at.is_(None),
        OutboxEntry.failed_at.is_(None),
        sa.or_(OutboxEntry.leased_until.is_(None), OutboxEntry.available_at > now),
    )
    return session.scalar(waits.limit(1)) is not None


def record_difference(session: Session, found: Differences, status: str, *, now: datetime) -> None:
    """Put on record, as numbers, that index and database differed and were made equal."""
    counts: dict[str, Any] = {problem.value: found.counts[problem] for problem in Problem}
    record(session, None, AuditAction.INDEX_DIFFERED, now=now, index=status, total=found.total, **counts)


def find_last_difference(session: Session, *, since: datetime) -> int | None:
    """Give how many documents differed when the last comparison found any; None where none did."""
    entry = session.scalars(
        sa.select(AuditEntry)
        .where(AuditEntry.action == AuditAction.INDEX_DIFFERED.value, AuditEntry.recorded_at > since)
        .order_by(AuditEntry.number.desc())
        .limit(1)
    ).first()
    return int(entry.read_facts()["total"]) if entry is not None else None


def next_night(now: datetime) -> datetime:
    """Give the coming hour of the night at which the index is compared, in UTC."""
    night = now.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    return night if night > now else night + timedelta(days=1)


def _judge(document: SearchDocument, places: list[tuple[str, str]]) -> Problem | None:
    if not places:
        return Problem.MISSING
    if [audience for audience, _ in places] != [document.audience]:
        return Problem.MISPLACED
    return Problem.CHANGED if places[0][1] != document.version else None


def _read(session: Session) -> Iterator[SearchDocument]:
    session.rollback()  # what this session has seen so far may be old
    yield from all_documents(session)
