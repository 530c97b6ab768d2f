"""Selection for a seat: who may, by one or by two people, and what each applicant would change."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import AccessRequest, Account
from forum.domain.audit import AuditAction, AuditEntry
from forum.domain.groups import Group, GroupRole, Membership, SeatKind
from forum.domain.labels import Ceiling
from forum.domain.organisations import StakeholderType
from forum.domain.seat_calls import SeatCall
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Actor
from forum.richtext import render
from forum.services import access_requests, seat_calls
from forum.services.seat_calls import Application, CallText
from forum.services.seat_selection import decide_application, list_applications, load_balance
from tests.builders import Builder
from tests.support import count_statements

WHY = "The widest experience."


class House:
    """A group with two chairs and an open call."""

    def __init__(self, session: Session, build: Builder, *, selectors: int = 1, **columns: object) -> None:
        self.session, self.build = session, build
        self.group: Group = build.group(Ceiling.PUBLIC, practice={"selectors": selectors}, **columns)
        self.first, self.second = (build.member(self.group, role=GroupRole.CHAIR) for _ in range(2))
        text = CallText(
            title="A seat",
            rendered=render("We look for somebody.", profile="post"),
            criteria="Experience",
            seat_kinds=tuple(SeatKind),
            needs_register_id=False,
            closes_at=build.clock() + timedelta(days=9),
            time_zone="Europe/Brussels",
        )
        actor, now = build.actor(self.first), build.clock()
        self.call: SeatCall = seat_calls.prepare_call(session, actor, self.group.slug, text, now=now)
        seat_calls.open_call(session, actor, self.group.slug, self.call.public_id, now=now)
        session.commit()

    def applied(self, person: Account | None = None, **fields: object) -> AccessRequest:
        """Somebody applies; in their own capacity unless told otherwise."""
        values = {"kind": SeatKind.PERSONAL, "motivation": "I have tested lamps."} | fields
        now = self.build.clock()
        seat_calls.apply_for_seat(
            self.session,
            self.build.actor(person or self.build.account()),
            self.group.slug,
            self.call.public_id,
            Application(**values),  # type: ignore[arg-type]
            received_at=now,
            now=now,
        )
        self.session.commit()
        found = self.session.scalars(sa.select(AccessRequest).order_by(AccessRequest.id.desc())).first()
        assert found is not None
        return found

    def decide(self, person: Account, request: AccessRequest, *, granted: bool = True) -> bool:
        """Somebody says whether the applicant gets a seat."""
        decided = decide_application(
            self.session,
            self.build.actor(person),
            self.group.slug,
            self.call.public_id,
            request.public_id,
            is_granted=granted,
            reason=WHY,
            now=self.build.clock(),
        )
        self.session.commit()
        return decided

    def seated(self) -> set[int]:
        """Who sits on a seat."""
        return set(
            self.session.scalars(sa.select(Membership.account_id).where(Membership.seat_id.is_not(None)))
        )


def test_one_person_decides_unless_the_charter_says_two(session: Session, build: Builder) -> None:
    house = House(session, build)
    request = house.applied()
    assert house.decide(house.first, request)
    assert house.seated() == {request.account_id}


def test_two_different_people_have_to_say_the_same(session: Session, build: Builder) -> None:
    """The first one's word is a proposal, also when it is said twice; no seat and no letter come of it."""
    house = House(session, build, selectors=2)
    request = house.applied()
    assert not house.decide(house.first, request)
    assert not house.decide(house.first, request)
    assert (request.decided_at, house.seated()) == (None, set())
    [line] = list_applications(session, build.actor(house.second), house.group, house.call, now=build.clock())
    assert (line.proposed_by, line.is_own_proposal) == (house.first.name, False)
    assert house.decide(house.second, request)
    assert (request.decided_by_id, house.seated()) == (house.second.id, {request.account_id})
    said = session.scalars(sa.select(AuditEntry.action).where(AuditEntry.action == AuditAction.SEAT_PROPOSED))
    assert len(said.all()) == 2


