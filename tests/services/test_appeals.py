"""Appeals: who files one, who decides it, and that upheld means undone everywhere."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, PlatformRole
from forum.domain.appeals import Appeal, AppealState, Side
from forum.domain.attribution import Attribution, Authorship, SubjectKind
from forum.domain.audit import AuditAction, AuditEntry
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.moderation import Action, FlagReason, ModerationDecision
from forum.domain.notices import Notice, NoticeKind
from forum.domain.outbox import OutboxEntry
from forum.domain.statements import Statement
from forum.domain.threads import Post, Thread
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Action as May
from forum.policy import can
from forum.services.appeal_views import show_appeal
from forum.services.appeals import (
    file_appeal,
    give_back_appeal,
    reject_appeal,
    take_appeal,
    uphold_appeal,
    withdraw_appeal,
)
from forum.services.decisions import is_overturned
from forum.services.flags import flag
from forum.services.further_decisions import Terms, suspend_account
from forum.services.moderation import decide, find_undoable, undo_decision
from forum.services.moderation_queue import QueueFilters, find_next, list_queue
from forum.services.sealing import account_key, sealed_key
from forum.services.subjects import subject_of
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.support import deliver

REASON = "It repeats a claim without any source."
APPEAL = "The source is in the second paragraph."
ANSWER = "The source is there, and it is a good one."


class House:
    """A group with two moderators and a secretariat, and what happens to appeals in it."""

    def __init__(self, build: Builder, session: Session, clock: StoppedClock, **columns: Any) -> None:
        self.build, self.session, self.clock = build, session, clock
        rules = [{"key": "civil", "text": "Argue with the point."}]
        self.group: Group = build.group(Ceiling.COMMUNITY, rules=rules, **columns)
        self.first = build.member(self.group, role=GroupRole.MODERATOR)
        self.second = build.member(self.group, role=GroupRole.MODERATOR)
        self.secretary = build.member(self.group, role=GroupRole.SECRETARIAT)
        self.author = build.member(self.group)
        self.thread = build.thread(self.group, self.author)

    def post(self, **columns: Any) -> Post:
        return self.build.post(self.thread, self.author, **columns)

    def decide(self, post: Any, action: Action = Action.HIDE, **values: Any) -> ModerationDecision:
        kind = SubjectKind.POST if isinstance(post, Post) else SubjectKind.VERSION
        decision = decide(
            self.session, self.build.actor(self.first), kind=kind, public_id=post.public_id, action=action,
            rule="civil", reason=REASON, now=self.clock(), **values,
        )  # fmt: skip
        self.session.commit()
        self.clock.advance(seconds=61)
        return decision

    def flagged(self, post: Post, reporter: Account) -> None:
        flag(
            self.session, self.build.actor(reporter), kind=SubjectKind.POST, public_id=post.public_id,
            reason=FlagReason.UNCIVIL, now=self.clock(),
        )  # fmt: skip
        self.session.commit()

    def file(self, decision: ModerationDecision, by: Account | None = None) -> Appeal:
        appeal = file_appeal(
            self.session, self.build.actor(by or self.author), decision.public_id,
            reason=APPEAL, sealing_secret=SEALING, now=self.clock(),
        )  # fmt: skip
        self.session.commit()
        return appeal

    def take(self, appeal: Appeal, by: Account | None = None) -> Appeal:
        taken = take_appeal(
            self.session, self.build.actor(by or self.second), appeal.public_id,
            sealing_secret=SEALING, now=self.clock(),
        )  # fmt: skip
        self.session.commit()
        return taken

    def uphold(self, appeal: Appeal, by: Account | None = None, **values: Any) -> Appeal:
        self.take(appeal, by)
        done = uphold_appeal(
            self.session, self.build.actor(by or self.second), appeal.public_id,
            answer=ANSWER, sealing_secret=SEALING, now=self.clock(), **values,
        )  # fmt: skip
        self.session.commit()
        return done


@pytest.fixture
def house(build: Builder, session: Session, clock: StoppedClock) -> House:
    return House(build, session, clock)


@pytest.mark.parametrize("status", [Status.PENDING, Status.PUBLISHED])
def test_upheld_a_text_is_published_again(
    house: House, build: Builder, session: Session, status: Status
) -> None:
    """Rejected or removed, it is in view, counted and indexed; the decision stands overturned."""
    post = house.post(status=status)
    decision = house.decide(post, Action.REJECT if status is Status.PENDING else Action.HIDE)
    before = house.thread.published_count
    session.execute(sa.delete(OutboxEntry))
    appeal = house.uphold(house.file(decision))
    assert (appeal.state, post.status) == (AppealState.UPHELD, Status.PUBLISHED)
    assert can(build.actor(build.account()), May.READ, subject_of(session, post))
    assert house.thread.published_count == before + 1
    indexed = [entry.payload for entry in session.scalars(sa.select(OutboxEntry)) if "id" in entry.payload]
    assert {"kind": "post", "id": post.id} in indexed
    assert is_overturned(session, decision.id)


def test_upheld_everything_else_is_undone_too(
    house: House, build: Builder, session: Session, clock: StoppedClock
) -> None:
    """A label, a lock, a move and a suspension, by one press each."""
    closed = build.group()
    build.member(closed, house.first, role=GroupRole.MODERATOR)
    opening = session.scalars(sa.select(Post).where(Post.thread_id == house.thread.id)).one()
    until = clock().date() + timedelta(days=9)
    for action, terms in (
        (Action.LABEL, Terms(tlp=Tlp.RED)),
        (Action.LOCK, Terms()),
        (Action.SUSPEND, Terms(until=until)),
        (Action.MOVE, Terms(target=closed.slug)),
    ):
        appeal = house.file(house.decide(opening, action, terms=terms))
        house.uphold(appeal)
    assert (house.thread.tlp, house.thread.locked_at) == (Tlp.GREEN, None)
    assert house.thread.group_id == house.group.id
    assert can(build.actor(house.author), May.WRITE, house.group)


def test_whoever_is_suspended_may_appeal(
    house: House, build: Builder, session: Session, app: Flask, clock: StoppedClock
) -> None:
    """From the whole forum too: decided by somebody else of the platform, and over at once."""
    one, two = (build.account(platform_role=PlatformRole.SECRETARIAT) for _ in range(2))
    decision = suspend_account(
        session, build.actor(one), house.author.public_id,
        until=clock().date() + timedelta(days=9), reason=REASON, now=clock(),
    )  # fmt: skip
    session.commit()
    clock.advance(minutes=2)
    assert build.actor(house.author).is_suspended
    appeal = house.file(decision)
    deliver(app, clock)
    assert _told(session, NoticeKind.APPEAL_FILED) == {two.id}
    for nobody in (one, house.first):
        with pytest.raises((NotAllowed, NotFound)):
            house.take(appeal, nobody)
    house.uphold(appeal, two)
    assert not build.actor(house.author).is_suspended


def test_whoever_flagged_appeals_against_keeping(
    house: House, build: Builder, session: Session, clock: StoppedClock
) -> None:
    """Upheld, the text is removed, on a rule, with a statement for its author, who may appeal in turn."""
    reporter = build.account()
    post = house.post()
    house.flagged(post, reporter)
    kept = house.decide(post, Action.KEEP)
    appeal = house.file(kept, reporter)
    assert appeal.side is Side.FLAGGER
    house.take(appeal)
    with pytest.raises(Invalid) as caught:
        uphold_appeal(
            session, build.actor(house.second), appeal.public_id,
            answer=ANSWER, sealing_secret=SEALING, now=clock(),
        )  # fmt: skip
    assert caught.value.field == "rule"
    session.rollback()
    uphold_appeal(
        session, build.actor(house.second), appeal.public_id,
        answer=ANSWER, rule="civil", sealing_secret=SEALING, now=clock(),
    )  # fmt: skip
    session.commit()
    assert (post.status, is_overturned(session, kept.id)) == (Status.HIDDEN, True)
    hidden = session.scalars(sa.select(ModerationDecision).order_by(ModerationDecision.id.desc())).first()
    assert hidden is not None
    assert session.scalars(sa.select(Statement.decision_id)).all() == [hidden.id]
    clock.advance(minutes=2)
    assert house.file(hidden).side is Side.AUTHOR


def test_rejected_with_reasons(house: House, build: Builder, session: Session, clock: StoppedClock) -> None:
    """The decision stands; less than a sentence, personal data or a name is refused at the field."""
    build.account("Nora Namely")
    post = house.post()
    appeal = house.take(house.file(house.decide(post)))
    for answer in ("No.", "Write to jo@members.example about it.", "As Nora Namely said, it is not."):
        with pytest.raises(Invalid) as caught:
            reject_appeal(
                session, build.actor(house.second), appeal.public_id,
                answer=answer, sealing_secret=SEALING, now=clock(),
            )  # fmt: skip
        assert caught.value.field == "answer"
        session.rollback()
    reject_appeal(
        session,
        build.actor(house.second),
        appeal.public_id,
        answer=ANSWER,
        sealing_secret=SEALING,
        now=clock(),
    )
    assert (appeal.state, appeal.answer, post.status) == (AppealState.REJECTED, ANSWER, Status.HIDDEN)


def test_not_the_same_person_nor_one_of_the_same_body(house: House, build: Builder) -> None:
    """Nor whoever wrote it, flagged it, or speaks for a body that wrote it; each with the sentence why."""
    body, owner = build.organisation(), build.organisation()
    build.mandate(house.first, body)
    colleague = build.member(house.group, role=GroupRole.MODERATOR)
    build.mandate(colleague, body)
    reporter = build.member(house.group, role=GroupRole.MODERATOR)
    interested = build.member(house.group, role=GroupRole.MODERATOR)
    build.mandate(interested, owner)
    post = build.post(house.thread, house.author, organisation=owner)
    house.flagged(post, reporter)
    appeal = house.file(house.decide(post))
    for person in (house.first, colleague, reporter, interested, house.author):
        with pytest.raises(NotAllowed, match="somebody else than who decided first, of another body"):
            house.take(appeal, person)
        house.session.rollback()
    assert house.take(appeal, house.second).taken_by_id == house.second.id


@pytest.mark.parametrize("role", [None, GroupRole.MEMBER, GroupRole.OBSERVER])
def test_who_has_no_part_in_it_does_not_find_it(house: House, build: Builder, role: GroupRole | None) -> None:
    """An outsider, a member, a moderator of another group, the platform's own people."""
    appeal = house.file(house.decide(house.post()))
    stranger = build.member(build.group(), role=GroupRole.MODERATOR)
    person = build.member(house.group, role=role) if role else build.account()
    administrator = build.account(platform_role=PlatformRole.ADMINISTRATOR)
    for one in (person, stranger, administrator):
        with pytest.raises(NotFound):
            house.take(appeal, one)
        with pytest.raises(NotFound):
            show_appeal(
                house.session, build.actor(one), appeal.public_id, sealing_secret=SEALING, now=house.clock()
            )
        with pytest.raises(NotFound):
            withdraw_appeal(house.session, build.actor(one), appeal.public_id, now=house.clock())


