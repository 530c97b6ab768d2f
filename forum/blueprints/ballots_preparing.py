"""Preparing a decision, changing it, and putting it to the vote after a look at who has one."""

from flask import flash, render_template, request
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from forum.blueprints import meeting_words
from forum.blueprints.ballots import View, blueprint
from forum.blueprints.clock_fields import ClockField
from forum.blueprints.consultations import clock_time, in_zone
from forum.blueprints.form_choices import language_choices, offer_labels, stage_choices, zone_choices
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.support import (
    Form,
    now,
    remember_submission,
    serve_form,
    submitted_before,
    transactional,
)
from forum.domain.ballots import MAX_QUESTION, Ballot, Procedure
from forum.domain.groups import Group
from forum.domain.labels import Tlp
from forum.domain.notices import NoticeKind
from forum.domain.text import TITLE_LENGTH
from forum.extensions import db
from forum.policy import Action, Actor
from forum.policy.subjects import Subject
from forum.richtext import Rendered, render
from forum.services import ballots as services
from forum.services.addresses import ballot_path
from forum.services.ballot_lists import find_decided_text, find_meeting_of
from forum.services.ballots import BallotText
from forum.services.groups import get_group
from forum.services.meeting_mail import list_recipients
from forum.services.meetings import list_stages
from forum.services.seat_names import load_seat_names


class BallotForm(Form):
    """What is decided, on which text, how and until when."""

    title = StringField(lazy_gettext("Title"), [InputRequired(), Length(max=TITLE_LENGTH)])
    body = TextAreaField(lazy_gettext("The question"), [InputRequired(), Length(max=MAX_QUESTION)])
    version = StringField(lazy_gettext("The text, by its address"), [Length(max=500)])
    procedure = RadioField(lazy_gettext("How"), default=Procedure.WRITTEN.value)
    meeting = StringField(lazy_gettext("The meeting, by its address"), [Length(max=500)])
    closes_at = ClockField(lazy_gettext("Closes"), [Optional()])
    time_zone = SelectField(lazy_gettext("Time zone"), default="Europe/Brussels")
    language = SelectField(lazy_gettext("Language"), default="en")
    stage = SelectField(lazy_gettext("Stage of the procedure"), default="")
    label = RadioField(lazy_gettext("Readable by"))


def _prepare(form: BallotForm, group: Group) -> None:
    offer_labels(form.label, group)
    form.procedure.choices = [SelectChoice(one.value, meeting_words.procedure(one)) for one in Procedure]
    form.time_zone.choices, form.language.choices = zone_choices(), language_choices()
    form.stage.choices = stage_choices(group)


def _text(form: BallotForm, rendered: Rendered) -> BallotText:
    return BallotText(
        title=form.title.data or "",
        rendered=rendered,
        procedure=Procedure(form.procedure.data),
        closes_at=in_zone(form.closes_at.data, form.time_zone.data),
        time_zone=form.time_zone.data,
        tlp=Tlp(form.label.data),
        version=form.version.data or "",
        meeting_id=(form.meeting.data or "").strip().rstrip("/").rpartition("/")[2][:13],
        stage_key=form.stage.data or "",
        language=form.language.data,
    )


def _form_page(form: BallotForm, group: Group, row: Ballot | None) -> str:
    return render_template("ballots/form.html", form=form, group=group, ballot=row)


@blueprint.route("/new", methods=["GET", "POST"])
def new(slug: str) -> View:
    """Prepare a decision."""
    group = get_group(db.session(), current_actor(), slug, Action.MANAGE_MEETINGS)
    form = BallotForm()
    if request.method == "GET":
        form.version.data = request.args.get("version", "")[:500]
        form.meeting.data = request.args.get("meeting", "")[:13]
        form.stage.data = request.args.get("stage", "")[:64]
        form.procedure.data = (Procedure.MEETING if form.meeting.data else Procedure.WRITTEN).value
        form.language.data = group.languages[0] if group.languages else "en"
    _prepare(form, group)
    return serve_form(
        form,
        lambda: _form_page(form, group, None),
        lambda: _create(slug, form, render(form.body.data or "", profile="post")),
    )


@transactional
def _create(session: Session, actor: Actor, slug: str, form: BallotForm, rendered: Rendered) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    row = services.prepare_ballot(session, actor, slug, _text(form, rendered), now=now())
    flash(gettext("It is prepared. Only this group's chair and secretariat can read it yet."), "success")
    return remember_submission(session, actor, form, ballot_path(slug, row.public_id))


@blueprint.route("/<ballot_id>/edit", methods=["GET", "POST"])
def edit(slug: str, ballot_id: str) -> View:
    """Change a decision that was not put to the vote yet."""
    session, actor = db.session(), current_actor()
    subject = services.get_ballot_to_change(session, actor, slug, ballot_id)
    row: Ballot = subject.row
    form = BallotForm()
    if request.method == "GET":
        text, meeting = find_decided_text(session, actor, row), find_meeting_of(session, actor, row)
        form.title.data, form.body.data, form.label.data = row.title, row.source, row.tlp.value
        form.version.data = text.path if text else ""
        form.meeting.data = meeting.public_id if meeting else ""
        form.procedure.data, form.language.data = row.procedure.value, row.language
        form.closes_at.data, form.time_zone.data = clock_time(row.closes_at, row.time_zone), row.time_zone
        stages = list_stages(session, subject.group)
        form.stage.data = next((stage.key for stage in stages if stage.id == row.stage_id), "")
    _prepare(form, subject.group)
    return serve_form(
        form,
        lambda: _form_page(form, subject.group, row),
        lambda: _change(slug, ballot_id, form, render(form.body.data or "", profile="post")),
    )


@transactional
def _change(
    session: Session, actor: Actor, slug: str, ballot_id: str, form: BallotForm, rendered: Rendered
) -> str:
    services.change_ballot(session, actor, slug, ballot_id, _text(form, rendered), now=now())
    flash(gettext("The decision is changed."), "success")
    return ballot_path(slug, ballot_id)


@blueprint.route("/<ballot_id>/open", methods=["GET", "POST"])
def open_votes(slug: str, ballot_id: str) -> View:
    """Show which seats have a vote and who gets which mail; then put it to the vote."""
    subject = services.get_ballot(db.session(), current_actor(), slug, ballot_id, Action.MANAGE_MEETINGS)
    form = Form()
    return serve_form(form, lambda: _open_page(subject, form), lambda: _open(slug, ballot_id, form))


def _open_page(subject: Subject, form: Form) -> str:
    session, row = db.session(), subject.row
    kind = NoticeKind.BALLOT_CLOSED  # of everybody in the group, those on a seat are told of the opening
    names = load_seat_names(session, current_actor(), subject.group)
    seats = [seat for seat in names.seats.values() if seat.members and not seat.is_ended]
    voters = {one.account_id for seat in seats for one in seat.members}
    people = list_recipients(session, subject, kind, now=now(), sealing_secret=sealing_secret())
    return render_template(
        "ballots/open.html",
        group=subject.group,
        ballot=row,
        path=ballot_path(subject.group.slug, row.public_id),
        seats=seats,
        vacant=[seat for seat in names.seats.values() if not seat.holders and not seat.is_ended],
        recipients=[one for one in people if one.account_id in voters],
        words=meeting_words,
        form=form,
    )


@transactional
def _open(session: Session, actor: Actor, slug: str, ballot_id: str, form: Form) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    services.open_ballot(session, actor, slug, ballot_id, now=now())
    flash(gettext("It is put to the vote, and those on a seat are told."), "success")
    return remember_submission(session, actor, form, ballot_path(slug, ballot_id))
