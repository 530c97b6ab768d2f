"""Changing a status carries everything that hangs on it."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.labels import Ceiling, Status
from forum.domain.notices import NoticeKind
from forum.domain.outbox import OutboxEntry, Topic
from forum.domain.threads import Post, Thread
from forum.policy import ANONYMOUS, can
from forum.policy.actions import Action
from forum.services.statuses import change_status, recount
from forum.services.subjects import subject_of
from tests.builders import Builder
from tests.conftest import StoppedClock


def opening(session: Session, thread: Thread) -> Post:
    return session.scalars(sa.select(Post).where(Post.thread_id == thread.id, Post.number == 1)).one()


def change(session: Session, row: object, status: Status, clock: StoppedClock) -> None:
    change_status(session, subject_of(session, row), status, now=clock())
    session.commit()


def notices(session: Session) -> list[dict[str, object]]:
    entries = session.scalars(sa.select(OutboxEntry).where(OutboxEntry.topic == Topic.NOTIFY))
    return [entry.payload for entry in entries]


def reads(session: Session, row: object) -> bool:
    return can(ANONYMOUS, Action.READ, subject_of(session, row))


def test_approving_an_opening_post_publishes_the_discussion(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """A held opening post and its discussion become readable together, dated by the approval."""
    thread = build.thread(build.group(Ceiling.PUBLIC), status=Status.PENDING)
    clock.advance(days=1)
    change(session, opening(session, thread), Status.PUBLISHED, clock)
    assert reads(session, thread)
    assert reads(session, opening(session, thread))
    assert (thread.published_count, thread.last_published_at) == (1, clock())
    assert opening(session, thread).published_at == clock()


@pytest.mark.parametrize("by_post", [True, False], ids=["by its opening post", "by the discussion"])
def test_hiding_a_discussion_hides_every_reply(
    session: Session, build: Builder, clock: StoppedClock, by_post: bool
) -> None:
    """With its opening goes everything below it, and comes back with it."""
    thread = build.thread(build.group(Ceiling.PUBLIC))
    reply = build.post(thread)
    target = opening(session, thread) if by_post else thread
    change(session, target, Status.HIDDEN, clock)
    assert not reads(session, thread)
    assert not reads(session, reply)
    assert reply.status is Status.PUBLISHED
    change(session, target, Status.PUBLISHED, clock)
    assert reads(session, reply)


def test_hiding_a_reply_takes_it_out_of_the_numbers(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """Count and last activity are as if the hidden reply had never been."""
    thread = build.thread(build.group(Ceiling.PUBLIC))
    before = (thread.published_count, thread.last_published_at)
    clock.advance(hours=1)
    reply = build.post(thread)
    change(session, reply, Status.HIDDEN, clock)
    assert (thread.published_count, thread.last_published_at) == before


def test_an_answer_removed_from_view_no_longer_answers(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """A question whose answer is hidden is open again, and answered again when it is restored."""
    thread = build.thread(build.group(Ceiling.PUBLIC))
    answer = build.post(thread, is_answer=True)
    recount(session, thread)
    assert thread.answered_at == answer.published_at
    change(session, answer, Status.HIDDEN, clock)
    assert thread.answered_at is None
    change(session, answer, Status.PUBLISHED, clock)
    assert thread.answered_at == answer.published_at


def test_the_answered_author_is_told_once_a_reply_can_be_read(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """A held reply tells nobody until it is approved; hiding and restoring tells nobody again."""
    group = build.group(Ceiling.PUBLIC)
    author, other = build.member(group), build.member(group)
    thread = build.thread(group, author)
    reply = build.post(thread, other, status=Status.PENDING)
    assert notices(session) == []
    change(session, reply, Status.PUBLISHED, clock)
    told = [
        {
            "kind": NoticeKind.REPLIED.value,
            "subject_kind": SubjectKind.POST.value,
            "subject_id": reply.id,
            "account_id": author.id,
        }
    ]
    assert notices(session) == told
    change(session, reply, Status.HIDDEN, clock)
    change(session, reply, Status.PUBLISHED, clock)
    assert notices(session) == told


def test_what_was_withdrawn_unread_leaves_no_stub(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """Others see a stub only of what they could read before."""
    thread = build.thread(build.group(Ceiling.PUBLIC))
    held, read = build.post(thread, status=Status.PENDING), build.post(thread)
    change(session, held, Status.WITHDRAWN, clock)
    change(session, read, Status.WITHDRAWN, clock)
    assert not reads(session, held)
    assert reads(session, read)
    unseen = build.thread(build.group(Ceiling.PUBLIC), status=Status.PENDING)
    change(session, unseen, Status.WITHDRAWN, clock)
    assert not reads(session, unseen)
    assert not reads(session, opening(session, unseen))


def test_a_version_is_published_and_withdrawn(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Approving a version dates it; withdrawing dates that too."""
    version = build.paper(build.group(Ceiling.PUBLIC), status=Status.PENDING)
    assert not reads(session, version)
    change(session, version, Status.PUBLISHED, clock)
    assert reads(session, version)
    assert version.published_at == clock()
    clock.advance(days=1)
    change(session, version, Status.WITHDRAWN, clock)
    assert version.withdrawn_at == clock()


def test_an_attachment_follows_its_version_only(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """Kinds without a status of their own are refused."""
    subject = subject_of(session, build.thread(build.group()))
    wrong = type(subject)(SubjectKind.ATTACHMENT, subject.row, subject.group)
    with pytest.raises(ValueError, match="no status of its own"):
        change_status(session, wrong, Status.HIDDEN, now=clock())
