"""The worker under ill fate: killed at each step, a mail server that hangs up, clocks that jump."""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any

import sqlalchemy as sa

from bench.houses import ROOT, House, close
from forum import create_app
from forum.cli.worker import build_lanes, run_once, sessions_of
from forum.database import writing
from forum.domain.accounts import Account
from forum.domain.groups import Group
from forum.domain.notices import Notice, NoticeKind
from forum.domain.outbox import OutboxEntry, Topic
from forum.extensions import db
from forum.services.login_sessions import find_session, start_session
from forum.services.outbox import enqueue_notice

STEPS = ("leased", "prepared", "recorded", "done")
Say = Callable[[str], None]

KILLED = """
import os, signal, sys
import forum.delivery.worker as worker
from forum import create_app
from forum.cli.worker import build_lanes, run_once, sessions_of
from forum.clock import system_clock

step, topic = sys.argv[1:]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

class Dying:
    def __init__(self, handler):
        self.handler = handler
    def __getattr__(self, name):
        return getattr(self.handler, name)
    def prepare(self, session, payloads):
        if step == "leased":
            die()
        prepared = self.handler.prepare(session, payloads)
        if step == "prepared":
            die()
        return prepared
    def record(self, session, prepared):
        self.handler.record(session, prepared)
        if step == "recorded":
            die()

finish = worker._do
def do(sessions, clock, handler, entries):
    done = finish(sessions, clock, handler, entries)
    if step == "done" and isinstance(handler, Dying):
        die()
    return done
worker._do = do

app = create_app()
lanes = [{t: Dying(h) if t.value == topic else h for t, h in lane.items()}
         for lane in build_lanes(app, system_clock)]
run_once(sessions_of(app), system_clock, lanes)
"""


def enqueue_invited(made: House, number: int = 0) -> None:
    """Have one person, the n-th, told of an invitation, by notice and mail."""
    app = create_app(made.settings)
    with app.app_context():
        with writing(db.session()) as session:
            person = session.scalars(sa.select(Account).order_by(Account.id).offset(number)).first()
            group = session.scalars(sa.select(Group)).one()
            assert person is not None
            # An occasion of its own: else it would be the notice that is there already.
            enqueue_notice(
                session, NoticeKind.INVITED, now=datetime.now(UTC), account_id=person.id,
                group_id=group.id, occasion=secrets.token_hex(4),
            )  # fmt: skip
        close(app)


def work(made: House, ahead: timedelta = timedelta(0)) -> int:
    """Let a worker whose clock is so much ahead do what is due; gives how many entries were done."""
    app = create_app(made.settings)

    def clock() -> datetime:
        return datetime.now(UTC) + ahead

    done = run_once(sessions_of(app), clock, build_lanes(app, clock))
    with app.app_context():
        close(app)
    return done


def count(made: House, statement: Any) -> int:
    """Ask the database of a house for a number."""
    app = create_app(made.settings)
    with app.app_context():
        found = int(db.session().scalar(statement) or 0)
        close(app)
    return found


NOTICES = sa.select(sa.func.count()).select_from(Notice)
UNDONE = sa.select(sa.func.count()).select_from(OutboxEntry).where(OutboxEntry.done_at.is_(None))


def measure_worker(made: House, say: Say) -> None:
    """Kill a worker after it leased, prepared, recorded, and after the commit, for notices and for mail."""
    work(made)
    for topic in (Topic.NOTIFY, Topic.MAIL):
        for step in STEPS:
            before, mails = count(made, NOTICES), len(list((made.folder / "mail").glob("*.eml")))
            enqueue_invited(made)
            command = [sys.executable, "-c", KILLED, step, topic.value]
            died = subprocess.run(command, cwd=ROOT, env=made.environ, capture_output=True)
            if died.returncode != -signal.SIGKILL:
                raise SystemExit(f"the worker was to die: {died.stderr.decode()[-800:]}")
            work(made, timedelta(hours=2))
            notices = count(made, NOTICES) - before
            sent = len(list((made.folder / "mail").glob("*.eml"))) - mails
            say(f"worker killed at {topic.value}/{step}: {notices} notice, {sent} mail")
            if (notices, sent, count(made, UNDONE)) != (1, 1, 0):
                raise SystemExit(f"a worker killed at {topic.value}/{step} lost or doubled something")


class HangingUp:
    """Takes a mail and, when it comes for the first time, hangs up before it says so."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        """See aiosmtpd."""
        name = str(message_from_bytes(envelope.content)["Message-ID"])
        self.taken[name] += 1
        if self.taken[name] == 1:
            server.transport.abort()
        return "250 taken"


def measure_mail(made: House, say: Say, people: int = 5) -> None:
    """A mail server that drops the connection after DATA: sent again, under the same Message-ID."""
    from aiosmtpd.controller import Controller

    from bench.ports import free_port

    handler = HangingUp()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()  # type: ignore[no-untyped-call]
    try:
        made.more["MAIL_URL"] = f"smtp://127.0.0.1:{controller.port}"
        for number in range(people):
            enqueue_invited(made, number)
        for hours in range(4):
            work(made, timedelta(hours=hours))
    finally:
        controller.stop()  # type: ignore[no-untyped-call]
    say(
        f"mail server that hangs up after the DATA of each mail: {people} meant, "
        f"{handler.taken.total()} taken, {len(handler.taken)} different Message-IDs, "
        f"{count(made, UNDONE)} left"
    )
    if len(handler.taken) != people or count(made, UNDONE):
        raise SystemExit("a mail was lost, or cannot be recognised when it comes twice")


def measure_clock(made: House, say: Say) -> None:
    """Clocks of a worker and of the server jump a day forward and back."""
    for name, ahead in (("forward", timedelta(days=1)), ("back", timedelta(days=-1))):
        before = count(made, NOTICES)
        enqueue_invited(made)
        first = work(made, ahead)
        second = work(made, timedelta(hours=2))
        notices, undone = count(made, NOTICES) - before, count(made, UNDONE)
        say(f"clock a day {name}: {first} + {second} deeds, {notices} notice, {undone} left")
        if (notices, undone) != (1, 0):
            raise SystemExit(f"a clock that jumped {name} lost or doubled something")
    _measure_sessions(made, say)


def _measure_sessions(made: House, say: Say) -> None:
    app = create_app(made.settings)
    now = datetime.now(UTC)
    lived = {}
    with app.app_context():
        with writing(db.session()) as session:
            person = session.scalars(sa.select(Account).order_by(Account.id)).first()
            assert person is not None
            token = start_session(session, person, now=now, hours=12)
        for name, at in (
            ("now", now),
            ("an hour back", now - timedelta(hours=1)),
            ("an hour forward", now + timedelta(hours=1)),
            ("a day forward", now + timedelta(days=1)),
        ):
            lived[name] = find_session(db.session(), token, now=at, idle_minutes=30) is not None
        close(app)
    say("a session of 30 idle minutes lives, by the clock: " + ", ".join(k for k, v in lived.items() if v))
    if lived != {"now": True, "an hour back": True, "an hour forward": False, "a day forward": False}:
        raise SystemExit(f"sessions: {lived}")