def test_the_secretariat_where_no_moderator_is_left(house: House, build: Builder, session: Session) -> None:
    """Not while one is; then it takes the appeal, which gives it that one text, on record."""
    post = house.post()
    appeal = house.file(house.decide(post))
    with pytest.raises(NotAllowed):
        house.take(appeal, house.secretary)
    session.rollback()
    body = build.organisation()
    for person in (house.first, house.second):
        build.mandate(person, body)
    secretary = build.actor(house.secretary)
    assert not can(secretary, May.READ, subject_of(session, post))
    before = show_appeal(session, secretary, appeal.public_id, sealing_secret=SEALING, now=house.clock())
    assert (before.may_decide, before.text) == (True, None)
    house.take(appeal, house.secretary)
    shown = show_appeal(session, secretary, appeal.public_id, sealing_secret=SEALING, now=house.clock())
    assert shown.text is not None
    assert "A reply." in shown.text.html
    entry = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number.desc())).first()
    assert entry is not None
    assert (entry.action, entry.actor, entry.subject) == (
        AuditAction.APPEAL_TAKEN, house.secretary.public_id, appeal.public_id,
    )  # fmt: skip


def test_one_takes_it_and_decides_it(
    house: House, build: Builder, session: Session, clock: StoppedClock
) -> None:
    """Nobody decides what they have not taken, nobody takes what another has; given back, anybody may."""
    third = build.member(house.group, role=GroupRole.MODERATOR)
    appeal = house.file(house.decide(house.post()))
    with pytest.raises(NotAllowed, match="Take the appeal first"):
        uphold_appeal(
            session, build.actor(third), appeal.public_id, answer=ANSWER, sealing_secret=SEALING, now=clock()
        )
    house.take(appeal)
    with pytest.raises(Conflict, match="Somebody else has taken"):
        house.take(appeal, third)
    with pytest.raises(NotAllowed, match="Take the appeal first"):
        give_back_appeal(session, build.actor(third), appeal.public_id, now=clock())
    give_back_appeal(session, build.actor(house.second), appeal.public_id, now=clock())
    session.commit()
    assert house.take(appeal, third).state is AppealState.TAKEN


