"""Signing in and out."""

import re
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user, login_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from forum.blueprints import limiting
from forum.blueprints.carrying import open_carried, show_carried
from forum.blueprints.identity import SignedIn, current_actor
from forum.blueprints.support import Form, error_words, now, transactional
from forum.domain.accounts import Account, LoginSession
from forum.domain.browsers import describe_browser
from forum.domain.email import fold_email
from forum.domain.passwords import MAX_LENGTH
from forum.errors import Invalid, TooSoon
from forum.extensions import db, passwords
from forum.policy import Actor
from forum.services import login_sessions
from forum.services import sign_in as services
from forum.services.second_factors import has_factor

blueprint = Blueprint("accounts", __name__, url_prefix="/accounts")

MAX_REQUEST = 8 * 1024 * 1024
"""A paper of 1 MB with its fields, signed and form-encoded."""

View = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]


class SignInForm(Form):
    """Address and password."""

    email = StringField(lazy_gettext("E-mail address"), [InputRequired(), Length(max=254)])
    password = PasswordField(lazy_gettext("Password"), [InputRequired(), Length(max=MAX_LENGTH)])
    next = HiddenField()
    carried = HiddenField()


def own_path(target: str | None) -> str | None:
    """Give a path on this site to go on to, or None for anything that could lead elsewhere."""
    if not target or len(target) > 2000 or re.search(r"[\\\x00-\x20\x7f]", target):
        return None
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not target.startswith("/") or target.startswith("//"):
        return None
    return None if parts.path.startswith("/accounts/sign-") else target


def enter(database: Session, account: Account, *, has_shown: bool = False) -> bool:
    """Begin a session for somebody who has just proved who they are: a new id, nothing of the old one.

    `has_shown`: a second factor too. Gives False where one is awaited first. Call it inside the write
    transaction.
    """
    leave(database)
    is_pending = not has_shown and has_factor(database, account.id)
    token = login_sessions.start_session(
        database,
        account,
        now=now(),
        hours=current_app.config["SESSION_HOURS"],
        browser=describe_browser(request.headers.get("User-Agent", "")),
        has_second_factor=has_shown,
        is_pending=is_pending,
    )
    if is_pending:
        session[AWAITING] = token
    else:
        login_user(SignedIn(token, None, account))
        g.has_shown_second_factor = has_shown
    return not is_pending


def rotate(
    database: Session, account: Account, *, has_shown: bool | None = None, is_proven: bool = False
) -> None:
    """Let this session of the account go on under a new id: after a change of rights or of what proves it.

    It ends when it would have ended, and has shown what it had, unless `has_shown` says otherwise;
    `is_proven`: the person has just proved again who they are. Call it inside the write transaction.
    """
    login = current_user.login
    shown = bool(g.get("has_shown_second_factor")) if has_shown is None else has_shown
    leave(database)
    token = login_sessions.start_session(
        database,
        account,
        now=now(),
        hours=current_app.config["SESSION_HOURS"],
        browser=describe_browser(request.headers.get("User-Agent", "")),
        has_second_factor=shown,
        goes_on=login,
        is_proven=is_proven,
    )
    login_user(SignedIn(token, None, account))
    g.has_shown_second_factor = shown


AWAITING = "awaiting"
"""Where the cookie keeps a session that awaits a second factor."""


def _is_signed_in() -> bool:
    return "_user_id" in session and current_user.is_authenticated


def awaiting(database: Session) -> tuple[LoginSession, Account] | None:
    """Give the session that awaits a second factor, and whose; None where there is none."""
    token = session.get(AWAITING)
    if not isinstance(token, str):
        return None
    idle = current_app.config["SESSION_IDLE_MINUTES"]
    return login_sessions.find_session(database, token, now=now(), idle_minutes=idle, is_pending=True)


