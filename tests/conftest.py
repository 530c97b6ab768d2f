"""Fixtures for all tests: an application on a fresh database each, a clock that stands still, builders."""

import os
import secrets
import shutil
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import alembic.command
import pytest
import sqlalchemy as sa
from alembic.config import Config
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from forum import MIGRATIONS, create_app
from forum.database import prepare_engine
from forum.domain.accounts import Account
from forum.domain.tables import metadata
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
def app(
    request: pytest.FixtureRequest, database: str, tmp_path: Path, clock: StoppedClock
) -> Iterator[Flask]:
    """An application of its own on a database of its own."""
    instance = tmp_path / "instance"
    settings = test_settings(instance)
    if database == "postgresql":
        settings |= {"DATABASE_URL": request.getfixturevalue("own_postgresql"), "SEARCH": "postgresql"}
    else:
        copy_instance(request.getfixturevalue("empty_database"), instance)
    app = create_app(settings, clock=clock)
    app.jinja_env.bytecode_cache = _TEMPLATES
    app.test_client_class = Client
    yield app
    if database == "postgresql":
        search_engine(app).close()
    with app.app_context():
        db.engine.dispose()


ON_BOTH = frozenset(
    f"tests.{name}"
    for name in (
        "blueprints.test_answering",
        "blueprints.test_drafts",
        "blueprints.test_moderation",
        "blueprints.test_posts",
        "blueprints.test_search_hostile",
        "delivery.test_alerts",
        "delivery.test_mail",
        "delivery.test_worker",
        "services.test_consultations",
        "services.test_erasing",
        "services.test_memberships",
        "services.test_register_entries",
        "services.test_signatures",
        "services.test_submissions",
        "services.test_transparency",
    )
)
"""The test modules that run on both databases, search index included: each noun that people write."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the modules of ON_BOTH on both databases, or all on the one that FORUM_TEST_DATABASE names."""
    if "database" not in metafunc.fixturenames:
        return
    chosen: list[Any] = ["sqlite"]
    if wanted := os.environ.get("FORUM_TEST_DATABASE"):
        chosen = [wanted]
    elif metafunc.module.__name__ in ON_BOTH:
        chosen = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
    if chosen != ["sqlite"]:
        metafunc.parametrize("database", chosen, indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """The database that the test's application stands on: sqlite, or postgresql where it is said."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a migrated, empty database with an empty search index: what tests copy."""
    name = "migrated"
    admin = sa.create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.dispose()
    url = sa.make_url(postgresql_url).set(database=name).render_as_string(hide_password=False)
    settings = test_settings(tmp_path_factory.mktemp("migrated")) | {"DATABASE_URL": url}
    app = create_app(settings | {"SEARCH": "postgresql"})
    migrate(app)
    search_engine(app).rebuild(())
    search_engine(app).close()
    return name


@pytest.fixture
def own_postgresql(postgresql_url: str, migrated_postgresql: str) -> Iterator[str]:
    """The address of a migrated, empty database of the test's own on the server."""
    name = f"own_{secrets.token_hex(4)}"
    admin = sa.create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {migrated_postgresql}")
    yield sa.make_url(postgresql_url).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


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


Sessions = sessionmaker[Session]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def real_sessions(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sessions]:
    """Sessions on empty tables, of a file and of a server."""
    schema = "services_part"
    if request.param == "sqlite":
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'forum.db'}")
    else:
        url = request.getfixturevalue("postgresql_url")
        engine = sa.create_engine(url, connect_args={"options": f"-csearch_path={schema}"})
        with engine.begin() as connection:
            connection.execute(sa.text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
            connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    prepare_engine(engine, synchronous="OFF")
    metadata.create_all(engine)
    yield sessionmaker(engine, expire_on_commit=False)
    if request.param == "postgresql":
        with engine.begin() as connection:
            connection.execute(sa.text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()
