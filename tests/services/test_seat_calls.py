"""Calls for seats from preparing to closing, and applying: what is refused with which sentence."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import AccessRequest, Account
from forum.domain.groups import Group, GroupRole, SeatKind
from forum.domain.labels import Ceiling
from forum.domain.seat_calls import MAX_CRITERIA, CallState, SeatCall
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Actor
from forum.richtext import render
from forum.services import seat_calls
from forum.services.access_requests import ask_for_seat, close_request
from forum.services.seat_calls import Application, CallText
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import count_statements

APPLICATION: dict[str, Any] = {
    "kind": SeatKind.ORGANISATION,
    "organisation_name": " Example  Helpline ",
    "register_id": " 000000000000-00 ",
    "motivation": " Ten years of experience. ",
}


class House:
    """A group that is listed for everybody, its chair, and the calls that the chair prepares."""

    def __init__(self, session: Session, build: Builder, **columns: Any) -> None:
        self.session, self.build = session, build
        self.group: Group = build.group(Ceiling.MEMBERS, **({"is_listed": True} | columns))
        self.chair = build.member(self.group, role=GroupRole.CHAIR)
        self.member = build.member(self.group)

    @property
    def slug(self) -> str:
        return self.group.slug

    def text(self, **fields: Any) -> CallText:
        """What the form holds: seats of organisations and people, open for nine days."""
        values = {
            "title": "Two seats",
            "rendered": render("We look for **helplines**.", profile="post"),
            "criteria": "Experience\n\n  Independence ",
            "seat_kinds": (SeatKind.ORGANISATION, SeatKind.PERSONAL),
            "needs_register_id": True,
            "closes_at": self.build.clock() + timedelta(days=9),
            "time_zone": "Europe/Brussels",
        } | fields
        return CallText(**values)

    def prepare(self, person: Account | None = None, **fields: Any) -> SeatCall:
        """Somebody, the chair unless told otherwise, prepares a call."""
        actor, now = self.build.actor(person or self.chair), self.build.clock()
        call = seat_calls.prepare_call(self.session, actor, self.slug, self.text(**fields), now=now)
        self.session.commit()
        return call

    def open(self, call: SeatCall | None = None, person: Account | None = None, **fields: Any) -> SeatCall:
        """Somebody opens a call, a new one unless told otherwise."""
        call = call or self.prepare(**fields)
        actor, now = self.build.actor(person or self.chair), self.build.clock()
        seat_calls.open_call(self.session, actor, self.slug, call.public_id, now=now)
        self.session.commit()
        return call

    def close(self, call: SeatCall, person: Account | None = None) -> None:
        """Somebody closes a call."""
        actor, now = self.build.actor(person or self.chair), self.build.clock()
        seat_calls.close_call(self.session, actor, self.slug, call.public_id, now=now)
        self.session.commit()

    def apply(self, call: SeatCall, person: Account | None = None, **fields: Any) -> AccessRequest:
        """Somebody, who is new unless told otherwise, applies."""
        self.apply_as(call, self.build.actor(person or self.build.account()), **fields)
        return self.session.scalars(sa.select(AccessRequest).order_by(AccessRequest.id.desc())).all()[0]

    def apply_as(self, call: SeatCall, actor: Actor, **fields: Any) -> None:
        """An actor applies."""
        now = self.build.clock()
        application = Application(**(APPLICATION | fields))
        seat_calls.apply_for_seat(
            self.session, actor, self.slug, call.public_id, application, received_at=now, now=now
        )
        self.session.commit()

    def listed(self, person: Account | None) -> list[str]:
        """The calls that somebody finds."""
        found = seat_calls.list_calls(self.session, self.build.actor(person), self.group)
        return [call.title for call in found]


@pytest.fixture
def house(session: Session, build: Builder) -> House:
    return House(session, build)


def test_a_call_is_known_to_its_makers_until_it_is_opened_and_then_to_whoever_sees_the_group(
    house: House, session: Session
) -> None:
    """It stays so when it is closed; the newest stands first."""
    call = house.prepare(title="Two seats")
    assert (house.listed(house.chair), house.listed(house.member), house.listed(None)) == (
        ["Two seats"],
        [],
        [],
    )
    for person in (house.member, None):
        with pytest.raises(NotFound):
            seat_calls.get_call(session, house.build.actor(person), house.slug, call.public_id)
    house.open(call)
    house.open(title="One more")
    house.close(call)
    assert house.listed(None) == ["One more", "Two seats"]
    found = seat_calls.get_call(session, house.build.actor(None), house.slug, call.public_id)
    assert found == (house.group, call)
    assert (call.state, call.criteria) == (CallState.CLOSED, ["Experience", "Independence"])


def test_an_unlisted_group_calls_nobody(session: Session, build: Builder) -> None:
    """Nor does a call stand under another group's address."""
    house = House(session, build, is_listed=False)
    call = house.open()
    for person in (None, build.account()):
        with pytest.raises(NotFound):
            seat_calls.get_call(session, build.actor(person), house.slug, call.public_id)
        with pytest.raises(NotFound):
            house.apply_as(call, build.actor(person))
    other = House(session, build)
    with pytest.raises(NotFound):
        seat_calls.get_call(session, build.actor(None), other.slug, call.public_id)