def test_whoever_disagrees_puts_their_proposal_in_the_place_of_the_first(
    session: Session, build: Builder
) -> None:
    house = House(session, build, selectors=2)
    request = house.applied()
    house.decide(house.first, request)
    assert not house.decide(house.second, request, granted=False)
    assert (request.proposed_by_id, request.proposed_grant) == (house.second.id, False)
    assert house.decide(house.first, request, granted=False)
    assert (request.is_granted, house.seated()) == (False, set())


def test_neither_of_the_two_may_be_of_the_applicants_body(session: Session, build: Builder) -> None:
    """Nor the applicant: their word is no proposal."""
    house = House(session, build, selectors=2)
    body = build.organisation("Example Helpline")
    eve = build.account()
    for person in (eve, house.second):
        build.mandate(person, body)
    request = house.applied(eve, kind=SeatKind.ORGANISATION, organisation_name="Example Helpline")
    house.decide(house.first, request)
    with pytest.raises(NotAllowed, match="a body they speak for"):
        house.decide(house.second, request)
    session.rollback()
    assert request.decided_at is None


def test_what_was_applied_for_under_a_call_is_not_given_beside_it(session: Session, build: Builder) -> None:
    """The page of members decides about requests of one's own accord alone: else one person would do."""
    house = House(session, build, selectors=2)
    request = house.applied()
    actor: Actor = build.actor(house.first)
    with pytest.raises(NotFound):
        access_requests.get_request(session, actor, request.public_id, house.group, now=build.clock())


def test_a_body_that_is_not_recorded_gets_no_seat(session: Session, build: Builder) -> None:
    house = House(session, build)
    request = house.applied(kind=SeatKind.ORGANISATION, organisation_name="Example Unknown")
    with pytest.raises(Invalid, match="not recorded as an organisation yet"):
        house.decide(house.first, request)


def test_each_application_says_what_it_would_change(session: Session, build: Builder) -> None:
    """The seats that the applicant's type and country have now; of one in their own capacity nothing."""
    house = House(session, build)
    build.seat(house.group, build.organisation("Example Messenger", country="BE"))
    build.organisation("Example Charity", type=StakeholderType.NGO, country="BE")
    house.applied(kind=SeatKind.ORGANISATION, organisation_name="Example Charity")
    house.applied(kind=SeatKind.MEMBER_STATE, country="MT")
    house.applied(organisation_name="Example Charity")
    lines = list_applications(session, build.actor(house.first), house.group, house.call, now=build.clock())
    found = [(one.effect.stakeholder_type, one.effect.of_type, one.effect.country) for one in lines]
    assert found == [
        (StakeholderType.NGO, 0, "BE"),
        (StakeholderType.PUBLIC_AUTHORITY, 0, "MT"),
        (None, 0, None),
    ]
    assert [one.effect.of_country for one in lines] == [1, 0, 0]


def test_listing_applications_costs_the_same_however_many_there_are(session: Session, build: Builder) -> None:
    """No statement an applicant."""
    house = House(session, build)

    def cost() -> int:
        actor = build.actor(house.first)
        with count_statements(session.get_bind()) as statements:  # type: ignore[arg-type]
            list_applications(session, actor, house.group, house.call, now=build.clock())
        return len(statements)

    house.applied()
    few = cost()
    for number in range(5):
        build.organisation(f"Example Applicant {number}")
        house.applied(kind=SeatKind.ORGANISATION, organisation_name=f"Example Applicant {number}")
    assert cost() == few


@pytest.mark.parametrize(
    ("visible", "shown"), [("names", True), ("bodies", True), ("numbers", False)], ids=str
)
def test_countries_are_told_outside_only_where_bodies_are(
    session: Session, build: Builder, visible: str, shown: bool
) -> None:
    """A country with one seat says which body sits there; members see them all the same."""
    house = House(session, build, members_visible=visible)
    build.seat(house.group, build.organisation(country="BE"))
    outside = load_balance(session, build.actor(None), house.group, ["BE", "MT"])
    assert (outside.countries, outside.missing_countries) == (([("BE", 1)], ["MT"]) if shown else ([], []))
    inside = load_balance(session, build.actor(house.first), house.group, ["BE", "MT"])
    assert (inside.countries, inside.missing_countries) == ([("BE", 1)], ["MT"])
