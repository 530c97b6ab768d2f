"""Seats and roles, and what ends with them."""

import pytest
from sqlalchemy.orm import Session

from forum.domain.accounts import AccountStatus
from forum.domain.groups import GroupRole, SeatKind
from forum.errors import Invalid, NotFound
from forum.policy.labels import authors_label, group_label, named_label
from forum.services.memberships import (
    add_membership,
    create_seat,
    end_role,
    end_seat,
    get_seat,
    load_members,
    remove_person,
)
from tests.builders import Builder
from tests.conftest import StoppedClock


def test_members_are_shown_by_seat(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Representative, alternates, an empty seat, and people who sit on none."""
    group, body, empty = build.group(), build.organisation("A body"), build.organisation("B body")
    seat = build.seat(group, body)
    build.seat(group, empty)
    ada, eve, chair = build.account("Ada"), build.account("Eve"), build.account("Chair")
    add_membership(session, group, ada, GroupRole.MEMBER, seat=seat, now=clock())
    add_membership(session, group, eve, GroupRole.MEMBER, seat=seat, is_alternate=True, now=clock())
    add_membership(session, group, chair, GroupRole.CHAIR, now=clock())
    add_membership(session, group, chair, GroupRole.MODERATOR, now=clock())
    members = load_members(session, group)
    first, second = members.seats
    assert [line.account.name for line in first.representatives] == ["Ada"]
    assert [line.account.name for line in first.alternates] == ["Eve"]
    assert second.organisation == empty
    assert second.holders == []
    assert [(line.account.name, line.roles) for line in members.unseated] == [
        ("Chair", [GroupRole.CHAIR, GroupRole.MODERATOR])
    ]
    assert members.people == 3


def test_a_seat_has_one_representative(session: Session, build: Builder, clock: StoppedClock) -> None:
    """A second one is refused, an alternate is not, and nobody sits there twice."""
    group = build.group()
    seat = build.seat(group, build.organisation())
    ada, eve = build.account(), build.account()
    add_membership(session, group, ada, GroupRole.MEMBER, seat=seat, now=clock())
    with pytest.raises(Invalid) as caught:
        add_membership(session, group, eve, GroupRole.MEMBER, seat=seat, now=clock())
    assert caught.value.field == "seat"
    with pytest.raises(Invalid):
        add_membership(session, group, ada, GroupRole.RAPPORTEUR, seat=seat, is_alternate=True, now=clock())
    add_membership(session, group, eve, GroupRole.MEMBER, seat=seat, is_alternate=True, now=clock())


def test_a_person_may_sit_on_two_seats(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Their own and a body's; a further role stands beside a seat, and one seat can be left."""
    group = build.group()
    own, bodys = build.seat(group), build.seat(group, build.organisation())
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    ada = build.account()
    add_membership(session, group, ada, GroupRole.MEMBER, seat=own, now=clock())
    add_membership(session, group, ada, GroupRole.MEMBER, seat=bodys, is_alternate=True, now=clock())
    add_membership(session, group, ada, GroupRole.RAPPORTEUR, now=clock())
    members = load_members(session, group)
    assert [len(line.holders) for line in members.seats] == [1, 1]
    assert any(GroupRole.RAPPORTEUR in line.holders[0].roles for line in members.seats)
    assert len(members.unseated) == 1
    end_role(session, chair, group, ada.public_id, GroupRole.MEMBER, seat=bodys, now=clock())
    session.commit()
    assert [len(line.holders) for line in load_members(session, group).seats] == [0, 1]
    assert build.actor(ada).roles_in(group.id) == {GroupRole.MEMBER, GroupRole.RAPPORTEUR}


def test_what_cannot_be_added(session: Session, build: Builder, clock: StoppedClock) -> None:
    """The same role twice, a seat of another group, a disabled person."""
    group, other = build.group(), build.group()
    ada = build.member(group)
    with pytest.raises(Invalid):
        add_membership(session, group, ada, GroupRole.MEMBER, now=clock())
    with pytest.raises(Invalid):
        add_membership(session, group, build.account(), GroupRole.MEMBER, seat=build.seat(other), now=clock())
    with pytest.raises(Invalid):
        get_seat(session, group, build.seat(other).public_id)
    off = build.account(status=AccountStatus.DISABLED)
    with pytest.raises(Invalid):
        add_membership(session, group, off, GroupRole.MEMBER, now=clock())


def test_leaving_ends_everything_at_once(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Roles, drafts and named lists of that group are gone; another group's stay."""
    group, other = build.group(), build.group()
    ada = build.member(group)
    build.member(other, ada)
    draft, kept = build.paper(group, ada), build.paper(other, ada)
    named = build.named_list(group, [ada])
    assert {group_label(group.id), named_label(named.id), authors_label(draft.paper_id)} <= build.actor(
        ada
    ).clearances
    assert remove_person(session, group, ada, now=clock()) == 1
    session.commit()
    after = build.actor(ada).clearances
    assert not {group_label(group.id), named_label(named.id), authors_label(draft.paper_id)} & after
    assert {group_label(other.id), authors_label(kept.paper_id)} <= after


def test_the_last_of_two_roles_keeps_the_drafts(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """Who was rapporteur and stays a member still writes their drafts."""
    group = build.group()
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    ada = build.member(group)
    build.member(group, ada, GroupRole.RAPPORTEUR)
    draft = build.paper(group, ada)
    end_role(session, chair, group, ada.public_id, GroupRole.RAPPORTEUR, now=clock())
    assert authors_label(draft.paper_id) in build.actor(ada).clearances


def test_a_group_keeps_somebody_who_manages_it(session: Session, build: Builder, clock: StoppedClock) -> None:
    """The last chair cannot end their own role while there is no secretariat."""
    group = build.group()
    chair = build.member(group, role=GroupRole.CHAIR)
    with pytest.raises(Invalid):
        end_role(session, build.actor(chair), group, chair.public_id, GroupRole.CHAIR, now=clock())
    build.member(group, role=GroupRole.SECRETARIAT)
    end_role(session, build.actor(chair), group, chair.public_id, GroupRole.CHAIR, now=clock())


def test_a_role_of_another_group_cannot_be_ended(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """A chair ends roles in their own group alone."""
    mine, other = build.group(), build.group()
    chair = build.actor(build.member(mine, role=GroupRole.CHAIR))
    ada = build.member(other)
    with pytest.raises(NotFound):
        end_role(session, chair, mine, ada.public_id, GroupRole.MEMBER, now=clock())
    with pytest.raises(NotFound):
        end_role(session, chair, other, ada.public_id, GroupRole.MEMBER, now=clock())


def test_ending_a_seat_ends_its_roles(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Whoever sat on it has left, and the place is not shown any more."""
    group = build.group()
    seat = build.seat(group, build.organisation())
    ada = build.member(group, seat=seat)
    end_seat(session, group, seat.public_id, now=clock())
    session.commit()
    assert build.actor(ada).group_roles == {}
    assert load_members(session, group).seats == []


def test_seats_belong_to_something(session: Session, build: Builder, clock: StoppedClock) -> None:
    """A body (once), a Member State, a named interest, or a person."""
    group, body = build.group(), build.organisation()
    create_seat(session, group, SeatKind.ORGANISATION, organisation=body, now=clock())
    create_seat(session, group, SeatKind.MEMBER_STATE, country="BE", now=clock())
    create_seat(session, group, SeatKind.COMMON_INTEREST, title="Survivors", now=clock())
    create_seat(session, group, SeatKind.PERSONAL, now=clock())
    for kind, field in (
        (SeatKind.ORGANISATION, "organisation"),
        (SeatKind.MEMBER_STATE, "country"),
        (SeatKind.COMMON_INTEREST, "title"),
    ):
        with pytest.raises(Invalid) as caught:
            create_seat(session, group, kind, now=clock())
        assert caught.value.field == field
    with pytest.raises(Invalid):
        create_seat(session, group, SeatKind.ORGANISATION, organisation=body, now=clock())
