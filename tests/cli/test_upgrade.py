"""`forum upgrade`: a backup, the newest schema, a check, and the way back."""

from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from forum import create_app
from forum.cli import cli
from forum.extensions import db
from tests.archives import unpacked
from tests.cli.test_backup import newer_code
from tests.conftest import StoppedClock, test_settings


def tables_of(app: Flask) -> set[str]:
    with app.app_context():
        names = set(sa.inspect(db.engine).get_table_names())
        db.engine.dispose()
    return names


def test_there_is_nothing_to_do(app: Flask) -> None:
    """It says so, and writes nothing."""
    done = app.test_cli_runner().invoke(cli, ["upgrade"])
    assert (done.exit_code, done.stdout) == (0, "Nothing to do: schema 0001 is what this code needs.\n")
    assert not (Path(app.config["INSTANCE"]) / "backups").exists()


def test_it_backs_up_migrates_checks_and_says_how_to_go_back(app: Flask, tmp_path: Path) -> None:
    """What it says brings the old schema back, with the old code."""
    old = app.extensions["migrate"].directory
    newer_code(app, tmp_path)
    runner = app.test_cli_runner()
    done = runner.invoke(cli, ["upgrade"])
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    path = Path(app.config["INSTANCE"]).resolve() / "backups" / "before-upgrade-20260302-090000.zip"
    assert lines[-1] == f"To go back: start the code of before and run `forum restore --force {path}`"
    assert "Database: 0002 (from 0001)" in lines
    assert "ok    database: schema 0002" in lines
    assert "later" in tables_of(app)
    assert "database/forum.sqlite3" in unpacked(path)
    assert "Nothing to do: schema 0002" in runner.invoke(cli, ["upgrade"]).stdout
    app.extensions["migrate"].directory = old
    back = runner.invoke(cli, ["restore", "--force", str(path)])
    assert back.exit_code == 0, back.stderr
    assert "later" not in tables_of(app)


def test_a_failing_migration_is_undone(app: Flask, tmp_path: Path) -> None:
    """One line, the database as it was, the backup kept."""
    before = tables_of(app)
    newer_code(
        app, tmp_path, 'op.create_table("later", sa.Column("id", sa.Integer)); raise ValueError("no room")'
    )
    done = app.test_cli_runner().invoke(cli, ["upgrade"])
    assert done.exit_code == 1
    assert done.stderr.startswith("forum: The migration failed and was undone: no room. The backup is ")
    assert tables_of(app) == before
    assert len(list((Path(app.config["INSTANCE"]) / "backups").glob("*.zip"))) == 1


def test_a_database_of_newer_code_is_left_alone(app: Flask) -> None:
    """And one that is empty."""
    with app.app_context():
        with db.engine.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        db.engine.dispose()
    done = app.test_cli_runner().invoke(cli, ["upgrade"])
    assert done.exit_code == 1
    assert "its schema 9999 is newer than this code (0001)" in done.stderr


def test_an_empty_database_is_set_up_by_init(tmp_path: Path, clock: StoppedClock) -> None:
    """There is nothing to upgrade."""
    app = create_app(test_settings(tmp_path / "fresh"), clock=clock)
    done = app.test_cli_runner().invoke(cli, ["upgrade"])
    assert done.exit_code == 1
    assert "Run `forum init`" in done.stderr
    with app.app_context():
        db.engine.dispose()
