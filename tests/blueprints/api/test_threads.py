"""Discussions over the API."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.attribution import Attribution
from forum.domain.groups import GroupRole, HoldingRule
from forum.domain.labels import Ceiling, Status
from forum.domain.organisations import StakeholderType
from forum.domain.threads import Post, Thread
from forum.extensions import db
from forum.services.access_tokens import Scope
from tests.blueprints.api.conftest import Api
from tests.builders import Builder
from tests.support import count_statements

NEW = {"title": "Which data count?", "body": "Two **questions**."}


def test_a_member_opens_a_discussion_and_reads_it_back(api: Api, build: Builder) -> None:
    """The answer is the discussion with its first post, Markdown and HTML, and where to find it."""
    group = build.group()
    member = build.member(group, build.account("Mara Example"))
    answer = api.post(f"/groups/{group.slug}/threads", member, NEW)
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/threads/{answer.json['id']}"
    assert api.get(f"/threads/{answer.json['id']}", member).json == answer.json
    (post,) = answer.json["posts"]
    assert post["body"] == NEW["body"]
    assert "<strong>questions</strong>" in post["html"]
    assert post["author"]["name"] == "Mara Example"
    assert (post["status"], post["parent"], post["at"]) == ("published", None, "2026-03-02T09:00:00Z")
    assert (answer.json["group"], answer.json["title"]) == (group.slug, NEW["title"])


def test_what_is_held_is_pending_and_its_author_alone_sees_it(api: Api, build: Builder) -> None:
    """A newcomer's discussion is answered as pending; for other members it is not there."""
    group = build.group(holding_rule=HoldingRule.NEWCOMER)
    author, other = build.member(group), build.member(group)
    moderator = build.member(group, role=GroupRole.MODERATOR)
    made = api.post(f"/groups/{group.slug}/threads", author, NEW)
    assert made.status_code == 201
    assert made.json["status"] == made.json["posts"][0]["status"] == "pending"
    assert made.json["posts"][0]["held_because"] == "newcomer"
    path = f"/threads/{made.json['id']}"
    assert api.get(path, author).status_code == api.get(path, moderator).status_code == 200
    assert api.get(path, other).data == api.get("/threads/aaaaaaaaaaaaa", other).data
    assert api.get(f"/groups/{group.slug}/threads", other).json["items"] == []
    assert len(api.get(f"/groups/{group.slug}/threads", author).json["items"]) == 1


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"body": "x"}, "title"),
        ({"title": "x"}, "body"),
        ({"title": " ", "body": "x"}, "title"),
        ({"title": "x", "body": " "}, "body"),
        ({"title": "x" * 301, "body": "x"}, "title"),
        ({"title": "x", "body": "x" * 50_001}, "body"),
        ({"title": "x", "body": "> " * 200 + "x"}, "body"),
        ({"title": 5, "body": "x"}, "title"),
        ({"title": "x", "body": None}, "body"),
        ({"title": "x", "body": "x", "label": "CLEAR"}, "label"),
        ({"title": "x", "body": "x", "label": "PINK"}, "label"),
        ({"title": "x", "body": "x", "language": "tlh"}, "language"),
        ({"title": "x", "body": "x", "organisation": "somebody-elses"}, "organisation"),
        ({"title": "x", "body": "x", "shown_as": "nobody"}, "shown_as"),
        ({"title": "x", "body": "x", "status": "published"}, "status"),
        ({"title": "x", "body": "x", "group_id": 1}, "group_id"),
        ({"title": "x", "body": "x", "author_id": 1}, "author_id"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_is_named_at_its_field_and_changes_nothing(
    api: Api, build: Builder, session: Session, sent: dict[str, object], field: str
) -> None:
    """Every mistake answers 422 with a sentence at the field, as unknown fields do."""
    group = build.group()
    answer = api.post(f"/groups/{group.slug}/threads", build.member(group), sent)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
    assert session.query(Thread).count() == 0


def test_who_may_not_read_a_group_learns_nothing_of_it(api: Api, build: Builder) -> None:
    """A closed group's lists, discussions and writes answer an outsider as those of no group at all."""
    group = build.group(is_listed=False)
    thread = build.thread(group, build.member(group), title="A closed title")
    post = session_post(build, thread)
    outsider = build.member(build.group())
    for method, path, body in (
        ("GET", "/groups/{group}", None),
        ("GET", "/groups/{group}/threads", None),
        ("POST", "/groups/{group}/threads", NEW),
        ("GET", "/threads/{thread}", None),
        ("POST", "/threads/{thread}/posts", {"body": "x"}),
        ("PATCH", "/posts/{post}", {"body": "x"}),
        ("DELETE", "/posts/{post}", None),
        ("POST", "/posts/{post}/flags", {"reason": "spam"}),
    ):
        there = path.format(group=group.slug, thread=thread.public_id, post=post.public_id)
        absent = path.format(group="no-group", thread="aaaaaaaaaaaaa", post="aaaaaaaaaaaaa")
        for who in (outsider, None):
            answers = [api.call(method, one, who, body) for one in (there, absent)]
            assert (
                answers[0].status_code == answers[1].status_code == (404 if who or method == "GET" else 401)
            )
            assert answers[0].data == answers[1].data, path


def session_post(build: Builder, thread: Thread) -> Post:
    return build.session.query(Post).filter_by(thread_id=thread.id).first()  # type: ignore[return-value]


def test_who_reads_but_may_not_write_is_told_so(api: Api, build: Builder) -> None:
    """An outsider of a public group and an observer get 403 with a sentence."""
    group = build.group(Ceiling.PUBLIC)
    thread = build.thread(group, build.member(group))
    for who in (build.account(), build.member(group, role=GroupRole.OBSERVER)):
        for path, body in (
            (f"/groups/{group.slug}/threads", NEW),
            (f"/threads/{thread.public_id}/posts", {"body": "x"}),
        ):
            answer = api.post(path, who, body)
            assert answer.status_code == 403
            assert answer.json["detail"].endswith(".")


def test_replies_are_a_flat_list_that_names_parents(api: Api, build: Builder) -> None:
    """Each post follows what it replies to, and says so; the opening post is nobody's parent."""
    group = build.group()
    thread = build.thread(group, build.member(group))
    who = build.member(group)
    first = api.post(f"/threads/{thread.public_id}/posts", who, {"body": "First."}).json
    second = api.post(f"/threads/{thread.public_id}/posts", who, {"body": "Second."}).json
    below = api.post(f"/threads/{thread.public_id}/posts", who, {"body": "Below.", "parent": first["id"]})
    assert below.status_code == 201
    assert below.headers["Location"] == f"/api/v1/threads/{thread.public_id}"
    posts = api.get(f"/threads/{thread.public_id}", who).json["posts"]
    assert [post["id"] for post in posts][1:] == [first["id"], below.json["id"], second["id"]]
    assert [post["parent"] for post in posts] == [None, None, first["id"], None]


def test_a_parent_of_another_discussion_is_refused(api: Api, build: Builder) -> None:
    """A reply cannot hang on a post of another discussion, readable or not, and cannot tell them apart."""
    group, closed = build.group(), build.group()
    thread = build.thread(group, build.member(group))
    other = session_post(build, build.thread(group))
    hidden = session_post(build, build.thread(closed))
    who = build.member(group)
    answers = [
        api.post(f"/threads/{thread.public_id}/posts", who, {"body": "x", "parent": parent})
        for parent in (other.public_id, hidden.public_id, "aaaaaaaaaaaaa")
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({answer.data for answer in answers}) == 1
    assert list(answers[0].json["errors"]) == ["parent"]


def test_pages_of_posts_follow_each_other(api: Api, build: Builder) -> None:
    """Cursors lead through all posts once, in order, whatever the limit."""
    group = build.group()
    thread = build.thread(group, build.member(group))
    for n in range(6):
        build.post(thread, text=f"Reply {n}.")
    who = build.member(group)
    whole = api.get(f"/threads/{thread.public_id}", who).json
    assert whole["next"] is None
    found, cursor = [], ""
    for _ in range(4):
        page = api.get(f"/threads/{thread.public_id}?limit=2{cursor}", who).json
        found += page["posts"]
        cursor = f"&cursor={page['next']}"
    assert found == whole["posts"]
    assert page["next"] is None


def test_pages_of_discussions_follow_each_other(api: Api, build: Builder) -> None:
    """The same for a group's list, pinned ones first; a kind can be chosen."""
    group = build.group(Ceiling.PUBLIC)
    for n in range(5):
        build.thread(group, title=f"Title {n}", is_pinned=n == 2)
    first = api.get(f"/groups/{group.slug}/threads?limit=3").json
    second = api.get(f"/groups/{group.slug}/threads?limit=3&cursor={first['next']}").json
    titles = [item["title"] for item in first["items"] + second["items"]]
    assert titles == ["Title 2", "Title 4", "Title 3", "Title 1", "Title 0"]
    assert second["next"] is None
    assert api.get(f"/groups/{group.slug}/threads?kind=question").json["items"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("limit=1e2", "limit"),
        ("limit=-5", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("limit=5&limit=6", "limit"),
        ("cursor=aaaaaaaaaaaaa", "cursor"),
        ("cursor=" + "x" * 300, "cursor"),
        ("kind=poll", "kind"),
        ("audience=public", "audience"),
        ("access_token=x", "access_token"),
    ],
)
def test_a_query_that_is_not_known_is_refused(api: Api, build: Builder, query: str, field: str) -> None:
    """Unknown, repeated and wrong parameters answer 422 at their name."""
    group = build.group(Ceiling.PUBLIC)
    answer = api.get(f"/groups/{group.slug}/threads?{query}")
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]


def test_a_cursor_is_no_way_to_ask_what_is_there(api: Api, build: Builder) -> None:
    """A cursor of a closed group, or of a held discussion, answers as one that never was."""
    group, closed = build.group(Ceiling.PUBLIC), build.group()
    held = build.thread(group, status=Status.PENDING)
    answers = {
        api.get(f"/groups/{group.slug}/threads?cursor={cursor}").data
        for cursor in (build.thread(closed).public_id, held.public_id, "aaaaaaaaaaaaa")
    }
    assert len(answers) == 1


def test_the_chatham_house_rule_holds(api: Api, build: Builder, session: Session) -> None:
    """No name, body, country, language or time of day; the alias alone, in lists and answers to writes."""
    group = build.group(attribution=Attribution.CHATHAM_HOUSE)
    body = build.organisation("Telltale Messenger", type=StakeholderType.COMPANY, country="MT")
    author = build.member(group, build.account("Tella Example"))
    build.mandate(author, body)
    sent = NEW | {"organisation": body.slug, "language": "mt", "shown_as": "name"}
    made = api.post(f"/groups/{group.slug}/threads", author, sent, headers={"Idempotency-Key": "k1"})
    assert made.status_code == 201
    reader = build.member(group)
    path = f"/threads/{made.json['id']}"
    post = made.json["posts"][0]["id"]
    api.post(f"{path}/posts", author, {"body": "More.", "parent": post})
    api.patch(f"/posts/{post}", author, {"body": "Edited."})
    for who in (reader, author):
        for answer in (api.get(path, who), api.get(f"/groups/{group.slug}/threads", who)):
            for telltale in (
                "Tella",
                "Telltale",
                body.slug,
                author.public_id,
                author.handle,
                '"mt"',
                "T09:00",
            ):
                assert telltale.lower() not in answer.text.lower()
    line = api.get(path, reader).json["posts"][0]
    assert line["author"] == {
        "name": None,
        "person": None,
        "organisation": None,
        "organisation_slug": None,
        "organisation_type": None,
        "country": None,
        "own_capacity": None,
        "alias": "Participant A",
    }
    assert (line["at"], line["edited_at"]) == ("2026-03-02", "2026-03-02")
    assert (line["is_mine"], line["revision"]) == (False, None)
    assert {row.author_id for row in session.query(Post)} == {None}


def test_a_token_that_only_reads_writes_nothing(api: Api, build: Builder, session: Session) -> None:
    """The scope is asked before anything else, and the answer names what is lacking."""
    group = build.group()
    member = build.member(group)
    answer = api.post(f"/groups/{group.slug}/threads", member, NEW, scope=Scope.READ)
    assert answer.status_code == 403
    assert "write" in answer.json["detail"]
    assert session.query(Thread).count() == 0


def test_lists_cost_the_same_however_long(api: Api, build: Builder, app: Flask) -> None:
    """The number of statements depends neither on discussions nor on posts."""
    group = build.group()
    member = build.member(group)
    body = build.organisation()
    thread = build.thread(group, member, organisation=body)
    paths = (f"/groups/{group.slug}/threads", f"/threads/{thread.public_id}", "/groups")
    with app.app_context():
        engine = db.engine

    def cost() -> list[int]:
        counts = []
        for path in paths:
            api.get(path, member)
            with count_statements(engine) as seen:
                api.get(path, member)
            counts.append(len(seen))
        return counts

    before = cost()
    for _ in range(8):
        build.thread(build.group(Ceiling.PUBLIC))
        build.post(build.thread(group, build.member(group), organisation=body))
        build.post(thread, build.member(group), organisation=body)
    assert cost() == before
    assert max(before) <= 6
