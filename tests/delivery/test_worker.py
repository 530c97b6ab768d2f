"""Draining the outbox: exactly one effect an entry, whatever fails, dies or runs beside it."""

import os
import signal
import smtplib
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from forum.cli.worker import sessions_of
from forum.database import prepare_engine, writing
from forum.delivery.worker import describe, drain, prune
from forum.domain.accounts import Account
from forum.domain.notices import Notice, NoticeKind
from forum.domain.outbox import MAX_ATTEMPTS, OutboxEntry, Topic, backoff
from forum.errors import Invalid
from forum.services.outbox import enqueue, enqueue_notice
from tests.builders import Builder
from tests.conftest import StoppedClock


@dataclass
class Tallying:
    """A handler whose effect is a row with a unique key: doing an entry twice would fail the test."""

    account_id: int
    clock: StoppedClock
    batch_size: int = 20
    lease: timedelta = timedelta(seconds=30)
    poisoned: set[int] = field(default_factory=set)
    prepared: list[int] = field(default_factory=list)

    def prepare(self, session: Session, payloads: Sequence[dict[str, Any]]) -> list[int]:
        self.prepared += [payload["n"] for payload in payloads]
        for payload in payloads:
            if payload["n"] in self.poisoned:
                raise ConnectionRefusedError(111, "secret@members.example refused")
        return [payload["n"] for payload in payloads]

    def record(self, session: Session, prepared: int) -> None:
        session.add(
            Notice(
                account_id=self.account_id,
                kind=NoticeKind.INVITED,
                key=f"tally:{prepared}",
                created_at=self.clock(),
            )
        )
        session.flush()


@pytest.fixture
def sessions(app: Flask) -> sessionmaker[Session]:
    return sessions_of(app)


@pytest.fixture
def account(build: Builder) -> Account:
    return build.account()


def fill(sessions: sessionmaker[Session], clock: StoppedClock, count: int) -> None:
    with sessions() as session, writing(session):
        for number in range(count):
            enqueue(session, Topic.NOTIFY, {"n": number}, now=clock())


def keys(sessions: sessionmaker[Session]) -> list[str]:
    with sessions() as session:
        return sorted(session.scalars(sa.select(Notice.key)))


def entries(sessions: sessionmaker[Session]) -> list[OutboxEntry]:
    with sessions() as session:
        return list(session.scalars(sa.select(OutboxEntry).order_by(OutboxEntry.id)))


def test_everything_due_is_done_once(
    sessions: sessionmaker[Session], clock: StoppedClock, account: Account
) -> None:
    """A second run finds nothing to do."""
    fill(sessions, clock, 45)
    handlers = {Topic.NOTIFY: Tallying(account.id, clock)}
    assert drain(sessions, clock, handlers) == 45
    assert drain(sessions, clock, handlers) == 0
    assert len(keys(sessions)) == 45
    assert all(entry.done_at and entry.leased_until is None for entry in entries(sessions))


def test_a_limit_is_kept(sessions: sessionmaker[Session], clock: StoppedClock, account: Account) -> None:
    """No more than asked for, and the rest is still there."""
    fill(sessions, clock, 45)
    handlers = {Topic.NOTIFY: Tallying(account.id, clock)}
    assert drain(sessions, clock, handlers, limit=30) == 30
    assert drain(sessions, clock, handlers) == 15


def test_one_bad_entry_holds_up_no_other(
    sessions: sessionmaker[Session], clock: StoppedClock, account: Account
) -> None:
    """The batch is taken apart; the bad one backs off eight times, then is given up without personal data."""
    fill(sessions, clock, 5)
    handler = Tallying(account.id, clock, poisoned={3})
    lines: list[str] = []
    assert drain(sessions, clock, {Topic.NOTIFY: handler}, report=lines.append) == 4
    assert len(keys(sessions)) == 4
    for attempt in range(1, MAX_ATTEMPTS):
        assert drain(sessions, clock, {Topic.NOTIFY: handler}, report=lines.append) == 0
        clock.advance(seconds=backoff(attempt).total_seconds())
        drain(sessions, clock, {Topic.NOTIFY: handler}, report=lines.append)
    bad = entries(sessions)[3]
    assert bad.failed_at is not None
    assert bad.attempts == MAX_ATTEMPTS
    assert bad.error.startswith("ConnectionRefusedError 111")
    assert "given up after attempt 8" in lines[-1]
    assert not any("members.example" in text for text in [*lines, bad.error])


def test_a_failing_record_leaves_nothing_behind(
    sessions: sessionmaker[Session], clock: StoppedClock, account: Account
) -> None:
    """Effect and done mark stand or fall together."""
    fill(sessions, clock, 2)
    handler = Tallying(account.id, clock)
    with sessions() as session, writing(session):
        handler.record(session, 1)
    assert drain(sessions, clock, {Topic.NOTIFY: handler}) == 1
    assert keys(sessions) == ["tally:0", "tally:1"]
    assert [entry.done_at is not None for entry in entries(sessions)] == [True, False]


