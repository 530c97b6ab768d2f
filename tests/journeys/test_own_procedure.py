"""A group with stages and criteria of its own is one charter and no code: the one that the docs show."""

import re
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

import config
from forum.domain.accounts import Account
from forum.domain.charters import load_charters as read_charters
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.richtext import render
from forum.services.charters import load_charters
from forum.services.groups import find_group
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.staging import seated
from tests.support import body_of, deliver, look_again, submit

DOCS = Path(__file__).parents[2] / "docs" / "use.md"
BASE = "/groups/reading-room/"
LAMPS = f"{BASE}assessments/lamps/"


def load_eleventh(session: Session, tmp_path: Path, clock: StoppedClock) -> Group:
    """Load the charters and the docs' example as `forum init` does; twice, to see that it is safe."""
    examples = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    (example,) = (text for text in examples if "reading-room" in text)
    path = tmp_path / "groups.toml"
    ours = (config.CONFIG_DIR / "groups.toml").read_text(encoding="utf-8")
    path.write_text(f"{ours}\n{example}", encoding="utf-8")
    charters = read_charters(path)
    html = {one.mandate: render(one.mandate, profile="post").html for one in charters}
    added = load_charters(session, charters, html_of=html.__getitem__, now=clock())
    assert "reading-room: added" in added
    assert load_charters(session, charters, html_of=html.__getitem__, now=clock()) == []
    session.commit()
    group = find_group(session, "reading-room")
    assert group is not None
    assert group.ceiling is Ceiling.COMMUNITY
    return group


def step(chair: FlaskClient, key: str, *, begun: bool) -> int:
    """Take the chair's next step, whatever is missing."""
    data = {"expected": key, "begun": "yes" if begun else "", "confirm": "y"}
    return submit(chair, f"{BASE}stages/manage", data).status_code


def assess(client: FlaskClient, rating: str) -> int:
    """Fill the seat's pages, preview and submit."""
    for number in (1, 2):
        page = client.get(f"{LAMPS}mine/pages/{number}").text
        typed = {
            f"{name}-{place}": value
            for place in (1, 2)
            for name, value in {"rating": rating, "confidence": "low", "reason": "I tried it."}.items()
        }
        submit(client, f"{LAMPS}mine/pages/{number}", typed | {"seen": _hidden(page, "seen")})
    page = client.get(f"{LAMPS}mine/preview").text
    data = {name: _hidden(page, name) for name in ("seen", "based_on", "label")}
    return submit(client, f"{LAMPS}mine/preview", data).status_code


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None
    return found[1]


def test_an_eleventh_group_takes_one_charter_and_no_code(
    app: Flask,
    session: Session,
    build: Builder,
    clock: StoppedClock,
    tmp_path: Path,
    client_of: Callable[[Account | None], FlaskClient],
) -> None:
    """From the file to the matrix and the report, by the pages alone."""
    group = load_eleventh(session, tmp_path, clock)
    chair_account = build.member(group, role=GroupRole.CHAIR)
    chair = client_of(chair_account)
    readers = [seated(build, group, name) for name in ("Example Library", "Example School")]
    missing, _ = seated(build, group, "Example Museum")
    first, second = (client_of(person) for person, _ in readers)

    page = chair.get(f"{BASE}stages/").text
    assert page.index("Look at lamps") < page.index("Rate the lamps") < page.index("Choose one")
    assert "Look at lamps" in chair.get("/").text, "the chair's home has the stage that waits"
    assert step(chair, "look", begun=False) == 303
    planned = {"closes_at": "2026-12-01T17:00", "time_zone": "Europe/Brussels"}
    assert submit(chair, f"{BASE}stages/rate/plan", planned).status_code == 303
    assert step(chair, "look", begun=True) == 303
    assert assess(first, "3") == 303
    assert assess(second, "1") == 303

    page = chair.get(f"{BASE}stages/manage").text
    assert "Example Museum" in page
    assert "Example Library" not in page
    assert chair.get(f"{LAMPS}rounds/1/").status_code == 404, "blind, for the chair too"
    assert submit(chair, f"{BASE}stages/rate/reminders").status_code == 303
    reminded = [mail for mail in deliver(app, clock) if "waits for your seat" in str(mail["Subject"])]
    assert [str(mail["To"]) for mail in reminded] == [f"{missing.name} <{missing.email}>"]
    assert "Reading room" in body_of(reminded[0])

    assert step(chair, "rate", begun=True) == 303
    look_again(session)
    matrix = first.get(f"{LAMPS}rounds/1/").text
    assert "median 2 fair, from 1 to 3, different" in matrix
    assert "I tried it." in first.get(f"{LAMPS}rounds/1/candle/safety/").text
    assert first.get(f"{LAMPS}rounds/1/report.docx").status_code == 200
    assert step(chair, "choose", begun=True) == 303
    assert "All stages have ended" in chair.get(f"{BASE}stages/manage").text
