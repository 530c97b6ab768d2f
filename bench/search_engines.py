"""Both search engines on real texts: three visitors, eight classes of queries; clock, CPU, memory, rebuild.

    python -m bench.search_engines [--corpora DIR] [--documents 60000] [--queries 25] [--folder DIR]
                                   [--postgresql URL] [--engines whoosh,postgresql]

Documents and queries are those of `bench.search_corpus`; with a folder they and the embedded index stay for
the next run, and with an address PostgreSQL's. Without an address PostgreSQL is started for this run, with
its own defaults. A search is what a results page costs: parsing, exact total, six facets, the marked titles
and passages of 20 hits (texts come from the forum's database: reading them is not counted). Totals of the
engines are compared query by query.

CPU is the processor time of the searching process and of all processes of PostgreSQL together, the figures to
trust on a machine that has other work. Each visitor's searches are made by a process of their own; its memory
is given as what it holds more than before it opened the index.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from bench.search_corpus import RealCorpus, clearances_of, open_corpus
from forum.search.analysis import flatten_terms
from forum.search.grammar import parse
from forum.search.postgres_engine import PostgresEngine
from forum.search.protocol import SearchDocument, SearchEngine, SearchRequest
from forum.search.snippets import extract_snippet, mark_hits
from forum.search.whoosh_engine import WhooshEngine
from tests.servers import postgresql

ENGINES = ("whoosh", "postgresql")
VISITORS = (3, 10, 20)


class Processors:
    """Processor time of this process and, where it runs here, of all processes of PostgreSQL."""

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url)
        self._sessions: list[Path] = []

    def look(self) -> None:
        """Learn which server processes there are now; the one that tells it is left aside."""
        query = "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        with self._engine.connect() as connection:
            pids = connection.exec_driver_sql(query).scalars()
            self._sessions = [Path(f"/proc/{pid}/schedstat") for pid in pids]

    def read(self) -> tuple[float, float]:
        """Seconds of this process and of the server so far."""
        server = 0
        for path in self._sessions:
            with contextlib.suppress(OSError):
                server += int(path.read_text().split()[0])
        return time.process_time(), server / 1e9


def open_engine(name: str, folder: Path, url: str, documents: int) -> SearchEngine:
    """The engine of this name over the bench's index."""
    if name == "whoosh":
        return WhooshEngine(folder / f"index-{documents}")
    return PostgresEngine(url, f"bench_{documents}")


def build(engine: SearchEngine, documents: Iterable[SearchDocument], count: int, name: str, url: str) -> None:
    """Index all documents, unless the engine holds as many, and print how many that are a CPU-second."""
    if engine.state().documents == count:
        return
    processors = Processors(url)
    reading = 0.0

    def timed() -> Iterator[SearchDocument]:
        nonlocal reading
        stream = iter(documents)
        while True:
            started = time.process_time()
            document = next(stream, None)
            reading += time.process_time() - started
            if document is None:
                return
            yield document

    processors.look()
    clock, (own, server) = time.perf_counter(), processors.read()
    engine.rebuild(timed())
    clock, (own_after, server_after) = time.perf_counter() - clock, processors.read()
    own, server = own_after - own - reading, server_after - server
    print(
        f"{name}: {count:,} documents built in {clock:.0f} s, {count / (own + server):.0f} a CPU-second"
        f" (own {own:.0f} s, server {server:.0f} s)",
        flush=True,
    )


@dataclass(frozen=True, slots=True)
class Spent:
    """Milliseconds of one search."""

    clock: float
    own: float
    server: float


@dataclass(frozen=True, slots=True)
class Visit:
    """What one visitor's searches took, by class, their totals in order, and the process's memory in MB."""

    spent: dict[str, list[Spent]]
    totals: list[int]
    memory: float
    search_memory: float


