"""What a round came to: for whom, from which rounds, by which order; and countries with their history."""

import pytest
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.assessments import Unit
from forum.domain.groups import Group
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.ratings import NO_VIEW, Spread
from forum.errors import NotFound
from forum.services.catalogues import get_assessed
from forum.services.matrices import CountryRow, Matrix, list_countries, list_history, load_matrix
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.staging import assessed, catalogue, chair_of, fill, go_on, hand_in, procedure, seated
from tests.support import count_statements

CELL = "enclave/privacy"


class House:
    """A group that assesses two solutions in two rounds; the first round is open."""

    def __init__(self, build: Builder) -> None:
        self.build = build
        self.group: Group = build.group(Ceiling.PUBLIC)
        self.chair = chair_of(build, self.group)
        catalogue(build, self.group)
        procedure(build, self.group)
        self.go_on(2)

    def seat(self, name: str, rating: str | None = None) -> Account:
        """A body with a seat, which rates every cell the same."""
        person, _ = seated(self.build, self.group, name)
        if rating is not None:
            assessed(self.build, person, self.group, rating)
        return person

    def go_on(self, steps: int = 1) -> None:
        """Take some steps of the procedure."""
        for _ in range(steps):
            go_on(self.build, self.group, self.chair)

    def matrix(self, person: Account | None, number: int = 1) -> Matrix:
        """What a round came to, for somebody."""
        actor = self.build.actor(person)
        found = get_assessed(self.build.session, actor, self.group.slug, "solutions")
        return load_matrix(self.build.session, actor, found, number)


@pytest.fixture
def house(build: Builder) -> House:
    return House(build)


def test_a_round_has_no_matrix_before_it_has_ended(house: House) -> None:
    """Not for the chair, nor for the seat that has given its own."""
    person = house.seat("Example Attic", "2")
    for reader in (person, house.chair, None):
        with pytest.raises(NotFound):
            house.matrix(reader)
    house.go_on()
    assert house.matrix(person).summaries[CELL].count == 1


def test_each_cell_says_how_far_the_seats_lie_apart(house: House) -> None:
    """A seat without a view abstains, in every cell of which it said so."""
    for name, rating in (("A", "1"), ("B", "4"), ("C", "5"), ("D", NO_VIEW)):
        house.seat(f"Example {name}", rating)
    house.go_on()
    found = house.matrix(house.chair)
    assert {cell.key for cell in found.cells} == set(found.summaries)
    summary = found.summaries[CELL]
    assert (summary.count, summary.abstained, summary.median) == (3, 1, 4.0)
    assert (summary.lowest, summary.highest, summary.spread) == (1, 5, Spread.APART)
    assert (summary.dissent, summary.changed) == (1, 0)


def test_seats_stand_by_their_names_and_not_by_who_came_first(house: House) -> None:
    for name in ("Example Cellar", "Example Attic", "example barn"):
        house.seat(name, "3")
    house.go_on()
    bodies = [line.byline.organisation for line in house.matrix(house.chair).lines]
    assert bodies == ["Example Attic", "example barn", "Example Cellar"]


def test_a_seat_that_gave_nothing_in_the_second_round_stands_by_its_first(house: House) -> None:
    """It is marked as that, and counts as one that changed nothing."""
    attic, _ = house.seat("Example Attic", "1"), house.seat("Example Barn", "2")
    house.go_on(2)
    assessed(house.build, attic, house.group, "4")
    house.go_on()
    lines = {str(line.byline.organisation): line for line in house.matrix(house.chair, 2).lines}
    changed, carried = lines["Example Attic"], lines["Example Barn"]
    assert (changed.rating(CELL), changed.change(CELL), changed.is_carried) == (4, (1, 4), False)
    assert (carried.rating(CELL), carried.change(CELL), carried.is_carried) == (2, None, True)
    assert house.matrix(house.chair, 2).summaries[CELL].changed == 1
    first = house.matrix(house.chair, 1)
    assert sorted(line.rating(CELL) or 0 for line in first.lines) == [1, 2]


