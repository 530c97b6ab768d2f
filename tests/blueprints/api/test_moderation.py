"""Moderating over the API."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import Attribution
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Status
from forum.domain.moderation import ModerationDecision
from forum.domain.threads import Post, Thread
from forum.extensions import db
from forum.services.access_tokens import Scope
from tests.blueprints.api.conftest import Api
from tests.builders import Builder
from tests.support import count_statements

REASON = "It names a person who did not agree to that."
RULES = [{"key": "civil", "text": "Argue with the point."}]


@pytest.fixture
def moderator(build: Builder) -> Account:
    return build.account()


@pytest.fixture
def group(build: Builder, moderator: Account) -> Group:
    group = build.group(rules=RULES)
    build.member(group, moderator, GroupRole.MODERATOR)
    return group


@pytest.fixture
def thread(build: Builder, group: Group) -> Thread:
    return build.thread(group, build.member(group))


def decision(post: Post, word: str, **more: str) -> dict[str, object]:
    return {"subject": {"kind": "post", "id": post.public_id}, "decision": word, **more}


def test_the_queue_shows_what_waits_and_why(
    api: Api, build: Builder, group: Group, thread: Thread, moderator: Account
) -> None:
    """Held posts and versions, and what was flagged, with the promise."""
    held = build.post(thread, build.member(group), text="Held text.", status=Status.PENDING)
    version = build.paper(group, build.member(group), title="Held paper", status=Status.PENDING)
    flagged = build.post(thread, build.member(group), text="Flagged text.")
    api.post(f"/posts/{flagged.public_id}/flags", build.member(group), {"reason": "uncivil"})
    answer = api.get("/moderation/queue", moderator)
    assert answer.status_code == 200
    found = {(item["subject"]["kind"], item["subject"]["id"]): item for item in answer.json["items"]}
    assert set(found) == {
        ("post", held.public_id),
        ("version", version.public_id),
        ("post", flagged.public_id),
    }
    assert found["post", held.public_id]["why"] == "held"
    assert found["post", flagged.public_id]["flags"] == ["uncivil"]
    assert found["post", held.public_id]["excerpt"] == "Held text."
    assert found["post", held.public_id]["due"] == "2026-03-04T22:59:59Z"
    for query, count in (("kind=version", 1), ("why=held", 2), (f"group={group.slug}", 3), ("group=none", 0)):
        assert len(api.get(f"/moderation/queue?{query}", moderator).json["items"]) == count


def test_the_queue_pages(api: Api, build: Builder, group: Group, thread: Thread, moderator: Account) -> None:
    """limit and cursor lead through it; a cursor that no longer waits is refused."""
    posts = [build.post(thread, build.member(group), status=Status.PENDING) for _ in range(3)]
    first = api.get("/moderation/queue?limit=2", moderator).json
    second = api.get(f"/moderation/queue?limit=2&cursor={first['next']}", moderator).json
    found = [item["subject"]["id"] for item in first["items"] + second["items"]]
    assert found == [post.public_id for post in posts]
    assert second["next"] is None
    for cursor in ("post.aaaaaaaaaaaaa", "thread.x", "x"):
        assert api.get(f"/moderation/queue?cursor={cursor}", moderator).status_code == 422


def test_the_queue_is_for_moderators_with_a_token_for_it(
    api: Api, build: Builder, group: Group, thread: Thread, moderator: Account
) -> None:
    """Members are refused, moderators of other groups see theirs, and a token to write is not enough."""
    build.post(thread, build.member(group), status=Status.PENDING)
    assert api.get("/moderation/queue").status_code == 401
    assert api.get("/moderation/queue", build.member(group)).status_code == 403
    assert api.get("/moderation/queue", moderator, scope=Scope.WRITE).status_code == 403
    assert api.get("/moderation/queue", moderator, scope=Scope.SECRETARIAT).status_code == 403
    elsewhere = build.member(build.group(), role=GroupRole.MODERATOR)
    for query in ("", f"?group={group.slug}"):
        assert api.get(f"/moderation/queue{query}", elsewhere).json["items"] == []


def test_a_moderator_publishes_what_was_held(
    api: Api, build: Builder, group: Group, thread: Thread, moderator: Account
) -> None:
    """201 with the decision; others then read the post; the same key decides once."""
    post = build.post(thread, build.member(group), status=Status.PENDING)
    sent = decision(post, "approve")
    answer = api.post("/moderation/decisions", moderator, sent, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 201
    assert answer.json["subject"] == sent["subject"]
    assert (answer.json["status_before"], answer.json["status_after"]) == ("pending", "published")
    assert len(api.get(f"/threads/{thread.public_id}", build.member(group)).json["posts"]) == 2
    again = api.post("/moderation/decisions", moderator, sent, headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.json) == (201, answer.json)
    assert api.post("/moderation/decisions", moderator, sent).status_code == 409


def test_a_restriction_needs_ground_and_explanation(
    api: Api, build: Builder, group: Group, thread: Thread, moderator: Account, session: Session
) -> None:
    """Each is asked for at its own name; with both the post goes from view."""
    post = build.post(thread, build.member(group))
    path = "/moderation/decisions"
    for more, field in (
        ({"explanation": REASON}, "ground"),
        ({"ground": "civil"}, "explanation"),
        ({"ground": "no-rule", "explanation": REASON}, "ground"),
        ({"ground": "civil", "explanation": "No."}, "explanation"),
    ):
        answer = api.post(path, moderator, decision(post, "hide", **more))
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    answer = api.post(path, moderator, decision(post, "hide", ground="civil", explanation=REASON))
    assert (answer.json["ground"], answer.json["explanation"]) == ("civil", REASON)
    assert len(api.get(f"/threads/{thread.public_id}", build.member(group)).json["posts"]) == 1
    assert session.query(ModerationDecision).count() == 1


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"decision": "approve"}, "subject"),
        ({"subject": "post", "decision": "approve"}, "subject"),
        ({"subject": {"kind": "post"}, "decision": "approve"}, "subject.id"),
        ({"subject": {"kind": "account", "id": "x"}, "decision": "approve"}, "subject.kind"),
        ({"subject": {"kind": "post", "id": "x", "group": 1}, "decision": "approve"}, "subject.group"),
        ({"subject": {"kind": "post", "id": "x"}, "decision": "undo"}, "decision"),
        ({"subject": {"kind": "post", "id": "x"}, "decision": "delete"}, "decision"),
    ],
)
def test_a_wrong_decision_is_named(api: Api, moderator: Account, sent: dict[str, object], field: str) -> None:
    """422 at the field, dotted where nested."""
    answer = api.post("/moderation/decisions", moderator, sent)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_who_may_not_decide(
    api: Api, build: Builder, group: Group, thread: Thread, moderator: Account, session: Session
) -> None:
    """Not members, not other groups' moderators, nobody on their own or their organisation's things."""
    path = "/moderation/decisions"
    held = build.post(thread, build.member(group), status=Status.PENDING)
    shown = build.post(thread, build.member(group))
    elsewhere = build.member(build.group(), role=GroupRole.MODERATOR)
    for who, post, status in (
        (build.member(group), held, 404),
        (build.member(group), shown, 403),
        (elsewhere, held, 404),
        (elsewhere, shown, 404),
    ):
        assert api.post(path, who, decision(post, "approve")).status_code == status
    assert api.post(path, moderator, decision(held, "approve"), scope=Scope.WRITE).status_code == 403
    own = build.post(thread, moderator, status=Status.PENDING)
    assert api.post(path, moderator, decision(own, "approve")).status_code == 403
    body = build.organisation()
    build.mandate(moderator, body)
    theirs = build.post(thread, build.member(group), organisation=body, status=Status.PENDING)
    assert api.post(path, moderator, decision(theirs, "approve")).status_code == 403
    assert session.query(ModerationDecision).count() == 0


def test_the_queue_keeps_the_chatham_house_rule(
    api: Api, build: Builder, group: Group, thread: Thread, moderator: Account, session: Session
) -> None:
    """The moderator sees the alias and the day, never the author or the time."""
    group = session.merge(group)
    group.attribution = Attribution.CHATHAM_HOUSE
    session.commit()
    build.post(thread, status=Status.PENDING, alias="Company A")
    (item,) = api.get("/moderation/queue", moderator).json["items"]
    assert {name for name, value in item["author"].items() if value is not None} == {"alias"}
    assert (item["since"], item["due"]) == ("2026-03-02", "2026-03-04")


def test_the_queue_costs_the_same_however_long(
    api: Api, build: Builder, group: Group, thread: Thread, moderator: Account, app: Flask
) -> None:
    """No statement a line."""
    build.post(thread, build.member(group), status=Status.PENDING)
    with app.app_context():
        engine = db.engine

    def cost() -> int:
        api.get("/moderation/queue", moderator)
        with count_statements(engine) as seen:
            api.get("/moderation/queue", moderator)
        return len(seen)

    before = cost()
    for _ in range(6):
        build.post(thread, build.member(group), status=Status.PENDING)
    assert cost() == before


def test_decisions_beside_the_status(
    api: Api, build: Builder, group: Group, thread: Thread, moderator: Account, session: Session
) -> None:
    """A suspension takes its day, a split its title; what does not fit is named at its field."""
    post = build.post(thread, build.member(group))
    path = "/moderation/decisions"
    sent = decision(post, "suspend") | {"explanation": "It was the fourth warning in a month."}
    if group.rules:
        sent["ground"] = group.rules[0]["key"]
    wrong = api.post(path, moderator, sent | {"until": "soon"})
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["until"])
    assert list(api.post(path, moderator, sent).json["errors"]) == ["until"]
    assert api.post(path, moderator, sent | {"until": "2026-03-31"}).status_code == 201
    split = decision(post, "split") | {
        "explanation": "It asks another question.",
        "title": "Another one",
    }
    assert api.post(path, moderator, split).status_code == 201
    assert session.get_one(Thread, session.get_one(type(post), post.id).thread_id).title == "Another one"
    label = decision(post, "label") | {"explanation": "It is about a closed matter.", "label": "CLEAR"}
    if group.rules:
        label["ground"] = group.rules[0]["key"]
    assert list(api.post(path, moderator, label).json["errors"]) == ["label"]
    assert api.post(path, moderator, decision(post, "overturn")).status_code == 422
