"""Fixtures for tests of services."""

import pytest
from sqlalchemy.orm import Session, sessionmaker

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
