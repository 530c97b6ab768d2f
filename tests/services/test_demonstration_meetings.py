"""The demonstration's meetings and decisions are made by the services that people use."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import AccessRequest
from forum.domain.ballots import Ballot, Outcome
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling
from forum.domain.meetings import Meeting, MinutesState
from forum.services.demonstration import Places
from forum.services.demonstration_meetings import GROUP, load_meetings
from tests.builders import SEALING, Builder


def test_a_group_has_something_of_everything(session: Session, build: Builder) -> None:
    """Adopted minutes, a meeting to come, an open and a decided question with dissent, an application."""
    group = build.group(Ceiling.PUBLIC, slug=GROUP)
    build.member(group, role=GroupRole.CHAIR)
    for _ in range(9):
        build.member(group, seat=build.seat(group, build.organisation()))
    outsider = build.account()
    places = Places(now=build.clock(), sealing_secret=SEALING, rendered={}, people={"outsider": outsider})
    load_meetings(session, places)
    session.commit()
    states = session.scalars(sa.select(Meeting.minutes_state).order_by(Meeting.starts_at)).all()
    assert list(states) == [MinutesState.ADOPTED, MinutesState.NONE]
    outcomes = session.scalars(sa.select(Ballot.outcome).order_by(Ballot.id)).all()
    assert list(outcomes) == [Outcome.MAJORITY, None]
    assert session.scalars(sa.select(AccessRequest.account_id)).all() == [outsider.id]


def test_without_the_group_nothing_is_added(session: Session, build: Builder) -> None:
    load_meetings(session, Places(now=build.clock(), sealing_secret=SEALING, rendered={}))
    assert session.scalars(sa.select(Meeting)).all() == []
