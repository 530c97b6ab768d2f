"""The worker keeps the periods once a day."""

import os
from pathlib import Path

from flask import Flask

from forum.cli import cli
from forum.cli.worker import letters_of, sessions_of
from forum.delivery.retention import keep_periods, remove_letters
from forum.domain.retention import Retention
from tests.conftest import StoppedClock


def test_it_runs_once_a_day_whichever_worker_comes(app: Flask, clock: StoppedClock) -> None:
    """The second look of the day finds it done."""
    sessions = sessions_of(app)
    first = keep_periods(sessions, Retention(), None, now=clock())
    assert first is not None
    assert set(first.values()) == {0}
    assert keep_periods(sessions, Retention(), None, now=clock.advance(hours=5)) is None
    assert keep_periods(sessions, Retention(), None, now=clock.advance(hours=20)) is not None


def test_old_letters_go_from_the_folder(tmp_path: Path, clock: StoppedClock) -> None:
    """By their time; other files stay."""
    old, new, other = (tmp_path / name for name in ("old.eml", "new.eml", "old.txt"))
    for path in (old, new, other):
        path.write_text("A letter.")
    for path in (old, other):
        os.utime(path, (clock().timestamp() - 40 * 86_400,) * 2)
    os.utime(new, (clock().timestamp(),) * 2)
    assert remove_letters(tmp_path, 30, now=clock(), is_trial=True) == 1
    assert old.exists()
    assert remove_letters(tmp_path, 30, now=clock()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.eml", "old.txt"]
    assert remove_letters(None, 30, now=clock()) == 0


def test_letters_are_in_a_folder_or_at_a_server(app: Flask) -> None:
    assert letters_of(app.config) is not None
    assert letters_of(app.config | {"MAIL_URL": "smtp://mail.example:25"}) is None


def test_the_command_counts_without_doing(app: Flask) -> None:
    """`forum retention --dry-run` prints each kind; without it the record has an entry."""
    runner = app.test_cli_runner()
    tried = runner.invoke(cli, ["retention", "--dry-run", "--json"])
    assert tried.exit_code == 0, tried.output
    assert '"rejected": 0' in tried.stdout
    done = runner.invoke(cli, ["retention"])
    assert "sessions" in done.stdout
    assert "gone" in done.stdout
