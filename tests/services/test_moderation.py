"""Deciding: who may, what follows, two at once, and taking it back."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Status
from forum.domain.moderation import Action, Flag, FlagReason, ModerationDecision
from forum.domain.notices import NoticeKind
from forum.domain.outbox import OutboxEntry, Topic
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.services.flags import flag
from forum.services.moderation import NOTHING_SEEN, decide, undo_decision
from tests.builders import Builder
from tests.conftest import StoppedClock

REASON = "This names a private individual."
RULES = [{"key": "civil", "text": "Argue with the point."}]


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(rules=RULES, holding_rule="newcomer")


@pytest.fixture
def moderator(build: Builder, group: Group) -> Account:
    return build.member(group, build.account("Mona Moderator"), role=GroupRole.MODERATOR)


def about(row: Any) -> dict[str, Any]:
    kind = {"post": SubjectKind.POST, "paper_version": SubjectKind.VERSION}[row.__tablename__]
    return {"kind": kind, "public_id": row.public_id}


def told(session: Session) -> list[str]:
    """The kinds of notice that wait in the outbox."""
    entries = session.scalars(
        sa.select(OutboxEntry).where(OutboxEntry.topic == Topic.NOTIFY).order_by(OutboxEntry.id)
    )
    return [entry.payload["kind"] for entry in entries if "decision_id" in entry.payload]


@pytest.mark.parametrize(
    ("before", "action", "after"),
    [
        (Status.PENDING, Action.APPROVE, Status.PUBLISHED),
        (Status.PENDING, Action.REJECT, Status.REJECTED),
        (Status.PUBLISHED, Action.HIDE, Status.HIDDEN),
        (Status.HIDDEN, Action.RESTORE, Status.PUBLISHED),
        (Status.REJECTED, Action.RESTORE, Status.PUBLISHED),
    ],
)
@pytest.mark.parametrize("kind", ["post", "opening", "version"])
def test_a_decision_changes_the_status_and_is_written_down(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account,
    before: Status, action: Action, after: Status, kind: str,
) -> None:  # fmt: skip
    """For a reply, an opening post with its discussion, and a paper; the author is told."""
    author = build.member(group)
    row: Any
    if kind == "version":
        row = build.paper(group, author, status=before)
    elif kind == "opening":
        thread = build.thread(group, author, status=before)
        from forum.domain.threads import Post

        row = session.scalars(sa.select(Post).where(Post.thread_id == thread.id)).one()
    else:
        row = build.post(build.thread(group, author), author, status=before)
    decision = decide(
        session, build.actor(moderator), **about(row), action=action, rule="civil", reason=REASON, now=clock()
    )
    assert row.status is after
    if kind == "opening":
        assert thread.status is after
    assert (decision.status_before, decision.status_after) == (before, after)
    assert (decision.rule, decision.reason, decision.decided_by_id) == ("civil", REASON, moderator.id)
    assert decision.decided_at == clock()
    assert told(session) == ["decided"]


def test_a_decision_that_does_not_apply_is_refused(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """A withdrawn post cannot be published, a published one not approved; nothing is changed."""
    actor = build.actor(moderator)
    withdrawn = build.post(build.thread(group), status=Status.WITHDRAWN)
    published = build.post(build.thread(group))
    for row, action in ((withdrawn, Action.APPROVE), (published, Action.APPROVE), (published, Action.KEEP)):
        with pytest.raises(Invalid):
            decide(session, actor, **about(row), action=action, now=clock())
    assert session.scalars(sa.select(ModerationDecision)).all() == []


def test_a_restriction_without_rule_or_reason_is_refused(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """The complaint names the field."""
    post = build.post(build.thread(group), status=Status.PENDING)
    for rule, reason, field in (("", REASON, "rule"), ("civil", "No.", "reason"), ("else", REASON, "rule")):
        with pytest.raises(Invalid) as caught:
            decide(
                session, build.actor(moderator), **about(post),
                action=Action.REJECT, rule=rule, reason=reason, now=clock(),
            )  # fmt: skip
        assert caught.value.field == field
    assert post.status is Status.PENDING


def test_nobody_decides_on_their_own(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """Neither what one wrote nor what a colleague wrote for a body one speaks for."""
    body = build.organisation()
    build.mandate(moderator, body)
    thread = build.thread(group)
    own = build.post(thread, moderator, status=Status.PENDING)
    colleagues = build.post(thread, build.member(group), organisation=body, status=Status.PENDING)
    paper = build.paper(group, build.member(group), organisation=body, status=Status.PENDING)
    for row in (own, colleagues, paper):
        with pytest.raises(NotAllowed):
            decide(session, build.actor(moderator), **about(row), action=Action.APPROVE, now=clock())
        assert row.status is Status.PENDING


@pytest.mark.parametrize("role", sorted(set(GroupRole) - {GroupRole.MODERATOR}))
def test_other_roles_do_not_decide(
    build: Builder, session: Session, clock: StoppedClock, group: Group, role: GroupRole
) -> None:
    """They read what is published but may not decide; what is held they do not even find."""
    actor = build.actor(build.member(group, role=role))
    thread = build.thread(group)
    with pytest.raises(NotAllowed):
        decide(session, actor, **about(build.post(thread)), action=Action.HIDE, reason=REASON, now=clock())
    held = build.post(thread, status=Status.PENDING)
    with pytest.raises(NotFound):
        decide(session, actor, **about(held), action=Action.APPROVE, now=clock())


def test_a_moderator_of_another_group_finds_nothing(
    build: Builder, session: Session, clock: StoppedClock, group: Group
) -> None:
    """Nor does a suspended moderator of this one."""
    stranger = build.member(build.group(), role=GroupRole.MODERATOR)
    suspended = build.member(group, role=GroupRole.MODERATOR, suspended_until=clock().replace(year=2030))
    post = build.post(build.thread(group), status=Status.PENDING)
    for account in (stranger, suspended):
        with pytest.raises(NotFound):
            decide(session, build.actor(account), **about(post), action=Action.APPROVE, now=clock())


def test_named_text_is_decided_by_named_moderators(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """A moderator who is no named reader does not find it."""
    author = build.member(group)
    named_moderator = build.member(group, role=GroupRole.MODERATOR)
    named = build.named_list(group, [author, named_moderator])
    paper = build.paper(group, author, status=Status.PENDING, named_list=named)
    with pytest.raises(NotFound):
        decide(session, build.actor(moderator), **about(paper), action=Action.APPROVE, now=clock())
    decide(session, build.actor(named_moderator), **about(paper), action=Action.APPROVE, now=clock())
    assert paper.status is Status.PUBLISHED


def test_attachments_and_consultations_are_no_cases(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """Only posts and versions are decided on; a discussion through its opening post."""
    thread = build.thread(group)
    with pytest.raises(NotFound):
        decide(
            session, build.actor(moderator), kind=SubjectKind.THREAD, public_id=thread.public_id,
            action=Action.HIDE, reason=REASON, now=clock(),
        )  # fmt: skip


def test_the_second_of_two_moderators_is_told_who_decided(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """Whatever they chose, one decision stands."""
    second = build.actor(build.member(group, role=GroupRole.MODERATOR))
    post = build.post(build.thread(group), status=Status.PENDING)
    decide(
        session, build.actor(moderator), **about(post), action=Action.APPROVE, seen=NOTHING_SEEN, now=clock()
    )
    restriction = {"action": Action.HIDE, "rule": "civil", "reason": REASON}
    for choice in ({"action": Action.APPROVE}, restriction):
        with pytest.raises(Conflict, match="already decided by Mona Moderator"):
            decide(session, second, **about(post), **choice, seen=NOTHING_SEEN, now=clock())
    with pytest.raises(Conflict, match="already decided by Mona Moderator"):
        decide(session, second, **about(post), action=Action.APPROVE, now=clock())
    assert len(session.scalars(sa.select(ModerationDecision)).all()) == 1


def test_a_decision_closes_the_flags(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """With the decision, for all who flagged; keeping twice is a conflict."""
    post = build.post(build.thread(group), build.member(group))
    for _ in range(2):
        reader = build.actor(build.member(group))
        flag(session, reader, **about(post), reason=FlagReason.SPAM, now=clock())
    decision = decide(session, build.actor(moderator), **about(post), action=Action.KEEP, now=clock())
    flags = session.scalars(sa.select(Flag)).all()
    assert {(one.closed_at, one.decision_id) for one in flags} == {(clock(), decision.id)}
    assert told(session) == [NoticeKind.FLAG_ANSWERED]
    with pytest.raises(Conflict):
        decide(session, build.actor(moderator), **about(post), action=Action.KEEP, now=clock())


def test_a_decision_can_be_taken_back_for_a_minute(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """Status, hold, flags are as before; the log keeps both; then it can be decided anew."""
    actor = build.actor(moderator)
    held = build.post(build.thread(group), status=Status.PENDING, held_because="newcomer")
    approved = decide(session, actor, **about(held), action=Action.APPROVE, now=clock())
    flagged = build.post(build.thread(group), build.member(group))
    flag(session, build.actor(build.member(group)), **about(flagged), reason=FlagReason.SPAM, now=clock())
    hidden = decide(
        session, actor, **about(flagged), action=Action.HIDE, rule="civil", reason=REASON, now=clock()
    )
    clock.advance(seconds=60)
    for decision in (approved, hidden):
        reversal = undo_decision(session, actor, decision.public_id, now=clock())
        assert (reversal.action, reversal.reverses_id) == (Action.UNDO, decision.id)
    assert (held.status, held.held_because, held.published_at) == (Status.PENDING, "newcomer", None)
    assert flagged.status is Status.PUBLISHED
    assert session.scalars(sa.select(Flag.closed_at)).one() is None
    decide(session, actor, **about(held), action=Action.REJECT, rule="civil", reason=REASON, now=clock())
    assert held.status is Status.REJECTED


def test_taking_back_has_its_limits(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """Not by somebody else, not twice, not after a minute, not once something happened since."""
    actor = build.actor(moderator)
    other = build.actor(build.member(group, role=GroupRole.MODERATOR))
    first, second = (build.post(build.thread(group), status=Status.PENDING) for _ in range(2))
    one = decide(session, actor, **about(first), action=Action.APPROVE, now=clock())
    two = decide(session, actor, **about(second), action=Action.APPROVE, now=clock())
    with pytest.raises(NotAllowed):
        undo_decision(session, other, one.public_id, now=clock())
    with pytest.raises(NotFound):
        undo_decision(session, build.actor(build.account()), one.public_id, now=clock())
    with pytest.raises(NotFound):
        undo_decision(session, actor, "absent", now=clock())
    reversal = undo_decision(session, actor, one.public_id, now=clock())
    for again in (one, reversal):
        with pytest.raises(Conflict):
            undo_decision(session, actor, again.public_id, now=clock())
    decide(session, other, **about(second), action=Action.HIDE, rule="civil", reason=REASON, now=clock())
    with pytest.raises(Conflict):
        undo_decision(session, actor, two.public_id, now=clock())
    three = decide(session, actor, **about(first), action=Action.APPROVE, now=clock())
    with pytest.raises(Conflict, match="letter has left"):
        undo_decision(session, actor, three.public_id, now=clock.advance(seconds=61))
