"""Convening and cancelling a meeting after a look at the mail; attendance, minutes, terms, calendars."""

from datetime import timedelta
from typing import Any

from flask import current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from forum.blueprints import meeting_words
from forum.blueprints.clock_fields import ClockField
from forum.blueprints.consultations import clock_time, in_zone
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.mail_preview import mail_of
from forum.blueprints.meetings import View, blueprint
from forum.blueprints.support import Form, now, remember_submission, submitted_before, transactional
from forum.domain.icalendar import MEDIA_TYPE, write_calendar
from forum.domain.labels import Status
from forum.domain.meetings import MAX_MINUTES, MAX_PLACE, Meeting, convene_by, is_after
from forum.domain.notices import NoticeKind
from forum.domain.practice import DeclarationsVisible, Practice, read_practice
from forum.errors import Invalid, NotFound
from forum.extensions import db
from forum.policy import Action, Actor
from forum.richtext import Rendered, render
from forum.services import attendance as attendance_services
from forum.services import calendars, practices
from forum.services import meetings as services
from forum.services import minutes as minutes_services
from forum.services.addresses import meeting_path
from forum.services.groups import get_group
from forum.services.meeting_mail import list_recipients

REMARK_SPAN = timedelta(days=14)
"""What the form offers for corrections; whoever circulates changes it."""


class CancelForm(Form):
    """Why a meeting does not take place."""

    reason = StringField(
        lazy_gettext("Why"), [InputRequired(lazy_gettext("Write why.")), Length(max=MAX_PLACE)]
    )


class PracticeForm(Form):
    """The terms of a group's meetings and decisions."""

    invitation_days = IntegerField(lazy_gettext("Days before a meeting: convened"), default=0)
    document_days = IntegerField(lazy_gettext("Days before a meeting: documents"), default=0)
    quorum_percent = IntegerField(lazy_gettext("Quorum, in percent of the seats"), default=50)
    renewal_months = IntegerField(lazy_gettext("Months after which interests are declared anew"), default=12)
    selectors = IntegerField(lazy_gettext("People who have to agree on an application for a seat"), default=1)
    declarations_visible = SelectField(lazy_gettext("Who reads declarations of interest"))


class MinutesForm(Form):
    """Until when members propose corrections; the points are named by their ids."""

    remarks_until = ClockField(lazy_gettext("Corrections until"), [Optional()])


def untitled() -> str:
    """Give what a calendar calls a meeting whose title stays in the forum."""
    return gettext("A meeting in the forum")


@blueprint.route("/<meeting_id>/convene", methods=["GET", "POST"])
def convene(slug: str, meeting_id: str) -> View:
    """Show exactly which mail would go to whom; then convene."""
    return _tell(slug, meeting_id, NoticeKind.MEETING_CONVENED, Form())


@blueprint.route("/<meeting_id>/cancel", methods=["GET", "POST"])
def cancel(slug: str, meeting_id: str) -> View:
    """Show exactly which mail would go to whom; then cancel, with the reason."""
    return _tell(slug, meeting_id, NoticeKind.MEETING_CANCELLED, CancelForm())


def _tell(slug: str, meeting_id: str, kind: NoticeKind, form: Form) -> View:
    session = db.session()
    subject = services.get_meeting(session, current_actor(), slug, meeting_id, Action.MANAGE_MEETINGS)
    status = 200
    if request.method == "POST":
        status = 422
        try:
            if form.validate():
                return redirect(_take(slug, meeting_id, kind, form), 303)
        except Invalid as error:
            form.add_error(error)
    row: Meeting = subject.row
    recipients = list_recipients(session, subject, kind, now=now(), sealing_secret=sealing_secret())
    limit = convene_by(row, read_practice(subject.group.practice))
    page = render_template(
        "meetings/tell.html",
        group=subject.group,
        meeting=row,
        path=meeting_path(slug, meeting_id),
        is_cancelling=kind is NoticeKind.MEETING_CANCELLED,
        recipients=recipients,
        mails={one.account_id: mail_of(one.letter) for one in recipients if one.letter is not None},
        late_by=limit if is_after(now(), limit) else None,
        form=form,
    )
    return page, status


