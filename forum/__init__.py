"""The application factory: the only place where the parts are wired together."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import flask_bootstrap
from flask import Flask
from sqlalchemy.exc import ArgumentError
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

import config
from forum import extensions
from forum.clock import Clock, system_clock
from forum.database import prepare_engine
from forum.logs import log_as_json, log_slow_statements
from forum.search.protocol import SearchEngine
from forum.services.limits import Limit
from forum.services.storage import FolderStorage
from forum.services.translation_hook import Translator, load_translator
from forum.template_cache import TemplateCache


def create_app(settings: Mapping[str, Any] | None = None, *, clock: Clock = system_clock) -> Flask:
    """Build the application from the configuration, with `settings` over it (tests, commands)."""
    from forum.blueprints import edge, identity, limiting, register_blueprints, request_log, shell, support

    values = config.load(os.environ) | dict(settings or {})
    instance = Path(values["INSTANCE"]).resolve()
    try:
        instance.mkdir(parents=True, exist_ok=True)
        values = with_secrets(values, instance)
    except OSError as error:
        raise config.ConfigurationError(
            f"the instance folder {instance} cannot be used: {error.strerror}. "
            "Make it writable for this user, or name another one with FORUM_INSTANCE."
        ) from None
    check_base_address(values)
    app = Flask(__name__, instance_path=str(instance), static_folder="static")
    app.config.from_mapping(flask_settings(values, instance))
    app.extensions["forum_clock"] = clock
    app.extensions["forum_storage"] = FolderStorage(instance / "attachments")
    app.extensions["forum_search_opener"] = search_engine_opener(values, instance)
    app.extensions["forum_translator"] = open_translator(values)
    check_limits(values)
    check_provider(values)

    open_database(app)
    with app.app_context():
        prepare_engine(extensions.db.engine, synchronous="OFF" if values["ENV"] == "testing" else "FULL")
        log_slow_statements(extensions.db.engine, values["SLOW_STATEMENT_MS"])
    if values["LOG_FORMAT"] == "json":
        log_as_json("forum")
        request_log.init_app(app)
    extensions.migrate.init_app(app, extensions.db, directory=str(MIGRATIONS))
    if values["ENV"] != "testing":
        app.jinja_options = {"bytecode_cache": TemplateCache(instance / "templates")}
    extensions.csrf.init_app(app)
    extensions.bootstrap.init_app(app)
    identity.init_app(app)
    shell.init_app(app)
    edge.init_app(app)
    support.init_app(app)
    limiting.init_app(app)
    register_blueprints(app)
    files = WhiteNoise(
        app.wsgi_app,
        root=app.static_folder,
        prefix="static/",
        max_age=3600,
        allow_all_origins=False,
        add_headers_function=edge.headers_of_files(has_tls=values["TLS"]),
    )
    files.add_files(str(Path(flask_bootstrap.__file__).parent / "static"), prefix="bootstrap/static/")
    if values["TRUSTED_PROXIES"]:
        hops = values["TRUSTED_PROXIES"]
        files = ProxyFix(files, x_for=hops, x_proto=hops, x_host=hops)
    app.wsgi_app = files  # type: ignore[method-assign]
    return app


MIGRATIONS = Path(__file__).parent.parent / "migrations"


def with_secrets(values: Mapping[str, Any], instance: Path) -> dict[str, Any]:
    """Fill in missing secrets from the instance folder; in production they must be set."""
    names = ("SECRET_KEY", "SEALING_KEY")
    if values["ENV"] == "production":
        for name in names:
            if len(values[name]) < 32:
                raise config.ConfigurationError(
                    f"FORUM_{name} must be set to a secret of at least 32 characters in production "
                    "(python3 -c 'import secrets; print(secrets.token_urlsafe(48))')."
                )
    if all(values[name] for name in names):
        return dict(values)
    kept = config.instance_secrets(instance)
    return dict(values) | {name: values[name] or kept[name] for name in names}


def search_engine_opener(values: Mapping[str, Any], instance: Path) -> Callable[[], SearchEngine]:
    """Give what opens the search engine that the configuration names.

    It is opened when somebody first searches: a tenth of a server's start and memory is not spent before.
    """
    if values["SEARCH"] == "whoosh":

        def open_whoosh() -> SearchEngine:
            from forum.search.whoosh_engine import WhooshEngine

            return WhooshEngine(instance / "index")

        return open_whoosh
    if values["SEARCH"] == "postgresql":
        if not str(values["DATABASE_URL"]).startswith("postgresql"):
            raise config.ConfigurationError(
                "FORUM_SEARCH=postgresql keeps its index in the database: name a PostgreSQL database with "
                "FORUM_DATABASE_URL (postgresql+psycopg://user:password@host/name), "
                "or use FORUM_SEARCH=whoosh."
            )

        def open_postgresql() -> SearchEngine:
            from forum.search.postgres_engine import PostgresEngine

            return PostgresEngine(values["SEARCH_DATABASE_URL"] or values["DATABASE_URL"])

        return open_postgresql
    raise config.ConfigurationError(f"FORUM_SEARCH is {values['SEARCH']!r}: use whoosh or postgresql.")


def open_translator(values: Mapping[str, Any]) -> Translator:
    """Give the machine translator that the configuration names."""
    try:
        return load_translator(values["TRANSLATION"])
    except ValueError as error:
        raise config.ConfigurationError(str(error)) from None


def check_limits(values: Mapping[str, Any]) -> None:
    """Refuse to start with a limit that cannot be read."""
    for name, text in values.items():
        if name.startswith("LIMIT_"):
            try:
                Limit.read(name, text)
            except ValueError as error:
                raise config.ConfigurationError(f"FORUM_{name}: {error}") from None


def check_provider(values: Mapping[str, Any]) -> None:
    """Refuse an OpenID provider that production would reach without TLS."""
    issuer = values["OIDC_ISSUER"]
    if values["ENV"] == "production" and issuer and not issuer.startswith("https://"):
        raise config.ConfigurationError("FORUM_OIDC_ISSUER must begin with https:// in production.")


def check_base_address(values: Mapping[str, Any]) -> None:
    """Refuse a public address with which no link in a mail would lead anywhere."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(values["BASE_URL"])
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_whole = False
    if not is_whole:
        raise config.ConfigurationError(
            f"FORUM_BASE_URL is {values['BASE_URL']!r}: write the whole address, such as https://forum.example."
        )