def test_a_right_that_is_lost_meanwhile(
    house: House, build: Builder, session: Session, clock: StoppedClock
) -> None:
    """Whoever has taken it and now speaks for the first decider's body no longer decides it."""
    appeal = house.take(house.file(house.decide(house.post())))
    body = build.organisation()
    for person in (house.first, house.second):
        build.mandate(person, body)
    with pytest.raises(NotAllowed):
        uphold_appeal(
            session, build.actor(house.second), appeal.public_id,
            answer=ANSWER, sealing_secret=SEALING, now=clock(),
        )  # fmt: skip


def test_what_cannot_be_appealed_against(
    house: House, build: Builder, session: Session, clock: StoppedClock
) -> None:
    """What was approved, what is over six months old, what one has no part in; and nothing twice."""
    published = house.decide(house.post(status=Status.PENDING), Action.APPROVE)
    with pytest.raises(Conflict, match="there is no appeal"):
        house.file(published)
    decision = house.decide(house.post())
    with pytest.raises(NotFound):
        house.file(decision, build.member(house.group))
    house.file(decision)
    with pytest.raises(Conflict, match="made already"):
        house.file(decision)
    late = house.decide(house.post())
    clock.advance(days=185)
    with pytest.raises(Conflict, match="six months"):
        house.file(late)


