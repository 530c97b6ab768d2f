"""The members of a group: seats and roles, asking for a seat, and what chair and secretariat do with them."""

from collections.abc import Sequence

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.blueprints import wording
from forum.blueprints.accounts import View
from forum.blueprints.datafiles import member_states
from forum.blueprints.identity import current_actor
from forum.blueprints.invitations import secret_key
from forum.blueprints.proving import grave
from forum.blueprints.support import Form, now, remember_submission, submitted_before, transactional
from forum.domain.accounts import InvitationPurpose
from forum.domain.email import parse_email
from forum.domain.groups import Group, GroupRole, Seat, SeatKind
from forum.errors import Invalid, NotFound
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.services import access_requests, memberships
from forum.services.accounts import find_by_handle
from forum.services.groups import get_group
from forum.services.invitations import invite, list_open_invitations, revoke_invitation
from forum.services.organisations import find_by_name
from forum.services.seat_selection import load_balance

blueprint = Blueprint("members", __name__, url_prefix="/groups/<slug>")


class RoleForm(Form):
    """A role, and the seat it is held on."""

    role = SelectField(lazy_gettext("Role"), [InputRequired()])
    seat = SelectField(lazy_gettext("Seat"))
    is_alternate = BooleanField(lazy_gettext("As an alternate"))

    def offer(self, members: memberships.Members) -> None:
        """Fill the choices with roles and the group's seats."""
        self.role.choices = [SelectChoice(role.value, wording.role_name(role)) for role in GroupRole]
        self.seat.choices = [
            SelectChoice("", gettext("No seat")),
            *(SelectChoice(line.seat.public_id, seat_words(line)) for line in members.seats),
        ]
        if not self.is_submitted():
            self.role.data = GroupRole.MEMBER.value


class AddForm(RoleForm):
    """Somebody who has an account, by the name they are mentioned with."""

    handle = StringField(
        lazy_gettext("Mentioned as"),
        [InputRequired(lazy_gettext("Write how the person is mentioned.")), Length(max=65)],
    )


class InviteForm(RoleForm):
    """Somebody by their e-mail address, whether they have an account or not."""

    email = StringField(
        lazy_gettext("E-mail address"),
        [InputRequired(lazy_gettext("Write the e-mail address.")), Length(max=254)],
    )
    name = StringField(lazy_gettext("Name"), [Length(max=120)])


class SeatForm(Form):
    """A place at the table."""

    kind = SelectField(lazy_gettext("Belongs to"), [InputRequired()])
    organisation = StringField(lazy_gettext("Organisation, by its name"), [Length(max=200)])
    country = SelectField(lazy_gettext("Member State"))
    title = StringField(lazy_gettext("Common interest, or what it is called"), [Length(max=200)])

    def offer(self) -> None:
        """Fill the choices."""
        self.kind.choices = [SelectChoice(kind.value, wording.seat_kind_name(kind)) for kind in SeatKind]
        self.country.choices = [
            SelectChoice("", gettext("None")),
            *(SelectChoice(code, name) for code, name in wording.countries()),
        ]


class EndForm(Form):
    """Whose role ends."""

    person = StringField(validators=[InputRequired(), Length(max=13)])
    role = SelectField(choices=[SelectChoice(role.value) for role in GroupRole])
    seat = StringField(validators=[Length(max=13)])


class DecideForm(RoleForm):
    """A seat request granted, or refused with a reason."""

    answer = SelectField(choices=[SelectChoice("grant"), SelectChoice("refuse")])
    reason = TextAreaField(lazy_gettext("Why not"), [Length(max=1000)])


class AskForm(Form):
    """Why a person wants a seat."""

    organisation = StringField(lazy_gettext("For which organisation"), [Length(max=200)])
    message = TextAreaField(
        lazy_gettext("What you would contribute"),
        [InputRequired(lazy_gettext("Write a sentence or two.")), Length(max=2000)],
    )


def seat_words(line: memberships.SeatLine, *, has_own_titles: bool = True) -> str:
    """Give what a seat is called: its body, Member State, interest, or its holder's own capacity."""
    seat = line.seat
    if line.organisation is not None:
        return line.organisation.name
    if seat.kind is SeatKind.MEMBER_STATE:
        return " · ".join(part for part in (wording.country_name(seat.country), seat.title) if part)
    if seat.kind is SeatKind.PERSONAL and not has_own_titles:
        return wording.seat_kind_name(seat.kind)
    return seat.title or wording.seat_kind_name(seat.kind)


@blueprint.get("/members/")
def index(slug: str) -> View:
    """Show seats and people as this reader may see them; to chair and secretariat with what they can do."""
    return _page(slug)


