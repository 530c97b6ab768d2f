"""`forum erasure`: the list of random ids, and its replay after a restore."""

import json
from pathlib import Path

from flask import Flask
from sqlalchemy.orm import Session

from forum.cli import cli
from forum.database import writing
from forum.domain.accounts import AccountStatus
from forum.domain.erasures import Erasure, TextsChoice
from forum.services.erasures import replay_erasures
from tests.builders import SEALING, Builder
from tests.support import look_again


def test_the_list_is_replayed(app: Flask, session: Session, build: Builder, tmp_path: Path) -> None:
    """Whoever is there again goes again; whoever is not is counted; a broken line changes nothing."""
    person = build.account("Ada Sample")
    public_id = person.public_id
    with writing(session):
        erased = [(public_id, TextsChoice.WITHDRAWN)]
        assert replay_erasures(session, erased, sealing_secret=SEALING, now=build.clock()) == 1
    runner = app.test_cli_runner()
    listed = runner.invoke(cli, ["erasure", "list"])
    assert json.loads(listed.stdout)["account"] == public_id
    assert "Ada" not in listed.stdout
    file = tmp_path / "erased.jsonl"
    assert runner.invoke(cli, ["erasure", "list", "-o", str(file)]).exit_code == 0
    look_again(session)
    person.name, person.status = "Ada Sample", AccountStatus.ACTIVE
    session.query(Erasure).delete()
    session.commit()
    broken = tmp_path / "broken.jsonl"
    broken.write_text(file.read_text() + "{}\n")
    failed = runner.invoke(cli, ["erasure", "replay", str(broken)])
    assert (failed.exit_code, "Line 2" in failed.stderr) == (1, True)
    done = runner.invoke(cli, ["erasure", "replay", str(file)])
    assert done.stdout == "1 erased again, 0 were not there.\n"
    look_again(session)
    assert person.status is AccountStatus.FORMER
    assert (
        runner.invoke(cli, ["erasure", "replay", str(file)]).stdout == "0 erased again, 1 were not there.\n"
    )


def test_a_list_that_is_no_text_is_explained_in_one_line(app: Flask, tmp_path: Path) -> None:
    """A backup given in the place of the list is refused by name, and changes nothing."""
    file = tmp_path / "forum.zip"
    file.write_bytes(b"PK\x03\x04\xff\xfe")
    failed = app.test_cli_runner().invoke(cli, ["erasure", "replay", str(file)])
    assert failed.exit_code == 1
    assert failed.stderr == (
        f"forum: {file} is not text, and not what `forum erasure list` wrote. Nothing was changed.\n"
    )
