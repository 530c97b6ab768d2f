"""A database of a test's own, empty."""

import secrets
from collections.abc import Iterator

import pytest
import sqlalchemy as sa


@pytest.fixture
def own_empty_postgresql(postgresql_url: str) -> Iterator[str]:
    """An empty database of the test's own."""
    admin = sa.create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    name = f"empty_{secrets.token_hex(4)}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield sa.make_url(postgresql_url).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()
