"""Administration: accounts, requests for access, and the state of the system."""

from pathlib import Path

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.blueprints import wording
from forum.blueprints.accounts import View
from forum.blueprints.identity import current_actor
from forum.blueprints.invitations import secret_key
from forum.blueprints.proving import grave
from forum.blueprints.support import Form, now, remember_submission, submitted_before, transactional
from forum.domain.accounts import AccountStatus, InvitationPurpose, PlatformRole
from forum.domain.email import parse_email
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Action, Actor, can, require
from forum.services import access_requests, accounts, health
from forum.services.erasures import count_waiting
from forum.services.invitations import invite, list_open_invitations, revoke_invitation
from forum.services.mandates import list_mandates
from forum.services.organisations import count_organisations, require_by_name
from forum.services.second_factors import get_factors, remove_all_factors

blueprint = Blueprint("administration", __name__, url_prefix="/administration")

MAX_WORDS = 200


class InviteForm(Form):
    """Whom to invite, and what comes with it."""

    email = StringField(
        lazy_gettext("E-mail address"),
        [InputRequired(lazy_gettext("Write the e-mail address.")), Length(max=254)],
    )
    name = StringField(lazy_gettext("Name"), [Length(max=120)])
    organisation = StringField(lazy_gettext("Mandate for the organisation"), [Length(max=200)])
    platform_role = SelectField(lazy_gettext("Role over the platform"), [InputRequired()])

    def offer(self) -> None:
        """Fill the roles that this actor may give."""
        roles = list(PlatformRole) if can(current_actor(), Action.ADMINISTER) else [PlatformRole.MEMBER]
        self.platform_role.choices = _role_choices(roles)


class ActForm(Form):
    """An act that takes nothing but the button."""


class RoleForm(Form):
    """Another role over the platform."""

    platform_role = SelectField(lazy_gettext("Role over the platform"), [InputRequired()])


class DecideForm(Form):
    """A request for an account granted, or refused with a reason."""

    organisation = StringField(lazy_gettext("Mandate for the organisation"), [Length(max=200)])
    reason = TextAreaField(lazy_gettext("Why not"), [Length(max=1000)])
    answer = SelectField(choices=[SelectChoice("grant"), SelectChoice("refuse")])


def _role_choices(roles: list[PlatformRole]) -> list[SelectChoice]:
    return [SelectChoice(role.value, wording.platform_role_name(role)) for role in roles]


@blueprint.get("/")
def index() -> str:
    """Show what waits for a decision, and to administrators how the system is."""
    database, actor = db.session(), current_actor()
    findings = []
    if can(actor, Action.ADMINISTER):
        findings = [
            health.check_database(database, Path(current_app.extensions["migrate"].directory)),
            health.check_outbox(database, now=now()),
            health.check_disk(Path(current_app.instance_path)),
        ]
    return render_template(
        "administration/index.html",
        figures=accounts.count_accounts(database, actor),
        organisations=count_organisations(database),
        requests=access_requests.count_account_requests(database),
        invitations=len(list_open_invitations(database, actor, now=now())),
        findings=findings,
        erasures=count_waiting(database) if can(actor, Action.ADMINISTER) else 0,
    )


@blueprint.get("/people/")
def people() -> str:
    """List accounts, found by a part of name or address."""
    words = request.args.get("q", "")[:MAX_WORDS]
    found, following = accounts.list_accounts(
        db.session(), current_actor(), words=words, after=request.args.get("after")
    )
    return render_template(
        "administration/people.html",
        words=words,
        people=found,
        first=url_for("administration.people", q=words) if "after" in request.args else None,
        following=url_for("administration.people", q=words, after=following) if following else None,
    )


@blueprint.get("/people/<public_id>/")
def person(public_id: str) -> View:
    """Show an account and what can be done with it."""
    return _person(public_id)


