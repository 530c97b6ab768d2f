"""What a process keeps of one build: chunks and blocks that it has read, while they are as they were."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forum.search.postgres_engine_blocks import Chunk, Posting, read_block
from forum.search.postgres_engine_tables import Tables

Run = Callable[..., Sequence[Any]]
"""Executes a statement over the build's tables with parameters, and gives its rows."""
Values = dict[tuple[str, int], str]
"""The facets' values of one build by field and number, as far as they were needed."""
BUDGET = 16_000_000
"""Bytes, roughly, of blocks that a process keeps."""

_VIEW = (
    "SELECT generation AS number, NULL AS version, NULL AS audience, NULL AS label FROM @current"
    " WHERE build = %(build)s AND schema_version = %(schema_version)s"
    " UNION ALL SELECT c.number, c.version, a.number, a.label FROM @audience a"
    " JOIN @chunk c ON c.audience = a.number WHERE a.label = ANY(%(labels)s)"
)


class Swapped(Exception):
    """Another build is live than the one that was read."""


@dataclass(frozen=True, slots=True)
class View:
    """What one visitor may read, at one moment."""

    generation: int
    chunks: tuple[Chunk, ...]
    labels: Mapping[int, str]
    """Of the audiences, by number."""
    spoken: Mapping[int, frozenset[str]]
    """The languages of each audience."""
    documents: int


class Shelf:
    """One build as this process knows it; shared between threads."""

    def __init__(self, tables: Tables, schema_version: int) -> None:
        self.tables = tables
        self.values: Values = {}
        self._schema_version = schema_version
        self._chunks: dict[int, Chunk] = {}
        self._terms: OrderedDict[int, dict[int, tuple[int, Posting | None]]] = OrderedDict()
        self._held = 0
        self._guard = threading.Lock()

    def look(self, run: Run, labels: Iterable[str]) -> View:
        """The chunks of these audiences as they are now. Raises Swapped."""
        asked = {
            "build": self.tables.build,
            "schema_version": self._schema_version,
            "labels": sorted(labels),
        }
        rows = run(_VIEW, asked)
        current = [row for row in rows if row[2] is None]
        if not current:
            raise Swapped
        there = sorted((audience, number, version) for number, version, audience, _ in rows if audience)
        missing = [
            number
            for _, number, version in there
            if number not in self._chunks or self._chunks[number].version != version
        ]
        if missing:
            self._read_chunks(run, missing)
        chunks = tuple(self._chunks[number] for _, number, _ in there if number in self._chunks)
        spoken: dict[int, frozenset[str]] = {row[2]: frozenset() for row in rows if row[2]}
        for chunk in chunks:
            names = (self.values["language", ref] for ref in chunk.facets["language"])
            spoken[chunk.readable_by] |= frozenset(filter(None, names))
        documents = sum(chunk.alive for chunk in chunks)
        names_of = {row[2]: row[3] for row in rows if row[2]}
        return View(current[0][0], chunks, names_of, spoken, documents)

    def _read_chunks(self, run: Run, numbers: list[int]) -> None:
        rows = run(
            "SELECT number, audience, version, facts, moments FROM @chunk WHERE number = ANY(%(numbers)s)",
            {"numbers": numbers},
        )
        read = [Chunk(*row) for row in rows]
        needed = {(name, ref) for chunk in read for name, sets in chunk.facets.items() for ref in sets}
        self.learn(run, needed)
        self._chunks.update({chunk.number: chunk for chunk in read})

    def learn(self, run: Run, needed: Collection[tuple[str, int]]) -> None:
        """Know the names of these values."""
        missing = [key for key in needed if key not in self.values]
        if missing:
            fields, refs = zip(*missing, strict=True)
            rows = run(
                "SELECT v.field, v.ref, v.value FROM unnest(%(fields)s::text[], %(refs)s::int[])"
                " AS w(field, ref) JOIN @value v ON v.field = w.field AND v.ref = w.ref",
                {"fields": list(fields), "refs": list(refs)},
            )
            self.values.update({(name, ref): value for name, ref, value in rows})

    def postings(
        self, run: Run, terms: Mapping[int, int], chunks: Sequence[Chunk]
    ) -> dict[int, dict[int, Posting]]:
        """The postings of terms, each given with its audience, by term and chunk; read where they are not
        known already."""
        versions: dict[int, dict[int, tuple[int, int]]] = {}
        for chunk in chunks:
            versions.setdefault(chunk.readable_by, {})[chunk.number] = chunk.version, chunk.size
        known: dict[int, dict[int, tuple[int, Posting | None]]] = {}
        stale: dict[int, list[int]] = {}
        with self._guard:
            for term, audience in terms.items():
                kept = self._terms.get(term)
                if kept is None:
                    stale[term] = list(versions[audience])
                    continue
                self._terms.move_to_end(term)
                known[term] = kept
                old = [
                    number
                    for number, (version, _) in versions[audience].items()
                    if number not in kept or kept[number][0] != version
                ]
                if old:
                    stale[term] = old
        if stale:
            self._read_blocks(run, terms, stale, versions, known)
        return {
            term: {number: posting for number, (_, posting) in kept.items() if posting}
            for term, kept in known.items()
        }

    def _read_blocks(
        self,
        run: Run,
        terms: Mapping[int, int],
        stale: Mapping[int, list[int]],
        versions: Mapping[int, Mapping[int, tuple[int, int]]],
        known: dict[int, dict[int, tuple[int, Posting | None]]],
    ) -> None:
        # Not by chunk too: PostgreSQL would look for every pair.
        rows = run(
            "SELECT term, chunk, impacts FROM @block WHERE term = ANY(%(terms)s)", {"terms": list(stale)}
        )
        read: dict[int, dict[int, tuple[int, Posting | None]]] = {}
        for term, numbers in stale.items():
            of = versions[terms[term]]
            read[term] = {number: (of[number][0], None) for number in numbers}
        cost = 0
        for term, number, data in rows:
            if number in read[term]:
                version, size = versions[terms[term]][number]
                posting = read_block(data, size)
                read[term][number] = version, posting
                cost += posting.cost() if posting else 0
        for term, found in read.items():
            current = versions[terms[term]]
            kept = {n: pair for n, pair in known.get(term, {}).items() if n in current}
            known[term] = kept | found
        self._keep({term: known[term] for term in read}, cost)

    def _keep(self, terms: Mapping[int, dict[int, tuple[int, Posting | None]]], cost: int) -> None:
        with self._guard:
            self._held += cost + 300 * len(terms)
            for term, kept in terms.items():
                self._terms[term] = kept
            while self._held > BUDGET and self._terms:
                _, gone = self._terms.popitem(last=False)
                self._held -= 300 + sum(posting.cost() for _, posting in gone.values() if posting)
            if not self._terms:
                self._held = 0
