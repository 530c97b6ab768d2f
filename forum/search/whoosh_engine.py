"""The embedded engine: an index of its own for each audience, read as one for each visitor.

    <folder>/current              the name of the live build, replaced in one step
    <folder>/build-…/schema       which version of this code wrote it
    <folder>/build-…/@group%3A7/  the index of one audience (a Whoosh storage)
    <folder>/lock                 held by the one who writes

A search reads the indexes of the visitor's clearances and no others: nothing that is counted, weighed or
suggested can come from text that they may not read. One process writes at a time; all may read meanwhile.
"""

from __future__ import annotations

import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, unquote

from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, EmptyIndexError

from forum.search.protocol import (
    Add,
    Change,
    EngineState,
    Indexed,
    IndexUnusable,
    Results,
    SearchBusy,
    SearchDocument,
    SearchRequest,
)
from forum.search.query import FACETS, Query
from forum.search.suggestions import suggest_query
from forum.search.whoosh_engine_collect import collect
from forum.search.whoosh_engine_leaf import Leaf, PostingCache, Storage
from forum.search.whoosh_engine_plan import Planner
from forum.search.whoosh_engine_segment import INDEX_NAME, SCHEMA_VERSION
from forum.search.whoosh_engine_suggest import LeafVocabulary, complete_word
from forum.search.whoosh_engine_write import AudienceWriter, IndexBuilder

LOCK_TIMEOUT = 20.0
_RETRIES = 40


@dataclass(frozen=True, slots=True)
class _View:
    """One audience's index as it was at one generation."""

    generation: int
    leaves: tuple[Leaf, ...]
    languages: frozenset[str]