def _person(public_id: str, status: int = 200, **sent: Form) -> tuple[str, int]:
    database, actor = db.session(), current_actor()
    require(actor, Action.MANAGE_PEOPLE)
    account = accounts.get_account(database, public_id)
    role = sent.get("role") or RoleForm(formdata=None, prefix="role")
    assert isinstance(role, RoleForm)
    role.platform_role.choices = _role_choices(list(PlatformRole))
    if "role" not in sent:
        role.platform_role.data = account.platform_role.value
    page = render_template(
        "administration/person.html",
        account=account,
        factors=get_factors(database, account.id),
        mandates=list_mandates(database, account=account),
        today=now().date(),
        moment_now=now(),
        role=role,
        disable=sent.get("disable") or ActForm(formdata=None, prefix="disable"),
        sent=next(iter(sent), ""),
    )
    return page, status


def _to_person(public_id: str, words: str) -> Response:
    flash(words, "success")
    return redirect(url_for("administration.person", public_id=public_id), 303)


@blueprint.post("/people/<public_id>/disable")
@grave(lazy_gettext("Switch the account off"))
def disable(public_id: str) -> View:
    """Switch an account off."""
    form = ActForm(prefix="disable")
    if form.validate():
        try:
            _disable(public_id)
        except Invalid as error:
            form.add_error(error)
        else:
            return _to_person(public_id, gettext("The account is off, and every session of it has ended."))
    return _person(public_id, 422, disable=form)


@transactional
def _disable(database: Session, actor: Actor, public_id: str) -> None:
    accounts.disable_account(database, actor, public_id, now=now())


@blueprint.post("/people/<public_id>/enable")
@grave(lazy_gettext("Switch the account on"))
def enable(public_id: str) -> View:
    """Switch an account on again."""
    _enable(public_id)
    return _to_person(public_id, gettext("The account is on again."))


@transactional
def _enable(database: Session, actor: Actor, public_id: str) -> None:
    accounts.enable_account(database, actor, public_id, now=now())


@blueprint.post("/people/<public_id>/role")
@grave(lazy_gettext("Change the role over the platform"))
def change_role(public_id: str) -> View:
    """Give another role over the platform."""
    form = RoleForm(prefix="role")
    form.platform_role.choices = _role_choices(list(PlatformRole))
    if form.validate():
        try:
            _change_role(public_id, PlatformRole(form.platform_role.data))
        except Invalid as error:
            form.add_error(error)
        else:
            return _to_person(public_id, gettext("The role is changed; the person signs in again."))
    return _person(public_id, 422, role=form)


@transactional
def _change_role(database: Session, actor: Actor, public_id: str, role: PlatformRole) -> None:
    accounts.change_platform_role(database, actor, public_id, role, now=now())


@blueprint.post("/people/<public_id>/link")
@grave(lazy_gettext("Mail a link"))
def send_link(public_id: str) -> View:
    """Mail a person a link that sets a password: the first one, or a new one."""
    _send_link(public_id)
    return _to_person(public_id, gettext("The link is on its way to the person's address."))


@transactional
def _send_link(database: Session, actor: Actor, public_id: str) -> None:
    account = accounts.get_account(database, public_id)
    if account.email is None or account.status is AccountStatus.DISABLED:
        raise Invalid("This account has no address, or is off.")
    is_active = account.status is AccountStatus.ACTIVE
    invite(
        database,
        actor,
        email=account.email,
        account=account,
        name=account.name,
        purpose=InvitationPurpose.PASSWORD if is_active else InvitationPurpose.ACCOUNT,
        secret=secret_key(),
        now=now(),
        days=2 if is_active else current_app.config["INVITATION_DAYS"],
    )


@blueprint.post("/people/<public_id>/factors/remove")
@grave(lazy_gettext("Take the second factor off"))
def remove_factors(public_id: str) -> View:
    """Take the second factors off somebody who has lost them."""
    _remove_factors(public_id)
    return _to_person(public_id, gettext("The second factor is off, and every session has ended."))


