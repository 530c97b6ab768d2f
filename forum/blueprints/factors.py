"""A person's second factors: codes of an app, passkeys, recovery codes."""

from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from forum.blueprints.accounts import View, blueprint, own_path, rotate
from forum.blueprints.carrying import open_carried, show_after_factor
from forum.blueprints.identity import current_actor, is_second_factor_waived, sealing_secret
from forum.blueprints.proving import grave
from forum.blueprints.second_factor import has_passkeys, passkey_site
from forum.blueprints.support import Form, now, remember_submission, submitted_before, transactional
from forum.domain.second_factors import MAX_NAME, setup_address
from forum.errors import Conflict, Invalid, NotFound
from forum.extensions import db
from forum.policy import Actor
from forum.services import second_factors as services
from forum.services.accounts import own_account
from forum.services.login_sessions import revoke_all_sessions
from forum.services.passkeys import add_key, ask_for_new_key, session_mark

NEXT = "after_factor"
"""Where the cookie keeps where somebody wanted to go who was led here."""


class CodeForm(Form):
    """The first code of an app."""

    code = StringField(
        lazy_gettext("The six digits that the app shows"),
        [InputRequired(lazy_gettext("Write the code that the app shows.")), Length(max=20)],
    )
    carried = HiddenField()


class NewPasskeyForm(Form):
    """A name, and what the browser answers."""

    name = StringField(
        lazy_gettext("Name of this passkey"),
        [InputRequired(lazy_gettext("Write a name by which you will know it again.")), Length(max=MAX_NAME)],
    )
    state = HiddenField()
    answer = HiddenField()
    carried = HiddenField()


class RemoveForm(Form):
    """Nothing but the button."""


@blueprint.get("/second-factor/")
def factors() -> str:
    """Show what is set up, what can be, and whether it must."""
    if (target := own_path(request.args.get("next"))) is not None:
        session[NEXT] = target
    return show_factors()


def show_factors(carried: str = "") -> str:
    """Render the page of second factors; what somebody was sending comes along, signed, in its forms."""
    actor = current_actor()
    return render_template(
        "accounts/factors.html",
        factors=services.get_factors(db.session(), own_account(db.session(), actor).id),
        is_needed=actor.needs_second_factor and not is_second_factor_waived(),
        lacks=actor.lacks_second_factor,
        may_have_passkeys=has_passkeys(),
        form=RemoveForm(formdata=None),
        carried=carried,
    )


@blueprint.post("/second-factor/codes/begin")
@grave(lazy_gettext("Set up codes of an app"))
def begin_codes() -> View:
    """Make a new secret for an app."""
    _begin_codes()
    if carried := request.form.get("carried"):
        return _codes_page(CodeForm(formdata=None, carried=carried)), 200
    return redirect(url_for("accounts.codes"), 303)


@transactional
def _begin_codes(database: Session, actor: Actor) -> None:
    services.begin_codes(database, own_account(database, actor), sealing_secret=sealing_secret())


@blueprint.route("/second-factor/codes", methods=["GET", "POST"])
@grave(lazy_gettext("Set up codes of an app"))
def codes() -> View:
    """Show the secret as a QR code and in letters; on POST put it in force if the first code is right."""
    form = CodeForm()
    if form.validate_on_submit():
        try:
            made = _confirm_codes(form.code.data)
        except Invalid as error:
            form.add_error(error)
        else:
            return _done(made, form.carried.data)
    return _codes_page(form), 422 if form.is_submitted() else 200


def _codes_page(form: CodeForm) -> str:
    account = own_account(db.session(), current_actor())
    secret = services.pending_secret(db.session(), account, sealing_secret=sealing_secret())
    address = setup_address(secret, email=account.email or account.handle, site_name=_site_name())
    return render_template(
        "accounts/codes.html",
        form=form,
        picture=_picture(address),
        letters=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    )


def _site_name() -> str:
    return str(current_app.config["SITE_NAME"])


def _picture(address: str) -> str:
    """Give a QR code as an address of an SVG picture."""
    import segno

    return str(segno.make(address, error="m").svg_data_uri(scale=5, border=4, light="#fff", dark="#000"))


@transactional
def _confirm_codes(database: Session, actor: Actor, code: str) -> list[str]:
    account = own_account(database, actor)
    services.confirm_codes(database, actor, account, code, sealing_secret=sealing_secret(), now=now())
    return _go_on_with_factor(database, actor)


def _go_on_with_factor(database: Session, actor: Actor) -> list[str]:
    """End every other session, let this one go on with the factor shown; give recovery codes if due."""
    account = own_account(database, actor)
    is_due = services.get_factors(database, account.id).recovery_left == 0
    made = services.make_recovery_codes(database, actor, account, now=now()) if is_due else []
    revoke_all_sessions(database, account.id, now=now())
    target = session.get(NEXT)
    rotate(database, account, has_shown=True)
    if target is not None:
        session[NEXT] = target
    return made


