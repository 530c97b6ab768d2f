"""Writing the index of one audience: commits, merges, building from nothing. The caller holds the lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from whoosh.fields import Schema
from whoosh.index import TOC, clean_files

from forum.search.protocol import SearchDocument
from forum.search.whoosh_engine_leaf import Leaf, PostingCache, Storage
from forum.search.whoosh_engine_segment import INDEX_NAME, Batch, Source, write_segment

SEGMENTS_IN_A_BURST = 4
SEGMENTS_AT_REST = 2
MERGE_AT_ONCE = 2_000  # a segment up to this size loses what was deleted in the same commit
_FACTOR = 3
_BATCH_BYTES = 8_000_000


class AudienceWriter:
    """Commits to one audience's index; each commit appears to readers at once or not at all."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._storage = Storage(str(folder))
        if TOC._latest_generation(self._storage, INDEX_NAME) < 0:
            TOC.create(self._storage, Schema(), INDEX_NAME)

    def commit(self, leaves: Sequence[Leaf], gone: Iterable[str], added: Sequence[SearchDocument]) -> None:
        """Delete ids and add documents; `leaves` are the index as it is now. Folds small segments in."""
        toc = TOC.read(self._storage, INDEX_NAME)
        segments = {segment.segment_id(): segment for segment in toc.segments}
        changed = bool(added)
        for leaf in leaves:
            for id_ in gone:
                number = leaf.find_document(id_)
                if number is not None:
                    segments[leaf.segment_id].delete_document(number)
                    changed = True
        if not changed:
            return
        batch = Batch()
        for document in added:
            batch.add(document)
        folded = _choose_merges([(leaf, segments[leaf.segment_id]) for leaf in leaves], len(batch))
        self._write(toc, segments, folded, batch)

    def tidy(self, leaves: Sequence[Leaf], *, thorough: bool) -> None:
        """At most two segments, and little (thorough: nothing) in them that was deleted."""
        if not leaves:
            return
        largest = max(leaves, key=lambda leaf: leaf.alive)
        rest = [leaf for leaf in leaves if leaf is not largest]
        worn = len(largest.deleted) > (0 if thorough else largest.count // 10)
        if worn or sum(leaf.alive for leaf in rest) * _FACTOR > largest.alive:
            self.fold(leaves, leaves)
        elif len(leaves) > SEGMENTS_AT_REST or any(leaf.deleted for leaf in rest):
            self.fold(leaves, rest)

    def fold(self, leaves: Sequence[Leaf], folded: Sequence[Leaf]) -> None:
        """Make one segment of some of the leaves."""
        if len(folded) == 1 and not folded[0].deleted:
            return
        toc = TOC.read(self._storage, INDEX_NAME)
        segments = {segment.segment_id(): segment for segment in toc.segments}
        self._write(toc, segments, folded, Batch())

    def append(self, batch: Batch) -> None:
        """Add a batch as a segment of its own."""
        self._write(TOC.read(self._storage, INDEX_NAME), None, [], batch)

    def open_leaves(self) -> list[Leaf]:
        """The index as it is now, for building."""
        toc = TOC.read(self._storage, INDEX_NAME)
        return [Leaf("", self._storage, s, n, PostingCache()) for n, s in enumerate(toc.segments)]

    def _write(self, toc: Any, segments: dict[str, Any] | None, folded: Sequence[Leaf], batch: Batch) -> None:
        known = segments or {segment.segment_id(): segment for segment in toc.segments}
        sources = [leaf.as_source(frozenset(known[leaf.segment_id].deleted_docs())) for leaf in folded]
        sources.append(Source(batch.rows, batch.postings()))
        written = write_segment(self._storage, sources)
        gone = {leaf.segment_id for leaf in folded}
        kept = [segment for id_, segment in known.items() if id_ not in gone]
        if written is not None:
            kept.append(written)
        generation = toc.generation + 1
        TOC(toc.schema, kept, generation).write(self._storage, INDEX_NAME)
        clean_files(self._storage, INDEX_NAME, generation, kept)


def _choose_merges(segments: list[tuple[Leaf, Any]], new: int) -> list[Leaf]:
    """Which segments to write anew with a commit: those not much larger than what comes (so each document is
    written again a logarithmic number of times), one of too many, or one with something deleted."""
    folded: list[Leaf] = []
    left = len(segments)
    total = new
    for leaf, segment in sorted(segments, key=lambda pair: pair[0].alive):
        alive = leaf.count - segment.deleted_count()
        if alive <= _FACTOR * total or left >= SEGMENTS_IN_A_BURST:
            pass
        elif not (segment.deleted_count() and alive <= MERGE_AT_ONCE):
            continue
        folded.append(leaf)
        left -= 1
        total += alive
    return folded


class IndexBuilder:
    """Builds all indexes from a stream of documents, in bounded memory."""

    def __init__(self, folder_of: Callable[[str], Path]) -> None:
        self._folder_of = folder_of
        self._batches: dict[str, Batch] = {}
        self._writers: dict[str, AudienceWriter] = {}
        self._size = 0
        self.count = 0

    def add(self, document: SearchDocument) -> None:
        """Take a document in; writes the largest batch when there is much in memory."""
        batch = self._batches.setdefault(document.audience, Batch())
        before = batch.size
        batch.add(document)
        self.count += 1
        self._size += batch.size - before
        if self._size > _BATCH_BYTES:
            self._flush(max(self._batches, key=lambda audience: self._batches[audience].size))

    def finish(self) -> None:
        """Write the rest and make one segment of each index."""
        for audience in list(self._batches):
            self._flush(audience)
        for writer in self._writers.values():
            leaves = writer.open_leaves()
            if len(leaves) > 1:
                writer.fold(leaves, leaves)

    def _flush(self, audience: str) -> None:
        batch = self._batches.pop(audience)
        self._size -= batch.size
        if audience not in self._writers:
            self._writers[audience] = AudienceWriter(self._folder_of(audience))
        self._writers[audience].append(batch)