@transactional
def _take(session: Session, actor: Actor, slug: str, meeting_id: str, kind: NoticeKind, form: Form) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    if isinstance(form, CancelForm):
        services.cancel_meeting(session, actor, slug, meeting_id, reason=form.reason.data or "", now=now())
        flash(gettext("The meeting is cancelled, and its group is told."), "success")
    else:
        services.convene_meeting(session, actor, slug, meeting_id, now=now())
        flash(gettext("The meeting is convened, and its group is told."), "success")
    return remember_submission(session, actor, form, meeting_path(slug, meeting_id))


@blueprint.post("/<meeting_id>/drop")
def drop(slug: str, meeting_id: str) -> Response:
    """Give up a meeting that was never convened."""
    if not Form().validate():
        raise Invalid("Go back, reload the page and try again.")
    _drop(slug, meeting_id)
    flash(gettext("It is given up. Nobody was told of it."), "success")
    return redirect(url_for(".index", slug=slug), 303)


@transactional
def _drop(session: Session, actor: Actor, slug: str, meeting_id: str) -> None:
    services.drop_meeting(session, actor, slug, meeting_id)


@blueprint.route("/<meeting_id>/attendance", methods=["GET", "POST"])
def attendance(slug: str, meeting_id: str) -> View:
    """Write down who was there, seat by seat."""
    session, actor = db.session(), current_actor()
    subject = services.get_meeting(session, actor, slug, meeting_id, Action.WRITE_MINUTES)
    form, status = Form(), 200
    if request.method == "POST":
        status = 422
        try:
            if form.validate():
                _record_attendance(
                    slug, meeting_id, dict(request.form.items()), request.form.getlist("observer")
                )
                flash(gettext("Recorded."), "success")
                return redirect(meeting_path(slug, meeting_id), 303)
        except Invalid as error:
            form.add_error(error)
    page = render_template(
        "meetings/attendance.html",
        group=subject.group,
        meeting=subject.row,
        view=attendance_services.load_attendance(session, actor, subject.group, subject.row),
        states=attendance_services.OF_SEATS,
        words=meeting_words,
        form=form,
    )
    return page, status


@transactional
def _record_attendance(
    session: Session, actor: Actor, slug: str, meeting_id: str, sent: dict[str, str], observers: list[str]
) -> None:
    seats = {
        name.removeprefix("seat-"): state
        for name, state in sent.items()
        if name.startswith("seat-") and state
    }
    attendance_services.record_attendance(
        session, actor, slug, meeting_id, seats=seats, observers=frozenset(observers), now=now()
    )


@blueprint.route("/<meeting_id>/minutes", methods=["GET", "POST"])
def minutes(slug: str, meeting_id: str) -> View:
    """Write the minutes, point by point, or circulate them."""
    session = db.session()
    subject = services.get_meeting(session, current_actor(), slug, meeting_id, Action.WRITE_MINUTES)
    points = services.list_points(session, subject.row.id)
    typed = {point.public_id: point.minutes_source for point in points}
    form, status = MinutesForm(), 200
    if request.method == "GET":
        until = subject.row.remarks_until or now() + REMARK_SPAN
        form.remarks_until.data = clock_time(until, subject.row.time_zone)
    if request.method == "POST":
        status = 422
        typed |= {key: request.form.get(f"point-{key}", "") for key in typed}
        try:
            if form.validate():
                return redirect(_save_minutes(slug, meeting_id, form, _rendered(typed)), 303)
        except Invalid as error:
            form.add_error(error)
    page = render_template(
        "meetings/minutes.html",
        group=subject.group,
        meeting=subject.row,
        points=points,
        typed=typed,
        form=form,
    )
    return page, status


def _rendered(typed: dict[str, str]) -> dict[str, Rendered]:
    for text in typed.values():
        if len(text) > MAX_MINUTES:
            raise Invalid("Write at most %(limit)d characters under one point.", limit=MAX_MINUTES)
    return {key: render(text, profile="post") for key, text in typed.items()}


