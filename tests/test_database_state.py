"""How the database is opened: what tells that nothing was written in between."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from forum.database import find_state, prepare_engine, writing


@pytest.fixture
def sessions(tmp_path: Path) -> sessionmaker[Session]:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'forum.db'}")
    prepare_engine(engine, synchronous="OFF")
    with sessionmaker(engine)() as session, writing(session):
        session.execute(sa.text("CREATE TABLE thing (name TEXT)"))
    return sessionmaker(engine)


def add(session: Session) -> None:
    with writing(session):
        session.execute(sa.text("INSERT INTO thing VALUES ('one')"))


def test_the_state_is_the_same_in_a_write_that_follows_a_read(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        session.execute(sa.text("SELECT * FROM thing")).all()
        before = find_state(session)
        with writing(session):
            assert before is not None
            assert find_state(session) == before


def test_the_state_of_a_snapshot_stays_while_others_commit_and_differs_after_it(
    sessions: sessionmaker[Session],
) -> None:
    with sessions() as session, sessions() as other:
        session.execute(sa.text("SELECT * FROM thing")).all()
        before = find_state(session)
        add(other)
        assert find_state(session) == before
        with writing(session):
            assert find_state(session) != before


def test_the_state_differs_after_a_commit_of_ones_own(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        session.execute(sa.text("SELECT * FROM thing")).all()
        before = find_state(session)
        add(session)
        assert find_state(session) != before


def test_two_connections_never_have_the_same_state(sessions: sessionmaker[Session]) -> None:
    with sessions() as session, sessions() as other:
        assert find_state(session) != find_state(other)


@pytest.mark.postgresql
def test_where_the_database_cannot_tell_there_is_no_state(postgresql_url: str) -> None:
    engine = sa.create_engine(postgresql_url)
    prepare_engine(engine)
    with Session(engine) as session:
        assert find_state(session) is None
    engine.dispose()
