"""Corrections to circulated minutes: proposing them, and answering each."""

from collections.abc import Sequence

from flask import flash, render_template, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.blueprints import meeting_words
from forum.blueprints.identity import current_actor
from forum.blueprints.meetings import View, blueprint
from forum.blueprints.support import (
    Form,
    now,
    received_at,
    remember_submission,
    serve_form,
    submitted_before,
    transactional,
)
from forum.domain.meetings import MAX_REMARK, AgendaPoint, MinutesState, RemarkAnswer
from forum.errors import NotFound
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.policy.subjects import Subject
from forum.richtext import Rendered, render, to_markup
from forum.services import minutes_remarks as services
from forum.services.addresses import meeting_path
from forum.services.meetings import get_meeting, list_points
from forum.services.minutes import may_read_minutes


class RemarkForm(Form):
    """What should stand in the minutes instead."""

    point = SelectField(lazy_gettext("Point of the agenda"), [InputRequired()])
    body = TextAreaField(
        lazy_gettext("What should stand there instead"),
        [InputRequired(lazy_gettext("Write a sentence or two.")), Length(max=MAX_REMARK)],
    )

    def offer(self, points: Sequence[AgendaPoint]) -> None:
        """Offer the points of the agenda."""
        self.point.choices = [SelectChoice(one.public_id, f"{one.position}. {one.title}") for one in points]


class AnswerForm(Form):
    """Whether a correction is taken up, and why not."""

    answer = RadioField(lazy_gettext("Answer"), [InputRequired(lazy_gettext("Choose one."))])
    body = TextAreaField(lazy_gettext("Reasons"), [Length(max=MAX_REMARK)])


def _subject(slug: str, meeting_id: str) -> Subject:
    """Give a meeting whose minutes the reader may read; NotFound before they are circulated."""
    subject = get_meeting(db.session(), current_actor(), slug, meeting_id)
    is_out = subject.row.minutes_state in {MinutesState.CIRCULATED, MinutesState.ADOPTED}
    if not is_out or not may_read_minutes(current_actor(), subject):
        raise NotFound
    return subject


@blueprint.route("/<meeting_id>/remarks", methods=["GET", "POST"])
def remarks(slug: str, meeting_id: str) -> View:
    """Show the corrections that were proposed, with their answers, and take another."""
    subject = _subject(slug, meeting_id)
    form = RemarkForm()
    form.offer(list_points(db.session(), subject.row.id))
    return serve_form(
        form,
        lambda: _page(subject, form),
        lambda: _give(slug, meeting_id, form, render(form.body.data or "", profile="post")),
    )


def _page(subject: Subject, form: RemarkForm | None, answered: dict[str, AnswerForm] | None = None) -> str:
    session, actor, row = db.session(), current_actor(), subject.row
    lines = services.list_remarks(session, actor, subject)
    answers = can(actor, Action.MANAGE_MEETINGS, subject.group) and row.minutes_state == "circulated"
    forms = {line.public_id: _answer_form(line) for line in lines} if answers else {}
    points = list_points(session, row.id)
    if form is None:
        form = RemarkForm(formdata=None)
        form.offer(points)
    return render_template(
        "meetings/remarks.html",
        group=subject.group,
        meeting=row,
        path=meeting_path(subject.group.slug, row.public_id),
        points=[
            (point, to_markup(point.minutes_html), [one for one in lines if one.point_id == point.id])
            for point in points
        ],
        form=form,
        answer_forms=forms | (answered or {}),
        wrong=next(iter(answered.values())) if answered else form,
        may_remark=services.may_remark(actor, subject, received_at=received_at()),
        words=meeting_words,
    )


def _answer_form(line: services.RemarkLine) -> AnswerForm:
    form = AnswerForm(formdata=None, prefix=line.public_id)
    _offer(form)
    form.answer.data = line.answer.value if line.answer else None
    return form


def _offer(form: AnswerForm) -> None:
    form.answer.choices = [SelectChoice(one.value, meeting_words.remark_answer(one)) for one in RemarkAnswer]


@transactional
def _give(
    session: Session, actor: Actor, slug: str, meeting_id: str, form: RemarkForm, rendered: Rendered
) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    services.give_remark(
        session,
        actor,
        slug,
        meeting_id,
        point_id=form.point.data,
        rendered=rendered,
        received_at=received_at(),
        now=now(),
    )
    flash(
        gettext("Your correction is proposed. The chair answers it before the minutes are adopted."),
        "success",
    )
    return remember_submission(session, actor, form, url_for(".remarks", slug=slug, meeting_id=meeting_id))


@blueprint.post("/<meeting_id>/remarks/<remark_id>")
def answer_remark(slug: str, meeting_id: str, remark_id: str) -> View:
    """Answer a proposed correction."""
    subject = get_meeting(db.session(), current_actor(), slug, meeting_id, Action.MANAGE_MEETINGS)
    form = AnswerForm(prefix=remark_id[:13])
    _offer(form)
    return serve_form(
        form,
        lambda: _page(subject, None, {remark_id: form}),
        lambda: _answer(slug, meeting_id, remark_id, form, render(form.body.data or "", profile="post")),
    )


@transactional
def _answer(
    session: Session,
    actor: Actor,
    slug: str,
    meeting_id: str,
    remark_id: str,
    form: AnswerForm,
    rendered: Rendered,
) -> str:
    services.answer_remark(
        session,
        actor,
        slug,
        meeting_id,
        remark_id,
        answer=RemarkAnswer(form.answer.data),
        rendered=rendered,
        now=now(),
    )
    flash(gettext("Answered. Whoever reads the minutes reads it with them."), "success")
    return url_for(".remarks", slug=slug, meeting_id=meeting_id, _anchor=f"remark-{remark_id}")
