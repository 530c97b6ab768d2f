"""Editing, withdrawing and flagging over the API."""

import pytest
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.labels import Ceiling, Status
from forum.domain.moderation import Flag
from forum.domain.threads import Post, PostRevision, Thread
from tests.blueprints.api.conftest import Api
from tests.builders import Builder

Scene = tuple[Group, Thread, Account, Post]


@pytest.fixture
def scene(build: Builder) -> Scene:
    """A group with a discussion, and a member's reply in it."""
    group = build.group()
    thread = build.thread(group, build.member(group))
    author = build.member(group)
    return group, thread, author, build.post(thread, author, text="Before.")


def test_an_edit_keeps_what_readers_saw(api: Api, scene: Scene, session: Session, build: Builder) -> None:
    """The text changes, the time of it shows, and the history has the old text."""
    group, thread, author, post = scene
    answer = api.patch(f"/posts/{post.public_id}", author, {"body": "*After*."})
    assert answer.status_code == 200
    assert (answer.json["body"], answer.json["edited_at"]) == ("*After*.", "2026-03-02T09:00:00Z")
    assert "<em>After</em>" in answer.json["html"]
    assert [row.source for row in session.query(PostRevision)] == ["Before."]
    shown = api.get(f"/threads/{thread.public_id}", build.member(group)).json["posts"][1]
    assert (shown["body"], shown["revision"]) == ("*After*.", None)


def test_what_is_not_sent_stays(api: Api, scene: Scene) -> None:
    """Title and language change alone; the text stays to the letter."""
    group, _, author, post = scene
    answer = api.patch(f"/posts/{post.public_id}", author, {"language": "fr"})
    assert (answer.json["body"], answer.json["language"]) == ("Before.", "fr")
    opened = api.post(f"/groups/{group.slug}/threads", author, {"title": "Old", "body": "Text."}).json
    opening = opened["posts"][0]["id"]
    assert api.patch(f"/posts/{opening}", author, {"title": "New"}).status_code == 200
    assert api.get(f"/threads/{opened['id']}", author).json["title"] == "New"


def test_an_edit_that_began_from_an_older_text_is_a_conflict(
    api: Api, scene: Scene, session: Session
) -> None:
    """based_on says what was edited; 409 changes nothing."""
    _, _, author, post = scene
    path = f"/posts/{post.public_id}"
    begun = api.patch(path, author, {"body": "First."}).json["revision"]
    assert api.patch(path, author, {"body": "Second.", "based_on": begun}).status_code == 200
    answer = api.patch(path, author, {"body": "Third.", "based_on": begun})
    assert answer.status_code == 409
    assert session.get_one(Post, post.id).source == "Second."


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({}, None),
        ({"based_on": 1}, None),
        ({"body": ""}, ["body"]),
        ({"body": "x" * 50_001}, ["body"]),
        ({"title": "Of a reply"}, ["title"]),
        ({"language": "xx"}, ["language"]),
        ({"body": "x", "status": "published"}, ["status"]),
        ({"body": "x", "is_answer": True}, ["is_answer"]),
        ({"body": "x", "based_on": True}, ["based_on"]),
    ],
)
def test_a_wrong_edit_changes_nothing(
    api: Api, scene: Scene, session: Session, sent: dict[str, object], fields: list[str] | None
) -> None:
    """422 with the fields to mend."""
    _, _, author, post = scene
    answer = api.patch(f"/posts/{post.public_id}", author, sent)
    assert answer.status_code == 422
    assert (list(answer.json["errors"]) if "errors" in answer.json else None) == fields
    assert session.get_one(Post, post.id).source == "Before."


def test_nobody_edits_or_withdraws_what_others_wrote(api: Api, scene: Scene, build: Builder) -> None:
    """Not a member, nor a moderator, nor the chair."""
    group, _, _, post = scene
    for role in (GroupRole.MEMBER, GroupRole.MODERATOR, GroupRole.CHAIR):
        who = build.member(group, role=role)
        assert api.patch(f"/posts/{post.public_id}", who, {"body": "x"}).status_code == 403
        assert api.patch(f"/posts/{post.public_id}", who, {"language": "fr"}).status_code == 403
        assert api.delete(f"/posts/{post.public_id}", who).status_code == 403


