"""The home page."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from forum.domain.accounts import Account, PlatformRole
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling, Status
from tests.builders import Builder
from tests.services.consulting import consultation

ClientOf = Callable[[Account | None], FlaskClient]


def headings(client: FlaskClient) -> list[str]:
    soup = BeautifulSoup(client.get("/").data, "html.parser")
    assert soup.main is not None
    return [" ".join(h.get_text().split()) for h in soup.main.find_all(["h1", "h2"])]


def test_a_visitor_learns_what_this_is_and_how_to_get_in(client: FlaskClient, build: Builder) -> None:
    """Purpose, open consultations, what is new, the strategy, what is not public; nothing closed."""
    build.thread(build.group(Ceiling.MEMBERS), title="Behind closed doors")
    assert headings(client) == [
        "Consultation Forum",
        "Open consultations",
        "Newly published papers",
        "Recent discussions",
        "The strategy",
        "What is not public, and how to take part",
    ]
    page = client.get("/").text
    assert "Behind closed doors" not in page
    assert 'href="/accounts/request"' in page


def test_what_needs_me_depends_on_my_roles(build: Builder, client_of: ClientOf) -> None:
    """Moderation for moderators, questions for the secretariat, the system for administrators."""
    group = build.group(Ceiling.MEMBERS)
    moderator = build.member(group, role=GroupRole.MODERATOR)
    build.thread(group, build.member(group), status=Status.PENDING)
    member = build.member(group)
    build.paper(group, member, title="My draft", status=Status.DRAFT)
    assert headings(client_of(moderator)) == ["What needs you", "Moderation"]
    assert headings(client_of(member)) == ["What needs you", "Drafts"]
    secretariat = build.account(platform_role=PlatformRole.SECRETARIAT)
    assert headings(client_of(secretariat)) == ["What needs you", "Open questions to the unit"]
    administrator = build.account(platform_role=PlatformRole.ADMINISTRATOR)
    assert headings(client_of(administrator)) == ["What needs you", "The system"]


def test_somebody_new_is_told_that_nothing_waits(build: Builder, client_of: ClientOf) -> None:
    """An empty desk says so, and where to begin, also while consultations are open."""
    group = build.group(Ceiling.PUBLIC)
    consultation(build, group)
    page = client_of(build.account()).get("/").text
    assert "Consultations that close next" in page
    assert "Nothing waits for you now." in page
    assert "You belong to no group yet" in page
    assert "You belong to no group yet" not in client_of(build.member(group)).get("/").text


@pytest.mark.parametrize("ceiling", [Ceiling.PUBLIC, Ceiling.MEMBERS])
@pytest.mark.parametrize("role", [None, *GroupRole, *PlatformRole])
def test_everybody_has_a_home(
    build: Builder, client_of: ClientOf, role: GroupRole | PlatformRole | None, ceiling: Ceiling
) -> None:
    """Visitor, each role in a group with work in it, each role over the platform: one heading, a way on."""
    group = build.group(ceiling)
    person = None
    if isinstance(role, GroupRole):
        person = build.member(group, role=role)
    elif role is not None:
        person = build.account(platform_role=role)
    other = build.member(group)
    thread = build.thread(group, other)
    build.post(thread, other, status=Status.PENDING)
    build.paper(group, other)
    build.paper(group, person, title="A draft", status=Status.DRAFT)
    answer = client_of(person).get("/")
    assert answer.status_code == 200
    soup = BeautifulSoup(answer.data, "html.parser")
    assert [h.get_text(strip=True) for h in soup.find_all("h1")] == [
        "Consultation Forum" if person is None else "What needs you"
    ]
    assert soup.main is not None
    assert soup.main.find_all("a"), "there is a way on"