class WhooshEngine:
    """A `SearchEngine` in a folder."""

    schema_version = SCHEMA_VERSION

    def __init__(self, folder: Path, lock_timeout: float = LOCK_TIMEOUT) -> None:
        self._folder = Path(folder)
        self._lock_timeout = lock_timeout
        self._cache = PostingCache()
        self._guard = threading.RLock()
        self._views: dict[str, _View] = {}
        self._build: str | None = None
        self._numbers = iter(range(1, 2**62))

    # Reading

    def search(self, request: SearchRequest) -> Results:
        """See `SearchEngine.search`."""
        views = self._read_views(request.clearances)
        leaves = [leaf for view in views.values() for leaf in view.leaves]
        if not leaves:
            return Results(0, (), dict.fromkeys(FACETS, ()), frozenset())
        planner = self._plan_for(views, leaves, request)
        found = collect(request, leaves, planner.plan(request.query), planner.languages)
        return replace(found, widened=tuple(planner.widened))

    def _plan_for(self, views: dict[str, _View], leaves: list[Leaf], request: SearchRequest) -> Planner:
        return Planner(leaves, {a: view.languages for a, view in views.items()}, request.languages)

    def suggest(self, request: SearchRequest) -> Query | None:
        """See `SearchEngine.suggest`."""
        views = self._read_views(request.clearances)
        leaves = [leaf for view in views.values() for leaf in view.leaves]
        planner = self._plan_for(views, leaves, request)
        return suggest_query(request.query, LeafVocabulary(leaves), planner.languages)

    def complete(self, start: str, clearances: frozenset[str], limit: int = 10) -> tuple[str, ...]:
        """See `SearchEngine.complete`."""
        leaves = [leaf for view in self._read_views(clearances).values() for leaf in view.leaves]
        return complete_word(start, leaves, limit)

    def inventory(self) -> Iterator[Indexed]:
        """See `SearchEngine.inventory`."""
        for audience, view in self._read_views(None).items():
            for leaf in view.leaves:
                for number in range(leaf.count):
                    if number not in leaf.deleted:
                        id_, _, version = leaf.key(number)
                        yield Indexed(id_, audience, version)

    def state(self) -> EngineState:
        """See `SearchEngine.state`."""
        build = self._find_build()
        status = self._status(build)
        if build is None or status != "ready":
            return EngineState(status, "", 0)
        views = self._read_views(None)
        generation = ".".join([build.name, *(f"{quote(a)}-{view.generation}" for a, view in views.items())])
        return EngineState(status, generation, sum(leaf.alive for v in views.values() for leaf in v.leaves))

    def close(self) -> None:
        """See `SearchEngine.close`."""
        with self._guard:
            self._forget(list(self._views))

    def _find_build(self) -> Path | None:
        try:
            return self._folder / (self._folder / "current").read_text().strip()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _status(self, build: Path | None) -> str:
        try:
            written = (build / "schema").read_text().strip() if build else ""
        except FileNotFoundError:
            written = ""
        if not written:
            return "missing"
        return "ready" if written == str(self.schema_version) else "outdated"

    def _read_views(self, clearances: frozenset[str] | None) -> dict[str, _View]:
        """The audiences' indexes as they are now; all of them without clearances."""
        for attempt in range(_RETRIES):
            build = self._find_build()
            if build is None:
                return {}
            try:
                return self._open_views(build, clearances)
            except (FileNotFoundError, EmptyIndexError):
                # Another process committed or swapped just now and took the files away.
                if attempt == _RETRIES - 1:
                    raise
                time.sleep(0.01 * (attempt + 1))
        return {}

    def _open_views(self, build: Path, clearances: frozenset[str] | None) -> dict[str, _View]:
        with self._guard:
            if self._build != build.name:
                if self._status(build) != "ready":
                    return {}
                self._forget(list(self._views))
                self._build = build.name
            present = {unquote(name[1:]) for name in os.listdir(build) if name.startswith("@")}
            self._forget([audience for audience in self._views if audience not in present])
            wanted = sorted(present if clearances is None else present & clearances)
            return {audience: self._open_view(build, audience) for audience in wanted}

    def _open_view(self, build: Path, audience: str) -> _View:
        storage = Storage(str(build / folder_name(audience)))
        known = self._views.get(audience)
        generation = TOC._latest_generation(storage, INDEX_NAME)
        if known and known.generation == generation:
            return known
        toc = TOC.read(storage, INDEX_NAME)
        old = {leaf.segment_id: leaf for leaf in (known.leaves if known else ())}
        leaves = []
        for segment in toc.segments:
            leaf = old.get(segment.segment_id())
            if leaf is None or leaf.deleted != frozenset(segment.deleted_docs()):
                leaf = Leaf(audience, storage, segment, next(self._numbers), self._cache)
            leaves.append(leaf)
        self._cache.forget({leaf.number for leaf in old.values()} - {leaf.number for leaf in leaves})
        languages = frozenset[str]().union(*(leaf.languages() for leaf in leaves))
        view = self._views[audience] = _View(toc.generation, tuple(leaves), languages)
        return view

    def _forget(self, audiences: list[str]) -> None:
        for audience in audiences:
            self._cache.forget({leaf.number for leaf in self._views.pop(audience).leaves})

    # Writing

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = FileStorage(str(self._folder)).lock("lock")
        until = time.monotonic() + self._lock_timeout
        while not lock.acquire():
            if time.monotonic() >= until:
                raise SearchBusy(f"another process has been writing the search index in {self._folder}")
            time.sleep(0.02)
        try:
            yield
        finally:
            lock.release()

    def _ready_build(self) -> Path:
        build = self._find_build()
        status = self._status(build)
        if build is None or status != "ready":
            raise IndexUnusable(status)
        return build

    def apply(self, changes: Iterable[Change]) -> None:
        """See `SearchEngine.apply`."""
        last: dict[str, Change] = {}
        with self._lock():
            build = self._ready_build()
            for change in changes:
                last[change.document.id if isinstance(change, Add) else change.id] = change
            added: dict[str, list[SearchDocument]] = {}
            for change in last.values():
                if isinstance(change, Add):
                    added.setdefault(change.document.audience, []).append(change.document)
            present = self._read_views(None)
            # What leaves an audience is gone there before it appears elsewhere.
            for audience, view in present.items():
                leaving = last.keys() - {document.id for document in added.get(audience, ())}
                AudienceWriter(build / folder_name(audience)).commit(view.leaves, leaving, ())
            for audience, documents in added.items():
                writer = AudienceWriter(build / folder_name(audience))
                leaves = self._read_views(frozenset([audience]))[audience].leaves
                writer.commit(leaves, [document.id for document in documents], documents)

    def tidy(self, *, thorough: bool = False) -> None:
        """See `SearchEngine.tidy`."""
        with self._lock():
            build = self._ready_build()
            for audience, view in self._read_views(None).items():
                AudienceWriter(build / folder_name(audience)).tidy(view.leaves, thorough=thorough)
            self._sweep(build)

    def rebuild(
        self, documents: Iterable[SearchDocument], progress: Callable[[int], None] | None = None
    ) -> int:
        """See `SearchEngine.rebuild`."""
        with self._lock():
            build = self._folder / f"build-{secrets.token_hex(8)}"
            build.mkdir()
            builder = IndexBuilder(lambda audience: build / folder_name(audience))
            for count, document in enumerate(documents, 1):
                builder.add(document)
                if progress and count % 100 == 0:
                    progress(count)
            builder.finish()
            (build / "schema").write_text(str(self.schema_version))
            pointer = self._folder / "current.new"
            pointer.write_text(build.name)
            os.replace(pointer, self._folder / "current")
            self._sweep(build)
        if progress:
            progress(builder.count)
        return builder.count

    def _sweep(self, build: Path) -> None:
        """Remove builds that were replaced or never finished."""
        for folder in self._folder.glob("build-*"):
            if folder != build:
                shutil.rmtree(folder, ignore_errors=True)


def folder_name(audience: str) -> str:
    """The folder of an audience within a build."""
    return "@" + quote(audience, safe="")
