"""Finding over the API."""

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from forum.domain.accounts import Account
from forum.domain.attribution import Attribution
from forum.domain.groups import Group
from forum.domain.labels import Ceiling, Status
from forum.domain.organisations import StakeholderType
from forum.domain.papers import Paper
from forum.extensions import db
from tests.blueprints.api.conftest import Api
from tests.builders import Builder
from tests.support import count_statements, deliver

Deliver = Callable[[], object]
World = tuple[Group, Group, Account]


@pytest.fixture
def index(app: Flask, clock: Callable[[], datetime]) -> Deliver:
    """Let the worker index what was written."""
    return lambda: deliver(app, clock)


@pytest.fixture
def world(build: Builder, index: Deliver) -> World:
    """Lanterns in a public and in a closed group, and a member of both."""
    public, closed = build.group(Ceiling.PUBLIC), build.group(is_listed=False, slug="hidden-house")
    member = build.member(closed, build.member(public, build.account("Mara Example")))
    body = build.organisation("Example Helpline", type=StakeholderType.NGO, country="FR")
    build.thread(public, member, title="Harbour lights", text="The lanterns burn.", organisation=body)
    build.paper(public, member, title="On lanterns", text="A paper about lanterns and oil.")
    build.thread(closed, member, title="Behind the wall", text="Secret lanterns glow.")
    build.post(build.thread(public, member, title="Other"), text="Held lanterns.", status=Status.PENDING)
    index()
    return public, closed, member


def test_everybody_finds_what_they_may_read(api: Api, world: World, build: Builder) -> None:
    """Items, total and facets of a visitor know nothing of the closed group; a member's do."""
    public, closed, member = world
    for who in (None, build.account()):
        answer = api.get("/search?q=lanterns", who)
        assert answer.status_code == 200
        assert answer.json["total"] == len(answer.json["items"]) == 2
        for telltale in (closed.slug, closed.title, "Secret", "wall", "Held"):
            assert telltale not in answer.text
    found = api.get("/search?q=lanterns", member).json
    assert found["total"] == 3
    groups = next(facet for facet in found["facets"] if facet["field"] == "group")
    assert {(one["value"], one["count"]) for one in groups["values"]} == {(public.slug, 2), (closed.slug, 1)}


def test_what_only_hidden_texts_say_is_as_what_nobody_says(api: Api, world: World) -> None:
    """No total, facet or suggestion tells a word of a closed text from one that is nowhere."""
    answers = [api.get(f"/search?q={word}").json for word in ("glow", "glaw", "held", "hald")]
    for answer in answers:
        assert (answer["total"], answer["items"], answer["facets"], answer["suggestion"]) == (0, [], [], None)


