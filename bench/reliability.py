"""What is kept when things go wrong: kills, a full disk, a mail server that hangs up, clocks that jump.

    python -m bench reliability [--kills 50] [--only kills,writers,stop,disk,mail,worker,clock] [--write]

Everything happens to real processes (`forum serve`, `forum worker`) on an instance of its own, on SQLite and,
where PostgreSQL is installed, on a server of its own there. Under ten minutes. Exit code 1 where a promise
does not hold; docs/reliability.md holds the figures.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import shutil
import signal
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from bench import reliability_worker
from bench.houses import House, Load, Written, kill_tree
from bench.reliability_disk import measure_disk
from bench.reliability_table import ENGINES, Table
from forum import create_app

PARTS = ("kills", "writers", "stop", "disk", "mail", "worker", "clock")
Say = Callable[[str], None]


class Broken(SystemExit):
    """A promise that did not hold."""


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench reliability", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--on", default=",".join(ENGINES), help="the databases")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/reliability.md")
    chosen = parser.parse_args(arguments)
    table = Table()
    began = time.monotonic()
    for engine in chosen.on.split(","):
        with house(engine) as made:
            if made is None:
                print(f"{engine}: not installed")
                continue
            for part in chosen.only.split(","):
                measure(part, engine, made, chosen.kills, partial(table.note, engine))
    print(f"\n{table.markdown()}\nall of it in {time.monotonic() - began:.0f} s")
    if chosen.write:
        table.write()


def measure(part: str, engine: str, made: House, kills: int, say: Say) -> None:
    """Take one part's figures; the parts share a house, but for the disk."""
    if part == "disk":
        folder = made.folder.with_name(f"{made.folder.name}.disk")
        folder.mkdir()
        try:
            measure_disk(folder, engine, say)
        finally:
            folder.rmdir()
        return
    if not made.thread:
        made.fill()
    if part == "kills":
        kill_often(made, kills, say)
    elif part == "writers":
        write_together(made, say)
    elif part == "stop":
        stop_gracefully(made, say)
    else:
        reliability_worker.work(made)  # what the parts before have left
        getattr(reliability_worker, f"measure_{part}")(made, say)


@contextmanager
def house(engine: str) -> Iterator[House | None]:
    """An empty instance; None where the database is not installed."""
    folder = Path(tempfile.mkdtemp(prefix="bench-reliability-"))
    try:
        if engine == "sqlite":
            yield House(folder)
            return
        from tests.servers import postgresql, postgresql_binaries

        if postgresql_binaries() is None:
            yield None
            return
        with postgresql() as url:
            yield House(folder, url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check(made: House, written: Written, say: Say, what: str) -> None:
    """Print what became of what was acknowledged; Broken where any of it is gone or there twice."""
    lost, doubled = made.lost_and_doubled(written)
    say(f"{what}: {len(written.acknowledged)} acknowledged, {lost} lost, {doubled} there twice")
    if lost or doubled:
        raise Broken(f"{what}: lost {lost}, doubled {doubled}")


def kill_often(made: House, kills: int, say: Say) -> None:
    """SIGKILL the server, all its processes at once, in the midst of writing, so many times.

    Every fifth time the worker dies with it.
    """
    rng = random.Random(20260302)
    total = Written()
    worker = made.start("worker")
    try:
        for number in range(kills):
            with made.serving() as (port, server), Load(made, port, f"k{number}") as load:
                load.wait_for(3)
                time.sleep(rng.uniform(0.05, 0.5))
                if number % 5 == 4:
                    kill_tree(worker)
                kill_tree(server)
            if number % 5 == 4:
                worker = made.start("worker")
            total.acknowledged |= load.written.acknowledged
            total.refused += load.written.refused
    finally:
        kill_tree(worker)
    check(made, total, say, f"{kills} SIGKILLs under load")
    if any(status >= 500 for status in total.refused):
        raise Broken(f"answers of the server after a kill: {set(total.refused)}")
    reliability_worker.work(made, timedelta(hours=2))  # past the leases of workers that died
    said = made.run("search", "check")
    say(f"index after the kills: {said.strip().splitlines()[-1]}")


def _write_many(made: House, writer: int, count: int, queue: multiprocessing.Queue[Written]) -> None:
    written = Written()
    client = create_app(made.settings).test_client()
    for number in range(count):
        text = f"Text of process {writer}, number {number}."
        began = time.perf_counter()
        answer = client.post(
            f"/api/v1/threads/{made.thread}/posts",
            json={"body": text},
            headers={"Authorization": f"Bearer {made.tokens[writer]}"},
        )
        written.seconds.append(time.perf_counter() - began)
        if answer.status_code == 201:
            written.acknowledged[answer.get_json()["id"]] = text
        else:
            written.refused.append(answer.status_code)
    queue.put(written)


def write_together(made: House, say: Say, count: int = 100, writers: int = 8) -> None:
    """Eight processes of their own write into the same discussion; none is refused, none lost."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    processes = [
        context.Process(target=_write_many, args=(made, number, count, queue)) for number in range(writers)
    ]
    began = time.perf_counter()
    for process in processes:
        process.start()
    parts = [queue.get() for _ in processes]
    span = time.perf_counter() - began
    for process in processes:
        process.join()
    total = Written()
    for part in parts:
        total.acknowledged |= part.acknowledged
        total.refused += part.refused
        total.seconds += part.seconds
    check(made, total, say, f"{writers} writing processes")
    cuts = statistics.quantiles(total.seconds, n=100)
    say(
        f"{writers} writing processes, refused as locked or otherwise: {len(total.refused)}; "
        f"{len(total.seconds) / span:.0f} a second with the start of the processes, "
        f"p50 {1000 * cuts[49]:.0f} ms, p99 {1000 * cuts[98]:.0f} ms"
    )
    if total.refused:
        raise Broken(f"refused: {total.refused}")


def stop_gracefully(made: House, say: Say, rounds: int = 5) -> None:
    """SIGTERM under load: what is under way is answered, nothing is lost or doubled, no answer is a 5xx."""
    total, longest = Written(), 0.0
    for number in range(rounds):
        with made.serving() as (port, server), Load(made, port, f"s{number}", writers=8) as load:
            load.wait_for(20)
            began = time.monotonic()
            server.send_signal(signal.SIGTERM)
            code = server.wait(30)
            longest = max(longest, time.monotonic() - began)
            if code:
                raise Broken(f"the server ended with {code}")
        total.acknowledged |= load.written.acknowledged
        total.refused += load.written.refused
    check(made, total, say, f"{rounds} SIGTERMs under load of 8 writers")
    say(f"the longest of these stops, answers that were errors: {longest:.1f} s, {len(total.refused)}")
    if total.refused or longest > 10:
        raise Broken(f"stop: {longest:.1f} s, {total.refused}")
