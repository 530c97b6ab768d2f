"""A forgotten password and a new address: asked for on a page, done by a mailed link."""

from flask import current_app, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from forum.blueprints.accounts import View, blueprint, enter, rotate
from forum.blueprints.identity import current_actor
from forum.blueprints.invitations import NewPasswordForm, secret_key
from forum.blueprints.support import Form, error_words, now, transactional
from forum.domain.account_links import LinkPurpose
from forum.domain.email import parse_email
from forum.domain.passwords import check_password
from forum.errors import Conflict, Invalid, NotAllowed
from forum.extensions import db, passwords
from forum.policy import Actor
from forum.services import account_links as services


class ForgottenForm(Form):
    """Whose password is forgotten."""

    email = StringField(
        lazy_gettext("E-mail address"),
        [InputRequired(lazy_gettext("Write your e-mail address.")), Length(max=254)],
    )


class ConfirmForm(Form):
    """Nothing but the button."""


def _over(error: Conflict) -> View:
    return render_template("accounts/link_over.html", sentence=error_words(error)), 410


@blueprint.route("/forgotten", methods=["GET", "POST"])
def forgotten() -> View:
    """Have a link for a new password mailed; the answer is the same whether there is an account or not."""
    form = ForgottenForm()
    if form.validate_on_submit():
        try:
            _ask_for_password(parse_email(form.email.data))
        except Invalid as error:
            form.add_error(error)
        else:
            return render_template("accounts/link_sent.html")
    return render_template("accounts/forgotten.html", form=form), 422 if form.is_submitted() else 200


@transactional
def _ask_for_password(database: Session, _actor: Actor, email: str) -> None:
    services.ask_for_password(database, email, secret=secret_key(), now=now())


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
def reset_password(token: str) -> View:
    """Set a new password with a mailed link."""
    try:
        _, account = services.find_link(
            db.session(), token, LinkPurpose.PASSWORD, secret=secret_key(), now=now()
        )
    except Conflict as error:
        return _over(error)
    form = NewPasswordForm()
    if form.validate_on_submit():
        try:
            known = (account.email or "", account.name, current_app.config["SITE_NAME"])
            check_password(form.password.data, known=known)
            db.session.rollback()
            is_in = _reset(token, passwords().hash(form.password.data))
        except Invalid as error:
            form.add_error(error)
        else:
            flash(gettext("Your password is changed, and every session has ended."), "success")
            return redirect(url_for("home.index" if is_in else "accounts.second_factor"), 303)
    page = render_template("accounts/reset_password.html", form=form, account=account)
    return page, 422 if form.is_submitted() else 200


@transactional
def _reset(database: Session, _actor: Actor, token: str, password_hash: str) -> bool:
    account = services.reset_password(database, token, password_hash, secret=secret_key(), now=now())
    return enter(database, account)


@blueprint.route("/address/<token>", methods=["GET", "POST"])
def confirm_address(token: str) -> View:
    """Put a new address in force."""
    try:
        link, account = services.find_link(
            db.session(), token, LinkPurpose.EMAIL, secret=secret_key(), now=now()
        )
    except Conflict as error:
        return _over(error)
    if account.id != current_actor().account_id:
        raise NotAllowed("This link is for another account than the one you are signed in with.")
    form = ConfirmForm()
    if form.validate_on_submit():
        _confirm_address(token)
        flash(gettext("This is your address now. The old one is told."), "success")
        return redirect(url_for("accounts.settings"), 303)
    return render_template("accounts/confirm_address.html", form=form, email=link.email, old=account.email)


@transactional
def _confirm_address(database: Session, actor: Actor, token: str) -> None:
    account = services.confirm_address(database, actor, token, secret=secret_key(), now=now())
    rotate(database, account)


@blueprint.route("/address/undo/<token>", methods=["GET", "POST"])
def undo_address(token: str) -> View:
    """Take a change of address back, from the old address."""
    try:
        link, _ = services.find_link(
            db.session(), token, LinkPurpose.EMAIL_UNDO, secret=secret_key(), now=now()
        )
    except Conflict as error:
        return _over(error)
    form = ConfirmForm()
    if form.validate_on_submit():
        _undo_address(token)
        return render_template("accounts/link_sent.html", is_undone=True)
    return render_template("accounts/undo_address.html", form=form, email=link.email)


@transactional
def _undo_address(database: Session, _actor: Actor, token: str) -> None:
    services.undo_address(database, token, secret=secret_key(), now=now())
