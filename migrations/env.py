"""Alembic's environment: our own, because SQLite needs care.

Foreign keys are off before BEGIN and checked before the commit: with them on, altering a parent
table in batch mode silently deletes its children.
"""

from typing import Any

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from forum.domain.base import UtcDateTime, complete_partial_indexes
from forum.domain.tables import metadata

complete_partial_indexes(metadata)


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | bool:
    """Write plain types, so that a migration does not depend on the code of its day."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, sa.Enum):
        values = ", ".join(repr(value) for value in item.enums)
        return f"sa.Enum({values}, name={item.name!r}, native_enum=False, create_constraint=True, length=32)"
    return False


def migrate(connection: sa.Connection) -> None:
    """Run the migrations in one transaction that is checked before it is committed."""
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.rollback()
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=is_sqlite,
        transactional_ddl=True,
        render_item=render_item,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
        if is_sqlite:
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if broken:
                raise RuntimeError(f"the migration broke {len(broken)} references, first: {broken[0]}")
    if is_sqlite:
        connection.rollback()
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        connection.rollback()


def run() -> None:
    """Use the connection that was handed over, or the application's database."""
    connection = context.config.attributes.get("connection")
    if connection is not None:
        migrate(connection)
        return
    from flask import current_app

    with current_app.extensions["migrate"].db.engine.connect() as own:
        migrate(own)
        own.commit()


run()
