"""Comments on papers over the API."""

import pytest
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.comments import Disposition
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.labels import Ceiling, Tlp
from forum.domain.papers import Paper
from forum.domain.threads import Thread
from forum.services.comment_answers import answer_comment
from tests.blueprints.api.conftest import Api
from tests.builders import Builder

TEXT = "The report begins a deadline.\n\nThe answer ends the deadline.\n\n- a list\n- of two"
Scene = tuple[Group, Account, str]


@pytest.fixture
def scene(api: Api, build: Builder) -> Scene:
    """A public group, the author of a paper in it, and the paper."""
    group = build.group(Ceiling.PUBLIC)
    author = build.member(group)
    paper = api.post(f"/groups/{group.slug}/papers", author, {"title": "On deadlines", "body": TEXT})
    return group, author, paper.json["id"]


def test_a_comment_on_words_keeps_them_and_their_surroundings(
    api: Api, build: Builder, scene: Scene, session: Session
) -> None:
    """201 with the passage; it is a discussion that others read and reply to."""
    group, _, paper = scene
    who = build.member(group, build.account("Mara Example"))
    sent = {"version": 1, "body": "*Which* one?", "selector": {"exact": "begins a deadline"}}
    made = api.post(f"/papers/{paper}/comments", who, sent)
    assert made.status_code == 201
    assert made.headers["Location"] == f"/api/v1/threads/{made.json['id']}"
    assert made.json["selector"]["exact"] == "begins a deadline"
    assert made.json["selector"]["prefix"].endswith("The report ")
    assert made.json["selector"]["suffix"].startswith(".")
    assert (made.json["version"], made.json["paragraph"], made.json["title"]) == (1, "p1", "On paragraph 1")
    assert made.json["author"]["name"] == "Mara Example"
    row = session.query(Thread).filter_by(public_id=made.json["id"]).one()
    assert (row.anchor_start, row.anchor_end) == (11, 28)
    thread = api.get(f"/threads/{made.json['id']}").json
    assert (thread["kind"], thread["posts"][0]["body"]) == ("comment", "*Which* one?")
    assert thread["about"]["exact"] == "begins a deadline"
    api.post(f"/threads/{made.json['id']}/posts", who, {"body": "Mine."})
    (listed,) = api.get(f"/papers/{paper}/comments").json["items"]
    assert (listed["id"], listed["replies"]) == (made.json["id"], 1)


def test_a_paragraph_or_the_whole_can_be_meant(api: Api, build: Builder, scene: Scene) -> None:
    """paragraph names one by its anchor; without either the comment is on the whole."""
    group, _, paper = scene
    who = build.member(group)
    whole = api.post(f"/papers/{paper}/comments", who, {"version": 1, "body": "x"}).json
    second = {"version": 1, "body": "x", "paragraph": "p2", "title": "Mine"}
    one = api.post(f"/papers/{paper}/comments", who, second).json
    assert (whole["paragraph"], whole["selector"], whole["title"]) == (None, None, "On the whole paper")
    assert (one["paragraph"], one["title"]) == ("p2", "Mine")
    assert one["selector"]["exact"] == "The answer ends the deadline."


