"""The Directive's board, walked by its pages: a State is heard before the board says anything of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from tests.blueprints.forms import fields_of, send, soup_of
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.test_directive_board import SLUG
from tests.support import body_of, deliver, errors_in, submit

ClientOf = Callable[[Account | None], FlaskClient]
BOARD = f"/groups/{SLUG}/board/"
CELL = f"{BOARD}MT/15/"
STATUS = {
    "state": "in-part",
    "confidence": "medium",
    "as_of": "2026-02-01",
    "source": "A made-up report",
    "note": "Two of three paragraphs.",
}
REMARK = "The third paragraph is law since an invented January."


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC, slug=SLUG, title="Directive board", short_title="Directive board")


def marks_of(client: FlaskClient, query: str = "") -> list[str]:
    """The marks that stand in Malta's row."""
    rows = soup_of(client.get(f"{BOARD}{query}")).select(".board tbody tr")
    (malta,) = [row for row in rows if "Malta" in row.get_text()]
    return [mark.find(string=True, recursive=False) or "" for mark in malta.select(".board-mark")]


def test_a_status_goes_from_the_secretariat_by_the_state_to_the_board(
    app: Flask, client: FlaskClient, client_of: ClientOf, build: Builder, clock: StoppedClock, group: Group
) -> None:
    """Proposed, remarked on, published by itself after ten working days; then a second one before it."""
    office = build.member(group, build.account("Sara Secretary"), role=GroupRole.SECRETARIAT)
    secretary = client_of(office)
    person = build.member(group, build.account("Rita Contact"))
    rita = client_of(person)
    other = client_of(build.member(group, build.account("Otto Other")))

    # Nobody is proposed to where nobody is named.
    refused = send(secretary, f"{CELL}propose", **STATUS)
    assert refused.status_code == 422
    assert "Name a contact of Malta first" in errors_in(refused)
    assert fields_of(refused)["source"] == "A made-up report", "what was typed is still there"
    named = send(secretary, f"{BOARD}contacts", country="MT", contact=person.public_id)
    assert named.status_code == 303

    # The contact gets it first: by mail, on the board and at home; nobody else of the group does.
    assert "10 working days" in secretary.get(f"{CELL}propose").text
    sent = send(secretary, f"{CELL}propose", **STATUS)
    assert sent.status_code == 303
    proposal = str(sent.location)
    letters = [mail for mail in deliver(app, clock) if "Rita Contact" in str(mail["To"])]
    assert len(letters) == 1
    assert "There is something new for you in Directive board" in body_of(letters[0])
    assert "A proposed status waits for your State" in rita.get("/notifications/").text
    assert "Waiting for the State" in rita.get(BOARD).text
    assert "published by itself on" in rita.get(proposal).text
    for client_ in (other, client):
        assert client_.get(proposal).status_code == 404
        assert "Waiting for the State" not in client_.get(BOARD).text
    assert marks_of(client) == []
    clash = send(secretary, f"{CELL}propose", **STATUS)
    assert "waits for its day already" in errors_in(clash)

    # The remark is heard, changed once more, and kept; the day comes by itself.
    assert send(rita, proposal, holding="remark", remark="Not so.", step="remark").status_code == 303
    assert send(rita, proposal, holding="remark", remark=REMARK, step="remark").status_code == 303
    deliver(app, clock)
    assert "The State has written its remark" in secretary.get(BOARD).text
    clock.advance(days=14)  # the tenth working day has begun, and is not over
    deliver(app, clock)
    assert client.get(proposal).status_code == 404
    clock.advance(days=1)
    deliver(app, clock)
    first_day = clock().date()
    assert marks_of(client) == ["Pt"]
    page = client.get(CELL).text
    assert REMARK in page
    assert "Not so." not in page
    rita, secretary = client_of(person), client_of(office)  # a session ends in a day
    late = submit(rita, proposal, {"step": "remark", "remark": "Too late."})
    assert late.status_code in {403, 422}
    assert "The time for a remark on this status is over." in late.text

    # Another status stands before the first one, which is not changed; either day can be looked at.
    clock.advance(days=30)
    secretary = client_of(office)
    after = {"state": "in-law", "as_of": clock().date().isoformat(), "source": "A made-up law"}
    assert send(secretary, f"{CELL}propose", **(STATUS | after)).status_code == 303
    clock.advance(days=20)
    deliver(app, clock)
    history = soup_of(client.get(CELL)).select("main h2")
    assert [heading.get_text(" ", strip=True).split(" 2")[0][:11] for heading in history] == [
        "Stands now ",
        "Before that",
    ]
    page = client.get(CELL).text
    assert page.index("No remark was received.") < page.index(REMARK)
    assert marks_of(client) == ["L"]
    assert marks_of(client, f"?on={first_day}") == ["Pt"]
    assert marks_of(client, f"?on={first_day - timedelta(days=1)}") == []


