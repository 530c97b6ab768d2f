"""Comparing two versions of a paper; what is computed once a pair is kept while there is room."""

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.fates import Followed, follow_paragraphs
from forum.domain.papers import PaperVersion
from forum.domain.paragraphs import Paragraph
from forum.domain.redline import Redline, compare
from forum.errors import NotFound
from forum.policy import Actor, visible_to
from forum.services.papers import NOT_TEXT, VersionLine

T = TypeVar("T")


class _Kept(Generic[T]):
    """Comparisons by the hashes of their two texts, the latest used last; bounded by their size."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._found: OrderedDict[tuple[str, str], tuple[T, int]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: tuple[str, str]) -> T | None:
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
            return found[0] if found else None

    def put(self, key: tuple[str, str], value: T, size: int) -> None:
        with self._lock:
            if key not in self._found:
                self._found[key] = (value, size)
                self._size += size
            while self._size > self._limit and len(self._found) > 1:
                self._size -= self._found.popitem(last=False)[1][1]


_redlines: _Kept[Redline] = _Kept(8_000_000)  # letters
_followed: _Kept[dict[str, Followed]] = _Kept(100_000)  # paragraphs


def compare_versions(session: Session, actor: Actor, old: VersionLine, new: VersionLine) -> Redline:
    """Give what changed from one version to another; NotFound unless both texts may be read."""
    readable = session.scalar(
        sa.select(sa.func.count())
        .select_from(PaperVersion)
        .where(
            PaperVersion.id.in_([old.id, new.id]),
            PaperVersion.status.not_in(sorted(NOT_TEXT)),
            visible_to(actor, PaperVersion),
        )
    )
    if readable != len({old.id, new.id}):
        raise NotFound
    key = (old.content_hash, new.content_hash)
    redline = _redlines.get(key)
    if redline is None:
        redline = compare(*_load(session, old.id), *_load(session, new.id))
        _redlines.put(key, redline, sum(len(run.text) for one in redline.changes for run in one.runs))
    return redline


def follow_citations(session: Session, old: VersionLine, new: VersionLine) -> dict[str, Followed]:
    """Give what became of each paragraph of an older version, by its anchor.

    The caller has both from a PaperHead, which holds what its reader may read. Empty where there is no
    newer text.
    """
    if not (old.is_text and new.is_text and new.number > old.number):
        return {}
    key = (old.content_hash, new.content_hash)
    followed = _followed.get(key)
    if followed is None:
        followed = follow_paragraphs(*_load(session, old.id), *_load(session, new.id))
        _followed.put(key, followed, len(followed))
    return followed


def _load(session: Session, version_id: int) -> tuple[str, list[Paragraph]]:
    text, rows = session.execute(
        sa.select(PaperVersion.text, PaperVersion.paragraphs).where(PaperVersion.id == version_id)
    ).one()
    return text, [Paragraph.from_row(row) for row in rows]