def test_not_before_one_was_told(house: House, build: Builder, session: Session, clock: StoppedClock) -> None:
    """Within the minute in which it can be taken back; and what was taken back is gone."""
    post = house.post()
    decision = decide(
        session, build.actor(house.first), kind=SubjectKind.POST, public_id=post.public_id,
        action=Action.HIDE, rule="civil", reason=REASON, now=clock(),
    )  # fmt: skip
    session.commit()
    with pytest.raises(NotFound):
        house.file(decision)
    undo_decision(session, build.actor(house.first), decision.public_id, now=clock())
    session.commit()
    clock.advance(minutes=2)
    with pytest.raises(NotFound):
        house.file(decision)


def test_withdrawn_it_may_be_made_again(
    house: House, build: Builder, session: Session, clock: StoppedClock
) -> None:
    """By whoever made it, while nobody has decided."""
    decision = house.decide(house.post())
    appeal = house.file(decision)
    withdraw_appeal(session, build.actor(house.author), appeal.public_id, now=clock())
    session.commit()
    with pytest.raises(Invalid, match="is withdrawn"):
        withdraw_appeal(session, build.actor(house.author), appeal.public_id, now=clock())
    assert house.uphold(house.file(decision)).state is AppealState.UPHELD


def test_what_was_decided_on_appeal_stands(
    house: House, build: Builder, session: Session, clock: StoppedClock
) -> None:
    """It is not taken back within the minute, and not appealed against again."""
    decision = house.decide(house.post())
    house.uphold(house.file(decision))
    assert find_undoable(session, build.actor(house.second), now=clock()) is None
    last = session.scalars(sa.select(ModerationDecision).order_by(ModerationDecision.id.desc())).first()
    assert last is not None
    with pytest.raises(Conflict, match="stands"):
        undo_decision(session, build.actor(house.second), last.public_id, now=clock())
    with pytest.raises(Conflict, match="overturned already"):
        house.file(decision)


