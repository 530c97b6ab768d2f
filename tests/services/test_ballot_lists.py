"""Lists of decisions: of a group, of what waits for one's seat, on a text, at a meeting; for each reader."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.ballots import Ballot, Choice, Outcome, Procedure
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling, Tlp
from forum.domain.meetings import Meeting
from forum.domain.papers import Paper, PaperVersion
from forum.richtext import render
from forum.services import ballot_lists, ballots, meetings
from forum.services.addresses import version_path
from forum.services.ballot_lists import BallotLine
from forum.services.ballots import BallotText
from forum.services.meetings import MeetingText
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.test_votes import House
from tests.support import count_statements

QUESTION = render("Shall it be adopted?", profile="post")


@pytest.fixture
def house(session: Session, build: Builder) -> House:
    return House(session, build, build.group(Ceiling.PUBLIC), seats=2)


def titles(lines: list[BallotLine]) -> list[str]:
    return [line.title for line in lines]


def prepared(house: House, title: str) -> Ballot:
    """A decision that was not put to the vote yet."""
    now = house.build.clock()
    text = BallotText(title=title, rendered=QUESTION, closes_at=now + timedelta(days=7))
    chair = house.build.actor(house.chair)
    row = ballots.prepare_ballot(house.session, chair, house.group.slug, text, now=now)
    house.session.commit()
    return row


def address(session: Session, version: PaperVersion) -> str:
    """The address of a version of a paper."""
    assert version.number is not None
    return version_path(session.get_one(Paper, version.paper_id).public_id, version.number)


def convened(house: House, **fields: Any) -> Meeting:
    """A meeting in an hour."""
    starts_at = house.build.clock() + timedelta(hours=1)
    text = MeetingText("Spring", QUESTION, starts_at, starts_at + timedelta(hours=1), "UTC", "Vote", **fields)
    actor, now = house.build.actor(house.chair), house.build.clock()
    row = meetings.prepare_meeting(house.session, actor, house.group.slug, text, now=now)
    meetings.convene_meeting(house.session, actor, house.group.slug, row.public_id, now=now)
    house.session.commit()
    return row


def test_a_group_has_prepared_open_and_closed_decisions_each_for_its_readers(
    house: House, session: Session, clock: StoppedClock
) -> None:
    """Open ones by their closing, closed ones the last first; a withdrawn one is over."""

    def listed(person: Account | None) -> list[list[str]]:
        found = ballot_lists.list_ballots(session, house.build.actor(person), house.group)
        return [titles(found.prepared), titles(found.open), titles(found.closed)]

    house.close(house.open(title="First"), clock)
    house.close(house.open(title="Second", tlp=Tlp.AMBER), clock)
    house.open(title="In two weeks", closes_at=clock() + timedelta(days=14))
    house.open(title="Tomorrow", closes_at=clock() + timedelta(days=1))
    prepared(house, "Thought of")
    actor, slug = house.build.actor(house.chair), house.group.slug
    clock.advance(hours=1)
    ballots.withdraw_ballot(session, actor, slug, house.open(title="Given up").public_id, now=clock())
    ballots.withdraw_ballot(session, actor, slug, prepared(house, "Never asked").public_id, now=clock())
    session.commit()
    waiting = ["Tomorrow", "In two weeks"]
    assert listed(house.chair) == [
        ["Thought of"],
        waiting,
        ["Never asked", "Given up", "Second", "First"],
    ]
    assert listed(house.people[0]) == [[], waiting, ["Given up", "Second", "First"]]
    assert listed(None) == [[], waiting, ["Given up", "First"]]


def test_closed_ones_come_by_pages(
    house: House, session: Session, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ballot_lists, "CLOSED_PER_PAGE", 2)
    for number in range(3):
        house.close(house.open(title=f"B{number}"), clock)
    actor = house.build.actor(None)
    pages = [ballot_lists.list_ballots(session, actor, house.group, page=page) for page in (1, 2)]
    assert [(titles(page.closed), page.has_next) for page in pages] == [(["B2", "B1"], True), (["B0"], False)]


def test_home_shows_the_last_that_came_to_an_outcome(
    house: House, session: Session, clock: StoppedClock
) -> None:
    """Neither those that are open nor those that were withdrawn."""
    for number in range(3):
        house.close(house.open(title=f"B{number}"), clock)
    house.open(title="Open")
    given_up, chair = house.open(title="Given up"), house.build.actor(house.chair)
    ballots.withdraw_ballot(session, chair, house.group.slug, given_up.public_id, now=clock())
    session.commit()
    found = ballot_lists.list_decided(session, house.build.actor(None), house.group, limit=2)
    assert [(line.title, line.outcome) for line in found] == [
        ("B2", Outcome.NO_QUORUM),
        ("B1", Outcome.NO_QUORUM),
    ]


def test_what_waits_for_ones_seat_waits_until_the_seat_has_voted(
    house: House, session: Session, build: Builder
) -> None:
    """For its alternate as well, and for nobody who has no vote: observers, the chair, other groups."""
    seat = house.seats[0]
    alternate = build.member(house.group, seat=seat, is_alternate=True)
    watching = build.member(house.group, seat=seat, role=GroupRole.OBSERVER)
    elsewhere = House(session, build, build.group(Ceiling.PUBLIC), seats=1).people[0]
    soon = build.clock() + timedelta(days=1)
    first, _ = house.open(title="Later"), house.open(title="Sooner", closes_at=soon)
    prepared(house, "Thought of")

    def waiting(person: Account | None) -> list[str]:
        return titles(ballot_lists.list_open_ballots(session, build.actor(person)))

    assert waiting(house.people[0]) == waiting(alternate) == ["Sooner", "Later"]
    for person in (watching, house.chair, elsewhere, None):
        assert waiting(person) == []
    house.vote(first, 0, Choice.ABSTAIN, person=alternate)
    assert waiting(house.people[0]) == ["Sooner"]
    assert waiting(house.people[1]) == ["Sooner", "Later"]


def test_a_seat_that_came_after_the_vote_began_has_nothing_waiting(
    house: House, session: Session, build: Builder
) -> None:
    house.open()
    late = build.member(house.group, seat=build.seat(house.group, build.organisation()))
    assert ballot_lists.list_open_ballots(session, build.actor(late)) == []


def test_a_text_has_the_decisions_on_it_and_they_the_text_as_far_as_both_may_be_read(
    house: House, session: Session, build: Builder, clock: StoppedClock
) -> None:
    """What is only prepared is not among them."""
    version = build.paper(house.group, title="Opinion", tlp=Tlp.AMBER)
    decided = house.open(title="Adopt it?", version=address(session, version), tlp=Tlp.CLEAR)
    plain = house.open(title="About nothing")
    member, visitor = build.actor(house.people[0]), build.actor(None)
    found = ballot_lists.find_decided_text(session, member, decided)
    assert found is not None
    assert (found.title, found.number, found.path) == ("Opinion", 1, address(session, version))
    assert ballot_lists.find_decided_text(session, visitor, decided) is None
    assert ballot_lists.find_decided_text(session, member, plain) is None
    assert titles(ballot_lists.list_ballots_on(session, visitor, version.id)) == ["Adopt it?"]
    assert ballot_lists.find_agreed_text(session, member, house.group) is None
    for number in (0, 1):
        house.vote(decided, number, Choice.AGREE)
    house.close(decided, clock)
    agreed = ballot_lists.find_agreed_text(session, member, house.group)
    assert agreed is not None
    assert agreed.title == "Opinion"
    # Once counted, the decision is read by who reads its text.
    assert ballot_lists.find_agreed_text(session, visitor, house.group) is None
    assert ballot_lists.list_ballots_on(session, visitor, version.id) == []


def test_a_meeting_has_the_decisions_taken_at_it_and_they_the_meeting(
    house: House, session: Session, build: Builder
) -> None:
    """Each as far as it may be read."""
    meeting = convened(house, tlp=Tlp.AMBER)
    at = {"procedure": Procedure.MEETING, "closes_at": None, "meeting_id": meeting.public_id}
    first = house.open(title="First", **at)
    house.open(title="Second", tlp=Tlp.AMBER, **at)
    plain = house.open(title="In writing")
    member, visitor = build.actor(house.people[0]), build.actor(None)
    assert titles(ballot_lists.list_ballots_at(session, member, meeting.id)) == ["First", "Second"]
    assert titles(ballot_lists.list_ballots_at(session, visitor, meeting.id)) == ["First"]
    found = ballot_lists.find_meeting_of(session, member, first)
    assert found is not None
    assert (found.public_id, found.starts_at) == (meeting.public_id, meeting.starts_at)
    assert ballot_lists.find_meeting_of(session, visitor, first) is None
    assert ballot_lists.find_meeting_of(session, member, plain) is None


def test_lists_cost_the_same_however_long_they_are(
    house: House, session: Session, clock: StoppedClock
) -> None:
    """Two statements for a group's, one for what waits and for what was decided."""
    for _ in range(3):
        house.close(house.open(), clock)
        house.open(closes_at=clock() + timedelta(days=99))
    actor, group = house.build.actor(house.people[0]), house.group
    assert group.id
    costs: list[tuple[Callable[[], object], int]] = [
        (lambda: ballot_lists.list_ballots(session, actor, group), 2),
        (lambda: ballot_lists.list_open_ballots(session, actor), 1),
        (lambda: ballot_lists.list_decided(session, actor, group), 1),
    ]
    for load, most in costs:
        with count_statements(session.get_bind()) as statements:  # type: ignore[arg-type]
            load()
        assert len(statements) == most
