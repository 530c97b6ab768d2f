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

from forum.blueprints.carrying import open_carried, show_carried
from forum.blueprints.identity import SignedIn, current_actor
from forum.blueprints.support import Form, now, transactional
from forum.domain.accounts import Account
from forum.domain.browsers import describe_browser
from forum.domain.email import fold_email
from forum.domain.passwords import MAX_LENGTH
from forum.errors import Invalid, TooSoon
from forum.extensions import db, passwords
from forum.policy import Actor
from forum.services import login_sessions
from forum.services import sign_in as services

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


def enter(database: Session, account: Account) -> None:
    """Begin a session for somebody who has just proved who they are: a new id, nothing of the old one.

    Call it inside the write transaction.
    """
    leave(database)
    settings = current_app.config
    token = login_sessions.start_session(
        database,
        account,
        now=now(),
        hours=settings["SESSION_HOURS"],
        browser=describe_browser(request.headers.get("User-Agent", "")),
    )
    login_user(SignedIn(token, "", account))


def leave(database: Session) -> None:
    """End the session of this request, on the server and in the cookie.

    Call it inside the write transaction.
    """
    if "_user_id" in session and current_user.is_authenticated:
        login_sessions.revoke_session(
            database, current_user.account.id, current_user.login_public_id, now=now()
        )
    session.clear()
    g.pop("csrf_token", None)  # it was of the session that has just ended


@blueprint.url_value_preprocessor
def _allow_what_is_carried(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let a long text come along through signing in."""
    if endpoint == "accounts.sign_in":
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
            _sign_in(form)
        except TooSoon as error:
            form.form_errors.append(gettext(error.message, **error.parameters))
            page = render_template("accounts/sign_in.html", form=form)
            return page, error.status_code, {"Retry-After": str(error.seconds)}
        except Invalid as error:
            form.add_error(error)
        else:
            carried = open_carried(form.carried.data or "")
            if carried is not None:
                return show_carried(carried)
            return redirect(own_path(form.next.data) or url_for("home.index"), 303)
    page = render_template("accounts/sign_in.html", form=form)
    return page, 422 if form.is_submitted() else 200


def ask_to_sign_in(carried: str) -> tuple[str, int]:
    """Ask somebody whose session has ended to sign in; what they typed comes along."""
    form = SignInForm(formdata=None)
    form.carried.data = carried
    form.form_errors.append(
        gettext("Your session has ended, and nothing was saved. Sign in: what you typed comes along.")
    )
    return render_template("accounts/sign_in.html", form=form), 401


def _sign_in(form: SignInForm) -> None:
    """Raise Invalid with one sentence for every reason, after the same work for each."""
    email, address = fold_email(form.email.data), request.remote_addr or ""
    _claim(email, address)
    found = services.find_password(db.session(), email)
    db.session.rollback()  # hashing takes a quarter of a second: no transaction waits for it
    is_right = passwords().verify(found[1] if found else None, form.password.data)
    if found is None or not is_right:
        raise Invalid("Address and password do not belong together.")
    stored = passwords().hash(form.password.data) if passwords().needs_rehash(found[1]) else found[1]
    _finish(found, stored, email, address)


@transactional
def _claim(database: Session, _actor: Actor, email: str, address: str) -> None:
    services.claim_attempt(
        database, email=email, address=address, now=now(), delay=current_app.config["SIGN_IN_DELAY"]
    )


@transactional
def _finish(
    database: Session, _actor: Actor, found: tuple[int, str], stored: str, email: str, address: str
) -> None:
    account = services.get_active_account(database, found[0])
    if account is None or account.password_hash != found[1]:
        raise Invalid("Address and password do not belong together.")
    account.password_hash = stored
    services.release_attempt(database, email=email, address=address)
    enter(database, account)


def confirm_password(password: str | None) -> None:
    """Ask a signed-in person for their password again, before a grave act; Invalid where it is not it.

    Delayed like a sign-in, so that somebody at an unlocked desk cannot guess.
    """
    account = current_user.account
    email, stored, address = account.email or "", account.password_hash, request.remote_addr or ""
    try:
        _claim(email, address)
    except TooSoon as error:
        raise Invalid(error.message, field="password", **error.parameters) from None
    db.session.rollback()
    if not passwords().verify(stored, password or ""):
        raise Invalid("That is not your password.", field="password")
    _release(email, address)


@transactional
def _release(database: Session, _actor: Actor, email: str, address: str) -> None:
    services.release_attempt(database, email=email, address=address)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session."""
    _leave()
    flash(gettext("You are signed out."), "success")
    return redirect(url_for("home.index"), 303)


@transactional
def _leave(database: Session, _actor: Actor) -> None:
    leave(database)
