"""Flags: asking a moderator to look at a post or a paper."""

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from forum.blueprints import moderation_words as words
from forum.blueprints.identity import current_actor
from forum.blueprints.support import Form, now, remember_submission, submitted_before, transactional
from forum.domain.attribution import SubjectKind
from forum.domain.moderation import FlagReason
from forum.errors import Conflict, Invalid
from forum.extensions import db
from forum.policy import Action, Actor
from forum.services.addresses import subject_path
from forum.services.flags import flag, get_version_id, has_open_flag
from forum.services.subjects import get_subject

blueprint = Blueprint("flags", __name__)

View = str | Response | tuple[str, int]


class FlagForm(Form):
    """Why, and what exactly."""

    reason = RadioField(lazy_gettext("What is wrong?"), [InputRequired()])
    explanation = TextAreaField(lazy_gettext("Explanation"))


@blueprint.route("/posts/<public_id>/flag", methods=["GET", "POST"])
def post(public_id: str) -> View:
    """Flag a post."""
    return _flag_page(SubjectKind.POST, public_id)


@blueprint.route("/papers/<public_id>/v/<int:number>/flag", methods=["GET", "POST"])
def version(public_id: str, number: int) -> View:
    """Flag a version of a paper."""
    return _flag_page(SubjectKind.VERSION, get_version_id(db.session(), public_id, number))


@blueprint.route("/answers/<public_id>/flag", methods=["GET", "POST"])
def answer(public_id: str) -> View:
    """Flag an answer to a consultation."""
    return _flag_page(SubjectKind.ANSWER, public_id)


def _flag_page(kind: SubjectKind, public_id: str) -> View:
    subject = get_subject(db.session(), current_actor(), kind, public_id, Action.FLAG)
    path = subject_path(subject)
    form = FlagForm()
    form.reason.choices = [SelectChoice(reason.value, words.flag_reason(reason)) for reason in FlagReason]
    if form.validate_on_submit():
        if location := submitted_before(db.session(), form):
            return redirect(location, 303)
        try:
            _flag(form, kind, public_id, path)
        except Invalid as error:
            form.add_error(error)
        else:
            flash(
                gettext("Thank you. A moderator will look at it, and you will hear the outcome."), "success"
            )
            return redirect(path, 303)
    elif request.method == "GET" and has_open_flag(db.session(), current_actor(), kind, subject.row.id):
        raise Conflict("You have flagged this already; a moderator will look at it.")
    title = subject.thread.title if subject.thread else subject.row.title
    page = render_template(
        "flags/flag.html", form=form, title=title, path=path, group=subject.group, text=subject.row.text[:400]
    )
    return page, 422 if form.errors else 200


@transactional
def _flag(
    session: Session, actor: Actor, form: FlagForm, kind: SubjectKind, public_id: str, path: str
) -> None:
    flag(
        session,
        actor,
        kind=kind,
        public_id=public_id,
        reason=FlagReason(form.reason.data),
        explanation=form.explanation.data or "",
        now=now(),
    )
    remember_submission(session, actor, form, path)
