"""`forum worker`: once and for all, stopped by a signal, one line for a mistake."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.notices import Notice, NoticeKind
from forum.domain.outbox import OutboxEntry
from forum.services.outbox import enqueue_notice
from tests.builders import Builder
from tests.conftest import StoppedClock


@pytest.fixture
def environ(app: Flask) -> dict[str, str]:
    return os.environ | {"FORUM_INSTANCE": app.config["INSTANCE"], "FORUM_ENV": "testing"}


@pytest.fixture
def reply(build: Builder, session: Session, clock: StoppedClock) -> None:
    """A reply that somebody is to be told of."""
    group = build.group()
    post = build.post(build.thread(group, build.member(group)), build.member(group))
    enqueue_notice(
        session, NoticeKind.REPLIED, now=clock(), subject_kind=SubjectKind.POST, subject_id=post.id
    )
    session.commit()


def forum(*arguments: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "forum", "worker", *arguments]
    return subprocess.run(command, env=environ, check=False, capture_output=True, text=True)


@pytest.mark.usefixtures("reply")
def test_once_does_what_is_due_and_ends(app: Flask, session: Session, environ: dict[str, str]) -> None:
    """Index, notice and mail, in one run; a second has nothing to do."""
    ran = forum("--once", environ=environ)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("Entries done: ")
    assert len(session.scalars(sa.select(Notice)).all()) == 1
    assert len(list((Path(app.config["INSTANCE"]) / "mail").glob("*.eml"))) == 1
    assert forum("--once", environ=environ).stdout == "Entries done: 0\n"


@pytest.mark.usefixtures("reply")
def test_what_was_given_up_gets_another_round(
    session: Session, environ: dict[str, str], clock: StoppedClock
) -> None:
    """With --retry, and only then."""
    session.execute(sa.update(OutboxEntry).values(failed_at=clock(), attempts=8))
    session.commit()
    assert forum("--once", environ=environ).stdout == "Entries done: 0\n"
    assert "Given another round: " in forum("--once", "--retry", environ=environ).stdout
    assert len(session.scalars(sa.select(Notice)).all()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_gracefully(environ: dict[str, str], number: int) -> None:
    """It works until told to stop, then ends by itself with code 0."""
    command = [sys.executable, "-u", "-m", "forum", "worker"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert b"Working off the outbox" in process.stdout.readline()
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, b"")


PARENT = """
import subprocess, sys
command = [sys.executable, "-u", "-m", "forum", "worker", "--with-parent"]
print(subprocess.Popen(command, stdout=subprocess.PIPE).stdout.readline().decode())
"""


def test_it_ends_with_its_parent(environ: dict[str, str]) -> None:
    """The pipe that it shares with its parent closes only once both are gone."""
    command = [sys.executable, "-c", PARENT]
    ran = subprocess.run(command, env=environ, check=False, capture_output=True, text=True, timeout=30)
    assert "Working off the outbox" in ran.stdout


def test_an_unusable_mail_setting_is_one_line(environ: dict[str, str]) -> None:
    """It says what is wanted, and nothing runs."""
    ran = forum("--once", environ=environ | {"FORUM_MAIL_URL": "pigeon://loft"})
    assert ran.returncode == 1
    assert ran.stderr.startswith("Error: FORUM_MAIL_URL must be")
    assert ran.stderr.count("\n") == 1