def test_a_hit_says_what_it_is_and_where(api: Api, world: World, build: Builder) -> None:
    """Passage with its hits, the six facts, and ids that lead into the other calls."""
    public, _, _ = world
    (post,) = api.get("/search?q=burn&kind=post", build.account()).json["items"]
    assert (post["title"], post["group"]) == ("Harbour lights", public.slug)
    assert post["snippet"] == "".join(piece["text"] for piece in post["pieces"])
    assert [piece["text"] for piece in post["pieces"] if piece["is_hit"]] == ["burn"]
    assert (post["author"]["name"], post["author"]["country"]) == ("Mara Example", "FR")
    assert api.get(f"/threads/{post['container']}").json["posts"][0]["id"] == post["id"]
    (paper,) = api.get("/search?q=oil&kind=paper").json["items"]
    assert paper["author"]["name"] is None
    assert api.get(f"/papers/{paper['container']}/versions/{paper['version']}").status_code == 200
    assert paper["container"] == build.session.query(Paper).one().public_id


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("q=lanterns", 2),
        ("q=lanterns&kind=paper", 1),
        ("q=lanterns&kind=-paper", 1),
        ("q=lanterns&organisation_type=ngo", 1),
        ("q=lanterns&organisation_type=-ngo", 1),
        ("q=lanterns&country=FR", 1),
        ("q=lanterns&organisation=example-helpline", 1),
        ("q=lanterns&group=hidden-house", 0),
        ("q=lanterns&after=2026-03-02", 2),
        ("q=lanterns&before=2026-03-02", 0),
        ("q=lanterns&after=2027", 0),
        ("q=lanterns&language=en&sort=date", 2),
        ("q=%22lanterns+burn%22", 1),
        ("q=lanterns+-oil", 1),
        ("q=lanterns&year=2026", 2),
        ("q=lanterns&year=-2026", 0),
        ("q=lanterns&label=clear", 2),
        ("q=lanterns&versions=current", 2),
        ("q=lanterns&topic=nobody-made-this", 2),
        ("q=lanterns&page=2", 2),
        ("kind=paper", 1),
        ("q=%22(((%20audience:x", 0),
        ("q=%00lanterns", 2),
        ("q=%ed%a0%80+lanterns", 2),
        ("q=*", 0),
        ("q=", 0),
        ("", 0),
    ],
)
def test_filters_narrow_and_bad_syntax_is_words(api: Api, world: World, query: str, total: int) -> None:
    """As in the search box."""
    assert api.get(f"/search?{query}").json["total"] == total


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("q=" + "x" * 201, "q"),
        ("q=a&q=b", "q"),
        ("q=a&kind=thread", "kind"),
        ("q=a&kind=post&kind=paper", "kind"),
        ("q=a&after=yesterday", "after"),
        ("q=a&before=2026-1", "before"),
        ("q=a&sort=title", "sort"),
        ("q=a&page=0", "page"),
        ("q=a&page=51", "page"),
        ("q=a&limit=500", "limit"),
        ("q=a&audience=public", "audience"),
    ],
)
def test_a_wrong_query_is_named(api: Api, query: str, field: str) -> None:
    """422 at the parameter."""
    answer = api.get(f"/search?{query}")
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_the_chatham_house_rule_holds_in_results(
    api: Api, build: Builder, index: Deliver, world: World
) -> None:
    """Alias and day; not found by author, body, country or type."""
    group = build.group(Ceiling.PUBLIC, attribution=Attribution.CHATHAM_HOUSE)
    body = build.organisation("Telltale Messenger", country="MT")
    author = build.member(group, build.account("Tella Example"))
    build.mandate(author, body)
    sent = {"title": "Moths", "body": "Moths gather.", "organisation": body.slug}
    assert api.post(f"/groups/{group.slug}/threads", author, sent).status_code == 201
    index()
    found = api.get("/search?q=moths", build.member(group))
    (item,) = found.json["items"]
    assert {name for name, value in item["author"].items() if value is not None} == {"alias"}
    assert item["at"] == "2026-03-02"
    for telltale in ("Tella", "Telltale", body.slug, '"MT"', "T09:00"):
        assert telltale not in found.text
    assert {facet["field"] for facet in found.json["facets"]}.isdisjoint({"country", "organisation_type"})
    for query in ("author=tella", f"organisation={body.slug}", "country=MT", "organisation_type=company"):
        assert api.get(f"/search?q=moths&{query}", build.member(group)).json["total"] == 0


def test_who_lost_access_finds_nothing_at_once(api: Api, world: World, build: Builder) -> None:
    """Before the worker has run."""
    from forum.domain.groups import Membership

    _, closed, member = world
    assert api.get("/search?q=secret", member).json["total"] == 1
    build.session.query(Membership).filter_by(group_id=closed.id).one().ended_at = build.clock()
    build.session.commit()
    assert api.get("/search?q=secret", member).json["total"] == 0


def test_results_cost_the_same_however_many(
    api: Api, world: World, build: Builder, index: Deliver, app: Flask
) -> None:
    """No statement a hit."""
    public, _, member = world
    with app.app_context():
        engine = db.engine

    def cost() -> int:
        api.get("/search?q=lanterns", member)
        with count_statements(engine) as seen:
            api.get("/search?q=lanterns", member)
        return len(seen)

    before = cost()
    for _ in range(5):
        build.thread(public, build.member(public), text="More lanterns.", organisation=build.organisation())
        build.paper(public, build.member(public), text="Lanterns on paper.")
    index()
    assert cost() == before
