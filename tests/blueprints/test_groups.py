"""The directory of groups, a group's home, and its terms and rules."""

from collections.abc import Callable

from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from forum.domain.accounts import Account
from forum.domain.labels import Ceiling
from tests.builders import Builder

ClientOf = Callable[[Account | None], FlaskClient]


def main_of(client: FlaskClient, path: str) -> BeautifulSoup:
    soup = BeautifulSoup(client.get(path).data, "html.parser")
    assert soup.main is not None
    return soup.main  # type: ignore[return-value]


def test_the_directory_stands_under_pillars_and_initiatives(client: FlaskClient, build: Builder) -> None:
    """Each group below its initiative; one for all initiatives at the end; none that is unlisted."""
    build.group(Ceiling.PUBLIC, title="On prevention", initiative=5)
    build.group(Ceiling.MEMBERS, title="Closed but listed", initiative=1)
    build.group(Ceiling.MEMBERS, title="Unlisted", is_listed=False, initiative=1)
    build.group(Ceiling.PUBLIC, title="For all", initiative=None)
    words = main_of(client, "/groups/").get_text(" ")
    order = [
        "Pillar I:",
        "Closed but listed",
        "Pillar II:",
        "On prevention",
        "For all initiatives",
        "For all",
    ]
    places = [words.index(word) for word in order]
    assert places == sorted(places)
    assert "Unlisted" not in words
    assert words.count("Listed, not readable by you") == 1


def test_my_groups_come_first_with_my_roles(build: Builder, client_of: ClientOf) -> None:
    """Somebody with a role finds it at the top; a visitor has no such list."""
    group = build.group(Ceiling.PUBLIC, short_title="Network", initiative=5)
    member = build.member(group)
    assert "My groups" in main_of(client_of(member), "/groups/").get_text()
    assert "My groups" not in main_of(client_of(None), "/groups/").get_text()


def test_a_listed_group_shows_its_mandate_and_nothing_inside(client: FlaskClient, build: Builder) -> None:
    """Name, mandate and contact; its rules, papers and discussions answer as absent."""
    group = build.group(
        Ceiling.MEMBERS, mandate_html="<p>To compare solutions.</p>", contact="lab@example.org"
    )
    build.thread(group, build.member(group), title="Inner matter")
    page = client.get(f"/groups/{group.slug}/").text
    assert "To compare solutions." in page
    assert "lab@example.org" in page
    assert "Inner matter" not in page
    assert client.get(f"/groups/{group.slug}/rules").status_code == 404


def test_an_unlisted_group_is_absent(client: FlaskClient, build: Builder) -> None:
    """Its address answers as one that was never given."""
    group = build.group(Ceiling.MEMBERS, is_listed=False)
    answer, absent = client.get(f"/groups/{group.slug}/"), client.get("/groups/never-there/")
    assert answer.status_code == absent.status_code == 404


def test_terms_and_rules_say_who_reads_writes_and_what_is_held(client: FlaskClient, build: Builder) -> None:
    """The charter in words, each rule with an address of its own."""
    group = build.group(
        Ceiling.PUBLIC,
        holding_rule="newcomer",
        promised_days=3,
        languages=["en", "fr"],
        rules=[{"key": "civil", "text": "Argue with the point."}],
    )
    main = main_of(client, f"/groups/{group.slug}/rules")
    words = " ".join(main.get_text(" ").split())
    for sentence in (
        "Everyone reads",
        "A newcomer's first contribution waits for a moderator.",
        "Moderators answer within 3 working days.",
        "English, French",
    ):
        assert sentence in words
    rule = main.find(id="rule-civil")
    assert rule is not None
    assert rule.get_text() == "Argue with the point."