def test_what_was_removed_from_view_is_in_no_figure(house: House, session: Session) -> None:
    """Not even as a number; a seat cannot narrow its own, which has the group's label like all others."""
    house.seat("Example Attic", "1")
    closed = house.seat("Example Barn")
    fill(house.build, closed, house.group, "5")
    sent = hand_in(house.build, closed, house.group, tlp=Tlp.AMBER)
    house.go_on()
    for reader in (house.chair, None):
        summary = house.matrix(reader).summaries[CELL]
        assert (summary.count, summary.highest) == (2, 5)
    sent.status = Status.HIDDEN
    session.commit()
    for reader in (house.chair, None):
        found = house.matrix(reader)
        assert (found.summaries[CELL].count, found.summaries[CELL].highest) == (1, 1)
        assert [line.byline.organisation for line in found.lines] == ["Example Attic"]


def test_nobody_flags_their_own_and_a_visitor_nothing(house: House) -> None:
    person = house.seat("Example Attic", "1")
    house.go_on()
    for reader, may in ((person, False), (None, False), (house.chair, True)):
        assert [line.may_flag for line in house.matrix(reader).lines] == [may]


def test_a_matrix_costs_the_same_however_many_seats_there_are(build: Builder, session: Session) -> None:
    """No statement a seat."""
    costs = []
    for seats in (1, 4):
        house = House(build)
        for number in range(seats):
            house.seat(f"Example Body {seats}-{number}", "3")
        house.go_on()
        actor = build.actor(house.chair)
        found = get_assessed(session, actor, house.group.slug, "solutions")
        with count_statements(session.get_bind()) as statements:  # type: ignore[arg-type]
            assert len(load_matrix(session, actor, found, 1).lines) == seats
        costs.append(len(statements))
    assert costs[0] == costs[1]


class Countries:
    """A group in which seats describe countries at any time."""

    def __init__(self, build: Builder) -> None:
        self.build = build
        self.group: Group = build.group(Ceiling.PUBLIC)
        catalogue(build, self.group, key="model", unit=Unit.COUNTRY)
        self.attic, _ = seated(build, self.group, "Example Attic")
        self.barn, _ = seated(build, self.group, "Example Barn")

    def describe(self, person: Account, country: str, rating: str, **more: object) -> None:
        """A seat describes a country."""
        fill(self.build, person, self.group, rating, country=country)
        hand_in(self.build, person, self.group, "model", country=country, **more)

    def rows(self, person: Account | None) -> list[CountryRow]:
        """The countries, as somebody sees them."""
        actor = self.build.actor(person)
        found = get_assessed(self.build.session, actor, self.group.slug, "model")
        return list_countries(self.build.session, actor, found)


def test_countries_stand_by_their_codes_with_the_newest_of_each_seat(
    build: Builder, clock: StoppedClock
) -> None:
    """Ratings lowest first, without those who have no view; the day is that of the last description."""
    house = Countries(build)
    house.describe(house.attic, "MT", "5")
    house.describe(house.attic, "KE", "4")
    clock.advance(days=1)
    house.describe(house.attic, "KE", "3")
    house.describe(house.barn, "KE", "1")
    house.describe(house.barn, "MT", NO_VIEW)
    kenya, malta = house.rows(None)
    assert (kenya.country, kenya.ratings(CELL), kenya.at) == ("KE", [1, 3], clock())
    assert (malta.country, malta.ratings(CELL), len(malta.lines)) == ("MT", [5], 2)


def test_a_history_compares_each_seat_with_itself(build: Builder, clock: StoppedClock) -> None:
    """The newest first; one that the reader may not read is neither shown nor compared with."""
    house = Countries(build)
    for person, rating, more in (
        (house.attic, "2", {}),
        (house.barn, "4", {}),
        (house.attic, "3", {"tlp": Tlp.AMBER}),
        (house.attic, "5", {}),
    ):
        house.describe(person, "KE", rating, **more)
        clock.advance(days=1)

    def history(person: Account | None) -> list[tuple[int | None, tuple[int | None, int | None] | None]]:
        actor = build.actor(person)
        found = get_assessed(build.session, actor, house.group.slug, "model")
        lines = list_history(build.session, actor, found, "KE")
        return [(line.rating(CELL), line.change(CELL)) for line in lines]

    assert history(house.barn) == [(5, (3, 5)), (3, (2, 3)), (4, None), (2, None)]
    assert history(None) == [(5, (2, 5)), (4, None), (2, None)]
