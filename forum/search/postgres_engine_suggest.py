"""Words within the visitor's audiences, for suggestions and completion; only words with a live hit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from forum.search.analysis import fold
from forum.search.postgres_engine_places import AFTER
from forum.search.postgres_engine_shelf import Run
from forum.search.postgres_engine_tables import spell, term_of

LEAST_SIMILARITY = 0.15
"""Below this, trigrams choose so little that reading all words of a first letter is quicker."""


class TableVocabulary:
    """A `Vocabulary` of some audiences; `trigrams` is the schema of the extension pg_trgm, if it is there."""

    def __init__(self, run: Run, audiences: Sequence[int], trigrams: str | None) -> None:
        self._run, self._audiences, self._trigrams = run, list(audiences), trigrams

    def is_known(self, surface: str, stems: frozenset[str]) -> bool:
        """See `Vocabulary.is_known`."""
        rows = self._run(
            "SELECT 1 FROM @word WHERE audience = ANY(%(audiences)s) AND word = %(word)s UNION ALL"
            " SELECT 1 FROM @block WHERE term = ANY(%(terms)s::bigint[])"
            " LIMIT 1",
            {
                "audiences": self._audiences,
                "word": spell(surface),
                "terms": [term_of(audience, stem) for audience in self._audiences for stem in stems],
            },
        )
        return bool(rows)

    def list_like(self, surface: str, most: int) -> Iterable[str]:
        """See `Vocabulary.list_like`: by trigrams where these are many, else by the first letter."""
        similarity = least_similarity(surface, most)
        if self._trigrams and similarity >= LEAST_SIMILARITY:
            return self._list_by_trigrams(surface, most, similarity)
        rows = self._run(
            "SELECT DISTINCT w.word FROM unnest(%(audiences)s::smallint[]) AS a(audience)"
            " JOIN @word w ON w.audience = a.audience AND w.word >= %(start)s AND w.word < %(end)s"
            " WHERE length(w.word) BETWEEN %(shortest)s AND %(longest)s",
            {"audiences": self._audiences, "start": surface[0], "end": surface[0] + AFTER}
            | _lengths(surface, most),
        )
        return [row[0] for row in rows]

    def _list_by_trigrams(self, surface: str, most: int, similarity: float) -> list[str]:
        self._run(
            "SELECT set_config('pg_trgm.similarity_threshold', %(least)s, false)",
            {"least": f"{similarity:.4f}"},
        )
        rows = self._run(
            f'SELECT DISTINCT word FROM @word WHERE word OPERATOR("{self._trigrams}".%%) %(word)s'
            " AND audience = ANY(%(audiences)s) AND length(word) BETWEEN %(shortest)s AND %(longest)s"
            " AND starts_with(word, %(start)s)",
            {"audiences": self._audiences, "word": surface, "start": surface[0]} | _lengths(surface, most),
        )
        return [row[0] for row in rows]

    def count(self, words: Iterable[str]) -> Mapping[str, int]:
        """See `Vocabulary.count`."""
        rows = self._run(
            "SELECT word, sum(found) FROM @word WHERE audience = ANY(%(audiences)s)"
            " AND word = ANY(%(words)s::text[]) GROUP BY word",
            {"audiences": self._audiences, "words": list(words)},
        )
        return {row[0]: int(row[1]) for row in rows}


def _lengths(surface: str, most: int) -> dict[str, int]:
    return {"shortest": len(surface) - most, "longest": len(surface) + most}


def least_similarity(surface: str, most: int) -> float:
    """How similar, as pg_trgm counts, every word is that differs in at most so many letters.

    A changed letter touches three of a word's trigrams, two exchanged ones four; so nothing near is missed.
    Not of words in other scripts: what a letter is there depends on the database's locale.
    """
    if not surface.isascii():
        return 0.0
    padded = f"  {surface} "
    trigrams = len({padded[place : place + 3] for place in range(len(padded) - 2)})
    return (trigrams - 4 * most) / (len(surface) + 1 + most + 4 * most)


def complete_word(run: Run, start: str, audiences: Sequence[int], limit: int) -> tuple[str, ...]:
    """The most frequent words that begin like this."""
    start = fold(start)
    if not start:
        return ()
    rows = run(
        "SELECT w.word FROM unnest(%(audiences)s::smallint[]) AS a(audience)"
        " JOIN @word w ON w.audience = a.audience AND w.word >= %(start)s AND w.word < %(end)s"
        " GROUP BY w.word ORDER BY sum(w.found) DESC, w.word LIMIT %(limit)s",
        {"audiences": list(audiences), "start": spell(start), "end": spell(start) + AFTER, "limit": limit},
    )
    return tuple(row[0] for row in rows)