def test_a_state_is_asked_and_answers_and_a_gap_is_raised_from_the_board(
    app: Flask, client: FlaskClient, client_of: ClientOf, build: Builder, clock: StoppedClock, group: Group
) -> None:
    """From a cell to a question with its answer, and to an entry that names act, article and State."""
    chair_account = build.member(group, build.account("Carl Chair"), role=GroupRole.CHAIR)
    chair = client_of(chair_account)
    rita = client_of(build.member(group, build.account("Rita Contact")))
    links = {link.get_text(): str(link["href"]) for link in soup_of(chair.get(CELL)).select("main a")}

    asked = send(chair, links["Ask the State"], holding="body", body="Since when is it law?")
    assert asked.status_code == 303
    assert "Open question" in client.get(f"{BOARD}MT/").text
    discussion = str(asked.location)
    answered = send(rita, f"{_opening(chair, discussion)}/reply", holding="body", body="Since January.")
    assert answered.status_code == 303
    replies = [link["href"] for link in soup_of(chair.get(discussion)).select("a[href$='/answer']")]
    assert send(chair, str(replies[-1]), mark="yes").status_code == 303
    page = client.get(f"{BOARD}MT/").text
    assert "Open question" not in page
    assert "Answered" in page

    raised = send(
        chair, links["Raise a gap"], title="No sanction yet", body="Nothing follows.",
        **{"value_gap-kind": "application"},
    )  # fmt: skip
    assert raised.status_code == 303, errors_in(raised)
    entry = client.get(str(raised.location)).text
    assert "Malta" in entry
    assert "Article 15" in entry
    found = soup_of(client.get(links["Gaps of this article here"])).get_text()
    assert "No sanction yet" in found


def _opening(client: FlaskClient, discussion: str) -> str:
    link = soup_of(client.get(discussion)).select_one("a[href$='/reply']")
    assert link is not None
    return str(link["href"]).removesuffix("/reply")


def test_a_state_that_is_not_bound_is_refused_with_a_sentence(
    client: FlaskClient, client_of: ClientOf, build: Builder, group: Group
) -> None:
    """On its page, proposing a status, naming a contact, and in the register; by its name, not its code."""
    chair = client_of(build.member(group, role=GroupRole.CHAIR))
    words = "Denmark is not bound by Directive 2011/93/EU"
    assert words in client.get(f"{BOARD}DK/").text
    page = chair.get(f"{BOARD}DK/15/propose")
    assert page.status_code == 422
    assert words in errors_in(page)
    assert page.text.count("<select") == 0, "there is nothing to fill in"
    refused = submit(chair, f"{BOARD}DK/15/propose", STATUS)
    assert words in errors_in(refused)
    contacts = soup_of(chair.get(f"{BOARD}contacts"))
    assert "Denmark" not in contacts.select_one("#country").get_text()  # type: ignore[union-attr]
    gap = {"title": "A gap", "body": "None.", "act": "Directive 2011/93/EU", "country": "DK"}
    answer = send(chair, f"/registers/gaps/new?group={SLUG}", **gap, **{"value_gap-kind": "application"})
    assert answer.status_code == 422
    assert words in errors_in(answer)
