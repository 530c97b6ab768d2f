"""The edge: headers on every answer, errors in one human sentence, what every template knows."""

import errno
import secrets
from collections.abc import Callable
from typing import Any
from wsgiref.headers import Headers

import flask
from flask import Flask, Response, current_app, g, redirect, render_template, request
from flask_babel import format_decimal, gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, DBAPIError, InternalError, OperationalError, ProgrammingError
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import BadRequest, HTTPException, SecurityError

from forum.blueprints.carrying import is_typed, keep_typed
from forum.blueprints.identity import current_actor
from forum.blueprints.problems import (
    is_api_request,
    nothing_here,
    problem_of,
    problem_of_crash,
    problem_of_database,
    problem_of_http,
)
from forum.blueprints.shell import without_counts
from forum.blueprints.support import error_words, find_first_press
from forum.errors import Conflict, ForumError, NotFound, TooSoon
from forum.extensions import db
from forum.policy import ANONYMOUS, Action, can

_STATIC = frozenset({"static", "bootstrap.static"})
_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HSTS = "max-age=63072000; includeSubDomains"
"""Two years."""


class Parameters(ImmutableMultiDict[str, Any]):
    """What an address or a form brought, without NUL: nobody types it, and PostgreSQL cannot hold it."""

    def __init__(self, mapping: Any = None) -> None:
        if isinstance(mapping, list):
            mapping = [(_without_nul(name), _without_nul(value)) for name, value in mapping]
        super().__init__(mapping)


def _without_nul(value: Any) -> Any:
    return value.replace("\0", "") if isinstance(value, str) else value


class Request(flask.Request):
    """A request whose parameters both databases can be asked for."""

    parameter_storage_class = Parameters


def csp_nonce() -> str:
    """Give this request's script nonce."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce


def _headers(response: Response) -> Response:
    nonce = g.get("csp_nonce")
    scripts = "'self'" + (f" 'nonce-{nonce}'" if nonce else "")
    headers = response.headers
    # data: images are the icons inside Bootstrap's style sheet.
    headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    for name, value in _EVERYWHERE.items():
        headers.setdefault(name, value)
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", _HSTS)
    if request.endpoint not in _STATIC:
        headers["Cache-Control"] = "no-store"
        headers["Vary"] = "Authorization" if is_api_request() else "Cookie"
    return response


def headers_of_files(*, has_tls: bool) -> Callable[[Headers, str, str], None]:
    """Give what adds to the site's own files, which pass the application by, the headers of its answers."""

    def add(headers: Headers, _path: str, _url: str) -> None:
        headers["Content-Security-Policy"] = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
        for name, value in _EVERYWHERE.items():
            headers[name] = value
        if has_tls:
            headers["Strict-Transport-Security"] = _HSTS

    return add


def _page(status: int, title: str, sentence: str, **more: Any) -> tuple[str, int]:
    db.session.rollback()
    page = render_template("errors/error.html", status=status, title=title, sentence=sentence, **more)
    return page, status


def _on_forum_error(error: ForumError) -> Any:
    if is_api_request():
        db.session.rollback()
        return problem_of(error)
    if isinstance(error, NotFound):
        return _not_found()
    if isinstance(error, Conflict) and (location := find_first_press(db.session())) is not None:
        return redirect(location, 303)  # the second press of a button, under way with the first
    if isinstance(error, TooSoon):
        words = error_words(error)
        kept = gettext("Go back: what you typed is still in your browser.") if request.form else ""
        page, status = _page(error.status_code, gettext("Too often"), f"{words} {kept}".rstrip())
        return page, status, {"Retry-After": str(error.seconds)}
    return _page(
        error.status_code,
        gettext("That did not work") if error.status_code != 403 else gettext("Not yours to do"),
        error_words(error),
    )


def _not_found() -> Any:
    """One answer for what is absent and for what this person may not know of."""
    if is_api_request():
        db.session.rollback()
        return nothing_here()
    return _page(
        404,
        gettext("Nothing here"),
        gettext("There is nothing at this address, or nothing that you may read."),
    )


def _too_large() -> str:
    """How much fits, and how to come back to what was typed: the browser has it still."""
    megabytes = (request.max_content_length or 0) / 1_000_000
    return gettext(
        "That is more than the %(limit)s MB that this page takes. Your browser's Back button leads to the "
        "form with what you typed still in it: shorten it, or attach a smaller file, and send it again.",
        limit=format_decimal(round(megabytes, 1)),
    )


