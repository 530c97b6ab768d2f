"""Meetings of a group: lists, one with its all that belongs to it; preparing and changing."""

from datetime import datetime
from typing import Any

from flask import Blueprint, current_app, flash, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from forum.blueprints import meeting_words
from forum.blueprints.clock_fields import ClockField
from forum.blueprints.consultations import clock_time, in_zone
from forum.blueprints.form_choices import language_choices, offer_labels, stage_choices, zone_choices
from forum.blueprints.identity import current_actor
from forum.blueprints.papers import page_links, page_number
from forum.blueprints.support import (
    Form,
    now,
    received_at,
    remember_submission,
    serve_form,
    submitted_before,
    transactional,
)
from forum.domain.groups import Group
from forum.domain.labels import Status, Tlp
from forum.domain.meetings import MAX_PLACE, Meeting, convene_by, documents_by, is_after
from forum.domain.practice import read_practice
from forum.domain.text import TITLE_LENGTH
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.policy.subjects import Subject
from forum.richtext import Rendered, render, to_markup
from forum.services import meetings as services
from forum.services.addresses import meeting_path
from forum.services.attendance import load_attendance
from forum.services.ballot_lists import list_ballots, list_ballots_at
from forum.services.groups import get_group
from forum.services.linked_documents import OF_MEETINGS, documents_text, list_documents
from forum.services.meetings import MeetingText
from forum.services.minutes import may_read_minutes
from forum.services.minutes_remarks import list_remarks, may_remark
from forum.services.saved_searches import get_feed_key

blueprint = Blueprint("meetings", __name__, url_prefix="/groups/<slug>/meetings")

View = str | Response | tuple[str, int]


class MeetingForm(Form):
    """When and where a group meets, about what."""

    title = StringField(lazy_gettext("Title"), [InputRequired(), Length(max=TITLE_LENGTH)])
    starts_at = ClockField(lazy_gettext("Begins"), [InputRequired()])
    ends_at = ClockField(lazy_gettext("Ends"), [InputRequired()])
    time_zone = SelectField(lazy_gettext("Time zone"), default="Europe/Brussels")
    place = StringField(lazy_gettext("Place, or the address of the call"), [Length(max=MAX_PLACE)])
    language = SelectField(lazy_gettext("Language"), default="en")
    agenda = TextAreaField(lazy_gettext("Agenda"), [InputRequired(), Length(max=20_000)])
    body = TextAreaField(lazy_gettext("What else to know"), [Length(max=20_000)])
    documents = TextAreaField(lazy_gettext("Documents"), [Length(max=10_000)])
    stage = SelectField(lazy_gettext("Stage of the procedure"), default="")
    label = RadioField(lazy_gettext("Readable by"))


@blueprint.get("/")
def index(slug: str) -> str:
    """List a group's meetings and decisions: what comes next, what is open, what was."""
    session, actor = db.session(), current_actor()
    group = get_group(session, actor, slug)
    page = page_number()
    found = services.list_meetings(session, actor, group, now=now(), page=page)
    decided = list_ballots(session, actor, group, page=page)
    return render_template(
        "meetings/index.html",
        group=group,
        found=found,
        decided=decided,
        links=page_links(url_for(".index", slug=slug), page, found.has_next or decided.has_next),
        practice=read_practice(group.practice),
        may_manage=can(actor, Action.MANAGE_MEETINGS, group),
        may_declare=can(actor, Action.DECLARE, group),
        words=meeting_words,
        calendar_url=_calendar_url(),
        form=Form(),
    )


def _calendar_url() -> str | None:
    """Give the secret address of the reader's calendar, where there is one."""
    actor = current_actor()
    key = get_feed_key(db.session(), actor) if actor.is_signed_in else ""
    if not key:
        return None
    base = current_app.config["BASE_URL"].rstrip("/")
    return f"{base}{url_for('feeds.meetings', public_id=actor.public_id, key=key)}"


@blueprint.get("/<meeting_id>/")
def meeting(slug: str, meeting_id: str) -> str:
    """Show a meeting: when and where, agenda, documents, who was there, and its minutes."""
    session, actor = db.session(), current_actor()
    subject = services.get_meeting(session, actor, slug, meeting_id)
    row: Meeting = subject.row
    group = subject.group
    shows_minutes = may_read_minutes(actor, subject)
    return render_template(
        "meetings/meeting.html",
        group=group,
        meeting=row,
        path=meeting_path(slug, meeting_id),
        note=to_markup(row.html) if row.html else None,
        points=[
            (point, to_markup(point.minutes_html) if shows_minutes and point.minutes_html else None)
            for point in services.list_points(session, row.id)
        ],
        shows_minutes=shows_minutes,
        remarks=list_remarks(session, actor, subject),
        may_remark=may_remark(actor, subject, received_at=received_at()),
        documents=list_documents(session, actor, OF_MEETINGS, row.id),
        attendance=load_attendance(session, actor, group, row),
        ballots=list_ballots_at(session, actor, row.id),
        stage=next((one for one in services.list_stages(session, group) if one.id == row.stage_id), None),
        is_over=row.ends_at < now(),
        has_begun=row.starts_at <= now(),
        may_manage=can(actor, Action.MANAGE_MEETINGS, group),
        may_write_minutes=can(actor, Action.WRITE_MINUTES, group),
        lead=_lead(group, row),
        words=meeting_words,
        form=Form(),
    )