def open_database(app: Flask) -> None:
    """Bind the database; an address that SQLAlchemy cannot use is one clear line, without its password."""
    try:
        extensions.db.init_app(app)
    except (ArgumentError, ImportError):
        raise config.ConfigurationError(
            "FORUM_DATABASE_URL names no database that can be used: write "
            "postgresql+psycopg://user:password@host/name, or leave it empty for SQLite."
        ) from None


def flask_settings(values: Mapping[str, Any], instance: Path) -> dict[str, Any]:
    """Give Flask's and its extensions' settings, derived from ours."""
    tls = bool(values["TLS"])
    return dict(values) | {
        "TESTING": values["ENV"] == "testing",
        "SQLALCHEMY_DATABASE_URI": values["DATABASE_URL"] or f"sqlite:///{instance / 'forum.db'}",
        # A server that was restarted breaks no request: connections are tried before they are used.
        "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True}
        | ({"pool_pre_ping": True} if values["DATABASE_URL"] else {}),
        "SESSION_COOKIE_NAME": "__Host-forum" if tls else "forum",
        "SESSION_COOKIE_SECURE": tls,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "MAX_CONTENT_LENGTH": 256 * 1024,
        "MAX_FORM_MEMORY_SIZE": 256 * 1024,
        "MAX_FORM_PARTS": 500,
        "TRUSTED_HOSTS": trusted_hosts(values),
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session, which ends by itself
        "BABEL_DEFAULT_LOCALE": "en",
        "BOOTSTRAP_SERVE_LOCAL": True,
    }


def trusted_hosts(values: Mapping[str, Any]) -> list[str]:
    """Give the host names that are answered."""
    from urllib.parse import urlsplit

    if values["TRUSTED_HOSTS"]:
        return list(values["TRUSTED_HOSTS"])
    host = urlsplit(values["BASE_URL"]).hostname or "localhost"
    return [host] if values["ENV"] == "production" else [host, "localhost", "127.0.0.1", "[::1]"]
