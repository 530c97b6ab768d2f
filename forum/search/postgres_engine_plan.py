"""From a query tree to SQL: what each node matches, and what that is worth.

Every node becomes a query that gives `doc` and `score`, over the postings, lexemes and texts of the visitor's
audiences alone. Scores are made of whole numbers (an impact times a rarity in 100,000ths), so that they do
not depend on the order in which PostgreSQL adds them up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from forum.search.analysis import TOKEN, Concept, read_phrase, read_prefix, read_word, stems_of, surfaces
from forum.search.postgres_engine_places import find_near_counts, find_phrase_counts
from forum.search.postgres_engine_tables import phrase_queries, prefix_query, spell, term_of, title_lexeme
from forum.search.postgres_engine_tables import quote_lexeme as quote
from forum.search.query import Group, Near, Not, Or, Phrase, Prefix, Query, Word
from forum.search.stopwords import is_stop_word
from forum.search.weighing import COMMON, COVERAGE, MAX_SCORED, PREFIX_IMPACT, rarity

UNIT = 100_000
WHOLE = f"{255 * UNIT}::float8"
_NOTHING = "SELECT 0 AS doc, 0::float8 AS score WHERE false"
Key = tuple[int, int]
"""An audience and a term."""
Run = Callable[..., Sequence[Any]]
"""Executes a statement over the build's tables with parameters, and gives its rows."""


@dataclass(frozen=True, slots=True)
class Audience:
    """One audience within the clearances: its number, and the languages that words are analysed in."""

    number: int
    languages: frozenset[str]


@dataclass(slots=True)
class Wanted:
    """A word or prefix that ranks: where to look, and bounds of how many documents hold it."""

    order: tuple[str, ...]
    terms: list[tuple[int, int]] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    low: int = 0
    high: int = 0
    is_stop: bool = False


