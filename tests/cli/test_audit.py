"""`forum audit`: in order or not, by exit code."""

import json

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy.orm import Session

from forum.cli import cli
from forum.domain.audit import UNGUARDS, AuditAction
from forum.services.audit import record
from tests.conftest import StoppedClock


@pytest.fixture
def runner(app: Flask, session: Session, clock: StoppedClock) -> FlaskCliRunner:
    """A command line over a record of three entries."""
    for number in range(3):
        record(session, None, AuditAction.FLAGGED, now=clock(), number=number)
    session.commit()
    return app.test_cli_runner()


def tamper(session: Session, statement: str) -> None:
    """Do as somebody would who owns the database: take the guards away first."""
    for unguard in UNGUARDS["sqlite"]:
        session.execute(sa.text(unguard))
    session.execute(sa.text(statement))
    session.commit()


def test_a_record_in_order_is_exit_code_0(runner: FlaskCliRunner) -> None:
    """With its head, which `head` prints alone."""
    head = runner.invoke(cli, ["audit", "head"]).stdout.strip()
    done = runner.invoke(cli, ["audit", "verify"])
    assert (done.exit_code, done.stdout) == (0, f"3 entries, all in order; head {head}\n")
    assert runner.invoke(cli, ["audit", "verify", "--head", head]).exit_code == 0
    told = json.loads(runner.invoke(cli, ["audit", "verify", "--json"]).stdout)
    assert told == {"ok": True, "entries": 3, "head": head, "fault": None}


def test_a_change_is_exit_code_1_and_the_first_broken_entry(runner: FlaskCliRunner, session: Session) -> None:
    """In one line; as data too."""
    tamper(session, "UPDATE audit_entry SET facts = '{}' WHERE number > 1")
    done = runner.invoke(cli, ["audit", "verify", "--json"])
    assert done.exit_code == 1
    assert done.stderr == "forum: entry 2: was changed. 1 entries before it are in order.\n"
    assert json.loads(done.stdout)["fault"] == "entry 2: was changed"


def test_a_cut_off_record_shows_against_its_head(runner: FlaskCliRunner, session: Session) -> None:
    """And only against it."""
    head = runner.invoke(cli, ["audit", "head"]).stdout.strip()
    tamper(session, "DELETE FROM audit_entry WHERE number = 3")
    assert runner.invoke(cli, ["audit", "verify"]).exit_code == 0
    done = runner.invoke(cli, ["audit", "verify", "--head", head])
    assert (done.exit_code, done.stdout) == (1, "")
    assert "entry 3: is missing" in done.stderr


def test_what_is_no_head_is_wrong_usage(runner: FlaskCliRunner) -> None:
    """Exit code 2."""
    assert runner.invoke(cli, ["audit", "verify", "--head", "3"]).exit_code == 2


def test_an_empty_record_has_no_head(app: Flask) -> None:
    """And is in order."""
    runner = app.test_cli_runner()
    assert runner.invoke(cli, ["audit", "head"]).exit_code == 1
    assert runner.invoke(cli, ["audit", "verify"]).stdout == "0 entries, all in order\n"


def test_guards_that_were_taken_away_are_put_back(runner: FlaskCliRunner, session: Session) -> None:
    """`forum doctor` says so, `forum audit guard` mends it, and does no harm where they are."""
    assert "ok    record" in runner.invoke(cli, ["doctor"]).stdout
    tamper(session, "UPDATE audit_entry SET facts = facts")
    told = runner.invoke(cli, ["doctor"]).stdout
    assert "WRONG record" in told
    assert "forum audit guard" in told
    for _ in range(2):
        assert runner.invoke(cli, ["audit", "guard"]).exit_code == 0
    assert "ok    record" in runner.invoke(cli, ["doctor"]).stdout
    with pytest.raises(sa.exc.IntegrityError, match="append-only"):
        session.execute(sa.text("DELETE FROM audit_entry"))
