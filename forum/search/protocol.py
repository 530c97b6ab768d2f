"""What every search engine takes, gives and promises; engines are interchangeable behind `SearchEngine`.

The promise that matters most: what a search returns (hits, order, scores, totals, facets, suggestions) is a
function of the documents whose `audience` is in the clearances, and of nothing else in the index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from forum.search.query import EVERYTHING, Filters, Near, Query


class SearchBusy(Exception):
    """Another process writes the index and did not finish within the timeout; try again later."""


class IndexUnusable(Exception):
    """There is nothing to change: the index is `missing` or `outdated` (the only argument); rebuild it."""


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """One readable thing as an engine sees it. Whatever is empty here can never be found or counted."""

    id: str
    """Unique across kinds, such as `post:9f86d081884c7d65`."""
    kind: str
    audience: str
    """The one label that a visitor needs among the clearances."""
    title: str
    text: str
    """Plain text."""
    language: str
    """ISO 639-1; what the text is analysed in."""
    group: str
    """Slug."""
    date: datetime
    """Aware; a day's midnight where times are withheld."""
    author: str | None = None
    """The name that the audience may be shown, or None."""
    organisation: str | None = None
    signatories: tuple[str, ...] = ()
    """Bodies that signed it beside: found as its organisation is."""
    organisation_type: str | None = None
    country: str | None = None
    """ISO 3166 alpha-2."""
    thread: str | None = None
    """Key of the discussion or paper that this is a part of."""
    label: str | None = None
    """TLP label."""
    is_superseded: bool = False
    """A later version of the same paper exists."""
    version: str = ""
    """Changes whenever anything above changes; the consistency check compares it."""


@dataclass(frozen=True, slots=True)
class Add:
    """Index this, in place of whatever has the same id in any audience."""

    document: SearchDocument


@dataclass(frozen=True, slots=True)
class Remove:
    """Forget what has this id, in every audience."""

    id: str


Change = Add | Remove


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One search: what is asked, and what the asker may read."""

    clearances: frozenset[str]
    query: Query = EVERYTHING
    filters: Filters = field(default_factory=Filters)
    languages: frozenset[str] | None = None
    """Analyse the words in these languages only; None means the languages of what the asker may read."""
    sort: str = "relevance"
    """`relevance` or `date` (newest first)."""
    offset: int = 0
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found."""

    id: str
    kind: str
    audience: str
    score: float
    thread: str | None
    is_superseded: bool


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many documents a facet's value would leave, and whether it is chosen."""

    value: str
    count: int
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Results:
    """A page of hits with the exact total and exact counts of every facet in `query.FACETS`.

    A facet with a choice is counted without its own choice, so that widening it shows what it would bring.
    Counts are sorted by count, then value (years: newest first).
    """

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[FacetCount, ...]]
    languages: frozenset[str]
    """The languages in which the words were analysed; snippets need the same."""
    widened: tuple[Near, ...] = ()
    """Nears whose sides stand together in too many documents to look into: taken as both, anywhere."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """What the index holds of one document, for the consistency check."""

    id: str
    audience: str
    version: str


@dataclass(frozen=True, slots=True)
class EngineState:
    """`status` is `ready`, `missing` (nothing built yet) or `outdated` (built by other code: rebuild)."""

    status: str
    generation: str
    """Differs after every change that a search could show; equal text means equal results."""
    documents: int


class SearchEngine(Protocol):
    """A search engine. Safe to share between threads; several processes may open the same index."""

    schema_version: int

    def apply(self, changes: Iterable[Change]) -> None:
        """Make these changes findable before returning, each at least once and idempotent; the last one about
        an id wins. What leaves an audience leaves it before it is added elsewhere. Raises SearchBusy, and
        IndexUnusable when there is no index to change."""

    def search(self, request: SearchRequest) -> Results:
        """What the clearances may read of what was asked; empty on a missing or outdated index."""

    def suggest(self, request: SearchRequest) -> Query | None:
        """The query with unknown words replaced by similar ones that have a live hit within the clearances;
        None when nothing is unknown or nothing is similar."""

    def complete(self, start: str, clearances: frozenset[str], limit: int = 10) -> tuple[str, ...]:
        """The most frequent words that begin with `start` in what the clearances may read."""

    def inventory(self) -> Iterator[Indexed]:
        """Every live document of the index, in no order."""

    def rebuild(
        self, documents: Iterable[SearchDocument], progress: Callable[[int], None] | None = None
    ) -> int:
        """Build anew beside the live index from all documents, then swap; returns how many. `progress` is
        told the number done so far. Searches go on meanwhile; writers wait. Raises SearchBusy."""

    def tidy(self, *, thorough: bool = False) -> None:
        """Housekeeping for an idle moment: merge what was written piecemeal. `thorough` (nightly, and after
        an erasure) leaves nothing on the disk of what was removed; searches never see that anyway."""

    def state(self) -> EngineState:
        """Whether the index can be used, and its generation."""

    def close(self) -> None:
        """Let go of files and memory."""
