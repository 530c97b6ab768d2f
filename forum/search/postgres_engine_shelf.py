"""What a process keeps of one build: chunks and blocks that it has read, while they are as they were."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from forum.search.postgres_engine_blocks import Chunk, Posting, read_block, unite
from forum.search.postgres_engine_tables import Tables

Terms = tuple[int, ...]
"""Everything that a word may be indexed under in an audience."""
_BLOCKS = "SELECT term, chunk, impacts FROM @block WHERE term = ANY(%(terms)s)"
Run = Callable[..., Sequence[Any]]
"""Executes a statement over the build's tables with parameters, and gives its rows."""
Values = dict[tuple[str, int], str]
"""The facets' values of one build by field and number, as far as they were needed."""
There = tuple[tuple[int, int, int, str], ...]
"""Audience, number, version and the audience's label of each chunk, in order."""
MOST_VIEWED = 500_000
"""Documents, counted once for each view, in the views that a process keeps: about 5 MB."""
BUDGET = 16_000_000
"""Bytes, roughly, of blocks that a process keeps."""

_VIEW = (
    "SELECT generation AS number, NULL AS version, NULL AS audience, NULL AS label FROM @current"
    " WHERE build = %(build)s AND schema_version = %(schema_version)s"
    " UNION ALL SELECT c.number, c.version, a.number, a.label FROM @audience a"
    " JOIN @chunk c ON c.audience = a.number WHERE a.label = ANY(%(labels)s)"
    " AND (SELECT generation FROM @current) <> %(known)s"
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
    columns: dict[str, dict[int, int]] = field(default_factory=dict)
    """What was joined of the facets so far: `facet` gives it."""

    def join(self, sets: Iterable[int]) -> int:
        """One set of a set for each chunk: every chunk takes whole bytes."""
        pairs = zip(sets, self.chunks, strict=True)
        return int.from_bytes(
            b"".join([bits.to_bytes(chunk.size + 7 >> 3, "little") for bits, chunk in pairs]), "little"
        )

    def facet(self, name: str) -> dict[int, int]:
        """The documents of each value of a facet, in one set as `join` makes it."""
        if name not in self.columns:
            refs = {ref for chunk in self.chunks for ref in chunk.facets[name]}
            self.columns[name] = {
                ref: self.join([chunk.facets[name].get(ref, 0) for chunk in self.chunks]) for ref in refs
            }
        return self.columns[name]


class Shelf:
    """One build as this process knows it; shared between threads."""

    def __init__(self, tables: Tables, schema_version: int) -> None:
        self.tables = tables
        self.values: Values = {}
        self._schema_version = schema_version
        self._chunks: dict[int, Chunk] = {}
        self._views: OrderedDict[tuple[str, ...], tuple[There, View]] = OrderedDict()
        self._terms: OrderedDict[Terms, dict[int, tuple[int, Posting | None]]] = OrderedDict()
        self._held = 0
        self._guard = threading.Lock()

    def look(self, run: Run, labels: Iterable[str]) -> View:
        """The chunks of these audiences as they are now. Raises Swapped."""
        wanted = tuple(sorted(labels))
        with self._guard:
            there, view = self._views.get(wanted, ((), None))
        asked = {
            "build": self.tables.build,
            "schema_version": self._schema_version,
            "labels": list(wanted),
            "known": view.generation if view else -1,
        }
        rows = run(_VIEW, asked)
        generation = next((row[0] for row in rows if row[2] is None), None)
        if generation is None:
            raise Swapped
        if view is None or view.generation != generation:
            seen = tuple(sorted([(row[2], row[0], row[1], row[3]) for row in rows if row[2] is not None]))
            if view is None or seen != there:
                view = self._make_view(run, seen)
            view = replace(view, generation=generation)
            self._keep_view(wanted, seen, view)
        return view

    def _keep_view(self, wanted: tuple[str, ...], there: There, view: View) -> None:
        """Keep a view, unless a chunk was changed since it was named; the oldest go where it gets much."""
        versions = [chunk.version for chunk in view.chunks]
        if versions != [version for _, _, version, _ in there]:
            return
        with self._guard:
            self._views[wanted] = there, view
            self._views.move_to_end(wanted)
            while (
                len(self._views) > 1
                and sum(v.documents + 5_000 for _, v in self._views.values()) > MOST_VIEWED
            ):
                self._views.popitem(last=False)

    def _make_view(self, run: Run, there: There) -> View:
        missing = [
            number
            for _, number, version, _ in there
            if number not in self._chunks or self._chunks[number].version != version
        ]
        if missing:
            self._read_chunks(run, missing)
        chunks = tuple([self._chunks[number] for _, number, _, _ in there if number in self._chunks])
        spoken: dict[int, frozenset[str]] = {audience: frozenset() for audience, _, _, _ in there}
        for chunk in chunks:
            names = (self.values["language", ref] for ref in chunk.facets["language"])
            spoken[chunk.readable_by] |= frozenset(filter(None, names))
        labels = {audience: label for audience, _, _, label in there}
        return View(0, chunks, labels, spoken, sum(chunk.alive for chunk in chunks))

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
        self, run: Run, words: Mapping[Terms, int], chunks: Sequence[Chunk]
    ) -> dict[Terms, dict[int, Posting]]:
        """The postings of words, each given by its terms with its audience, by word and chunk; read where
        they are not known already."""
        versions: dict[int, dict[int, tuple[int, int]]] = {}
        for chunk in chunks:
            versions.setdefault(chunk.readable_by, {})[chunk.number] = chunk.version, chunk.size
        known: dict[Terms, dict[int, tuple[int, Posting | None]]] = {}
        stale: dict[Terms, list[int]] = {}
        with self._guard:
            for word, audience in words.items():
                kept = self._terms.get(word)
                if kept is None:
                    stale[word] = list(versions[audience])
                    continue
                self._terms.move_to_end(word)
                known[word] = kept
                old = [
                    number
                    for number, (version, _) in versions[audience].items()
                    if number not in kept or kept[number][0] != version
                ]
                if old:
                    stale[word] = old
        if stale:
            self._read_blocks(run, words, stale, versions, known)
        return {
            word: {number: posting for number, (_, posting) in kept.items() if posting}
            for word, kept in known.items()
        }

    def _read_blocks(
        self,
        run: Run,
        words: Mapping[Terms, int],
        stale: Mapping[Terms, list[int]],
        versions: Mapping[int, Mapping[int, tuple[int, int]]],
        known: dict[Terms, dict[int, tuple[int, Posting | None]]],
    ) -> None:
        # Not by chunk too: PostgreSQL would look for every pair.
        terms = list({term for word in stale for term in word})
        blocks: dict[int, list[tuple[int, bytes]]] = {}
        for term, number, data in run(_BLOCKS, {"terms": terms}):
            blocks.setdefault(term, []).append((number, data))
        read: dict[Terms, dict[int, tuple[int, Posting | None]]] = {}
        cost = 0
        for word, numbers in stale.items():
            of = versions[words[word]]
            found: dict[int, list[Posting]] = {}
            for term in word:
                for number, data in blocks.get(term, ()):
                    if number in of and (posting := read_block(data, of[number][1])):
                        found.setdefault(number, []).append(posting)
            read[word] = {number: (of[number][0], unite(found.get(number, ()))) for number in numbers}
            cost += sum(posting.cost() for _, posting in read[word].values() if posting)
        for word, new in read.items():
            current = versions[words[word]]
            kept = {n: pair for n, pair in known.get(word, {}).items() if n in current}
            known[word] = kept | new
        self._keep({word: known[word] for word in read}, cost)

    def _keep(self, terms: Mapping[Terms, dict[int, tuple[int, Posting | None]]], cost: int) -> None:
        with self._guard:
            self._held += cost + 300 * len(terms)
            for term, kept in terms.items():
                self._terms[term] = kept
            while self._held > BUDGET and self._terms:
                _, gone = self._terms.popitem(last=False)
                self._held -= 300 + sum(posting.cost() for _, posting in gone.values() if posting)
            if not self._terms:
                self._held = 0
