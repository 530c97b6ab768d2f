"""Apply for a seat: a group's calls, applying, and the selection with a look at the answer."""

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import (
    BooleanField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.blueprints import wording
from forum.blueprints.clock_fields import ClockField
from forum.blueprints.consultations import clock_time, in_zone
from forum.blueprints.datafiles import member_states, seat_letters
from forum.blueprints.form_choices import zone_choices
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.mail_preview import mail_of
from forum.blueprints.support import (
    BoxesField,
    Form,
    now,
    received_at,
    remember_submission,
    serve_form,
    submitted_before,
    transactional,
)
from forum.domain.accounts import AccessRequest
from forum.domain.groups import Group, SeatKind
from forum.domain.notices import Notice, NoticeKind
from forum.domain.practice import read_practice
from forum.domain.seat_calls import SeatCall
from forum.domain.text import TITLE_LENGTH
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.richtext import Rendered, render, to_markup
from forum.services import seat_calls as services
from forum.services import seat_selection as selection
from forum.services.access_requests import find_own_request
from forum.services.addresses import seat_call_path
from forum.services.groups import get_group
from forum.services.letters import write_letter
from forum.services.seat_calls import Application, CallText

blueprint = Blueprint("seat_calls", __name__, url_prefix="/groups/<slug>/calls")

View = str | Response | tuple[str, int]


class CallForm(Form):
    """Which seats can be applied for, by whom, until when, and what is compared."""

    title = StringField(lazy_gettext("Title"), [InputRequired(), Length(max=TITLE_LENGTH)])
    body = TextAreaField(lazy_gettext("Text of the call"), [InputRequired(), Length(max=20_000)])
    criteria = TextAreaField(lazy_gettext("Criteria"), [InputRequired(), Length(max=10_000)])
    seat_kinds = BoxesField(
        lazy_gettext("Kinds of seats"), [InputRequired(lazy_gettext("Choose at least one."))]
    )
    needs_register_id = BooleanField(
        lazy_gettext("Organisations name their entry in the Transparency Register"), default=True
    )
    closes_at = ClockField(lazy_gettext("Closes"), [InputRequired()])
    time_zone = SelectField(lazy_gettext("Time zone"), default="Europe/Brussels")


class ApplyForm(Form):
    """For which seat, and why."""

    kind = RadioField(lazy_gettext("Kind of seat"), [InputRequired(lazy_gettext("Choose one."))])
    organisation = StringField(lazy_gettext("Organisation, or the common interest"), [Length(max=200)])
    country = SelectField(lazy_gettext("Member State"), default="")
    register_id = StringField(lazy_gettext("Entry in the Transparency Register"), [Length(max=32)])
    motivation = TextAreaField(
        lazy_gettext("What you would contribute, criterion by criterion"),
        [InputRequired(lazy_gettext("Write a sentence or two.")), Length(max=5_000)],
    )


class DecideForm(Form):
    """Select or decline, with reasons."""

    reason = TextAreaField(
        lazy_gettext("Reasons"), [InputRequired(lazy_gettext("Write why.")), Length(max=2_000)]
    )


def kind_words(kind: SeatKind) -> str:
    """Give a kind of seat in words, after its letter where the installation has one."""
    letter = seat_letters().get(kind)
    words = wording.seat_kind_name(kind)
    return f"{letter}: {words}" if letter else words


@blueprint.get("/")
def index(slug: str) -> str:
    """List the calls of a group."""
    session, actor = db.session(), current_actor()
    group = get_group(session, actor, slug, Action.SEE_LISTING)
    return render_template(
        "seat_calls/index.html",
        group=group,
        calls=services.list_calls(session, actor, group),
        may_manage=can(actor, Action.MANAGE_MEETINGS, group),
    )


@blueprint.get("/<call_id>/")
def call(slug: str, call_id: str) -> str:
    """Show a call; to chair and secretariat with the applications."""
    return _page(slug, call_id)


def _page(slug: str, call_id: str, **sent: Any) -> str:
    session, actor = db.session(), current_actor()
    group, row = services.get_call(session, actor, slug, call_id)
    manages = can(actor, Action.MANAGE_MEETINGS, group)
    applications = selection.list_applications(session, actor, group, row, now=now()) if manages else []
    forms = {
        line.request.public_id: DecideForm(formdata=None, prefix=line.request.public_id)
        for line in applications
    }
    values = {
        "group": group,
        "call": row,
        "path": seat_call_path(slug, call_id),
        "html": to_markup(row.html),
        "kinds": [kind_words(SeatKind(kind)) for kind in row.seat_kinds],
        "takes_applications": services.takes_applications(row, received_at()),
        "applications": applications,
        "forms": forms | sent.pop("forms", {}),
        "balance": selection.load_balance(session, actor, group, member_states()),
        "own_request": find_own_request(session, actor, group),
        "manages": manages,
        "selectors": read_practice(group.practice).selectors,
        "kind_words": lambda kind: kind_words(SeatKind(kind)) if kind else "",
        "form": Form(formdata=None),
        "wrong": None,
        "preview": None,
    }
    return render_template("seat_calls/call.html", **(values | sent))


def _prepare(form: CallForm) -> None:
    form.seat_kinds.choices = [SelectChoice(kind.value, kind_words(kind)) for kind in SeatKind]
    form.time_zone.choices = zone_choices()


def _text(form: CallForm, rendered: Rendered) -> CallText:
    return CallText(
        title=form.title.data or "",
        rendered=rendered,
        criteria=form.criteria.data or "",
        seat_kinds=tuple(SeatKind(kind) for kind in form.seat_kinds.data or ()),
        needs_register_id=bool(form.needs_register_id.data),
        closes_at=in_zone(form.closes_at.data, form.time_zone.data),
        time_zone=form.time_zone.data,
    )


def _form_page(form: CallForm, group: Group, row: SeatCall | None) -> str:
    return render_template("seat_calls/form.html", form=form, group=group, call=row)


@blueprint.route("/new", methods=["GET", "POST"])
def new(slug: str) -> View:
    """Prepare a call."""
    group = get_group(db.session(), current_actor(), slug, Action.MANAGE_MEETINGS)
    form = CallForm()
    _prepare(form)
    return serve_form(
        form,
        lambda: _form_page(form, group, None),
        lambda: _create(slug, form, render(form.body.data or "", profile="post")),
    )


@transactional
def _create(session: Session, actor: Actor, slug: str, form: CallForm, rendered: Rendered) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    row = services.prepare_call(session, actor, slug, _text(form, rendered), now=now())
    flash(gettext("It is prepared. Only this group's chair and secretariat can read it yet."), "success")
    return remember_submission(session, actor, form, seat_call_path(slug, row.public_id))


@blueprint.route("/<call_id>/edit", methods=["GET", "POST"])
def edit(slug: str, call_id: str) -> View:
    """Change a call that was not opened yet."""
    group, row = services.get_call(db.session(), current_actor(), slug, call_id, Action.MANAGE_MEETINGS)
    form = CallForm()
    _prepare(form)
    if request.method == "GET":
        form.title.data, form.body.data = row.title, row.source
        form.criteria.data, form.seat_kinds.data = "\n".join(row.criteria), list(row.seat_kinds)
        form.needs_register_id.data, form.time_zone.data = row.needs_register_id, row.time_zone
        form.closes_at.data = clock_time(row.closes_at, row.time_zone)
    return serve_form(
        form,
        lambda: _form_page(form, group, row),
        lambda: _change(slug, call_id, form, render(form.body.data or "", profile="post")),
    )


@transactional
def _change(
    session: Session, actor: Actor, slug: str, call_id: str, form: CallForm, rendered: Rendered
) -> str:
    services.change_call(session, actor, slug, call_id, _text(form, rendered))
    flash(gettext("The call is changed."), "success")
    return seat_call_path(slug, call_id)


@blueprint.post("/<call_id>/step")
def step(slug: str, call_id: str) -> View:
    """Open or close a call."""
    services.get_call(db.session(), current_actor(), slug, call_id, Action.MANAGE_MEETINGS)
    form = Form()
    return serve_form(
        form,
        lambda: _page(slug, call_id, wrong=form),
        lambda: _take_step(slug, call_id, request.form.get("step", "")),
    )


@transactional
def _take_step(session: Session, actor: Actor, slug: str, call_id: str, step: str) -> str:
    if step == "open":
        services.open_call(session, actor, slug, call_id, now=now())
        flash(gettext("It is open: whoever sees the group listed can apply."), "success")
    elif step == "close":
        services.close_call(session, actor, slug, call_id, now=now())
        flash(gettext("It is closed to applications."), "success")
    else:
        raise Invalid("Choose what is to be done.")
    return seat_call_path(slug, call_id)


@blueprint.route("/<call_id>/apply", methods=["GET", "POST"])
def apply(slug: str, call_id: str) -> View:
    """Apply for a seat."""
    session, actor = db.session(), current_actor()
    group, row = services.get_call(session, actor, slug, call_id)
    form = ApplyForm()
    form.kind.choices = [SelectChoice(kind, kind_words(SeatKind(kind))) for kind in row.seat_kinds]
    form.country.choices = [
        SelectChoice("", gettext("None")),
        *(SelectChoice(code, name) for code, name in wording.countries()),
    ]
    if request.method == "GET" and actor.mandates:
        form.organisation.data = actor.mandates[0].name
    return serve_form(
        form,
        lambda: render_template("seat_calls/apply.html", group=group, call=row, form=form),
        lambda: _apply(slug, call_id, form, received_at()),
    )


@transactional
def _apply(
    session: Session, actor: Actor, slug: str, call_id: str, form: ApplyForm, received: datetime
) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    application = Application(
        kind=SeatKind(form.kind.data),
        organisation_name=form.organisation.data or "",
        country=form.country.data or None,
        register_id=form.register_id.data or "",
        motivation=form.motivation.data or "",
    )
    services.apply_for_seat(session, actor, slug, call_id, application, received_at=received, now=now())
    flash(gettext("Your application is in. You are told what was decided, with the reasons."), "success")
    return remember_submission(session, actor, form, seat_call_path(slug, call_id))


@blueprint.post("/<call_id>/applications/<request_id>")
def decide(slug: str, call_id: str, request_id: str) -> View:
    """Select or decline an applicant, after a look at the answer."""
    session, actor = db.session(), current_actor()
    group, row = services.get_call(session, actor, slug, call_id, Action.MANAGE_MEETINGS)
    form = DecideForm(prefix=request_id[:13])
    choice = request.form.get("answer", "")
    preview, status = None, 422
    try:
        if form.validate():
            if choice in {"select", "decline"}:
                return redirect(_decide(slug, call_id, request_id, form, choice == "select"), 303)
            lines = selection.list_applications(session, actor, group, row, now=now())
            line = next((one for one in lines if one.request.public_id == request_id), None)
            if line is not None:
                preview = (request_id, [_letter(group, line.request, flag, form) for flag in (True, False)])
                status = 200
    except Invalid as error:
        form.add_error(error)
    page = _page(slug, call_id, forms={request_id: form}, wrong=form, preview=preview)
    return page, status


def _letter(
    group: Group, asked: AccessRequest, is_granted: bool, form: DecideForm
) -> tuple[bool, tuple[str, str] | None]:
    """Give the mail that an answer would send, or None where none would go."""
    notice = Notice(
        public_id="preview",
        account_id=asked.account_id,
        kind=NoticeKind.SEAT_DECIDED,
        group_id=group.id,
        occasion=f"application:{asked.public_id}",
    )
    letter = write_letter(
        db.session(),
        notice,
        now=now(),
        sealing_secret=sealing_secret(),
        answer=(is_granted, form.reason.data or ""),
    )
    return is_granted, mail_of(letter) if letter is not None else None


@transactional
def _decide(
    session: Session, actor: Actor, slug: str, call_id: str, request_id: str, form: DecideForm, granted: bool
) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    is_decided = selection.decide_application(
        session,
        actor,
        slug,
        call_id,
        request_id,
        is_granted=granted,
        reason=form.reason.data or "",
        now=now(),
    )
    if is_decided:
        flash(gettext("Decided; the applicant is told with the reasons."), "success")
    else:
        flash(gettext("Proposed. It is decided when somebody else says the same."), "success")
    return remember_submission(
        session, actor, form, url_for(".call", slug=slug, call_id=call_id, _anchor="applications")
    )
