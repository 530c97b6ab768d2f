"""From a query tree to scores: what each node matches in each leaf, and what that is worth.

A plan is made for the leaves of one visitor. Every word, phrase, near and prefix becomes an `Operand`: its
postings in each leaf, and its weight from how many of the visitor's documents hold it. Scores are dense lists
of floats, one a document of a leaf; 0.0 means no match.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from forum.search.analysis import inflections, read_phrase, read_prefix, read_word, stems_of, surfaces
from forum.search.query import Group, Near, Not, Or, Phrase, Prefix, Query, Word, open_groups
from forum.search.stopwords import is_stop_word
from forum.search.weighing import (
    COMMON,
    MAX_SCORED,
    NEAR_DOCUMENTS,
    PREFIX_IMPACT,
    coverage,
    near_limit,
    rarity,
)
from forum.search.whoosh_engine_leaf import Leaf
from forum.search.whoosh_engine_places import (
    Places,
    Postings,
    Spans,
    count_postings,
    find_any,
    find_near,
    find_phrase,
    unite,
)

_MARK = float(2**20)  # added to a score for each word found, so that one pass gathers scores and counts


@dataclass(slots=True)
class Operand:
    """Something to look for: documents and impacts in each leaf."""

    postings: list[Postings | None]
    order: tuple[str, ...] = ()
    found: int = 0
    worth: list[float] = field(default_factory=list)
    marked: list[float] = field(default_factory=list)

    def weigh(self, documents: int) -> None:
        """Fix what each impact is worth among so many documents."""
        self.found = sum(len(p[0]) for p in self.postings if p)
        telling = rarity(documents, self.found)
        self.worth = [telling * q / 255 for q in range(256)]
        self.marked = [_MARK + worth for worth in self.worth]

    def add_to(self, scores: list[float], leaf: int, *, mark: bool = False) -> bool:
        """Add this operand's part (and a mark) to the scores of a leaf; says whether there was any."""
        postings = self.postings[leaf]
        if not postings:
            return False
        worth = self.marked if mark else self.worth
        for number, impact in zip(*postings, strict=True):
            scores[number] += worth[impact]
        return True

    def scores(self, leaf: int, size: int) -> list[float] | None:
        """Dense scores of a leaf; None when nothing matches."""
        if not self.postings[leaf]:
            return None
        scores = [0.0] * size
        self.add_to(scores, leaf)
        return scores


@dataclass(slots=True)
class AnyOf:
    """The best of several alternatives."""

    parts: list[Operand | AnyOf | Together]

    def scores(self, leaf: int, size: int) -> list[float] | None:
        """Dense scores of a leaf; None when nothing matches."""
        best: list[float] | None = None
        for part in self.parts:
            scores = part.scores(leaf, size)
            if scores:
                best = list(map(max, best, scores)) if best else scores
        return best