@transactional
def _remove_factors(database: Session, actor: Actor, public_id: str) -> None:
    remove_all_factors(database, actor, public_id, now=now())


@blueprint.route("/people/invite", methods=["GET", "POST"])
@grave(lazy_gettext("Invite somebody"))
def send_invitation() -> View:
    """Invite somebody, with a mandate or a role over the platform if wanted."""
    form = InviteForm()
    form.offer()
    if form.validate_on_submit():
        try:
            target = _invite(form, parse_email(form.email.data))
        except Invalid as error:
            form.add_error(error)
        else:
            flash(gettext("The invitation is on its way to %(to)s.", to=form.email.data), "success")
            return redirect(target, 303)
    invitations = list_open_invitations(db.session(), current_actor(), now=now())
    page = render_template("administration/invite.html", form=form, invitations=invitations)
    return page, 422 if form.is_submitted() else 200


@transactional
def _invite(database: Session, actor: Actor, form: InviteForm, email: str) -> str:
    before = submitted_before(database, form)
    if before is not None:
        return before
    organisation = form.organisation.data or ""
    invite(
        database,
        actor,
        email=email,
        name=form.name.data or "",
        platform_role=PlatformRole(form.platform_role.data),
        organisation=require_by_name(database, organisation) if organisation.strip() else None,
        secret=secret_key(),
        now=now(),
        days=current_app.config["INVITATION_DAYS"],
    )
    return remember_submission(database, actor, form, url_for("administration.send_invitation"))


@blueprint.post("/invitations/<public_id>/withdraw")
def withdraw_invitation(public_id: str) -> View:
    """Take an invitation back."""
    _withdraw(public_id)
    flash(gettext("The invitation does not work any more."), "success")
    return redirect(url_for("administration.send_invitation"), 303)


@transactional
def _withdraw(database: Session, actor: Actor, public_id: str) -> None:
    revoke_invitation(database, actor, public_id, now=now())


@blueprint.get("/requests")
def requests() -> View:
    """Show who asks for an account."""
    return _requests()


def _requests(status: int = 200, **sent: DecideForm) -> tuple[str, int]:
    """Show the requests, each with a form of its own; `sent` is the one that was sent, by its request."""
    lines = access_requests.list_account_requests(db.session(), current_actor())
    forms = {
        line.request.public_id: sent.get(line.request.public_id)
        or DecideForm(formdata=None, prefix=line.request.public_id)
        for line in lines
    }
    return render_template("administration/requests.html", lines=lines, forms=forms), status


@blueprint.post("/requests/<public_id>")
def decide_request(public_id: str) -> View:
    """Grant a request by an invitation, or refuse it with a reason."""
    form = DecideForm(prefix=public_id)
    if form.validate():
        try:
            words = _decide(public_id, form)
        except Invalid as error:
            form.add_error(error)
        else:
            flash(words, "success")
            return redirect(url_for("administration.requests"), 303)
    return _requests(422, **{public_id: form})


@transactional
def _decide(database: Session, actor: Actor, public_id: str, form: DecideForm) -> str:
    asked = access_requests.get_request(database, actor, public_id, now=now())
    if form.answer.data == "refuse":
        access_requests.close_request(
            database, actor, asked, is_granted=False, now=now(), reason=form.reason.data or ""
        )
        return gettext("Refused. No mail goes out: write to %(to)s yourself.", to=asked.email)
    organisation = form.organisation.data or ""
    invite(
        database,
        actor,
        email=asked.email,
        name=asked.name,
        organisation=require_by_name(database, organisation) if organisation.strip() else None,
        secret=secret_key(),
        now=now(),
        days=current_app.config["INVITATION_DAYS"],
    )
    access_requests.close_request(database, actor, asked, is_granted=True, now=now())
    return gettext("Granted: an invitation is on its way to %(to)s.", to=asked.email)
