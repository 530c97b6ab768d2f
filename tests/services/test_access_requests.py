"""Asking for an account or a seat, and deciding it."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import AccessRequest, PlatformRole
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling
from forum.errors import Invalid, NotAllowed, NotFound
from forum.extensions import db
from forum.policy import ANONYMOUS
from forum.services.access_requests import (
    MOST_OPEN,
    ask_for_account,
    ask_for_seat,
    close_request,
    get_request,
    grant_seat,
    list_account_requests,
    list_seat_requests,
)
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import count_statements


def ask(session: Session, clock: StoppedClock, email: str) -> int:
    """Ask for an account; give the number of statements that took."""
    with count_statements(db.engine) as statements:
        ask_for_account(
            session, email=email, name="Ada", organisation_name="", message="Please.", now=clock()
        )
        session.commit()
    return len(statements)


def test_a_known_address_is_treated_like_an_unknown_one(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """As many statements, and the request is kept."""
    build.account(email="known@members.example")
    assert ask(session, clock, "known@members.example") == ask(session, clock, "new@members.example")
    manager = build.actor(build.account(platform_role=PlatformRole.SECRETARIAT))
    lines = list_account_requests(session, manager)
    assert [line.account is not None for line in lines] == [True, False]


def test_one_address_cannot_fill_the_table(session: Session, clock: StoppedClock) -> None:
    """After a few open requests further ones are not kept, and nobody is told."""
    for _ in range(MOST_OPEN + 3):
        ask(session, clock, "new@members.example")
    assert session.scalar(sa.select(sa.func.count(AccessRequest.id))) == MOST_OPEN


def test_a_seat_is_asked_for_and_granted(session: Session, build: Builder, clock: StoppedClock) -> None:
    """The chair sees who asks and gives a role on a seat."""
    group = build.group(Ceiling.MEMBERS)
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    seat = build.seat(group, build.organisation())
    ada = build.account("Ada")
    ask_for_seat(session, build.actor(ada), group, organisation_name="Body", message="Please.", now=clock())
    with pytest.raises(Invalid):
        ask_for_seat(session, build.actor(ada), group, organisation_name="", message="Again.", now=clock())
    (line,) = list_seat_requests(session, chair, group)
    assert line.account == ada
    request = get_request(session, chair, line.request.public_id, group, now=build.clock())
    grant_seat(session, chair, group, request, GroupRole.MEMBER, seat=seat, is_alternate=False, now=clock())
    session.commit()
    assert build.actor(ada).roles_in(group.id) == {GroupRole.MEMBER}
    assert list_seat_requests(session, chair, group) == []
    with pytest.raises(Invalid):
        ask_for_seat(session, build.actor(ada), group, organisation_name="", message="Me.", now=clock())


def test_an_unlisted_group_cannot_be_asked(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Whoever may not know of it is told that it is not there; visitors ask for an account first."""
    hidden, listed = build.group(is_listed=False), build.group()
    with pytest.raises(NotFound):
        ask_for_seat(
            session, build.actor(build.account()), hidden, organisation_name="", message="x", now=clock()
        )
    with pytest.raises(NotAllowed):
        ask_for_seat(session, ANONYMOUS, listed, organisation_name="", message="x", now=clock())


def test_requests_are_decided_where_they_belong(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """Chairs decide their own group's seats, people managers accounts, and neither the other's."""
    group, other = build.group(), build.group()
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    stranger = build.actor(build.member(other, role=GroupRole.CHAIR))
    manager = build.actor(build.account(platform_role=PlatformRole.ADMINISTRATOR))
    ask_for_seat(session, build.actor(build.account()), group, organisation_name="", message="x", now=clock())
    ask(session, clock, "new@members.example")
    seat_id, account_id = (
        session.scalars(sa.select(AccessRequest.public_id).where(AccessRequest.kind == kind)).one()
        for kind in ("seat", "account")
    )
    for actor, public_id, place in (
        (stranger, seat_id, other),
        (stranger, seat_id, group),
        (manager, seat_id, None),
        (manager, seat_id, group),
        (chair, account_id, group),
        (chair, account_id, None),
    ):
        with pytest.raises((NotFound, NotAllowed)):
            get_request(session, actor, public_id, place, now=build.clock())
    assert get_request(session, chair, seat_id, group, now=build.clock())
    assert get_request(session, manager, account_id, now=build.clock())


def test_a_refusal_says_why(session: Session, build: Builder, clock: StoppedClock) -> None:
    """And a decided request cannot be decided again."""
    ask(session, clock, "new@members.example")
    manager = build.actor(build.account(platform_role=PlatformRole.SECRETARIAT))
    request = list_account_requests(session, manager)[0].request
    with pytest.raises(Invalid):
        close_request(session, manager, request, is_granted=False, now=clock(), reason=" ")
    close_request(session, manager, request, is_granted=False, now=clock(), reason="Not about this strategy.")
    session.commit()
    with pytest.raises(NotFound):
        get_request(session, manager, request.public_id, now=build.clock())