def test_chair_and_secretariat_alone_call_for_seats(house: House, session: Session) -> None:
    """A member is refused; for them what is still prepared is not there."""
    draft, call = house.prepare(), house.open()
    member = house.build.actor(house.member)
    with pytest.raises(NotAllowed):
        house.prepare(house.member)
    with pytest.raises(NotFound):
        house.open(draft, house.member)
    with pytest.raises(NotFound):
        seat_calls.change_call(session, member, house.slug, draft.public_id, house.text())
    with pytest.raises(NotAllowed):
        house.close(call, house.member)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        pytest.param({"title": " "}, "title", "title", id="no title"),
        pytest.param({"rendered": render(" ", profile="post")}, "body", "which seats", id="no words"),
        pytest.param({"criteria": " \n"}, "criteria", "from one to 20", id="no criteria"),
        pytest.param(
            {"criteria": "x\n" * (MAX_CRITERIA + 1)}, "criteria", "from one", id="too many criteria"
        ),
        pytest.param({"seat_kinds": ()}, "seat_kinds", "at least one", id="no kind of seat"),
    ],
)
def test_what_is_wrong_with_a_call_is_said_at_its_field(
    house: House, fields: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(Invalid) as caught:
        house.prepare(**fields)
    assert caught.value.field == field
    assert words in str(caught.value)


def test_a_call_is_changed_until_it_is_opened(house: House, session: Session) -> None:
    """Whoever applies goes by what stood there."""
    call, chair = house.prepare(), house.build.actor(house.chair)
    seat_calls.change_call(session, chair, house.slug, call.public_id, house.text(title="Three seats"))
    session.commit()
    assert call.title == "Three seats"
    house.open(call)
    with pytest.raises(NotAllowed, match="goes by what stands there"):
        seat_calls.change_call(session, chair, house.slug, call.public_id, house.text())


def test_it_is_opened_once_with_a_closing_time_that_is_yet_to_come_and_closed_once(
    house: House, session: Session, clock: StoppedClock
) -> None:
    for closes_at in (None, clock()):
        with pytest.raises(Invalid, match="yet to come") as caught:
            house.open(closes_at=closes_at)
        assert caught.value.field == "closes_at"
    call = house.open()
    with pytest.raises(Invalid, match="opened already"):
        house.open(call)
    house.close(call)
    for again in (call, house.prepare()):
        with pytest.raises(Invalid, match="It is not open"):
            house.close(again)
    with pytest.raises(Invalid, match="opened already"):
        house.open(call)


def test_an_application_is_kept_with_what_the_call_asks_for(house: House) -> None:
    call = house.open()
    request = house.apply(call)
    assert (request.call_id, request.seat_kind, request.country) == (call.id, "organisation", None)
    assert (request.organisation_name, request.register_id) == ("Example Helpline", "000000000000-00")
    assert request.message == "Ten years of experience."


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        pytest.param({"kind": SeatKind.PUBLIC_ENTITY}, "kind", "other kinds", id="another kind of seat"),
        pytest.param({"organisation_name": " "}, "organisation", "which organisation", id="no body"),
        pytest.param(
            {"kind": SeatKind.COMMON_INTEREST, "organisation_name": ""},
            "organisation",
            "which common interest",
            id="no common interest",
        ),
        pytest.param({"kind": SeatKind.MEMBER_STATE}, "country", "the Member State", id="no State"),
        pytest.param({"register_id": ""}, "register_id", "Transparency Register", id="not in the register"),
        pytest.param({"register_id": "1" * 33}, "register_id", "longer than", id="no such number"),
        pytest.param({"motivation": "  "}, "motivation", "criterion by criterion", id="no motivation"),
    ],
)
def test_what_is_missing_in_an_application_is_said_at_its_field(
    house: House, session: Session, fields: dict[str, Any], field: str, words: str
) -> None:
    """Nothing of it is kept."""
    kinds = tuple(kind for kind in SeatKind if kind is not SeatKind.PUBLIC_ENTITY)
    call = house.open(seat_kinds=kinds)
    with pytest.raises(Invalid, match=words) as caught:
        house.apply(call, **fields)
    assert caught.value.field == field
    session.rollback()
    assert session.scalars(sa.select(AccessRequest)).all() == []


