"""A running forum to be treated badly: a group with people and tokens, server and worker as processes."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from bench.ports import free_port
from forum import create_app
from forum.cli.support import migrate_database
from forum.database import writing
from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole, HoldingRule, Membership, Seat, SeatKind
from forum.domain.labels import Ceiling, Tlp
from forum.domain.organisations import Mandate, Organisation, StakeholderType
from forum.domain.threads import Post
from forum.extensions import db, search_engine
from forum.services.access_tokens import Scope, create_token
from forum.services.labels import relabel_group

ROOT = Path(__file__).parent.parent
PEOPLE = 8


def close(app: Flask) -> None:
    """Give back every connection of an application; call inside its context."""
    db.session.remove()
    db.engine.dispose()
    if "forum_search" in app.extensions:
        search_engine(app).close()


@dataclass
class Written:
    """What the writers were told: texts by the id that acknowledged them, and what else was answered."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    refused: list[int] = field(default_factory=list)
    unanswered: int = 0
    seconds: list[float] = field(default_factory=list)


@dataclass
class House:
    """One instance, on a database of its own."""

    folder: Path
    url: str = ""
    tokens: list[str] = field(default_factory=list)
    thread: str = ""
    more: dict[str, str] = field(default_factory=dict)
    """Further settings of the processes."""

    @property
    def settings(self) -> dict[str, str]:
        """The settings, by their names without prefix."""
        search = "postgresql" if self.url else "whoosh"
        chosen = {"INSTANCE": str(self.folder), "DATABASE_URL": self.url, "SEARCH": search}
        return chosen | {"ENV": "development"} | self.more

    @property
    def environ(self) -> dict[str, str]:
        """The environment of its processes."""
        return os.environ | {f"FORUM_{name}": value for name, value in self.settings.items()}

    @property
    def said(self) -> Path:
        """What its processes wrote, beside the instance."""
        return self.folder.with_name(f"{self.folder.name}.said")

    def fill(self) -> House:
        """Make the tables, a public group with eight people who hold tokens, and a discussion in it."""
        app = create_app(self.settings)
        now = datetime.now(UTC)
        with app.app_context():
            migrate_database()
            with writing(db.session()) as session:
                group = Group(
                    slug="rough", title="Rough handling", short_title="Rough", ceiling=Ceiling.PUBLIC,
                    default_tlp=Tlp.CLEAR, holding_rule=HoldingRule.NONE, languages=["en"], audience="",
                    shown_as_choices=["name", "organisation"], created_at=now,
                )  # fmt: skip
                session.add(group)
                session.flush()
                relabel_group(group)
                self.tokens = [self._person(session, group, number, now) for number in range(PEOPLE)]
            close(app)
            answer = app.test_client().post(
                "/api/v1/groups/rough/threads",
                json={"title": "What is kept?", "body": "Say something."},
                headers={"Authorization": f"Bearer {self.tokens[0]}"},
            )
            assert answer.status_code == 201, answer.text
            self.thread = answer.get_json()["id"]
            close(app)
        self.run("worker", "--once")
        return self

    def _person(self, session: Any, group: Group, number: int, now: datetime) -> str:
        body = Organisation(
            slug=f"body-{number}", name=f"Example Body {number}", match_key=f"example body {number}",
            type=StakeholderType.NGO, created_at=now,
        )  # fmt: skip
        person = Account(
            email=f"person-{number}@members.example", name=f"Person Example {number}",
            handle=f"person-{number}", created_at=now,
        )  # fmt: skip
        session.add_all([body, person])
        session.flush()
        seat = Seat(group_id=group.id, kind=SeatKind.ORGANISATION, organisation_id=body.id, created_at=now)
        session.add_all([seat, Mandate(account_id=person.id, organisation_id=body.id, starts_on=now.date())])
        session.flush()
        session.add(
            Membership(
                group_id=group.id,
                account_id=person.id,
                seat_id=seat.id,
                role=GroupRole.MEMBER,
                started_at=now,
            )
        )
        session.flush()
        _, token = create_token(session, person, name="bench", scopes={Scope.READ, Scope.WRITE}, now=now)
        return token

    def run(self, *arguments: str) -> str:
        """Run a command of `forum`; SystemExit with what it said where it fails."""
        command = [sys.executable, "-m", "forum", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environ, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"forum {' '.join(arguments)}: {done.stdout[-500:]}{done.stderr[-500:]}")
        return done.stdout

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command of `forum` in a process group of its own; what it says is kept in `said`."""
        with self.said.open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "forum", *arguments],
                cwd=ROOT, env=self.environ, stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip

    @contextmanager
    def serving(self, workers: int = 2) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
        """Serve as `forum serve` does; gives port and process, which is gone afterwards."""
        port = free_port()
        process = self.start("serve", "--port", str(port), "--workers", str(workers))
        try:
            wait_for(port, process, self.said)
            yield port, process
        finally:
            kill_tree(process)

    def stored(self) -> dict[str, list[str]]:
        """Every text of the database, with the ids under which it is there."""
        app = create_app(self.settings)
        with app.app_context():
            found: dict[str, list[str]] = {}
            for public_id, source in db.session().execute(sa.select(Post.public_id, Post.source)):
                found.setdefault(source.strip(), []).append(public_id)
            close(app)
        return found

    def lost_and_doubled(self, written: Written) -> tuple[int, int]:
        """How many acknowledged texts are not there as acknowledged, and how many are there twice."""
        stored = self.stored()
        lost = sum(public_id not in stored.get(text, []) for public_id, text in written.acknowledged.items())
        return lost, sum(len(ids) > 1 for ids in stored.values())


def wait_for(port: int, process: subprocess.Popen[bytes], said: Path | None = None) -> None:
    """Wait until the server answers, at most a minute; SystemExit with the end of what it said if it ends."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            words = said.read_text(errors="replace")[-2000:] if said else ""
            raise SystemExit(f"the server ended with {process.returncode}: {words}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with suppress(OSError, http.client.HTTPException), closing(connection):
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.05)
    raise SystemExit("the server did not start")


