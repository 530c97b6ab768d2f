"""How cost grows with the number of documents: building, searching, memory, room on the disk.

    python -m bench growth [--sizes 6000,60000,600000] [--corpora DIR] [--folder DIR] [--postgresql URL]
                           [--queries 10] [--audiences 20] [--whoosh-most 60000]

The documents are those of `bench.search_corpus`, for each size the first so many; where the texts end, halves
of two real ones stand for one. Whoosh is built up to --whoosh-most only. CPU is that of the searching process
and of PostgreSQL together. At the end stands by what power of the number of documents each engine's cost grew
between its two largest sizes, and where it would pass what is wanted of it by that power: where the embedded
engine does, PostgreSQL should take over. 600,000 documents take about forty minutes of CPU to build.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import multiprocessing
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from bench.search_corpus import RealCorpus, open_corpus
from bench.search_engines import ENGINES, build, open_engine, visit
from tests.servers import postgresql

WANTED = {"whoosh": (30.0, 250.0), "postgresql": (8.0, 60.0)}
"""Milliseconds that are wanted at the median and the 95th percentile, with twenty audiences."""
HEADS = ("p50", "p95", "p99", "MB", "disk MB", "matches")


@dataclass(frozen=True, slots=True)
class Cost:
    """What searching costs at one size: milliseconds of CPU."""

    documents: int
    p50: float
    p95: float


def room(name: str, folder: Path, url: str, documents: int) -> float:
    """Megabytes of an engine's index on the disk."""
    if name == "whoosh":
        files = (folder / f"index-{documents}").rglob("*")
        return sum(file.stat().st_size for file in files if file.is_file()) / 1e6
    with sa.create_engine(url).connect() as connection:
        size = connection.exec_driver_sql(
            "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %(schema)s AND c.relkind = 'r'",
            {"schema": f"bench_{documents}"},
        ).scalar()
    return float(size or 0) / 1e6


def measure(name: str, place: tuple[Path, str, int], audiences: int, queries: dict[str, list[str]]) -> Cost:
    """Search by a process of its own and print a line."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        seen = pool.apply(visit, (name, place, audiences, queries))
    spent = sorted(one.own + one.server for found in seen.spent.values() for one in found)
    cuts = [spent[min(len(spent) - 1, int(share * len(spent)))] for share in (0.5, 0.95, 0.99)]
    matches = sum(seen.totals) / len(seen.totals)
    print(
        f"{name:<11} {place[2]:>9,}",
        *(f"{cut:>9.1f}" for cut in cuts),
        *(f"{figure:>9,.0f}" for figure in (seen.search_memory, room(name, *place), matches)),
        flush=True,
    )
    return Cost(place[2], cuts[0], cuts[1])


def conclude(name: str, costs: list[Cost]) -> None:
    """Print by what power cost grew, and where it would pass what is wanted."""
    if len(costs) < 2:
        return
    one, other = costs[-2:]
    span = math.log(other.documents / one.documents)
    for what, before, after, wanted in (
        ("p50", one.p50, other.p50, WANTED[name][0]),
        ("p95", one.p95, other.p95, WANTED[name][1]),
    ):
        power = math.log(max(after, 0.01) / max(before, 0.01)) / span
        line = f"{name}: {what} grew with the power {power:.2f} of the documents"
        if power > 0:
            line += f"; {wanted:.0f} ms by that at {other.documents * (wanted / after) ** (1 / power):,.0f}"
        print(line)


def main(arguments: list[str] | None = None) -> int:
    """Build, measure and print, size by size."""
    about = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m bench growth", description=about)
    parser.add_argument("--sizes", default="6000,60000,600000")
    parser.add_argument("--corpora", type=Path, help="texts beside those of this machine's packages")
    parser.add_argument(
        "--folder", type=Path, help="keep documents and the embedded indexes for the next run"
    )
    parser.add_argument("--postgresql", metavar="URL", help="a database to use, and to keep the indexes in")
    parser.add_argument("--queries", type=int, default=10, help="of each class")
    parser.add_argument("--audiences", type=int, default=20)
    parser.add_argument("--whoosh-most", type=int, default=60_000)
    options = parser.parse_args(arguments)
    sizes = sorted(int(size) for size in options.sizes.split(","))
    with contextlib.ExitStack() as stack:
        url = options.postgresql or stack.enter_context(postgresql())
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        corpus: RealCorpus = open_corpus(folder, options.corpora, sizes[-1])
        queries = corpus.query_classes(options.queries)
        costs: dict[str, list[Cost]] = {name: [] for name in ENGINES}
        print(f"{'engine':<11} {'documents':>9}", *(f"{head:>9}" for head in HEADS), flush=True)
        for size in sizes:
            for name in ENGINES:
                if name == "whoosh" and size > options.whoosh_most:
                    continue
                engine = open_engine(name, folder, url, size)
                build(engine, corpus.documents(size), size, name, url)
                engine.close()
                costs[name].append(measure(name, (folder, url, size), options.audiences, queries))
        for name in ENGINES:
            conclude(name, costs[name])
    return 0


if __name__ == "__main__":
    sys.exit(main())
