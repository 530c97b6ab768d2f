"""What is in whose queue, in what order, and in how many statements."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.groups import GroupRole
from forum.domain.labels import Status, Tlp
from forum.domain.moderation import FlagReason, Why
from forum.domain.notices_of_illegality import LegalNotice
from forum.domain.working_days import Bucket
from forum.extensions import db
from forum.services.flags import flag
from forum.services.moderation_queue import (
    PAGE_SIZE,
    Queue,
    QueueFilters,
    find_next,
    list_queue,
)
from forum.services.navigation import load_counts
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import count_statements


def queue_of(build: Builder, account: Account, *, page: int = 1, **filters: object) -> Queue:
    return list_queue(
        build.session,
        build.actor(account),
        filters=QueueFilters(**filters),
        now=build.clock(),
        page=page,  # type: ignore[arg-type]
    )


def ids(queue: Queue) -> list[str]:
    return [entry.waiting.public_id for entry in queue.entries]


def test_held_and_flagged_things_of_ones_groups_are_in_one_list(build: Builder, clock: StoppedClock) -> None:
    """Illegal first, then by the nearest promise; each with why, since when and by when."""
    fast, slow = build.group(promised_days=1), build.group(promised_days=5)
    moderator = build.member(fast, role=GroupRole.MODERATOR)
    build.member(slow, moderator, role=GroupRole.MODERATOR)
    late = build.paper(slow, build.member(slow), title="A late paper", status=Status.PENDING)
    clock.advance(hours=1)
    soon = build.post(build.thread(fast), build.member(fast), status=Status.PENDING, held_because="newcomer")
    bad = build.post(build.thread(slow), build.member(slow))
    for reason, text in ((FlagReason.SPAM, ""), (FlagReason.ILLEGAL, "It names a private individual.")):
        flag(
            build.session, build.actor(build.member(slow)), kind=SubjectKind.POST, public_id=bad.public_id,
            reason=reason, explanation=text, now=clock(),
            notice=LegalNotice("/posts/x", "A Reader", "reader@members.example", is_in_good_faith=True),
        )  # fmt: skip
    queue = queue_of(build, moderator)
    assert ids(queue) == [bad.public_id, soon.public_id, late.public_id]
    first, second, third = queue.entries
    assert (first.waiting.why, dict(first.waiting.flags)) == (
        Why.ILLEGAL,
        {FlagReason.SPAM: 1, FlagReason.ILLEGAL: 1},
    )
    assert (second.waiting.why, second.held_because, second.excerpt) == (Why.HELD, "newcomer", "A reply.")
    assert (third.title, third.waiting.due - third.waiting.since > timedelta(days=6)) == (
        "A late paper",
        True,
    )
    assert queue.counts == {Bucket.LATER: 3}


def test_buckets_follow_the_promise(build: Builder, clock: StoppedClock) -> None:
    """Two working days: later on Monday, today on Wednesday, overdue on Thursday."""
    group = build.group(promised_days=2)
    moderator = build.member(group, role=GroupRole.MODERATOR)
    build.post(build.thread(group), build.member(group), status=Status.PENDING)
    for bucket in (Bucket.LATER, Bucket.LATER, Bucket.TODAY, Bucket.OVERDUE):
        assert queue_of(build, moderator).counts == {bucket: 1}
        assert len(queue_of(build, moderator, bucket=bucket).entries) == 1
        clock.advance(days=1)


def test_what_is_not_in_the_queue(build: Builder, clock: StoppedClock) -> None:
    """Own, own body's, other groups', drafts, published and unflagged, named without being named."""
    group, other = build.group(), build.group()
    body = build.organisation()
    moderator = build.member(group, role=GroupRole.MODERATOR)
    build.mandate(moderator, body)
    build.member(other, moderator)
    author = build.member(group)
    thread = build.thread(group, author)
    build.post(thread, moderator, status=Status.PENDING)
    build.post(thread, author, organisation=body, status=Status.PENDING)
    build.paper(group, author, organisation=body, status=Status.PENDING)
    build.paper(group, author, status=Status.DRAFT)
    build.post(build.thread(other), build.member(other), status=Status.PENDING)
    named = build.named_list(group, [author])
    build.paper(group, author, named_list=named, tlp=Tlp.RED, status=Status.PENDING)
    own = build.post(thread, moderator)
    flag(
        build.session, build.actor(author), kind=SubjectKind.POST, public_id=own.public_id,
        reason=FlagReason.SPAM, now=clock(),
    )  # fmt: skip
    assert queue_of(build, moderator).entries == []
    assert load_counts(build.session, build.actor(moderator)).moderation == 0
    second = build.member(group, role=GroupRole.MODERATOR)
    assert queue_of(build, second).total == 4
    assert load_counts(build.session, build.actor(second)).moderation == 4


@pytest.mark.parametrize("role", [GroupRole.MEMBER, GroupRole.CHAIR, GroupRole.SECRETARIAT])
def test_other_roles_have_no_queue(build: Builder, role: GroupRole) -> None:
    """Nor has a moderator who is suspended."""
    group = build.group()
    build.post(build.thread(group), build.member(group), status=Status.PENDING)
    suspended = build.member(group, role=GroupRole.MODERATOR)
    suspended.suspended_until = build.clock().replace(year=2030)
    build.session.commit()
    for account in (build.member(group, role=role), suspended):
        queue = queue_of(build, account)
        assert (queue.total, list(queue.groups)) == (0, [])


def test_filters_narrow_the_queue(build: Builder, clock: StoppedClock) -> None:
    """By group, kind and why."""
    one, two = build.group(), build.group()
    moderator = build.member(one, role=GroupRole.MODERATOR)
    build.member(two, moderator, role=GroupRole.MODERATOR)
    post = build.post(build.thread(one), build.member(one), status=Status.PENDING)
    paper = build.paper(two, build.member(two), status=Status.PENDING)
    flagged = build.post(build.thread(two), build.member(two))
    flag(
        build.session, build.actor(build.member(two)), kind=SubjectKind.POST, public_id=flagged.public_id,
        reason=FlagReason.SPAM, now=clock(),
    )  # fmt: skip
    assert set(ids(queue_of(build, moderator, group=two.slug))) == {paper.public_id, flagged.public_id}
    assert set(ids(queue_of(build, moderator, kind=SubjectKind.POST))) == {post.public_id, flagged.public_id}
    assert set(ids(queue_of(build, moderator, why=Why.HELD))) == {post.public_id, paper.public_id}
    assert ids(queue_of(build, moderator, why=Why.FLAGGED)) == [flagged.public_id]
    assert ids(queue_of(build, moderator, why=Why.ILLEGAL)) == []
    assert ids(queue_of(build, moderator, group="not-mine")) == []


def test_next_goes_round(build: Builder, session: Session, clock: StoppedClock) -> None:
    """After the last comes the first that is left; alone there is no next."""
    group = build.group()
    actor = build.actor(build.member(group, role=GroupRole.MODERATOR))
    posts = []
    for _ in range(3):
        posts.append(build.post(build.thread(group), build.member(group), status=Status.PENDING))
        clock.advance(minutes=1)

    def after(public_id: str | None, **filters: object) -> str | None:
        place = (SubjectKind.POST, public_id) if public_id else None
        found = find_next(session, actor, filters=QueueFilters(**filters), now=clock(), after=place)  # type: ignore[arg-type]
        return found.public_id if found else None

    first, second, third = (post.public_id for post in posts)
    assert after(None) == first
    assert after(first) == second
    assert after(third) == first
    assert after("decided by now") == first
    assert after(first, kind=SubjectKind.VERSION) is None


def test_authors_are_presented(build: Builder) -> None:
    """Under the Chatham House Rule the queue shows the alias alone."""
    group = build.group(attribution=Attribution.CHATHAM_HOUSE)
    moderator = build.member(group, role=GroupRole.MODERATOR)
    build.post(build.thread(group), status=Status.PENDING, alias="NGO B")
    (entry,) = queue_of(build, moderator).entries
    assert (entry.byline.alias, entry.byline.name, entry.byline.country) == ("NGO B", None, None)


def test_statements_do_not_grow_with_the_queue(build: Builder, clock: StoppedClock) -> None:
    """A page of 50 takes as many statements as a page of two, and the rest is on the next page."""
    group = build.group()
    moderator = build.member(group, role=GroupRole.MODERATOR)
    author = build.member(group)
    actor = build.actor(moderator)
    thread = build.thread(group, author)

    def statements() -> int:
        with count_statements(db.engine) as seen:
            list_queue(build.session, actor, filters=QueueFilters(), now=clock())
        return len(seen)

    build.paper(group, author, status=Status.PENDING)
    build.post(thread, author, status=Status.PENDING)
    few = statements()
    for _ in range(PAGE_SIZE + 3):
        build.post(thread, author, status=Status.PENDING)
    assert statements() == few <= 11
    last = queue_of(build, moderator, page=99)
    assert (last.page, last.pages, len(last.entries), last.total) == (2, 2, 5, PAGE_SIZE + 5)
