"""Extensions, unbound; create_app() in forum/__init__.py ties them to an application."""

from flask import current_app
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect

from forum.clock import Clock
from forum.domain.base import Base
from forum.domain.tables import metadata  # noqa: F401  (fills the metadata)
from forum.search.protocol import SearchEngine
from forum.services.passwords import Passwords

db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = Migrate()
login_manager = LoginManager()
csrf = CSRFProtect()
babel = Babel()
bootstrap = Bootstrap5()


def clock() -> Clock:
    """Give the application's clock."""
    return current_app.extensions["forum_clock"]  # type: ignore[no-any-return]


def search_engine() -> SearchEngine:
    """Give the application's search engine."""
    return current_app.extensions["forum_search"]  # type: ignore[no-any-return]


def passwords() -> Passwords:
    """Give the application's keeper of passwords."""
    if "forum_passwords" not in current_app.extensions:
        settings = current_app.config
        current_app.extensions["forum_passwords"] = Passwords(
            memory=settings["ARGON2_MEMORY"], time=settings["ARGON2_TIME"]
        )
    return current_app.extensions["forum_passwords"]  # type: ignore[no-any-return]
