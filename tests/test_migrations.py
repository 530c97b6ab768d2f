"""The migrations and the tables agree, and go up, down and up again."""

from pathlib import Path

import alembic.command
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


def test_migrations_give_the_tables(tmp_path: Path) -> None:
    """A migrated database differs in nothing from what the code expects; down and up works."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'm.db'}")
    run(engine, "upgrade", "head")
    run(engine, "downgrade", "base")
    run(engine, "upgrade", "head")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
