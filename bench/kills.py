"""`python -m bench kills`: kill the indexer fifty times while others write, and compare index and database.

On SQLite with the embedded index, and with `--database` on PostgreSQL (an empty database, the index in it).
Writers add, edit and hide posts all the while; `forum worker` is started, and killed with SIGKILL at a random
moment. At the end what waits is indexed as usual, and nothing is mended: what differs then is drift.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from forum import create_app
from forum.cli.support import migrate_database
from forum.cli.worker import build_lanes, engine_of, ensure_index, run_once, sessions_of
from forum.clock import system_clock
from forum.database import writing
from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group, HoldingRule
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.outbox import OutboxEntry
from forum.domain.threads import Post, Thread, order_key
from forum.extensions import db
from forum.search.protocol import SearchEngine
from forum.services.index_check import compare_index
from forum.services.labels import relabel, relabel_group
from forum.services.outbox import enqueue_index

KILLS = 50
LIFE = 0.6
"""Seconds at most that an indexer lives after the first change that it made findable."""
PATIENCE = 20.0
"""Seconds in which it has to make one."""
SEED = 20260321
_WORDS = ("lantern", "harbour", "candle", "deadline", "report", "duty", "paper", "answer")


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    kills: int
    written: int
    """Posts added, edited or hidden meanwhile."""
    documents: int
    drift: int
    generations: int
    """States of the index that were seen between kills: that many times something was indexed before one."""


def main(arguments: Sequence[str]) -> int:
    """Kill, and print the figure."""
    parser = argparse.ArgumentParser(prog="python -m bench kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--database", default="", help="a PostgreSQL address; without it SQLite and Whoosh")
    chosen = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="bench-kills-"))
    settings = {"FORUM_INSTANCE": str(folder), "FORUM_ENV": "development"}
    if chosen.database:
        settings |= {"FORUM_DATABASE_URL": chosen.database, "FORUM_SEARCH": "postgresql"}
    try:
        found = kill_indexer(settings, chosen.kills)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    engine = "PostgreSQL" if chosen.database else "SQLite and Whoosh"
    print(
        f"{engine}: {found.kills} kills, {found.written:,} writes, {found.generations} states of the index "
        f"seen; {found.documents:,} documents, {found.drift} differ"
    )
    return int(found.drift > 0)


def kill_indexer(settings: Mapping[str, str], kills: int) -> Outcome:
    """Do it on a new instance with these environment variables; gives what came of it."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        return _kill(kills)
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _kill(kills: int) -> Outcome:
    app = create_app()
    with app.app_context():
        migrate_database()
    sessions, engine, chance = sessions_of(app), engine_of(app), random.Random(SEED)
    ensure_index(sessions, system_clock, engine)
    stop, writers = threading.Event(), []
    counts: list[int] = []
    for number in range(2):
        thread_id = _begin(app, number)
        writer = threading.Thread(target=_write, args=(app, thread_id, number, stop, counts))
        writer.start()
        writers.append(writer)
    states: set[str] = set()
    try:
        for _ in range(kills):
            _live_and_die(engine, chance.uniform(0, LIFE))
            states.add(engine.state().generation)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    _let_leases_run_out(app)
    run_once(sessions, system_clock, build_lanes(app, system_clock))
    with sessions() as session:
        found = compare_index(session, engine)
    engine.close()
    with app.app_context():
        db.engine.dispose()
    return Outcome(kills, sum(counts), found.documents, found.total, len(states))


def _live_and_die(engine: SearchEngine, seconds: float) -> None:
    """Start a worker in a group of processes of its own; kill it a while after it has begun to index."""
    before = engine.state().generation
    worker = subprocess.Popen(
        [sys.executable, "-m", "forum", "worker"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    begun = time.monotonic()
    while engine.state().generation == before and time.monotonic() - begun < PATIENCE:
        time.sleep(0.05)
    time.sleep(seconds)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def _let_leases_run_out(app: Flask) -> None:
    """What a killed worker had in hand is free at once, instead of after a minute."""
    with sessions_of(app)() as session, writing(session):
        session.execute(sa.update(OutboxEntry).values(leased_until=None))


def _begin(app: Flask, number: int) -> int:
    """Make a group with a discussion; gives the discussion's key."""
    now = system_clock()
    with sessions_of(app)() as session, writing(session):
        group = Group(
            slug=f"group-{number}",
            title=f"Group {number}",
            short_title=f"Group {number}",
            ceiling=Ceiling.PUBLIC,
            default_tlp=Tlp.CLEAR,
            holding_rule=HoldingRule.NONE,
            shown_as_choices=["name"],
            languages=["en"],
            audience="",
            created_at=now,
        )
        session.add(group)
        session.flush()
        relabel_group(group)
        thread = Thread(
            group_id=group.id,
            title="Kept while killed",
            tlp=Tlp.CLEAR,
            audience="",
            own="",
            last_published_at=now,
            created_at=now,
        )
        session.add(thread)
        session.flush()
        relabel(session, group, thread, now=now)
        return thread.id


def _write(app: Flask, thread_id: int, seed: int, stop: threading.Event, counts: list[int]) -> None:
    """Add, edit and hide posts until told to stop, in the transaction that has the index told."""
    chance, written = random.Random(seed), 0
    sessions = sessions_of(app)
    posts: list[int] = []
    while not stop.is_set():
        now = system_clock()
        with sessions() as session, writing(session):
            thread = session.get_one(Thread, thread_id)
            group = session.get_one(Group, thread.group_id)
            text = " ".join(chance.choices(_WORDS, k=30))
            if len(posts) < 5 or chance.random() < 0.5:
                post = _post(thread, text)
                session.add(post)
                session.flush()
                posts.append(post.id)
            else:
                post = session.get_one(Post, chance.choice(posts))
                post.text = text
                if chance.random() < 0.3:
                    post.status = Status.HIDDEN if post.status is Status.PUBLISHED else Status.PUBLISHED
            relabel(session, group, post, now=now)
            enqueue_index(session, SubjectKind.POST, post.id, now=now)
        written += 1
        stop.wait(0.02)
    counts.append(written)


def _post(thread: Thread, text: str) -> Post:
    now = system_clock()
    thread.post_count += 1
    return Post(
        thread_id=thread.id,
        group_id=thread.group_id,
        number=thread.post_count,
        order_key=order_key(None, thread.post_count),
        source=text,
        html=f"<p>{text}</p>",
        text=text,
        render_version=1,
        status=Status.PUBLISHED,
        tlp=Tlp.CLEAR,
        audience="",
        own="",
        created_at=now,
        published_at=now,
    )
