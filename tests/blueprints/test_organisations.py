"""Organisations and people through the pages."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.labels import Ceiling
from forum.domain.organisations import Organisation
from forum.extensions import db
from forum.services.organisations import list_former_names
from tests.builders import Builder
from tests.support import count_statements, errors_in, look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def body(build: Builder) -> Organisation:
    return build.organisation("Sample Body", slug="sample-body")


def test_the_directory_is_open(client: FlaskClient, build: Builder, body: Organisation) -> None:
    """With filters; a filter that is none filters nothing and breaks nothing."""
    build.organisation("French Body", slug="french", country="FR", type="ngo")
    page = client.get("/organisations/").text
    assert "Sample Body" in page
    assert "French Body" in page
    for query in ("type=ngo", "country=FR", "q=french", "q=FRENCH&type=ngo&country=FR"):
        page = client.get(f"/organisations/?{query}").text
        assert "French Body" in page
        assert "Sample Body" not in page
    for query in ("type=club", "after=nothing", "after=%00", "q=%25", "country=XXXX" * 50):
        assert client.get(f"/organisations/?{query}").status_code == 200


def test_the_directory_asks_the_same_for_many(client: FlaskClient, build: Builder) -> None:
    """No statement a row."""
    counts = []
    for _ in range(2):
        for _ in range(5):
            build.organisation()
        with count_statements(db.engine) as statements:
            client.get("/organisations/")
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_a_merged_body_leads_to_the_one_that_stays(
    client: FlaskClient, session: Session, build: Builder, body: Organisation
) -> None:
    """The old address is a lasting one."""
    build.organisation(slug="old", merged_into_id=body.id)
    answer = client.get("/organisations/old/")
    assert (answer.status_code, answer.location) == (301, "/organisations/sample-body/")
    assert client.get("/organisations/none/").status_code == 404


def test_a_profile_shows_no_closed_paper(client_of: ClientOf, build: Builder, body: Organisation) -> None:
    """Neither its title nor that it is there."""
    closed = build.group(Ceiling.MEMBERS)
    member = build.member(closed)
    before = client_of(None).get("/organisations/sample-body/").text
    build.paper(closed, organisation=body, title="Canary of the closed group")
    assert "Canary" in client_of(member).get("/organisations/sample-body/").text
    after = client_of(None).get("/organisations/sample-body/").text
    assert after == before


def test_my_organisation_is_mine(
    client_of: ClientOf, session: Session, build: Builder, body: Organisation
) -> None:
    """Who speaks for it sees colleagues and adds a former name; others see nothing of it."""
    ada, eve = build.account("Ada Speaker"), build.account("Eve Colleague")
    build.mandate(ada, body), build.mandate(eve, body)
    client = client_of(ada)
    assert "Eve Colleague" in client.get("/me/organisation").text
    assert submit(client, "/me/organisation?body=sample-body", {"name": "Earlier Body"}).status_code == 303
    look_again(session)
    assert [former.name for former in list_former_names(session, body)] == ["Earlier Body"]
    other = client_of(build.account())
    assert "Eve Colleague" not in other.get("/me/organisation").text
    assert other.get("/me/organisation?body=sample-body").status_code == 404
    assert submit(other, "/me/organisation?body=sample-body", {"name": "Stolen"}).status_code == 404
    answer = submit(client, "/me/organisation?body=sample-body", {"name": ""})
    assert answer.status_code == 422
    assert errors_in(answer)
    assert client_of(None).get("/me/organisation").status_code == 302


def test_people_are_pages_for_people(client_of: ClientOf, build: Builder) -> None:
    """A visitor is told that there is nothing, as for an id that is none."""
    ada = build.account("Ada Sample")
    visitor = client_of(None)
    path = f"/people/{ada.public_id}/"
    assert "Ada Sample" in client_of(build.account()).get(path).text
    there, not_there = visitor.get(path), visitor.get("/people/aaaaaaaaaaaaa/")
    assert there.status_code == not_there.status_code == 404
    assert there.data == not_there.data