def _lead(group: Group, row: Meeting) -> dict[str, Any]:
    """Give the lead times of a meeting, and whether they are (or would now be) missed."""
    practice = read_practice(group.practice)
    convened = row.convened_at or now()
    return {
        "convene_by": convene_by(row, practice),
        "documents_by": documents_by(row, practice),
        "is_late": is_after(convened, convene_by(row, practice)),
    }


def prepare_form(form: MeetingForm, group: Group) -> None:
    """Fill the choices."""
    offer_labels(form.label, group)
    form.time_zone.choices, form.language.choices = zone_choices(), language_choices()
    form.stage.choices = stage_choices(group)


def _text(form: MeetingForm, rendered: Rendered) -> MeetingText:
    zone = form.time_zone.data
    return MeetingText(
        title=form.title.data or "",
        rendered=rendered,
        starts_at=_moment(form.starts_at.data, zone),
        ends_at=_moment(form.ends_at.data, zone),
        time_zone=zone,
        agenda=form.agenda.data or "",
        place=form.place.data or "",
        language=form.language.data,
        documents=form.documents.data or "",
        tlp=Tlp(form.label.data),
        stage_key=form.stage.data or "",
    )


def _moment(value: datetime | None, zone: str) -> datetime:
    moment = in_zone(value, zone)
    assert moment is not None  # the form requires it
    return moment


def _page(form: MeetingForm, group: Group, row: Meeting | None) -> str:
    return render_template(
        "meetings/form.html", form=form, group=group, meeting=row, practice=read_practice(group.practice)
    )


@blueprint.route("/new", methods=["GET", "POST"])
def new(slug: str) -> View:
    """Prepare a meeting."""
    group = get_group(db.session(), current_actor(), slug, Action.MANAGE_MEETINGS)
    form = MeetingForm()
    if request.method == "GET":
        form.stage.data = request.args.get("stage", "")[:64]
        form.language.data = group.languages[0] if group.languages else "en"
    prepare_form(form, group)
    return serve_form(
        form,
        lambda: _page(form, group, None),
        lambda: _create(slug, form, render(form.body.data or "", profile="post")),
    )


@transactional
def _create(session: Session, actor: Actor, slug: str, form: MeetingForm, rendered: Rendered) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    row = services.prepare_meeting(session, actor, slug, _text(form, rendered), now=now())
    flash(gettext("It is prepared. Convene it to let the group know."), "success")
    return remember_submission(session, actor, form, meeting_path(slug, row.public_id))


@blueprint.route("/<meeting_id>/edit", methods=["GET", "POST"])
def edit(slug: str, meeting_id: str) -> View:
    """Change a meeting; once it is convened the group is told."""
    subject = services.get_meeting(db.session(), current_actor(), slug, meeting_id, Action.MANAGE_MEETINGS)
    form = MeetingForm()
    if request.method == "GET":
        _fill(form, subject)
    prepare_form(form, subject.group)
    return serve_form(
        form,
        lambda: _page(form, subject.group, subject.row),
        lambda: _change(slug, meeting_id, form, render(form.body.data or "", profile="post")),
    )


def _fill(form: MeetingForm, subject: Subject) -> None:
    row: Meeting = subject.row
    form.title.data, form.place.data, form.body.data = row.title, row.place, row.source
    form.starts_at.data = clock_time(row.starts_at, row.time_zone)
    form.ends_at.data = clock_time(row.ends_at, row.time_zone)
    form.time_zone.data, form.language.data, form.label.data = row.time_zone, row.language, row.tlp.value
    form.agenda.data = "\n".join(point.title for point in services.list_points(db.session(), row.id))
    form.documents.data = documents_text(db.session(), OF_MEETINGS, row.id)
    stages = services.list_stages(db.session(), subject.group)
    form.stage.data = next((stage.key for stage in stages if stage.id == row.stage_id), "")


@transactional
def _change(
    session: Session, actor: Actor, slug: str, meeting_id: str, form: MeetingForm, rendered: Rendered
) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    row = services.change_meeting(session, actor, slug, meeting_id, _text(form, rendered), now=now())
    if row.status is Status.PUBLISHED:
        flash(gettext("The meeting is changed; its group is told, and calendars take it over."), "success")
    else:
        flash(gettext("The meeting is changed."), "success")
    return remember_submission(session, actor, form, meeting_path(slug, meeting_id))