def _page(slug: str, status: int = 200, **sent: Form) -> tuple[str, int]:
    """Show the page; `sent` is the form that was sent, by its name, with its errors."""
    database, actor = db.session(), current_actor()
    group = get_group(database, actor, slug, Action.SEE_LISTING)
    shown = memberships.show_members(database, actor, group)
    manages = can(actor, Action.MANAGE_GROUP, group)
    requests = access_requests.list_seat_requests(database, actor, group) if manages else []
    page = render_template(
        "members/index.html",
        group=group,
        shown=shown,
        seat_words=seat_words,
        forms=_forms(shown.members, sent) if manages else None,
        decide_forms=_decide_forms(shown.members, requests, sent),
        sent=next(iter(sent), ""),
        invitations=list_open_invitations(database, actor, now=now(), group=group) if manages else [],
        requests=requests,
        balance=load_balance(database, actor, group, member_states()) if requests else None,
        manages=manages,
        own_request=access_requests.find_own_request(database, actor, group),
    )
    return page, status


def _forms(members: memberships.Members, sent: dict[str, Form]) -> dict[str, Form]:
    forms: dict[str, Form] = {
        "add": sent.get("add") or AddForm(formdata=None, prefix="add"),
        "invite": sent.get("invite") or InviteForm(formdata=None, prefix="invite"),
        "seat": sent.get("seat") or SeatForm(formdata=None, prefix="seat"),
    }
    for form in forms.values():
        if isinstance(form, RoleForm):
            form.offer(members)
        elif isinstance(form, SeatForm):
            form.offer()
    return forms


def _decide_forms(
    members: memberships.Members, requests: Sequence[access_requests.RequestLine], sent: dict[str, Form]
) -> dict[str, Form]:
    """Give each request a form of its own, so that what was typed stays where it was."""
    forms: dict[str, Form] = {}
    for line in requests:
        key = line.request.public_id
        form = sent.get(key) or DecideForm(formdata=None, prefix=key)
        assert isinstance(form, DecideForm)
        form.offer(members)
        forms[key] = form
    return forms


def _managed(slug: str) -> tuple[Group, memberships.Members]:
    """Give a group that the actor manages, and who is in it."""
    group = get_group(db.session(), current_actor(), slug, Action.MANAGE_GROUP)
    return group, memberships.load_members(db.session(), group)


def _back(slug: str, words: str) -> Response:
    flash(words, "success")
    return redirect(url_for("members.index", slug=slug), 303)


def _seat(database: Session, group: Group, public_id: str | None) -> Seat | None:
    return memberships.get_seat(database, group, public_id) if public_id else None


@blueprint.post("/members/add")
def add(slug: str) -> View:
    """Give somebody who has an account a role."""
    form = AddForm(prefix="add")
    form.offer(_managed(slug)[1])
    if form.validate():
        try:
            name = _add(slug, form)
        except Invalid as error:
            form.add_error(error)
        else:
            return _back(slug, gettext("%(name)s is in the group.", name=name))
    return _page(slug, 422, add=form)


@transactional
def _add(database: Session, actor: Actor, slug: str, form: AddForm) -> str:
    group = get_group(database, actor, slug, Action.MANAGE_GROUP)
    account = find_by_handle(database, form.handle.data)
    if account is None:
        raise Invalid("Nobody is mentioned like that: invite them by e-mail.", field="handle")
    memberships.add_membership(
        database,
        group,
        account,
        GroupRole(form.role.data),
        now=now(),
        seat=_seat(database, group, form.seat.data),
        is_alternate=form.is_alternate.data,
        by=actor,
    )
    return account.name


@blueprint.post("/members/invite")
def send_invitation(slug: str) -> View:
    """Invite somebody by e-mail."""
    form = InviteForm(prefix="invite")
    form.offer(_managed(slug)[1])
    if form.validate():
        try:
            _invite(slug, form, parse_email(form.email.data))
        except Invalid as error:
            form.add_error(error)
        else:
            return _back(slug, gettext("The invitation is on its way to %(to)s.", to=form.email.data))
    return _page(slug, 422, invite=form)


@transactional
def _invite(database: Session, actor: Actor, slug: str, form: InviteForm, email: str) -> None:
    group = get_group(database, actor, slug, Action.INVITE)
    if submitted_before(database, form) is not None:
        return
    invite(
        database,
        actor,
        email=email,
        name=form.name.data or "",
        purpose=InvitationPurpose.GROUP,
        group=group,
        role=GroupRole(form.role.data),
        seat=_seat(database, group, form.seat.data),
        is_alternate=form.is_alternate.data,
        secret=secret_key(),
        now=now(),
        days=current_app.config["INVITATION_DAYS"],
    )
    remember_submission(database, actor, form, url_for("members.index", slug=slug))


@blueprint.post("/members/invitations/<public_id>/withdraw")
def withdraw_invitation(slug: str, public_id: str) -> View:
    """Take an invitation back."""
    _withdraw(slug, public_id)
    return _back(slug, gettext("The invitation does not work any more."))


