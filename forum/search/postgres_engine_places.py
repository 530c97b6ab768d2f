"""Phrases and nears that are looked for in the folded texts of the documents that GIN names; exact."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from forum.search.analysis import inflections, read_phrase, read_prefix, read_word
from forum.search.postgres_engine_shelf import Run
from forum.search.postgres_engine_tables import (
    overfull_lexeme,
    phrase_queries,
    quote_lexeme,
    spell,
    word_lexeme,
)
from forum.search.query import Near, Phrase, Prefix, Word
from forum.search.weighing import NEAR_DOCUMENTS, TITLE_GAP

Counts = dict[int, int]
"""How often something stands in each document that holds it."""
AFTER = chr(0x10FFFF)
"""Follows every word that begins like what it is put behind."""
_TEXTS = (
    "SELECT b.doc, b.folded FROM unnest(%(queries)s::tsquery[]) AS w(query)"
    " JOIN @body b ON b.words @@ w.query"
)
_TEXTS_OF = (
    "SELECT w.audience, b.doc, b.folded"
    " FROM unnest(%(audiences)s::smallint[], %(queries)s::tsquery[]) AS w(audience, query)"
    " JOIN @body b ON b.words @@ w.query"
)
_BOTH = (
    "SELECT b.doc, b.is_overfull, CASE WHEN b.is_overfull THEN b.folded END"
    " FROM unnest(%(queries)s::tsquery[]) AS w(query) JOIN @body b ON b.words @@ w.query"
)
_COUNT = "SELECT count(*) FROM unnest(%(queries)s::tsquery[]) AS w(query) JOIN @body b ON b.words @@ w.query"
_AT_ONCE = 4096
"""Of so many documents, about, the texts are asked for in one statement: they are all held then."""


class WordLists:
    """The words of some audiences by how they begin; each beginning is asked for once."""

    def __init__(self, run: Run, audiences: Collection[int]) -> None:
        self._run, self._audiences = run, list(audiences)
        self._lists: dict[str, dict[int, list[str]]] = {}

    def begin(self, audience: int, start: str) -> list[str]:
        """The words of an audience that begin like this."""
        if start not in self._lists:
            rows = self._run(
                "SELECT w.audience, w.word FROM unnest(%(audiences)s::smallint[]) AS a(audience)"
                " JOIN @word w ON w.audience = a.audience AND w.word >= %(start)s AND w.word < %(end)s",
                {"audiences": self._audiences, "start": start, "end": start + AFTER},
            )
            lists = self._lists[start] = {number: [] for number in self._audiences}
            for number, word in rows:
                lists[number].append(word)
        return self._lists[start][audience]


def find_phrase_counts(run: Run, audiences: Sequence[int], words: Sequence[str]) -> Counts:
    """How often a phrase of spelled words begins in each document that holds it."""
    held = {"phrase": "".join([f" {word} " for word in words])}
    rows = run(
        f"{_TEXTS} WHERE strpos(b.folded, %(phrase)s) > 0",
        held | {"queries": phrase_queries(audiences, words)},
    )
    counts = ((doc, len(_find_phrase(read_places(folded, words), words))) for doc, folded in rows)
    return {doc: count for doc, count in counts if count}


def read_places(folded: str, wanted: Collection[str]) -> dict[str, list[int]]:
    """Where each wanted word stands in a folded text; between title and text lies a gap."""
    places: dict[str, list[int]] = {word: [] for word in wanted}
    title, _, text = folded.partition("\n")
    words = title.split()
    for start, line in ((0, words), (len(words) + TITLE_GAP, text.split())):
        for place, word in enumerate(line, start):
            if word in places:
                places[word].append(place)
    return places


def _find_phrase(places: dict[str, list[int]], words: Sequence[str]) -> list[int]:
    begins = set(places.get(words[0], ())) if words else set()
    for offset, word in enumerate(words[1:], 1):
        begins &= {place - offset for place in places.get(word, ())}
    return sorted(begins)


class _Side:
    """One side of a near: what it can be in one audience, and where that stands."""

    def __init__(
        self,
        lists: WordLists,
        audience: int,
        spoken: frozenset[str],
        languages: frozenset[str],
        node: Word | Prefix | Phrase,
    ) -> None:
        self.words: tuple[str, ...] = ()
        self.forms: list[str] = []
        self.start = spell(read_prefix(node)) if isinstance(node, Prefix) else ""
        if isinstance(node, Phrase):
            self.words = tuple(map(spell, read_phrase(node)))
        elif isinstance(node, Prefix):
            self.forms = lists.begin(audience, self.start)
        else:
            concepts = read_word(node, languages)
            if len(concepts) > 1:
                self.words = tuple(spell(concept.surface) for concept in concepts)
            elif concepts:

                def words_from(start: str) -> Iterable[str]:
                    return lists.begin(audience, start)

                self.forms = [spell(f) for f in inflections(concepts[0].token, spoken, words_from)]
        self.length = len(self.words) or 1

    def query(self, audience: int) -> str:
        """A tsquery's text for the documents that may hold this side; empty when none can."""
        if self.start:
            return f"{quote_lexeme(word_lexeme(audience, self.start))}:*" if self.forms else ""
        lexemes = [quote_lexeme(word_lexeme(audience, word)) for word in self.words or self.forms]
        return f"({(' & ' if self.words else ' | ').join(lexemes)})" if lexemes else ""

    def places(self, of: dict[str, list[int]]) -> list[int]:
        """Where this side begins in a document."""
        if self.words:
            return _find_phrase(of, self.words)
        if len(self.forms) == 1:
            return of[self.forms[0]]
        return sorted(place for form in self.forms for place in of[form])