class Planner:
    """Makes the SQL of one search; `parameters` grows with it."""

    def __init__(self, run: Run, audiences: Sequence[Audience]) -> None:
        self._run = run
        self._audiences = audiences
        self.documents = 0
        """How many documents the audiences have together."""
        self.asked: set[Key] = set()
        """The keys of stems that were looked for."""
        self.found: dict[Key, int] = {}
        """In how many documents each of them stands; those in none are absent."""
        self.languages = frozenset[str]().union(*(a.languages for a in audiences)) - {""}
        self.parameters: dict[str, Any] = {"audiences": [a.number for a in audiences]}
        self._parts: list[str] = []

    # Building

    def bind(self, value: Any) -> str:
        """A placeholder for a value."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"%({name})s"

    def part(self, sql: str, *, kept: bool = False) -> str:
        """Put a query into the WITH clause; `kept` if it is read several times. Gives its name."""
        name = f"q{len(self._parts)}"
        self._parts.append(f"{name} AS {'MATERIALIZED ' if kept else ''}({sql})")
        return name

    def statement(self, sql: str) -> str:
        """A whole statement that reads the parts."""
        return f"WITH {', '.join(self._parts)} {sql}" if self._parts else sql

    # Planning

    def plan(self, query: Query) -> str:
        """The name of the part that gives `doc` and `score` of a whole query."""
        nodes = query.nodes if isinstance(query, Group) else (query,)
        self._look_up(query)
        return self.part(self._add_title(nodes, self._compile_group(nodes)))

    def _look_up(self, query: Query) -> None:
        """Learn in how many documents the stems of all words stand."""
        if missing := list_keys(query, self._audiences) - self.asked:
            numbers, terms = zip(*missing, strict=True)
            rows = self._run(
                "SELECT s.audience, s.term, s.found FROM unnest(%(numbers)s::smallint[], %(terms)s::bigint[])"
                " AS w(audience, term) JOIN @stem s ON s.audience = w.audience AND s.term = w.term",
                {"numbers": list(numbers), "terms": list(terms)},
            )
            self.found |= {(row[0], row[1]): row[2] for row in rows}

    def _add_title(self, nodes: Sequence[Query], found: str) -> str:
        """Whoever types a whole title wants that document first."""
        words: list[str] = []
        for node in nodes:
            match node:
                case Word(text):
                    words.extend(surfaces(text))
                case Phrase():
                    words.extend(read_phrase(node))
                case _:
                    return found
        if not words:
            return found
        queries = self.bind([quote(title_lexeme(a.number, words)) for a in self._audiences])
        titled = self.part(
            f"SELECT b.doc FROM unnest({queries}::tsquery[]) AS w(query) JOIN @body b ON b.words @@ w.query",
            kept=True,
        )
        worth = f"(SELECT {self._rarity('count(*)')}::float8 / {UNIT} FROM {titled})"
        return (
            f"SELECT f.doc, f.score + CASE WHEN f.doc IN (SELECT doc FROM {titled}) THEN {worth} ELSE 0 END"
            f" AS score FROM ({found}) f"
        )

    def _rarity(self, found: str) -> str:
        return f"round({UNIT} * ln(1 + {self.documents}::float8 / ({found} + 0.5)))::int"

    def _compile(self, query: Query) -> str:
        match query:
            case Or(nodes):
                every = " UNION ALL ".join(f"SELECT doc, score FROM ({self._compile(n)}) o" for n in nodes)
                return f"SELECT doc, max(score) AS score FROM ({every}) o GROUP BY doc"
            case Group(nodes):
                return self._compile_group(nodes)
            case Word():
                return self._score_words(self._find_words(query)) or _NOTHING
            case Phrase():
                return self._score_counts(self._phrase(read_phrase(query)))
            case Prefix():
                return self._score_words([self._find_prefix(query)]) or _NOTHING
            case Near():
                return self._score_counts(self._near(query))
            case Not():
                return self._compile_group((query,))

    def _compile_group(self, nodes: Sequence[Query]) -> str:
        wanted: list[Wanted] = []
        required: list[str] = []
        excluded: list[str] = []
        asks = False
        for node in _open_groups(nodes):
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
        return self._join(self._score_words(wanted), required, excluded, is_everything=not asks)

    def _join(
        self, words: str | None, required: list[str], excluded: list[str], *, is_everything: bool
    ) -> str:
        """Words add up, required parts must match, exclusions rule out."""
        if required:
            sources = [f"({sql}) r{n}" for n, sql in enumerate(required)]
            sums = [f"r{n}.score" for n in range(len(required))]
            source = sources[0] + "".join(f" JOIN {s} USING (doc)" for s in sources[1:])
            if words:
                source += f" LEFT JOIN ({words}) w USING (doc)"
                sums.append("coalesce(w.score, 0)")
            sql = f"SELECT doc, {' + '.join(sums)} AS score FROM {source}"
        elif is_everything:
            sql = "SELECT number AS doc, 1::float8 AS score FROM @doc WHERE audience = ANY(%(audiences)s)"
        else:
            sql = words or _NOTHING
        if excluded:
            tests = " AND ".join(f"doc NOT IN ({matching})" for matching in excluded)
            sql = f"SELECT doc, score FROM ({sql}) g WHERE {tests}"
        return sql

    # Words

    def _find_words(self, word: Word) -> list[Wanted]:
        return [self._find_concept(concept) for concept in read_word(word, self.languages)]

    def _find_concept(self, concept: Concept) -> Wanted:
        wanted = Wanted((concept.surface, *sorted(concept.stems)))
        wanted.is_stop = is_stop_word(concept.surface, self.languages)
        for audience in self._audiences:
            keys = [(audience.number, term_of(s)) for s in stems_of(concept.token, audience.languages)]
            held = [key for key in keys if key in self.found]
            if held:
                wanted.terms += held
                wanted.low += max(self.found[key] for key in held)
                wanted.high += sum(self.found[key] for key in held)
        return wanted

    def _find_prefix(self, prefix: Prefix) -> Wanted:
        start = read_prefix(prefix)
        wanted = Wanted((start,), is_stop=is_stop_word(start, self.languages))
        wanted.queries = [prefix_query(audience.number, start) for audience in self._audiences]
        wanted.high = self.documents
        return wanted

    def _score_words(self, wanted: list[Wanted]) -> str | None:
        """The sum over the rarest words; more of them count more. None where nothing is held."""
        limit = COMMON * self.documents
        held = list({w.order: w for w in sorted(wanted, key=lambda w: w.order) if w.high}.values())
        if any(w.low and (w.high <= limit or not w.is_stop) for w in held):
            held = [w for w in held if w.low <= limit or not w.is_stop]
        if not held:
            return None
        if all(w.low == w.high for w in held):
            telling = [w for w in held if w.high <= limit or not w.is_stop] or held
            chosen = sorted(telling, key=lambda w: w.high)[:MAX_SCORED]
            return self._sum_known(chosen)
        return self._sum_unknown(held, limit)

    def _hits(self, held: Sequence[Wanted]) -> str:
        """`place` (in `held`), `doc` and `impact` of every word and prefix."""
        sources = []
        single = [(n, *key) for n, w in enumerate(held) if w.low == w.high for key in w.terms]
        several = [(n, *key) for n, w in enumerate(held) if w.low != w.high for key in w.terms]
        for rows, impact, grouping in (
            (single, "p.impact::int", ""),
            (several, "max(p.impact)::int", " GROUP BY t.place, p.doc"),
        ):
            if rows:
                places, audiences, terms = (self.bind(list(column)) for column in zip(*rows, strict=True))
                sources.append(
                    f"SELECT t.place, p.doc, {impact} AS impact FROM unnest({places}::int[],"
                    f" {audiences}::smallint[], {terms}::bigint[]) AS t(place, audience, term)"
                    f" JOIN @posting p ON p.audience = t.audience AND p.term = t.term{grouping}"
                )
        for place, one in enumerate(held):
            if one.queries:
                matching = self._prefix_documents(one)
                sources.append(
                    f"SELECT {place} AS place, x.doc, {PREFIX_IMPACT} AS impact FROM ({matching}) x"
                )
        return " UNION ALL ".join(sources)

    def _sum_known(self, chosen: Sequence[Wanted]) -> str:
        """The scores where it is known in how many documents each word stands."""
        weights = [round(UNIT * rarity(self.documents, w.high)) for w in chosen]
        hits = self._hits(chosen)
        if len(chosen) == 1:
            return f"SELECT doc, impact * {weights[0]} / {WHOLE} AS score FROM ({hits}) h"
        weight = f"({self.bind(weights)}::int[])[place + 1]"
        return self._cover(f"SELECT doc, impact * {weight} AS part FROM ({hits}) h", str(len(chosen)))

    def _sum_unknown(self, held: Sequence[Wanted], limit: float) -> str:
        """The scores where counting comes first."""
        hits = self.part(self._hits(held), kept=True)
        counts = self.part(f"SELECT place, count(*) AS n FROM {hits} GROUP BY place", kept=True)
        stops = self.bind([place for place, w in enumerate(held) if w.is_stop])
        telling = f"SELECT place, n FROM {counts} WHERE n <= {int(limit)} OR place <> ALL({stops}::int[])"
        chosen = self.part(
            f"SELECT place, {self._rarity('n')} AS weight FROM ({telling} UNION ALL SELECT place, n"
            f" FROM {counts} WHERE NOT EXISTS ({telling})) t ORDER BY n, place LIMIT {MAX_SCORED}",
            kept=True,
        )
        parts = f"SELECT h.doc, h.impact * c.weight AS part FROM {hits} h JOIN {chosen} c USING (place)"
        return self._cover(parts, f"(SELECT count(*) FROM {chosen})")

    def _cover(self, parts: str, words: str) -> str:
        """Add up the parts of each document; it is worth more the more of the words it holds."""
        more = f"CASE WHEN {words} > 1 THEN 1 + {COVERAGE}::float8 * count(*) / {words} ELSE 1 END"
        return f"SELECT doc, sum(part) / {WHOLE} * ({more}) AS score FROM ({parts}) s GROUP BY doc"

    # Phrases, nears, exclusions

    def _score_counts(self, counts: str) -> str:
        """The scores of what stands `n` times in `doc`."""
        rare = self._rarity("count(*) OVER ()")
        return f"SELECT doc, {rare} * round(255 * n::float8 / (n + 0.7)) / {WHOLE} AS score FROM ({counts}) c"

    def _numbers(self) -> list[int]:
        return [audience.number for audience in self._audiences]

    def _phrase(self, words: tuple[str, ...]) -> str:
        """`doc` and `n`, how often a phrase of these surfaces stands in it."""
        spelled = tuple(map(spell, words))
        if not spelled:
            return "SELECT 0 AS doc, 0 AS n WHERE false"
        if _overlaps_itself(spelled):
            return self._given(find_phrase_counts(self._run, self._numbers(), spelled))
        text = "".join(f" {word} " for word in spelled)
        phrase, size = self.bind(text), len(text.encode())
        queries = self.bind(phrase_queries(self._numbers(), spelled))
        return (
            f"SELECT b.doc, (octet_length(b.folded) - octet_length(replace(b.folded, {phrase}, ''))) / {size}"
            f" AS n FROM unnest({queries}::tsquery[]) AS w(query) JOIN @body b ON b.words @@ w.query"
            f" WHERE strpos(b.folded, {phrase}) > 0"
        )

    def _near(self, near: Near) -> str:
        return self._given(find_near_counts(self._run, self._audiences, self.languages, near))

    def _given(self, counts: dict[int, int]) -> str:
        documents, numbers = self.bind(list(counts)), self.bind(list(counts.values()))
        return f"SELECT doc, n FROM unnest({documents}::int[], {numbers}::int[]) AS g(doc, n)"

    def _prefix_documents(self, prefix: Wanted) -> str:
        queries, start = self.bind(prefix.queries), self.bind(f" {spell(prefix.order[0])}")
        return (
            f"SELECT b.doc FROM unnest({queries}::tsquery[]) AS w(query) JOIN @body b ON b.words @@ w.query"
            f" WHERE NOT b.is_overfull OR strpos(b.folded, {start}) > 0"
        )

    def _matching(self, query: Query) -> str:
        """The documents that hold any of this; a word of several parts counts as a phrase."""
        match query:
            case Word():
                concepts = read_word(query, self.languages)
                if len(concepts) > 1:
                    return f"SELECT doc FROM ({self._phrase(tuple(c.surface for c in concepts))}) m"
                keys = [key for concept in concepts for key in self._find_concept(concept).terms]
                audiences, terms = self.bind([a for a, _ in keys]), self.bind([t for _, t in keys])
                return (
                    f"SELECT p.doc FROM unnest({audiences}::smallint[], {terms}::bigint[])"
                    " AS t(audience, term) JOIN @posting p ON p.audience = t.audience AND p.term = t.term"
                )
            case Prefix():
                return self._prefix_documents(self._find_prefix(query))
            case Phrase():
                return f"SELECT doc FROM ({self._phrase(read_phrase(query))}) m"
            case Near():
                return f"SELECT doc FROM ({self._near(query)}) m"
            case Or(nodes) | Group(nodes):
                every = [self._matching(node) for node in nodes]
                return " UNION ALL ".join(every) or "SELECT 0 WHERE false"
            case Not():
                return "SELECT 0 WHERE false"


def make_audiences(spoken: Mapping[int, frozenset[str]], wanted: frozenset[str] | None) -> list[Audience]:
    """The audiences in order, each with those of its languages that are wanted (None: all), or none."""
    return [
        Audience(number, (found if wanted is None else found & wanted) or frozenset([""]))
        for number, found in sorted(spoken.items())
    ]


def list_keys(query: Query, audiences: Sequence[Audience]) -> set[Key]:
    """The keys of all stems that the words of a query may have."""
    return {
        (audience.number, term_of(stem))
        for word in _list_words(query)
        for token in TOKEN.findall(word.text)
        for audience in audiences
        for stem in stems_of(token, audience.languages)
    }


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


def _open_groups(nodes: Iterable[Query]) -> Iterator[Query]:
    for node in nodes:
        if isinstance(node, Group):
            yield from _open_groups(node.nodes)
        else:
            yield node


def _overlaps_itself(words: Sequence[str]) -> bool:
    """Whether a phrase can begin before its last occurrence has ended, as "end to end" can."""
    return any(words[:size] == words[-size:] for size in range(1, len(words)))
