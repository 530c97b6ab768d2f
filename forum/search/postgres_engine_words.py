"""The scores of words and prefixes in SQL: the rarest of them, added up by document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from forum.search.analysis import Concept, read_prefix, read_word, stems_of
from forum.search.postgres_engine_tables import prefix_query, spell, term_of
from forum.search.query import Prefix, Word
from forum.search.stopwords import is_stop_word
from forum.search.weighing import COMMON, COVERAGE, MAX_SCORED, PREFIX_IMPACT, rarity

UNIT = 100_000
WHOLE = f"{255 * UNIT}::float8"


class Builder(Protocol):
    """What makes the statement."""

    languages: frozenset[str]

    def bind(self, value: Any) -> str:
        """A placeholder for a value."""

    def part(self, sql: str, *, kept: bool = False) -> str:
        """Put a query into the WITH clause and give its name."""


@dataclass(frozen=True, slots=True)
class Audience:
    """One audience within the clearances: its number, and the languages that words are analysed in."""

    number: int
    languages: frozenset[str]


@dataclass(slots=True)
class Wanted:
    """A word or prefix that ranks."""

    order: tuple[str, ...]
    is_stop: bool
    single: list[int] = field(default_factory=list)
    """The terms of audiences that hold one of them: a document stands in its postings once."""
    second: list[tuple[int, int]] = field(default_factory=list)
    """Of audiences that hold two, the rarer one and the other, which is among `single`."""
    several: list[int] = field(default_factory=list)
    """The terms of audiences that hold more."""
    found: int = 0
    """In how many documents a word stands."""
    queries: list[str] = field(default_factory=list)
    """Where a prefix is looked for; how many documents hold it is not known before."""

    @property
    def terms(self) -> list[int]:
        """All postings to read."""
        return self.single + [term for term, _ in self.second] + self.several


def rarity_of(found: str, documents: int) -> str:
    """SQL for the rarity, in 100,000ths, of what `found` of so many documents hold."""
    return f"round({UNIT} * ln(1 + {documents}::float8 / ({found} + 0.5)))::int"


class WordScorer:
    """Finds words and scores them; `found` is in how many documents each known term stands."""

    def __init__(
        self, builder: Builder, audiences: Sequence[Audience], documents: int, found: dict[int, int]
    ) -> None:
        self._builder, self._audiences = builder, audiences
        self._documents, self._found = documents, found

    def find(self, word: Word) -> list[Wanted]:
        """What a typed word wants; `client-side` is two."""
        return [self._find(concept) for concept in read_word(word, self._builder.languages)]

    def _find(self, concept: Concept) -> Wanted:
        is_stop = is_stop_word(concept.surface, self._builder.languages)
        wanted = Wanted((concept.surface, *sorted(concept.stems)), is_stop)
        for audience in self._audiences:
            held: set[int] = set()
            counted: set[int] = set()
            for language in audience.languages:
                terms = [term_of(audience.number, s) for s in stems_of(concept.token, [language])]
                terms = [term for term in terms if term in self._found]
                held.update(terms)
                if terms:
                    # Of a language's two stems, with and without accents, one is where the other is.
                    counted.add(max(terms, key=lambda term: (self._found[term], term)))
            ordered = sorted(held, key=lambda term: (-self._found[term], term))
            if len(ordered) > 2:
                wanted.several += ordered
            else:
                wanted.single += ordered[:1]
                wanted.second += [(rarer, ordered[0]) for rarer in ordered[1:]]
            wanted.found += sum(self._found[term] for term in counted)
        wanted.found = min(wanted.found, self._documents)
        return wanted

    def find_prefix(self, prefix: Prefix) -> Wanted:
        """What a prefix wants."""
        start = read_prefix(prefix)
        wanted = Wanted((start,), is_stop_word(start, self._builder.languages))
        wanted.queries = [prefix_query(audience.number, start) for audience in self._audiences]
        return wanted

    def prefixed(self, prefix: Wanted) -> str:
        """`doc` and `facts` of what holds a prefix."""
        queries, start = self._builder.bind(prefix.queries), self._builder.bind(f" {spell(prefix.order[0])}")
        return (
            f"SELECT b.doc, b.facts FROM unnest({queries}::tsquery[]) AS w(query)"
            f" JOIN @body b ON b.words @@ w.query WHERE NOT b.is_overfull OR strpos(b.folded, {start}) > 0"
        )

    def score(self, wanted: Sequence[Wanted]) -> str | None:
        """The sum over the rarest words; more of them count more. None where nothing is held."""
        held = [w for w in {w.order: w for w in wanted}.values() if w.found or w.queries]
        limit = int(COMMON * self._documents)
        if any(w.found and (w.found <= limit or not w.is_stop) for w in held):
            held = [w for w in held if w.queries or w.found <= limit or not w.is_stop]
        held.sort(key=lambda w: (w.found, w.order))
        if len(held) == 1 and held[0].queries:
            worth = f"{rarity_of('count(*) OVER ()', self._documents)} * {PREFIX_IMPACT} / {WHOLE}"
            return f"SELECT doc, {worth} AS score, facts FROM ({self.prefixed(held[0])}) c"
        if any(w.queries for w in held):
            return self._score_counted(held, limit)
        return self._score_known(held[:MAX_SCORED]) if held else None

    def _score_known(self, chosen: Sequence[Wanted]) -> str:
        """The scores where it is known in how many documents each word stands."""
        weights = [round(UNIT * rarity(self._documents, w.found)) for w in chosen]
        parts = " UNION ALL ".join(self._hits(chosen, weights))
        if len(chosen) == 1 and not chosen[0].second:
            return f"SELECT doc, part / {WHOLE} AS score, facts FROM ({parts}) h"
        return _cover(parts, len(chosen))

    def _score_counted(self, held: Sequence[Wanted], limit: int) -> str:
        """The scores where prefixes must be counted first."""
        counts = [f"SELECT {place} AS place, {w.found} AS n" for place, w in enumerate(held) if w.terms]
        hits = self._hits(held, [1] * len(held))
        for place, prefix in enumerate(held):
            if prefix.queries:
                found = self._builder.part(self.prefixed(prefix), kept=True)
                counts.append(f"SELECT {place} AS place, count(*) AS n FROM {found}")
                hits.append(f"SELECT {place} AS place, doc, {PREFIX_IMPACT} AS part, facts, 1 FROM {found}")
        every = self._builder.part(f"SELECT * FROM ({' UNION ALL '.join(counts)}) c WHERE n > 0", kept=True)
        stops = self._builder.bind([place for place, w in enumerate(held) if w.is_stop])
        telling = f"SELECT place, n FROM {every} WHERE n <= {limit} OR place <> ALL({stops}::int[])"
        chosen = self._builder.part(
            f"SELECT place, {rarity_of('n', self._documents)} AS weight FROM ({telling} UNION ALL"
            f" SELECT place, n FROM {every} WHERE NOT EXISTS ({telling})) t ORDER BY n, place"
            f" LIMIT {MAX_SCORED}",
            kept=True,
        )
        parts = (
            f"SELECT h.doc, h.part * c.weight AS part, h.facts, h.held"
            f" FROM ({' UNION ALL '.join(hits)}) h JOIN {chosen} c USING (place)"
        )
        return _cover(parts, f"(SELECT count(*) FROM {chosen})")

    def _hits(self, held: Sequence[Wanted], weights: Sequence[int]) -> list[str]:
        """Queries for `place` (in `held`), `doc`, `part` (impact by weight), `facts`, `held` of every word.

        Of a document that holds several stems of a word the best counts, and once: where there are two, the
        rarer one adds what it is better by, and `held` is 0.
        """
        numbered = list(enumerate(zip(held, weights, strict=True)))
        single = [(place, weight, term) for place, (w, weight) in numbered for term in w.single]
        second = [(place, weight, *pair) for place, (w, weight) in numbered for pair in w.second]
        several = [(place, weight, term) for place, (w, weight) in numbered for term in w.several]
        sources = []
        if single:
            sources.append(
                "SELECT t.place, p.doc, p.impact * t.weight AS part, p.facts, 1 AS held"
                f" FROM {self._unnest(single)} AS t(place, weight, term) JOIN @posting p ON p.term = t.term"
            )
        if second:
            better = "p.impact - least(coalesce(o.impact, 0), p.impact)"
            sources.append(
                f"SELECT t.place, p.doc, ({better}) * t.weight AS part, p.facts, (o.doc IS NULL)::int AS held"
                f" FROM {self._unnest(second)} AS t(place, weight, term, other)"
                " JOIN @posting p ON p.term = t.term"
                " LEFT JOIN @posting o ON o.term = t.other AND o.doc = p.doc"
            )
        if several:
            sources.append(
                "SELECT t.place, p.doc, max(p.impact * t.weight) AS part, max(p.facts) AS facts, 1 AS held"
                f" FROM {self._unnest(several)} AS t(place, weight, term) JOIN @posting p ON p.term = t.term"
                " GROUP BY 1, 2"
            )
        return sources

    def _unnest(self, rows: Sequence[tuple[int, ...]]) -> str:
        kinds = ("int", "int", "bigint", "bigint")
        columns = zip(kinds, zip(*rows, strict=True), strict=False)
        return f"unnest({', '.join(f'{self._builder.bind(list(c))}::{kind}[]' for kind, c in columns)})"


def _cover(parts: str, words: str | int) -> str:
    """Add up the parts of each document; it is worth more the more of the words it holds."""
    more = f"(1 + {COVERAGE}::float8 * sum(held) / {words})"
    if isinstance(words, str):
        more = f"(CASE WHEN {words} > 1 THEN {more} ELSE 1 END)"
    score = f"sum(part) * {more} / {WHOLE}" if words != 1 else f"sum(part) / {WHOLE}"
    return f"SELECT doc, {score} AS score, max(facts) AS facts FROM ({parts}) s GROUP BY doc"
