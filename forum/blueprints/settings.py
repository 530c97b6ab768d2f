"""Settings: what people set themselves, their password, sessions and access tokens."""

from datetime import timedelta
from zoneinfo import available_timezones

from flask import current_app, flash, g, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import (
    BooleanField,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.blueprints.accounts import View, blueprint, rotate
from forum.blueprints.identity import current_actor
from forum.blueprints.invitations import NewPasswordForm, secret_key
from forum.blueprints.proving import grave
from forum.blueprints.support import (
    BoxesField,
    Form,
    now,
    remember_submission,
    submitted_before,
    transactional,
)
from forum.domain.accounts import Account, Theme
from forum.domain.email import parse_email
from forum.domain.languages import LANGUAGES
from forum.domain.passwords import MAX_LENGTH, check_password
from forum.errors import Conflict, Invalid, NotFound
from forum.extensions import db, passwords
from forum.policy import Actor
from forum.services.access_tokens import Scope, create_token, list_tokens
from forum.services.access_tokens import revoke_token as end_token
from forum.services.account_links import ask_for_address
from forum.services.accounts import ProfileFields, edit_profile, own_account, set_password
from forum.services.external_identities import find_identity
from forum.services.login_sessions import list_sessions, revoke_all_sessions
from forum.services.login_sessions import revoke_session as end_session

_THEMES = {
    Theme.AUTO: lazy_gettext("As the device says"),
    Theme.LIGHT: lazy_gettext("Light"),
    Theme.DARK: lazy_gettext("Dark"),
}
_SCOPES = {
    Scope.READ: lazy_gettext("Read what you may read"),
    Scope.WRITE: lazy_gettext("Write in your name"),
    Scope.MODERATE: lazy_gettext("Moderate where you are a moderator"),
    Scope.SECRETARIAT: lazy_gettext("The secretariat's work, where it is yours"),
}
_DAYS = {
    "30": lazy_gettext("30 days"),
    "90": lazy_gettext("90 days"),
    "365": lazy_gettext("a year"),
}


class ProfileForm(Form):
    """What people say of themselves and how they want the pages."""

    name = StringField(
        lazy_gettext("Name"), [InputRequired(lazy_gettext("Write your name.")), Length(max=120)]
    )
    latin_name = StringField(lazy_gettext("Name in Latin letters"), [Length(max=120)])
    about = TextAreaField(lazy_gettext("About you"), [Length(max=1000)])
    name_is_public = BooleanField(lazy_gettext("People who are not signed in may see my name"))
    language = SelectField(
        lazy_gettext("Language of the pages"),
        [InputRequired()],
        choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()],
    )
    time_zone = SelectField(lazy_gettext("Time zone"), [InputRequired()])
    theme = SelectField(
        lazy_gettext("Colours"),
        [InputRequired()],
        choices=[SelectChoice(theme.value, words) for theme, words in _THEMES.items()],
    )


class PasswordForm(NewPasswordForm):
    """The old password and a new one."""

    old = PasswordField(
        lazy_gettext("Present password"),
        [InputRequired(lazy_gettext("Write your present password.")), Length(max=MAX_LENGTH)],
    )


class TokenForm(Form):
    """What a token is for and what it may be used for."""

    name = StringField(
        lazy_gettext("What it is for"),
        [InputRequired(lazy_gettext("Write what the token is for.")), Length(max=80)],
    )
    scopes = BoxesField(
        lazy_gettext("It may"),
        choices=[SelectChoice(scope.value, words) for scope, words in _SCOPES.items()],
        validators=[InputRequired(lazy_gettext("Choose what the token may be used for."))],
    )
    days = SelectField(
        lazy_gettext("It works for"),
        [InputRequired()],
        choices=[SelectChoice(days, words) for days, words in _DAYS.items()],
        default="90",
    )


class AddressForm(Form):
    """A new address."""

    email = StringField(
        lazy_gettext("New e-mail address"),
        [InputRequired(lazy_gettext("Write the new address.")), Length(max=254)],
    )


def _zones() -> list[str]:
    return sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")


def _profile_form(account: Account, *, is_sent: bool = False) -> ProfileForm:
    sent = {} if is_sent else {"formdata": None}
    form = ProfileForm(obj=account, prefix="profile", **sent)
    form.time_zone.choices = [SelectChoice(zone) for zone in sorted({*_zones(), account.time_zone})]
    return form


def _page(status: int = 200, **forms: Form) -> tuple[str, int]:
    """Show all settings; `forms` has the one that was sent, with its errors."""
    database, actor = db.session(), current_actor()
    account = own_account(database, actor)
    issuer = current_app.config["OIDC_ISSUER"]
    shown = {
        "profile": forms.get("profile") or _profile_form(account),
        "password": forms.get("password") or PasswordForm(formdata=None, prefix="password"),
        "address": forms.get("address") or AddressForm(formdata=None, prefix="address"),
        "token": forms.get("token") or TokenForm(formdata=None, prefix="token"),
    }
    page = render_template(
        "accounts/settings.html",
        account=account,
        identity=find_identity(database, account.id, issuer) if issuer else None,
        forms=shown,
        sessions=list_sessions(
            database, account.id, now=now(), idle_minutes=current_app.config["SESSION_IDLE_MINUTES"]
        ),
        this_session=current_user.login_public_id,
        tokens=list_tokens(database, account.id, now=now()),
        scope_words={scope.value: words for scope, words in _SCOPES.items()},
    )
    return page, status


@blueprint.get("/settings")
def settings() -> View:
    """Show what this person has set."""
    return _page()


