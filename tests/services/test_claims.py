"""Taking a case: colleagues wait, and it lapses by itself."""

import pytest
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.moderation import Action as Decision
from forum.domain.threads import Post
from forum.errors import Conflict, NotAllowed, NotFound
from forum.policy import Actor
from forum.services.claims import find_claims, give_back, take
from forum.services.moderation import decide
from forum.services.moderation_queue import QueueFilters, list_queue
from tests.builders import Builder
from tests.conftest import StoppedClock


@pytest.fixture
def held(build: Builder) -> tuple[Group, Post]:
    group = build.group(Ceiling.PUBLIC)
    author = build.member(group)
    return group, build.post(build.thread(group, author), author, status=Status.PENDING)


@pytest.fixture
def two(build: Builder, held: tuple[Group, Post]) -> tuple[Actor, Actor]:
    first, second = (build.member(held[0], role=GroupRole.MODERATOR) for _ in range(2))
    return build.actor(first), build.actor(second)


def publish(session: Session, actor: Actor, post: Post, clock: StoppedClock) -> None:
    decide(
        session, actor, kind=SubjectKind.POST, public_id=post.public_id, action=Decision.APPROVE, now=clock()
    )


def test_a_colleague_waits_or_takes_it_over(
    session: Session, clock: StoppedClock, held: tuple[Group, Post], two: tuple[Actor, Actor]
) -> None:
    """While it is taken, a colleague neither takes nor decides it; with a confirmation they take it over."""
    post, (first, second) = held[1], two
    place = SubjectKind.POST, post.public_id
    take(session, first, *place, now=clock())
    with pytest.raises(Conflict, match="colleague"):
        take(session, second, *place, now=clock())
    with pytest.raises(Conflict, match="colleague"):
        publish(session, second, post, clock)
    assert post.status is Status.PENDING
    take(session, second, *place, over=True, now=clock())
    with pytest.raises(Conflict, match="colleague"):
        publish(session, first, post, clock)
    publish(session, second, post, clock)
    assert not find_claims(session, first, [(SubjectKind.POST, post.id)], now=clock())


def test_it_lapses_and_can_be_given_back(
    session: Session, clock: StoppedClock, held: tuple[Group, Post], two: tuple[Actor, Actor]
) -> None:
    """After twenty minutes, or when given back, it is anybody's; each sees whose it is in the queue."""
    post, (first, second) = held[1], two
    place = SubjectKind.POST, post.public_id
    until = take(session, first, *place, now=clock()).until
    for actor, is_mine in ((first, True), (second, False)):
        (entry,) = list_queue(session, actor, filters=QueueFilters(), now=clock()).entries
        assert entry.claim is not None
        assert (entry.claim.until, entry.claim.is_mine) == (until, is_mine)
    give_back(session, second, *place)
    with pytest.raises(Conflict):
        take(session, second, *place, now=clock())
    give_back(session, first, *place)
    take(session, second, *place, now=clock())
    clock.advance(minutes=21)
    publish(session, first, post, clock)


def test_who_may_not(session: Session, build: Builder, clock: StoppedClock, held: tuple[Group, Post]) -> None:
    """Members may not take a case, nor a moderator their own; what is no case is absent."""
    group, post = held
    place = SubjectKind.POST, post.public_id
    author = build.member(group, build.account(), role=GroupRole.MODERATOR)
    own = build.post(build.thread(group, author), author, status=Status.PENDING)
    with pytest.raises(NotFound):
        take(session, build.actor(build.member(group)), *place, now=clock())
    with pytest.raises(NotAllowed):
        take(session, build.actor(author), SubjectKind.POST, own.public_id, now=clock())
    with pytest.raises(NotFound):
        take(session, build.actor(author), SubjectKind.ATTACHMENT, post.public_id, now=clock())