def _on_http_exception(error: HTTPException) -> Any:
    if isinstance(error, SecurityError):
        # A Host that is not ours: no address can be built for it, so no page either.
        return Response("This host name is not served here.\n", 400, mimetype="text/plain")
    if error.code == 404:
        return _not_found()
    if error.code is None or error.response is not None or error.code < 400:
        return error
    if is_api_request():
        db.session.rollback()
        return problem_of_http(error)
    words = {
        400: (
            gettext("Not understood"),
            gettext("The request could not be understood. Go back, reload the page and try again."),
        ),
        403: (gettext("Not yours to do"), gettext("You may not do that.")),
        405: (
            gettext("Not in this way"),
            gettext("This address does not take that kind of request."),
        ),
        413: (
            gettext("Too much at once"),
            _too_large(),
        ),
    }
    other = gettext("That did not work"), gettext("Go back, reload the page and try again.")
    return _page(error.code, *words.get(error.code, other))


def _on_csrf(_error: CSRFError) -> Any:
    """The form is of a session that ended: what was typed comes along, past signing in where needed."""
    from forum.blueprints import accounts, carrying

    if (token := carrying.carry()) != "":
        if not current_actor().is_signed_in:
            return accounts.ask_to_sign_in(token)
        carried = carrying.open_carried(token)
        assert carried is not None
        return carrying.show_carried(carried), 400
    return _page(
        400,
        gettext("The page was open too long"),
        gettext("Go back: what you typed is still there. Copy it, then load the page anew and send it."),
    )


def _on_database_error(error: DBAPIError) -> Any:
    """A full or read-only disk, a locked or absent database: say so, without asking the database again."""
    return _cannot_write(f"database: {error.orig}")


def _cannot_write(why: str) -> Any:
    current_app.logger.error(why)
    g.actor = ANONYMOUS
    if is_api_request():
        db.session.rollback()
        return problem_of_database()
    without_counts()
    kept = keep_typed()
    sentence = gettext("Nothing was changed and nothing was lost. Try again in a few minutes.")
    if not kept and request.form:
        sentence += " " + gettext("Go back: what you typed is still in your browser.")
    page, _ = _page(
        503,
        gettext("The forum cannot write or read just now"),
        sentence,
        kept=kept,
        had_files=bool(request.files),
    )
    return page, 503, {"Retry-After": "120"}


_UNUSABLE = frozenset({"25006", "42501", "42703", "42P01"})
"""PostgreSQL's states for: takes no writes now, a grant is missing, a column or a table is not there."""


def _on_refusal(error: DBAPIError) -> Any:
    """A server that is being restored, upgraded or replaced is no fault of the request; the rest is ours."""
    if getattr(error.orig, "sqlstate", None) not in _UNUSABLE:
        raise error
    return _on_database_error(error)


_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG})


def _on_disk_error(error: OSError) -> Any:
    """A file that found no room is the same to people as a row that found none; other faults are ours."""
    if error.errno not in _NO_ROOM:
        raise error
    return _cannot_write(f"disk: {error.strerror}")


def _on_data_error(_error: DataError) -> Any:
    """What PostgreSQL cannot even hold, such as a NUL in an address: there is nothing of that name."""
    return _not_found() if request.method == "GET" else _on_http_exception(BadRequest())


def _on_crash(error: Exception) -> Any:
    db.session.rollback()
    if is_api_request():
        return problem_of_crash()
    without_counts()
    return _page(
        500,
        gettext("Something broke on our side"),
        gettext("Nothing was changed. Try again in a moment; if it stays, tell the contact below."),
    )


def init_app(app: Flask) -> None:
    """Install headers, error pages and template globals."""
    app.request_class = Request
    app.after_request(_headers)
    app.register_error_handler(ForumError, _on_forum_error)
    app.register_error_handler(CSRFError, _on_csrf)
    app.register_error_handler(HTTPException, _on_http_exception)
    app.register_error_handler(DataError, _on_data_error)
    app.register_error_handler(OperationalError, _on_database_error)
    for kind in (ProgrammingError, InternalError):
        app.register_error_handler(kind, _on_refusal)
    app.register_error_handler(OSError, _on_disk_error)
    if not app.testing:
        app.register_error_handler(500, _on_crash)
    app.jinja_env.globals.update(csp_nonce=csp_nonce, can=can, Action=Action)
    app.jinja_env.tests["typed"] = is_typed
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True

    @app.context_processor
    def _globals() -> dict[str, Any]:
        return {"actor": current_actor()}
