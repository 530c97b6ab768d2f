"""Adding deeds to the outbox."""

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.outbox import OutboxEntry
from forum.services.outbox import enqueue_index, gathered
from tests.conftest import StoppedClock
from tests.support import count_statements


def _ids(session: Session) -> list[int]:
    return [entry["id"] for entry in session.scalars(sa.select(OutboxEntry.payload).order_by(OutboxEntry.id))]


def test_what_is_gathered_is_written_in_order_by_one_statement(
    app: Flask, session: Session, clock: StoppedClock
) -> None:
    """A block within the block is part of it; after it each entry is written at once again."""
    with count_statements(session.get_bind()) as statements, gathered(session):
        enqueue_index(session, SubjectKind.POST, 1, now=clock())
        with gathered(session):
            enqueue_index(session, SubjectKind.POST, 2, now=clock())
        assert statements == []
        enqueue_index(session, SubjectKind.POST, 3, now=clock())
    assert len(statements) == 1
    enqueue_index(session, SubjectKind.POST, 4, now=clock())
    assert _ids(session) == [1, 2, 3, 4]


def test_a_block_that_fails_leaves_nothing(session: Session, clock: StoppedClock) -> None:
    """What it would have caused is not caused."""

    def fail() -> None:
        with gathered(session):
            enqueue_index(session, SubjectKind.POST, 1, now=clock())
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    enqueue_index(session, SubjectKind.POST, 2, now=clock())
    assert _ids(session) == [2]
