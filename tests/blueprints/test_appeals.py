"""The pages of appeals: from the author's statement to the answer, and who gets no further."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.appeals import Appeal, AppealState
from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.moderation import Action, FlagReason
from forum.domain.statements import Statement
from forum.domain.threads import Post
from forum.services.flags import flag
from forum.services.moderation import decide
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import errors_in, look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]
APPEAL = "The source is in the second paragraph."
ANSWER = "The source is there, and it is a good one."


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC, rules=[{"key": "civil", "text": "Argue with the point."}])


@pytest.fixture
def first(build: Builder, group: Group) -> Account:
    return build.member(group, role=GroupRole.MODERATOR)


@pytest.fixture
def second(build: Builder, group: Group) -> Account:
    return build.member(group, role=GroupRole.MODERATOR)


@pytest.fixture
def author(build: Builder, group: Group) -> Account:
    return build.member(group)


@pytest.fixture
def post(build: Builder, group: Group, author: Account) -> Post:
    return build.post(build.thread(group, author), author, text="The words in question.")


def act(build: Builder, clock: StoppedClock, moderator: Account, post: Post, action: Action) -> str:
    """Decide, let the minute pass, and give the decision's public id."""
    decision = decide(
        build.session, build.actor(moderator), kind=SubjectKind.POST, public_id=post.public_id, action=action,
        rule="civil", reason="It repeats a claim without any source.", now=clock(),
    )  # fmt: skip
    build.session.commit()
    clock.advance(minutes=2)
    return decision.public_id


def test_from_the_statement_to_the_answer(
    build: Builder, session: Session, clock: StoppedClock, client_of: ClientOf,
    first: Account, second: Account, author: Account, post: Post,
) -> None:  # fmt: skip
    """The author appeals; another moderator finds it in the queue, takes it, reads it and upholds it."""
    decision = act(build, clock, first, post, Action.HIDE)
    statement = f"/moderation/statements/{session.scalars(sa.select(Statement)).one().public_id}"
    new = f"/moderation/decisions/{decision}/appeal"
    assert new in client_of(author).get(statement).text
    assert submit(client_of(author), new, {"reason": "No."}).status_code == 422
    answer = submit(client_of(author), new, {"reason": APPEAL})
    assert answer.status_code == 303
    page = str(answer.location)
    assert "Waits to be taken" in client_of(author).get(page).text
    assert page in client_of(author).get(statement).text
    assert page in client_of(second).get("/moderation/").text
    before = client_of(second).get(page).text
    assert "The words in question." not in before
    assert APPEAL not in before
    assert submit(client_of(second), page, {"step": "uphold", "answer": ANSWER}).status_code == 403
    assert submit(client_of(second), page, {"step": "take"}).status_code == 303
    taken = client_of(second).get(page).text
    assert "The words in question." in taken
    assert APPEAL in taken
    wrong = submit(client_of(second), page, {"step": "uphold", "answer": "Yes."})
    assert (wrong.status_code, "at least one sentence" in errors_in(wrong)) == (422, True)
    assert submit(client_of(second), page, {"step": "uphold", "answer": ANSWER}).status_code == 303
    look_again(session)
    assert session.get_one(Post, post.id).status is Status.PUBLISHED
    assert ANSWER in client_of(author).get(page).text
    assert "overturned on appeal" in client_of(author).get(statement).text


def test_whoever_flagged_is_led_to_the_outcome_and_appeals(
    build: Builder, session: Session, clock: StoppedClock, client_of: ClientOf,
    first: Account, second: Account, post: Post,
) -> None:  # fmt: skip
    """Upheld, the text is removed from view; it takes a rule."""
    reporter = build.account()
    flag(
        session, build.actor(reporter), kind=SubjectKind.POST, public_id=post.public_id,
        reason=FlagReason.UNCIVIL, now=clock(),
    )  # fmt: skip
    decision = act(build, clock, first, post, Action.KEEP)
    outcome = client_of(reporter).get(f"/moderation/decisions/{decision}/outcome")
    assert f"/moderation/decisions/{decision}/appeal" in outcome.text
    page = str(
        submit(client_of(reporter), f"/moderation/decisions/{decision}/appeal", {"reason": APPEAL}).location
    )
    submit(client_of(second), page, {"step": "take"})
    assert submit(client_of(second), page, {"step": "uphold", "answer": ANSWER}).status_code == 422
    sent = {"step": "uphold", "answer": ANSWER, "rule": "civil"}
    assert submit(client_of(second), page, sent).status_code == 303
    look_again(session)
    assert session.get_one(Post, post.id).status is Status.HIDDEN


def test_who_gets_no_further(
    build: Builder, session: Session, clock: StoppedClock, client_of: ClientOf,
    group: Group, first: Account, author: Account, post: Post,
) -> None:  # fmt: skip
    """A visitor signs in first; who has no part finds nothing; the first decider may not; nothing twice."""
    decision = act(build, clock, first, post, Action.HIDE)
    new = f"/moderation/decisions/{decision}/appeal"
    page = str(submit(client_of(author), new, {"reason": APPEAL}).location)
    assert "made already" in client_of(author).get(new).text
    assert submit(client_of(author), new, {"reason": APPEAL}).status_code == 409
    member = build.member(group)
    for path in (new, page, f"/moderation/decisions/{decision}/outcome", "/moderation/appeals/nothing"):
        assert client_of(None).get(path).status_code == 302
        assert client_of(member).get(path).status_code == 404
    assert client_of(first).get(page).status_code == 404
    assert submit(client_of(author), page, {"step": "take"}).status_code == 403
    assert submit(client_of(author), page, {"step": "nonsense"}).status_code == 422
    assert submit(client_of(author), page, {"step": "withdraw"}).status_code == 303
    look_again(session)
    assert session.scalars(sa.select(Appeal.state)).all() == [AppealState.WITHDRAWN]


def test_a_warning_can_be_appealed_against_too(
    build: Builder, clock: StoppedClock, client_of: ClientOf, first: Account, author: Account, post: Post
) -> None:
    """It has no statement, so My contributions leads to what was decided."""
    decision = act(build, clock, first, post, Action.WARN)
    path = f"/moderation/decisions/{decision}/outcome"
    assert path in client_of(author).get("/me/contributions").text
    assert f"/moderation/decisions/{decision}/appeal" in client_of(author).get(path).text
