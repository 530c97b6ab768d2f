"""Formal decisions of a group: preparing, voting seat by seat, closing, and what came of it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateTimeLocalField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from forum.blueprints import meeting_words, wording
from forum.blueprints.consultations import clock_time, in_zone
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.support import (
    Form,
    now,
    received_at,
    remember_submission,
    submitted_before,
    transactional,
)
from forum.domain.ballots import (
    MAX_QUESTION,
    MAX_REASON,
    Ballot,
    BallotState,
    Choice,
    Procedure,
    is_open_for_votes,
    needed_for_majority,
    needed_for_quorum,
)
from forum.domain.consultations import TIME_ZONES
from forum.domain.groups import Group
from forum.domain.labels import Tlp
from forum.domain.languages import LANGUAGES
from forum.domain.notices import NoticeKind
from forum.domain.text import TITLE_LENGTH
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.policy.subjects import Subject
from forum.richtext import Rendered, render, to_markup
from forum.services import ballots as services
from forum.services import votes as vote_services
from forum.services.addresses import ballot_path
from forum.services.ballot_lists import find_decided_text, find_meeting_of
from forum.services.ballots import BallotText
from forum.services.chatham import is_sealed
from forum.services.groups import get_group
from forum.services.meeting_mail import list_recipients
from forum.services.meetings import list_stages
from forum.services.seat_names import load_seat_names
from forum.services.threads import default_tlp, tlp_choices

blueprint = Blueprint("ballots", __name__, url_prefix="/groups/<slug>/decisions")

View = str | Response | tuple[str, int]


class BallotForm(Form):
    """What is decided, on which text, how and until when."""

    title = StringField(lazy_gettext("Title"), [InputRequired(), Length(max=TITLE_LENGTH)])
    body = TextAreaField(lazy_gettext("The question"), [InputRequired(), Length(max=MAX_QUESTION)])
    version = StringField(lazy_gettext("The text, by its address"), [Length(max=500)])
    procedure = RadioField(lazy_gettext("How"), default=Procedure.WRITTEN.value)
    meeting = StringField(lazy_gettext("The meeting, by its address"), [Length(max=500)])
    closes_at = DateTimeLocalField(lazy_gettext("Closes"), [Optional()])
    time_zone = SelectField(lazy_gettext("Time zone"), default="Europe/Brussels")
    language = SelectField(lazy_gettext("Language"), default="en")
    stage = SelectField(lazy_gettext("Stage of the procedure"), default="")
    label = RadioField(lazy_gettext("Readable by"))


class VoteForm(Form):
    """What a seat says, and why."""

    seat = SelectField(lazy_gettext("For the seat"), [InputRequired()])
    choice = RadioField(lazy_gettext("Your seat says"), [InputRequired(lazy_gettext("Choose one."))])
    reason = TextAreaField(lazy_gettext("Reasons"), [Length(max=MAX_REASON)])
    is_annexed = BooleanField(lazy_gettext("Annex the reasons to what is adopted"), default=True)


class OutcomeForm(Form):
    """What came of it, in words."""

    body = TextAreaField(lazy_gettext("What came of it"), [InputRequired(), Length(max=MAX_QUESTION)])


@blueprint.get("/<ballot_id>/")
def ballot(slug: str, ballot_id: str) -> str:
    """Show a decision: the question, the text, what seats say, and what came of it."""
    subject = services.get_ballot(db.session(), current_actor(), slug, ballot_id)
    return _page(subject, None)


def _page(subject: Subject, sent: Form | None) -> str:
    session, actor = db.session(), current_actor()
    row: Ballot = subject.row
    group = subject.group
    votes = vote_services.load_votes(session, actor, group, row)
    takes_votes = is_open_for_votes(row, received_at())
    may_manage = can(actor, Action.MANAGE_MEETINGS, group)
    may_vote = takes_votes and bool(votes.mine) and can(actor, Action.VOTE, subject)
    form = sent if isinstance(sent, VoteForm) else VoteForm(formdata=None)
    if may_vote:
        _offer(form, votes.mine, is_sent=sent is form)
    records = may_manage and row.state is BallotState.OPEN and row.procedure is Procedure.MEETING
    return render_template(
        "ballots/ballot.html",
        group=group,
        ballot=row,
        path=ballot_path(group.slug, row.public_id),
        html=to_markup(row.html),
        outcome=to_markup(row.outcome_html) if row.outcome_html else None,
        text=find_decided_text(session, actor, row),
        meeting=find_meeting_of(session, actor, row),
        votes=votes,
        quorum=needed_for_quorum(votes.tally.entitled, row.quorum_percent),
        majority=needed_for_majority(votes.tally.entitled),
        takes_votes=takes_votes,
        may_vote=may_vote,
        may_manage=may_manage,
        is_sealed=is_sealed(group),
        vote_form=form,
        record_seats=_recordable(subject) if records else [],
        outcome_form=sent if isinstance(sent, OutcomeForm) else _outcome_form(row),
        sent=sent,
        choices=Choice,
        words=meeting_words,
        form=Form(formdata=None),
    )


def _offer(form: VoteForm, mine: list[vote_services.VoteLine], *, is_sent: bool) -> None:
    """Fill the choices, and what the seat has said."""
    form.seat.choices = [SelectChoice(line.seat.public_id, meeting_words.seat(line.seat)) for line in mine]
    form.choice.choices = [SelectChoice(one.value, meeting_words.choice(one)) for one in Choice]
    if is_sent:
        return
    asked = request.args.get("seat", "")
    chosen = next((line for line in mine if line.seat.public_id == asked), mine[0])
    form.seat.data = chosen.seat.public_id
    if chosen.choice is not None:
        form.choice.data, form.reason.data = chosen.choice.value, chosen.source
        form.is_annexed.data = chosen.is_annexed


def _recordable(subject: Subject) -> list[tuple[str, str]]:
    """Give the seats whose vote at the meeting can be written down."""
    session, row = db.session(), subject.row
    names = load_seat_names(session, current_actor(), subject.group)
    entitled = vote_services.list_entitled(session, row)
    return [
        (seat.public_id, meeting_words.seat(seat)) for key, seat in names.seats.items() if key in entitled
    ]


def _outcome_form(row: Ballot) -> OutcomeForm:
    form = OutcomeForm(formdata=None)
    form.body.data = row.outcome_source
    return form


def _prepare(form: BallotForm, group: Group) -> None:
    form.label.choices = [
        SelectChoice(tlp.value, f"{wording.tlp_words(tlp)} (TLP:{tlp.value})") for tlp in tlp_choices(group)
    ]
    if form.label.data is None:
        form.label.data = default_tlp(group).value
    form.procedure.choices = [SelectChoice(one.value, meeting_words.procedure(one)) for one in Procedure]
    form.time_zone.choices = [SelectChoice(zone, zone.replace("_", " ")) for zone in TIME_ZONES]
    form.language.choices = [SelectChoice(code, wording.language_name(code)) for code in LANGUAGES]
    form.stage.choices = [
        SelectChoice("", gettext("None")),
        *(SelectChoice(stage.key, stage.title) for stage in list_stages(db.session(), group)),
    ]


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
    if request.method == "GET":
        return _form_page(form, group, None)
    try:
        if form.validate():
            return redirect(_create(slug, form, render(form.body.data or "", profile="post")), 303)
    except Invalid as error:
        form.add_error(error)
    return _form_page(form, group, None), 422


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
    subject = services.get_ballot(session, actor, slug, ballot_id, Action.MANAGE_MEETINGS)
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
    if request.method == "GET":
        return _form_page(form, subject.group, row)
    try:
        if form.validate():
            return redirect(_change(slug, ballot_id, form, render(form.body.data or "", profile="post")), 303)
    except Invalid as error:
        form.add_error(error)
    return _form_page(form, subject.group, row), 422


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
    session, actor = db.session(), current_actor()
    subject = services.get_ballot(session, actor, slug, ballot_id, Action.MANAGE_MEETINGS)
    form, status = Form(), 200
    if request.method == "POST":
        status = 422
        try:
            if form.validate():
                return redirect(_open(slug, ballot_id, form), 303)
        except Invalid as error:
            form.add_error(error)
    kind = NoticeKind.BALLOT_CLOSED  # of everybody in the group, those on a seat are told of the opening
    names = load_seat_names(session, actor, subject.group)
    seats = [seat for seat in names.seats.values() if seat.members and not seat.is_ended]
    voters = {one.account_id for seat in seats for one in seat.members}
    people = list_recipients(session, subject, kind, now=now(), sealing_secret=sealing_secret())
    recipients = [one for one in people if one.account_id in voters]
    page = render_template(
        "ballots/open.html",
        group=subject.group,
        ballot=subject.row,
        path=ballot_path(slug, ballot_id),
        seats=seats,
        vacant=[seat for seat in names.seats.values() if not seat.holders and not seat.is_ended],
        recipients=recipients,
        words=meeting_words,
        form=form,
    )
    return page, status


@transactional
def _open(session: Session, actor: Actor, slug: str, ballot_id: str, form: Form) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    services.open_ballot(session, actor, slug, ballot_id, now=now())
    flash(gettext("It is put to the vote, and those on a seat are told."), "success")
    return remember_submission(session, actor, form, ballot_path(slug, ballot_id))


@blueprint.post("/<ballot_id>/vote")
def vote(slug: str, ballot_id: str) -> View:
    """Say something for a seat."""
    subject = services.get_ballot(db.session(), current_actor(), slug, ballot_id)
    form = VoteForm()
    mine = vote_services.load_votes(db.session(), current_actor(), subject.group, subject.row).mine
    form.seat.choices = [SelectChoice(line.seat.public_id, "") for line in mine] or [
        SelectChoice(form.seat.data or "", "")
    ]
    form.choice.choices = [SelectChoice(one.value, meeting_words.choice(one)) for one in Choice]
    try:
        if form.validate():
            return redirect(_vote(slug, ballot_id, form, render(form.reason.data or "", profile="post")), 303)
    except Invalid as error:
        form.add_error(error)
    return _page(subject, form), 422


@transactional
def _vote(
    session: Session, actor: Actor, slug: str, ballot_id: str, form: VoteForm, rendered: Rendered
) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    vote_services.give_vote(
        session,
        actor,
        slug,
        ballot_id,
        seat_public_id=form.seat.data,
        choice=Choice(form.choice.data),
        reason=rendered,
        is_annexed=bool(form.is_annexed.data),
        received_at=received_at(),
        now=now(),
    )
    flash(gettext("Your seat's vote is in. It can be changed until it closes."), "success")
    return remember_submission(session, actor, form, ballot_path(slug, ballot_id))


@blueprint.post("/<ballot_id>/record")
def record(slug: str, ballot_id: str) -> View:
    """Write down what a seat said at the meeting."""
    subject = services.get_ballot(db.session(), current_actor(), slug, ballot_id, Action.MANAGE_MEETINGS)
    form = Form()
    try:
        if form.validate():
            sent = {name: request.form.get(name, "") for name in ("seat", "choice", "reason")}
            return redirect(_record(slug, ballot_id, sent, render(sent["reason"], profile="post")), 303)
    except Invalid as error:
        form.add_error(error)
    return _page(subject, form), 422


@transactional
def _record(
    session: Session, actor: Actor, slug: str, ballot_id: str, sent: dict[str, str], rendered: Rendered
) -> str:
    if sent["choice"] not in {one.value for one in Choice}:
        raise Invalid("Choose one.")
    vote_services.record_vote(
        session,
        actor,
        slug,
        ballot_id,
        seat_public_id=sent["seat"],
        choice=Choice(sent["choice"]),
        reason=rendered,
        now=now(),
    )
    flash(gettext("Recorded."), "success")
    return url_for(".ballot", slug=slug, ballot_id=ballot_id, _anchor="record")


@blueprint.post("/<ballot_id>/step")
def step(slug: str, ballot_id: str) -> View:
    """Close a decision, or give it up."""
    subject = services.get_ballot(db.session(), current_actor(), slug, ballot_id, Action.MANAGE_MEETINGS)
    form = Form()
    try:
        if form.validate():
            _take_step(slug, ballot_id, request.form.get("step", ""))
            return redirect(ballot_path(slug, ballot_id), 303)
    except Invalid as error:
        form.add_error(error)
    return _page(subject, form), 422


@transactional
def _take_step(session: Session, actor: Actor, slug: str, ballot_id: str, step: str) -> None:
    if step == "close":
        services.close_ballot(session, actor, slug, ballot_id, now=now())
        flash(gettext("It is closed and counted."), "success")
    elif step == "withdraw":
        services.withdraw_ballot(session, actor, slug, ballot_id, now=now())
        flash(gettext("It is withdrawn without an outcome."), "success")
    else:
        raise Invalid("Choose what is to be done.")


@blueprint.post("/<ballot_id>/outcome")
def outcome(slug: str, ballot_id: str) -> View:
    """Say what came of a closed decision."""
    subject = services.get_ballot(db.session(), current_actor(), slug, ballot_id, Action.MANAGE_MEETINGS)
    form = OutcomeForm()
    try:
        if form.validate():
            _state(slug, ballot_id, render(form.body.data or "", profile="post"))
            flash(gettext("It stands with the decision."), "success")
            return redirect(ballot_path(slug, ballot_id), 303)
    except Invalid as error:
        form.add_error(error)
    return _page(subject, form), 422


@transactional
def _state(session: Session, actor: Actor, slug: str, ballot_id: str, rendered: Rendered) -> None:
    services.state_outcome(session, actor, slug, ballot_id, rendered, now=now())
