"""Keeping migrations true while the first release is being written."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext


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
        alembic.command.revision(settings, "initial schema", autogenerate=True, rev_id="0001")