def test_surroundings_tell_the_same_words_apart(api: Api, build: Builder, scene: Scene) -> None:
    """ "deadline" stands there twice: alone it is refused, with what stands before or after it is one."""
    group, _, paper = scene
    who = build.member(group)

    def send(**selector: str) -> object:
        answer = api.post(f"/papers/{paper}/comments", who, {"version": 1, "body": "x", "selector": selector})
        return answer.json.get("paragraph") or list(answer.json["errors"])

    assert send(exact="deadline") == ["selector"]
    assert send(exact="deadline", prefix="ends the ") == "p2"
    assert send(exact="deadline", prefix="a ", suffix=".") == "p1"
    assert send(exact="deadline", prefix="no ") == ["selector"]
    assert send(exact="a list of two") == "p3"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"body": "x"}, "version"),
        ({"version": 1}, "body"),
        ({"version": 1, "body": " "}, "body"),
        ({"version": 2, "body": "x"}, "version"),
        ({"version": True, "body": "x"}, "version"),
        ({"version": 1, "body": "x", "selector": "words"}, "selector"),
        ({"version": 1, "body": "x", "selector": {}}, "selector.exact"),
        ({"version": 1, "body": "x", "selector": {"exact": "  "}}, "selector"),
        ({"version": 1, "body": "x", "selector": {"exact": "not there"}}, "selector"),
        ({"version": 1, "body": "x", "selector": {"exact": "x" * 5001}}, "selector.exact"),
        ({"version": 1, "body": "x", "selector": {"exact": "report", "start": 4}}, "selector.start"),
        ({"version": 1, "body": "x", "selector": {"exact": "report"}, "paragraph": "p1"}, "selector"),
        ({"version": 1, "body": "x", "paragraph": "p99"}, "paragraph"),
        ({"version": 1, "body": "x", "label": "RED"}, "label"),
        ({"version": 1, "body": "x", "organisation": "nobodys"}, "organisation"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_comment_is_named_at_its_field(
    api: Api, build: Builder, scene: Scene, session: Session, sent: dict[str, object], field: str
) -> None:
    """422, and nothing is stored."""
    answer = api.post(f"/papers/{scene[2]}/comments", build.member(scene[0]), sent)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert session.query(Thread).count() == 0


def test_comments_page_in_the_order_they_were_written(api: Api, build: Builder, scene: Scene) -> None:
    """Oldest first; each once; an unknown cursor is refused."""
    group, _, paper = scene
    who = build.member(group)
    made = [
        api.post(f"/papers/{paper}/comments", who, {"version": 1, "body": f"No {n}."}).json["id"]
        for n in range(3)
    ]
    first = api.get(f"/papers/{paper}/comments?limit=2").json
    second = api.get(f"/papers/{paper}/comments?limit=2&cursor={first['next']}").json
    assert [one["id"] for one in first["items"] + second["items"]] == made
    assert second["next"] is None
    assert api.get(f"/papers/{paper}/comments?cursor=aaaaaaaaaaaaa").status_code == 422


def test_a_comment_goes_no_further_than_its_version(api: Api, build: Builder, scene: Scene) -> None:
    """On a RED version of a public paper it has that label, and visitors meet nothing of it."""
    _, author, paper = scene
    version = {"body": "Closed words here.", "based_on": 1, "summary": "Closed.", "label": Tlp.RED}
    assert api.post(f"/papers/{paper}/versions", author, version).status_code == 201
    before = api.get(f"/papers/{paper}/comments").data
    sent = {"version": 2, "body": "x", "selector": {"exact": "Closed words"}}
    made = api.post(f"/papers/{paper}/comments", author, sent).json
    assert made["label"] == "RED"
    assert api.get(f"/papers/{paper}/comments").data == before
    assert api.get(f"/threads/{made['id']}").status_code == 404
    stranger = build.account()
    sent = {"version": 2, "body": "x"}
    answers = [
        api.post(f"/papers/{paper}/comments", stranger, sent | {"version": number}).data for number in (2, 9)
    ]
    assert answers[0] == answers[1]


def test_a_comment_on_what_was_withdrawn_quotes_it_no_more(
    api: Api, build: Builder, scene: Scene, session: Session
) -> None:
    """The comment stays; the words of the version are gone from it."""
    from forum.services.versions import withdraw_version

    group, author, paper = scene
    sent = {"version": 1, "body": "x", "selector": {"exact": "begins a deadline"}}
    api.post(f"/papers/{paper}/comments", build.member(group), sent)
    withdraw_version(session, build.actor(author), group.slug, paper, 1, now=build.clock())
    session.commit()
    answer = api.get(f"/papers/{paper}/comments")
    assert answer.json["items"][0]["selector"] is None
    assert "deadline" not in answer.text


def test_held_comments_are_their_writers_and_the_moderators(api: Api, build: Builder) -> None:
    """Pending is not visible to others."""
    group = build.group(Ceiling.PUBLIC, holding_rule=HoldingRule.NEWCOMER)
    moderator = build.member(group, role=GroupRole.MODERATOR)
    paper = api.post(f"/groups/{group.slug}/papers", moderator, {"title": "x", "body": TEXT}).json["id"]
    writer = build.member(group)
    made = api.post(f"/papers/{paper}/comments", writer, {"version": 1, "body": "x"}).json
    assert (made["status"], made["replies"]) == ("pending", 0)
    for who, count in ((None, 0), (build.member(group), 0), (writer, 1), (moderator, 1)):
        assert len(api.get(f"/papers/{paper}/comments", who).json["items"]) == count


def test_who_reads_but_may_not_write_is_told_so(api: Api, build: Builder, scene: Scene) -> None:
    """A stranger gets 403; without a token 401."""
    sent = {"version": 1, "body": "x"}
    assert api.post(f"/papers/{scene[2]}/comments", build.account(), sent).status_code == 403
    assert api.post(f"/papers/{scene[2]}/comments", None, sent).status_code == 401


def test_wording_is_suggested_and_the_answer_comes_back(
    api: Api, build: Builder, scene: Scene, session: Session
) -> None:
    """Refused on a position until its owner takes suggestions; then with answer and place."""
    group, author, paper = scene
    who = build.member(group)
    sent = {"version": 1, "body": "Why one?", "selector": {"exact": "begins a deadline"}}
    refused = api.post(f"/papers/{paper}/comments", who, sent | {"suggestion": "begins two deadlines"})
    assert refused.status_code == 403
    session.query(Paper).filter_by(public_id=paper).one().takes_suggestions = True
    session.commit()
    same = api.post(f"/papers/{paper}/comments", who, sent | {"suggestion": "begins a *deadline*"})
    assert (same.status_code, list(same.json["errors"])) == (422, ["suggestion"])
    made = api.post(f"/papers/{paper}/comments", who, sent | {"suggestion": "begins two deadlines"}).json
    assert (made["suggestion"], made["answer"]) == ("begins two deadlines", None)
    assert (made["state"], made["stands_at"]) == ("kept", "p1")
    answer_comment(
        session,
        build.actor(author),
        group.slug,
        made["id"],
        Disposition.REJECTED,
        "One deadline is enough for everybody.",
        now=build.clock(),
    )
    session.commit()
    (listed,) = api.get(f"/papers/{paper}/comments").json["items"]
    assert listed["answer"]["disposition"] == "rejected"
    assert listed["answer"]["reason"] == "One deadline is enough for everybody."
