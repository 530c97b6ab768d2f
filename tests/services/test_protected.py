"""What may be abuse material or identify a victim is shown to nobody. All texts here are neutral."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, PlatformRole
from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction, AuditEntry
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.labels import Ceiling, Status
from forum.domain.moderation import FlagReason
from forum.domain.outbox import OutboxEntry, Topic
from forum.domain.protected import Cause, ProtectedCase
from forum.domain.threads import Post, Thread
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Action
from forum.richtext import render
from forum.services.contributions import list_contributions
from forum.services.flags import flag
from forum.services.moderation_queue import QueueFilters, list_waiting
from forum.services.posts import reply
from forum.services.protected import get_locked, list_locked, mark_reported, release
from forum.services.subjects import get_subject
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock

ANSWER = "The hotline has answered that it is nothing of the kind."


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(
        Ceiling.PUBLIC, holding_rule=HoldingRule.NONE, holding_rules={"protected_words": ["Narnia"]}
    )


@pytest.fixture
def people(build: Builder, group: Group) -> dict[str, Account]:
    return {
        "author": build.member(group),
        "member": build.member(group),
        "moderator": build.member(group, role=GroupRole.MODERATOR),
        "second": build.member(group, role=GroupRole.MODERATOR),
        "secretariat": build.member(group, role=GroupRole.SECRETARIAT),
        "administrator": build.account(platform_role=PlatformRole.ADMINISTRATOR),
    }


@pytest.fixture
def flagged(
    session: Session, build: Builder, clock: StoppedClock, group: Group, people: dict[str, Account]
) -> tuple[Thread, Post, ProtectedCase]:
    thread = build.thread(group, people["member"])
    post = build.post(thread, people["author"], text="A neutral sentence.")
    flag(
        session, build.actor(people["member"]), kind=SubjectKind.POST, public_id=post.public_id,
        reason=FlagReason.SUSPECTED, explanation="Words that are not kept.", now=clock(),
    )  # fmt: skip
    return thread, post, session.scalars(sa.select(ProtectedCase)).one()


def test_nobody_reads_what_a_flag_has_locked(
    session: Session, build: Builder, clock: StoppedClock, people: dict[str, Account],
    flagged: tuple[Thread, Post, ProtectedCase],
) -> None:  # fmt: skip
    """Author, moderators, secretariat, administrators: to each it is absent, on its page and in lists."""
    thread, post, case = flagged
    assert (post.status, case.cause, case.status_before) == (Status.LOCKED, Cause.FLAG, Status.PUBLISHED)
    assert thread.published_count == 1
    for account in [*people.values(), None]:
        actor = build.actor(account)
        for action in (Action.READ, Action.MODERATE, Action.EDIT, Action.WITHDRAW):
            with pytest.raises(NotFound):
                get_subject(session, actor, SubjectKind.POST, post.public_id, action)
        assert not list_waiting(session, actor, filters=QueueFilters(), now=clock())
        mine = list_contributions(session, actor, sealing_secret=SEALING, now=clock())
        assert post.public_id not in {one.public_id for one in mine.contributions}


def test_what_is_told_of_it_is_no_content(
    session: Session, flagged: tuple[Thread, Post, ProtectedCase]
) -> None:
    """On record stand ids and facts; the explanation of the flag is not kept, and no notice or mail waits."""
    session.commit()
    entries = session.scalars(sa.select(AuditEntry).where(AuditEntry.action.startswith("protected."))).all()
    assert [entry.action for entry in entries] == [AuditAction.PROTECTED_LOCKED]
    assert "neutral" not in entries[0].facts
    topics = set(session.scalars(sa.select(OutboxEntry.topic)))
    assert topics <= {Topic.INDEX}
    assert flagged[1].held_because is None


def test_a_word_of_the_rules_locks_what_is_sent(
    session: Session, build: Builder, clock: StoppedClock, group: Group, people: dict[str, Account]
) -> None:
    """From the first moment, whoever sends it, a moderator too; its author is not mailed either."""
    thread = build.thread(group, people["member"])
    for name in ("author", "moderator"):
        actor = build.actor(people[name])
        subject = get_subject(session, actor, SubjectKind.THREAD, thread.public_id)
        post = reply(
            session, actor, subject, rendered=render("We met in NARNIA.", profile="post"),
            sealing_secret=SEALING, now=clock(),
        )  # fmt: skip
        assert post.status is Status.LOCKED
        assert post.audience == post.own == "nobody"
    assert {case.cause for case in session.scalars(sa.select(ProtectedCase))} == {Cause.RULE}
    assert not session.scalars(sa.select(OutboxEntry).where(OutboxEntry.topic != Topic.INDEX)).all()


def test_below_a_locked_opening_post_nothing_is_read(
    session: Session, build: Builder, clock: StoppedClock, group: Group, people: dict[str, Account]
) -> None:
    """The discussion goes with its opening post, for those who replied too."""
    thread = build.thread(group, people["author"])
    answer = build.post(thread, people["second"], status=Status.PENDING)
    opening = session.scalars(sa.select(Post).where(Post.thread_id == thread.id, Post.number == 1)).one()
    flag(
        session, build.actor(people["member"]), kind=SubjectKind.POST, public_id=opening.public_id,
        reason=FlagReason.VICTIM, now=clock(),
    )  # fmt: skip
    for account in people.values():
        for kind, row in ((SubjectKind.THREAD, thread), (SubjectKind.POST, answer)):
            with pytest.raises(NotFound):
                get_subject(session, build.actor(account), kind, row.public_id)


def test_the_lane_is_the_moderators_but_not_the_writers(
    session: Session, build: Builder, people: dict[str, Account], flagged: tuple[Thread, Post, ProtectedCase]
) -> None:
    """Moderators of the group see that there is something; nobody else does, nor whoever wrote it."""
    case = flagged[2]
    for name in ("moderator", "second"):
        assert [one.case for one in list_locked(session, build.actor(people[name]))] == [case]
    other = build.group(Ceiling.PUBLIC)
    build.member(flagged_group(session, case), people["author"], role=GroupRole.MODERATOR)
    outsiders = [people[name] for name in ("author", "member", "secretariat", "administrator")]
    for account in [*outsiders, build.member(other, role=GroupRole.MODERATOR)]:
        actor = build.actor(account)
        assert not list_locked(session, actor)
        with pytest.raises(NotFound):
            get_locked(session, actor, case.public_id)


def flagged_group(session: Session, case: ProtectedCase) -> Group:
    return session.get_one(Group, case.group_id)


def test_released_after_an_answer_it_is_read_and_decided(
    session: Session, build: Builder, clock: StoppedClock, people: dict[str, Account],
    flagged: tuple[Thread, Post, ProtectedCase],
) -> None:  # fmt: skip
    """First the hotline is told, then it is released with what was answered; then it waits as held."""
    post, case = flagged[1], flagged[2]
    first, second = build.actor(people["moderator"]), build.actor(people["second"])
    with pytest.raises(Conflict, match="first"):
        release(session, first, case.public_id, ANSWER, now=clock())
    mark_reported(session, first, case.public_id, now=clock())
    with pytest.raises(Conflict, match="already"):
        mark_reported(session, second, case.public_id, now=clock())
    with pytest.raises(Invalid):
        release(session, second, case.public_id, "No.", now=clock())
    release(session, second, case.public_id, ANSWER, now=clock())
    assert (post.status, post.held_because) == (Status.PENDING, "released")
    assert [one.public_id for one in list_waiting(session, first, filters=QueueFilters(), now=clock())] == [
        post.public_id
    ]
    with pytest.raises(NotFound):
        release(session, second, case.public_id, ANSWER, now=clock())
    session.commit()
    actions = session.scalars(
        sa.select(AuditEntry.action)
        .where(AuditEntry.action.startswith("protected."))
        .order_by(AuditEntry.number)
    ).all()
    assert actions == ["protected.locked", "protected.reported", "protected.released"]


def test_whoever_flagged_does_not_release(
    session: Session, build: Builder, clock: StoppedClock, group: Group, people: dict[str, Account]
) -> None:
    """A moderator who flagged it asks a colleague."""
    post = build.post(build.thread(group, people["member"]), people["author"])
    actor = build.actor(people["moderator"])
    flag(
        session, actor, kind=SubjectKind.POST, public_id=post.public_id, reason=FlagReason.VICTIM, now=clock()
    )
    case = session.scalars(sa.select(ProtectedCase)).one()
    mark_reported(session, actor, case.public_id, now=clock())
    with pytest.raises(NotAllowed, match="another moderator"):
        release(session, actor, case.public_id, ANSWER, now=clock())