def resident() -> float:
    """Megabytes of this process in memory."""
    found = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def visit(name: str, place: tuple[Path, str, int], audiences: int, classes: dict[str, list[str]]) -> Visit:
    """Search as one visitor, in this process."""
    folder, url, documents = place
    corpus = RealCorpus(folder)
    parse("begin")
    before = resident()
    engine = open_engine(name, folder, url, documents)
    clearances = clearances_of(audiences)
    processors = Processors(url)
    search_page(engine, "begin", clearances, corpus, processors)
    for queries in classes.values():
        for query in queries[:6]:
            search_page(engine, query, clearances, corpus, processors)
    processors.look()
    spent: dict[str, list[Spent]] = {}
    totals = []
    for label, queries in classes.items():
        for query in queries:
            total, took = search_page(engine, query, clearances, corpus, processors)
            totals.append(total)
            spent.setdefault(label, []).append(took)
    after = resident()
    engine.close()
    return Visit(spent, totals, after, after - before)


def search_page(
    engine: SearchEngine, text: str, clearances: frozenset[str], corpus: RealCorpus, processors: Processors
) -> tuple[int, Spent]:
    """What one page of results takes of search: parse, find, facets, 20 snippets; gives the total too."""
    clock, (own, server) = time.perf_counter(), processors.read()
    parsed = parse(text)
    results = engine.search(SearchRequest(clearances, parsed.query, parsed.filters))
    terms = flatten_terms(parsed.query, results.languages)
    reading, reading_cpu = time.perf_counter(), time.process_time()
    texts = corpus.texts([hit.id for hit in results.hits])
    reading, reading_cpu = time.perf_counter() - reading, time.process_time() - reading_cpu
    for title, body, language in texts:
        mark_hits(title, terms, language)
        extract_snippet(body, terms, language)
    clock = time.perf_counter() - clock - reading
    own_after, server_after = processors.read()
    took = Spent(clock * 1e3, (own_after - own - reading_cpu) * 1e3, (server_after - server) * 1e3)
    return results.total, took


def show(name: str, audiences: int, label: str, spent: list[Spent]) -> None:
    """Print one line of the table."""
    figures = []
    for values in ([s.clock for s in spent], [s.own + s.server for s in spent]):
        ordered = sorted(values)
        figures += [ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.95, 0.99)]
    figures.append(statistics.mean(s.server for s in spent))
    print(f"{name:<11} {audiences:>9}  {label:<18}", *(f"{figure:>8.1f}" for figure in figures), flush=True)


def compare(place: tuple[Path, str, int], classes: dict[str, list[str]], names: list[str]) -> bool:
    """Measure the engines named; says whether all totals were equal."""
    heads = ("p50", "p95", "p99", "CPU p50", "p95", "p99", "server")
    print(f"{'engine':<11} {'audiences':>9}  {'query class':<18}", *(f"{head:>8}" for head in heads), " ms")
    equal = True
    spawn = multiprocessing.get_context("spawn")
    for audiences in VISITORS:
        totals = []
        for name in names:
            with spawn.Pool(1) as pool:
                seen = pool.apply(visit, (name, place, audiences, classes))
            for label, spent in seen.spent.items():
                show(name, audiences, label, spent)
            show(name, audiences, "all classes", [one for spent in seen.spent.values() for one in spent])
            print(f"{'':<21}  {seen.memory:.0f} MB, of it {seen.search_memory:.0f} MB by searching")
            totals.append(seen.totals)
        if any(one != totals[0] for one in totals):
            print(f"TOTALS DIFFER for {audiences} audiences")
            equal = False
    return equal


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpora", type=Path, help="texts beside those of this machine's packages")
    parser.add_argument("--documents", type=int, default=60_000)
    parser.add_argument("--queries", type=int, default=25, help="of each class")
    parser.add_argument("--folder", type=Path, help="keep documents and the embedded index for the next run")
    parser.add_argument("--postgresql", metavar="URL", help="a database to use, and to keep the index in")
    parser.add_argument("--engines", default=",".join(ENGINES))
    options = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        url = options.postgresql or stack.enter_context(postgresql())
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        corpus = open_corpus(folder, options.corpora, options.documents)
        place = (folder, url, len(corpus))
        names = options.engines.split(",")
        for name in names:
            engine = open_engine(name, *place)
            build(engine, corpus.documents(), len(corpus), name, url)
            engine.close()
        return int(not compare(place, corpus.query_classes(options.queries), names))


if __name__ == "__main__":
    sys.exit(main())
