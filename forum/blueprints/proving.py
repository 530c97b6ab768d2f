"""Proving oneself again before a grave act: asked once in a while, and nothing of what was typed is lost."""

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import current_app, redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from flask_login import current_user
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.orm import Session
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import Length

from forum.blueprints import limiting
from forum.blueprints.accounts import View, blueprint, own_path, rotate
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.second_factor import ask_passkey, passkey_site
from forum.blueprints.support import Form, error_words, now, transactional
from forum.domain.passwords import MAX_LENGTH
from forum.errors import Invalid, TooSoon
from forum.extensions import db, passwords
from forum.policy import Actor
from forum.services.accounts import own_account
from forum.services.passkeys import take_proof
from forum.services.second_factors import WRONG, get_factors, use_code

MAX_AGE = 3600
"""Seconds for which a form waits for its person to prove themselves."""
_SECRETS = ("password", "repeated", "old", "code", "csrf_token")


class ProofForm(Form):
    """A password, a code or a passkey, once more."""

    password = PasswordField(lazy_gettext("Your password"), [Length(max=MAX_LENGTH)])
    code = StringField(lazy_gettext("Code of your app"), [Length(max=20)])
    state = HiddenField()
    answer = HiddenField()
    next = HiddenField()
    carried = HiddenField()


def has_proven_recently() -> bool:
    """Whether this session's person has shown who they are within the last minutes."""
    login = current_user.login
    span = timedelta(minutes=current_app.config["PROOF_MINUTES"])
    return login is None or now() - login.proven_at <= span


def grave(act: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a view of a grave act: whoever has not proved themselves lately is asked first.

    `act` says in words what is about to be done. A form comes along and is sent on afterwards, but for the
    passwords in it.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def run(*args: Any, **kwargs: Any) -> Any:
            if not current_actor().is_signed_in or has_proven_recently():
                return view(*args, **kwargs)
            return _ask(str(act))

        return run

    return decorate


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="grave")


def _is_secret(name: str) -> bool:
    return name.rpartition("-")[2] in _SECRETS


def _ask(act: str) -> View:
    if request.method == "GET":
        return redirect(url_for("accounts.prove", next=request.full_path.rstrip("?")), 303)
    fields = [(name, value) for name, value in request.form.items(multi=True) if not _is_secret(name)]
    form = ProofForm(formdata=None)
    whose = current_actor().public_id
    form.carried.data = str(_serializer().dumps([whose, act, request.full_path.rstrip("?"), fields]))
    return _page(form), 403


def _page(form: ProofForm) -> str:
    account = own_account(db.session(), current_actor())
    factors = get_factors(db.session(), account.id)
    return render_template(
        "accounts/prove.html",
        form=form,
        has_password=account.password_hash is not None,
        has_codes=factors.has_codes,
        question=ask_passkey(account.id) if factors.passkeys else None,
    )


@blueprint.route("/prove", methods=["GET", "POST"])
def prove() -> View:
    """Ask for password, code or passkey again, and go on where the person was."""
    form = ProofForm()
    if not form.is_submitted():
        form.next.data = own_path(request.args.get("next")) or ""
    elif form.validate():
        try:
            _check(form)
        except TooSoon as error:
            form.form_errors.append(error_words(error))
            return _page(form), error.status_code, {"Retry-After": str(error.seconds)}
        except Invalid as error:
            form.add_error(error)
        else:
            return _go_on(form)
    return _page(form), 422 if form.is_submitted() else 200


def _go_on(form: ProofForm) -> View:
    if form.carried.data:
        try:
            whose, act, path, fields = _serializer().loads(form.carried.data, max_age=MAX_AGE)
        except BadData:
            whose = ""
        if whose == current_actor().public_id:
            return render_template("accounts/proven.html", act=act, path=path, fields=fields)
    return redirect(own_path(form.next.data) or url_for("accounts.settings"), 303)


def _check(form: ProofForm) -> None:
    """Raise Invalid unless what was sent proves the person; the session then goes on under a new id."""
    account = current_user.account
    key = f"proof:{account.id}"
    stored = account.password_hash
    if not form.answer.data:
        limiting.claim(key)
    if form.password.data and not form.answer.data:
        db.session.rollback()
        if not passwords().verify(stored, form.password.data):
            raise Invalid("That is not your password.", field="password")
    _finish(
        key,
        stored if form.password.data else None,
        form.code.data or "",
        form.state.data or "",
        form.answer.data or "",
    )


@transactional
def _finish(
    database: Session,
    actor: Actor,
    key: str,
    stored: str | None,
    code: str,
    state: str,
    answer: str,
) -> None:
    account = own_account(database, actor)
    if answer:
        take_proof(database, passkey_site(), account.id, state=state, answer=answer, now=now())
    elif stored is not None:
        if account.password_hash != stored:
            raise Invalid("That is not your password.", field="password")
    elif not use_code(database, account.id, code, sealing_secret=sealing_secret(), now=now()):
        raise Invalid(WRONG, field="code")
    limiting.release(database, key)
    rotate(database, account, has_shown=True if answer else None, is_proven=True)
