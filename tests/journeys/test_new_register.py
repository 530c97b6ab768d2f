"""A new group with a register of its own is a charter and a table: no line of code."""

import functools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

import config
from forum.blueprints import datafiles
from forum.domain.accounts import Account
from forum.domain.charters import load_charters as read_charters
from forum.domain.groups import GroupRole
from forum.services.charters import load_charters
from forum.services.groups import find_group
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import submit

CHARTER = """
[[groups]]
slug = "school-charters"
title = "Charters of schools"
short_title = "Charters of schools"
initiative = 5
summary = "Schools compare what they promise."
mandate = "Compare charters."
contact = "charters@forum.example"
ceiling = "public"
listed = true
default_tlp = "CLEAR"
attribution = "named"
shown_as_choices = ["name"]
holding_rule = "none"
promised_days = 2
members_visible = "names"
who_may_write = "members"
languages = ["en"]
rules = [{ key = "civil", text = "Speak to the point." }]
"""
REGISTER = """
[[registers]]
key = "promises"
title = "Promises of schools"
summary = "What a school promises to its children."
entry = "Promise"
owner = "none"
raised_by = ["member", "chair"]
tended_by = ["chair"]
groups = ["school-charters"]
initiatives = [5]
statuses = [
  { key = "made", title = "Made", next = ["kept"] },
  { key = "kept", title = "Kept", tone = "good" },
]

[[registers.fields]]
key = "age"
title = "Age"
kind = "choice"
required = true
terms = [{ key = "young", title = "Under ten" }, { key = "older", title = "Ten and over" }]
"""
CACHED = (datafiles.registers, datafiles.strategy, datafiles.documents, datafiles.directive_board)


def _forget() -> None:
    for one in CACHED:
        assert isinstance(one, functools._lru_cache_wrapper)
        one.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The data files with one more group and one more register."""
    copy = tmp_path / "config"
    shutil.copytree(config.CONFIG_DIR, copy)
    for name, text in {"groups.toml": CHARTER, "registers.toml": REGISTER}.items():
        path = copy / name
        path.write_text(f"{path.read_text()}\n{text}")
    monkeypatch.setattr(config, "CONFIG_DIR", copy)
    _forget()
    yield copy
    _forget()


def test_a_group_and_its_register_are_walked_through(
    folder: Path,
    client: FlaskClient,
    client_of: Callable[[Account], FlaskClient],
    build: Builder,
    session: Session,
    clock: StoppedClock,
) -> None:
    """From the data files to an entry that has moved on, found by its term and taken out as a file."""
    charters = read_charters(folder / "groups.toml")
    load_charters(session, charters, html_of=str, now=clock())
    session.commit()
    group = find_group(session, "school-charters")
    assert group is not None
    chair = client_of(build.member(group, role=GroupRole.CHAIR))
    assert "Promises of schools" in client.get("/groups/school-charters/").text
    assert "Promises of schools" in client.get("/strategy/5").text
    form = {"title": "A door that is open", "body": "Somebody listens.", "value_age": "young", "tlp": "CLEAR"}
    assert chair.get("/registers/promises/new").status_code == 200
    sent = submit(chair, "/registers/promises/new?group=school-charters", form | {"evidence": ""})
    assert sent.status_code == 303
    page = client.get(sent.location).text
    assert "Under ten" in page
    status = f"{sent.location}status"
    shown = BeautifulSoup(chair.get(status).text, "html.parser").select_one("input[name=revision]")
    assert shown is not None
    reason = {"state": "kept", "reason": "It stands open.", "revision": shown["value"]}
    moved = submit(chair, status, reason)
    assert moved.status_code == 303
    listed = client.get("/registers/promises/?age=young&status=kept").text
    assert "A door that is open" in listed
    assert "A door that is open" not in client.get("/registers/promises/?age=older").text
    assert "A door that is open" in client.get("/registers/promises/entries.csv?status=kept").text
