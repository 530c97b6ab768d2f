"""Two who take a procedure's next step at once, on both databases: it is taken once."""

import threading

import sqlalchemy as sa

from forum.database import writing
from forum.domain.accounts import Account
from forum.domain.audit import AuditAction, AuditEntry
from forum.domain.groups import Stage
from forum.errors import Conflict, ForumError
from forum.richtext import render
from forum.services.actors import load_actor
from forum.services.stage_advance import advance_stage, load_outlook
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.services.conftest import Sessions
from tests.services.staging import catalogue, chair_of, procedure, seated


def test_two_advances_of_a_stage_at_once_are_one(real_sessions: Sessions, clock: StoppedClock) -> None:
    """Four press what they were shown; the others are told that somebody did, and nothing happens twice."""
    with real_sessions() as session:
        build = Builder(session, clock)
        group = build.group()
        chair, slug = chair_of(build, group).id, group.slug
        seated(build, group, "Example Body")
        catalogue(build, group)
        procedure(build, group)
        outlook = load_outlook(session, build.actor(session.get_one(Account, chair)), group, now=clock())
        first = session.scalars(sa.select(Stage.key).order_by(Stage.position)).first()
        seen = outlook.current.key if outlook.current else ""
        rendered = {one.source: render(one.source, profile="post") for one in outlook.openings}
    barrier = threading.Barrier(4)
    done: list[str] = []
    refused: list[ForumError] = []

    def press() -> None:
        with real_sessions() as session:
            barrier.wait()
            try:
                with writing(session):
                    advance_stage(
                        session,
                        load_actor(session, chair, now=clock(), sealing_secret=SEALING),
                        slug,
                        expected_key=seen,
                        expects_begun=outlook.ends_stage,
                        is_confirmed=True,
                        rendered=rendered,
                        now=clock(),
                        sealing_secret=SEALING,
                    )
            except ForumError as error:
                refused.append(error)
            else:
                done.append(slug)

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(done), {type(one) for one in refused}, len(refused)) == (1, {Conflict}, 3)
    with real_sessions() as session:
        begun = session.scalars(sa.select(Stage.key).where(Stage.started_at.is_not(None))).all()
        assert begun == [first]
        steps = sa.select(AuditEntry.number).where(AuditEntry.action == AuditAction.STAGE_ADVANCED)
        assert len(session.scalars(steps).all()) == 1
