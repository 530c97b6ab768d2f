"""`forum backup` and `forum restore`: lines, exit codes, both databases."""

import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from forum import MIGRATIONS, create_app
from forum.cli import cli
from forum.extensions import db
from tests.archives import flip, forged, packed, place_of, unpacked
from tests.conftest import StoppedClock, migrate, test_settings

LATER = """
from alembic import op
import sqlalchemy as sa
revision = "0002"
down_revision = "0001"


def upgrade():
    {what}


def downgrade():
    op.drop_table("later")
"""


def newer_code(
    app: Flask, tmp_path: Path, what: str = 'op.create_table("later", sa.Column("id", sa.Integer))'
) -> None:
    """Let the application be of a version that has one more migration."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    (folder / "versions" / "0002_later.py").write_text(LATER.format(what=what))
    app.extensions["migrate"].directory = str(folder)


@pytest.fixture
def target(tmp_path: Path, clock: StoppedClock) -> Flask:
    """An application on an empty instance."""
    return create_app(test_settings(tmp_path / "target"), clock=clock)


@pytest.fixture
def archive(app: Flask, tmp_path: Path) -> Path:
    """A backup with an attachment."""
    folder = Path(app.config["INSTANCE"]) / "attachments"
    folder.mkdir()
    (folder / "one").write_bytes(b"%PDF-1.7 one")
    path = tmp_path / "b.zip"
    made = app.test_cli_runner().invoke(cli, ["backup", str(path)])
    assert made.exit_code == 0, made.stderr
    return path


def test_a_backup_says_what_is_in_it_and_what_is_not(app: Flask, tmp_path: Path) -> None:
    """Three lines: contents, checksum, keys."""
    path = tmp_path / "b.zip"
    made = app.test_cli_runner().invoke(cli, ["backup", str(path)])
    assert (made.exit_code, made.stderr) == (0, "")
    contents, checksum, keys = made.stdout.splitlines()
    assert contents.startswith(f"{path}: ")
    assert contents.endswith("0 attachments; read back and verified")
    assert len(checksum.removeprefix("SHA-256: ")) == 64
    assert keys == "Not in it, keep them apart: SECRET_KEY and SEALING_KEY"
    text = b"".join(unpacked(path).values())
    for name in ("SECRET_KEY", "SEALING_KEY"):
        assert str(app.config[name]).encode() not in text


def test_a_restored_forum_runs(archive: Path, target: Flask) -> None:
    """It says where the index comes from, and which keys it needs; the pages answer."""
    done = target.test_cli_runner().invoke(cli, ["restore", str(archive)])
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Restored the backup of 2026-03-02 09:00 UTC, version ")
    assert lines[1] == "Build the search index anew: forum search rebuild"
    assert lines[2] == "Needed, and not in the backup: its SECRET_KEY and SEALING_KEY"
    assert target.test_client().get("/healthz").status_code == 200
    with target.app_context():
        assert db.session.scalar(sa.text("SELECT version_num FROM alembic_version")) == "0001"
        db.session.remove()
        db.engine.dispose()


def test_every_fault_of_an_archive_has_its_line(archive: Path, target: Flask, tmp_path: Path) -> None:
    """Exit code 1."""
    members = unpacked(archive)
    members["attachments/one"] += b"!"
    bad = packed(tmp_path / "bad.zip", members | {"more": b""})
    done = target.test_cli_runner().invoke(cli, ["restore", str(bad)])
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        "forum: bad.zip: 'more': is not in the manifest",
        "forum: bad.zip: 'attachments/one': has 13 bytes instead of 12",
        "forum: bad.zip is damaged.",
    ]


def test_what_is_no_archive_is_damaged(target: Flask, tmp_path: Path) -> None:
    """Any other file."""
    (tmp_path / "bad.zip").write_text("nothing")
    done = target.test_cli_runner().invoke(cli, ["restore", str(tmp_path / "bad.zip")])
    assert done.exit_code == 1
    assert "is not a whole ZIP archive" in done.stderr


def test_an_instance_in_use_needs_force(app: Flask, archive: Path) -> None:
    """What was there is kept aside, and named."""
    runner = app.test_cli_runner()
    refused = runner.invoke(cli, ["restore", str(archive)])
    assert refused.exit_code == 1
    assert refused.stderr == (
        "forum: The instance is not empty: --force replaces it, and keeps what was there aside.\n"
    )
    done = runner.invoke(cli, ["restore", "--force", str(archive)])
    assert done.exit_code == 0, done.stderr
    kept = [line for line in done.stdout.splitlines() if line.startswith("Kept what was there: ")]
    assert [line.rsplit("/")[-1] for line in kept] == [
        "forum.db.before-restore",
        "attachments.before-restore",
        "index.before-restore",
    ]


@pytest.mark.parametrize("arguments", [["backup"], ["restore"], ["restore", "/no/such.zip"], ["backup", "/"]])
def test_wrong_usage_is_exit_code_2(app: Flask, arguments: list[str]) -> None:
    """No file, a file that is not there, a folder."""
    assert app.test_cli_runner().invoke(cli, arguments).exit_code == 2


def test_a_folder_that_cannot_be_written_is_one_line(app: Flask) -> None:
    """Exit code 1."""
    made = app.test_cli_runner().invoke(cli, ["backup", "/no/such/folder/b.zip"])
    assert made.exit_code == 1
    assert made.stderr == "forum: /no/such/folder cannot be written: No such file or directory.\n"


def test_nothing_is_backed_up_before_there_is_something(target: Flask, tmp_path: Path) -> None:
    """An instance without a database."""
    made = target.test_cli_runner().invoke(cli, ["backup", str(tmp_path / "b.zip")])
    assert (made.exit_code, made.stderr) == (
        1,
        "forum: The database is empty: there is nothing to back up.\n",
    )


def test_a_backup_of_older_code_is_migrated(archive: Path, target: Flask, tmp_path: Path) -> None:
    """Before it takes its place."""
    newer_code(target, tmp_path)
    done = target.test_cli_runner().invoke(cli, ["restore", str(archive)])
    assert done.exit_code == 0, done.stderr
    assert "Migrated from schema 0001 to 0002" in done.stdout
    with target.app_context():
        assert sa.inspect(db.engine).has_table("later")
        db.engine.dispose()


def test_a_backup_of_newer_code_is_refused(app: Flask, archive: Path, target: Flask, tmp_path: Path) -> None:
    """With the version that can read it."""
    newer_code(app, tmp_path)
    runner = app.test_cli_runner()
    assert runner.invoke(cli, ["upgrade"]).exit_code == 0
    assert runner.invoke(cli, ["backup", str(tmp_path / "newer.zip")]).exit_code == 0
    done = target.test_cli_runner().invoke(cli, ["restore", str(tmp_path / "newer.zip")])
    assert done.exit_code == 1
    assert done.stderr.startswith("forum: The backup is newer than this code (schema 0002, version ")


@pytest.fixture
def servers(postgresql_url: str, tmp_path: Path, clock: StoppedClock) -> Iterator[tuple[Flask, Flask]]:
    """Two applications on PostgreSQL, the first migrated, each with a database of its own."""
    admin = sa.create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    apps = []
    for name in ("one", "two"):
        database = f"{name}_{secrets.token_hex(4)}"
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {database}")
        url = sa.make_url(postgresql_url).set(database=database).render_as_string(hide_password=False)
        apps.append(create_app(test_settings(tmp_path / name) | {"DATABASE_URL": url}, clock=clock))
    migrate(apps[0])
    yield apps[0], apps[1]
    for app in apps:
        with app.app_context():
            db.engine.dispose()
    admin.dispose()


def fill(app: Flask) -> None:
    """Put something into the database and the attachments."""
    runner = app.test_cli_runner()
    arguments = ["organisation", "create", "sample-body", "--name", "Sample Body €", "--type", "ngo"]
    made = runner.invoke(cli, arguments)
    assert made.exit_code == 0, made.stderr
    folder = Path(app.config["INSTANCE"]) / "attachments"
    folder.mkdir()
    (folder / "one").write_bytes(os.urandom(100))


def rows_of(app: Flask) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with app.app_context():
        found: dict[str, list[tuple[object, ...]]] = {}
        with db.engine.connect() as connection:
            for name in sa.inspect(connection).get_table_names():
                rows = connection.exec_driver_sql(f'SELECT * FROM "{name}"')
                found[name] = sorted((tuple(row) for row in rows), key=repr)
        db.engine.dispose()
    return found


@pytest.mark.postgresql
def test_a_round_trip_on_postgresql_loses_nothing(servers: tuple[Flask, Flask], tmp_path: Path) -> None:
    """Every row and attachment; the sequences go on where they were."""
    one, two = servers
    fill(one)
    made = one.test_cli_runner().invoke(cli, ["backup", str(tmp_path / "b.zip")])
    assert made.exit_code == 0, made.stderr
    done = two.test_cli_runner().invoke(cli, ["restore", str(tmp_path / "b.zip")])
    assert done.exit_code == 0, done.stderr
    assert rows_of(two) == rows_of(one)
    places = [Path(app.config["INSTANCE"]) / "attachments" / "one" for app in servers]
    assert places[0].read_bytes() == places[1].read_bytes()
    arguments = ["organisation", "create", "next", "--name", "Next", "--type", "ngo"]
    assert two.test_cli_runner().invoke(cli, arguments).exit_code == 0


@pytest.mark.postgresql
def test_on_postgresql_what_was_there_is_kept_as_a_dump(servers: tuple[Flask, Flask], tmp_path: Path) -> None:
    """Only with force; an archive that does not fit brings back what was there."""
    one, two = servers
    path = tmp_path / "b.zip"
    assert one.test_cli_runner().invoke(cli, ["backup", str(path)]).exit_code == 0
    migrate(two)
    fill(two)
    before = rows_of(two)
    runner = two.test_cli_runner()
    assert runner.invoke(cli, ["restore", str(path)]).exit_code == 1
    members = unpacked(path)
    dump = members["database/forum.dump"]
    cut = forged(tmp_path / "cut.zip", members | {"database/forum.dump": dump[: len(dump) // 2]})
    refused = runner.invoke(cli, ["restore", "--force", str(cut)])
    assert refused.exit_code == 1
    assert "cut.zip: database: pg_restore" in refused.stderr
    assert rows_of(two) == before
    lying = forged(
        tmp_path / "lying.zip", members, database={"engine": "postgresql", "schema": "0001", "rows": {}}
    )
    refused = runner.invoke(cli, ["restore", "--force", str(lying)])
    assert refused.exit_code == 1
    assert "The restored database differs" in refused.stderr
    assert rows_of(two) == before
    done = runner.invoke(cli, ["restore", "--force", str(path)])
    assert done.exit_code == 0, done.stderr
    assert rows_of(two) == rows_of(one)
    kept = Path(two.config["INSTANCE"]) / "database.dump.before-restore"
    assert kept.read_bytes()[:5] == b"PGDMP"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


@pytest.mark.postgresql
def test_on_postgresql_nothing_is_replaced_under_a_running_forum(
    servers: tuple[Flask, Flask], tmp_path: Path
) -> None:
    """One other connection is enough."""
    one, _ = servers
    path = tmp_path / "b.zip"
    runner = one.test_cli_runner()
    assert runner.invoke(cli, ["backup", str(path)]).exit_code == 0
    other = sa.create_engine(one.config["DATABASE_URL"])
    with other.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
        refused = runner.invoke(cli, ["restore", "--force", str(path)])
    other.dispose()
    assert refused.exit_code == 1
    assert "stop `forum serve`" in refused.stderr


@pytest.mark.postgresql
def test_a_flipped_byte_in_a_dump_is_found(servers: tuple[Flask, Flask], tmp_path: Path) -> None:
    """By its checksum, before PostgreSQL reads it."""
    one, two = servers
    path = tmp_path / "b.zip"
    assert one.test_cli_runner().invoke(cli, ["backup", str(path)]).exit_code == 0
    bad = flip(path, tmp_path / "bad.zip", place_of(path, "database/forum.dump"))
    assert two.test_cli_runner().invoke(cli, ["restore", str(bad)]).exit_code == 1
    assert rows_of(two) == {}
