"""Fixtures for tests of services."""

import pytest
from sqlalchemy.orm import Session

from tests.builders import Builder
from tests.services.writing import Writer


@pytest.fixture
def write(session: Session, build: Builder) -> Writer:
    """Write in discussions as somebody."""
    return Writer(session, build)
