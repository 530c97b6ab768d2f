"""From a query tree to SQL: what each node matches, and what that is worth.

Every node becomes a query that gives `doc`, `score` and `facts`, over the postings, lexemes and texts of the
visitor's audiences alone. The scores of words are sums of whole numbers (an impact times a rarity in
100,000ths), so that they do not depend on the order in which PostgreSQL adds them up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forum.search.analysis import TOKEN, read_phrase, read_word, stems_of, surfaces
from forum.search.postgres_engine_places import Counts, Run, find_near_counts, find_phrase_counts
from forum.search.postgres_engine_tables import phrase_queries, quote_lexeme, spell, term_of, title_lexeme
from forum.search.postgres_engine_words import UNIT, WHOLE, Audience, Wanted, WordScorer, rarity_of
from forum.search.query import Group, Near, Not, Or, Phrase, Prefix, Query, Word, open_groups

_NOTHING = "SELECT 0 AS doc, 0::float8 AS score, 0::bigint AS facts WHERE false"


class Planner:
    """Makes the SQL of one search; `parameters` grows with it."""

    def __init__(self, run: Run, audiences: Sequence[Audience]) -> None:
        self._run = run
        self._audiences = audiences
        self._numbers = [audience.number for audience in audiences]
        self.documents = 0
        """How many documents the audiences have together."""
        self.asked: set[int] = set()
        """The terms that were looked for."""
        self.found: dict[int, int] = {}
        """In how many documents each of them stands; those in none are absent."""
        self.languages = frozenset[str]().union(*(a.languages for a in audiences)) - {""}
        self.parameters: dict[str, Any] = {}
        self.is_listing = False
        """Whether nothing ranks, so that many documents are equally good."""
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
        """The query that gives `doc`, `score` and `facts` of a whole query."""
        nodes = query.nodes if isinstance(query, Group) else (query,)
        if missing := list_terms(query, self._audiences) - self.asked:
            rows = self._run(
                "SELECT term, found FROM @stem WHERE term = ANY(%(terms)s)", {"terms": list(missing)}
            )
            self.found |= {row[0]: row[1] for row in rows}
        self.is_listing = all(isinstance(node, Not | Prefix) for node in open_groups(nodes))
        self._words = WordScorer(self, self._audiences, self.documents, self.found)
        return self._add_title(nodes, self._compile_group(nodes))

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
        if not words or found == _NOTHING:
            return found
        queries = self.bind([quote_lexeme(title_lexeme(number, words)) for number in self._numbers])
        titled = self.part(
            f"SELECT b.doc FROM unnest({queries}::tsquery[]) AS w(query) JOIN @body b ON b.words @@ w.query",
            kept=True,
        )
        worth = f"(SELECT {rarity_of('count(*)', self.documents)}::float8 / {UNIT} FROM {titled})"
        return (
            f"SELECT doc, score + CASE WHEN doc IN (SELECT doc FROM {titled}) THEN {worth} ELSE 0 END"
            f" AS score, facts FROM ({found}) f"
        )

    def _compile(self, query: Query) -> str:
        match query:
            case Or(nodes):
                every = " UNION ALL ".join(f"SELECT * FROM ({self._compile(node)}) o" for node in nodes)
                return (
                    f"SELECT doc, max(score) AS score, max(facts) AS facts FROM ({every}) o GROUP BY doc"
                    if nodes
                    else _NOTHING
                )
            case Group(nodes):
                return self._compile_group(nodes)
            case Word():
                return self._words.score(self._words.find(query)) or _NOTHING
            case Prefix():
                return self._words.score([self._words.find_prefix(query)]) or _NOTHING
            case Phrase():
                return self._score_counts(self._phrase(read_phrase(query)))
            case Near():
                return self._score_counts(self._near(query))
            case Not():
                return self._compile_group((query,))

    def _compile_group(self, nodes: Sequence[Query]) -> str:
        wanted: list[Wanted] = []
        required: list[str] = []
        excluded: list[str] = []
        asks = False
        for node in open_groups(nodes):
            if isinstance(node, Not):
                excluded.append(self._matching(node.node))
                continue
            asks = True
            if isinstance(node, Word):
                wanted.extend(self._words.find(node))
            elif isinstance(node, Prefix):
                wanted.append(self._words.find_prefix(node))
            else:
                required.append(self._compile(node))
        if not asks:
            numbers = self.bind(self._numbers)
            found = (
                f"SELECT number AS doc, 1::float8 AS score, facts FROM @doc WHERE audience = ANY({numbers})"
            )
        else:
            found = _join(self._words.score(wanted), required)
        if excluded:
            tests = " AND ".join(f"doc NOT IN ({matching})" for matching in excluded)
            found = f"SELECT doc, score, facts FROM ({found}) g WHERE {tests}"
        return found

    # Phrases, nears, exclusions

    def _score_counts(self, counts: str) -> str:
        """The scores of what stands `n` times in `doc`."""
        rarity = rarity_of("count(*) OVER ()", self.documents)
        impact = "round(255 * n::float8 / (n + 0.7))"
        return f"SELECT doc, {rarity} * {impact} / {WHOLE} AS score, facts FROM ({counts}) c"

    def _phrase(self, words: tuple[str, ...]) -> str:
        """`doc`, `n` and `facts`: how often a phrase of these surfaces stands in it."""
        spelled = tuple(map(spell, words))
        if not spelled:
            return "SELECT 0 AS doc, 0 AS n, 0::bigint AS facts WHERE false"
        if _overlaps_itself(spelled):
            return self._given(find_phrase_counts(self._run, self._numbers, spelled))
        text = "".join(f" {word} " for word in spelled)
        phrase, size = self.bind(text), len(text.encode())
        queries = self.bind(phrase_queries(self._numbers, spelled))
        without = f"octet_length(replace(b.folded, {phrase}, ''))"
        return (
            f"SELECT b.doc, (octet_length(b.folded) - {without}) / {size} AS n, b.facts"
            f" FROM unnest({queries}::tsquery[]) AS w(query) JOIN @body b ON b.words @@ w.query"
            f" WHERE strpos(b.folded, {phrase}) > 0"
        )

    def _near(self, near: Near) -> str:
        return self._given(find_near_counts(self._run, self._audiences, self.languages, near))

    def _given(self, counts: Counts) -> str:
        columns = list(zip(*((doc, n, facts) for doc, (n, facts) in counts.items()), strict=True))
        documents, numbers, facts = (self.bind(list(column)) for column in columns or ((), (), ()))
        arrays = f"{documents}::int[], {numbers}::int[], {facts}::bigint[]"
        return f"SELECT doc, n, facts FROM unnest({arrays}) AS g(doc, n, facts)"

    def _matching(self, query: Query) -> str:
        """The documents that hold any of this; a word of several parts counts as a phrase."""
        match query:
            case Word():
                concepts = read_word(query, self.languages)
                if len(concepts) > 1:
                    return f"SELECT doc FROM ({self._phrase(tuple(c.surface for c in concepts))}) m"
                terms = self.bind([term for one in self._words.find(query) for term in one.terms])
                return f"SELECT doc FROM @posting WHERE term = ANY({terms}::bigint[])"
            case Prefix():
                return f"SELECT doc FROM ({self._words.prefixed(self._words.find_prefix(query))}) m"
            case Phrase():
                return f"SELECT doc FROM ({self._phrase(read_phrase(query))}) m"
            case Near():
                return f"SELECT doc FROM ({self._near(query)}) m"
            case Or(nodes) | Group(nodes):
                return " UNION ALL ".join(map(self._matching, nodes)) or "SELECT 0 WHERE false"
            case Not():
                return "SELECT 0 WHERE false"


def _join(words: str | None, required: list[str]) -> str:
    """Words add up, required parts must match."""
    if not required:
        return words or _NOTHING
    sums = [f"r{n}.score" for n in range(len(required))]
    first, *others = (f"({sql}) r{n}" for n, sql in enumerate(required))
    source = first + "".join(f" JOIN {other} USING (doc)" for other in others)
    if words:
        source += f" LEFT JOIN ({words}) w USING (doc)"
        sums.append("coalesce(w.score, 0)")
    return f"SELECT doc, {' + '.join(sums)} AS score, r0.facts FROM {source}"


def make_audiences(spoken: Mapping[int, frozenset[str]], wanted: frozenset[str] | None) -> list[Audience]:
    """The audiences in order, each with those of its languages that are wanted (None: all), or none."""
    return [
        Audience(number, (found if wanted is None else found & wanted) or frozenset([""]))
        for number, found in sorted(spoken.items())
    ]


def list_terms(query: Query, audiences: Sequence[Audience]) -> set[int]:
    """The terms of all stems that the words of a query may have."""
    return {
        term_of(audience.number, stem)
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


def _overlaps_itself(words: Sequence[str]) -> bool:
    """Whether a phrase can begin before its last occurrence has ended, as "end to end" can."""
    return any(words[:size] == words[-size:] for size in range(1, len(words)))
