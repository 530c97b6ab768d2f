"""Moderators who are away, their deputies, and by when a group usually answers."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.domain.working_days import OFFICE_ZONE, promised_by
from forum.errors import Invalid, NotAllowed
from forum.services.absences import (
    end_absence,
    list_away,
    list_colleagues,
    say_absent,
    usually_answered_by,
)
from tests.builders import Builder
from tests.conftest import StoppedClock


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC, slug="sample", promised_days=2)


@pytest.fixture
def pair(build: Builder, group: Group) -> tuple[Account, Account]:
    names = ("Ada Example", "Bo Example")
    ada, bo = (build.member(group, build.account(name), role=GroupRole.MODERATOR) for name in names)
    return ada, bo


def in_days(clock: StoppedClock, days: int) -> date:
    return clock().astimezone(OFFICE_ZONE).date() + timedelta(days=days)


def test_the_deputy_is_told_and_the_promise_stays(
    session: Session, build: Builder, clock: StoppedClock, group: Group, pair: tuple[Account, Account]
) -> None:
    """Colleagues see who is away and who stands in; authors read the same day as ever."""
    ada, bo = (build.actor(account) for account in pair)
    assert [one.name for one in list_colleagues(session, ada)] == ["Bo Example"]
    say_absent(session, ada, "sample", until=in_days(clock, 10), deputy=pair[1].public_id, now=clock())
    (seen,) = list_away(session, bo, now=clock())
    assert (seen.name, seen.deputy, seen.is_me, seen.i_stand_in) == ("Ada Example", "Bo Example", False, True)
    (own,) = list_away(session, ada, now=clock())
    assert own.is_me
    assert not own.i_stand_in
    assert usually_answered_by(session, group, now=clock()) == promised_by(clock(), 2)
    clock.advance(days=11)
    assert not list_away(session, bo, now=clock())


def test_where_everybody_is_away_the_promise_moves(
    session: Session, build: Builder, clock: StoppedClock, group: Group, pair: tuple[Account, Account]
) -> None:
    """It counts from the first return, and again from today when somebody is back."""
    ada, bo = (build.actor(account) for account in pair)
    usual = promised_by(clock(), 2)
    say_absent(session, ada, "sample", until=in_days(clock, 20), deputy="", now=clock())
    assert usually_answered_by(session, group, now=clock()) == usual
    say_absent(session, bo, "sample", until=in_days(clock, 9), deputy="", now=clock())
    moved = usually_answered_by(session, group, now=clock())
    assert moved.date() > in_days(clock, 9)
    end_absence(session, bo, "sample")
    assert usually_answered_by(session, group, now=clock()) == usual


@pytest.mark.parametrize("days", [-1, 400, None])
def test_days_that_make_no_sense(
    session: Session, build: Builder, clock: StoppedClock, pair: tuple[Account, Account], days: int | None
) -> None:
    """No day, a past one, and one beyond a year are refused."""
    until = None if days is None else in_days(clock, days)
    with pytest.raises(Invalid):
        say_absent(session, build.actor(pair[0]), "sample", until=until, deputy="", now=clock())


def test_who_cannot_stand_in(
    session: Session, build: Builder, clock: StoppedClock, group: Group, pair: tuple[Account, Account]
) -> None:
    """Not oneself, not a member, and nobody who is away."""
    ada, bo = (build.actor(account) for account in pair)
    say_absent(session, bo, "sample", until=in_days(clock, 3), deputy="", now=clock())
    for account in (*pair, build.member(group)):
        with pytest.raises(Invalid) as refused:
            say_absent(session, ada, "sample", until=in_days(clock, 3), deputy=account.public_id, now=clock())
        assert refused.value.field == "deputy"


def test_only_moderators_are_away(
    session: Session, build: Builder, clock: StoppedClock, group: Group
) -> None:
    """Other roles have no queue to be away from."""
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    with pytest.raises(NotAllowed):
        say_absent(session, chair, "sample", until=in_days(clock, 1), deputy="", now=clock())
    with pytest.raises(NotAllowed):
        end_absence(session, chair, "sample")
    assert not list_away(session, chair, now=clock())
