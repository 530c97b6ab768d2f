"""What every command needs: the write transaction, one line for what went wrong, output as data."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import alembic.command
import click
import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from flask import current_app
from sqlalchemy.orm import Session

from forum.database import writing
from forum.errors import ForumError
from forum.extensions import clock, db

F = TypeVar("F", bound=Callable[..., Any])


def fail(message: str) -> NoReturn:
    """End the command with exit code 1 and one line on stderr."""
    raise Failure(message)


class Failure(click.ClickException):
    """A failure that the command explains: one line on stderr, exit code 1."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))

    def show(self, file: Any = None) -> None:
        """Write the line."""
        click.echo(f"forum: {self.message}", file=file or sys.stderr)


@contextmanager
def explained() -> Iterator[None]:
    """Turn what services and the database complain about into one line and exit code 1."""
    try:
        yield
    except ForumError as error:
        fail(str(error) or "There is no such thing.")
    except sa.exc.OperationalError as error:
        fail(f"{describe_database_error(error)} `forum doctor` says how to mend it.")


def describe_database_error(error: sa.exc.OperationalError) -> str:
    """Give one sentence for what the database said."""
    said = str(error.orig)
    if "no such table" in said or "no such column" in said or "does not exist" in said:
        return "The database is not set up for this version: run `forum init`."
    if "readonly" in said or "unable to open" in said:
        return "The database cannot be written: check who owns the instance folder."
    if "full" in said:
        return "The disk is full."
    return f"The database could not be used: {said}."


@contextmanager
def reading() -> Iterator[Session]:
    """Give the database session for reading; failures become one line."""
    with explained():
        yield db.session()


@contextmanager
def writing_as_system() -> Iterator[Session]:
    """Run the block in one write transaction of the operator, whom no policy stops."""
    with explained(), writing(db.session()) as session:
        yield session


def migrations_folder() -> Path:
    """Give the folder of the migrations that this code knows."""
    return Path(current_app.extensions["migrate"].directory)


def migrate_database(engine: sa.Engine | None = None) -> tuple[str | None, str]:
    """Bring a database (the configured one) to the newest schema; give the revisions before and after."""
    engine = engine or db.engine
    settings = Config()
    settings.set_main_option("script_location", str(migrations_folder()))
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            # A large table takes its time; two machines that start at once do it one after the other.
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({MIGRATION_LOCK})")
            connection.commit()
        before = MigrationContext.configure(connection).get_current_revision()
        connection.rollback()
        settings.attributes["connection"] = connection
        try:
            alembic.command.upgrade(settings, "head")
        except CommandError:
            fail(f"The database ({before}) is newer than this code: start the code that it was made with.")
        connection.commit()
        after = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()  # connections of before know nothing of the new tables
    return before, str(after)


MIGRATION_LOCK = 0x466F72756D4D  # "ForumM"
"""The advisory lock of whoever migrates; it ends with the connection."""


def now() -> datetime:
    """Give the present time by the application's clock."""
    return clock()()


def secret_key() -> bytes:
    """Give the key that signs links."""
    return str(current_app.config["SECRET_KEY"]).encode()


def json_option(command: F) -> F:
    """Add --json, passed as `as_json`, to a command whose output is data."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def print_json(value: Any) -> None:
    """Print a value as one line of JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, default=str))
