"""The report: every figure drawn from decisions, and none moved by what is closed."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.appeals import Appeal, AppealState, Side
from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.moderation import Action, FlagReason, ModerationDecision
from forum.domain.notices_of_illegality import LegalNotice
from forum.domain.statements import Category, Statement
from forum.domain.threads import Post
from forum.errors import Invalid
from forum.services.flags import flag
from forum.services.moderation import decide, undo_decision
from forum.services.transparency import Report, checked_period, draw_report
from tests.builders import Builder
from tests.conftest import StoppedClock

RULES = [{"key": "civil", "text": "Argue with the point."}]
NOTICE = LegalNotice("/posts/x", "A Reader", "reader@members.example", is_in_good_faith=True)
REASON = "It speaks about a person, not about the point."


class Desk:
    """Moderate: posts that are made, flagged and decided on."""

    def __init__(self, session: Session, build: Builder, clock: StoppedClock) -> None:
        self.session, self.build, self.clock = session, build, clock
        self.moderators: dict[int, Any] = {}

    def group(self, ceiling: Ceiling = Ceiling.PUBLIC, **columns: Any) -> Group:
        return self.build.group(ceiling, rules=RULES, **columns)

    def post(self, group: Group, status: Status = Status.PUBLISHED, **columns: Any) -> Post:
        return self.build.post(self.build.thread(group, **columns), self.build.account(), status=status)

    def flag(self, post: Post, reason: FlagReason = FlagReason.UNCIVIL) -> None:
        reader = self.build.member(self.session.get_one(Group, post.group_id))
        flag(
            self.session,
            self.build.actor(reader),
            kind=SubjectKind.POST,
            public_id=post.public_id,
            reason=reason,
            explanation="Something is wrong with this one.",
            notice=NOTICE,
            now=self.clock(),
        )
        self.session.commit()

    def decide(self, post: Post, action: Action) -> str:
        group = self.session.get_one(Group, post.group_id)
        if group.id not in self.moderators:
            self.moderators[group.id] = self.build.member(group, role=GroupRole.MODERATOR)
        made = decide(
            self.session,
            self.build.actor(self.moderators[group.id]),
            kind=SubjectKind.POST,
            public_id=post.public_id,
            action=action,
            rule="civil" if action in {Action.HIDE, Action.REJECT} else "",
            reason=REASON if action in {Action.HIDE, Action.REJECT} else "",
            now=self.clock(),
        )
        self.session.commit()
        return made.public_id

    def report(self, first: date | None = None, last: date | None = None) -> Report:
        return draw_report(self.session, checked_period(first, last, today=self.clock().date()))


@pytest.fixture
def desk(session: Session, build: Builder, clock: StoppedClock) -> Desk:
    return Desk(session, build, clock)


def test_measures_by_initiative_category_and_restriction(desk: Desk) -> None:
    """One on own initiative, one after a flag; both by the statement that went with them."""
    group = desk.group()
    quiet, flagged = desk.post(group), desk.post(group)
    desk.clock.advance(hours=4)
    desk.flag(flagged)
    desk.clock.advance(hours=2)
    desk.decide(quiet, Action.HIDE)
    desk.decide(flagged, Action.HIDE)
    report = desk.report()
    assert (report.own_initiative.count, report.on_notice.count) == (1, 1)
    assert report.own_initiative.by_category == {Category.SPEECH: 1}
    assert sum(report.own_initiative.by_restriction.values()) == 1
    assert (report.own_initiative.median_hours, report.on_notice.median_hours) == (6, 2)
    assert report.own_initiative.on_law == 0


def test_notices_by_reason_and_outcome(desk: Desk) -> None:
    """Illegal apart; what was kept is answered too; what still waits is in no figure."""
    group = desk.group()
    removed, kept, waits = (desk.post(group) for _ in range(3))
    desk.flag(removed, FlagReason.ILLEGAL)
    desk.flag(removed, FlagReason.UNCIVIL)
    desk.flag(kept)
    desk.flag(waits)
    desk.clock.advance(hours=3)
    desk.decide(removed, Action.HIDE)
    desk.decide(kept, Action.KEEP)
    notices = desk.report().notices
    assert notices.by_reason == {FlagReason.ILLEGAL: 1, FlagReason.UNCIVIL: 2}
    assert notices.restricted == {FlagReason.ILLEGAL: 1, FlagReason.UNCIVIL: 1}
    assert (notices.count, notices.median_hours) == (3, 3)


def test_holding_rules_are_automated_means_with_a_rate_of_error(desk: Desk) -> None:
    """What they held and a person published was held in vain."""
    group = desk.group()
    held = [desk.post(group, Status.PENDING) for _ in range(4)]
    desk.clock.advance(hours=8)
    for post, action in zip(held, [Action.APPROVE] * 3 + [Action.REJECT], strict=True):
        desk.decide(post, action)
    report = desk.report()
    assert (report.held.published, report.held.rejected, report.held.share_published) == (3, 1, 0.75)
    assert report.held.median_hours == 8


def test_a_decision_that_was_taken_back_counts_nowhere(desk: Desk) -> None:
    """Neither it nor its undoing."""
    group = desk.group()
    made = desk.decide(desk.post(group), Action.HIDE)
    undo_decision(desk.session, desk.build.actor(desk.moderators[group.id]), made, now=desk.clock())
    desk.session.commit()
    report = desk.report()
    assert (report.decisions, report.own_initiative.count) == (0, 0)


def test_a_period_has_its_days_and_no_other(desk: Desk) -> None:
    """First and last day count; months without a decision are there."""
    group = desk.group()
    desk.decide(desk.post(group), Action.HIDE)
    day = desk.clock().date()
    desk.clock.advance(days=40)
    desk.decide(desk.post(group), Action.HIDE)
    later = desk.clock().date()
    assert desk.report(day, day).decisions == 1
    assert desk.report(day + timedelta(days=1), later - timedelta(days=1)).decisions == 0
    assert desk.report(day, later).decisions == 2
    assert list(desk.report(date(2026, 1, 5), later).by_month) == ["2026-01", "2026-02", "2026-03", "2026-04"]


def test_without_a_statement_the_mapping_says_what_it_was(desk: Desk) -> None:
    """Decisions of before there were statements are counted alike."""
    desk.decide(desk.post(desk.group()), Action.HIDE)
    before = asdict(desk.report())
    desk.session.execute(sa.delete(Statement))
    desk.session.commit()
    assert asdict(desk.report()) == before


def test_nothing_closed_moves_a_figure(desk: Desk) -> None:
    """The twin: the same report with and without decisions, flags and moderators behind doors."""
    public = desk.group()
    desk.decide(desk.post(public), Action.HIDE)
    before = asdict(desk.report())
    closed = [desk.group(ceiling) for ceiling in Ceiling if ceiling is not Ceiling.PUBLIC]
    closed += [desk.group(ceiling, is_listed=False) for ceiling in Ceiling]
    for group in closed:
        hidden, pending = desk.post(group), desk.post(group, Status.PENDING)
        desk.flag(hidden, FlagReason.ILLEGAL)
        desk.decide(hidden, Action.HIDE)
        desk.decide(pending, Action.APPROVE)
    narrow = desk.post(public, tlp=Tlp.AMBER)
    desk.flag(narrow)
    desk.decide(narrow, Action.HIDE)
    assert asdict(desk.report()) == before


def test_complaints_by_side_and_outcome(desk: Desk) -> None:
    """With the median time; an open one, and one about what is closed, in no figure."""
    public, closed = desk.group(), desk.group(Ceiling.MEMBERS)
    for group in (public, closed):
        for side, state in (
            (Side.AUTHOR, AppealState.UPHELD),
            (Side.AUTHOR, AppealState.REJECTED),
            (Side.FLAGGER, AppealState.REJECTED),
            (Side.AUTHOR, AppealState.FILED),
        ):
            made = desk.decide(desk.post(group), Action.HIDE)
            decision = desk.session.scalars(
                sa.select(ModerationDecision).where(ModerationDecision.public_id == made)
            ).one()
            now = desk.clock()
            desk.session.add(
                Appeal(
                    decision_id=decision.id,
                    group_id=group.id,
                    side=side,
                    appellant_key="account:1",
                    reason=REASON,
                    state=state,
                    filed_at=now,
                    due_at=now,
                    decided_at=None if state is AppealState.FILED else now + timedelta(hours=5),
                )
            )
            desk.session.commit()
    complaints = desk.report().complaints
    assert complaints.upheld == {Side.AUTHOR: 1}
    assert complaints.rejected == {Side.AUTHOR: 1, Side.FLAGGER: 1}
    assert (complaints.count, complaints.median_hours) == (3, 5)


def test_moderators_are_counted_once_and_only_where_it_is_public(desk: Desk, build: Builder) -> None:
    """Also who has left since; not who came or went outside the period."""
    one, two = desk.group(), desk.group()
    mona = build.member(one, role=GroupRole.MODERATOR)
    build.member(two, mona, role=GroupRole.MODERATOR)
    build.member(one, role=GroupRole.MODERATOR)
    build.member(desk.group(Ceiling.MEMBERS), role=GroupRole.MODERATOR)
    assert desk.report().moderators == 2
    assert desk.report(date(2020, 1, 1), date(2020, 12, 31)).moderators == 0


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        (date(2026, 3, 2), date(2026, 3, 1), "after the last"),
        (date(2020, 1, 1), date(2026, 1, 1), "three years"),
        (date.min, date.min, "a year from"),
        (date.max, date.max, "a year from"),
    ],
)
def test_a_period_that_is_none(first: date, last: date, sentence: str) -> None:
    """Upside down, too long, or in a year that no calendar here shows."""
    with pytest.raises(Invalid, match=sentence):
        checked_period(first, last, today=date(2026, 3, 2))


def test_twelve_months_until_today_are_the_period_where_none_is_named() -> None:
    """And one day is a period."""
    for today, first in ((date(2026, 3, 2), date(2025, 4, 1)), (date(2026, 12, 31), date(2026, 1, 1))):
        period = checked_period(None, None, today=today)
        assert (period.first, period.last, len(period.months())) == (first, today, 12)
    one = checked_period(date(2026, 3, 2), date(2026, 3, 2), today=date(2026, 3, 2))
    assert one.ends_at - one.begins_at == timedelta(days=1)
