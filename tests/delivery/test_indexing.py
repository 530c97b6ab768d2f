"""What changed is handed to the indexer, many at a time and each once."""

from collections.abc import Sequence

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.cli.worker import sessions_of
from forum.delivery.indexing import Indexing, NullIndexer
from forum.delivery.worker import drain
from forum.domain.attribution import SubjectKind
from forum.domain.outbox import OutboxEntry, Topic
from tests.builders import Builder
from tests.conftest import StoppedClock


class Noting:
    """An indexer that writes down what it is given."""

    def __init__(self) -> None:
        self.batches: list[Sequence[tuple[SubjectKind, int]]] = []

    def apply(self, session: Session, subjects: Sequence[tuple[SubjectKind, int]]) -> None:
        self.batches.append(subjects)


def test_a_batch_names_each_contribution_once(
    app: Flask, build: Builder, clock: StoppedClock, session: Session
) -> None:
    """However often it changed since the last look."""
    group = build.group()
    thread = build.thread(group, build.member(group))
    build.post(thread)
    waiting = session.scalars(sa.select(OutboxEntry.payload)).all()
    indexer = Noting()
    assert drain(sessions_of(app), clock, {Topic.INDEX: Indexing(indexer, clock)}) == len(waiting)
    (batch,) = indexer.batches
    assert len(batch) == len(set(batch)) == 3
    assert set(batch) == {(SubjectKind(one["kind"]), one["id"]) for one in waiting}


def test_a_forum_without_search_drains_all_the_same(app: Flask, build: Builder, clock: StoppedClock) -> None:
    """The null twin does nothing, successfully."""
    build.thread(build.group())
    assert drain(sessions_of(app), clock, {Topic.INDEX: Indexing(NullIndexer(), clock)}) > 0
    assert drain(sessions_of(app), clock, {Topic.INDEX: Indexing(NullIndexer(), clock)}) == 0