def test_the_register_is_asked_of_organisations_alone_and_only_where_the_call_says_so(house: House) -> None:
    kinds = tuple(SeatKind)
    call, lenient = house.open(seat_kinds=kinds), house.open(needs_register_id=False)
    assert house.apply(lenient, register_id="").register_id == ""
    assert house.apply(call, kind=SeatKind.PUBLIC_ENTITY, register_id="").seat_kind == "public_entity"
    assert house.apply(call, kind=SeatKind.PERSONAL, register_id="").seat_kind == "personal"


def test_a_country_is_kept_for_the_seat_of_a_state_alone(house: House) -> None:
    call = house.open(seat_kinds=(SeatKind.MEMBER_STATE, SeatKind.PERSONAL))
    assert house.apply(call, kind=SeatKind.MEMBER_STATE, country="MT").country == "MT"
    assert house.apply(call, kind=SeatKind.PERSONAL, country="MT").country is None


def test_the_last_moment_is_in_time_and_the_next_too_late(house: House, clock: StoppedClock) -> None:
    """A call that is prepared, or was closed before its time, takes none."""
    call, early = house.open(), house.open()
    house.close(early)
    with pytest.raises(Invalid, match="no applications any more"):
        house.apply(early)
    with pytest.raises(Invalid, match="no applications any more"):
        house.apply_as(
            house.prepare(), house.build.actor(house.build.member(house.group, role=GroupRole.CHAIR))
        )
    clock.advance(days=9)
    assert seat_calls.takes_applications(call, clock())
    house.apply(call)
    clock.advance(seconds=1)
    assert not seat_calls.takes_applications(call, clock())
    with pytest.raises(Invalid, match="no applications any more"):
        house.apply(call)


def test_members_visitors_and_whoever_waits_for_a_decision_do_not_apply(
    house: House, session: Session, clock: StoppedClock
) -> None:
    """Once it is decided they may again; a request of one's own accord waits like an application."""
    call, eve, ben = house.open(), house.build.account(), house.build.account()
    with pytest.raises(Invalid, match="in this group already"):
        house.apply(call, house.member)
    with pytest.raises(NotAllowed, match="Sign in first"):
        house.apply_as(call, house.build.actor(None))
    request = house.apply(call, eve)
    with pytest.raises(Invalid, match="have asked already"):
        house.apply(call, eve)
    ask_for_seat(session, house.build.actor(ben), house.group, organisation_name="", message="", now=clock())
    session.commit()
    with pytest.raises(Invalid, match="have asked already"):
        house.apply(call, ben)
    chair = house.build.actor(house.chair)
    close_request(session, chair, request, is_granted=False, now=clock(), reason="Others fit better.")
    session.commit()
    assert house.apply(call, eve).id != request.id


def test_a_list_of_calls_costs_one_statement(house: House, session: Session) -> None:
    for _ in range(3):
        house.open()
    actor, group = house.build.actor(None), house.group
    assert group.id
    with count_statements(session.get_bind()) as statements:  # type: ignore[arg-type]
        assert len(seat_calls.list_calls(session, actor, group)) == 3
    assert len(statements) == 1
