"""`forum search`, doctor and backups where the index is in the PostgreSQL database."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from sqlalchemy.orm import Session

from config import ConfigurationError
from forum import create_app
from forum.cli import cli
from forum.domain.labels import Ceiling
from forum.extensions import db, search_engine
from forum.search.protocol import Add, SearchEngine
from forum.services.indexing import all_documents
from tests.builders import Builder
from tests.conftest import StoppedClock, migrate, test_settings

pytestmark = pytest.mark.postgresql


@pytest.fixture
def url(postgresql_url: str) -> Iterator[str]:
    """An empty database."""
    admin = sa.create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    name = f"search_{secrets.token_hex(4)}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield sa.make_url(postgresql_url).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@pytest.fixture
def app(url: str, tmp_path: Path, clock: StoppedClock) -> Iterator[Flask]:
    """An application whose index is in its database."""
    settings = test_settings(tmp_path / "instance") | {"DATABASE_URL": url, "SEARCH": "postgresql"}
    app = create_app(settings, clock=clock)
    migrate(app)
    yield app
    search_engine(app).close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def engine(app: Flask) -> SearchEngine:
    found: SearchEngine = search_engine(app)
    return found


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(cli, arguments)


def found(app: Flask, text: str) -> int:
    result = run(app, "search", "query", text, "--json")
    assert result.exit_code == 0, result.output
    return int(json.loads(result.stdout)["total"])


@pytest.fixture
def world(build: Builder) -> None:
    """A discussion that everyone reads, and one that few do."""
    public, closed = build.group(Ceiling.PUBLIC), build.group(Ceiling.MEMBERS)
    member = build.member(closed, build.member(public))
    build.thread(public, member, title="Lanterns in the harbour", text="They burn all night.")
    build.thread(closed, member, title="Lanterns behind the wall", text="Nobody sees them.")


@pytest.mark.usefixtures("world")
def test_what_is_posted_is_found_after_drain(app: Flask) -> None:
    """The first drain builds the index; a person's own clearances count."""
    assert found(app, "lanterns") == 0
    assert run(app, "search", "drain").exit_code == 0
    assert found(app, "lanterns") == 1
    assert run(app, "search", "rebuild").stdout == "2 documents indexed.\n"
    assert found(app, "lanterns") == 1
    assert run(app, "search", "drain").stdout == "0 entries indexed.\n"


@pytest.mark.usefixtures("world")
def test_check_finds_and_mends_what_differs(app: Flask, session: Session, engine: SearchEngine) -> None:
    """A text changed behind the back, one missing and one that should not be there."""
    run(app, "search", "rebuild")
    assert run(app, "search", "check").exit_code == 0
    first, second = all_documents(session)
    session.rollback()
    engine.apply([Add(type(first)(**{**_values(first), "audience": "community"}))])
    engine.apply([Add(type(second)(**{**_values(second), "version": "old"}))])
    engine.apply([Add(type(first)(**{**_values(first), "id": "post:stray"}))])
    result = run(app, "search", "check", "--json")
    counts = json.loads(result.stdout)
    assert (result.exit_code, counts["misplaced"], counts["changed"], counts["stray"]) == (1, 1, 1, 1)
    assert run(app, "search", "check", "--repair").exit_code == 0
    assert run(app, "search", "check").stdout == "The index holds all 2 documents as they are.\n"


def _values(document: object) -> dict[str, object]:
    return {name: getattr(document, name) for name in document.__dataclass_fields__}  # type: ignore[attr-defined]


def search_finding(app: Flask) -> dict[str, object]:
    findings = json.loads(run(app, "doctor", "--json").stdout)["findings"]
    (one,) = [finding for finding in findings if finding["name"] == "search"]
    return dict(one)


def test_doctor_says_how_the_index_is(app: Flask) -> None:
    """Missing, then there."""
    assert search_finding(app)["ok"] is False
    run(app, "search", "rebuild")
    assert search_finding(app)["ok"] is True


def test_doctor_names_an_unreachable_index_in_a_line(app: Flask, tmp_path: Path, clock: StoppedClock) -> None:
    """No stack trace where the database is away."""
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
    away = create_app(
        test_settings(tmp_path / "away") | {"DATABASE_URL": nowhere, "SEARCH": "postgresql"}, clock=clock
    )
    finding = search_finding(away)
    assert finding["ok"] is False
    assert "\n" not in str(finding["detail"])


@pytest.mark.usefixtures("world")
def test_a_backup_leaves_the_index_out_and_a_restore_clears_it(app: Flask, tmp_path: Path) -> None:
    """What is restored is indexed anew: an index of other content would be worse than none."""
    archive = tmp_path / "b.zip"
    run(app, "search", "rebuild")
    search_engine(app).close()
    made = run(app, "backup", str(archive))
    assert made.exit_code == 0, made.stderr
    with app.app_context():
        db.session.remove()
    done = run(app, "restore", "--force", str(archive))
    assert done.exit_code == 0, done.stderr
    assert search_engine(app).state().status == "missing"
    run(app, "search", "rebuild")
    assert found(app, "lanterns") == 1


def test_an_index_in_the_database_needs_a_postgresql_database(tmp_path: Path) -> None:
    """The setting alone is refused with what to set instead."""
    with pytest.raises(ConfigurationError, match="FORUM_DATABASE_URL"):
        create_app(test_settings(tmp_path) | {"SEARCH": "postgresql"})
    with pytest.raises(ConfigurationError, match="use whoosh or postgresql"):
        create_app(test_settings(tmp_path) | {"SEARCH": "other"})
