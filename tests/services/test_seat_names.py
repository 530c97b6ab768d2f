"""What a reader may be shown of a group's seats: names, bodies or numbers, by charter and by reader."""

import pytest
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole, MembersVisible, Seat, SeatKind
from forum.domain.labels import Ceiling
from forum.services.memberships import end_seat
from forum.services.seat_names import SeatNames, is_inside, load_seat_names
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.staging import seated
from tests.support import count_statements


class House:
    """A group with a seat of a body, one in somebody's own capacity, an empty one of a State, an observer."""

    def __init__(
        self, session: Session, build: Builder, visible: MembersVisible = MembersVisible.NAMES
    ) -> None:
        self.session, self.build = session, build
        self.group: Group = build.group(Ceiling.PUBLIC, members_visible=visible)
        self.of_body = build.seat(self.group, build.organisation("Example Attic"))
        self.ada = build.member(self.group, build.account("Ada", name_is_public=True), seat=self.of_body)
        self.bob = build.member(self.group, build.account("Bob"), seat=self.of_body, is_alternate=True)
        self.own = build.seat(self.group, title="Cleo, researcher")
        self.cleo = build.member(self.group, build.account("Cleo"), seat=self.own)
        self.of_state = build.seat(self.group, kind=SeatKind.MEMBER_STATE, country="MT")
        self.olga = build.member(self.group, build.account("Olga"), GroupRole.OBSERVER)

    def load(self, person: Account | None) -> SeatNames:
        """The seats, for somebody."""
        return load_seat_names(self.session, self.build.actor(person), self.group)

    def named(self, person: Account | None) -> set[str]:
        """Whose names somebody is shown, on a seat or without."""
        found = self.load(person)
        everybody = [one for seat in found.seats.values() for one in seat.named]
        return {one.name for one in [*everybody, *(one for one in found.unseated if one.is_named)]}

    def seat(self, person: Account | None, seat: Seat) -> tuple[str | None, str | None, str]:
        """Body, country and title of a seat, as somebody sees it."""
        found = self.load(person).seats[seat.id]
        return found.body, found.country, found.title


@pytest.fixture
def house(session: Session, build: Builder) -> House:
    return House(session, build)


@pytest.mark.parametrize("visible", list(MembersVisible), ids=str)
def test_inside_everybody_is_named_whatever_the_charter_shows_outside(
    session: Session, build: Builder, visible: MembersVisible
) -> None:
    house = House(session, build, visible)
    for person in (house.ada, house.olga):
        assert house.named(person) == {"Ada", "Bob", "Cleo", "Olga"}
        assert house.load(person).may_list
        assert is_inside(build.actor(person), house.group)


@pytest.mark.parametrize(
    ("visible", "signed_in", "visitor"),
    [
        (MembersVisible.NAMES, {"Ada", "Bob", "Cleo", "Olga"}, {"Ada"}),
        (MembersVisible.BODIES, set(), set()),
        (MembersVisible.NUMBERS, set(), set()),
    ],
    ids=["names", "bodies", "numbers"],
)
def test_outside_names_are_told_where_the_charter_says_and_to_visitors_public_ones_alone(
    session: Session, build: Builder, visible: MembersVisible, signed_in: set[str], visitor: set[str]
) -> None:
    house = House(session, build, visible)
    stranger = build.account()
    assert (house.named(stranger), house.named(None)) == (signed_in, visitor)
    assert not is_inside(build.actor(stranger), house.group)
    assert house.load(None).may_list == (visible is not MembersVisible.NUMBERS)


def test_a_body_or_a_state_is_no_name_of_a_person(session: Session, build: Builder) -> None:
    """A seat in somebody's own capacity has no title where its holder has no name."""
    house = House(session, build, MembersVisible.BODIES)
    for person in (build.account(), None):
        assert house.seat(person, house.of_body) == ("Example Attic", None, "")
        assert house.seat(person, house.of_state) == (None, "MT", "")
        assert house.seat(person, house.own) == (None, None, "")
    assert house.seat(house.ada, house.own) == (None, None, "Cleo, researcher")


def test_a_visitor_is_not_told_by_a_title_whose_name_is_not_public(house: House) -> None:
    """Somebody who is signed in is."""
    assert house.seat(None, house.own)[2] == ""
    assert house.seat(house.build.account(), house.own)[2] == "Cleo, researcher"


def test_the_representative_stands_before_the_alternate_and_an_empty_seat_has_nobody(house: House) -> None:
    found = house.load(house.ada)
    assert [(one.name, one.is_alternate) for one in found.seats[house.of_body.id].holders] == [
        ("Ada", False),
        ("Bob", True),
    ]
    assert found.seats[house.of_state.id].holders == []
    assert [one.name for one in found.unseated] == ["Olga"]


def test_a_seat_on_which_only_observers_sit_is_an_observers(house: House) -> None:
    """One with a member is not, and an empty one neither."""
    seat = house.build.seat(house.group, house.build.organisation())
    house.build.member(house.group, role=GroupRole.OBSERVER, seat=seat)
    house.build.member(house.group, role=GroupRole.OBSERVER, seat=house.of_body)
    seats = house.load(house.ada).seats
    observing = {one.id: seats[one.id].is_observer for one in (seat, house.of_body, house.of_state)}
    assert observing == {seat.id: True, house.of_body.id: False, house.of_state.id: False}
    assert [one.name for one in seats[house.of_body.id].members] == ["Ada", "Bob"]


def test_a_seat_that_ended_is_known_with_nobody_on_it(
    house: House, session: Session, clock: StoppedClock
) -> None:
    """Its votes and attendances stay its own."""
    end_seat(session, house.group, house.of_body.public_id, now=clock())
    session.commit()
    found = house.load(house.cleo).seats[house.of_body.id]
    assert (found.body, found.is_ended, found.holders) == ("Example Attic", True, [])


def test_it_costs_two_statements_however_many_seats_there_are(house: House, session: Session) -> None:
    for _ in range(4):
        seated(house.build, house.group)
    actor, group = house.build.actor(house.ada), house.group
    assert group.id
    with count_statements(session.get_bind()) as statements:  # type: ignore[arg-type]
        load_seat_names(session, actor, group)
    assert len(statements) == 2
