"""Attendance: which seats were there, who writes it down, what counts for a quorum, and who is told what."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole, MembersVisible, Seat
from forum.domain.labels import Ceiling
from forum.domain.meetings import Attendance, AttendanceState, Meeting
from forum.errors import Invalid, NotAllowed
from forum.richtext import render
from forum.services import meetings, minutes
from forum.services.attendance import AttendanceView, list_attending, load_attendance, record_attendance
from forum.services.meetings import MeetingText
from forum.services.memberships import end_seat
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.staging import seated
from tests.support import count_statements

NOTHING = render("", profile="post")


class House:
    """A group with three seats, an observer, and a meeting that begins now."""

    def __init__(
        self, session: Session, build: Builder, visible: MembersVisible = MembersVisible.NAMES
    ) -> None:
        self.session, self.build = session, build
        self.group: Group = build.group(Ceiling.PUBLIC, members_visible=visible)
        self.chair = build.member(self.group, role=GroupRole.CHAIR)
        self.seats: list[Seat] = []
        for name in ("Example Attic", "Example Barn", "Example Cellar"):
            person, seat = seated(build, self.group, name)
            self.member = person
            self.seats.append(seat)
        self.observer = build.member(self.group, build.account("Olga Observer"), GroupRole.OBSERVER)
        self.meeting = self.convene(begins_now=True)

    def convene(self, *, begins_now: bool = False) -> Meeting:
        """The chair convenes a meeting that begins now or in an hour."""
        actor, now = self.build.actor(self.chair), self.build.clock()
        starts_at = now if begins_now else now + timedelta(hours=1)
        text = MeetingText("Spring", NOTHING, starts_at, starts_at + timedelta(hours=1), "UTC", "Welcome")
        row = meetings.prepare_meeting(self.session, actor, self.group.slug, text, now=now)
        meetings.convene_meeting(self.session, actor, self.group.slug, row.public_id, now=now)
        self.session.commit()
        return row

    def record(
        self,
        *states: str,
        person: Account | None = None,
        observers: frozenset[str] = frozenset(),
        meeting: Meeting | None = None,
    ) -> None:
        """Somebody, the chair unless told otherwise, writes down the first seats."""
        record_attendance(
            self.session,
            self.build.actor(person or self.chair),
            self.group.slug,
            (meeting or self.meeting).public_id,
            seats={seat.public_id: state for seat, state in zip(self.seats, states, strict=False)},
            observers=observers,
            now=self.build.clock(),
        )
        self.session.commit()

    def load(self, person: Account | None) -> AttendanceView:
        """What somebody sees of it."""
        return load_attendance(self.session, self.build.actor(person), self.group, self.meeting)

    def states(self, person: Account | None) -> dict[str | None, AttendanceState | None]:
        """How each seat took part, as somebody sees it."""
        return {line.seat.body: line.state for line in self.load(person).lines}


@pytest.fixture
def house(session: Session, build: Builder) -> House:
    return House(session, build)


def test_seats_were_there_themselves_or_by_an_alternate(house: House, session: Session) -> None:
    """Those two count; what is written again takes the place of what was."""
    assert not house.load(house.chair).is_recorded
    house.record("absent", "present", "present")
    house.record("present", "alternate", "excused")
    assert house.states(house.member) == {
        "Example Attic": AttendanceState.PRESENT,
        "Example Barn": AttendanceState.ALTERNATE,
        "Example Cellar": AttendanceState.EXCUSED,
    }
    assert list_attending(session, house.meeting.id) == {house.seats[0].id, house.seats[1].id}
    assert session.scalar(sa.select(sa.func.count()).select_from(Attendance)) == 3


def test_a_seat_of_which_nothing_is_written_stands_there_without_a_word(house: House) -> None:
    house.record("present")
    assert list(house.states(house.chair).values()) == [AttendanceState.PRESENT, None, None]
    assert house.load(house.chair).is_recorded


def test_an_observer_watches_on_a_seat_or_without_and_never_counts(
    house: House, session: Session, build: Builder
) -> None:
    """Whoever is named that is no observer of the group is passed over."""
    seat = build.seat(house.group, build.organisation("Example Dome"))
    build.member(house.group, role=GroupRole.OBSERVER, seat=seat)
    house.seats.insert(0, seat)
    others = frozenset({house.observer.public_id, house.chair.public_id, build.account().public_id})
    house.record("present", "present", observers=others)
    found = house.load(house.chair)
    assert house.states(house.chair)["Example Dome"] is AttendanceState.OBSERVER
    assert [(one.name, was_there) for one, was_there in found.observers] == [("Olga Observer", True)]
    assert (found.counts[AttendanceState.OBSERVER], found.counts[AttendanceState.PRESENT]) == (2, 1)
    assert list_attending(session, house.meeting.id) == {house.seats[1].id}


def test_a_seat_of_a_member_does_not_watch(house: House) -> None:
    """Only observers do: it was there or it was not."""
    with pytest.raises(Invalid, match="no such seat"):
        house.record("observer")


@pytest.mark.parametrize(
    ("visible", "names", "bodies"),
    [
        (MembersVisible.NAMES, True, True),
        (MembersVisible.BODIES, False, True),
        (MembersVisible.NUMBERS, False, False),
    ],
    ids=str,
)
def test_outside_it_is_shown_as_the_charter_says(
    session: Session, build: Builder, visible: MembersVisible, names: bool, bodies: bool
) -> None:
    """Numbers are always shown; members are shown everything."""
    house = House(session, build, visible)
    house.record("present", "absent", "excused", observers=frozenset({house.observer.public_id}))
    outside, inside = house.load(build.account()), house.load(house.member)
    assert len(outside.lines) == (3 if bodies else 0)
    assert any(line.seat.named for line in outside.lines) == names
    assert any(one.is_named for one, _ in outside.observers) == names
    assert outside.counts == inside.counts
    assert inside.counts[AttendanceState.PRESENT] == 1
    assert all(line.seat.named for line in inside.lines)


def test_whoever_writes_minutes_writes_down_who_was_there(house: House, build: Builder) -> None:
    house.record("present", person=build.member(house.group, role=GroupRole.RAPPORTEUR))
    for person in (house.member, house.observer, build.account()):
        with pytest.raises(NotAllowed):
            house.record("absent", person=person)


def test_nobody_was_at_a_meeting_that_has_not_begun_or_was_cancelled(house: House, session: Session) -> None:
    """Nor at one that was not even convened."""
    coming = house.convene()
    with pytest.raises(Invalid, match="has not begun yet"):
        house.record("present", meeting=coming)
    actor, now = house.build.actor(house.chair), house.build.clock()
    meetings.cancel_meeting(session, actor, house.group.slug, coming.public_id, reason="Too few.", now=now)
    session.commit()
    with pytest.raises(Invalid, match="Only a meeting that was convened"):
        house.record("present", meeting=coming)


@pytest.mark.parametrize("wrong", ["state", "seat"])
def test_what_is_no_seat_or_no_word_is_refused_and_nothing_is_lost(
    house: House, session: Session, build: Builder, wrong: str
) -> None:
    """The seat of another group is none of this one."""
    house.record("present")
    if wrong == "seat":
        house.seats[0] = build.seat(build.group(), build.organisation())
    with pytest.raises(Invalid, match="no such seat"):
        house.record("present" if wrong == "seat" else "asleep")
    session.rollback()
    assert len(list_attending(session, house.meeting.id)) == 1


def test_a_seat_that_ended_stays_where_it_was_and_is_no_line_elsewhere(
    house: House, session: Session, clock: StoppedClock
) -> None:
    house.record("present", "absent")
    for seat in (house.seats[0], house.seats[2]):
        end_seat(session, house.group, seat.public_id, now=clock())
    session.commit()
    assert set(house.states(house.chair)) == {"Example Attic", "Example Barn"}


def test_adopted_minutes_keep_who_was_there(house: House, session: Session, clock: StoppedClock) -> None:
    house.record("present")
    chair, where = house.build.actor(house.chair), (house.group.slug, house.meeting.public_id)
    [point] = meetings.list_points(session, house.meeting.id)
    texts = {point.public_id: render("They met.", profile="post")}
    minutes.write_minutes(session, chair, *where, texts, now=clock())
    minutes.circulate_minutes(session, chair, *where, now=clock())
    minutes.adopt_minutes(session, chair, *where, now=clock())
    session.commit()
    with pytest.raises(Invalid, match="who was there stays as it is"):
        house.record("absent")


def test_loading_costs_three_statements_however_many_seats_there_are(house: House, session: Session) -> None:
    house.record("present", "absent", "excused")
    actor, group, meeting = house.build.actor(house.member), house.group, house.meeting
    assert group.id
    assert meeting.id
    with count_statements(session.get_bind()) as statements:  # type: ignore[arg-type]
        load_attendance(session, actor, group, meeting)
    assert len(statements) == 3