def _done(made: list[str], carried_text: str | None) -> View:
    """Show recovery codes, this once, or go on; with what somebody was sending when they were led here."""
    flash(gettext("Your second factor is set up. Every other session has ended."), "success")
    carried = open_carried(carried_text or "")
    if made:
        return render_template("accounts/recovery_codes.html", codes=made, onward=_onward(), carried=carried)
    if carried is not None:
        return show_after_factor(carried)
    return redirect(_onward(), 303)


def _onward() -> str:
    return own_path(session.pop(NEXT, None)) or url_for("accounts.factors")


@blueprint.post("/second-factor/codes/remove")
@grave(lazy_gettext("Take the codes of an app off"))
def remove_codes() -> Response:
    """Take one-time codes off."""
    _remove_codes()
    flash(gettext("Codes of an app are off."), "success")
    return redirect(url_for("accounts.factors"), 303)


@transactional
def _remove_codes(database: Session, actor: Actor) -> None:
    services.remove_codes(database, actor, own_account(database, actor), now=now())
    _rotate(database, actor)


def _rotate(database: Session, actor: Actor) -> None:
    """End every other session; this one goes on under a new id, with no more shown than it has."""
    account = own_account(database, actor)
    revoke_all_sessions(database, account.id, now=now())
    rotate(database, account, has_shown=None if services.has_factor(database, account.id) else False)


@blueprint.route("/second-factor/passkeys/new", methods=["GET", "POST"])
@grave(lazy_gettext("Add a passkey"))
def new_passkey() -> View:
    """Add a passkey: the browser makes it, the device keeps it."""
    if not has_passkeys():
        raise NotFound
    is_begun = request.form.get("step") == "begin"
    carried = request.form.get("carried", "")
    form = NewPasskeyForm(formdata=None, carried=carried) if is_begun else NewPasskeyForm()
    if not is_begun and form.validate_on_submit():
        try:
            made = _add_passkey(form.name.data, form.state.data or "", form.answer.data or "")
        except Invalid as error:
            form.add_error(error)
        except Conflict as error:
            form.form_errors.append(gettext(error.message))
        else:
            return _done(made, form.carried.data)
    account = own_account(db.session(), current_actor())
    question = ask_for_new_key(db.session(), passkey_site(), account, session_id=_session_mark(), now=now())
    page = render_template("accounts/new_passkey.html", form=form, question=question)
    return page, 422 if form.is_submitted() and not is_begun else 200


def _session_mark() -> str:
    return session_mark(str(session["_user_id"]))


@transactional
def _add_passkey(database: Session, actor: Actor, name: str, state: str, answer: str) -> list[str]:
    add_key(
        database,
        passkey_site(),
        actor,
        own_account(database, actor),
        session_id=_session_mark(),
        name=name,
        state=state,
        answer=answer,
        now=now(),
    )
    return _go_on_with_factor(database, actor)


@blueprint.post("/second-factor/passkeys/<public_id>/remove")
@grave(lazy_gettext("Take a passkey off"))
def remove_passkey(public_id: str) -> Response:
    """Take a passkey off."""
    name = _remove_passkey(public_id)
    flash(gettext("The passkey %(name)s is off.", name=name), "success")
    return redirect(url_for("accounts.factors"), 303)


@transactional
def _remove_passkey(database: Session, actor: Actor, public_id: str) -> str:
    name = services.remove_passkey(database, actor, own_account(database, actor), public_id, now=now())
    _rotate(database, actor)
    return name


@blueprint.post("/second-factor/recovery-codes")
@grave(lazy_gettext("Make new recovery codes"))
def recovery_codes() -> View:
    """Make new recovery codes and show them, this once; the old ones work no more."""
    form = RemoveForm()
    made = _make_recovery_codes(form)
    if made is None:
        flash(gettext("Those codes were made, and have been shown. Make new ones if they are lost."), "info")
        return redirect(url_for("accounts.factors"), 303)
    return render_template(
        "accounts/recovery_codes.html", codes=made, onward=url_for("accounts.factors"), carried=None
    )


@transactional
def _make_recovery_codes(database: Session, actor: Actor, form: RemoveForm) -> list[str] | None:
    """Give new codes; None for a second press of the button."""
    if submitted_before(database, form) is not None:
        return None
    account = own_account(database, actor)
    if not services.get_factors(database, account.id).are_there:
        raise Invalid("Set up a second factor first.")
    made = services.make_recovery_codes(database, actor, account, now=now())
    remember_submission(database, actor, form, url_for("accounts.factors"))
    return made
