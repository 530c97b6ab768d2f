"""What every view needs: the gate, the write transaction, forms that are pressed twice, paging of lists."""

import functools
import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
import wtforms.i18n
from flask import Flask, abort, current_app, flash, g, make_response, redirect, request, url_for
from flask_babel import get_locale, gettext
from flask_wtf import FlaskForm
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.routing import IntegerConverter
from werkzeug.wrappers import Response
from wtforms import Field, HiddenField, SelectMultipleField
from wtforms.form import BaseForm
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from forum.blueprints.form_words import PlainWords
from forum.blueprints.identity import current_actor, reload_actor
from forum.blueprints.lazy_rules import LazyRule
from forum.blueprints.wording import country_name
from forum.database import writing
from forum.domain.accounts import SubmissionKey
from forum.domain.base import table_of
from forum.errors import Conflict, ForumError, Invalid, NotAllowed
from forum.extensions import clock, db
from forum.policy import Action, Actor, can
from forum.policy.routes import ENTRIES, WITHOUT_SECOND_FACTOR, Entry
from forum.services.login_sessions import touch_session

P = ParamSpec("P")
R = TypeVar("R")
Answer = TypeVar("Answer", bound=Response)

MAX_DIGITS = 9
"""Digits of a number in an address: any database holds it, and nothing of ours is numbered higher."""

_ENTRY_ACTIONS = {
    Entry.MODERATORS: Action.SEE_MODERATION,
    Entry.SECRETARIAT: Action.SEE_SECRETARIAT_DESK,
    Entry.PEOPLE_MANAGERS: Action.MANAGE_PEOPLE,
    Entry.ADMINISTRATORS: Action.ADMINISTER,
}


def now() -> datetime:
    """Give the present time by the application's clock."""
    return clock()()


