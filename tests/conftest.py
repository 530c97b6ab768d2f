"""Fixtures for all tests: an application on a fresh database each, a clock that stands still, builders."""

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import alembic.command
import pytest
from alembic.config import Config
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from forum import MIGRATIONS, create_app
from forum.domain.accounts import Account
from forum.extensions import db, search_engine
from forum.services.login_sessions import start_session
from tests.builders import Builder
from tests.servers import postgresql

# No timed assertion in tests: a slow machine is no fault.
settings.register_profile("forum", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("forum")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where nothing may be skipped (FORUM_TEST_NO_SKIP=1), a skipped test has failed."""
    report = yield
    if report.skipped and os.environ.get("FORUM_TEST_NO_SKIP") == "1":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and FORUM_TEST_NO_SKIP=1 forbids that"
    return report


class CompiledTemplates(BytecodeCache):
    """Compiled templates by the checksum of their source: each test has an application of its own."""

    def __init__(self) -> None:
        self.compiled: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        known = self.compiled.get((bucket.key, bucket.checksum))
        if known is not None:
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.compiled[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


_TEMPLATES = CompiledTemplates()


class StoppedClock:
    """A clock that moves only when a test says so."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **span: float) -> datetime:
        """Move on by timedelta(**span) and give the new time."""
        self.time += timedelta(**span)
        return self.time


def migrate(app: Flask) -> None:
    """Bring an application's database to the newest schema."""
    alembic_settings = Config()
    alembic_settings.set_main_option("script_location", str(MIGRATIONS))
    with app.app_context():
        with db.engine.connect() as connection:
            alembic_settings.attributes["connection"] = connection
            alembic.command.upgrade(alembic_settings, "head")
            connection.commit()
        db.engine.dispose()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database, made once a test process and copied by every test.

    The search index beside it, `index`, is as empty.
    """
    instance = tmp_path_factory.mktemp("empty")
    app = create_app({"ENV": "testing", "INSTANCE": str(instance)})
    migrate(app)
    search_engine(app).rebuild(())
    return instance / "forum.db"


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


class Client(FlaskClient):
    """A test client whose every request has a context of its own, as in the server.

    Flask would reuse the open one of the `session` fixture: its `g` (who asks, the nonce) and its
    database session would leak from one request into the next.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        with self.application.app_context():
            return super().open(*args, **kwargs)


@pytest.fixture
def app(empty_database: Path, tmp_path: Path, clock: StoppedClock) -> Iterator[Flask]:
    """An application of its own on a database of its own."""
    instance = tmp_path / "instance"
    copy_instance(empty_database, instance)
    app = create_app(test_settings(instance), clock=clock)
    app.jinja_env.bytecode_cache = _TEMPLATES
    app.test_client_class = Client
    yield app
    with app.app_context():
        db.engine.dispose()


def copy_instance(empty_database: Path, instance: Path) -> None:
    """Make an instance folder of the empty database and the empty index beside it."""
    instance.mkdir(exist_ok=True)
    shutil.copy(empty_database, instance / "forum.db")
    shutil.copytree(empty_database.parent / "index", instance / "index")


def test_settings(instance: Path) -> dict[str, object]:
    """The configuration of the tests: config/testing.py for an instance folder."""
    from config import testing

    overrides = {name: value for name, value in vars(testing).items() if name.isupper()}
    return overrides | {"ENV": "testing", "INSTANCE": str(instance)}


test_settings.__test__ = False  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The address of an empty database on a PostgreSQL server of this test process."""
    with postgresql() as url:
        yield url


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """The database session of an open application context."""
    with app.app_context():
        yield db.session()


@pytest.fixture
def build(session: Session, clock: StoppedClock) -> Builder:
    """Build people, bodies, groups and contributions; every call commits."""
    return Builder(session, clock)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """An anonymous visitor."""
    return app.test_client()


@pytest.fixture
def client_of(app: Flask, session: Session, clock: StoppedClock) -> Callable[[Account | None], FlaskClient]:
    """Give a client that is signed in as somebody (or a visitor for None), with a second factor shown."""

    def sign_in(account: Account | None) -> FlaskClient:
        client = app.test_client()
        if account is not None:
            token = start_session(session, account, now=clock(), hours=12, has_second_factor=True)
            session.commit()
            with client.session_transaction() as cookie:
                cookie["_user_id"] = token
                cookie["_fresh"] = True
        return client

    return sign_in
