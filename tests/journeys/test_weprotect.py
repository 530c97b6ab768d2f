"""WePROTECT cooperation, walked by its pages: a country, a promise, a practice, money to ask for."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

import config
from forum.domain.accounts import Account
from forum.domain.charters import load_charters as read_charters
from forum.domain.groups import Group, GroupRole
from forum.richtext import render
from forum.services.charters import load_charters
from forum.services.groups import find_group
from tests.blueprints.forms import fields_of, send, soup_of
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.staging import seated
from tests.support import errors_in

ClientOf = Callable[[Account | None], FlaskClient]
BASE = "/groups/weprotect/"
MODEL = f"{BASE}assessments/model-national-response/"


@pytest.fixture
def group(session: Session, clock: StoppedClock) -> Group:
    """The group as its charter makes it."""
    charters = read_charters(config.CONFIG_DIR / "groups.toml")
    html = {one.mandate: render(one.mandate, profile="post").html for one in charters}
    load_charters(session, charters, html_of=html.__getitem__, now=clock())
    session.commit()
    group = find_group(session, "weprotect")
    assert group is not None
    return group


def describe(client: FlaskClient, phase: str, reason: str) -> str:
    """Describe Kenya page by page, preview and submit; gives where it stands."""
    overview = soup_of(client.get(f"{MODEL}mine/?country=KE"))
    pages = [str(link["href"]) for link in overview.select("main a") if "/pages/" in str(link["href"])]
    assert len(pages) == 6, "one page a group of capabilities"
    for page in pages:
        sent = send(
            client, page, holding="seen", step="next",
            **{"rating-1": phase, "reason-1": reason, "evidence-1": "A made-up report."},
        )  # fmt: skip
        assert sent.status_code == 303, errors_in(sent)
    path = f"{MODEL}mine/preview?country=KE"
    fields = fields_of(client.get(path), holding="seen")
    sent = client.post(path, data=fields)
    assert sent.status_code == 303, errors_in(sent)
    return str(sent.location)


def test_a_country_is_described_and_described_again(
    client: FlaskClient, client_of: ClientOf, build: Builder, clock: StoppedClock, group: Group
) -> None:
    """Six groups of capabilities, each with phase, reason, evidence and label; the earlier one stays."""
    ministry, _ = seated(build, group, "Example Ministry")
    member = client_of(ministry)
    path = describe(member, "1", "Nobody is trained yet.")
    assert path == f"{MODEL}countries/KE/"
    clock.advance(days=200)
    describe(client_of(ministry), "2", "Forty people were trained.")
    page = soup_of(client.get(path)).get_text()
    assert page.index("Forty people were trained.") < page.index("Nobody is trained yet.")
    assert "A made-up report." in page
    table = soup_of(client.get(MODEL)).get_text(" ", strip=True)
    assert "Kenya" in table
    assert "second phase" in table
    assert "TLP:CLEAR" in page


def test_a_commitment_a_practice_and_funding(
    client: FlaskClient, client_of: ClientOf, build: Builder, group: Group
) -> None:
    """Each with what it needs: owner, date, status and history; direction; funder and deadline."""
    ministry, seat = seated(build, group, "Example Ministry")
    member = client_of(ministry)
    chair = client_of(build.member(group, role=GroupRole.CHAIR))
    assert seat.organisation_id is not None
    body = next(
        str(option["value"])
        for option in soup_of(chair.get("/registers/commitments/new")).select("#owner option")
        if option.get_text() == "Example Ministry"
    )

    promised = send(
        chair, "/registers/commitments/new", title="Train forty people", body="Two days each.", owner=body,
        due_on="2026-12-01", country="KE", value_capabilities="victim",
    )  # fmt: skip
    assert promised.status_code == 303, errors_in(promised)
    path = str(promised.location)
    assert "Train forty people" not in member.get("/").text, "a seat alone is no mandate for the body"
    assert (
        send(chair, f"{path}status", state="under-way", reason="The first two days are over.").status_code
        == 303
    )
    refused = send(chair, f"{path}status", state="made", reason="We begin once more.")
    assert refused.status_code == 422
    page = client.get(path).text
    for words in (
        "Example Ministry",
        "Committed by",
        "1 December 2026",
        "Under way",
        "The first two days are over.",
    ):
        assert words in page

    offered = send(
        chair, "/registers/good-practice-exchange/new", title="How we train", body="We show it.", owner=body,
        value_direction="offered",
    )  # fmt: skip
    assert offered.status_code == 303, errors_in(offered)
    assert "How we train" in client.get("/registers/good-practice-exchange/?direction=offered").text
    assert "How we train" not in client.get("/registers/good-practice-exchange/?direction=asked-for").text

    funding = {"title": "An invented fund", "body": "For helplines.", "due_on": "2026-09-15"}
    lacking = send(chair, "/registers/funding-opportunities/new", **funding)
    assert "Funder: This is needed." in errors_in(lacking)
    announced = send(
        chair, "/registers/funding-opportunities/new", **funding, value_funder="An invented funder"
    )
    assert announced.status_code == 303, errors_in(announced)
    assert "15 September 2026" in client.get("/registers/funding-opportunities/?sort=due").text

    overview = soup_of(client.get("/weprotect/")).get_text(" ", strip=True)
    for words in (
        "Commitments",
        "Good practice offered and asked for",
        "Funding opportunities",
        "Model National",
    ):
        assert words in overview
