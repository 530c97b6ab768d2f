"""Comparing two versions of a paper; a redline is computed once a pair and kept while there is room."""

import threading
from collections import OrderedDict

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.papers import PaperVersion
from forum.domain.paragraphs import Paragraph
from forum.domain.redline import Redline, compare
from forum.errors import NotFound
from forum.policy import Actor, visible_to
from forum.services.papers import NOT_TEXT, VersionLine


class _Kept:
    """Redlines by the hashes of their two texts, the latest used last; bounded by their letters."""

    LIMIT = 8_000_000

    def __init__(self) -> None:
        self._redlines: OrderedDict[tuple[str, str], tuple[Redline, int]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: tuple[str, str]) -> Redline | None:
        with self._lock:
            found = self._redlines.get(key)
            if found is not None:
                self._redlines.move_to_end(key)
            return found[0] if found else None

    def put(self, key: tuple[str, str], redline: Redline) -> None:
        size = sum(len(run.text) for change in redline.changes for run in change.runs)
        with self._lock:
            if key not in self._redlines:
                self._redlines[key] = (redline, size)
                self._size += size
            while self._size > self.LIMIT and len(self._redlines) > 1:
                self._size -= self._redlines.popitem(last=False)[1][1]


_kept = _Kept()


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
    redline = _kept.get(key)
    if redline is None:
        redline = compare(*_load(session, old.id), *_load(session, new.id))
        _kept.put(key, redline)
    return redline


def _load(session: Session, version_id: int) -> tuple[str, list[Paragraph]]:
    text, rows = session.execute(
        sa.select(PaperVersion.text, PaperVersion.paragraphs).where(PaperVersion.id == version_id)
    ).one()
    return text, [Paragraph.from_row(row) for row in rows]
