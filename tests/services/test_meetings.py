"""Meetings from preparing to cancelling: who may, what is refused with which sentence, who reads what."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.meetings import MAX_PLACE, MAX_POINTS, AgendaPoint, Meeting
from forum.domain.notices import NoticeKind
from forum.domain.outbox import OutboxEntry
from forum.errors import ForumError, Invalid, NotAllowed, NotFound
from forum.richtext import render
from forum.services import ballots, meetings, minutes
from forum.services.ballots import BallotText
from forum.services.meetings import MeetingText
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.staging import procedure
from tests.support import count_statements

WORDS = render("The agenda was adopted.", profile="post")


class House:
    """A group with a chair and a member, and the meetings that the chair prepares in it."""

    def __init__(self, session: Session, build: Builder, ceiling: Ceiling = Ceiling.PUBLIC) -> None:
        self.session, self.build = session, build
        self.group: Group = build.group(ceiling)
        self.chair = build.member(self.group, role=GroupRole.CHAIR)
        self.member = build.member(self.group)

    @property
    def slug(self) -> str:
        return self.group.slug

    def text(self, **fields: Any) -> MeetingText:
        """What the form holds: a meeting of two hours in a week, with two points."""
        starts_at = self.build.clock() + timedelta(days=7)
        values = {
            "title": "Spring meeting",
            "rendered": render("About lamps.", profile="post"),
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(hours=2),
            "time_zone": "Europe/Brussels",
            "agenda": "Welcome\nLamps",
        } | fields
        return MeetingText(**values)

    def prepare(self, person: Account | None = None, **fields: Any) -> Meeting:
        """Somebody, the chair unless told otherwise, prepares a meeting."""
        actor = self.build.actor(person or self.chair)
        row = meetings.prepare_meeting(
            self.session, actor, self.slug, self.text(**fields), now=self.build.clock()
        )
        self.session.commit()
        return row

    def convene(self, **fields: Any) -> Meeting:
        """The chair prepares a meeting and convenes it."""
        row = self.prepare(**fields)
        actor = self.build.actor(self.chair)
        meetings.convene_meeting(self.session, actor, self.slug, row.public_id, now=self.build.clock())
        self.session.commit()
        return row

    def change(self, row: Meeting, **fields: Any) -> None:
        """The chair writes the form anew."""
        actor, text = self.build.actor(self.chair), self.text(**fields)
        meetings.change_meeting(self.session, actor, self.slug, row.public_id, text, now=self.build.clock())
        self.session.commit()

    def cancel(self, row: Meeting, reason: str = "Too few can come.") -> None:
        """The chair calls it off."""
        actor, now = self.build.actor(self.chair), self.build.clock()
        meetings.cancel_meeting(self.session, actor, self.slug, row.public_id, reason=reason, now=now)
        self.session.commit()

    def drop(self, row: Meeting) -> None:
        """The chair gives up what was never convened."""
        meetings.drop_meeting(self.session, self.build.actor(self.chair), self.slug, row.public_id)
        self.session.commit()

    def points(self, row: Meeting) -> dict[str, str]:
        """The agenda in its order: titles, and the lasting address of each."""
        return {point.title: point.public_id for point in meetings.list_points(self.session, row.id)}

    def minuted(self, row: Meeting, *titles: str) -> None:
        """The chair writes minutes under some points."""
        actor, points = self.build.actor(self.chair), self.points(row)
        texts = {points[title]: WORDS for title in titles}
        minutes.write_minutes(self.session, actor, self.slug, row.public_id, texts, now=self.build.clock())
        self.session.commit()

    def told(self) -> list[tuple[str, str]]:
        """The notices that go out about meetings: their kind and occasion."""
        rows = self.session.scalars(sa.select(OutboxEntry).order_by(OutboxEntry.id))
        payloads = [row.payload for row in rows if "occasion" in row.payload]
        return [(one["kind"], one["occasion"]) for one in payloads]


@pytest.fixture
def house(session: Session, build: Builder) -> House:
    return House(session, build)


def test_what_is_prepared_is_read_by_its_makers_and_what_is_convened_by_all_whom_the_label_lets(
    house: House, session: Session
) -> None:
    row = house.prepare()
    for person in (house.member, None):
        with pytest.raises(NotFound):
            meetings.get_meeting(session, house.build.actor(person), house.slug, row.public_id)
    meetings.convene_meeting(
        session, house.build.actor(house.chair), house.slug, row.public_id, now=house.build.clock()
    )
    session.commit()
    for person in (house.member, None):
        found = meetings.get_meeting(session, house.build.actor(person), house.slug, row.public_id)
        assert found.row is row
    assert row.convened_at == house.build.clock()


def test_a_meeting_for_the_group_alone_is_absent_for_everybody_else(house: House, session: Session) -> None:
    """So it is under the address of another group."""
    row = house.convene(tlp=Tlp.AMBER)
    assert meetings.get_meeting(session, house.build.actor(house.member), house.slug, row.public_id)
    for person in (None, house.build.account()):
        actor = house.build.actor(person)
        with pytest.raises(NotFound):
            meetings.get_meeting(session, actor, house.slug, row.public_id)
        assert meetings.list_meetings(session, actor, house.group, now=house.build.clock()).coming == []
    with pytest.raises(NotFound):
        meetings.get_meeting(session, house.build.actor(house.chair), "elsewhere", row.public_id)


@pytest.mark.parametrize("role", [None, GroupRole.OBSERVER, GroupRole.MEMBER, GroupRole.RAPPORTEUR], ids=str)
def test_chair_and_secretariat_alone_keep_meetings(
    house: House, session: Session, role: GroupRole | None
) -> None:
    row = house.convene()
    person = house.build.account() if role is None else house.build.member(house.group, role=role)
    actor, now = house.build.actor(person), house.build.clock()
    with pytest.raises(NotAllowed):
        house.prepare(person)
    with pytest.raises(NotAllowed):
        meetings.change_meeting(session, actor, house.slug, row.public_id, house.text(), now=now)
    with pytest.raises(NotAllowed):
        meetings.cancel_meeting(session, actor, house.slug, row.public_id, reason="No.", now=now)
    with pytest.raises(NotAllowed):
        meetings.drop_meeting(session, actor, house.slug, row.public_id)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        pytest.param({"title": " "}, "title", "title", id="no title"),
        pytest.param({"agenda": " \n "}, "agenda", "at least one point", id="no agenda"),
        pytest.param({"agenda": "x\n" * (MAX_POINTS + 1)}, "agenda", "At most", id="too many points"),
        pytest.param({"time_zone": "Mars/Base"}, "time_zone", "time zone", id="a zone of nowhere"),
        pytest.param({"time_zone": "../etc"}, "time_zone", "time zone", id="a zone that is a path"),
        pytest.param({"place": "x" * (MAX_PLACE + 1)}, "place", "at most", id="a place without end"),
        pytest.param({"language": "tlh"}, "language", "language", id="a language of no list"),
        pytest.param({"stage_key": "nowhere"}, "stage", "no such stage", id="a stage that is not there"),
        pytest.param({"documents": "/papers/aaaaaaaaaaaaa"}, "documents", "no document", id="no such paper"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    house: House, fields: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        house.prepare(**fields)
    assert caught.value.field == field


def test_it_ends_after_it_begins(house: House) -> None:
    """An end at the moment of the beginning is refused too."""
    now = house.build.clock()
    with pytest.raises(Invalid, match="ends before it begins"):
        house.prepare(starts_at=now, ends_at=now)


def test_no_label_is_wider_than_the_group(session: Session, build: Builder) -> None:
    house = House(session, build, Ceiling.MEMBERS)
    with pytest.raises(Invalid, match="does not allow that label"):
        house.prepare(tlp=Tlp.CLEAR)


def test_it_belongs_to_a_stage_of_its_own_group(house: House, session: Session, build: Builder) -> None:
    other = build.group()
    procedure(build, other, stages=(("abroad", "Abroad", "meeting"),))
    [stage] = procedure(build, house.group, stages=(("report", "Report", "meeting"),))
    assert house.prepare(stage_key="report").stage_id == stage.id
    assert [one.key for one in meetings.list_stages(session, house.group)] == ["report"]
    with pytest.raises(Invalid, match="no such stage"):
        house.prepare(stage_key="abroad")


def test_it_is_convened_once(house: House, session: Session) -> None:
    row = house.convene()
    with pytest.raises(Invalid, match="convened already"):
        meetings.convene_meeting(
            session, house.build.actor(house.chair), house.slug, row.public_id, now=house.build.clock()
        )


def test_people_are_told_of_what_was_convened_and_of_each_change_by_its_own_notice(house: House) -> None:
    """While it is prepared nobody is, and its number in calendars stands still."""
    row = house.prepare()
    house.change(row, place="Room 1")
    assert (row.sequence, house.told()) == (0, [])
    row = house.convene()
    house.change(row, place="Room 2")
    house.change(row, place="Room 3")
    house.cancel(row)
    assert row.sequence == 3
    assert house.told() == [
        (NoticeKind.MEETING_CONVENED, "meeting:0"),
        (NoticeKind.MEETING_CHANGED, "meeting:1"),
        (NoticeKind.MEETING_CHANGED, "meeting:2"),
        (NoticeKind.MEETING_CANCELLED, "meeting:3"),
    ]


def test_a_narrower_label_takes_a_meeting_away_from_those_outside(house: House, session: Session) -> None:
    row = house.convene()
    visitor = house.build.actor(None)
    assert meetings.get_meeting(session, visitor, house.slug, row.public_id)
    house.change(row, tlp=Tlp.AMBER)
    with pytest.raises(NotFound):
        meetings.get_meeting(session, visitor, house.slug, row.public_id)


def test_a_point_keeps_its_address_while_its_words_or_its_place_stay(house: House) -> None:
    row = house.prepare(agenda="Welcome\nLamps\nNext steps")
    before = house.points(row)
    house.change(row, agenda="Next steps\nWelcome\nLamps")
    assert house.points(row) == {name: before[name] for name in ("Next steps", "Welcome", "Lamps")}
    house.change(row, agenda="Next steps\nWelcome and agenda\nLamps")
    after = house.points(row)
    assert after["Welcome and agenda"] == before["Welcome"]
    assert list(after) == ["Next steps", "Welcome and agenda", "Lamps"]


def test_two_points_of_the_same_words_are_two_points(house: House, session: Session) -> None:
    row = house.prepare(agenda="Break\nLamps\nBreak")
    house.change(row, agenda="Break\nLamps\nBreak")
    found = meetings.list_points(session, row.id)
    assert [(one.position, one.title) for one in found] == [(1, "Break"), (2, "Lamps"), (3, "Break")]
    assert len({one.public_id for one in found}) == 3


def test_a_point_with_minutes_is_not_dropped(house: House, session: Session) -> None:
    """One without is."""
    row = house.convene()
    house.minuted(row, "Lamps")
    with pytest.raises(Invalid, match="“Lamps” has minutes: keep it"):
        house.change(row, agenda="Welcome")
    session.rollback()
    house.change(row, agenda="Lamps")
    assert list(house.points(row)) == ["Lamps"]


def test_it_is_cancelled_with_a_reason_before_it_begins(
    house: House, session: Session, clock: StoppedClock
) -> None:
    """It stays readable then, and neither changes nor is cancelled again."""
    draft, row = house.prepare(), house.convene()
    with pytest.raises(Invalid, match="Only a meeting that is convened"):
        house.cancel(draft)
    with pytest.raises(Invalid, match="Write why"):
        house.cancel(row, "  ")
    with pytest.raises(Invalid, match="at most"):
        house.cancel(row, "x" * (MAX_PLACE + 1))
    late = house.convene()
    house.cancel(row, "Too few\ncan come.")
    assert row.cancel_reason == "Too few can come."
    assert meetings.get_meeting(session, house.build.actor(None), house.slug, row.public_id)
    with pytest.raises(Invalid, match="Only a meeting that is convened"):
        house.cancel(row)
    with pytest.raises(NotAllowed, match="was cancelled"):
        house.change(row)
    clock.advance(days=7)
    with pytest.raises(Invalid, match="has begun"):
        house.cancel(late)


def test_what_was_convened_is_not_deleted_and_what_was_not_goes_with_its_agenda(
    house: House, session: Session
) -> None:
    row, draft = house.convene(agenda="Welcome"), house.prepare()
    with pytest.raises(Invalid, match="cancel it"):
        house.drop(row)
    house.drop(draft)
    assert session.scalars(sa.select(Meeting)).all() == [row]
    assert [one.title for one in session.scalars(sa.select(AgendaPoint))] == ["Welcome"]


def test_a_meeting_for_which_a_decision_was_prepared_is_not_deleted(house: House, session: Session) -> None:
    row, chair, now = house.prepare(), house.build.actor(house.chair), house.build.clock()
    text = BallotText(
        title="Adopt it?",
        rendered=WORDS,
        closes_at=now + timedelta(days=9),
        meeting_id=row.public_id,
    )
    ballots.prepare_ballot(session, chair, house.slug, text, now=now)
    with pytest.raises(Invalid, match="that comes first"):
        house.drop(row)


def test_lists_hold_what_is_prepared_coming_and_past_each_for_its_readers(
    house: House, session: Session, clock: StoppedClock
) -> None:
    """Coming ones the next first, past ones the last first; a cancelled one stands among them."""

    def listed(person: Account | None) -> list[list[str]]:
        found = meetings.list_meetings(session, house.build.actor(person), house.group, now=clock())
        return [[one.title for one in part] for part in (found.prepared, found.coming, found.past)]

    house.convene(title="First")
    house.convene(title="Second", tlp=Tlp.AMBER)
    clock.advance(days=20)
    house.prepare(title="Thought of")
    later = clock() + timedelta(days=30)
    house.convene(title="Later", starts_at=later, ends_at=later + timedelta(hours=1))
    house.cancel(house.convene(title="Called off"))
    assert listed(house.chair) == [["Thought of"], ["Called off", "Later"], ["Second", "First"]]
    assert listed(house.member) == [[], ["Called off", "Later"], ["Second", "First"]]
    assert listed(None) == [[], ["Called off", "Later"], ["First"]]


def test_past_meetings_come_by_pages(
    house: House, session: Session, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meetings, "PAST_PER_PAGE", 2)
    for number in range(3):
        starts_at = clock() + timedelta(days=number)
        house.convene(title=f"M{number}", starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
    clock.advance(days=9)
    actor = house.build.actor(house.member)
    pages = [meetings.list_meetings(session, actor, house.group, now=clock(), page=page) for page in (1, 2)]
    assert [[one.title for one in page.past] for page in pages] == [["M2", "M1"], ["M0"]]
    assert [page.has_next for page in pages] == [True, False]


def test_a_list_costs_two_statements_however_long_it_is(
    house: House, session: Session, clock: StoppedClock
) -> None:
    for _ in range(4):
        house.convene()
    actor, group = house.build.actor(house.member), house.group
    assert group.id
    with count_statements(session.get_bind()) as statements:  # type: ignore[arg-type]
        meetings.list_meetings(session, actor, group, now=clock())
    assert len(statements) == 2


def test_the_next_meetings_are_those_of_ones_own_groups(
    house: House, session: Session, clock: StoppedClock
) -> None:
    """Neither cancelled nor past nor prepared; of one group that is named, as far as its label lets."""
    house.convene(title="Mine", tlp=Tlp.AMBER)
    house.convene(title="Open")
    house.prepare(title="Thought of")
    house.cancel(house.convene(title="Called off"))
    House(session, house.build).convene(title="Theirs")

    def following(person: Account | None, **options: Any) -> list[str]:
        actor = house.build.actor(person)
        return [one.title for one in meetings.list_next_meetings(session, actor, now=clock(), **options)]

    assert following(house.member) == ["Mine", "Open"]
    assert following(house.member, limit=1) == ["Mine"]
    assert following(None) == following(house.build.account()) == []
    assert following(None, group_id=house.group.id) == ["Open"]
    clock.advance(days=8)
    assert following(house.member) == []


def test_adopted_minutes_keep_the_meeting_as_it_is(
    house: House, session: Session, clock: StoppedClock
) -> None:
    row = house.convene()
    clock.advance(days=8)
    house.minuted(row, "Welcome", "Lamps")
    chair = house.build.actor(house.chair)
    minutes.circulate_minutes(session, chair, house.slug, row.public_id, now=clock())
    minutes.adopt_minutes(session, chair, house.slug, row.public_id, now=clock())
    session.commit()
    with pytest.raises(NotAllowed, match="minutes of this meeting were adopted"):
        house.change(row)
    assert row.status is Status.PUBLISHED


def test_an_action_beyond_reading_is_asked_of_the_group(house: House, session: Session) -> None:
    """Whoever reads a meeting may not for that write in its group."""
    row = house.convene()
    for person in (None, house.build.account()):
        with pytest.raises(ForumError):
            meetings.get_meeting(
                session,
                house.build.actor(person),
                house.slug,
                row.public_id,
                meetings.Action.MANAGE_MEETINGS,
            )
