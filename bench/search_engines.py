"""Both search engines side by side: the same documents, queries and visitors; by the clock and the processor.

    python -m bench.search_engines [--documents 40000] [--queries 25] [--folder DIR] [--postgresql URL]

Documents and queries are those of `bench.search`. Without an address PostgreSQL is started for this run, with
its own defaults. A search is what a results page costs: exact total, six facets, the snippets of 20 hits.
Totals of both engines are compared query by query. CPU is the processor time of this process and of its
PostgreSQL sessions together, the figures to trust on a machine that has other work.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from bench.search import Corpus, search_page
from forum.search.postgres_engine import PostgresEngine
from forum.search.protocol import SearchDocument, SearchEngine
from forum.search.whoosh_engine import WhooshEngine
from tests.servers import postgresql

Texts = dict[str, tuple[str, str, str]]


class Processors:
    """Processor time of this process and, where it runs here, of the PostgreSQL sessions of an engine."""

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url)
        self._sessions: list[Path] = []

    def look(self) -> None:
        """Learn which sessions there are now."""
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'forum-search'"
        with self._engine.connect() as connection:
            pids = connection.exec_driver_sql(query).scalars()
            self._sessions = [Path(f"/proc/{pid}/schedstat") for pid in pids]

    def read(self) -> tuple[float, float]:
        """Seconds of this process and of the sessions so far."""
        server = 0
        for path in self._sessions:
            with contextlib.suppress(OSError):
                server += int(path.read_text().split()[0])
        return time.process_time(), server / 1e9


def build(engine: SearchEngine, corpus: Corpus, name: str, processors: Processors) -> Texts:
    """Index all documents, unless the engine holds as many; gives their texts."""
    texts: Texts = {}

    def keep() -> Iterator[SearchDocument]:
        for document in corpus.iterate_documents():
            texts[document.id] = (document.title, document.text, document.language)
            yield document

    if engine.state().documents == corpus.documents:
        for _ in keep():
            pass
        return texts
    processors.look()
    clock, (own, server) = time.perf_counter(), processors.read()
    engine.rebuild(keep())
    clock, (own_after, server_after) = time.perf_counter() - clock, processors.read()
    own, server = own_after - own, server_after - server
    print(
        f"{name}: {corpus.documents:,} documents built in {clock:.0f} s,"
        f" {corpus.documents / (own + server):.0f} a CPU-second"
        f" (own {own:.0f} s with inventing them, server {server:.0f} s)"
    )
    return texts


@dataclass(frozen=True, slots=True)
class Spent:
    """Milliseconds of one search."""

    clock: float
    own: float
    server: float


def measure(
    engine: SearchEngine,
    classes: dict[str, list[str]],
    audiences: int,
    texts: Texts,
    name: str,
    processors: Processors,
) -> list[int]:
    """Time and print every class for one visitor; gives the totals of all queries."""
    clearances = frozenset(["public", *(f"group:{number}" for number in range(1, audiences))])
    for queries in classes.values():
        for query in queries[:6]:
            search_page(engine, query, clearances, texts)
    processors.look()
    totals: list[int] = []
    everything: list[Spent] = []
    for label, queries in classes.items():
        spent = []
        for query in queries:
            clock, (own, server) = time.perf_counter(), processors.read()
            totals.append(search_page(engine, query, clearances, texts))
            clock, (own_after, server_after) = time.perf_counter() - clock, processors.read()
            spent.append(Spent(clock * 1e3, (own_after - own) * 1e3, (server_after - server) * 1e3))
        show(name, audiences, label, spent)
        everything += spent
    show(name, audiences, "all classes", everything)
    return totals


def show(name: str, audiences: int, label: str, spent: list[Spent]) -> None:
    """Print one line of the table."""
    figures = []
    for values in ([s.clock for s in spent], [s.own + s.server for s in spent]):
        ordered = sorted(values)
        figures += [ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.95, 0.99)]
    figures.append(statistics.mean(s.server for s in spent))
    print(f"{name:<11} {audiences:>9}  {label:<18}", *(f"{figure:>8.1f}" for figure in figures), flush=True)


def compare(folder: Path, url: str, documents: int, count: int, names: list[str]) -> None:
    """Build and measure the engines named."""
    corpus = Corpus(documents)
    engines: dict[str, SearchEngine] = {
        "whoosh": WhooshEngine(folder / "index"),
        "postgresql": PostgresEngine(url, f"bench_{documents}"),
    }
    processors = Processors(url)
    texts: Texts = {}
    for name in names:
        corpus = Corpus(documents)
        texts = build(engines[name], corpus, name, processors)
    sample = [text for _, text, _ in list(texts.values())[:: max(1, documents // 500)]]
    classes = corpus.query_classes(count, sample)
    heads = ("p50", "p95", "p99", "CPU p50", "p95", "p99", "server")
    print(f"{'engine':<11} {'audiences':>9}  {'query class':<18}", *(f"{head:>8}" for head in heads), " ms")
    for audiences in (3, 10, 20):
        totals = [measure(engines[name], classes, audiences, texts, name, processors) for name in names]
        if any(one != totals[0] for one in totals):
            print(f"TOTALS DIFFER for {audiences} audiences")
    for engine in engines.values():
        engine.close()


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--documents", type=int, default=40_000)
    parser.add_argument("--queries", type=int, default=25, help="of each class")
    parser.add_argument("--folder", type=Path, help="keep the embedded index here for the next run")
    parser.add_argument("--postgresql", metavar="URL", help="a database to use, and to keep the index in")
    parser.add_argument("--engines", default="whoosh,postgresql")
    options = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        url = options.postgresql or stack.enter_context(postgresql())
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        compare(folder, url, options.documents, options.queries, options.engines.split(","))
    return 0


if __name__ == "__main__":
    sys.exit(main())
