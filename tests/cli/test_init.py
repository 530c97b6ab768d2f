"""`forum init`: safe to repeat."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskCliRunner

from config import ConfigurationError
from forum import create_app
from forum.cli import cli
from forum.cli.doctor import effective_settings
from forum.domain.accounts import Account, Invitation, PlatformRole
from forum.domain.groups import Group
from forum.domain.labels import Ceiling
from forum.extensions import db
from tests.conftest import StoppedClock, test_settings


@pytest.fixture
def fresh(tmp_path: Path, clock: StoppedClock) -> Flask:
    """An application whose database is not there yet."""
    return create_app(test_settings(tmp_path / "fresh"), clock=clock)


@pytest.fixture
def runner(fresh: Flask) -> FlaskCliRunner:
    return fresh.test_cli_runner()


def test_it_sets_up_and_can_be_repeated(fresh: Flask, runner: FlaskCliRunner) -> None:
    """Schema, charters and one invitation; the second time changes nothing and gives the same link."""
    first = runner.invoke(cli, ["init", "--administrator", "boss@a.example"])
    assert first.exit_code == 0, first.stderr
    assert "(from nothing)" in first.stdout
    assert "weprotect: added" in first.stdout
    link = first.stdout.strip().splitlines()[-1]
    assert "http://localhost/accounts/invitations/" in link
    second = runner.invoke(cli, ["init"])
    assert second.stdout.splitlines() == ["Database: 0001", link]
    with fresh.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Group.id))) > 9
        invitation = db.session.scalars(sa.select(Invitation)).one()
        assert (invitation.email, invitation.platform_role) == (
            "boss@a.example",
            PlatformRole.ADMINISTRATOR,
        )
        assert db.session.scalars(sa.select(Account)).all() == []
        db.engine.dispose()


def test_once_somebody_administers_no_link_is_given(
    fresh: Flask, runner: FlaskCliRunner, clock: StoppedClock
) -> None:
    """The invitation is for the first one."""
    runner.invoke(cli, ["init"])
    made = runner.invoke(
        cli,
        ["account", "create", "boss@a.example", "--name", "B", "--role", "administrator", "--password-stdin"],
        input="gravel tulip orbit canteen\n",
    )
    assert made.exit_code == 0
    assert runner.invoke(cli, ["init"]).stdout == "Database: 0001\n"
    with fresh.app_context():
        db.engine.dispose()


def test_a_database_of_newer_code_is_left_alone(fresh: Flask, runner: FlaskCliRunner) -> None:
    """One clear line and exit code 1."""
    runner.invoke(cli, ["init"])
    with fresh.app_context():
        with db.engine.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        db.engine.dispose()
    result = runner.invoke(cli, ["init"])
    assert result.exit_code == 1
    assert result.stderr == (
        "forum: The database (9999) is newer than this code: start the code that it was made with.\n"
    )
    with fresh.app_context():
        db.engine.dispose()


def test_a_command_before_init_says_so(fresh: Flask, runner: FlaskCliRunner) -> None:
    """A database without tables is one clear line too."""
    result = runner.invoke(cli, ["account", "create", "ada@a.example", "--name", "Ada"])
    assert result.exit_code == 1
    assert "run `forum init`" in result.stderr
    with fresh.app_context():
        db.engine.dispose()


def test_production_loads_closed_groups_too(fresh: Flask, runner: FlaskCliRunner) -> None:
    """Their members are asked for a second factor, so nothing is left out."""
    fresh.config["ENV"] = "production"
    result = runner.invoke(cli, ["init"])
    assert result.exit_code == 0, result.output
    assert "not loaded" not in result.output
    with fresh.app_context():
        ceilings = set(db.session.scalars(sa.select(Group.ceiling)))
    assert {Ceiling.MEMBERS, Ceiling.PUBLIC} <= ceilings


def test_flask_migrates_own_commands_work(app: Flask) -> None:
    """`forum db` is there though no server loads it, and its help lists what it can do."""
    runner = app.test_cli_runner()
    assert runner.invoke(cli, ["db", "heads"]).exit_code == 0
    assert runner.invoke(cli, ["db", "current"]).exit_code == 0
    assert "upgrade" in runner.invoke(cli, ["db", "--help"]).stdout


def test_a_site_that_answers_to_its_own_name_alone_is_set_up(tmp_path: Path, clock: StoppedClock) -> None:
    """As production does: the invitation has that name, and `forum doctor` prints no secret."""
    settings = test_settings(tmp_path / "own") | {
        "BASE_URL": "https://forum.example",
        "TRUSTED_HOSTS": ["forum.example"],
    }
    app = create_app(settings, clock=clock)
    runner = app.test_cli_runner()
    made = runner.invoke(cli, ["init"])
    assert made.exit_code == 0, made.output
    assert "https://forum.example/accounts/invitations/" in made.stdout
    report = runner.invoke(cli, ["moderation", "report"])
    assert report.exit_code == 0, report.output
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("name", ["METRICS_TOKEN", "OIDC_CLIENT_SECRET", "SEALING_KEY", "SECRET_KEY"])
def test_the_doctor_masks_every_secret(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Of the settings in force none that opens something is printed."""
    monkeypatch.setenv(f"FORUM_{name}", "open-sesame-" * 4)
    assert effective_settings()[f"FORUM_{name}"] == "********"


@pytest.mark.parametrize(
    "address", ["foo://host/name", "nonsense", "mysql+pymysql://user:secret-word@host/name"]
)
def test_a_database_that_cannot_be_used_stops_the_start_in_one_line(tmp_path: Path, address: str) -> None:
    """Unknown, not an address, or without its driver: the setting is named, the password in it is not."""
    with pytest.raises(ConfigurationError, match="FORUM_DATABASE_URL") as caught:
        create_app(test_settings(tmp_path) | {"DATABASE_URL": address})
    assert "secret-word" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["", "forum.example", "//forum.example", "ftp://forum.example", "https://", "http://["]
)
def test_a_public_address_that_is_not_whole_stops_the_start(tmp_path: Path, address: str) -> None:
    """Every link in a mail begins with it: half an address would lead nowhere, and nobody would notice."""
    with pytest.raises(ConfigurationError, match="FORUM_BASE_URL"):
        create_app(test_settings(tmp_path) | {"BASE_URL": address})