def leave(database: Session) -> None:
    """End the session of this request, on the server and in the cookie.

    Call it inside the write transaction.
    """
    if _is_signed_in():
        login_sessions.revoke_session(
            database, current_user.account.id, current_user.login_public_id, now=now()
        )
    if (pending := awaiting(database)) is not None:
        login_sessions.revoke_session(database, pending[1].id, pending[0].public_id, now=now())
    session.clear()
    g.pop("has_shown_second_factor", None)
    g.pop("csrf_token", None)  # it was of the session that has just ended


_CARRYING = frozenset(
    f"accounts.{name}" for name in ("sign_in", "prove", "begin_codes", "codes", "new_passkey")
)
"""Steps through which a text comes along: signing in, proving oneself, setting up a second factor."""


@blueprint.url_value_preprocessor
def _allow_what_is_carried(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let a long text come along through signing in."""
    if endpoint in _CARRYING:
        request.max_content_length = request.max_form_memory_size = MAX_REQUEST


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> View:
    """Ask for address and password, and open a session."""
    form = SignInForm()
    if request.method == "GET":
        onward = own_path(request.args.get("next"))
        if current_actor().is_signed_in:
            return redirect(onward or url_for("home.index"), 303)
        form.next.data = onward or ""
    elif form.validate():
        try:
            is_in = _sign_in(form)
        except TooSoon as error:
            form.form_errors.append(error_words(error))
            return _page(form), error.status_code, {"Retry-After": str(error.seconds)}
        except Invalid as error:
            form.add_error(error)
        else:
            return go_on(form.next.data, form.carried.data) if is_in else _to_second_factor(form)
    return _page(form), 422 if form.is_submitted() else 200


def _page(form: SignInForm) -> str:
    from forum.blueprints.second_factor import ask_passkey  # it builds on this module

    return render_template("accounts/sign_in.html", form=form, question=ask_passkey(None))


def go_on(target: str | None, carried_text: str | None) -> View:
    """Go where somebody wanted who is signed in now; what they had typed is shown first."""
    carried = open_carried(carried_text or "")
    if carried is not None:
        return show_carried(carried)
    return redirect(own_path(target) or url_for("home.index"), 303)


def _to_second_factor(form: SignInForm) -> View:
    """Go to the page that asks for the second factor; what was typed comes along."""
    from forum.blueprints.second_factor import ask_for_second_factor

    if form.carried.data:
        return ask_for_second_factor(form.carried.data)
    return redirect(url_for("accounts.second_factor", next=own_path(form.next.data)), 303)


def ask_to_sign_in(carried: str) -> tuple[str, int]:
    """Ask somebody whose session has ended to sign in; what they typed comes along."""
    form = SignInForm(formdata=None)
    form.carried.data = carried
    form.form_errors.append(
        gettext("Your session has ended, and nothing was saved. Sign in: what you typed comes along.")
    )
    return _page(form), 401


def _sign_in(form: SignInForm) -> bool:
    """Raise Invalid with one sentence for every reason, after the same work for each."""
    email = fold_email(form.email.data)
    limiting.claim(email)
    found = services.find_password(db.session(), email)
    db.session.rollback()  # hashing takes a quarter of a second: no transaction waits for it
    is_right = passwords().verify(found[1] if found else None, form.password.data)
    if found is None or not is_right:
        raise Invalid("Address and password do not belong together.")
    stored = passwords().hash(form.password.data) if passwords().needs_rehash(found[1]) else found[1]
    return _finish(found, stored, email)


@transactional
def _finish(database: Session, _actor: Actor, found: tuple[int, str], stored: str, email: str) -> bool:
    account = services.get_active_account(database, found[0])
    if account is None or account.password_hash != found[1]:
        raise Invalid("Address and password do not belong together.")
    account.password_hash = stored
    limiting.release(database, email)
    return enter(database, account)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session."""
    _leave()
    flash(gettext("You are signed out."), "success")
    answer = redirect(url_for("home.index"), 303)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@transactional
def _leave(database: Session, _actor: Actor) -> None:
    leave(database)
