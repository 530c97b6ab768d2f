"""Coming in: accepting an invitation, asking for an account."""

from flask import current_app, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from wtforms import PasswordField, StringField, TextAreaField
from wtforms.validators import EqualTo, InputRequired, Length

from forum.blueprints.accounts import View, blueprint, enter, rotate
from forum.blueprints.identity import current_actor
from forum.blueprints.support import Form, now, remember_submission, submitted_before, transactional
from forum.domain.email import parse_email
from forum.domain.passwords import MAX_LENGTH, check_password
from forum.errors import Conflict, Invalid, NotAllowed
from forum.extensions import db, passwords
from forum.policy import Actor
from forum.services.access_requests import ask_for_account
from forum.services.accounts import checked_name
from forum.services.invitations import Offer, Step, get_offer
from forum.services.invitations import accept_invitation as accept


class NewPasswordForm(Form):
    """A password, twice, because it cannot be seen."""

    password = PasswordField(
        lazy_gettext("New password"),
        [InputRequired(lazy_gettext("Choose a password.")), Length(max=MAX_LENGTH)],
    )
    repeated = PasswordField(
        lazy_gettext("The same again"),
        [
            InputRequired(lazy_gettext("Write the password a second time.")),
            EqualTo("password", lazy_gettext("The two are not the same.")),
        ],
    )


class JoinForm(NewPasswordForm):
    """Name and password of somebody who comes in."""

    name = StringField(
        lazy_gettext("Your name"), [InputRequired(lazy_gettext("Write your name.")), Length(max=120)]
    )


class AskForm(Form):
    """Who asks for an account, and why."""

    email = StringField(
        lazy_gettext("E-mail address"),
        [InputRequired(lazy_gettext("Write your e-mail address.")), Length(max=254)],
    )
    name = StringField(
        lazy_gettext("Your name"), [InputRequired(lazy_gettext("Write your name.")), Length(max=120)]
    )
    organisation = StringField(lazy_gettext("Organisation"), [Length(max=200)])
    message = TextAreaField(
        lazy_gettext("What you would like to take part in"),
        [InputRequired(lazy_gettext("Write a sentence or two.")), Length(max=2000)],
    )


def secret_key() -> bytes:
    """Give the key that signs links."""
    return str(current_app.config["SECRET_KEY"]).encode()


@blueprint.route("/invitations/<token>", methods=["GET", "POST"])
def accept_invitation(token: str) -> View:
    """Show who invites to what; on POST take it. Looking consumes nothing."""
    try:
        offer = get_offer(db.session(), token, secret=secret_key(), now=now())
    except Conflict as error:
        return render_template("accounts/invitation_over.html", error=error), 410
    step = offer.step_for(current_actor())
    form = {Step.JOIN: JoinForm, Step.PASSWORD: NewPasswordForm}.get(step, Form)()
    if not form.is_submitted():
        if step is Step.JOIN:
            form.name.data = offer.invitation.name or (offer.account.name if offer.account else "")
        return _page(offer, step, form, 200)
    if step in {Step.LEAVE, Step.SIGN_IN}:
        raise NotAllowed("This invitation is for another address than the one you are signed in with.")
    if form.validate():
        try:
            is_in = _accept(token, *_typed(offer, step, form))
        except Invalid as error:
            form.add_error(error)
        else:
            if not is_in:
                return redirect(url_for("accounts.second_factor", next=_goal(offer)), 303)
            flash(gettext("Welcome. You can find everything about you under Settings."), "success")
            return redirect(_goal(offer), 303)
    return _page(offer, step, form, 422)


def _page(offer: Offer, step: Step, form: Form, status: int) -> tuple[str, int]:
    db.session.rollback()  # what an attempt has loaded is not true any more
    return render_template("accounts/invitation.html", offer=offer, step=step.value, form=form), status


def _typed(offer: Offer, step: Step, form: Form) -> tuple[str, str | None]:
    """Give name and password hash as typed, checked; hashing needs no transaction."""
    if step is Step.CONFIRM:
        return "", None
    name = checked_name(form.name.data) if step is Step.JOIN else ""
    known = (offer.invitation.email, name or (offer.account.name if offer.account else ""))
    check_password(form.password.data, known=(*known, current_app.config["SITE_NAME"]))
    return name, passwords().hash(form.password.data)


def _goal(offer: Offer) -> str:
    if offer.group is not None:
        return url_for("groups.overview", slug=offer.group.slug)
    return url_for("home.index")


@transactional
def _accept(database: Session, actor: Actor, token: str, name: str, password_hash: str | None) -> bool:
    account = accept(
        database,
        actor,
        token,
        secret=secret_key(),
        now=now(),
        name=name,
        password_hash=password_hash,
    )
    if actor.account_id == account.id and password_hash is None:
        rotate(database, account)  # rights have changed
        return True
    return enter(database, account)


@blueprint.route("/request", methods=["GET", "POST"])
def request_account() -> View:
    """Let anybody ask for an account; the answer is the same whether the address is known or not."""
    form = AskForm()
    if form.validate_on_submit():
        try:
            email, name = parse_email(form.email.data), checked_name(form.name.data)
        except Invalid as error:
            form.add_error(error)
        else:
            target = _ask(form, email, name)
            flash(
                gettext(
                    "Your request is in. The people who manage accounts read it, and answer to the address."
                ),
                "success",
            )
            return redirect(target, 303)
    return render_template("accounts/request.html", form=form), 422 if form.is_submitted() else 200


@transactional
def _ask(database: Session, actor: Actor, form: AskForm, email: str, name: str) -> str:
    before = submitted_before(database, form)
    if before is not None:
        return before
    ask_for_account(
        database,
        email=email,
        name=name,
        organisation_name=" ".join((form.organisation.data or "").split()),
        message=form.message.data.strip(),
        now=now(),
    )
    return remember_submission(database, actor, form, url_for("home.index"))