class NearFinder:
    """Looks for nears in some audiences; every near, and every word of one, is looked for once."""

    def __init__(
        self,
        run: Run,
        audiences: Mapping[int, frozenset[str]],
        sizes: Mapping[int, int],
        languages: frozenset[str],
    ) -> None:
        """Of each audience are given its languages and how many documents it has."""
        self.limit = NEAR_DOCUMENTS
        self.widened: list[Near] = []
        self._run, self._audiences, self._sizes, self._languages = run, audiences, sizes, languages
        self._lists = WordLists(run, audiences)
        self._known: dict[Near, Counts] = {}

    def count(self, near: Near) -> Counts:
        """How often the left side of a near stands near enough to the right one, by document."""
        if near not in self._known:
            self._known[near] = self._count(near)
        return self._known[near]

    def _count(self, near: Near) -> Counts:
        counts: Counts = {}
        sides: dict[int, tuple[_Side, _Side]] = {}
        queries: dict[int, str] = {}
        both: list[str] = []
        for audience, spoken in self._audiences.items():
            left = _Side(self._lists, audience, spoken, self._languages, near.left)
            right = _Side(self._lists, audience, spoken, self._languages, near.right)
            needed = left.query(audience), right.query(audience)
            if all(needed):
                sides[audience] = left, right
                both.append(" & ".join(needed))
                queries[audience] = f"{' & '.join(needed)} | {quote_lexeme(overfull_lexeme(audience))}"
        if both and self._run(_COUNT, {"queries": both})[0][0] > self.limit:
            self.widened.append(near)
            return self._find_both(list(queries.values()), sides)
        for some in self._share_out(queries):
            asked = {"audiences": some, "queries": [queries[audience] for audience in some]}
            for audience, doc, folded in self._run(_TEXTS_OF, asked):
                if count := _count_near(folded, *sides[audience], near.distance):
                    counts[doc] = count
        return counts

    def _find_both(self, queries: list[str], sides: Mapping[int, tuple[_Side, _Side]]) -> Counts:
        """The documents that hold both sides of a near, wherever; once each."""
        counts: Counts = {}
        for doc, is_overfull, folded in self._run(_BOTH, {"queries": queries}):
            if not is_overfull or any(_holds_both(folded, *pair) for pair in sides.values()):
                counts[doc] = 1
        return counts

    def _share_out(self, audiences: Iterable[int]) -> Iterator[list[int]]:
        some: list[int] = []
        for audience in audiences:
            if some and sum(self._sizes[one] for one in (*some, audience)) > _AT_ONCE:
                yield some
                some = []
            some.append(audience)
        if some:
            yield some


def _holds_both(folded: str, left: _Side, right: _Side) -> bool:
    places = read_places(folded, {*left.words, *left.forms, *right.words, *right.forms})
    return all(any(places[word] for word in side.forms) or _holds_all(places, side) for side in (left, right))


def _holds_all(places: Mapping[str, list[int]], side: _Side) -> bool:
    return bool(side.words) and all(places[word] for word in side.words)


def _count_near(folded: str, left: _Side, right: _Side, distance: int) -> int:
    places = read_places(folded, {*left.words, *left.forms, *right.words, *right.forms})
    others = right.places(places)
    return sum(
        _has_between(others, place - right.length - distance + 1, place - right.length)
        or _has_between(others, place + left.length, place + left.length + distance - 1)
        for place in left.places(places)
    )


def _has_between(places: Sequence[int], first: int, last: int) -> bool:
    return bisect_left(places, first) < bisect_right(places, last)
