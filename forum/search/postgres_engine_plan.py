"""From a query tree to a plan over one visitor's chunks: blocks for words, SQL for what GIN finds."""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from forum.search.analysis import TOKEN, Concept, read_phrase, read_prefix, read_word, stems_of, surfaces
from forum.search.postgres_engine_blocks import Posting, bits_of_places, flags_of_bits, posting_of
from forum.search.postgres_engine_nodes import AnyOf, Node, Operand, Together
from forum.search.postgres_engine_places import Counts, NearFinder, find_phrase_counts
from forum.search.postgres_engine_shelf import Run, Shelf, Terms, View
from forum.search.postgres_engine_tables import (
    CHUNK,
    phrase_queries,
    prefix_query,
    spell,
    term_of,
    title_term,
)
from forum.search.query import Group, Near, Not, Or, Phrase, Prefix, Query, Word, open_groups
from forum.search.stopwords import is_stop_word
from forum.search.weighing import COMMON, MAX_SCORED, PREFIX_IMPACT, impact_of, near_limit

_FOUND = " FROM unnest(%(queries)s::tsquery[]) AS w(query) JOIN @body b ON b.words @@ w.query"


class Planner:
    """Makes plans for one visitor."""

    def __init__(self, run: Run, shelf: Shelf, view: View, wanted: frozenset[str] | None) -> None:
        self._run, self._shelf, self._view = run, shelf, view
        self._numbers = list(view.labels)
        self._spoken = {
            audience: (spoken if wanted is None else spoken & wanted) or frozenset([""])
            for audience, spoken in view.spoken.items()
        }
        self.languages = frozenset[str]().union(*self._spoken.values()) - {""}
        self._postings: dict[Terms, dict[int, Posting]] = {}
        self._known: dict[str, dict[int, Terms]] = {}
        sizes = Counter[int]()
        for chunk in view.chunks:
            sizes[chunk.readable_by] += chunk.alive
        self._nears = NearFinder(run, self._spoken, sizes, self.languages)

    def plan(self, query: Query) -> Node:
        """The plan of a whole query."""
        nodes = query.nodes if isinstance(query, Group) else (query,)
        self._nears.limit = near_limit(query)
        title = _read_title(nodes)
        self._read_words(query, title)
        plan = self._compile_group(nodes)
        plan.titled = self._find_title(title)
        return plan

    @property
    def widened(self) -> tuple[Near, ...]:
        """The nears that were taken as both sides anywhere."""
        return tuple(self._nears.widened)

    def _read_words(self, query: Query, title: Sequence[str]) -> None:
        """Read the blocks of all words at once, and of the title that they may be."""
        tokens = dict.fromkeys(t for word in _list_words(query) for t in TOKEN.findall(word.text))
        words = {
            terms: audience for token in tokens for audience, terms in self._terms(token).items() if terms
        }
        if title:
            words |= {(title_term(audience, title),): audience for audience in self._spoken}
        if words:
            self._postings = self._shelf.postings(self._run, words, self._view.chunks)

    def _terms(self, token: str) -> dict[int, Terms]:
        """The terms that a word may be in each audience."""
        if token not in self._known:
            self._known[token] = {
                audience: tuple([term_of(audience, stem) for stem in sorted(stems_of(token, spoken))])
                for audience, spoken in self._spoken.items()
            }
        return self._known[token]

    def _compile(self, query: Query) -> Node:
        match query:
            case Or(nodes):
                return AnyOf([self._compile(node) for node in nodes])
            case Group(nodes):
                return self._compile_group(nodes)
            case Word():
                operands = self._choose(self._find_words(query))
                return operands[0] if len(operands) == 1 else Together(operands, [], [])
            case Phrase():
                return self._weighed(self._counted(self._phrase(read_phrase(query))))
            case Prefix():
                return self._find_prefix(query)
            case Near():
                return self._weighed(self._counted(self._nears.count(query)))
            case Not():
                return self._compile_group((query,))

    def _compile_group(self, nodes: Sequence[Query]) -> Together:
        wanted: list[Operand] = []
        required: list[Node] = []
        excluded: list[Sequence[int]] = []
        asks = False
        for node in open_groups(nodes):
            if isinstance(node, Not):
                excluded.append(self._matching(node.node))
                continue
            asks = True
            if isinstance(node, Word):
                wanted.extend(self._find_words(node))
            elif isinstance(node, Prefix):
                wanted.append(self._find_prefix(node))
            else:
                required.append(self._compile(node))
        live = None if asks else [chunk.live for chunk in self._view.chunks]
        return Together(self._choose(wanted), required, excluded, live)

    def _choose(self, operands: list[Operand]) -> list[Operand]:
        """The rarest of what is there, without function words that are common here, each once."""
        unique = {o.order: o for o in operands if o.found}
        found = sorted(unique.values(), key=lambda o: (o.found, o.order))
        limit = COMMON * self._view.documents
        telling = [o for o in found if o.found <= limit or not is_stop_word(o.order[0], self.languages)]
        return (telling or found)[:MAX_SCORED]

    # Operands

    def _weighed(self, postings: Sequence[Posting | None], order: tuple[str, ...] = ()) -> Operand:
        return Operand(postings, order).weigh(self._view.documents)

    def _find_words(self, word: Word) -> list[Operand]:
        return [self._find_word(concept) for concept in read_word(word, self.languages)]

    def _find_word(self, concept: Concept) -> Operand:
        return self._weighed(self._word(concept.token), (concept.surface, *sorted(concept.stems)))

    def _word(self, token: str) -> list[Posting | None]:
        held = {audience: self._postings.get(terms, {}) for audience, terms in self._terms(token).items()}
        return [held[chunk.readable_by].get(chunk.number) for chunk in self._view.chunks]

    def _find_prefix(self, prefix: Prefix) -> Operand:
        flag = bytes([0, PREFIX_IMPACT])
        postings: list[Posting | None] = []
        for bits, chunk in zip(self._prefixed(prefix), self._view.chunks, strict=True):
            values = flags_of_bits(bits, chunk.size).translate(flag.ljust(256, b"\0")) if bits else b""
            postings.append(Posting(chunk.size, None, values, bits) if bits else None)
        return self._weighed(postings, (read_prefix(prefix),))

    def _prefixed(self, prefix: Prefix) -> list[int]:
        """The documents of each chunk that hold a word which begins like this."""
        start = read_prefix(prefix)
        rows = self._run(
            f"SELECT string_agg(int4send(b.doc), ''::bytea){_FOUND}"
            " WHERE NOT b.is_overfull OR strpos(b.folded, %(start)s) > 0",
            {
                "queries": [prefix_query(number, start) for number in self._numbers],
                "start": f" {spell(start)}",
            },
        )
        numbers = array("i", rows[0][0] or b"")
        if sys.byteorder == "little":
            numbers.byteswap()
        return self.sets_of(numbers)

    def _find_title(self, title: Sequence[str]) -> Operand | None:
        """The documents whose title is the query."""
        if not title:
            return None
        found = {
            audience: self._postings.get((title_term(audience, title),), {}) for audience in self._spoken
        }
        postings = [found[chunk.readable_by].get(chunk.number) for chunk in self._view.chunks]
        return self._weighed(postings) if any(postings) else None

    def _by_chunk(self, impacts: Iterable[tuple[int, int]]) -> list[Posting | None]:
        """Postings of documents by number with an impact each."""
        found: dict[int, dict[int, int]] = {}
        for number, impact in impacts:
            chunk, place = divmod(number, CHUNK)
            found.setdefault(chunk, {})[place] = impact
        return [
            posting_of(found[chunk.number], chunk.size) if chunk.number in found else None
            for chunk in self._view.chunks
        ]

    def _counted(self, counts: Mapping[int, int]) -> list[Posting | None]:
        return self._by_chunk((number, impact_of(count)) for number, count in counts.items())

    def _phrase(self, words: tuple[str, ...]) -> Counts:
        """How often a phrase of these surfaces stands in each document."""
        spelled = tuple(map(spell, words))
        if not spelled:
            return {}
        if _overlaps_itself(spelled):
            return find_phrase_counts(self._run, self._numbers, spelled)
        text = "".join(f" {word} " for word in spelled)
        rows = self._run(
            "SELECT b.doc, (octet_length(b.folded) - octet_length(replace(b.folded, %(phrase)s, '')))"
            f" / %(size)s{_FOUND} WHERE strpos(b.folded, %(phrase)s) > 0",
            {"phrase": text, "size": len(text.encode()), "queries": phrase_queries(self._numbers, spelled)},
        )
        return {row[0]: row[1] for row in rows}

    # Exclusions

    def _matching(self, query: Query) -> list[int]:
        """The documents of each chunk that hold any of this; a word of several parts counts as a phrase."""
        match query:
            case Word():
                concepts = read_word(query, self.languages)
                if len(concepts) > 1:
                    return self.sets_of(self._phrase(tuple(c.surface for c in concepts)))
                postings = self._word(concepts[0].token) if concepts else []
                return [p.bits if p else 0 for p in postings] or self.sets_of(())
            case Prefix():
                return self._prefixed(query)
            case Phrase():
                return self.sets_of(self._phrase(read_phrase(query)))
            case Near():
                return self.sets_of(self._nears.count(query))
            case Or(nodes) | Group(nodes):
                joined = self.sets_of(())
                for node in nodes:
                    joined = [old | new for old, new in zip(joined, self._matching(node), strict=True)]
                return joined
            case Not():
                return self.sets_of(())

    def sets_of(self, numbers: Iterable[int]) -> list[int]:
        """The documents of these numbers in each chunk."""
        places: dict[int, list[int]] = {}
        for number in numbers:
            chunk, place = divmod(number, CHUNK)
            places.setdefault(chunk, []).append(place)
        return [
            bits_of_places((p for p in places[chunk.number] if p < chunk.size), chunk.size)
            if chunk.number in places
            else 0
            for chunk in self._view.chunks
        ]


def _read_title(nodes: Sequence[Query]) -> list[str]:
    """The title that a query may be, which is nothing but words and phrases; empty otherwise."""
    words: list[str] = []
    for node in nodes:
        match node:
            case Word(text):
                words.extend(surfaces(text))
            case Phrase():
                words.extend(read_phrase(node))
            case _:
                return []
    return words


def _list_words(query: Query) -> Iterator[Word]:
    match query:
        case Word():
            yield query
        case Not(node):
            yield from _list_words(node)
        case Or(nodes) | Group(nodes):
            for inner in nodes:
                yield from _list_words(inner)
        case _:
            return


def _overlaps_itself(words: Sequence[str]) -> bool:
    """Whether a phrase can begin before its last occurrence has ended, as "end to end" can."""
    return any(words[:size] == words[-size:] for size in range(1, len(words)))
