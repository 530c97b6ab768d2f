"""Consultations: lists, one with what it received, and preparing, opening and closing by its group."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from forum.blueprints import wording
from forum.blueprints.answering import submit_by_words
from forum.blueprints.clock_fields import ClockField
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.papers import page_links, page_number
from forum.blueprints.support import (
    Form,
    now,
    received_at,
    remember_submission,
    submitted_before,
    transactional,
)
from forum.domain.consultations import (
    TIME_ZONES,
    AnswersVisible,
    AnswerUnit,
    Asked,
    Consultation,
    ConsultationState,
    SubmitBy,
    is_in_time,
)
from forum.domain.groups import Group
from forum.domain.labels import Status, Tlp
from forum.domain.text import TITLE_LENGTH
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.richtext import Rendered, render, to_markup
from forum.services import consultations as services
from forum.services.answers import count_answers
from forum.services.asked_organisations import list_asked
from forum.services.chatham import is_sealed
from forum.services.consultations import ConsultationText
from forum.services.groups import get_group
from forum.services.linked_documents import OF_CONSULTATIONS, documents_text, list_documents
from forum.services.own_answers import list_own_answers
from forum.services.papers import list_papers
from forum.services.questionnaires import load_questionnaire
from forum.services.threads import default_tlp, tlp_choices

blueprint = Blueprint("consultations", __name__)

View = str | Response | tuple[str, int]


class ConsultationForm(Form):
    """What is asked, until when, and what happens with the answers."""

    title = StringField(lazy_gettext("Title"), [InputRequired(), Length(max=TITLE_LENGTH)])
    body = TextAreaField(lazy_gettext("What is asked, and why"), [InputRequired()])
    what_happens = TextAreaField(
        lazy_gettext("What will happen with the answers, and when"), [Length(max=5_000)]
    )
    answers_visible = RadioField(lazy_gettext("When the answers are read"), default="after_closing")
    opens_at = ClockField(lazy_gettext("Opens"), [Optional()])
    closes_at = ClockField(lazy_gettext("Closes"), [Optional()])
    time_zone = SelectField(lazy_gettext("Time zone"), default="Europe/Brussels")
    label = RadioField(lazy_gettext("Readable by"))
    asked = RadioField(lazy_gettext("Who is asked"), default=Asked.SEATS.value)
    organisations = TextAreaField(lazy_gettext("Organisations asked by name"), [Length(max=20_000)])
    answer_unit = RadioField(lazy_gettext("One answer for each"), default=AnswerUnit.BODY.value)
    submit_by = RadioField(lazy_gettext("Who sends a body's answer"), default=SubmitBy.PUBLISHER.value)
    reminder_days = StringField(lazy_gettext("Reminders, in days before the closing"), [Length(max=60)])
    documents = TextAreaField(lazy_gettext("Documents"), [Length(max=10_000)])


def answers_visible_words(value: AnswersVisible) -> str:
    """Give when a consultation's answers are read, in words."""
    return {
        AnswersVisible.AT_ONCE: gettext("At once, as each is sent"),
        AnswersVisible.AFTER_CLOSING: gettext("When the consultation has closed"),
        AnswersVisible.ON_PUBLICATION: gettext("When the group publishes them after closing"),
    }[value]


def asked_words(value: Asked) -> str:
    """Give who is asked, in words."""
    return {
        Asked.SEATS: gettext("The seats of this group"),
        Asked.NAMED: gettext("Organisations by name"),
        Asked.PARTICIPANTS: gettext("All participants: everybody with an account"),
        Asked.PUBLIC: gettext("The public: everybody, with an account to answer"),
    }[value]


def unit_words(value: AnswerUnit) -> str:
    """Give for whom there is one answer, in words."""
    return {
        AnswerUnit.BODY: gettext("Body: its colleagues write one answer together"),
        AnswerUnit.PERSON: gettext("Person: each gives an answer of their own"),
    }[value]


@blueprint.get("/consultations/")
def directory() -> str:
    """List the consultations that this person may read, over all groups."""
    found = services.list_consultations(db.session(), current_actor(), page=page_number())
    links = page_links(url_for(".directory"), found.page, found.has_next)
    return render_template("consultations/directory.html", found=found, links=links, group=None)


@blueprint.get("/groups/<slug>/consultations/")
def index(slug: str) -> str:
    """List the consultations of a group."""
    actor = current_actor()
    group = get_group(db.session(), actor, slug)
    found = services.list_consultations(db.session(), actor, group=group, page=page_number())
    return render_template(
        "consultations/index.html",
        group=group,
        found=found,
        links=page_links(url_for(".index", slug=slug), found.page, found.has_next),
        may_manage=can(actor, Action.MANAGE_CONSULTATIONS, group),
    )