@transactional
def _save_minutes(
    session: Session, actor: Actor, slug: str, meeting_id: str, form: MinutesForm, texts: dict[str, Rendered]
) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    minutes_services.write_minutes(session, actor, slug, meeting_id, texts, now=now())
    if request.form.get("step") == "circulate":
        zone = services.get_meeting(session, actor, slug, meeting_id).row.time_zone
        until = in_zone(form.remarks_until.data, zone)
        minutes_services.circulate_minutes(session, actor, slug, meeting_id, remarks_until=until, now=now())
        flash(gettext("The minutes are circulated, and the members are told."), "success")
    else:
        flash(gettext("Saved. Only those who write minutes read them yet."), "success")
    return remember_submission(session, actor, form, meeting_path(slug, meeting_id))


@blueprint.post("/<meeting_id>/adopt")
def adopt(slug: str, meeting_id: str) -> Response:
    """Adopt circulated minutes."""
    if not Form().validate():
        raise Invalid("Go back, reload the page and try again.")
    _adopt(slug, meeting_id)
    flash(gettext("The minutes are adopted: whoever reads the meeting reads and finds them."), "success")
    return redirect(meeting_path(slug, meeting_id), 303)


@transactional
def _adopt(session: Session, actor: Actor, slug: str, meeting_id: str) -> None:
    minutes_services.adopt_minutes(session, actor, slug, meeting_id, now=now())


@blueprint.route("/terms", methods=["GET", "POST"])
def terms(slug: str) -> View:
    """Change lead times, quorum and the rules for declarations."""
    group = get_group(db.session(), current_actor(), slug, Action.MANAGE_GROUP)
    form, status = PracticeForm(), 200
    form.declarations_visible.choices = [
        SelectChoice(one.value, meeting_words.declarations_visible(one)) for one in DeclarationsVisible
    ]
    if request.method == "GET":
        for name, value in read_practice(group.practice).to_json().items():
            form[name].data = value
    else:
        status = 422
        try:
            if form.validate():
                _set_terms(slug, _practice(form))
                flash(gettext("The terms are changed."), "success")
                return redirect(url_for(".index", slug=slug), 303)
        except Invalid as error:
            form.add_error(error)
    return render_template("meetings/terms.html", group=group, form=form), status


def _practice(form: PracticeForm) -> Practice:
    numbers: dict[str, Any] = {
        name: form[name].data if form[name].data is not None else -1
        for name in ("invitation_days", "document_days", "quorum_percent", "renewal_months", "selectors")
    }
    return Practice(declarations_visible=DeclarationsVisible(form.declarations_visible.data), **numbers)


@transactional
def _set_terms(session: Session, actor: Actor, slug: str, practice: Practice) -> None:
    practices.change_practice(session, actor, slug, practice, now=now())


@blueprint.get("/<meeting_id>/meeting.ics")
def calendar(slug: str, meeting_id: str) -> Response:
    """Give one meeting for a calendar."""
    session = db.session()
    subject = services.get_meeting(session, current_actor(), slug, meeting_id)
    if subject.row.status is not Status.PUBLISHED:
        raise NotFound
    base = current_app.config["BASE_URL"]
    event = calendars.get_event(session, subject, base_url=base, untitled=untitled())
    return calendar_response(write_calendar(subject.group.short_title, [event], stamp=now()), "meeting.ics")


def calendar_response(text: str, filename: str) -> Response:
    """Give a calendar as a download that programs know."""
    response = make_response(text)
    response.headers["Content-Type"] = MEDIA_TYPE
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


@blueprint.post("/calendar")
def subscribe(slug: str) -> Response:
    """Make the secret address of a person's own calendar, where there is none."""
    if not Form().validate():
        raise Invalid("Go back, reload the page and try again.")
    _subscribe()
    return redirect(url_for(".index", slug=slug, _anchor="calendar"), 303)


@transactional
def _subscribe(session: Session, actor: Actor) -> None:
    calendars.make_calendar_key(session, actor)