def test_a_worker_that_is_told_to_stop_gives_back_the_rest(
    sessions: sessionmaker[Session], clock: StoppedClock, account: Account
) -> None:
    """It finishes the entry in hand; the others have lost no attempt and no time."""
    fill(sessions, clock, 3)
    handler = Tallying(account.id, clock, poisoned={0})
    assert drain(sessions, clock, {Topic.NOTIFY: handler}, stopping=lambda: bool(handler.prepared)) == 0
    assert [(entry.attempts, entry.leased_until) for entry in entries(sessions)] == [(0, None)] * 3
    handler.poisoned.clear()
    assert drain(sessions, clock, {Topic.NOTIFY: handler}) == 3


def test_a_lease_that_was_lost_is_not_finished(
    sessions: sessionmaker[Session], clock: StoppedClock, account: Account
) -> None:
    """A worker so slow that another took over records nothing."""
    fill(sessions, clock, 1)
    fast = Tallying(account.id, clock)

    class Slow(Tallying):
        def prepare(self, session: Session, payloads: Sequence[dict[str, Any]]) -> list[int]:
            session.rollback()
            clock.advance(seconds=31)
            assert drain(sessions, clock, {Topic.NOTIFY: fast}) == 1
            return super().prepare(session, payloads)

    assert drain(sessions, clock, {Topic.NOTIFY: Slow(account.id, clock)}) == 0
    assert keys(sessions) == ["tally:0"]


def test_two_workers_share_the_work(app: Flask, clock: StoppedClock, account: Account) -> None:
    """500 entries on one SQLite file: each is done exactly once, none twice, none forgotten."""
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    fill(sessions_of(app), clock, 500)
    done: list[int] = []
    problems: list[str] = []

    def work() -> None:
        engine = sa.create_engine(url)
        prepare_engine(engine)
        handlers = {Topic.NOTIFY: Tallying(account.id, clock, batch_size=7)}
        made = sessionmaker(engine, expire_on_commit=False)
        done.append(drain(made, clock, handlers, report=problems.append))
        engine.dispose()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert sum(done) == 500
    assert min(done) > 0
    assert len(keys(sessions_of(app))) == 500


KILLED = """
import os, signal, sys
from forum import create_app
from forum.cli.worker import build_lanes, sessions_of
from forum.clock import system_clock
from forum.delivery.worker import drain
from forum.delivery.notifying import Notifying
from forum.domain.outbox import Topic

class Dying(Notifying):
    def record(self, session, prepared):
        super().record(session, prepared)
        os.kill(os.getpid(), signal.SIGKILL)

app = create_app()
drain(sessions_of(app), system_clock, {Topic.NOTIFY: Dying(system_clock, b"testing-seal")})
"""


def test_a_killed_worker_doubles_nothing(
    app: Flask, build: Builder, clock: StoppedClock, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    """SIGKILL between the effect and the done mark: neither is there; the next worker makes one notice."""
    group = build.group()
    thread = build.thread(group, build.member(group))
    asked = build.member(group)
    with sessions() as session, writing(session):
        enqueue_notice(
            session, NoticeKind.INVITED, now=clock(), account_id=asked.id, group_id=thread.group_id
        )
    places = {f"FORUM_{name}": app.config[name] for name in ("INSTANCE", "DATABASE_URL", "SEARCH")}
    environ = os.environ | places | {"FORUM_ENV": "testing"}
    died = subprocess.run([sys.executable, "-c", KILLED], env=environ, check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    assert keys(sessions) == []
    (entry,) = [entry for entry in entries(sessions) if entry.topic is Topic.NOTIFY]
    assert entry.done_at is None
    assert entry.leased_until is not None
    clock.time = entry.leased_until
    from forum.delivery.notifying import Notifying

    handlers = {Topic.NOTIFY: Notifying(clock, b"testing-seal")}
    assert drain(sessions, clock, handlers) == 1
    assert drain(sessions, clock, handlers) == 0
    assert len(keys(sessions)) == 1


def test_old_entries_are_forgotten(
    sessions: sessionmaker[Session], clock: StoppedClock, account: Account
) -> None:
    """What was done over a day ago goes."""
    fill(sessions, clock, 2)
    drain(sessions, clock, {Topic.NOTIFY: Tallying(account.id, clock)})
    clock.advance(days=2)
    assert prune(sessions, clock) == 2
    assert entries(sessions) == []


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            smtplib.SMTPRecipientsRefused({"a@members.example": (550, b"no such user")}),
            "SMTPRecipientsRefused 550",
        ),
        (smtplib.SMTPDataError(451, b"for a@members.example"), "SMTPDataError 451"),
        (Invalid("Too long, %(name)s.", name="Ana"), "Invalid: Too long, %(name)s."),
        (
            OperationalError("select 1", {"email": "a@members.example"}, ValueError()),
            "OperationalError (ValueError)",
        ),
        (KeyError("a@members.example"), "KeyError"),
    ],
    ids=["recipients", "server's answer", "our own", "database", "anything"],
)
def test_an_error_is_described_without_personal_data(error: Exception, text: str) -> None:
    """Its kind and code, never its message."""
    assert describe(error) == text