@blueprint.get("/groups/<slug>/consultations/<consultation_id>/")
def consultation(slug: str, consultation_id: str) -> str:
    """Show a consultation: who asks whom, until when, why, what happens next, and what was received."""
    session, actor = db.session(), current_actor()
    subject = services.get_consultation(session, actor, slug, consultation_id)
    row: Consultation = subject.row
    may_manage = can(actor, Action.MANAGE_CONSULTATIONS, subject.group)
    takes_answers = row.state is ConsultationState.OPEN and is_in_time(row, received_at())
    found = list_papers(session, actor, consultation_id=row.id, page=page_number())
    questions = load_questionnaire(session, row.id).questions
    return render_template(
        "consultations/consultation.html",
        group=subject.group,
        consultation=row,
        html=to_markup(row.html),
        papers=found,
        links=page_links(request.path, found.page, found.has_next),
        answers_visible=answers_visible_words(row.answers_visible),
        takes_answers=takes_answers,
        may_answer=takes_answers and can(actor, Action.WRITE, subject.group),
        asked=asked_words(row.asked),
        unit=unit_words(row.answer_unit),
        bodies=list_asked(session, row.id) if row.asked is Asked.NAMED else [],
        documents=list_documents(session, actor, OF_CONSULTATIONS, row.id),
        questions=len(questions),
        mine=list_own_answers(session, actor, subject.group, row, sealing_secret()) if questions else [],
        answers=count_answers(session, actor, row) if questions else 0,
        synopsis=to_markup(row.synopsis_html) if row.synopsis_html else None,
        outcome=to_markup(row.outcome_html) if row.outcome_html else None,
        is_day_only=is_sealed(subject.group),
        may_manage=may_manage and row.status in {Status.DRAFT, Status.PUBLISHED},
        steps=_steps(row) if may_manage else [],
        form=Form(),
    )


def _steps(row: Consultation) -> list[tuple[str, str]]:
    """Give what its group can do with a consultation now: (step, words)."""
    if row.state is ConsultationState.OPEN:
        return [("close", gettext("Close it now"))]
    if row.state is ConsultationState.CLOSED:
        is_waiting = row.answers_visible is AnswersVisible.ON_PUBLICATION
        return [("publish", gettext("Publish the answers"))] if is_waiting else []
    announce = [("announce", gettext("Announce it"))] if row.status is Status.DRAFT else []
    return [*announce, ("open", gettext("Open it now"))]


def _prepare(form: ConsultationForm, group: Group) -> None:
    labels = tlp_choices(group)
    form.label.choices = [
        SelectChoice(tlp.value, f"{wording.tlp_words(tlp)} (TLP:{tlp.value})") for tlp in labels
    ]
    if form.label.data is None:
        form.label.data = default_tlp(group).value
    form.answers_visible.choices = [
        SelectChoice(value.value, answers_visible_words(value)) for value in AnswersVisible
    ]
    form.asked.choices = [SelectChoice(value.value, asked_words(value)) for value in Asked]
    form.answer_unit.choices = [SelectChoice(value.value, unit_words(value)) for value in AnswerUnit]
    form.submit_by.choices = [SelectChoice(value.value, submit_by_words(value)) for value in SubmitBy]
    form.time_zone.choices = [SelectChoice(zone, zone.replace("_", " ")) for zone in TIME_ZONES]


def _text(form: ConsultationForm, rendered: Rendered) -> ConsultationText:
    zone = form.time_zone.data
    return ConsultationText(
        title=form.title.data or "",
        rendered=rendered,
        what_happens=form.what_happens.data or "",
        answers_visible=AnswersVisible(form.answers_visible.data),
        tlp=Tlp(form.label.data),
        opens_at=in_zone(form.opens_at.data, zone),
        closes_at=in_zone(form.closes_at.data, zone),
        time_zone=zone,
        asked=Asked(form.asked.data),
        answer_unit=AnswerUnit(form.answer_unit.data),
        submit_by=SubmitBy(form.submit_by.data),
        reminder_days=_days(form.reminder_days.data or ""),
        organisations=tuple(_slug_of(line) for line in (form.organisations.data or "").split()),
        documents=form.documents.data or "",
    )


def _slug_of(line: str) -> str:
    """Give the slug in an organisation's address, or the slug itself."""
    return line.rstrip("/").rpartition("/")[2][:80]


def _days(text: str) -> tuple[int, ...]:
    """Read "7, 1"; Invalid at the field for anything but whole numbers."""
    parts = text.replace(",", " ").split()
    if not all(part.isdecimal() and len(part) < 4 for part in parts):
        raise Invalid("Write whole numbers with commas, such as 7, 1.", field="reminder_days")
    return tuple(int(part) for part in parts)


def in_zone(value: datetime | None, zone: str) -> datetime | None:
    """Give a time of the clock in a zone as UTC."""
    return value.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) if value else None


