"""Searching: from what somebody typed to one page of what they may read of it.

The engine is asked with the visitor's clearances and gives hits, totals, facets and suggestions over those
alone; hits are then loaded through the policy again. Nothing here depends on what the visitor may not read.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.groups import Group
from forum.errors import Invalid
from forum.policy import Actor
from forum.search.analysis import QueryTerms, flatten_terms
from forum.search.grammar import Parsed, parse
from forum.search.grammar_writing import write_query
from forum.search.protocol import Hit, Results, SearchEngine, SearchRequest
from forum.search.query import EVERYTHING, FACETS, Filters, Query, Word, iterate_operands
from forum.search.query import Group as QueryGroup
from forum.services.search_bodies import Body, find_bodies
from forum.services.search_chips import Chip, list_chips
from forum.services.search_filters import Names, resolve_filters
from forum.services.search_hits import Found, load_hits
from forum.services.widening import ChosenTopic, resolve_topics, widen

MAX_TEXT = 200
"""Characters of a query."""
PER_PAGE = 20
MAX_PAGES = 50
GATHERED = 500
"""How many of the best passages are gathered by paper and discussion."""
SORTS = ("relevance", "date")


class View(enum.StrEnum):
    """The tabs of the page: every passage, each paper and discussion once, organisations by name."""

    PASSAGES = "passages"
    CONTAINERS = "containers"
    ORGANISATIONS = "organisations"


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value of a facet with the exact number of results that it leaves."""

    value: str
    name: str | None
    """The name of a group; None for values that the interface has words for."""
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """The values of one field, most frequent first (years: newest first)."""

    field: str
    values: tuple[FacetValue, ...]

    @property
    def is_chosen(self) -> bool:
        """Whether one of its values is chosen."""
        return any(value.is_chosen for value in self.values)


@dataclass(frozen=True, slots=True)
class Loosening:
    """A wider search that finds something where this one found nothing."""

    reason: str
    """filter, filters, phrases or exclusions."""
    chip: Chip | None
    text: str
    filters: Filters
    total: int


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of results and everything around it."""

    text: str
    """What was typed."""
    words: str
    """Its words as the grammar writes them, without filters."""
    understood: str
    """Words and filters as the grammar writes them."""
    filters: Filters
    """Typed and chosen filters together, in the values of the index."""
    view: View
    sort: str
    number: int
    """The page's number, from 1."""
    pages: int
    """How many pages can be turned to; MAX_PAGES at most."""
    total: int
    """Exact number of passages found."""
    hits: tuple[Found, ...]
    gathered: Mapping[str, int] = field(default_factory=dict)
    """In View.CONTAINERS: how many of the passages looked at each paper or discussion has, by hit id."""
    facets: tuple[Facet, ...] = ()
    chips: tuple[Chip, ...] = ()
    suggestion: str | None = None
    """The words spelled so that something is found."""
    loosenings: tuple[Loosening, ...] = ()
    widened: tuple[str, ...] = ()
    """Nears that were taken as both sides anywhere in the text, as the grammar writes them."""
    organisations: tuple[Body, ...] = ()
    topics: tuple[ChosenTopic, ...] = ()
    """Those among the named ones that the reader may search with."""
    readable_groups: int = 0

    @property
    def is_asked(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.understood)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is looked for, by whom."""

    actor: Actor
    engine: SearchEngine
    parsed: Parsed
    """As it was typed and chosen: topics not yet looked into."""
    sort: str
    topics: dict[str, list[ChosenTopic]]

    def widened(self) -> Query | None:
        """Give what is looked for: the typed words, and the terms of the topics."""
        return widen(self.parsed.query, self.parsed.filters, self.topics)

    def request(
        self, query: Query | None = None, filters: Filters | None = None, **changes: Any
    ) -> SearchRequest:
        """Give the engine's request; words that are given are not widened, filters widen the typed ones."""
        chosen = self.parsed.filters if filters is None else filters
        wanted = query if query is not None else widen(self.parsed.query, chosen, self.topics)
        made = SearchRequest(
            # Of a topic that nobody knows nothing is found, as of any other name.
            clearances=self.actor.clearances if wanted is not None else frozenset(),
            query=EVERYTHING if wanted is None else wanted,
            filters=chosen,
            sort=self.sort,
        )
        return replace(made, **changes)


