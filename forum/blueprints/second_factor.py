"""The second factor at the sign-in: asked after the password; or a passkey alone."""

import ipaddress
from urllib.parse import urlsplit

from flask import current_app, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from wtforms import HiddenField, StringField
from wtforms.validators import Length

from forum.blueprints import limiting
from forum.blueprints.accounts import View, awaiting, blueprint, enter, go_on, own_path
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.support import Form, error_words, now, transactional
from forum.domain.accounts import Account
from forum.errors import Invalid, TooSoon
from forum.extensions import db
from forum.policy import Actor
from forum.services.passkeys import Question, Site, ask_for_proof, take_proof
from forum.services.second_factors import WRONG, get_factors, use_code, use_recovery_code
from forum.services.security_mail import Happened, enqueue_security_mail


class SecondFactorForm(Form):
    """A code of the app or of the list, or what a passkey answers."""

    code = StringField(lazy_gettext("Code"), [Length(max=40)])
    state = HiddenField()
    answer = HiddenField()
    next = HiddenField()
    carried = HiddenField()


def passkey_site() -> Site:
    """Give the site for which passkeys are: by the configured address, never by a request's Host."""
    settings = current_app.config
    parts = urlsplit(settings["BASE_URL"])
    origin = f"{parts.scheme}://{parts.netloc}"
    return Site(parts.hostname or "", origin, settings["SITE_NAME"], str(settings["SECRET_KEY"]).encode())


def has_passkeys() -> bool:
    """Whether browsers let passkeys be used here: over TLS or on this machine, and under a name."""
    parts = urlsplit(current_app.config["BASE_URL"])
    try:
        ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return parts.scheme == "https" or parts.hostname == "localhost"
    return False


def ask_passkey(account_id: int | None) -> Question | None:
    """Give the question for a passkey; None where there can be none."""
    return ask_for_proof(db.session(), passkey_site(), account_id, now=now()) if has_passkeys() else None


def ask_for_second_factor(carried: str) -> str:
    """Show the page that asks, right after the password, with what was typed before."""
    form = SecondFactorForm(formdata=None)
    form.carried.data = carried
    return _page(form)


def _page(form: SecondFactorForm) -> str:
    pending = awaiting(db.session())
    assert pending is not None
    factors = get_factors(db.session(), pending[1].id)
    question = ask_passkey(pending[1].id) if factors.passkeys else None
    return render_template("accounts/second_factor.html", form=form, factors=factors, question=question)


@blueprint.route("/sign-in/second-factor", methods=["GET", "POST"])
def second_factor() -> View:
    """Ask for the second factor of somebody whose password was right."""
    form = SecondFactorForm()
    pending = awaiting(db.session())
    if pending is None:
        # The ten minutes are over, or it is done: what was typed goes back to the first step.
        if current_actor().is_signed_in:
            return go_on(form.next.data or request.args.get("next"), form.carried.data)
        return _begin_again(form)
    if not form.is_submitted():
        form.next.data = own_path(request.args.get("next")) or ""
    elif form.validate():
        try:
            _check(form, pending[1].id)
        except TooSoon as error:
            form.form_errors.append(error_words(error))
            return _page(form), error.status_code, {"Retry-After": str(error.seconds)}
        except Invalid as error:
            form.add_error(error)
        else:
            return go_on(form.next.data, form.carried.data)
    return _page(form), 422 if form.is_submitted() else 200


def _begin_again(form: SecondFactorForm) -> View:
    from forum.blueprints.accounts import ask_to_sign_in

    if form.carried.data:
        return ask_to_sign_in(form.carried.data)
    return redirect(
        url_for("accounts.sign_in", next=own_path(form.next.data or request.args.get("next"))), 303
    )


def _check(form: SecondFactorForm, account_id: int) -> None:
    """Raise Invalid unless what was sent is a second factor; then the session is whole."""
    answer, code = form.answer.data or "", form.code.data or ""
    if not answer:
        failures = limiting.claim(f"factor:{account_id}")
        if failures == TOLD_AFTER + 1:
            _tell(account_id)
    _finish(code, form.state.data or "", answer)


TOLD_AFTER = 5
"""Wrong codes in a row after which the person is told that somebody knows their password."""


@transactional
def _tell(database: Session, _actor: Actor, account_id: int) -> None:
    account = database.get_one(Account, account_id)
    enqueue_security_mail(database, account, Happened.WRONG_CODES, now=now())


@transactional
def _finish(database: Session, _actor: Actor, code: str, state: str, answer: str) -> None:
    pending = awaiting(database)
    if pending is None:
        raise Invalid("That took too long. Try again.")
    account = pending[1]
    if answer:
        take_proof(database, passkey_site(), account.id, state=state, answer=answer, now=now())
    elif not (
        use_code(database, account.id, code, sealing_secret=sealing_secret(), now=now())
        or use_recovery_code(database, account, code, now=now())
    ):
        raise Invalid(WRONG, field="code")
    limiting.release(database, f"factor:{account.id}")
    enter(database, account, has_shown=True)


class PasskeyForm(Form):
    """What a passkey answers at the sign-in."""

    state = HiddenField()
    answer = HiddenField()
    next = HiddenField()
    carried = HiddenField()


@blueprint.post("/sign-in/passkey")
def sign_in_passkey() -> View:
    """Sign in with a passkey alone, where the device asked for a finger, a face or a number."""
    from forum.blueprints.accounts import SignInForm

    form = PasskeyForm()
    if form.validate():
        try:
            _enter_with_passkey(form.state.data or "", form.answer.data or "")
        except Invalid as error:
            form.form_errors.append(error_words(error))
        else:
            return go_on(form.next.data, form.carried.data)
    again = SignInForm(formdata=None)
    again.next.data, again.carried.data = own_path(form.next.data) or "", form.carried.data
    again.form_errors.extend(form.form_errors or [gettext("Try again.")])
    return render_template("accounts/sign_in.html", form=again, question=ask_passkey(None)), 422


@transactional
def _enter_with_passkey(database: Session, _actor: Actor, state: str, answer: str) -> None:
    account = take_proof(database, passkey_site(), None, state=state, answer=answer, now=now())
    enter(database, account, has_shown=True)
