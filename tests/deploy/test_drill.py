"""The drill, on both databases with the demonstration: back up while people write, restore, upgrade, go back.

What is killed in the midst of a restore or an upgrade is done again by the same command.
"""

import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import alembic.command
import pytest
import sqlalchemy as sa
from alembic.config import Config
from flask import Flask

from forum import MIGRATIONS, create_app
from forum.cli import cli
from forum.database import prepare_engine
from forum.domain.backups import KEYS_APART
from forum.domain.tables import metadata
from forum.extensions import db, search_engine
from tests.archives import manifest_of, unpacked
from tests.conftest import test_settings

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent.parent

NEXT = """
import os, signal
import sqlalchemy as sa
from alembic import op
revision = "0002"
down_revision = "0001"

def upgrade():
    op.create_table("later", sa.Column("id", sa.Integer, primary_key=True))
    with op.batch_alter_table("account") as account:
        account.add_column(sa.Column("later", sa.Integer, nullable=False, server_default="7"))
    if os.environ.get("DIE"):
        os.kill(os.getpid(), signal.SIGKILL)

def downgrade():
    with op.batch_alter_table("account") as account:
        account.drop_column("later")
    op.drop_table("later")
"""
"""A version to come: it rebuilds a table that others point at, where rows get lost if any do."""

COMMAND = """
import sys
from forum import create_app
from forum.cli import cli
app = create_app()
app.extensions["migrate"].directory = sys.argv[1]
done = app.test_cli_runner().invoke(cli, sys.argv[2:])
sys.stderr.write(f"{done.output} {done.exception!r}")
sys.exit(done.exit_code)
"""


PAIR = ("account.about", "working_group.short_title")
"""What the writer changes together."""


@dataclass(frozen=True)
class Place:
    """An instance and its database."""

    instance: Path
    url: str

    @property
    def settings(self) -> dict[str, object]:
        """Its settings."""
        more = {"DATABASE_URL": self.url, "SEARCH": "postgresql"} if self.url else {}
        return test_settings(self.instance) | more

    @contextmanager
    def app(self) -> Iterator[Flask]:
        """The application on it, all connections given back afterwards."""
        app = create_app(self.settings)
        yield app
        with app.app_context():
            search_engine().close()
            db.session.remove()
            db.engine.dispose()

    def run(self, *arguments: str) -> str:
        """Run a command that must succeed; gives what it said."""
        with self.app() as app:
            done = app.test_cli_runner().invoke(cli, arguments)
        assert done.exit_code == 0, done.output
        return done.output

    def run_of_next_version(self, folder: Path, *arguments: str, dies: bool = False) -> int:
        """Run a command as the version with one more migration, in a process that may die; gives its code."""
        environ = os.environ | {"FORUM_ENV": "testing", "FORUM_INSTANCE": str(self.instance)}
        environ |= {"FORUM_DATABASE_URL": self.url, "DIE": "1" if dies else ""}
        command = [sys.executable, "-c", COMMAND, str(folder), *arguments]
        return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True).returncode

    def engine(self) -> sa.Engine:
        """Its database."""
        return sa.create_engine(self.url or f"sqlite:///{self.instance / 'forum.db'}")

    def hashes(self) -> dict[str, str]:
        """A hash of each table: its columns of today, its rows in any order."""
        engine = self.engine()
        found = {}
        with engine.connect() as connection:
            for table in metadata.sorted_tables:
                names = ", ".join(f'"{column.name}"' for column in table.columns)
                rows = connection.exec_driver_sql(f'SELECT {names} FROM "{table.name}"')
                text = "\n".join(sorted(repr(tuple(row)) for row in rows))
                found[table.name] = hashlib.sha256(text.encode()).hexdigest()
        engine.dispose()
        return found


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def server(request: pytest.FixtureRequest) -> str:
    """The address of a PostgreSQL server; empty for SQLite."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql_url"))


def place(server: str, folder: Path) -> Place:
    """An empty instance."""
    if not server:
        return Place(folder, "")
    name = f"drill_{secrets.token_hex(4)}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.dispose()
    return Place(folder, sa.make_url(server).set(database=name).render_as_string(hide_password=False))


@pytest.fixture(scope="module")
def seeded(server: str, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The demonstration, with attachments."""
    made = place(server, tmp_path_factory.mktemp("seeded"))
    made.run("demo", "--no-serve")
    attachments = made.instance / "attachments"
    attachments.mkdir(exist_ok=True)
    for _ in range(3):
        (attachments / secrets.token_hex(16)).write_bytes(os.urandom(10_000))
    return made