def search(
    session: Session,
    actor: Actor,
    engine: SearchEngine,
    *,
    text: str,
    filters: Filters | None = None,
    sort: str = "relevance",
    page: int = 1,
    per_page: int = PER_PAGE,
    view: View = View.PASSAGES,
    with_passages: bool = True,
) -> SearchPage:
    """Give one page of what the actor finds; bad syntax is searched as words.

    `filters` are those chosen beside the ones typed in `text` (search_filters.read_filters() reads them from
    an address). `page` counts from 1 and is brought into bounds. Without passages nothing of the texts is
    loaded. Raises Invalid where the text is longer than MAX_TEXT.
    """
    check_text(text)
    groups = list_known_groups(session, actor)
    typed = parse(text)
    merged, topics = resolve_topics(session, actor, typed.filters.merge(filters or Filters()))
    resolved, names = resolve_filters(session, merged, groups)
    order = sort if sort in SORTS else SORTS[0]
    asked = _Asked(actor, engine, Parsed(typed.query, resolved), order, topics)
    readable = {group.id: group for group in groups if group.audience in actor.clearances}
    words = write_query(typed.query)
    bodies = find_bodies(session, typed.query) if with_passages else ()
    made = SearchPage(
        text=text,
        words=words,
        understood=asked.parsed.text,
        filters=resolved,
        view=view,
        sort=asked.sort,
        number=1,
        pages=1,
        total=0,
        hits=(),
        chips=tuple(list_chips(resolved, names, topics)),
        organisations=bodies,
        topics=tuple(topic for chosen in topics.values() for topic in chosen),
        readable_groups=len(readable),
    )
    if not made.is_asked:
        return made
    number = min(max(page, 1), MAX_PAGES)
    results, chosen, gathered = _ask(asked, view, number, per_page)
    if number > (last := _count_pages(results, gathered, view, per_page)):
        number = last
        results, chosen, gathered = _ask(asked, view, number, per_page)
    terms = flatten_terms(asked.widened() or EVERYTHING, results.languages)
    hits = load_hits(session, actor, chosen, terms=terms, groups=readable, with_passages=with_passages)
    # The index lags behind by a moment at most. What it should not have told is not told: a hit that may
    # not be read any more is not counted, and until the index knows, nothing is counted by it either.
    shown = {hit.id for hit in hits}
    dropped = sum(gathered.get(hit.id, 1) for hit in chosen if hit.id not in shown)
    total = results.total - dropped
    made = replace(
        made,
        number=number,
        pages=_count_pages(results, gathered, view, per_page),
        total=total,
        hits=tuple(hits),
        gathered={hit.id: gathered[hit.id] for hit in hits if hit.id in gathered},
        facets=() if dropped else _name_facets(results, names, readable.values()),
        widened=tuple(map(write_query, results.widened)),
    )
    return _help_along(made, asked) if with_passages and not dropped else made


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that a search finds, best or newest first, to be loaded a part at a time."""

    session: Session
    actor: Actor
    total: int
    hits: tuple[Hit, ...]
    terms: QueryTerms
    groups: Mapping[int, Any]

    def load(self, hits: Sequence[Hit], *, with_passages: bool = True) -> list[Found]:
        """Load some of the hits, as far as they may still be read. At most one statement a kind."""
        return load_hits(
            self.session,
            self.actor,
            hits,
            terms=self.terms,
            groups=self.groups,
            with_passages=with_passages,
        )


def find_hits(
    session: Session,
    actor: Actor,
    engine: SearchEngine,
    *,
    text: str,
    filters: Filters,
    sort: str = "relevance",
    limit: int,
) -> Findings:
    """Find without a page around it: for alerts and exports."""
    typed = parse(text)
    merged, topics = resolve_topics(session, actor, typed.filters.merge(filters))
    query = widen(typed.query, merged, topics)
    return find_query(session, actor, engine, query=query, filters=merged, sort=sort, limit=limit)


def find_query(
    session: Session,
    actor: Actor,
    engine: SearchEngine,
    *,
    query: Query | None,
    filters: Filters,
    sort: str = "relevance",
    limit: int,
) -> Findings:
    """Find what answers a tree of words, topics looked into already; None finds nothing."""
    groups = list_known_groups(session, actor)
    resolved, _ = resolve_filters(session, filters, groups)
    readable = {group.id: group for group in groups if group.audience in actor.clearances}
    if query is None or not Parsed(query, resolved).text:
        return Findings(session, actor, 0, (), QueryTerms(), readable)
    order = sort if sort in SORTS else SORTS[0]
    results = engine.search(SearchRequest(actor.clearances, query, resolved, sort=order, limit=limit))
    terms = flatten_terms(query, results.languages)
    return Findings(session, actor, results.total, results.hits, terms, readable)


def check_text(text: str) -> None:
    """Raise Invalid for a query that is longer than anybody types."""
    if len(text) > MAX_TEXT:
        raise Invalid(
            "A search may have %(most)d characters, and this has %(length)d: leave out what matters least.",
            field="q",
            most=MAX_TEXT,
            length=len(text),
        )


def list_known_groups(session: Session, actor: Actor) -> Sequence[Any]:
    """Give the groups that the actor may know of, with what a result shows of them. One statement."""
    return session.execute(
        sa.select(
            Group.id,
            Group.slug,
            Group.title,
            Group.short_title,
            Group.attribution,
            Group.languages,
            Group.audience,
        )
        .where(sa.or_(Group.is_listed, Group.audience.in_(sorted(actor.clearances))))
        .order_by(Group.title)
    ).all()


def _ask(
    asked: _Asked, view: View, number: int, per_page: int
) -> tuple[Results, Sequence[Hit], dict[str, int]]:
    """Give the engine's answer, the hits of the page, and how many passages each of them stands for."""
    offset = (number - 1) * per_page
    if view is not View.CONTAINERS:
        results = asked.engine.search(asked.request(offset=offset, limit=per_page))
        return results, results.hits, {}
    results = asked.engine.search(asked.request(limit=GATHERED))
    best: dict[str, Hit] = {}
    counts: dict[str, int] = {}
    for hit in results.hits:
        first = best.setdefault(hit.thread or hit.id, hit)
        counts[first.id] = counts.get(first.id, 0) + 1
    return results, list(best.values())[offset : offset + per_page], counts