def in_sandbox(response: Answer) -> Answer:
    """Give a file's answer headers under which a browser that shows it all the same runs nothing of it."""
    response.headers["Content-Security-Policy"] = (
        "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return response


def received_at() -> datetime:
    """Give when this request arrived, before it waited for any lock: by this an answer is in time."""
    at: datetime = g.received_at
    return at


def _note_arrival() -> None:
    g.received_at = arrival_of(request.environ, now(), has_proxy=bool(current_app.config["TRUSTED_PROXIES"]))


LONGEST_QUEUE = timedelta(seconds=120)
"""The longest that a request can have waited between the proxy and this process to be believed."""


def arrival_of(environ: Mapping[str, Any], here: datetime, *, has_proxy: bool) -> datetime:
    """Give when a request arrived: as our proxy noted it in X-Request-Start (t=seconds), else as we begin.

    Under load requests queue between the two. The header counts only behind a proxy of ours, which
    overwrites whatever a client sent, and never for a time that is yet to come.
    """
    found = re.fullmatch(r"t=([0-9]{10,11})(\.[0-9]{1,6})?", environ.get("HTTP_X_REQUEST_START", ""))
    if not has_proxy or found is None:
        return here
    at = datetime.fromtimestamp(float(found[1] + (found[2] or "")), UTC)
    return at if timedelta(0) <= here - at <= LONGEST_QUEUE else here


def transactional(service: Callable[Concatenate[Session, Actor, P], R]) -> Callable[P, R]:
    """Wrap the writing half of a view: f(session, actor, …) in one short write transaction.

    Validate and render before calling it. The read transaction is ended, the lock taken, and the
    actor loaded again, so that what is decided inside is decided on what is true inside.
    """

    @functools.wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with writing(db.session()) as session:
            return service(session, reload_actor(), *args, **kwargs)

    return run


def whole_number(text: str | None) -> int | None:
    """Give a whole number that somebody sent; None where it is none, or longer than any of ours."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def number_argument(name: str) -> int | None:
    """Give a whole number of the address; None where it is none, or longer than any of ours."""
    return whole_number(request.args.get(name))


def page_argument() -> int:
    """Give the page asked for, from 1; a number longer than any of ours is a page behind the last."""
    text = request.args.get("page", "")
    return max(1, int(text[:MAX_DIGITS])) if text.isascii() and text.isdigit() else 1


class Number(IntegerConverter):
    """Whole numbers in paths, as long as ours get: a longer one is an address of nothing."""

    regex = rf"\d{{1,{MAX_DIGITS}}}"


def new_submission_key() -> str:
    """Give the one-use key of a form."""
    return secrets.token_urlsafe(24)


@functools.cache
def _field_messages(locale: str) -> Any:
    """Give a form's own messages in a language; Flask-WTF would read the file again at every request."""
    return PlainWords(wtforms.i18n.get_translations([locale]))


def error_words(error: ForumError) -> str:
    """Give what an error says, in the language of the page; a country by its name."""
    parameters = dict(error.parameters)
    if "country" in parameters:
        parameters["country"] = country_name(str(parameters["country"]))
    return gettext(error.message, **parameters)


class Form(FlaskForm):
    """The base of all forms: CSRF, and a one-use key so that a second press makes nothing twice."""

    class Meta(FlaskForm.Meta):
        """Flask-WTF's choices, with the messages kept in memory."""

        def get_translations(self, _form: BaseForm) -> Any:
            """Give WTForms' own messages in the language of the page."""
            return _field_messages(str(get_locale() or "en"))

        def render_field(self, field: Field, render_kw: dict[str, Any]) -> Any:
            """Give the HTML of a field: without an id where it is hidden, since every form has some."""
            if isinstance(field.widget, HiddenInput):
                render_kw = render_kw | {"id": False}
            return super().render_field(field, render_kw)

    submission = HiddenField(default=new_submission_key)

    def add_error(self, error: Invalid) -> None:
        """Show a service's complaint at its field, or above the form."""
        message = error_words(error)
        field = getattr(self, error.field, None) if error.field else None
        if field is not None:
            field.errors = [*field.errors, message]
        else:
            self.form_errors.append(message)


def serve_form(
    form: Form, show: Callable[[], str], save: Callable[[], str]
) -> str | Response | tuple[str, int]:
    """Show a form; or do what it sends and lead on, or show with what was typed what is wrong (422).

    `save` gives the address that comes next.
    """
    if request.method == "GET":
        return show()
    try:
        if form.validate():
            return redirect(save(), 303)
    except Invalid as error:
        form.add_error(error)
    return show(), 422


class BoxesField(SelectMultipleField):
    """Several of a few, as boxes to tick; form_field() makes a group with a legend of it."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def submitted_before(session: Session, form: Form) -> str | None:
    """Give where the first press of this form's button led, or None if this is the first.

    Whoever goes back, writes something else and sends it means it: that is a first press again.
    """
    found = _find_press(session, form.submission.data or "")
    if found is None or found.digest == _digest():
        return found.location if found else None
    form.submission.data = new_submission_key()
    return None


def _find_press(session: Session, key: str) -> Any:
    return session.execute(_SUBMITTED, {"key": key[:64]}).first()


_SUBMITTED = sa.select(SubmissionKey.location, SubmissionKey.digest).where(
    SubmissionKey.key == sa.bindparam("key")
)


def _digest() -> str:
    """Give the hash of what this request sends, without the parts that are not its content."""
    sent = sorted(pair for pair in request.form.items(multi=True) if pair[0] not in _NO_CONTENT)
    files = sorted((name, file.filename or "") for name, file in request.files.items(multi=True))
    return hashlib.sha256(repr((sent, files)).encode()).hexdigest()


_NO_CONTENT = frozenset({"csrf_token", "submission"})


class SentBefore(Conflict):
    """This press of a button has been taken already: nothing of the second one is kept."""


def remember_submission(session: Session, actor: Actor, form: Form, location: str) -> str:
    """Remember where this press leads; call inside the write transaction. Gives the location.

    Raises SentBefore where a press of the same key came first, be it at the same moment.
    """
    if form.submission.data:
        pressed = {
            "key": form.submission.data[:64],
            "account_id": actor.account_id,
            "created_at": now(),
            "location": location,
            "digest": _digest(),
        }
        try:
            session.execute(_PRESSED, pressed)
        except IntegrityError as error:
            raise SentBefore("This has been sent already. Load the page anew to see it.") from error
    return location


_PRESSED = sa.insert(table_of(SubmissionKey))


def find_first_press(session: Session) -> str | None:
    """Give where the first press led of the form that this request sends again; None for other words."""
    key = request.form.get("submission", "")
    found = _find_press(session, key) if key else None
    return found.location if found is not None and found.digest == _digest() else None


def _gate() -> Response | str | tuple[str, int] | None:
    """Refuse a route without a policy entry, and people whom its entry does not let in."""
    from forum.blueprints import accounts, carrying

    endpoint = request.endpoint
    if endpoint is None:
        return None
    entry = ENTRIES.get(endpoint)
    if entry is None:
        current_app.logger.error("route without a policy entry: %s", endpoint)
        abort(403)
    if (onward := _to_second_factor(endpoint, entry)) is not None:
        return onward
    if entry in {Entry.ANYONE, Entry.MACHINE, Entry.TOKEN}:
        # Also where others only read, and whether or not there is such a page: what was typed comes along.
        if request.method == "POST" and (carried := carrying.carry()) and not current_actor().is_signed_in:
            return accounts.ask_to_sign_in(carried)
        return None
    actor = current_actor()
    if not actor.is_signed_in:
        if (carried := carrying.carry()) != "":
            return accounts.ask_to_sign_in(carried)
        flash(gettext("Sign in first: that page is for people with an account."), "info")
        target = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("accounts.sign_in", next=target))
    action = _ENTRY_ACTIONS.get(entry)
    if action is not None and not can(actor, action):
        raise NotAllowed("This page is for people with another role.")
    return None


def _to_second_factor(endpoint: str, entry: Entry) -> Response | None:
    """Lead somebody whose rights ask for a second factor to set one up, before anything else."""
    if entry in {Entry.MACHINE, Entry.TOKEN} or endpoint in WITHOUT_SECOND_FACTOR:
        return None
    if not current_actor().lacks_second_factor:
        return None
    from forum.blueprints.carrying import carry  # both build on this module
    from forum.blueprints.factors import show_factors

    if carried := carry():
        return make_response(show_factors(carried), 403)
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("accounts.factors", next=target), 303)


def _touch_session(response: Response) -> Response:
    """Record activity once a minute; the only write that a GET may cause beside the read marker."""
    id_hash = g.pop("session_to_touch", None)
    if id_hash is not None and response.status_code < 500:
        with writing(db.session()) as session:
            touch_session(session, id_hash, now=now())
    return response


def init_app(app: Flask) -> None:
    """Install the gate, the session touch, and what rules and numbers in paths are (before any route)."""
    app.url_map.converters["int"] = Number
    app.url_rule_class = LazyRule
    # First of all, before identity is looked up: by this answers are in time.
    app.before_request_funcs.setdefault(None, []).insert(0, _note_arrival)
    app.before_request(_gate)
    app.after_request(_touch_session)
