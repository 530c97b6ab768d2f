"""Minutes: drafted by those who write them, circulated to the members, adopted; who reads them when."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling
from forum.domain.meetings import AgendaPoint, Meeting, MinutesState
from forum.domain.notices import NoticeKind
from forum.domain.outbox import OutboxEntry
from forum.errors import Invalid, NotAllowed, NotFound
from forum.richtext import render
from forum.services import meetings, minutes
from forum.services.meetings import MeetingText
from tests.builders import Builder
from tests.conftest import StoppedClock


class House:
    """A group with its people and a meeting that begins now."""

    def __init__(self, session: Session, build: Builder) -> None:
        self.session, self.build = session, build
        self.group = build.group(Ceiling.PUBLIC)
        self.slug = self.group.slug
        self.chair = build.member(self.group, role=GroupRole.CHAIR)
        self.rapporteur = build.member(self.group, role=GroupRole.RAPPORTEUR)
        self.member = build.member(self.group)
        self.observer = build.member(self.group, role=GroupRole.OBSERVER)
        self.outsider = build.account()
        self.meeting = self.prepare()
        meetings.convene_meeting(
            session, build.actor(self.chair), self.slug, self.meeting.public_id, now=build.clock()
        )
        session.commit()

    def prepare(self, agenda: str = "Welcome\nLamps", meeting: Meeting | None = None) -> Meeting:
        """The chair prepares a meeting, or gives one that there is another agenda."""
        now, actor = self.build.clock(), self.build.actor(self.chair)
        text = MeetingText(
            title="Spring meeting",
            rendered=render("", profile="post"),
            starts_at=now,
            ends_at=now + timedelta(hours=1),
            time_zone="UTC",
            agenda=agenda,
        )
        if meeting is None:
            made = meetings.prepare_meeting(self.session, actor, self.slug, text, now=now)
        else:
            made = meetings.change_meeting(self.session, actor, self.slug, meeting.public_id, text, now=now)
        self.session.commit()
        return made

    def points(self) -> list[AgendaPoint]:
        return list(meetings.list_points(self.session, self.meeting.id))

    def write(self, person: Account, *texts: str, meeting: Meeting | None = None) -> None:
        """Somebody writes under the first points."""
        found = {
            point.public_id: render(text, profile="post")
            for point, text in zip(self.points(), texts, strict=False)
        }
        minutes.write_minutes(
            self.session,
            self.build.actor(person),
            self.slug,
            (meeting or self.meeting).public_id,
            found,
            now=self.build.clock(),
        )
        self.session.commit()

    def circulate(self, person: Account) -> None:
        """Somebody shows the draft to the members."""
        minutes.circulate_minutes(
            self.session,
            self.build.actor(person),
            self.slug,
            self.meeting.public_id,
            now=self.build.clock(),
        )
        self.session.commit()

    def adopt(self, person: Account) -> None:
        """Somebody adopts the minutes."""
        minutes.adopt_minutes(
            self.session,
            self.build.actor(person),
            self.slug,
            self.meeting.public_id,
            now=self.build.clock(),
        )
        self.session.commit()

    def readers(self) -> set[str]:
        """Who is shown the minutes now."""
        people = {
            "chair": self.chair,
            "rapporteur": self.rapporteur,
            "member": self.member,
            "observer": self.observer,
            "outsider": self.outsider,
            "visitor": None,
        }
        found = set()
        for name, person in people.items():
            actor = self.build.actor(person)
            subject = meetings.get_meeting(self.session, actor, self.slug, self.meeting.public_id)
            if minutes.may_read_minutes(actor, subject):
                found.add(name)
        return found


@pytest.fixture
def house(session: Session, build: Builder) -> House:
    return House(session, build)


def test_each_step_shows_the_minutes_to_more_people(house: House) -> None:
    """Nobody, those who write them, the group, and at last everybody who reads the meeting."""
    assert house.readers() == set()
    house.write(house.rapporteur, "They met.", "They spoke of **lamps**.")
    assert house.readers() == {"chair", "rapporteur"}
    house.circulate(house.rapporteur)
    assert house.readers() == {"chair", "rapporteur", "member", "observer"}
    house.adopt(house.chair)
    assert house.readers() == {"chair", "rapporteur", "member", "observer", "outsider", "visitor"}
    assert [(one.minutes_source, one.minutes_text) for one in house.points()] == [
        ("They met.", "They met."),
        ("They spoke of **lamps**.", "They spoke of lamps."),
    ]


def test_rapporteur_and_chair_write_and_the_chair_alone_adopts(house: House) -> None:
    for person in (house.member, house.observer, house.outsider):
        with pytest.raises(NotAllowed):
            house.write(person, "They met.")
    house.write(house.rapporteur, "They met.", "They spoke.")
    for person in (house.member, house.observer, house.outsider):
        with pytest.raises(NotAllowed):
            house.circulate(person)
    house.circulate(house.rapporteur)
    for person in (house.rapporteur, house.member):
        with pytest.raises(NotAllowed):
            house.adopt(person)


def test_only_a_meeting_that_was_convened_and_not_cancelled_has_minutes(
    house: House, session: Session, clock: StoppedClock
) -> None:
    """One that is still prepared is absent for a rapporteur."""
    draft = house.prepare()
    with pytest.raises(Invalid, match="Only a meeting that was convened"):
        house.write(house.chair, meeting=draft)
    with pytest.raises(NotFound):
        house.write(house.rapporteur, meeting=draft)
    chair = house.build.actor(house.chair)
    house.meeting.starts_at = clock() + timedelta(minutes=1)
    meetings.cancel_meeting(
        session, chair, house.slug, house.meeting.public_id, reason="Too few.", now=clock()
    )
    session.commit()
    with pytest.raises(Invalid, match="Only a meeting that was convened"):
        house.write(house.chair, "They met.")


def test_what_is_written_under_one_point_leaves_the_others_alone(house: House) -> None:
    house.write(house.chair, "They met.", "They spoke.")
    house.write(house.rapporteur, "They met again.")
    assert [one.minutes_text for one in house.points()] == ["They met again.", "They spoke."]


def test_a_point_that_left_the_agenda_meanwhile_takes_no_minutes(house: House, session: Session) -> None:
    gone = house.points()[1].public_id
    house.prepare("Welcome", house.meeting)
    with pytest.raises(Invalid, match="no such point any more"):
        minutes.write_minutes(
            session,
            house.build.actor(house.chair),
            house.slug,
            house.meeting.public_id,
            {gone: render("They spoke.", profile="post")},
            now=house.build.clock(),
        )


def test_nothing_is_circulated_with_a_point_left_out(house: House) -> None:
    with pytest.raises(Invalid, match="“Welcome” has no minutes yet"):
        house.circulate(house.chair)
    house.write(house.chair, "They met.", " ")
    with pytest.raises(Invalid, match="“Lamps” has no minutes yet"):
        house.circulate(house.chair)


def test_members_see_minutes_before_they_are_adopted(house: House) -> None:
    house.write(house.chair, "They met.", "They spoke.")
    with pytest.raises(Invalid, match="Circulate the minutes first"):
        house.adopt(house.chair)


@pytest.mark.parametrize("emptied", [True, False], ids=["by emptying a point", "by adding one"])
def test_minutes_that_lost_words_after_they_were_circulated_are_not_adopted(
    house: House, session: Session, emptied: bool
) -> None:
    """They are complete when they become unchangeable."""
    house.write(house.chair, "They met.", "They spoke.")
    house.circulate(house.chair)
    if emptied:
        house.write(house.chair, "They met.", "")
    else:
        house.prepare("Welcome\nNext steps\nLamps", house.meeting)
    with pytest.raises(Invalid, match="has no minutes yet"):
        house.adopt(house.chair)
    session.rollback()
    assert house.meeting.minutes_state is MinutesState.CIRCULATED


def test_adopted_minutes_stay_as_they_are(house: House) -> None:
    house.write(house.chair, "They met.", "They spoke.")
    house.circulate(house.chair)
    house.adopt(house.chair)
    with pytest.raises(Invalid, match="stay as they are"):
        house.write(house.chair, "They never met.")
    with pytest.raises(Invalid, match="stay as they are"):
        house.circulate(house.chair)
    with pytest.raises(Invalid, match="Circulate the minutes first"):
        house.adopt(house.chair)


def test_the_group_is_told_each_time_minutes_go_round_and_when_they_are_adopted(
    house: House, session: Session, clock: StoppedClock
) -> None:
    """Circulated ones can be corrected and go round again; writing tells nobody."""
    house.write(house.chair, "They met.", "They spoke.")
    for _ in range(2):
        house.circulate(house.chair)
        clock.advance(hours=1)
        house.write(house.chair, "They met at nine.")
    assert house.meeting.minutes_state is MinutesState.CIRCULATED
    house.adopt(house.chair)
    payloads = [row.payload for row in session.scalars(sa.select(OutboxEntry))]
    occasions = [one["occasion"] for one in payloads if one.get("kind") == NoticeKind.MINUTES]
    assert len(set(occasions)) == len(occasions) == 3
