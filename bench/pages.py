"""Discussion pages on the production server, beside a floor page on the same server: CPU, ratio, rate, size.

    python -m bench.pages [--requests 300] [--writers 8] [--folder DIR]

20 groups, 2,000 discussions, 40,000 posts (mean 1,687 characters; one discussion has 1,000) in an instance
of its own. CPU is that of the server's processes in /proc, database included, over all requests of one
connection that is kept open. The floor reads one discussion and 20 of its posts with SQLAlchemy's ORM and
prints their stored HTML with Jinja: no rights, no theme, no navigation.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import os
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from bench.discussions import LONG_POSTS, Seeded, seed
from bench.ports import free_port

TICK = os.sysconf("SC_CLK_TCK")
ROOT = Path(__file__).parent.parent
ROUNDS = 10


@dataclass(frozen=True)
class Figure:
    """One kind of page: CPU and clock a request in ms, and its mean size in bytes."""

    name: str
    cpu: float
    clock: float
    mean_size: float


def tree(pid: int) -> list[int]:
    """Give a process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        below = [int(child) for child in children.read_text().split()]
    except OSError:
        return []
    return [pid, *(process for child in below for process in tree(child))]


def cpu_of(pid: int) -> float:
    """Give the CPU seconds of a process tree so far."""
    total = 0
    for process in tree(pid):
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def memory_of(pid: int) -> float:
    """Give the resident memory of the largest process below a server, in MB."""
    sizes = [0]
    for process in tree(pid):
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
        sizes.append(int(found[1]) if found else 0)
    return max(sizes) / 1024


@contextmanager
def served(target: str, environ: dict[str, str], workers: int) -> Iterator[tuple[int, int, float]]:
    """Serve a WSGI target as `forum serve` does; give port, process and seconds to the first page."""
    from forum.cli.processes import server_command

    port = free_port()
    command = [*server_command("127.0.0.1", port, workers)[:-1], target]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environ, start_new_session=True)
    try:
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=0.2):
                    break
            except OSError:
                if process.poll() is not None or time.perf_counter() - started > 30:
                    raise SystemExit(f"the server of {target} did not start") from None
                time.sleep(0.01)
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/groups/")
        connection.getresponse().read()
        yield port, process.pid, time.perf_counter() - started
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(15)


class Page:
    """One kind of page, asked for on a connection that is kept open."""

    def __init__(
        self, name: str, served: tuple[int, int], paths: list[str], cookie: str | None = None
    ) -> None:
        self.name, self.paths = name, paths
        port, self.pid = served
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.headers = {"Cookie": cookie} if cookie else {}
        self.cpu = self.clock = 0.0
        self.sizes: list[int] = []

    def ask(self, number: int) -> None:
        """Ask for the page once; the answer must be 200."""
        path = self.paths[number % len(self.paths)]
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        fresh = answer.getheader("Set-Cookie")
        if fresh and self.headers:  # the CSRF token, as a browser keeps it
            self.headers["Cookie"] = fresh.split(";")[0]
        assert answer.status == 200, (answer.status, path)
        self.sizes.append(len(body))

    def measure(self, requests: int) -> None:
        """Add a round of requests to the figures."""
        cpu, clock = cpu_of(self.pid), time.perf_counter()
        for number in range(requests):
            self.ask(number)
        self.cpu += cpu_of(self.pid) - cpu
        self.clock += time.perf_counter() - clock

    def figure(self) -> Figure:
        """Give the figures a request."""
        count = len(self.sizes)
        return Figure(self.name, 1000 * self.cpu / count, 1000 * self.clock / count, sum(self.sizes) / count)


def fields_of(html: str) -> dict[str, str]:
    """Read what the composer of a discussion page would send."""
    form = html[html.index('id="composer"') :]
    fields = dict(re.findall(r'name="(csrf_token|submission)"[^>]*value="([^"]*)"', form))
    for name in ("speaking_for", "shown_as", "language"):
        chosen = re.search(rf'name="{name}".*?<option[^>]*value="([^"]*)"', form, re.DOTALL)
        if chosen:
            fields[name] = chosen[1]
    return fields


