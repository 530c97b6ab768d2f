"""The world under attack, built once a test process."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum import create_app
from forum.delivery.indexing import rebuild_index
from forum.extensions import db, search_engine
from forum.services.login_sessions import start_session
from tests.attacks import canaries
from tests.attacks.addresses import Values
from tests.attacks.rows import add_missing
from tests.attacks.world import World, build_open, write_closed
from tests.builders import Builder
from tests.conftest import Client, StoppedClock, copy_instance, test_settings
from tests.support import deliver


@dataclass
class Attack:
    """The world, its canaries, and clients that are signed in as each persona."""

    world: World
    rows: dict[str, set[int]]
    count: int
    """How many canaries there are."""
    missing: list[str]
    mails: list[EmailMessage]
    client_of: Callable[[str], FlaskClient]
    caller_of: Callable[[str], FlaskClient]

    @property
    def app(self) -> Flask:
        """The application."""
        return self.world.app

    def values(self, most: int = 2) -> Values:
        """What the variables of addresses may stand for: at most so many rows of one group and status."""
        return Values(self.world.session, self.rows, most=most)


@pytest.fixture(scope="module")
def attack(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attack]:
    """The closed groups full of canaries, indexed, with all mail sent."""
    instance = tmp_path_factory.mktemp("attack")
    copy_instance(empty_database, instance)
    clock = StoppedClock()
    app = create_app(test_settings(instance) | {"MAIL_BATCH": 1000}, clock=clock)
    app.test_client_class = Client
    with app.app_context():
        yield _attack(app, clock)
        db.session.remove()
        db.engine.dispose()


def _attack(app: Flask, clock: StoppedClock) -> Attack:
    session = db.session()
    world = build_open(app, Builder(session, clock))
    clients: dict[str, FlaskClient] = {}
    callers: dict[str, FlaskClient] = {}
    for name, account in world.outside.items():
        clients[name] = app.test_client()
        if account is not None:
            with clients[name].session_transaction() as cookie:
                cookie["_user_id"] = start_session(
                    session, account, now=clock(), hours=12, has_second_factor=True
                )
                cookie["_fresh"] = True
        callers[name] = app.test_client()
        if name in world.tokens:
            callers[name].environ_base["HTTP_AUTHORIZATION"] = f"Bearer {world.tokens[name]}"
    session.commit()
    write_closed(world)
    groups = [group.id for group in world.groups]
    rows = canaries.rows_of(session, groups, [world.insiders.people["member"].id])
    member = world.insiders.people["member"].id
    add_missing(session, canaries.tables_without(session, rows), groups[0], member, clock())
    rows = canaries.rows_of(session, groups, [member])
    missing = canaries.tables_without(session, rows)
    listed = world.groups[1:]
    rows["working_group"] -= {group.id for group in listed}
    count = canaries.fill(session, rows)
    rows["working_group"] |= set(groups)
    rebuild_index(session, search_engine(app), clock)
    session.commit()
    clock.advance(minutes=10)
    mails = deliver(app, clock)
    session.expire_all()
    return Attack(world, rows, count, missing, mails, clients.__getitem__, callers.__getitem__)
