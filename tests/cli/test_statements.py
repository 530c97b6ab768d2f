"""`forum statements export`: batches of at most a hundred that validate, or one."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy.orm import Session

from forum.cli import cli
from forum.domain.attribution import SubjectKind
from forum.domain.groups import GroupRole
from forum.domain.labels import Status
from forum.domain.moderation import Action
from forum.domain.statement_schema import find_faults
from forum.domain.statements import Statement
from forum.services.moderation import decide
from tests.builders import Builder
from tests.conftest import StoppedClock


@pytest.fixture
def runner(app: Flask, session: Session, build: Builder, clock: StoppedClock) -> FlaskCliRunner:
    """A command line over a hundred and one statements of a closed group."""
    group = build.group(slug="closed")
    moderator = build.actor(build.member(group, role=GroupRole.MODERATOR))
    thread = build.thread(group)
    for _ in range(101):
        post = build.post(thread, status=Status.PENDING)
        decide(
            session, moderator, kind=SubjectKind.POST, public_id=post.public_id,
            action=Action.REJECT, reason="It says nothing about the question.", now=clock(),
        )  # fmt: skip
    session.commit()
    clock.advance(minutes=2)
    return app.test_cli_runner()


def test_batches_validate(runner: FlaskCliRunner, tmp_path: Path) -> None:
    """To files and to standard output: a hundred and one, each once, each valid."""
    folder = tmp_path / "out"
    done = runner.invoke(cli, ["statements", "export", "-o", str(folder)])
    assert (done.exit_code, done.stderr) == (0, f"101 statements in {folder}\n")
    batches = [json.loads(path.read_text())["statements"] for path in sorted(folder.iterdir())]
    assert [len(batch) for batch in batches] == [100, 1]
    assert not [fault for batch in batches for one in batch for fault in find_faults(one)]
    lines = runner.invoke(cli, ["statements", "export", "--group", "closed"]).stdout.splitlines()
    assert [json.loads(line)["statements"] for line in lines] == batches
    assert runner.invoke(cli, ["statements", "export", "--since", "2040-01-01"]).stdout == ""


def test_one_by_its_id(runner: FlaskCliRunner, session: Session) -> None:
    """As one object; an unknown one is a failure in one line."""
    puid = session.scalars(sa.select(Statement.public_id)).first()
    done = runner.invoke(cli, ["statements", "export", "--id", str(puid)])
    assert json.loads(done.stdout)["puid"] == puid
    absent = runner.invoke(cli, ["statements", "export", "--id", "nothing"])
    assert (absent.exit_code, absent.stderr) == (1, "forum: There is no such thing.\n")


def test_what_was_tampered_with_is_not_exported(
    runner: FlaskCliRunner, session: Session, tmp_path: Path
) -> None:
    """A statement that no longer validates is named, and its batch is not written."""
    first = session.scalars(sa.select(Statement).order_by(Statement.id)).first()
    assert first is not None
    first.fields = dict(first.fields) | {"category": "NONE"}
    session.commit()
    done = runner.invoke(cli, ["statements", "export", "-o", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert first.public_id in done.stderr
    assert not (tmp_path / "out").exists()