def clock_time(value: datetime | None, zone: str) -> datetime | None:
    """Give a moment as the clock in a zone shows it."""
    if value is None:
        return None
    try:
        return value.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    except (ZoneInfoNotFoundError, ValueError):
        return value.replace(tzinfo=None)


def _answer(
    form: ConsultationForm, group: Group, write: Callable[[Rendered], str], row: Consultation | None = None
) -> View:
    """Validate and write; whatever goes wrong leaves what was typed on the page."""
    preview, status = None, 422
    try:
        is_valid = form.validate()
        rendered = render(form.body.data or "", profile="post")
        if is_valid and request.form.get("step") == "preview":
            preview, status = to_markup(rendered.html), 200
        elif is_valid:
            return redirect(write(rendered), 303)
    except Invalid as error:
        form.add_error(error)
    return _form_page(form, group, row, preview), status


def _form_page(form: ConsultationForm, group: Group, row: Consultation | None, preview: Any = None) -> str:
    return render_template(
        "consultations/form.html", form=form, group=group, consultation=row, preview=preview
    )


@blueprint.route("/groups/<slug>/consultations/new", methods=["GET", "POST"])
def new(slug: str) -> View:
    """Prepare a consultation."""
    group = get_group(db.session(), current_actor(), slug, Action.MANAGE_CONSULTATIONS)
    form = ConsultationForm()
    _prepare(form, group)
    if request.method == "GET":
        return _form_page(form, group, None)
    return _answer(form, group, lambda rendered: _create(slug, form, rendered))


@transactional
def _create(session: Session, actor: Actor, slug: str, form: ConsultationForm, rendered: Rendered) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    row = services.create_consultation(session, actor, slug, _text(form, rendered), now=now())
    flash(gettext("It is prepared. Only this group's chair and secretariat can read it yet."), "success")
    path = url_for(".consultation", slug=slug, consultation_id=row.public_id)
    return remember_submission(session, actor, form, path)


@blueprint.route("/groups/<slug>/consultations/<consultation_id>/edit", methods=["GET", "POST"])
def edit(slug: str, consultation_id: str) -> View:
    """Change a consultation that has not closed."""
    subject = services.get_consultation(
        db.session(), current_actor(), slug, consultation_id, Action.MANAGE_CONSULTATIONS
    )
    row: Consultation = subject.row
    form = ConsultationForm()
    if request.method == "GET":
        form.title.data, form.body.data, form.what_happens.data = row.title, row.source, row.what_happens
        form.answers_visible.data, form.label.data = row.answers_visible.value, row.tlp.value
        form.time_zone.data = row.time_zone
        form.asked.data, form.answer_unit.data = row.asked.value, row.answer_unit.value
        form.submit_by.data = row.submit_by.value
        form.reminder_days.data = ", ".join(str(day) for day in row.reminder_days)
        form.organisations.data = "\n".join(body.slug for body in list_asked(db.session(), row.id))
        form.documents.data = documents_text(db.session(), OF_CONSULTATIONS, row.id)
        form.opens_at.data = clock_time(row.opens_at, row.time_zone)
        form.closes_at.data = clock_time(row.closes_at, row.time_zone)
    _prepare(form, subject.group)
    if request.method == "GET":
        return _form_page(form, subject.group, row)
    return _answer(form, subject.group, lambda rendered: _edit(slug, consultation_id, form, rendered), row)


@transactional
def _edit(
    session: Session,
    actor: Actor,
    slug: str,
    consultation_id: str,
    form: ConsultationForm,
    rendered: Rendered,
) -> str:
    services.edit_consultation(session, actor, slug, consultation_id, _text(form, rendered), now=now())
    flash(gettext("The consultation is changed."), "success")
    return url_for(".consultation", slug=slug, consultation_id=consultation_id)


@blueprint.post("/groups/<slug>/consultations/<consultation_id>/step")
def step(slug: str, consultation_id: str) -> Response:
    """Announce, open or close a consultation, or publish what it received."""
    if not Form().validate():
        raise Invalid("Go back, reload the page and try again.")
    flash(_take_step(slug, consultation_id, request.form.get("step", "")), "success")
    return redirect(url_for(".consultation", slug=slug, consultation_id=consultation_id), 303)


@transactional
def _take_step(session: Session, actor: Actor, slug: str, consultation_id: str, wanted: str) -> str:
    match wanted:
        case "announce":
            services.announce_consultation(session, actor, slug, consultation_id, now=now())
            return gettext("The consultation is announced.")
        case "open":
            services.open_consultation(session, actor, slug, consultation_id, now=now())
            return gettext("The consultation is open.")
        case "close":
            services.close_consultation(session, actor, slug, consultation_id, now=now())
            return gettext("The consultation is closed.")
        case "publish":
            count = services.publish_answers(session, actor, slug, consultation_id, now=now())
            return gettext("Answers that were published or given to moderators: %(count)d.", count=count)
    raise Invalid("Choose what is to be done with the consultation.")
