"""Publishing a version has its comments placed."""

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.comments import Placement
from forum.domain.labels import Ceiling
from forum.domain.threads import AnchorState
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.commenting import SECOND, commenting
from tests.support import deliver, look_again


def test_a_new_version_places_the_comments(
    app: Flask, session: Session, build: Builder, clock: StoppedClock
) -> None:
    """The worker writes one row a comment; one opened later on the old version follows."""
    group = build.group(Ceiling.PUBLIC)
    world = commenting(session, build, group, build.member(group))
    world.comment("how many reports")
    second = world.next(SECOND)
    deliver(app, clock)
    look_again(session)
    statement = sa.select(Placement.state).where(Placement.version_id == second.id)
    assert session.scalars(statement).all() == [AnchorState.KEPT]
    world.comment("A desk that is open at night")
    deliver(app, clock)
    look_again(session)
    assert sorted(session.scalars(statement)) == [AnchorState.KEPT, AnchorState.ORPHANED]
