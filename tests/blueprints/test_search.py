"""The search page: what it shows, where its links lead, and that it tells nothing it should not."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from forum.domain.accounts import Account
from forum.domain.groups import Group
from forum.domain.labels import Ceiling
from forum.domain.organisations import StakeholderType
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.journeys.walking import telling
from tests.support import deliver, errors_in

ClientOf = Callable[[Account | None], FlaskClient]


def soup_of(client: FlaskClient, path: str) -> BeautifulSoup:
    answer = client.get(path)
    assert answer.status_code == 200, answer.status
    return BeautifulSoup(answer.text, "html.parser")


def titles(soup: BeautifulSoup) -> list[str]:
    return [link.get_text() for link in soup.select(".result-title a")]


@pytest.fixture
def lanterns(app: Flask, build: Builder, clock: StoppedClock) -> Group:
    """A public group with two discussions and a paper about lanterns, indexed."""
    group = build.group(Ceiling.PUBLIC, slug="harbour", short_title="Harbour")
    body = build.organisation("Glow Works", slug="glow-works", match_key="glow works", country="FR")
    author = build.account("Open Example", name_is_public=True)
    build.thread(group, author, title="Lanterns at sea", text="A <b>lantern</b> & more.", organisation=body)
    build.thread(group, title="Lanterns ashore", text="Two lanterns.", language="fr")
    build.paper(group, author, title="The lantern paper", text="About a lantern.", organisation=body)
    deliver(app, clock)
    return group


@pytest.mark.usefixtures("lanterns")
def test_a_result_shows_its_facts(client: FlaskClient) -> None:
    """Title, passage with marks, who, group, label, date, and how to cite; text stays text."""
    soup = soup_of(client, "/search?q=lantern+sea")
    first = soup.select_one(".result")
    assert first is not None
    words = first.get_text(" ", strip=True)
    for expected in ("Lanterns at sea", "Open Example", "Glow Works", "Harbour", "TLP:CLEAR", "2 Mar 2026"):
        assert expected in words
    assert "A <b>lantern</b> & more." in first.get_text()
    assert [mark.get_text() for mark in first.select(".result-passage mark")] == ["lantern"]
    cite = first.select_one("a.cite")
    assert cite is not None
    assert str(cite["href"]).startswith("/posts/")
    assert "Understood as lantern sea" in soup.get_text(" ", strip=True)
    assert "across the 1 group you can read" in soup.get_text(" ", strip=True)


@pytest.mark.usefixtures("lanterns")
def test_a_facet_narrows_and_its_chip_widens_again(client: FlaskClient) -> None:
    """Both are links."""
    soup = soup_of(client, "/search?q=lantern")
    link = next(a for a in soup.select(".facets-wide .facet a") if a.get_text() == "Paper")
    narrowed = soup_of(client, str(link["href"]))
    assert titles(narrowed) == ["The lantern paper"]
    chip = narrowed.select_one(".chip")
    assert chip is not None
    assert "Kind: Paper" in chip.get_text()
    assert len(titles(soup_of(client, str(chip["href"])))) == 3
    chosen = next(a for a in narrowed.select(".facets-wide a") if a.has_attr("aria-current"))
    assert len(titles(soup_of(client, str(chosen["href"])))) == 3


@pytest.mark.usefixtures("lanterns")
def test_a_typed_filter_becomes_a_chip_and_leaves_the_box(client: FlaskClient) -> None:
    """The form sends it along with other words."""
    soup = soup_of(client, "/search?q=lantern+-kind:paper+country:fr")
    box = soup.select_one("#q")
    assert box is not None
    assert box["value"] == "lantern"
    hidden = [(str(i["name"]), str(i["value"])) for i in soup.select(".search-form input[type=hidden]")]
    assert sorted(hidden) == [("country", "FR"), ("kind", "-paper")]
    chips = [chip.get_text(" ", strip=True) for chip in soup.select(".chip")]
    assert chips == ["not Kind: Paper × remove", "Country: France × remove"]


@pytest.mark.usefixtures("lanterns")
def test_the_tabs(client: FlaskClient) -> None:
    """Each discussion once; organisations by name, with what they wrote."""
    soup = soup_of(client, "/search?q=lantern&view=containers")
    assert len(titles(soup)) == 3
    soup = soup_of(client, "/search?q=glow+works&view=organisations")
    assert [a.get_text() for a in soup.select(".line-title a")] == ["Glow Works"]
    wrote = soup.select_one(".line-meta a")
    assert wrote is not None
    assert "organisation=glow-works" in str(wrote["href"])
    assert soup_of(client, "/search?q=lantern&view=nonsense").select(".result")


@pytest.mark.usefixtures("lanterns")
def test_the_order_can_be_chosen(client: FlaskClient) -> None:
    """And is kept by the other links."""
    soup = soup_of(client, "/search?q=lantern")
    link = next(a for a in soup.select(".result-head a") if a.get_text() == "date")
    newest = soup_of(client, str(link["href"]))
    facet = newest.select_one(".facets-wide .facet a")
    assert facet is not None
    assert "sort=date" in str(facet["href"])


def test_pages_follow_each_other(
    app: Flask, build: Builder, client: FlaskClient, clock: StoppedClock
) -> None:
    """Twenty a page; the number is bounded whatever is asked."""
    thread = build.thread(build.group(Ceiling.PUBLIC), text="A lantern.")
    for _ in range(24):
        build.post(thread, text="A lantern.")
    deliver(app, clock)
    first = soup_of(client, "/search?q=lantern")
    assert len(first.select(".result")) == 20
    following = first.select_one("a[rel=next]")
    assert following is not None
    second = soup_of(client, str(following["href"]))
    assert len(second.select(".result")) == 5
    assert second.select_one("a[rel=next]") is None
    assert len(soup_of(client, "/search?q=lantern&page=99999999999").select(".result")) == 5
    assert soup_of(client, "/search?q=lantern&page=-1").select(".result")


def test_an_empty_box_shows_how_to_search(client: FlaskClient) -> None:
    """And no results."""
    soup = soup_of(client, "/search")
    grammar = soup.select_one(".grammar")
    assert grammar is not None
    assert grammar.has_attr("open")
    assert not soup.select(".tabs")


def test_too_long_a_query_comes_back(client: FlaskClient) -> None:
    """422, the sentence, and what was typed."""
    answer = client.get("/search?q=" + "lantern+" * 30)
    assert answer.status_code == 422
    assert "200 characters" in errors_in(answer)
    box = BeautifulSoup(answer.text, "html.parser").select_one("#q")
    assert box is not None
    assert str(box["value"]).count("lantern") == 30


@pytest.mark.parametrize(
    "query",
    [
        "q=%22((-OR+NEAR/+author:",
        "q=x&group=&kind=nonsense&year=abc&after=banana&before=-&versions=none&sort=none&page=x",
        "q=%00%07%E2%80%AE&after=99999",
        "q=x&" + "&".join(f"country={n}" for n in range(300)),
    ],
)
@pytest.mark.usefixtures("lanterns")
def test_nonsense_is_no_error(client: FlaskClient, query: str) -> None:
    """Whatever an address holds."""
    assert client.get(f"/search?{query}").status_code == 200


@pytest.mark.usefixtures("lanterns")
def test_nothing_found_leads_on(client: FlaskClient) -> None:
    """By links with what they would find."""
    soup = soup_of(client, "/search?q=lantern+kind:attachment")
    assert "Nothing found" in soup.get_text()
    link = next(a for a in soup.select(".plain-links a") if "Kind: Attachment" in a.get_text())
    assert len(titles(soup_of(client, str(link["href"])))) == 3
    misspelt = soup_of(client, "/search?q=lantren")
    suggested = misspelt.select_one(".notice-box a")
    assert suggested is not None
    assert suggested.get_text() == "lantern"


def close_something(build: Builder) -> Group:
    """A closed, unlisted group that says what the public one says, and more."""
    closed = build.group(Ceiling.MEMBERS, slug="closed-harbour", short_title="Closed", is_listed=False)
    author = build.member(closed, build.account("Secret Person", handle="secret-person"))
    thread = build.thread(
        closed,
        author,
        title="Lanterns behind the wall",
        text="A xylograph lantern.",
        language="mt",
    )
    build.post(thread, author, text="Lantern xylograph.", country="MT", stakeholder_type=StakeholderType.NGO)
    build.paper(closed, author, title="Closed lantern paper", text="Lantern lantern.")
    return closed


@pytest.mark.usefixtures("lanterns")
def test_the_twins(app: Flask, build: Builder, client: FlaskClient, clock: StoppedClock) -> None:
    """Byte for byte the same pages with and without closed content."""
    words = ("lantern", "xylograph", "xylogaph", "group:closed-harbour", "group:Closed",
             "author:secret-person", "country:mt", "lang:mt", "-lantern", "lantern+type:ngo",
             "kind:paper")  # fmt: skip
    addresses = [
        f"/search?q={word}{rest}" for word in words for rest in ("", "&view=containers", "&sort=date")
    ]
    before = [telling(client.get(address)) for address in addresses]
    close_something(build)
    deliver(app, clock)
    for address, page in zip(addresses, before, strict=True):
        assert telling(client.get(address)) == page, address


@pytest.mark.usefixtures("lanterns")
def test_a_member_is_shown_more(app: Flask, build: Builder, client_of: ClientOf, clock: StoppedClock) -> None:
    """The same address, another reader."""
    member = build.member(close_something(build))
    deliver(app, clock)
    assert len(titles(soup_of(client_of(member), "/search?q=xylograph"))) == 2
    assert titles(soup_of(client_of(build.account()), "/search?q=xylograph")) == []


def test_the_address_with_a_slash_leads_to_the_page(client: FlaskClient) -> None:
    """With what was asked."""
    answer = client.get("/search/?q=a+b&kind=paper")
    assert (answer.status_code, answer.location) == (301, "/search?q=a+b&kind=paper")
    assert client.get("/search/").location == "/search"
