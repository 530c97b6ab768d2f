"""Keeping migrations true while the first release is being written."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from forum.domain.audit import GUARDS, UNGUARDS


@click.command(hidden=True)
@with_appcontext
def schema() -> None:
    """Write the single initial migration anew from the tables.

    Only until the first release: afterwards every change is a migration of its own.
    """
    import alembic.command
    import sqlalchemy as sa
    from alembic.config import Config

    directory = Path(current_app.extensions["migrate"].directory)
    for old in (directory / "versions").glob("*.py"):
        old.unlink()
    settings = Config()
    settings.set_main_option("script_location", str(directory))
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        settings.attributes["connection"] = connection
        alembic.command.revision(
            settings,
            "initial schema",
            autogenerate=True,
            rev_id="0001",
            process_revision_directives=_with_guards(),
        )


def _with_guards() -> Any:
    """Give what adds the record's guards to a migration: no comparison of tables finds triggers."""
    from alembic.autogenerate import renderers
    from alembic.operations.ops import MigrateOperation

    class Statements(MigrateOperation):
        """SQL by database."""

        def __init__(self, statements: Mapping[str, Sequence[str]]) -> None:
            self.statements = statements

    @renderers.dispatch_for(Statements)
    def render(_autogen: object, operation: Statements) -> list[str]:
        written = {name: list(given) for name, given in operation.statements.items()}
        return [f"for statement in {written!r}[op.get_bind().dialect.name]:", "op.execute(statement)", ""]

    def process(_context: object, _revision: object, directives: list[Any]) -> None:
        script = directives[0]
        script.upgrade_ops.ops.append(Statements(GUARDS))
        script.downgrade_ops.ops.insert(0, Statements(UNGUARDS))

    return process
