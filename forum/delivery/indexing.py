"""Topic.INDEX: hands changed contributions to the search index, many at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind

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
class Indexing:
    """Prepares by indexing a batch, each contribution once; there is nothing to record."""

    indexer: Indexer
    batch_size: int = 200
    lease: timedelta = timedelta(seconds=60)

    def prepare(self, session: Session, payloads: Sequence[dict[str, Any]]) -> list[None]:
        """Apply the batch; a contribution that changed several times is read once, as it is now."""
        subjects = dict.fromkeys((SubjectKind(payload["kind"]), int(payload["id"])) for payload in payloads)
        self.indexer.apply(session, list(subjects))
        return [None] * len(payloads)

    def record(self, session: Session, prepared: None) -> None:
        """Nothing: the index is not in the database."""
