"""Topic.INDEX: hands changed contributions to the search index, many at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy.orm import Session

from forum.clock import Clock
from forum.database import writing
from forum.domain.attribution import SubjectKind
from forum.domain.outbox import Topic
from forum.search.protocol import Add, Change, IndexUnusable, Remove, SearchDocument, SearchEngine
from forum.services.index_check import (
    MOST_REPAIRS,
    Differences,
    compare_index,
    find_subjects,
    plan_reconcile,
    record_difference,
)
from forum.services.indexing import all_documents, documents_for
from forum.services.outbox_work import finish_waiting, list_waiting
from forum.services.saved_searches import wake_searches

Subjects = Sequence[tuple[SubjectKind, int]]


class Indexer(Protocol):
    """Brings the index in line with the database for some contributions."""

    def apply(self, session: Session, subjects: Subjects) -> None:
        """Index what is readable of the subjects, remove the rest; safe to repeat, in any order."""
        ...


class NullIndexer:
    """The twin for a forum that runs without search."""

    def apply(self, session: Session, subjects: Subjects) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class EngineIndexer:
    """Indexes with a search engine; builds the index where there is none, or one that other code wrote."""

    engine: SearchEngine

    def apply(self, session: Session, subjects: Subjects) -> None:
        """See `Indexer.apply`. The database is read when nobody else writes the index, as it is then."""
        try:
            self.engine.apply(_read(session, subjects))
        except IndexUnusable:
            self.engine.rebuild(_read_all(session))


def _read(session: Session, subjects: Subjects) -> Iterator[Change]:
    session.rollback()  # what was read before the engine's turn came may be old
    yield from documents_for(session, subjects)


def _read_all(session: Session) -> Iterator[SearchDocument]:
    session.rollback()
    yield from all_documents(session)


def rebuild_index(
    session: Session, engine: SearchEngine, now: Clock, progress: Callable[[int], None] | None = None
) -> int:
    """Build the whole index anew and swap it in; what was waiting to be indexed is done with that.

    Gives the number of documents. Raises SearchBusy when another process is writing the index.
    """
    waiting = list_waiting(session, Topic.INDEX)
    count = engine.rebuild(_read_all(session), progress)
    with writing(session):
        finish_waiting(session, waiting, now=now())
    return count


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a comparison found, and what of it was mended."""

    found: Differences
    status: str
    """Of the index before: ready, missing or outdated."""

    @property
    def was_well(self) -> bool:
        """Whether there was nothing to mend."""
        return self.status == "ready" and not self.found.total


def reconcile_index(
    session: Session, engine: SearchEngine, now: Clock, progress: Callable[[int], None] | None = None
) -> Repaired:
    """Compare index and database by id, version and audience, and mend what differs.

    What is mended is read anew in the engine's turn, so that what somebody changes meanwhile is not undone.
    Raises SearchBusy when another process is writing the index.
    """
    status = engine.state().status
    found = compare_index(session, engine, progress)
    if status != "ready" or found.total > MOST_REPAIRS:
        rebuild_index(session, engine, now)
    elif found.repairs:
        ids = [change.document.id if isinstance(change, Add) else change.id for change in found.repairs]
        engine.apply(_read_again(session, ids))
    return Repaired(found, status)


def _read_again(session: Session, ids: Sequence[str]) -> Iterator[Change]:
    """What the index must hold of these documents now; what is in no table any more goes."""
    session.rollback()
    wanted = dict.fromkeys(ids)
    changes = {
        change.document.id if isinstance(change, Add) else change.id: change
        for change in documents_for(session, find_subjects(session, ids))
    }
    yield from (changes.get(id_, Remove(id_)) for id_ in wanted)


@dataclass(frozen=True, slots=True)
class Reconciling:
    """Topic.RECONCILE: the nightly comparison and thorough tidying; `report` gets a line where something
    differed."""

    engine: SearchEngine
    clock: Clock
    report: Callable[[str], None]
    batch_size: int = 1
    lease: timedelta = timedelta(hours=1)

    def prepare(self, session: Session, payloads: Sequence[dict[str, Any]]) -> list[Repaired]:
        """Compare and mend; then leave nothing on the disk of what was removed during the day."""
        done = []
        for _ in payloads:
            repaired = reconcile_index(session, self.engine, self.clock)
            if not repaired.was_well:
                counts = ", ".join(f"{count:,} {name}" for name, count in repaired.found.counts.items())
                self.report(f"the index ({repaired.status}) differed and is mended: {counts or 'nothing'}")
            self.engine.tidy(thorough=True)
            done.append(repaired)
        return done

    def record(self, session: Session, prepared: Repaired) -> None:
        """Put a difference on record, and plan the next night's."""
        if not prepared.was_well:
            record_difference(session, prepared.found, prepared.status, now=self.clock())
        plan_reconcile(session, now=self.clock())


@dataclass(frozen=True, slots=True)
class Indexing:
    """Prepares by indexing a batch, each contribution once; records that saved searches have to look."""

    indexer: Indexer
    clock: Clock
    batch_size: int = 200
    lease: timedelta = timedelta(seconds=60)

    def prepare(self, session: Session, payloads: Sequence[dict[str, Any]]) -> list[bool]:
        """Apply the batch; a contribution that changed several times is read once, as it is now."""
        subjects = dict.fromkeys((SubjectKind(payload["kind"]), int(payload["id"])) for payload in payloads)
        self.indexer.apply(session, list(subjects))
        return [place == 0 for place in range(len(payloads))]

    def record(self, session: Session, prepared: bool) -> None:
        """Wake the saved searches, once a batch: the index itself is not in the database."""
        if prepared:
            wake_searches(session, now=self.clock())