def test_an_edit_is_held_as_a_new_text_would_be(api: Api, build: Builder, session: Session) -> None:
    """Where everything is held, an edited reply is pending and its readers no longer see it."""
    group = build.group(holding_rule=HoldingRule.EVERYTHING)
    author = build.member(group)
    thread = build.thread(group, build.member(group))
    post = build.post(thread, author)
    answer = api.patch(f"/posts/{post.public_id}", author, {"body": "Other."})
    assert answer.json["status"] == "pending"
    assert len(api.get(f"/threads/{thread.public_id}", build.member(group)).json["posts"]) == 1


def test_withdrawing_leaves_a_stub(api: Api, scene: Scene, build: Builder) -> None:
    """204, and for readers the text is gone; a second time is refused."""
    group, thread, author, post = scene
    answer = api.delete(f"/posts/{post.public_id}", author, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.data) == (204, b"")
    stub = api.get(f"/threads/{thread.public_id}", build.member(group)).json["posts"][1]
    assert (stub["status"], stub["body"], stub["html"]) == ("withdrawn", "", "")
    again = api.delete(f"/posts/{post.public_id}", author, headers={"Idempotency-Key": "k"})
    assert again.status_code == 204
    assert api.delete(f"/posts/{post.public_id}", author).status_code == 403


def test_a_reader_flags_once(api: Api, scene: Scene, build: Builder, session: Session) -> None:
    """201 with the flag; while it is open another is a conflict; sent twice under one key it is one."""
    group, _, _, post = scene
    reader = build.member(group)
    sent = {"reason": "other", "explanation": "It answers another question."}
    path = f"/posts/{post.public_id}/flags"
    answer = api.post(path, reader, sent, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 201
    assert answer.json | sent == answer.json
    assert answer.json["post"] == post.public_id
    assert api.post(path, reader, sent, headers={"Idempotency-Key": "k"}).json == answer.json
    assert api.post(path, reader, sent).status_code == 409
    assert session.query(Flag).count() == 1


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "reason"),
        ({"reason": "dislike"}, "reason"),
        ({"reason": "illegal"}, "explanation"),
        ({"reason": "spam", "explanation": "x" * 2001}, "explanation"),
        ({"reason": "spam", "reporter": "x"}, "reporter"),
    ],
)
def test_a_flag_says_why(api: Api, scene: Scene, build: Builder, sent: dict[str, str], field: str) -> None:
    """422 at the field."""
    answer = api.post(f"/posts/{scene[3].public_id}/flags", build.member(scene[0]), sent)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_who_may_not_flag(api: Api, scene: Scene, build: Builder) -> None:
    """One's own post is 403; what is pending or elsewhere is 404 as if it were not."""
    _, thread, author, post = scene
    sent = {"reason": "spam"}
    assert api.post(f"/posts/{post.public_id}/flags", author, sent).status_code == 403
    held = build.post(thread, author, status=Status.PENDING)
    other = build.member(scene[0])
    assert api.post(f"/posts/{held.public_id}/flags", other, sent).status_code == 404
    assert api.post(f"/posts/{post.public_id}/flags", build.account(), sent).status_code == 404


def test_a_name_is_shown_to_strangers_by_choice_alone(api: Api, build: Builder) -> None:
    """A visitor sees the body of an author, not the name; a person who is signed in sees both."""
    group = build.group(Ceiling.PUBLIC)
    body = build.organisation("Example Helpline")
    author = build.member(group, build.account("Mara Example"))
    thread = build.thread(group, author, organisation=body)
    stranger = api.get(f"/threads/{thread.public_id}").json["posts"][0]["author"]
    assert (stranger["name"], stranger["person"]) == (None, None)
    assert stranger["organisation"] == "Example Helpline"
    assert "Mara" not in api.get(f"/groups/{group.slug}/threads").text
    person = api.get(f"/threads/{thread.public_id}", build.account()).json["posts"][0]["author"]
    assert (person["name"], person["person"]) == ("Mara Example", author.public_id)