@dataclass(slots=True)
class Together:
    """A group: wanted operands add up, required parts must match, exclusions rule out.

    Whoever types a whole title wants that document first: `titled` adds to what matches anyway.
    """

    wanted: list[Operand]
    required: list[Operand | AnyOf | Together]
    excluded: list[list[Iterable[int]]]
    is_everything: bool = False
    titled: Operand | None = None

    def scores(self, leaf: int, size: int) -> list[float] | None:
        """Dense scores of a leaf; None when nothing matches."""
        scores = [1.0 if self.is_everything else 0.0] * size
        several = len(self.wanted) > 1
        matched = [operand.add_to(scores, leaf, mark=several) for operand in self.wanted]
        if not (any(matched) or self.required or self.is_everything):
            return None
        if several and any(matched):
            more = [coverage(count, len(self.wanted)) for count in range(len(self.wanted) + 1)]
            scores = [score % _MARK * more[int(score // _MARK)] if score else 0.0 for score in scores]
        for place, part in enumerate(self.required):
            needed = part.scores(leaf, size)
            if not needed:
                return None
            pairs = zip(scores, needed, strict=True)
            if place == 0:
                scores = [old + new if new else 0.0 for old, new in pairs]
            else:
                scores = [old + new if old and new else 0.0 for old, new in pairs]
        for exclusion in self.excluded:
            for number in exclusion[leaf]:
                scores[number] = 0.0
        if self.titled and (titled := self.titled.postings[leaf]):
            for number in titled[0]:
                scores[number] += self.titled.worth[255] if scores[number] else 0.0
        return scores


Node = Operand | AnyOf | Together


class Planner:
    """Makes plans for one visitor's leaves; `languages` are those of each audience."""

    def __init__(
        self, leaves: Sequence[Leaf], languages: dict[str, frozenset[str]], wanted: frozenset[str] | None
    ) -> None:
        self._leaves = leaves
        self._documents = sum(leaf.alive for leaf in leaves)
        self._spoken = {
            audience: (spoken if wanted is None else spoken & wanted) or frozenset([""])
            for audience, spoken in languages.items()
        }
        self.languages = frozenset().union(*self._spoken.values()) - {""}
        self._near_limit = NEAR_DOCUMENTS
        self._near: dict[Near, list[Places]] = {}
        self.widened: list[Near] = []
        """The nears that were taken as both sides anywhere."""

    def plan(self, query: Query) -> Node:
        """The plan of a whole query."""
        nodes = query.nodes if isinstance(query, Group) else (query,)
        self._near_limit = near_limit(query)
        plan = self._compile_group(nodes)
        plan.titled = self._find_title(nodes)
        return plan

    def _find_title(self, nodes: Sequence[Query]) -> Operand | None:
        """The documents whose title is the query, where it is nothing but words and phrases."""
        words: list[str] = []
        for node in nodes:
            match node:
                case Word(text):
                    words.extend(surfaces(text))
                case Phrase():
                    words.extend(read_phrase(node))
                case _:
                    return None
        postings: list[Postings | None] = [
            posting[:2] if (posting := leaf.titled(words)) else None for leaf in self._leaves
        ]
        return self._weighed(Operand(postings)) if words and any(postings) else None

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
                return self._weighed(self._find_phrase(read_phrase(query)))
            case Prefix():
                return self._weighed(self._find_prefix(read_prefix(query)))
            case Near():
                return self._weighed(self._find_near(query))
            case Not():
                return self._compile_group((query,))

    def _compile_group(self, nodes: Sequence[Query]) -> Together:
        wanted: list[Operand] = []
        required: list[Node] = []
        excluded: list[list[Iterable[int]]] = []
        asks = False
        for node in open_groups(nodes):
            if isinstance(node, Not):
                excluded.append(self._exclude(node.node))
                continue
            asks = True
            if isinstance(node, Word):
                wanted.extend(self._find_words(node))
            elif isinstance(node, Prefix):
                wanted.append(self._weighed(self._find_prefix(read_prefix(node))))
            else:
                required.append(self._compile(node))
        return Together(self._choose(wanted), required, excluded, is_everything=not asks)

    def _weighed(self, operand: Operand) -> Operand:
        operand.weigh(self._documents)
        return operand

    def _choose(self, operands: list[Operand]) -> list[Operand]:
        """The rarest of what is there, without function words that are common here, each once."""
        found = sorted((o for o in operands if o.found), key=lambda o: (o.found, o.order))
        unique = [o for n, o in enumerate(found) if not n or o.order != found[n - 1].order]
        limit = COMMON * self._documents
        telling = [o for o in unique if o.found <= limit or not is_stop_word(o.order[0], self.languages)]
        return (telling or unique)[:MAX_SCORED]

    def _find_words(self, word: Word) -> list[Operand]:
        operands = []
        for concept in read_word(word, self.languages):
            stems = {a: sorted(stems_of(concept.token, spoken)) for a, spoken in self._spoken.items()}
            postings = [unite(leaf.stem(s) for s in stems[leaf.readable_by]) for leaf in self._leaves]
            operands.append(self._weighed(Operand(postings, (concept.surface, *sorted(concept.stems)))))
        return operands

    def _find_phrase(self, words: tuple[str, ...]) -> Operand:
        return Operand([count_postings(find_phrase(leaf, words)) for leaf in self._leaves], words)

    def _find_prefix(self, start: str) -> Operand:
        postings: list[Postings | None] = []
        for leaf in self._leaves:
            ids = array("I", sorted(leaf.documents_from(start)))
            postings.append((ids, bytes([PREFIX_IMPACT]) * len(ids)) if ids else None)
        return Operand(postings, (start,))

    def _find_near(self, near: Near) -> Operand:
        return Operand([count_postings(found) for found in self._look_near(near)], ("near",))

    def _look_near(self, near: Near) -> list[Places]:
        """Where a near stands in each leaf; in documents with both sides, where too many have them."""
        if near in self._near:
            return self._near[near]
        both = [self._holding(leaf, near.left) & self._holding(leaf, near.right) for leaf in self._leaves]
        if sum(map(len, both)) > self._near_limit:
            self.widened.append(near)
            found: list[Places] = [dict.fromkeys(numbers, (0,)) for numbers in both]
        else:
            found = [
                find_near(self._spans(leaf, near.left), self._spans(leaf, near.right), near.distance)
                if numbers
                else {}
                for leaf, numbers in zip(self._leaves, both, strict=True)
            ]
        self._near[near] = found
        return found

    def _holding(self, leaf: Leaf, node: Word | Prefix | Phrase) -> set[int]:
        """The documents with an operand of a near: any form of a word, all words of a phrase."""
        if isinstance(node, Prefix):
            return leaf.documents_from(read_prefix(node))
        if isinstance(node, Phrase):
            return _documents_with_all(leaf, read_phrase(node))
        concepts = read_word(node, self.languages)
        if len(concepts) > 1:
            return _documents_with_all(leaf, [concept.surface for concept in concepts])
        postings = (leaf.word(form) for form in self._forms(leaf, concepts[0].token))
        return {number for posting in postings if posting for number in posting[0]}

    def _forms(self, leaf: Leaf, token: str) -> list[str]:
        spoken = self._spoken[leaf.readable_by]
        return inflections(token, spoken, lambda start: (w for w, _ in leaf.words_from(start)))

    def _spans(self, leaf: Leaf, node: Word | Prefix | Phrase) -> Spans:
        """Where an operand of a near stands in each document: its places, and how long it is."""
        if isinstance(node, Phrase):
            words = read_phrase(node)
            return Spans(find_phrase(leaf, words), len(words))
        if isinstance(node, Prefix):
            return Spans(find_any(leaf, [word for word, _ in leaf.words_from(read_prefix(node))]), 1)
        concepts = read_word(node, self.languages)
        if len(concepts) > 1:
            return Spans(find_phrase(leaf, tuple(c.surface for c in concepts)), len(concepts))
        return Spans(find_any(leaf, self._forms(leaf, concepts[0].token)), 1)

    def _exclude(self, query: Query) -> list[Iterable[int]]:
        return [self._matching(query, leaf, place) for place, leaf in enumerate(self._leaves)]

    def _matching(self, query: Query, leaf: Leaf, place: int) -> Iterable[int]:
        """The documents of a leaf that hold any of this; a word of several parts counts as a phrase."""
        match query:
            case Word():
                concepts = read_word(query, self.languages)
                if len(concepts) > 1:
                    return find_phrase(leaf, tuple(c.surface for c in concepts))
                stems = stems_of(concepts[0].token, self._spoken[leaf.readable_by]) if concepts else ()
                postings = (leaf.stem(stem) for stem in stems)
                return {number for posting in postings if posting for number in posting[0]}
            case Prefix():
                return leaf.documents_from(read_prefix(query))
            case Phrase():
                return find_phrase(leaf, read_phrase(query))
            case Near():
                return self._look_near(query)[place]
            case Or(nodes) | Group(nodes):
                return {n for node in nodes for n in self._matching(node, leaf, place)}
            case Not():
                return ()


def _documents_with_all(leaf: Leaf, words: Sequence[str]) -> set[int]:
    postings = [leaf.word(word) for word in words]
    if not postings or not all(postings):
        return set()
    return set.intersection(*(set(posting[0]) for posting in postings if posting))
