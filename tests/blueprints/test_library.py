"""The reference library: what the data files name, what is added, where it is cited, completion."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, PlatformRole
from forum.domain.attribution import SubjectKind
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling
from forum.services.citations import record_citations
from tests.builders import Builder
from tests.services.registering import raised
from tests.support import errors_in, submit

ClientOf = Callable[[Account], FlaskClient]

FORM = {
    "title": "A report nobody has",
    "com": "COM(2031) 17",
    "celex": "52031DC0017",
    "ares": "",
    "reference": "",
    "date": "2031-02",
    "by": "A service",
    "source": "The register of documents",
    "is_verified": "y",
    "articles": "1 Subject matter\n2",
}


@pytest.fixture
def secretariat(build: Builder) -> Account:
    return build.account("secretariat", platform_role=PlatformRole.SECRETARIAT)


def test_the_acts_of_the_strategy_are_there(client: FlaskClient) -> None:
    """Under each of their numbers; an article that nobody checked has no title."""
    assert "COM(2016) 871" in client.get("/library/").text
    page = client.get("/library/celex-32011l0093")
    assert page.location == "/library/directive-2011-93"
    text = client.get(page.location).text
    assert "Solicitation of children for sexual purposes" in text
    assert "Preventive programmes" not in text


def test_what_nobody_has_checked_is_not_there(client: FlaskClient) -> None:
    """Neither in the list, nor under its number, nor while typing."""
    assert client.get("/library/regulation-2023-1543").status_code == 404
    assert "2023/1543" not in client.get("/library/").text
    assert client.get("/library/complete?q=2023/1543").json == {"documents": []}


def test_a_title_or_a_number_finds(client: FlaskClient) -> None:
    """All words, in any case; nothing found says so."""
    assert "COM(2022) 209" in client.get("/library/?q=regulation+209").text
    assert "No document is like that" in client.get("/library/?q=lantern").text


def test_completion_offers_what_the_library_has(client: FlaskClient) -> None:
    """The number as it is cited, and the title."""
    found = client.get("/library/complete?q=com(2020)").json
    assert found == {
        "documents": [
            {
                "cite": "COM(2020) 607",
                "title": "EU strategy for a more effective fight against child sexual abuse",
            }
        ]
    }


def test_the_secretariat_adds_a_document(
    client_of: ClientOf, client: FlaskClient, secretariat: Account
) -> None:
    """With numbers that are numbers; everybody finds it under each."""
    member = client_of(secretariat)
    sent = submit(member, "/library/new", FORM)
    assert sent.location == "/library/com-2031-17"
    assert "A report nobody has" in client.get(sent.location).text
    assert client.get("/library/celex-52031dc0017").location == sent.location
    again = submit(member, "/library/new", FORM | {"title": "Twice"})
    assert "The library has COM(2031) 17; 52031DC0017 already" in errors_in(again)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"com": "17"}, "A number of the Commission is written as COM(2020) 607."),
        ({"celex": "COM(2031) 17"}, "A CELEX number is written as 32011L0093"),
        ({"ares": "Ares 5"}, "An Ares number is written as Ares(2020)1234567."),
        ({"com": "", "celex": ""}, "Write it as COM(2020) 607"),
        ({"date": "lately"}, "Write the date as 2020-07-24"),
        ({"date": "2031-13"}, "Write the date as 2020-07-24"),
        ({"source": ""}, "Say where you checked it."),
        ({"com": "COM(2020) 607"}, "The library has COM(2020) 607 already."),
    ],
)
def test_bad_numbers_are_refused_at_their_field(
    client_of: ClientOf, secretariat: Account, wrong: dict[str, str], sentence: str
) -> None:
    """What was typed stays."""
    answer = submit(client_of(secretariat), "/library/new", FORM | wrong)
    assert answer.status_code == 422
    assert sentence in errors_in(answer)
    assert "A report nobody has" in answer.text


def test_only_the_secretariat_keeps_the_library(
    client_of: ClientOf, build: Builder, secretariat: Account
) -> None:
    """Others read it; an unchecked document they do not even find."""
    submit(client_of(secretariat), "/library/new", FORM | {"is_verified": ""})
    member = client_of(build.account())
    assert member.get("/library/new").status_code == 403
    assert member.get("/library/com-2031-17/edit").status_code == 403
    assert member.get("/library/com-2031-17").status_code == 404
    assert "Not checked" in client_of(secretariat).get("/library/").text


def test_two_who_edit_at_once_are_told(client_of: ClientOf, secretariat: Account) -> None:
    """What it says now is shown beside what was typed."""
    client = client_of(secretariat)
    submit(client, "/library/new", FORM)
    path = "/library/com-2031-17/edit"
    assert 'value="52031DC0017"' in client.get(path).text
    assert submit(client, path, FORM | {"title": "First", "revision": "1"}).status_code == 303
    late = submit(client, path, FORM | {"title": "Second", "revision": "1"})
    assert late.status_code == 409
    assert "First" in late.text
    assert "Second" in late.text


def test_cited_by_shows_what_the_reader_may_read(
    client_of: ClientOf, client: FlaskClient, build: Builder, session: Session
) -> None:
    """Contributions and entries of registers, under any of its numbers."""
    closed, public = build.group(Ceiling.MEMBERS), build.group(Ceiling.PUBLIC)
    chair = build.member(closed, build.member(public, role=GroupRole.CHAIR))
    post = build.post(build.thread(closed, chair, title="Among members"), chair)
    record_citations(session, SubjectKind.POST, post.id, "As [[32011L0093]] says.")
    session.commit()
    raised(build, session, build.actor(chair), public.slug, title="A public gap", act="Directive 2011/93/EU")
    path = "/library/directive-2011-93"
    shown = client.get(path).text
    assert "A public gap" in shown
    assert "Among members" not in shown
    assert "Among members" in client_of(chair).get(path).text


def test_a_number_that_the_library_lacks_says_so(
    client_of: ClientOf, client: FlaskClient, secretariat: Account
) -> None:
    """A citation may come before its document; who keeps the library is offered to add it."""
    page = client.get("/library/com-2040-9")
    assert page.status_code == 404
    assert "The library does not have it yet" in page.text
    assert "/library/new?number=COM" in client_of(secretariat).get("/library/com-2040-9").text
    assert client.get("/library/nonsense").status_code == 404
