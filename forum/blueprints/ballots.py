"""Formal decisions of a group: the page of one, voting seat by seat, closing, and what came of it."""

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.blueprints import meeting_words
from forum.blueprints.identity import current_actor
from forum.blueprints.support import (
    Form,
    now,
    received_at,
    remember_submission,
    serve_form,
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
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.policy.subjects import Subject
from forum.richtext import Rendered, render, to_markup
from forum.services import ballots as services
from forum.services import votes as vote_services
from forum.services.addresses import ballot_path
from forum.services.ballot_lists import find_decided_text, find_meeting_of
from forum.services.chatham import is_sealed
from forum.services.seat_names import load_seat_names

blueprint = Blueprint("ballots", __name__, url_prefix="/groups/<slug>/decisions")

View = str | Response | tuple[str, int]


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
    return serve_form(
        form,
        lambda: _page(subject, form),
        lambda: _vote(slug, ballot_id, form, render(form.reason.data or "", profile="post")),
    )


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
    form, sent = Form(), {name: request.form.get(name, "") for name in ("seat", "choice", "reason")}
    return serve_form(
        form,
        lambda: _page(subject, form),
        lambda: _record(slug, ballot_id, sent, render(sent["reason"], profile="post")),
    )


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
    return serve_form(
        form,
        lambda: _page(subject, form),
        lambda: _take_step(slug, ballot_id, request.form.get("step", "")),
    )


@transactional
def _take_step(session: Session, actor: Actor, slug: str, ballot_id: str, step: str) -> str:
    if step == "close":
        services.close_ballot(session, actor, slug, ballot_id, now=now())
        flash(gettext("It is closed and counted."), "success")
    elif step == "withdraw":
        services.withdraw_ballot(session, actor, slug, ballot_id, now=now())
        flash(gettext("It is withdrawn without an outcome."), "success")
    else:
        raise Invalid("Choose what is to be done.")
    return ballot_path(slug, ballot_id)


@blueprint.post("/<ballot_id>/outcome")
def outcome(slug: str, ballot_id: str) -> View:
    """Say what came of a closed decision."""
    subject = services.get_ballot(db.session(), current_actor(), slug, ballot_id, Action.MANAGE_MEETINGS)
    form = OutcomeForm()
    return serve_form(
        form,
        lambda: _page(subject, form),
        lambda: _state(slug, ballot_id, render(form.body.data or "", profile="post")),
    )


@transactional
def _state(session: Session, actor: Actor, slug: str, ballot_id: str, rendered: Rendered) -> str:
    services.state_outcome(session, actor, slug, ballot_id, rendered, now=now())
    flash(gettext("It stands with the decision."), "success")
    return ballot_path(slug, ballot_id)