def test_it_stands_in_the_queue_of_those_who_may_decide(
    house: House, build: Builder, session: Session, clock: StoppedClock
) -> None:
    """With its own clock and without the text; not in that of the first decider, nor once another took it."""
    appeal = house.file(house.decide(house.post()))
    third = build.member(house.group, role=GroupRole.MODERATOR)

    def waiting(person: Account) -> list[tuple[str | None, str, str]]:
        found = list_queue(session, build.actor(person), filters=QueueFilters(), now=clock())
        return [(one.waiting.appeal, one.title, one.waiting.path) for one in found.entries]

    assert waiting(house.second) == [(appeal.public_id, "", f"/moderation/appeals/{appeal.public_id}")]
    assert waiting(house.first) == []
    following = find_next(session, build.actor(third), filters=QueueFilters(), now=clock())
    assert following is not None
    assert following.due == appeal.due_at
    house.take(appeal)
    assert len(waiting(house.second)) == 1
    assert waiting(third) == []


def test_who_is_told(house: House, build: Builder, session: Session, app: Flask, clock: StoppedClock) -> None:
    """Those who may decide of a new one; upheld, both sides; each is led to the appeal."""
    reporter = build.account()
    post = house.post()
    house.flagged(post, reporter)
    appeal = house.file(house.decide(post))
    deliver(app, clock)
    assert _told(session, NoticeKind.APPEAL_FILED) == {house.second.id}
    house.uphold(appeal)
    clock.advance(minutes=2)
    mail = deliver(app, clock)
    assert _told(session, NoticeKind.APPEAL_ANSWERED) == {house.author.id, reporter.id}
    bodies = [message.get_body(("plain",)) for message in mail]
    assert any(body and f"/moderation/appeals/{appeal.public_id}" in body.get_content() for body in bodies)


def _told(session: Session, kind: NoticeKind) -> set[int]:
    session.expire_all()
    return set(session.scalars(sa.select(Notice.account_id).where(Notice.kind == kind)))


def test_under_the_chatham_house_rule_nobody_is_named(
    build: Builder, session: Session, app: Flask, clock: StoppedClock
) -> None:
    """The author appeals under a sealed key, on a day; no record, outbox or notice ties them to it."""
    house = House(build, session, clock, attribution=Attribution.CHATHAM_HOUSE)
    post = build.post(house.thread, alias="Company A")
    key = sealed_key(SEALING, account_key(house.author.id))
    session.add(Authorship(subject_kind=SubjectKind.POST, subject_id=post.id, writer_key=key))
    session.commit()
    appeal = house.file(house.decide(post))
    assert appeal.appellant_key == key
    assert appeal.filed_at.time().isoformat() == "00:00:00"
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == AuditAction.APPEALED)).one()
    assert (entry.actor, entry.recorded_at) == (None, appeal.filed_at)
    payloads = [entry.payload for entry in session.scalars(sa.select(OutboxEntry))]
    assert not [one for one in payloads if one.get("account_id")]
    house.uphold(appeal)
    assert post.status is Status.PUBLISHED
    clock.advance(minutes=2)
    deliver(app, clock)
    session.expire_all()
    answered = session.scalars(sa.select(Notice).where(Notice.kind == NoticeKind.APPEAL_ANSWERED)).all()
    assert [one.account_id for one in answered] == [house.author.id]
    assert [(one.occasion, one.decision_id, one.subject_id) for one in answered] == [(None, None, None)]


def test_a_thread_that_grew_cannot_be_taken_apart(
    house: House, build: Builder, session: Session, clock: StoppedClock
) -> None:
    """Upheld, two discussions that became one are two again, unless somebody has replied meanwhile."""
    opening = session.scalars(sa.select(Post).where(Post.thread_id == house.thread.id)).one()
    into = build.thread(house.group)
    decision = house.decide(opening, Action.MERGE, terms=Terms(target=into.public_id))
    assert session.get_one(Thread, opening.thread_id).id == into.id
    appeal = house.file(decision)
    build.post(into, parent=opening)
    with pytest.raises(Conflict, match="Others have replied"):
        house.uphold(appeal)