def _count_pages(results: Results, gathered: Mapping[str, int], view: View, per_page: int) -> int:
    found = len(gathered) if view is View.CONTAINERS else results.total
    return min(MAX_PAGES, max(1, -(-found // max(per_page, 1))))


def _name_facets(results: Results, names: Names, readable: Iterable[Any]) -> tuple[Facet, ...]:
    titles = {group.slug: group.short_title for group in readable}
    facets = []
    for name in FACETS:
        values = tuple(
            FacetValue(
                count.value,
                titles.get(count.value) or names.of(name, count.value) if name == "group" else None,
                count.count,
                count.is_chosen,
            )
            for count in results.facets.get(name, ())
            if name != "group" or count.is_chosen or count.value in titles
        )
        if values:
            facets.append(Facet(name, values))
    return tuple(facets)


def _help_along(page: SearchPage, asked: _Asked) -> SearchPage:
    """Add another spelling, and what to loosen where nothing was found."""
    suggestion = None
    if page.number == 1 and (other := _suggest(asked)) is not None:
        suggestion = write_query(other)
    loosenings = () if page.total else tuple(_list_loosenings(page, asked))
    return replace(page, suggestion=suggestion, loosenings=loosenings)


def _suggest(asked: _Asked) -> Query | None:
    """Give the typed words in another spelling; the terms of topics are spelled as they are meant."""
    return asked.engine.suggest(asked.request(query=asked.parsed.query))


def _list_loosenings(page: SearchPage, asked: _Asked) -> Iterable[Loosening]:
    """Try what could be left out: a filter, all of them, quotation marks, exclusions."""
    query, filters = asked.parsed.query, asked.parsed.filters
    tries: list[tuple[str, Chip | None, Query, Filters]] = [
        ("filter", chip, query, chip.rest) for chip in page.chips[:6]
    ]
    if len(page.chips) > 1:
        tries.append(("filters", None, query, Filters()))
    if (plain := loosen_query(query)) != query:
        tries.append(("phrases", None, plain, filters))
        if filters:
            tries.append(("everything", None, plain, Filters()))
    for reason, chip, wider, fewer in tries:
        if wider == EVERYTHING and not fewer:
            continue
        words = widen(wider, fewer, asked.topics)
        total = asked.engine.search(asked.request(query=words, filters=fewer, limit=0)).total if words else 0
        if total:
            yield Loosening(reason, chip, write_query(wider), fewer, total)


def loosen_query(query: Query) -> Query:
    """Give a query's words with nothing required and nothing left out."""
    words: list[Any] = []
    for operand in iterate_operands(query):
        parts = [operand] if not hasattr(operand, "words") else [Word(word) for word in operand.words]
        words.extend(part for part in parts if part not in words)
    return words[0] if len(words) == 1 else QueryGroup(tuple(words))
