"""Index and database compared, mended, and planned for every night."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.cli.worker import engine_of, plan_daily, sessions_of
from forum.delivery.indexing import reconcile_index
from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group
from forum.domain.labels import Ceiling, Status
from forum.domain.outbox import OutboxEntry, Topic
from forum.domain.threads import Post
from forum.search.protocol import Add, Remove, SearchEngine
from forum.services.index_check import Problem, compare_index, next_night
from forum.services.indexing import all_documents, document_id
from forum.services.labels import relabel
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import deliver


@pytest.fixture
def engine(app: Flask) -> SearchEngine:
    return engine_of(app)


@pytest.fixture
def group(app: Flask, build: Builder, clock: StoppedClock) -> Group:
    group = build.group(Ceiling.PUBLIC)
    for number in range(4):
        build.thread(group, title=f"Thread {number}", text=f"Text {number}.")
    deliver(app, clock)
    return group


def drift_four_ways(session: Session, engine: SearchEngine, group: Group, clock: StoppedClock) -> None:
    """One document is missing, one changed, one is with another audience, one should not be there."""
    posts = session.scalars(sa.select(Post).order_by(Post.id)).all()
    documents = {document.id: document for document in all_documents(session)}
    engine.apply([Remove(f"post:{posts[0].public_id}")])
    session.execute(sa.update(Post).where(Post.id == posts[1].id).values(text="Other words."))
    engine.apply([Add(replace(documents[f"post:{posts[2].public_id}"], audience="group:99"))])
    post = session.get_one(Post, posts[3].id)
    post.status = Status.HIDDEN
    session.flush()
    relabel(session, group, post, now=clock())
    session.execute(sa.delete(OutboxEntry))  # whoever should have told the index did not
    session.commit()


def test_every_kind_of_drift_is_seen_and_mended(
    app: Flask, session: Session, engine: SearchEngine, group: Group, clock: StoppedClock
) -> None:
    """By id, by version, by audience; afterwards nothing differs."""
    assert compare_index(session, engine).total == 0
    drift_four_ways(session, engine, group, clock)
    repaired = reconcile_index(session, engine, clock)
    assert repaired.found.counts == {
        Problem.MISSING: 1,
        Problem.CHANGED: 1,
        Problem.MISPLACED: 1,
        Problem.STRAY: 1,
    }
    assert not repaired.was_well
    assert compare_index(session, engine).total == 0


def test_what_is_in_no_table_any_more_goes(
    session: Session, engine: SearchEngine, group: Group, clock: StoppedClock
) -> None:
    document = next(iter(all_documents(session)))
    engine.apply([Add(replace(document, id="post:aaaaaaaaaaaaa"))])
    assert reconcile_index(session, engine, clock).found.counts == {Problem.STRAY: 1}
    assert compare_index(session, engine).total == 0


def test_it_runs_every_night(
    app: Flask, session: Session, engine: SearchEngine, group: Group, clock: StoppedClock
) -> None:
    """Planned once however often house is kept; the worker mends, and plans the next night."""
    for _ in range(3):
        plan_daily(sessions_of(app), clock)
    entries = sa.select(OutboxEntry).where(OutboxEntry.topic == Topic.RECONCILE)
    (entry,) = session.scalars(entries).all()
    assert entry.available_at == datetime(2026, 3, 3, 2, tzinfo=UTC)
    session.rollback()
    post = session.scalars(sa.select(Post).order_by(Post.id)).first()
    assert post is not None
    engine.apply([Remove(document_id(SubjectKind.POST, post.public_id))])
    session.rollback()
    clock.advance(days=1)
    deliver(app, clock)
    assert compare_index(session, engine).total == 0
    session.expire_all()
    planned = [entry.available_at for entry in session.scalars(entries) if entry.done_at is None]
    assert planned == [datetime(2026, 3, 4, 2, tzinfo=UTC)]


def test_the_night_to_come() -> None:
    assert next_night(datetime(2026, 3, 2, 1, 59, tzinfo=UTC)) == datetime(2026, 3, 2, 2, tzinfo=UTC)
    assert next_night(datetime(2026, 3, 2, 2, 0, tzinfo=UTC)) == datetime(2026, 3, 3, 2, tzinfo=UTC)
