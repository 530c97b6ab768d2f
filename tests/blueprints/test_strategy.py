"""The pages of the strategy."""

import functools
import re

from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from forum.blueprints.datafiles import strategy
from forum.domain.labels import Ceiling, Status
from forum.domain.threads import ThreadKind
from forum.services.questions import GROUP_SLUG
from tests.builders import Builder


def words(client: FlaskClient, path: str) -> str:
    soup = BeautifulSoup(client.get(path).data, "html.parser")
    return " ".join(soup.get_text(" ").split())


def test_the_strategy_has_its_eight_initiatives(client: FlaskClient) -> None:
    """Two pillars, eight initiatives with their numbers and addresses."""
    soup = BeautifulSoup(client.get("/strategy/").data, "html.parser")
    assert len(soup.find_all("section", class_="pillar")) == 2
    found = [a["href"] for ol in soup.find_all("ol", class_="initiatives") for a in ol.find_all("a")]
    assert found == [f"/strategy/{n}" for n in range(1, 9)]


def test_nothing_unverified_is_shown_as_fact(client: FlaskClient) -> None:
    """What is marked unverified in the data stands on no page."""
    data = strategy()
    unverified = [
        *(line.text for i in data.initiatives for line in i.status if not line.verified),
        *(act.reference for i in data.initiatives for act in i.acts if not act.verified),
        *(f"Article {a.number} {a.title}" for a in data.directive.articles if not a.verified),
    ]
    assert unverified, "the test needs something to look for"
    pages = [words(client, path) for path in ("/strategy/", *(f"/strategy/{n}" for n in range(1, 9)))]
    for text in unverified:
        assert not any(re.search(rf"(?<!\w){re.escape(text)}(?!\w)", page) for page in pages), text


def test_an_initiative_says_what_happened_with_date_and_source(client: FlaskClient) -> None:
    """Every verified line stands with its source."""
    for initiative in strategy().initiatives:
        page = words(client, f"/strategy/{initiative.number}")
        for line in initiative.printed_status:
            assert line.text in page
            assert f"Source: {line.source}" in page


def test_an_initiative_shows_its_groups_and_takes_questions(client: FlaskClient, build: Builder) -> None:
    """Groups that the visitor may know of, and the way to ask the unit; nothing of an unlisted one."""
    build.group(Ceiling.PUBLIC, short_title="Open group", initiative=5)
    build.group(Ceiling.MEMBERS, short_title="Hidden group", initiative=5, is_listed=False)
    page = client.get("/strategy/5").text
    assert "Open group" in page
    assert "Hidden group" not in page
    assert 'href="/strategy/5/ask"' in page


def test_there_is_no_ninth_initiative(client: FlaskClient) -> None:
    """An unknown number is absent."""
    assert client.get("/strategy/9").status_code == 404


def test_questions_stand_at_their_initiative(client: FlaskClient, build: Builder) -> None:
    """Open and answered ones, none of another initiative, none that is held."""
    unit = build.group(Ceiling.PUBLIC, slug=GROUP_SLUG, in_directory=False)
    asker = build.account()
    ask = functools.partial(build.thread, unit, asker, kind=ThreadKind.QUESTION)
    ask(title="When is the report due?", initiative=1)
    answered = ask(title="Who is bound?", initiative=1, answered_at=build.clock())
    answer = build.post(answered, build.account(), text="Twenty-six Member States.", is_answer=True)
    ask(title="Something else", initiative=2)
    ask(title="A held question", initiative=1, status=Status.PENDING)
    soup = BeautifulSoup(client.get("/strategy/1").data, "html.parser")
    assert soup.main is not None
    page = " ".join(soup.main.get_text(" ").split())
    assert "When is the report due? Open question" in page
    assert "Who is bound? Answered Twenty-six Member States." in page
    assert soup.find("a", href=f"/posts/{answer.public_id}")
    assert "Something else" not in page
    assert "A held question" not in page
