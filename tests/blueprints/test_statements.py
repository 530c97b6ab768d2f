"""The pages about statements of reasons: the author's, the secretariat's files, and what else is decided."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, PlatformRole
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.moderation import Action, ModerationDecision
from forum.domain.statement_schema import find_faults
from forum.domain.statements import Statement
from forum.domain.threads import OPENING_KEY, Post
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import errors_in, look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]
REASON = "It repeats a claim without any source."


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC, rules=[{"key": "civil", "text": "Argue with the point."}])


@pytest.fixture
def moderator(build: Builder, group: Group) -> Account:
    return build.member(group, build.account("Mona Exampleton"), role=GroupRole.MODERATOR)


@pytest.fixture
def author(build: Builder, group: Group) -> Account:
    return build.member(group)


@pytest.fixture
def post(build: Builder, group: Group, author: Account) -> Post:
    return build.post(build.thread(group, author, title="Hash lists"), author)


def case_path(post: Post) -> str:
    return f"/moderation/cases/post/{post.public_id}"


def test_from_the_decision_to_the_authors_page(
    session: Session,
    clock: StoppedClock,
    client_of: ClientOf,
    moderator: Account,
    author: Account,
    post: Post,
) -> None:
    """The form offers the laws beside the rules; the author finds the statement from My contributions."""
    page = client_of(moderator).get(case_path(post)).text
    assert "law-hatred" in page
    sent = {"action": "hide", "rule": "civil", "reason": REASON}
    assert submit(client_of(moderator), case_path(post), sent).status_code == 303
    look_again(session)
    path = f"/moderation/statements/{session.scalars(sa.select(Statement)).one().public_id}"
    clock.advance(minutes=2)
    assert path in client_of(author).get("/me/contributions").text
    shown = client_of(author).get(path)
    assert shown.status_code == 200
    assert REASON in shown.text
    assert "Argue with the point." in shown.text
    assert "modelled on the DSA" in shown.text.replace("Modelled", "modelled")
    assert client_of(None).get(path).status_code in {302, 303}


def test_a_reason_that_names_somebody_keeps_what_was_typed(
    client_of: ClientOf, moderator: Account, build: Builder, post: Post
) -> None:
    """Before sending and in the preview, at the field of the reason."""
    build.account("Nora Namely")
    for button in ({"action": "hide"}, {"preview": "hide"}):
        sent = {"rule": "civil", "reason": "As Nora Namely said, it is wrong."} | button
        answer = submit(client_of(moderator), case_path(post), sent)
        assert answer.status_code == 422
        assert "name of the person" in errors_in(answer)
        assert "Nora Namely said" in answer.text


def test_the_secretariat_takes_them_out(
    session: Session, clock: StoppedClock, build: Builder, client_of: ClientOf, moderator: Account, post: Post
) -> None:
    """As a list, as one object and as a batch that validates; nobody else gets in."""
    submit(client_of(moderator), case_path(post), {"action": "hide", "rule": "civil", "reason": REASON})
    clock.advance(minutes=2)
    look_again(session)
    puid = session.scalars(sa.select(Statement)).one().public_id
    client = client_of(build.account(platform_role=PlatformRole.SECRETARIAT))
    assert puid in client.get("/moderation/statements/").text
    batch = client.get("/moderation/statements/batch.json")
    assert batch.headers["Content-Disposition"] == 'attachment; filename="statements.json"'
    found = json.loads(batch.data)["statements"]
    assert [find_faults(one) for one in found] == [[]]
    assert json.loads(client.get(f"/moderation/statements/{puid}.json").data) == found[0]
    day = (clock().date() - timedelta(days=1)).isoformat()
    assert json.loads(client.get(f"/moderation/statements/batch.json?until={day}").data)["statements"] == []
    assert client.get("/moderation/statements/?since=soon").status_code == 422
    for path in ("/moderation/statements/", "/moderation/statements/batch.json"):
        assert client_of(moderator).get(path).status_code == 403


def test_another_decision_by_its_page(
    session: Session, build: Builder, client_of: ClientOf, moderator: Account, author: Account, post: Post
) -> None:
    """A reply is made a discussion of its own; what is wrong stands at its field, what was typed stays."""
    path = f"{case_path(post)}/further"
    page = client_of(moderator).get(path).text
    assert 'value="split"' in page
    assert 'value="merge"' not in page
    answer = submit(client_of(moderator), path, {"action": "split", "reason": REASON, "title": ""})
    assert answer.status_code == 422
    sent = {"action": "split", "reason": REASON, "title": "A question of its own"}
    assert submit(client_of(moderator), path, sent).status_code == 303
    look_again(session)
    assert session.get_one(Post, post.id).number == 1
    assert session.scalars(sa.select(ModerationDecision.action)).all() == [Action.SPLIT]
    assert client_of(author).get(path).status_code == 403


def test_a_target_that_does_not_fit_is_named_at_its_field(
    session: Session, build: Builder, client_of: ClientOf, group: Group, moderator: Account, post: Post
) -> None:
    """The address of a discussion is as good as its id."""
    first = session.scalars(
        sa.select(Post).where(Post.thread_id == post.thread_id, Post.order_key == OPENING_KEY)
    ).one()
    path = f"{case_path(first)}/further"
    sent = {"action": "merge", "reason": REASON, "discussion": "/groups/x/threads/nothing/"}
    assert "Choose a published discussion" in errors_in(submit(client_of(moderator), path, sent))
    other = build.thread(group)
    sent["discussion"] = f"https://forum.example/groups/{group.slug}/threads/{other.public_id}/"
    assert submit(client_of(moderator), path, sent).status_code == 303
    look_again(session)
    assert session.get_one(Post, post.id).thread_id == other.id


def test_a_merged_discussion_leads_on(
    session: Session, build: Builder, client_of: ClientOf, group: Group, moderator: Account, post: Post
) -> None:
    """Its address goes to where its posts are now, for who may read it there."""
    one, two = build.thread(group), build.thread(group)
    first = session.scalars(sa.select(Post).where(Post.thread_id == one.id)).one()
    sent = {"action": "merge", "reason": REASON, "discussion": two.public_id}
    assert submit(client_of(moderator), f"{case_path(first)}/further", sent).status_code == 303
    answer = client_of(None).get(f"/groups/{group.slug}/threads/{one.public_id}/")
    assert (answer.status_code, answer.location) == (302, f"/groups/{group.slug}/threads/{two.public_id}/")


def test_the_platform_suspends_by_page(
    session: Session, clock: StoppedClock, build: Builder, client_of: ClientOf, moderator: Account
) -> None:
    """The person is a visitor at once, in a session that is open; lifted, they are back."""
    person = build.account()
    client = client_of(person)
    assert client.get("/me/contributions").status_code == 200
    secretary = client_of(build.account(platform_role=PlatformRole.SECRETARIAT))
    path = f"/administration/people/{person.public_id}/suspension"
    day = clock().date().isoformat()
    assert submit(secretary, path, {"until": day, "reason": "No."}).status_code == 422
    assert submit(secretary, path, {"until": day, "reason": REASON}).status_code == 303
    look_again(session)
    assert build.actor(session.get_one(Account, person.id)).is_suspended
    assert "Suspended from the whole forum until" in secretary.get(path.removesuffix("suspension")).text
    assert submit(secretary, f"{path}/end").status_code == 303
    look_again(session)
    assert not build.actor(session.get_one(Account, person.id)).is_suspended
    assert client_of(moderator).get(path).status_code == 403


def test_a_held_text_can_be_warned_about(
    build: Builder, client_of: ClientOf, group: Group, moderator: Account
) -> None:
    """Whatever its state, as long as it stands for a decision."""
    held = build.post(build.thread(group), build.member(group), status=Status.PENDING)
    page = client_of(moderator).get(f"{case_path(held)}/further").text
    assert 'value="warn"' in page
    withdrawn = build.post(build.thread(group), build.member(group), status=Status.WITHDRAWN)
    assert "Nothing else" in client_of(moderator).get(f"{case_path(withdrawn)}/further").text
