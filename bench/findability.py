"""How soon a new contribution is found while ten a second are written: a running forum with its worker.

    python -m bench findability [--rate 10] [--seconds 30] [--background 2000] [--only sqlite,postgresql]

Server and worker are real processes on an instance of its own, with so many contributions in the index
before: SQLite with the embedded engine, and PostgreSQL with its own where that is installed. Each text has a
word that no other has. It is found when the engine, asked in this process as for an anonymous visitor, gives
it; the time runs from when the server had acknowledged it. A round of asking lasts some milliseconds, which
are counted too.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bench.houses import House, Load, kill_tree
from bench.pages import cpu_of
from bench.reliability import house
from bench.search import FUNCTION_WORDS, ROOTS
from forum import create_app
from forum.database import writing
from forum.domain.attribution import SubjectKind
from forum.domain.threads import Post, Thread, order_key
from forum.extensions import db, search_engine
from forum.policy import ANONYMOUS
from forum.search.protocol import SearchEngine, SearchRequest
from forum.search.query import Word
from forum.services.outbox import enqueue_index

PROMISE = 1.0
"""Seconds within which 99 of a hundred are found."""


@dataclass
class Sent:
    """What was written and when it was acknowledged, by its own word; and what was found when."""

    at: dict[str, float] = field(default_factory=dict)
    found: dict[str, float] = field(default_factory=dict)


def sentence(draw: random.Random, own: str) -> str:
    """Two hundred words, one of which no other text has."""
    words = [draw.choice(FUNCTION_WORDS) if n % 2 else draw.choice(ROOTS) for n in range(200)]
    return " ".join([*words[:100], own, *words[100:]])


def fill(made: House, count: int) -> None:
    """Have so many contributions in the index before anybody writes."""
    draw = random.Random(20260302)
    app = create_app(made.settings)
    with app.app_context(), writing(db.session()) as session:
        thread = session.query(Thread).filter_by(public_id=made.thread).one()
        first = session.query(Post).filter_by(thread_id=thread.id).first()
        assert first is not None
        kept = {column.key: getattr(first, column.key) for column in Post.__table__.columns}
        for number in range(100_000, 100_000 + count):  # the next replies have the numbers from 2 on
            text = sentence(draw, f"before{number}")
            own = {
                "id": None,
                "public_id": f"{number:013x}",
                "number": number,
                "order_key": order_key(None, number),
            }
            post = Post(**kept | own | {"source": text, "text": text, "html": f"<p>{text}</p>"})
            session.add(post)
            session.flush()
            enqueue_index(session, SubjectKind.POST, post.id, now=datetime.now(UTC))
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    made.run("worker", "--once")


class Steady(Load):
    """Writes at a steady rate, however long each answer takes, and notes when it was acknowledged."""

    def __init__(self, made: House, port: int, rate: float, sent: Sent) -> None:
        super().__init__(made, port, "steady", writers=4)
        self.sent = sent
        self._draw = random.Random(7)
        self._pause = 4 / rate

    def text_of(self, writer: int, number: int) -> str:
        """A text with a word of its own."""
        return sentence(self._draw, f"own{writer}x{number}")

    def written_one(self, text: str, began: float) -> None:
        """Note the moment, and wait for the next turn."""
        own = next(word for word in text.split() if word.startswith("own"))
        self.sent.at[own] = time.perf_counter()
        self._stop.wait(max(0.0, began + self._pause - time.perf_counter()))


def look(engine: SearchEngine, sent: Sent, is_over: threading.Event) -> None:
    """Ask for what was acknowledged and not found yet, again and again."""
    while not is_over.is_set():
        for own in [own for own in list(sent.at) if own not in sent.found]:
            if engine.search(SearchRequest(ANONYMOUS.clearances, Word(own), limit=1)).total:
                sent.found[own] = time.perf_counter()
        is_over.wait(0.01)


def measure(name: str, made: House, rate: float, seconds: float) -> float:
    """Print one engine's figures; gives the 99th percentile in seconds."""
    sent = Sent()
    engine = search_engine(create_app(made.settings))
    worker = made.start("worker")
    is_over = threading.Event()
    looking = threading.Thread(target=look, args=(engine, sent, is_over))
    try:
        with made.serving() as (port, _):
            time.sleep(3)
            looking.start()
            cpu = cpu_of(worker.pid)
            with Steady(made, port, rate, sent) as load:
                time.sleep(seconds)
            until = time.monotonic() + 30
            while len(sent.found) < len(sent.at) and time.monotonic() < until:
                time.sleep(0.05)
            cpu = cpu_of(worker.pid) - cpu
    finally:
        is_over.set()
        kill_tree(worker)
        if looking.ident:
            looking.join()
        engine.close()
    waits = sorted(sent.found[own] - sent.at[own] for own in sent.found)
    if len(waits) < 2:
        raise SystemExit(f"{name}: nothing was found; refused: {load.written.refused[:5]}")
    cuts = statistics.quantiles(waits, n=100)
    print(
        f"{name}: {len(sent.at)} written at {len(sent.at) / seconds:.1f} a second,"
        f" {len(sent.at) - len(sent.found)} not found; found after p50 {cuts[49] * 1e3:.0f} ms,"
        f" p95 {cuts[94] * 1e3:.0f} ms, p99 {cuts[98] * 1e3:.0f} ms, most {waits[-1] * 1e3:.0f} ms;"
        f" CPU of the worker {cpu / len(sent.at) * 1e3:.1f} ms a text;"
        f" load of the machine {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    return cuts[98] if len(sent.found) == len(sent.at) else float("inf")


def main(arguments: Sequence[str] = ()) -> int:
    """Measure and print; 1 where the promise does not hold."""
    about = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m bench findability", description=about)
    parser.add_argument("--rate", type=float, default=10.0, help="texts a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--background", type=int, default=2_000, help="contributions that are there before")
    parser.add_argument("--only", default="sqlite,postgresql")
    options = parser.parse_args(arguments)
    worst = 0.0
    for name in options.only.split(","):
        with house(name) as made:
            if made is None:
                print(f"{name}: not installed")
                continue
            fill(made.fill(), options.background)
            worst = max(worst, measure(name, made, options.rate, options.seconds))
    return int(worst > PROMISE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
