"""The migrations and the tables agree, and go up, down and up again."""

from pathlib import Path

import alembic.command
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy.orm import sessionmaker

from forum import MIGRATIONS
from forum.database import prepare_engine, writing
from forum.domain.audit import UNGUARDS, AuditAction
from forum.domain.tables import metadata
from forum.services.audit import guard, is_guarded, record, verify
from tests.conftest import StoppedClock


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


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET action = 'x'",
        "DELETE FROM audit_entry",
        "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry",
    ],
)
def test_the_record_is_append_only_on_sqlite(tmp_path: Path, statement: str) -> None:
    """The database refuses to change or delete an entry, whoever asks."""
    assert_append_only(sa.create_engine(f"sqlite:///{tmp_path / 'm.db'}"), statement)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"],
)
def test_the_record_is_append_only_on_postgresql(postgresql_url: str, statement: str) -> None:
    """The same, and it cannot be emptied at once either."""
    assert_append_only(sa.create_engine(postgresql_url), statement)


def assert_append_only(engine: sa.Engine, statement: str) -> None:
    run(engine, "upgrade", "head")
    prepare_engine(engine)
    try:
        with sessionmaker(engine)() as session, writing(session):
            record(session, None, AuditAction.FLAGGED, now=StoppedClock()())
        with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="append-only"):
            connection.execute(sa.text(statement))
        with sessionmaker(engine)() as session:
            assert verify(session).entries == 1
            assert is_guarded(session)
            for unguard in UNGUARDS[engine.dialect.name]:
                session.execute(sa.text(unguard))
            assert not is_guarded(session)
            guard(session)
            assert is_guarded(session)
    finally:
        run(engine, "downgrade", "base")
        engine.dispose()