@transactional
def _withdraw(database: Session, actor: Actor, slug: str, public_id: str) -> None:
    group = get_group(database, actor, slug, Action.INVITE)
    if revoke_invitation(database, actor, public_id, now=now()).group_id != group.id:
        raise NotFound


@blueprint.post("/members/seats")
def add_seat(slug: str) -> View:
    """Add a place at the table."""
    form = SeatForm(prefix="seat")
    form.offer()
    _managed(slug)
    if form.validate():
        try:
            _add_seat(slug, form)
        except Invalid as error:
            form.add_error(error)
        else:
            return _back(slug, gettext("The seat is there."))
    return _page(slug, 422, seat=form)


@transactional
def _add_seat(database: Session, actor: Actor, slug: str, form: SeatForm) -> None:
    group = get_group(database, actor, slug, Action.MANAGE_GROUP)
    kind = SeatKind(form.kind.data)
    body = None
    if kind in memberships.OF_BODIES:
        body = find_by_name(database, form.organisation.data or "")
    memberships.create_seat(
        database,
        group,
        kind,
        organisation=body,
        country=form.country.data or None,
        title=form.title.data or "",
        now=now(),
        by=actor,
    )


@blueprint.post("/members/seats/<public_id>/end")
@grave(lazy_gettext("End the seat"))
def end_seat(slug: str, public_id: str) -> View:
    """Take a seat away, with the roles held on it."""
    _end_seat(slug, public_id)
    return _back(slug, gettext("The seat has ended, and the roles on it."))


@transactional
def _end_seat(database: Session, actor: Actor, slug: str, public_id: str) -> None:
    group = get_group(database, actor, slug, Action.MANAGE_GROUP)
    try:
        memberships.end_seat(database, group, public_id, now=now(), by=actor)
    except Invalid:
        raise NotFound from None


@blueprint.post("/members/end")
@grave(lazy_gettext("End the role"))
def end_role(slug: str) -> View:
    """End a role at once."""
    form = EndForm()
    _managed(slug)
    if not form.validate():
        raise NotFound
    name = _end_role(slug, form)
    return _back(slug, gettext("%(name)s's role has ended.", name=name))


@transactional
def _end_role(database: Session, actor: Actor, slug: str, form: EndForm) -> str:
    group = get_group(database, actor, slug, Action.MANAGE_GROUP)
    seat = _seat(database, group, form.seat.data)
    role = GroupRole(form.role.data)
    return memberships.end_role(database, actor, group, form.person.data, role, seat=seat, now=now()).name


@blueprint.post("/members/requests/<public_id>")
def decide_request(slug: str, public_id: str) -> View:
    """Grant a seat that was asked for, or refuse with a reason."""
    form = DecideForm(prefix=public_id)
    form.offer(_managed(slug)[1])
    if form.validate():
        try:
            _decide(slug, public_id, form)
        except Invalid as error:
            form.add_error(error)
        else:
            return _back(slug, gettext("Decided."))
    return _page(slug, 422, **{public_id: form})


@transactional
def _decide(database: Session, actor: Actor, slug: str, public_id: str, form: DecideForm) -> None:
    group = get_group(database, actor, slug, Action.MANAGE_GROUP)
    request = access_requests.get_request(database, actor, public_id, group, now=now())
    if form.answer.data == "refuse":
        access_requests.close_request(
            database, actor, request, is_granted=False, now=now(), reason=form.reason.data or ""
        )
        return
    access_requests.grant_seat(
        database,
        actor,
        group,
        request,
        GroupRole(form.role.data),
        seat=_seat(database, group, form.seat.data),
        is_alternate=form.is_alternate.data,
        now=now(),
    )


@blueprint.route("/request-seat", methods=["GET", "POST"])
def request_seat(slug: str) -> View:
    """Ask for a seat in a group."""
    group = get_group(db.session(), current_actor(), slug, Action.SEE_LISTING)
    form = AskForm()
    if form.validate_on_submit():
        try:
            target = _ask(slug, form)
        except Invalid as error:
            form.add_error(error)
        else:
            flash(gettext("Your request is in. The group's chair or secretariat decides."), "success")
            return redirect(target, 303)
    elif not form.is_submitted() and current_actor().mandates:
        form.organisation.data = current_actor().mandates[0].name
    page = render_template("members/request_seat.html", group=group, form=form)
    return page, 422 if form.is_submitted() else 200


@transactional
def _ask(database: Session, actor: Actor, slug: str, form: AskForm) -> str:
    before = submitted_before(database, form)
    if before is not None:
        return before
    group = get_group(database, actor, slug, Action.SEE_LISTING)
    access_requests.ask_for_seat(
        database,
        actor,
        group,
        organisation_name=" ".join((form.organisation.data or "").split()),
        message=form.message.data.strip(),
        now=now(),
    )
    return remember_submission(database, actor, form, url_for("groups.overview", slug=slug))
