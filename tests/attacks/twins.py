"""The twin of the world under attack: the same people, groups and open texts, closed groups that are empty.

It is a copy of the database from which every row of the closed groups is taken but the groups, their seats
and their members, which a listed group may show. Ids, addresses and sessions are the same in both, so that
answers can be compared byte by byte.
"""

import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from forum import create_app
from forum.delivery.indexing import rebuild_index
from forum.domain.base import Base
from forum.extensions import db, search_engine
from tests.attacks import canaries
from tests.attacks.conftest import Attack
from tests.attacks.crawling import neutral, words_of
from tests.attacks.world import PERSONAS
from tests.conftest import Client, test_settings
from tests.support import count_statements

STAYS = {"working_group", "seat", "membership", "erasure"}
"""What exists of a closed group, or of its people, whether or not anybody has written in it."""

SUBJECTS = {
    "post": "post", "thread": "thread", "version": "paper_version", "answer": "answer",
    "assessment": "assessment", "attachment": "attachment",
}  # fmt: skip
"""Subject kind -> the table that its ids are of."""


@dataclass
class Twins:
    """Clients of each persona, in the full world and in the one whose closed groups are empty."""

    full: Flask
    empty: Flask
    clients: dict[str, tuple[FlaskClient, FlaskClient]]
    callers: dict[str, tuple[FlaskClient, FlaskClient]]

    def differences(self, persona: str, paths: Iterable[str]) -> dict[str, str]:
        """Give what the two answer otherwise, or after more work, by address: the first line that differs."""
        found = {}
        for path in paths:
            full, empty = self.ask(persona, path)
            if full != empty:
                found[path] = first_difference(full, empty)
        return found

    def ask(self, persona: str, path: str) -> tuple[str, str]:
        """Give what each of the two answers."""
        full, empty = (self.callers if path.startswith("/api/") else self.clients)[persona]
        return told(full, path), told(empty, path)


def told(client: FlaskClient, path: str) -> str:
    """Give all that an answer tells, status and headers included, and how many statements a page took.

    Not of refusals: some load what the address names before they ask who may read it. Whoever asks knows
    an id of 65 random bits then, and is told nothing by the answer.
    """
    with client.application.app_context():
        engine = db.engine
    with count_statements(engine) as statements:
        answer = client.get(path)
    text = neutral(answer) if is_text(answer) else f"{answer.status}\n{_DRAWN_ANEW.sub('', words_of(answer))}"
    return f"{len(statements)} statements\n{text}" if answer.status_code < 300 else text


_DRAWN_ANEW = re.compile(
    r"(?m)^(?:Date|Set-Cookie|Content-Length|X-Request-Id|ETag): .*$|<dcterms:(?:created|modified).*?>[^<]*"
)
"""Of a file: its headers, and when the library that makes workbooks says that it was made."""


def is_text(answer: TestResponse) -> bool:
    """Say whether an answer is text rather than an office file."""
    return not answer.get_data()[:4].startswith((b"PK", b"%PDF"))


def first_difference(one: str, other: str) -> str:
    """Give the first lines that differ, shortened."""
    pairs = zip([*one.splitlines(), ""], [*other.splitlines(), ""], strict=False)
    return next((f"{a.strip()[:160]} | {b.strip()[:160]}" for a, b in pairs if a != b), "length")


def make_twin(attack: Attack, instance: Path) -> Twins:
    """Copy the world, empty its closed groups, index what is left, and sign everybody in to both."""
    session = attack.world.session
    session.commit()
    instance.mkdir(exist_ok=True)
    database = instance / "forum.db"
    copied(Path(attack.app.config["INSTANCE"]) / "forum.db", database)
    emptied(database, attack.rows)
    clock = attack.world.build.clock
    app = create_app(test_settings(instance), clock=clock)
    app.test_client_class = Client
    with app.app_context():
        search_engine(app).rebuild(())
        rebuild_index(db.session(), search_engine(app), clock)
        db.session.commit()
        db.session.remove()
    clients, callers = {}, {}
    for name in PERSONAS:
        clients[name] = attack.client_of(name), same_session(attack.client_of(name), app)
        caller = app.test_client()
        caller.environ_base |= attack.caller_of(name).environ_base
        callers[name] = attack.caller_of(name), caller
    return Twins(attack.app, app, clients, callers)


def same_session(client: FlaskClient, app: Flask) -> FlaskClient:
    """Give a client of the other application with the same cookie."""
    other = app.test_client()
    with client.session_transaction() as cookie:
        kept = dict(cookie)
    with other.session_transaction() as cookie:
        cookie.update(kept)
    return other


def copied(source: Path, target: Path) -> None:
    """Copy a SQLite database that is in use."""
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()


def emptied(database: Path, rows: Mapping[str, set[Any]]) -> None:
    """Take every row of the closed groups from a copy, and what refers to it without a foreign key."""
    engine = sa.create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name not in STAYS | canaries.OF_EVERYBODY | {"audit_entry"}:
                connection.execute(sa.delete(table).where(canaries.chosen(table, rows)))
        for table in Base.metadata.sorted_tables:
            if {"subject_kind", "subject_id"} <= set(table.columns.keys()):
                for kind, name in SUBJECTS.items():
                    gone = sa.and_(
                        sa.cast(table.c.subject_kind, sa.String) == kind,
                        table.c.subject_id.in_(rows.get(name, set())),
                    )
                    connection.execute(sa.delete(table).where(gone))
    engine.dispose()
