"""Corrections to circulated minutes: who proposes them until when, and that each has an answer at the end."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import Attribution
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.domain.meetings import Meeting, MinutesRemark, MinutesState, RemarkAnswer
from forum.errors import ForumError, Invalid, NotAllowed
from forum.richtext import render
from forum.services import meetings, minutes
from forum.services.meetings import MeetingText
from forum.services.minutes_remarks import answer_remark, give_remark, list_remarks
from tests.builders import Builder
from tests.conftest import StoppedClock

NOTHING = render("", profile="post")


class House:
    """A group whose meeting has circulated minutes that take corrections for ten days."""

    def __init__(self, session: Session, build: Builder, **columns: object) -> None:
        self.session, self.build = session, build
        self.group: Group = build.group(Ceiling.PUBLIC, **columns)
        self.chair = build.member(self.group, role=GroupRole.CHAIR)
        self.seat = build.seat(self.group, build.organisation("Example Lamp Body"))
        self.member = build.member(self.group, build.account("Mira Member"), seat=self.seat)
        actor, now = build.actor(self.chair), build.clock()
        text = MeetingText("Spring meeting", NOTHING, now, now + timedelta(hours=1), "UTC", "Welcome\nLamps")
        row = meetings.prepare_meeting(session, actor, self.slug, text, now=now)
        meetings.convene_meeting(session, actor, self.slug, row.public_id, now=now)
        self.points = [one.public_id for one in meetings.list_points(session, row.id)]
        texts = {one: render("Something was said.", profile="post") for one in self.points}
        minutes.write_minutes(session, actor, self.slug, row.public_id, texts, now=now)
        self.meeting: Meeting = row
        self.circulate(10)

    @property
    def slug(self) -> str:
        return self.group.slug

    def circulate(self, days: int | None) -> None:
        """Circulate, with some days for corrections or none."""
        now = self.build.clock()
        until = now + timedelta(days=days) if days is not None else None
        actor = self.build.actor(self.chair)
        minutes.circulate_minutes(
            self.session, actor, self.slug, self.meeting.public_id, remarks_until=until, now=now
        )
        self.session.commit()

    def propose(
        self, person: Account | None = None, text: str = "There were **three** lamps."
    ) -> MinutesRemark:
        """Somebody proposes a correction to the second point."""
        now = self.build.clock()
        made = give_remark(
            self.session,
            self.build.actor(person or self.member),
            self.slug,
            self.meeting.public_id,
            point_id=self.points[1],
            rendered=render(text, profile="post"),
            received_at=now,
            now=now,
        )
        self.session.commit()
        return made

    def answer(self, remark: MinutesRemark, answer: RemarkAnswer, why: str = "") -> None:
        """The chair answers one."""
        answer_remark(
            self.session,
            self.build.actor(self.chair),
            self.slug,
            self.meeting.public_id,
            remark.public_id,
            answer=answer,
            rendered=render(why, profile="post"),
            now=self.build.clock(),
        )
        self.session.commit()

    def adopt(self) -> None:
        """The chair adopts the minutes."""
        actor, now = self.build.actor(self.chair), self.build.clock()
        minutes.adopt_minutes(self.session, actor, self.slug, self.meeting.public_id, now=now)
        self.session.commit()

    def seen_by(self, person: Account | None) -> list[tuple[str | None, str, RemarkAnswer | None]]:
        """Whose body, whose name and which answer somebody reads."""
        actor = self.build.actor(person)
        subject = meetings.get_meeting(self.session, actor, self.slug, self.meeting.public_id)
        lines = list_remarks(self.session, actor, subject)
        return [(one.seat.body if one.seat else None, one.name, one.answer) for one in lines]


def test_a_correction_is_proposed_answered_and_stands_with_the_adopted_minutes(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """Members read it at once, others with the adopted minutes, and never a name."""
    house = House(session, build)
    remark = house.propose()
    house.propose(house.chair)
    assert house.seen_by(house.member) == [("Example Lamp Body", "", None), (None, house.chair.name, None)]
    assert house.seen_by(None) == []
    house.answer(remark, RemarkAnswer.TAKEN_UP)
    clock.advance(days=11)
    with pytest.raises(Invalid, match="Answer each proposed correction first"):
        house.adopt()
    session.rollback()
    other = session.scalars(sa.select(MinutesRemark).where(MinutesRemark.id != remark.id)).one()
    house.answer(other, RemarkAnswer.NOT_TAKEN_UP, "It was said at another meeting.")
    house.adopt()
    assert house.meeting.minutes_state is MinutesState.ADOPTED
    assert house.seen_by(None) == [
        ("Example Lamp Body", "", RemarkAnswer.TAKEN_UP),
        (None, "", RemarkAnswer.NOT_TAKEN_UP),
    ]
    with pytest.raises(Invalid, match="stay as they are"):
        house.answer(remark, RemarkAnswer.PARTLY, "Otherwise.")


def test_nobodys_time_for_corrections_is_cut_short(session: Session, build: Builder) -> None:
    house = House(session, build)
    with pytest.raises(Invalid, match="until then"):
        house.adopt()


def test_without_a_date_minutes_are_adopted_at_once_and_take_no_corrections(
    session: Session, build: Builder
) -> None:
    house = House(session, build)
    house.circulate(None)
    with pytest.raises(Invalid, match="no corrections any more"):
        house.propose()
    session.rollback()
    house.adopt()


def test_a_date_that_has_passed_is_refused(session: Session, build: Builder) -> None:
    house = House(session, build)
    with pytest.raises(Invalid, match="yet to come"):
        house.circulate(-1)


def test_a_correction_comes_too_late_after_the_date(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    house = House(session, build)
    clock.advance(days=10, seconds=1)
    with pytest.raises(Invalid, match="no corrections any more"):
        house.propose()


@pytest.mark.parametrize("role", [None, GroupRole.OBSERVER], ids=["outsider", "observer"])
def test_only_members_propose(session: Session, build: Builder, role: GroupRole | None) -> None:
    house = House(session, build)
    person = build.member(house.group, role=role) if role is not None else build.account()
    with pytest.raises(NotAllowed):
        house.propose(person)


def test_what_is_not_taken_up_has_its_reasons(session: Session, build: Builder) -> None:
    house = House(session, build)
    remark = house.propose()
    for answer in (RemarkAnswer.PARTLY, RemarkAnswer.NOT_TAKEN_UP):
        with pytest.raises(ForumError, match="Write why"):
            house.answer(remark, answer, " ")


def test_no_words_are_no_correction(session: Session, build: Builder) -> None:
    house = House(session, build)
    with pytest.raises(Invalid, match="should stand there"):
        house.propose(text=" ")


def test_under_the_chatham_house_rule_nobody_is_told_whose_it_is(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """Neither the page nor the row nor the record says it, nor when it came."""
    house = House(session, build, attribution=Attribution.CHATHAM_HOUSE)
    clock.advance(days=2)
    remark = house.propose()
    assert (remark.account_id, remark.seat_id) == (None, None)
    assert remark.given_at == house.meeting.minutes_circulated_at
    assert house.seen_by(house.chair) == [(None, "", None)]
    actors = session.execute(sa.text("SELECT actor FROM audit_entry WHERE action = 'minutes.remarked'")).all()
    assert [tuple(row) for row in actors] == [(None,)]
