"""Deciding at once: identical texts alone, each with its own decision, statement and letter."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Status
from forum.domain.moderation import Action, ModerationDecision
from forum.domain.outbox import OutboxEntry, Topic
from forum.domain.statements import Statement
from forum.domain.threads import Post
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.services.moderation import decide
from forum.services.moderation_bulk import MAX_AT_ONCE, decide_alike, list_alike
from forum.services.subjects import subject_of
from tests.builders import Builder
from tests.conftest import StoppedClock

REASON = "It says the same as many others."


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group()


@pytest.fixture
def moderator(build: Builder, group: Group) -> Account:
    return build.member(group, role=GroupRole.MODERATOR)


def held(build: Builder, group: Group, count: int, text: str = "The same.") -> list[Post]:
    thread = build.thread(group)
    return [build.post(thread, build.member(group), text=text, status=Status.PENDING) for _ in range(count)]


def test_each_has_its_own_decision_statement_and_letter(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """Found by what they say, decided at once, told one by one."""
    posts = held(build, group, 3)
    held(build, group, 1, text="Something else.")
    actor = build.actor(moderator)
    alike = list_alike(session, actor, subject_of(session, posts[1]))
    assert alike == [posts[1].public_id, posts[0].public_id, posts[2].public_id]
    session.execute(sa.delete(OutboxEntry))
    outcomes = decide_alike(session, actor, alike, action=Action.REJECT, reason=REASON, now=clock())
    assert len({one.decision for one in outcomes}) == 3
    assert {post.status for post in posts} == {Status.REJECTED}
    assert len(session.scalars(sa.select(Statement)).all()) == 3
    letters = session.scalars(sa.select(OutboxEntry).where(OutboxEntry.topic == Topic.NOTIFY)).all()
    assert {entry.payload["subject_id"] for entry in letters} == {post.id for post in posts}


def test_what_somebody_else_decided_is_left_and_said(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """The others are decided; one that its author withdrew is said too."""
    posts = held(build, group, 3)
    other = build.member(group, role=GroupRole.MODERATOR)
    decide(
        session, build.actor(other), kind=SubjectKind.POST, public_id=posts[0].public_id,
        action=Action.APPROVE, now=clock(),
    )  # fmt: skip
    posts[1].status = Status.WITHDRAWN
    session.flush()
    outcomes = decide_alike(
        session, build.actor(moderator), [post.public_id for post in posts],
        action=Action.REJECT, reason=REASON, now=clock(),
    )  # fmt: skip
    assert [one.decision is not None for one in outcomes] == [False, False, True]
    assert isinstance(outcomes[0].refusal, Conflict)
    assert "already decided" in str(outcomes[0].refusal)
    assert "withdrawn" in str(outcomes[1].refusal)
    assert posts[0].status is Status.PUBLISHED


def test_what_is_refused_for_all(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """Different texts, too many, one twice, one that is made one by one, no reason; nothing is changed."""
    posts = held(build, group, 2)
    different = held(build, group, 1, text="Something else.")
    actor = build.actor(moderator)
    ids = [post.public_id for post in posts]
    for public_ids, action, reason in (
        ([*ids, different[0].public_id], Action.REJECT, REASON),
        ([f"{n}" for n in range(MAX_AT_ONCE + 1)], Action.REJECT, REASON),
        ([ids[0], ids[0]], Action.REJECT, REASON),
        (ids, Action.WARN, REASON),
        (ids, Action.REJECT, "No."),
    ):
        with pytest.raises(Invalid):
            decide_alike(session, actor, public_ids, action=action, reason=reason, now=clock())
    assert session.scalars(sa.select(ModerationDecision)).all() == []


def test_rights_are_asked_of_each(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """One's own is not decided, nor offered; what one cannot read is not found."""
    posts = held(build, group, 1)
    own = build.post(build.thread(group), moderator, text="The same.", status=Status.PENDING)
    actor = build.actor(moderator)
    assert list_alike(session, actor, subject_of(session, posts[0])) == [posts[0].public_id]
    foreign = held(build, build.group(), 1)[0]
    with pytest.raises(NotAllowed):
        decide_alike(
            session, actor, [posts[0].public_id, own.public_id],
            action=Action.REJECT, reason=REASON, now=clock(),
        )  # fmt: skip
    with pytest.raises(NotFound):
        decide_alike(session, actor, [foreign.public_id], action=Action.REJECT, reason=REASON, now=clock())
    assert posts[0].status is Status.PENDING