def tree_of(pid: int) -> list[int]:
    """A process and everything that it started."""
    found, waiting = [pid], [pid]
    while waiting:
        for task in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            with suppress(OSError):
                children = [int(child) for child in task.read_text().split()]
                found += children
                waiting += children
    return found


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to a process and everything that it started, at once."""
    for pid in tree_of(process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


class Load:
    """Writers that reply over the API on connections that they keep, until they are told to stop."""

    def __init__(self, house: House, port: int, name: str, writers: int = 4) -> None:
        self.house, self.port, self.name = house, port, name
        self.written = Written()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(writers)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, count: int) -> None:
        """Wait until so many texts were acknowledged, at most a minute."""
        until = time.monotonic() + 60
        while len(self.written.acknowledged) < count and time.monotonic() < until:
            time.sleep(0.01)

    def wait_for_refusals(self, count: int) -> None:
        """Wait until so many texts were refused, at most a minute."""
        until = time.monotonic() + 60
        while len(self.written.refused) < count and time.monotonic() < until:
            time.sleep(0.01)

    def text_of(self, writer: int, number: int) -> str:
        """What a writer says next."""
        return f"Text {self.name} {writer} {number}."

    def written_one(self, text: str, began: float) -> None:
        """Called after each text that was acknowledged, with the moment when it was begun."""

    def _write(self, writer: int) -> None:
        connection: http.client.HTTPConnection | None = None
        path = f"/api/v1/threads/{self.house.thread}/posts"
        headers = {
            "Authorization": f"Bearer {self.house.tokens[writer % PEOPLE]}",
            "Content-Type": "application/json",
        }
        number = 0
        while not self._stop.is_set():
            number += 1
            text = self.text_of(writer, number)
            began = time.perf_counter()
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                connection.request("POST", path, json.dumps({"body": text}), headers)
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException):
                self.written.unanswered += 1
                if connection is not None:
                    connection.close()
                connection = None
                self._stop.wait(0.02)
                continue
            self.written.seconds.append(time.perf_counter() - began)
            if answer.status == 201:
                self.written.acknowledged[json.loads(body)["id"]] = text
                self.written_one(text, began)
            else:
                self.written.refused.append(answer.status)
                self._stop.wait(0.02)
        if connection is not None:
            connection.close()