@pytest.fixture(scope="module")
def archive(seeded: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it."""
    path = tmp_path_factory.mktemp("archive") / "backup.zip"
    seeded.run("backup", str(path))
    return path


@pytest.fixture
def target(server: str, tmp_path: Path) -> Place:
    """An empty instance."""
    return place(server, tmp_path / "target")


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The migrations of a version to come."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    (folder / "versions" / "0002_later.py").write_text(NEXT)
    return folder


def files_of(where: Place) -> dict[str, bytes]:
    """The attachments."""
    return {path.name: path.read_bytes() for path in (where.instance / "attachments").iterdir()}


def test_a_restored_forum_is_the_one_that_was_backed_up(seeded: Place, archive: Path, target: Place) -> None:
    """Every table and attachment by its hash; the record's head, and what `forum doctor` looks at."""
    manifest = manifest_of(unpacked(archive))
    assert manifest["keys_not_included"] == list(KEYS_APART)
    target.run("restore", str(archive))
    assert target.hashes() == seeded.hashes()
    assert files_of(target) == files_of(seeded)
    target.run("audit", "verify", "--head", seeded.run("audit", "head").strip())
    target.run("search", "rebuild")
    target.run("search", "check")
    with target.app() as app:
        findings = json.loads(app.test_cli_runner().invoke(cli, ["doctor", "--json"]).stdout)["findings"]
    is_well = {finding["name"]: finding["ok"] for finding in findings}
    assert [name for name in ("database", "record", "search") if not is_well[name]] == []


def test_a_backup_is_of_one_moment_while_people_write(seeded: Place, target: Place, tmp_path: Path) -> None:
    """What one transaction changed together is in it together, whatever came before and after."""
    before = seeded.hashes()
    stop, counts = threading.Event(), [0]
    engine = seeded.engine()
    prepare_engine(engine)

    def write() -> None:
        while not stop.is_set():
            with engine.begin() as connection:
                for column in PAIR:
                    table, _, name = column.partition(".")
                    connection.exec_driver_sql(f"UPDATE {table} SET {name} = 'round {counts[0] + 1}'")
            counts[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        wait_past(writer, counts, 0)
        begun = counts[0]
        seeded.run("backup", str(tmp_path / "b.zip"))
        wait_past(writer, counts, counts[0])
    finally:
        stop.set()
        writer.join()
        engine.dispose()
    target.run("restore", str(tmp_path / "b.zip"))
    copied = target.engine()
    with copied.connect() as connection:
        rounds = set(
            connection.exec_driver_sql(
                "SELECT about FROM account UNION SELECT short_title FROM working_group"
            ).scalars()
        )
    copied.dispose()
    assert len(rounds) == 1
    assert begun <= int(rounds.pop().split()[1]) <= counts[0]
    touched = {column.split(".")[0] for column in PAIR}
    assert {k: v for k, v in target.hashes().items() if k not in touched} == {
        k: v for k, v in before.items() if k not in touched
    }


def wait_past(writer: threading.Thread, counts: list[int], number: int) -> None:
    """Wait until more than so many rounds were written."""
    while counts[0] <= number:
        assert writer.is_alive()
        writer.join(0.01)


def test_up_down_and_up_again_changes_no_row(archive: Path, target: Place, newer: Path) -> None:
    """A table that others point at is rebuilt twice; every row of every table is what it was."""
    target.run("restore", str(archive))
    before = target.hashes()
    for direction, revision in (("upgrade", "head"), ("downgrade", "0001"), ("upgrade", "head")):
        migrate(target, newer, direction, revision)
        assert target.hashes() == before
    engine = target.engine()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT DISTINCT later FROM account").scalars().all() == [7]
    engine.dispose()


def test_all_the_way_down_and_up_the_tables_hold_the_same_rows(archive: Path, target: Place) -> None:
    """Down to nothing and up again gives tables that take every row as it was."""
    target.run("restore", str(archive))
    before = target.hashes()
    engine = target.engine()
    with engine.connect() as connection:
        rows = {
            table: connection.execute(sa.select(table)).mappings().all() for table in metadata.sorted_tables
        }
    migrate(target, MIGRATIONS, "downgrade", "base")
    assert set(sa.inspect(engine).get_table_names()) <= {"alembic_version"}
    migrate(target, MIGRATIONS, "upgrade", "head")
    with engine.begin() as connection:
        if target.url:
            connection.exec_driver_sql("SET session_replication_role = replica")
        for table, kept in rows.items():
            if kept:
                connection.execute(sa.insert(table), [dict(row) for row in kept])
    engine.dispose()
    assert target.hashes() == before


def migrate(where: Place, folder: Path, direction: str, revision: str) -> None:
    """Take a database up or down."""
    settings = Config()
    settings.set_main_option("script_location", str(folder))
    engine = where.engine()
    with engine.connect() as connection:
        settings.attributes["connection"] = connection
        getattr(alembic.command, direction)(settings, revision)
        connection.commit()
    engine.dispose()


def test_an_upgrade_that_is_killed_is_done_again(archive: Path, target: Place, newer: Path) -> None:
    """Nothing has changed; the same command upgrades."""
    target.run("restore", str(archive))
    before = target.hashes()
    assert target.run_of_next_version(newer, "upgrade", dies=True) == -signal.SIGKILL
    assert target.hashes() == before
    assert "Nothing to do" in target.run("upgrade")
    assert target.run_of_next_version(newer, "upgrade") == 0
    assert target.hashes() == before


def test_a_restore_that_is_killed_is_done_again(archive: Path, target: Place, newer: Path) -> None:
    """With --force, since there may be something by now; what was there first is kept beside it."""
    assert target.run_of_next_version(newer, "restore", str(archive), dies=True) == -signal.SIGKILL
    assert target.run_of_next_version(newer, "restore", "--force", str(archive)) == 0
    again = target.hashes()
    assert target.run_of_next_version(newer, "restore", "--force", str(archive), dies=True) == -signal.SIGKILL
    assert target.run_of_next_version(newer, "restore", "--force", str(archive)) == 0
    assert target.hashes() == again
    members = unpacked(archive)
    wanted = {
        name.removeprefix("attachments/"): member for name, member in members.items() if "attach" in name
    }
    assert files_of(target) == wanted
