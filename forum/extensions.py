"""Extensions, unbound; create_app() in forum/__init__.py ties them to an application."""

from collections.abc import Callable
from typing import Any

import click
from flask import Flask, current_app
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.orm import Session

from forum.clock import Clock
from forum.database import writing
from forum.domain.base import Base
from forum.domain.tables import metadata  # noqa: F401  (fills the metadata)
from forum.search.protocol import SearchEngine
from forum.services.limits import DatabaseCounters, RedisCounters, SharedCounters
from forum.services.passwords import Passwords
from forum.services.storage import Storage
from forum.services.translation_hook import Translator


class LazyMigrate:
    """Flask-Migrate, loaded when a command asks for it.

    A server never does, and Alembic would cost each of its processes 11 MB and 0.1 s at the start.
    """

    def init_app(self, app: Flask, db: SQLAlchemy, *, directory: str) -> None:
        """Keep the folder of the migrations at the application, and offer the commands."""
        app.extensions["migrate"] = _Unloaded(app, db, directory)
        app.cli.add_command(_MigrateCommands("db", help="Perform database migrations."))


class _Unloaded:
    """What stands at the application in the place of Flask-Migrate's settings until one is read."""

    def __init__(self, app: Flask, db: SQLAlchemy, directory: str) -> None:
        self._app, self._db = app, db
        self.directory = directory

    def __getattr__(self, name: str) -> Any:
        from flask_migrate import Migrate

        Migrate(self._app, self._db, directory=self.directory)
        return getattr(self._app.extensions["migrate"], name)


class _MigrateCommands(click.Group):
    """`forum db`: Flask-Migrate's commands."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Give over to Flask-Migrate's own group."""
        from flask_migrate.cli import db as commands

        return commands.make_context(info_name, args, parent, **extra)  # type: ignore[no-any-return]


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = LazyMigrate()
login_manager = LoginManager()
csrf = CSRFProtect()
babel = Babel()
bootstrap = Bootstrap5()


def clock() -> Clock:
    """Give the application's clock."""
    return current_app.extensions["forum_clock"]  # type: ignore[no-any-return]


def translator() -> Translator:
    """Give the application's machine translator."""
    return current_app.extensions["forum_translator"]  # type: ignore[no-any-return]


def search_engine(app: Flask | None = None) -> SearchEngine:
    """Give an application's search engine (the current one's unless named), opened when first asked for."""
    extensions = (app or current_app).extensions
    if "forum_search" not in extensions:
        extensions["forum_search"] = extensions["forum_search_opener"]()
    return extensions["forum_search"]  # type: ignore[no-any-return]


def limits() -> SharedCounters:
    """Give the application's counters of how often something was done."""
    app = current_app
    if "forum_limits" not in app.extensions:
        database = DatabaseCounters(_write_apart)
        url = app.config["REDIS_URL"]
        app.extensions["forum_limits"] = SharedCounters(database, RedisCounters(url) if url else None)
    return app.extensions["forum_limits"]  # type: ignore[no-any-return]


def _write_apart(change: Callable[[Session], int]) -> int:
    """Run a function in a write transaction of its own, past the session of the request."""
    with Session(db.engine) as session, writing(session):
        return change(session)


def storage() -> Storage:
    """Give the application's storage of files."""
    return current_app.extensions["forum_storage"]  # type: ignore[no-any-return]


def passwords() -> Passwords:
    """Give the application's keeper of passwords."""
    if "forum_passwords" not in current_app.extensions:
        settings = current_app.config
        current_app.extensions["forum_passwords"] = Passwords(
            memory=settings["ARGON2_MEMORY"], time=settings["ARGON2_TIME"]
        )
    return current_app.extensions["forum_passwords"]  # type: ignore[no-any-return]