def reply_often(port: int, path: str, cookie: str, count: int, salt: str) -> list[float]:
    """Send replies on one connection; give the seconds that each took."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    session = [v.split(";")[0] for k, v in answer.getheaders() if k.lower() == "set-cookie"]
    fields = fields_of(answer.read().decode())
    headers = {
        "Cookie": session[-1] if session else cookie,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    times = []
    text = "We agree with the first point, and ask for a longer period in the second. " * 8
    for number in range(count):
        body = urlencode(fields | {"submission": f"{salt}-{number}", "body": f"{text}{salt} {number}"})
        began = time.perf_counter()
        connection.request("POST", path, body=body, headers=headers)
        answer = connection.getresponse()
        page = answer.read()
        times.append(time.perf_counter() - began)
        assert answer.status == 303, (answer.status, page[-2000:])
    return times


def _write(arguments: tuple[int, str, str, int, str]) -> list[float]:
    return reply_often(*arguments)


def pages(seeded: Seeded, port: int, pid: int, floor: tuple[int, int], requests: int) -> list[Figure]:
    """Measure every kind of page."""
    rng = random.Random(1)
    threads = rng.sample(seeded.threads, 50)
    lists = [f"/groups/{slug}/threads/" for slug in seeded.groups]
    deep = [f"{seeded.long_thread}?from={seeded.long_posts[n]}" for n in range(200, LONG_POSTS - 20, 200)]
    cookie = seeded.cookies[0]
    ours = (port, pid)
    kinds = [
        Page("floor", floor, [f"/{n}" for n in rng.sample(range(1, 2000), 50)]),
        Page("discussion, visitor", ours, threads),
        Page("discussion, signed in", ours, own_threads(seeded, 0)[:50], cookie),
        Page("list, visitor", ours, lists),
        Page("list, signed in", ours, lists, cookie),
        Page("first page of 1,000", ours, [seeded.long_thread]),
        Page("deep pages of 1,000", ours, deep),
    ]
    for kind in kinds:
        for number in range(60):
            kind.ask(number)
        kind.sizes.clear()
    # In turns, so that what else the machine does is shared fairly.
    for _ in range(ROUNDS):
        for kind in kinds:
            kind.measure(requests // ROUNDS)
    return [kind.figure() for kind in kinds]


def own_threads(seeded: Seeded, person: int) -> list[str]:
    """Give discussions of a group that a person is a member of, so that the composer is on the page."""
    return [thread for thread in seeded.threads if thread.startswith(f"/groups/bench-{person + 1}/")]


def print_pages(figures: list[Figure]) -> None:
    """Print CPU, ratio to the floor and size."""
    floor = figures[0].cpu
    print(f"{'page':<24} {'CPU ms':>7} {'x floor':>8} {'clock ms':>9} {'mean kB':>8}")
    for figure in figures:
        print(
            f"{figure.name:<24} {figure.cpu:>7.2f} {figure.cpu / floor:>8.2f} {figure.clock:>9.2f}"
            f" {figure.mean_size / 1000:>8.1f}"
        )
    print(f"deep / first page: {figures[-1].cpu / figures[-2].cpu:.2f}")


def replies(seeded: Seeded, port: int, pid: int, requests: int, writers: int) -> None:
    """Print how fast replies are taken: one connection, and several processes at once."""
    path, cookie = own_threads(seeded, 0)[0], seeded.cookies[0]
    reply_often(port, path, cookie, 20, "warm")
    cpu, began = cpu_of(pid), time.perf_counter()
    reply_often(port, path, cookie, requests, "one")
    took = time.perf_counter() - began
    print(
        f"reply with CSRF, one connection: {requests / took:.0f}/s, "
        f"{1000 * (cpu_of(pid) - cpu) / requests:.2f} ms CPU"
    )
    tasks = [
        (port, own_threads(seeded, n % 8)[n], seeded.cookies[n % 8], requests // 2, f"w{n}")
        for n in range(writers)
    ]
    began = time.perf_counter()
    with multiprocessing.Pool(writers) as pool:
        times = sorted(second for part in pool.map(_write, tasks) for second in part)
    took = time.perf_counter() - began
    print(
        f"reply, {writers} writing processes: {len(times) / took:.0f}/s, "
        f"p50 {1000 * statistics.median(times):.0f} ms, "
        f"p99 {1000 * times[int(0.99 * len(times))]:.0f} ms, 0 errors"
    )


def main(arguments: list[str] | None = None) -> int:
    """Seed, serve, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--folder", type=Path, help="keep the instance here for the next run")
    options = parser.parse_args(arguments)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="forum-bench-"))
    environ = {key: value for key, value in os.environ.items() if not key.startswith("FORUM_")}
    environ |= {"FORUM_INSTANCE": str(folder), "FORUM_ENV": "development"}
    # Counted as ever, and never refused: nobody writes as much as a measurement.
    environ |= {"FORUM_LIMIT_POSTS": "1000000/600", "FORUM_LIMIT_SEARCHES": "1000000/60"}
    try:
        seeded = seed(folder)
        with (
            served("bench.floor:app", environ, 1) as (floor_port, floor_pid, floor_start),
            served("wsgi:app", environ, 1) as (port, pid, start),
        ):
            print_pages(pages(seeded, port, pid, (floor_port, floor_pid), options.requests))
            print(f"cold start to the first page: {start:.2f} s (floor {floor_start:.2f} s)")
            print(f"worker process: {memory_of(pid):.0f} MB (floor {memory_of(floor_pid):.0f} MB)")
        with served("wsgi:app", environ, 2) as (port, pid, _start):
            replies(seeded, port, pid, options.requests, options.writers)
    finally:
        if options.folder is None:
            shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
