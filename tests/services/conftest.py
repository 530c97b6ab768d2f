"""Fixtures for tests of services."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from forum.database import prepare_engine
from forum.domain.tables import metadata
from tests.builders import Builder
from tests.services.paper_writing import PaperWriter
from tests.services.writing import Writer

Sessions = sessionmaker[Session]


@pytest.fixture
def write(session: Session, build: Builder) -> Writer:
    """Write in discussions as somebody."""
    return Writer(session, build)


@pytest.fixture
def papers(session: Session, build: Builder) -> PaperWriter:
    """Write papers."""
    return PaperWriter(session, build)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def real_sessions(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sessions]:
    """Sessions on empty tables, of a file and of a server."""
    schema = "services_part"
    if request.param == "sqlite":
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'forum.db'}")
    else:
        url = request.getfixturevalue("postgresql_url")
        engine = sa.create_engine(url, connect_args={"options": f"-csearch_path={schema}"})
        with engine.begin() as connection:
            connection.execute(sa.text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
            connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    prepare_engine(engine, synchronous="OFF")
    metadata.create_all(engine)
    yield sessionmaker(engine, expire_on_commit=False)
    if request.param == "postgresql":
        with engine.begin() as connection:
            connection.execute(sa.text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()