@blueprint.post("/settings")
def change_profile() -> View:
    """Change name, language, time zone and colours."""
    form = _profile_form(own_account(db.session(), current_actor()), is_sent=True)
    if form.validate():
        try:
            _change_profile(
                ProfileFields(
                    name=form.name.data,
                    latin_name=form.latin_name.data or "",
                    language=form.language.data,
                    time_zone=form.time_zone.data,
                    theme=Theme(form.theme.data),
                    name_is_public=form.name_is_public.data,
                    about=form.about.data or "",
                )
            )
        except Invalid as error:
            form.add_error(error)
        else:
            flash(gettext("Saved."), "success")
            return redirect(url_for("accounts.settings"), 303)
    return _page(422, profile=form)


@transactional
def _change_profile(database: Session, actor: Actor, fields: ProfileFields) -> None:
    edit_profile(database, actor, fields, now=now())


@blueprint.post("/settings/password")
def change_password() -> View:
    """Change the password; every other session ends."""
    form = PasswordForm(prefix="password")
    if form.validate():
        account = own_account(db.session(), current_actor())
        try:
            _replace_password(account, form)
        except Invalid as error:
            form.add_error(error)
        else:
            flash(gettext("Your password is changed. Every other session has ended."), "success")
            return redirect(url_for("accounts.settings"), 303)
    return _page(422, password=form)


def _replace_password(account: Account, form: PasswordForm) -> None:
    old, known = account.password_hash, (account.email or "", account.name)
    db.session.rollback()
    if not passwords().verify(old, form.old.data):
        raise Invalid("That is not your present password.", field="old")
    check_password(form.password.data, known=(*known, current_app.config["SITE_NAME"]))
    _store_password(old, passwords().hash(form.password.data))


@transactional
def _store_password(database: Session, actor: Actor, old: str | None, new: str) -> None:
    account = own_account(database, actor)
    if account.password_hash != old:
        raise Conflict("Your password was changed elsewhere at the same time.")
    set_password(database, account, new, now=now(), by=actor)
    rotate(database, account, is_proven=True)


@blueprint.post("/settings/address")
@grave(lazy_gettext("Change the address"))
def change_address() -> View:
    """Have a link mailed to a new address; nothing changes until it was opened there."""
    form = AddressForm(prefix="address")
    if form.validate():
        try:
            _ask_for_address(parse_email(form.email.data))
        except Invalid as error:
            form.add_error(error)
        else:
            flash(gettext("A link is on its way to the new address: open it there while signed in."), "info")
            return redirect(url_for("accounts.settings") + "#address", 303)
    return _page(422, address=form)


@transactional
def _ask_for_address(database: Session, actor: Actor, email: str) -> None:
    ask_for_address(database, actor, email, secret=secret_key(), now=now())


@blueprint.get("/session")
def extend_session() -> tuple[str, int]:
    """Keep the session while somebody types: that they asked is noted, as with every page."""
    return "", 204


@blueprint.post("/settings/sessions/<public_id>/end")
@grave(lazy_gettext("End the session"))
def revoke_session(public_id: str) -> Response:
    """End one of one's own sessions."""
    _revoke_session(public_id)
    flash(gettext("That session has ended."), "success")
    return redirect(url_for("accounts.settings") + "#sessions", 303)


@transactional
def _revoke_session(database: Session, actor: Actor, public_id: str) -> None:
    if not end_session(database, own_account(database, actor).id, public_id, now=now()):
        raise NotFound


@blueprint.post("/settings/sessions/end")
@grave(lazy_gettext("Sign out everywhere else"))
def revoke_sessions() -> Response:
    """Sign out everywhere else; this session goes on under a new id."""
    _revoke_sessions()
    flash(gettext("You are signed out everywhere else."), "success")
    return redirect(url_for("accounts.settings") + "#sessions", 303)


@transactional
def _revoke_sessions(database: Session, actor: Actor) -> None:
    account = own_account(database, actor)
    revoke_all_sessions(database, account.id, now=now())
    rotate(database, account)


@blueprint.post("/settings/tokens")
@grave(lazy_gettext("Make an access token"))
def add_token() -> View:
    """Make an access token and show it, this once."""
    form = TokenForm(prefix="token")
    if form.validate():
        made = _add_token(form)
        if made is None:
            flash(gettext("That token was made, and has been shown. It cannot be shown again."), "info")
            return redirect(url_for("accounts.settings") + "#tokens", 303)
        return render_template("accounts/token.html", name=form.name.data, text=made), 200
    return _page(422, token=form)


@transactional
def _add_token(database: Session, actor: Actor, form: TokenForm) -> str | None:
    """Give the text of a new token; None for a second press of the button."""
    if submitted_before(database, form) is not None:
        return None
    _token, text = create_token(
        database,
        own_account(database, actor),
        name=form.name.data,
        scopes=[Scope(scope) for scope in form.scopes.data],
        now=now(),
        expires_at=now() + timedelta(days=int(form.days.data)),
        has_second_factor=bool(g.get("has_shown_second_factor")),
        by=actor,
    )
    remember_submission(database, actor, form, url_for("accounts.settings"))
    return text


@blueprint.post("/settings/tokens/<public_id>/revoke")
@grave(lazy_gettext("End the access token"))
def revoke_token(public_id: str) -> Response:
    """End one of one's own tokens."""
    _revoke_token(public_id)
    flash(gettext("That token does not work any more."), "success")
    return redirect(url_for("accounts.settings") + "#tokens", 303)


@transactional
def _revoke_token(database: Session, actor: Actor, public_id: str) -> None:
    end_token(database, own_account(database, actor).id, public_id, now=now(), by=actor)
