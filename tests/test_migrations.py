"""The migrations and the tables agree, and go up, down and up again."""

from pathlib import Path

import alembic.command
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from forum import MIGRATIONS
from forum.domain.tables import metadata


def run(engine: sa.Engine, direction: str, target: str) -> None:
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection:
        settings.attributes["connection"] = connection
        getattr(alembic.command, direction)(settings, target)
        connection.commit()


@pytest.mark.postgresql
def test_migrations_give_the_tables_on_postgresql(postgresql_url: str) -> None:
    """The same on PostgreSQL."""
    assert_migrations_give_the_tables(sa.create_engine(postgresql_url))


def test_migrations_give_the_tables_on_sqlite(tmp_path: Path) -> None:
    """A migrated database differs in nothing from what the code expects; down and up works."""
    assert_migrations_give_the_tables(sa.create_engine(f"sqlite:///{tmp_path / 'm.db'}"))


def assert_migrations_give_the_tables(engine: sa.Engine) -> None:
    run(engine, "upgrade", "head")
    run(engine, "downgrade", "base")
    run(engine, "upgrade", "head")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
