"""Appeals: filing one, following it, and deciding it."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from forum.blueprints import moderation_words as words
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.moderation import View, blueprint
from forum.blueprints.support import (
    Form,
    error_words,
    now,
    remember_submission,
    submitted_before,
    transactional,
)
from forum.domain.appeals import Side, Step
from forum.errors import Conflict, Invalid
from forum.extensions import db
from forum.policy import ANONYMOUS, Actor
from forum.services import appeals
from forum.services.addresses import appeal_path
from forum.services.appeal_views import AppealView, show_appeal
from forum.services.appeals import Contested, find_own_appeal, get_contested, why_no_appeal
from forum.services.groups import list_offered_rules


class AppealForm(Form):
    """Why the decision is wrong."""

    reason = TextAreaField(lazy_gettext("Why is the decision wrong?"), [InputRequired()])


class AnswerForm(Form):
    """The reason of whoever decides the appeal, and a rule where the text is removed from view."""

    answer = TextAreaField(lazy_gettext("Reason"))
    rule = RadioField(lazy_gettext("The rule it rests on"), [Optional()])

    def offer(self, shown: AppealView) -> None:
        """Offer the rules of the group; the text is needed, whichever button is pressed."""
        self.answer.flags.required = True
        rules = list_offered_rules(shown.group) if shown.group is not None else []
        self.rule.choices = [SelectChoice(key, text) for key, text in rules]


@blueprint.get("/decisions/<public_id>/outcome")
def outcome(public_id: str) -> str:
    """Tell whoever flagged, or whoever wrote it, what was decided and what they can do about it."""
    contested = get_contested(db.session(), current_actor(), public_id, now=now())
    return render_template("moderation/outcome.html", **_about(contested))


@blueprint.route("/decisions/<public_id>/appeal", methods=["GET", "POST"])
def appeal_against(public_id: str) -> View:
    """File an appeal against a decision."""
    contested = get_contested(db.session(), current_actor(), public_id, now=now())
    form, status = AppealForm(), 200
    if form.validate_on_submit():
        if location := submitted_before(db.session(), form):
            return redirect(location, 303)
        try:
            location = _file(form, public_id, hides=_hides(contested))
        except Invalid as error:
            form.add_error(error)
        except Conflict as error:
            form.form_errors.append(error_words(error))
            status = error.status_code
        else:
            flash(gettext("Your appeal has been filed; you will be told what comes of it."), "success")
            return redirect(location, 303)
    if form.errors and status == 200:
        status = 422
    return render_template("moderation/appeal_new.html", form=form, **_about(contested)), status


def _about(contested: Contested) -> dict[str, Any]:
    return {
        "contested": contested,
        "appeal": find_own_appeal(db.session(), contested),
        "why_not": why_no_appeal(db.session(), contested, now=now()),
        "words": words,
    }


def _hides(contested: Contested) -> bool:
    """Under the Chatham House Rule a key with an account would be a record of who wrote."""
    group = contested.group
    return contested.side is Side.AUTHOR and group is not None and group.attribution == "chatham_house"


@transactional
def _file(session: Session, actor: Actor, form: AppealForm, public_id: str, *, hides: bool) -> str:
    made = appeals.file_appeal(
        session, actor, public_id, reason=form.reason.data or "", sealing_secret=sealing_secret(), now=now()
    )
    return remember_submission(session, ANONYMOUS if hides else actor, form, appeal_path(made.public_id))


@blueprint.route("/appeals/<public_id>", methods=["GET", "POST"])
def appeal(public_id: str) -> View:
    """Show an appeal; take it, give it back, decide it, or withdraw one's own."""
    shown = _show(public_id)
    form, status = AnswerForm(), 200
    form.offer(shown)
    if request.method == "POST" and form.validate():
        if submitted_before(db.session(), form) is not None:
            return redirect(appeal_path(public_id), 303)
        try:
            return _step(form, public_id, request.form.get("step", ""))
        except Invalid as error:
            form.add_error(error)
        except Conflict as error:
            form.form_errors.append(error_words(error))
            status = error.status_code
            shown = _show(public_id)
    if form.errors and status == 200:
        status = 422
    return render_template("moderation/appeal.html", shown=shown, form=form, words=words), status


def _show(public_id: str) -> AppealView:
    return show_appeal(db.session(), current_actor(), public_id, sealing_secret=sealing_secret(), now=now())


def _step(form: AnswerForm, public_id: str, value: str) -> Response:
    if value not in {step.value for step in Step}:
        raise Invalid("Choose one of the buttons below.")
    step = Step(value)
    _take_step(form, public_id, step)
    said = {
        Step.TAKE: gettext("You have taken the appeal. That you read the text is on record."),
        Step.GIVE_BACK: gettext("The appeal waits for somebody else."),
        Step.UPHOLD: gettext("The appeal was upheld; both sides are told."),
        Step.REJECT: gettext("The appeal was rejected; whoever made it is told."),
        Step.WITHDRAW: gettext("The appeal was withdrawn."),
    }[step]
    flash(said, "success")
    return redirect(appeal_path(public_id), 303)


@transactional
def _take_step(session: Session, actor: Actor, form: AnswerForm, public_id: str, step: Step) -> None:
    answer, secret = form.answer.data or "", sealing_secret()
    match step:
        case Step.TAKE:
            appeals.take_appeal(session, actor, public_id, sealing_secret=secret, now=now())
        case Step.GIVE_BACK:
            appeals.give_back_appeal(session, actor, public_id, now=now())
        case Step.WITHDRAW:
            appeals.withdraw_appeal(session, actor, public_id, now=now())
        case Step.REJECT:
            appeals.reject_appeal(session, actor, public_id, answer=answer, sealing_secret=secret, now=now())
        case Step.UPHOLD:
            appeals.uphold_appeal(
                session, actor, public_id,
                answer=answer, rule=form.rule.data or "", sealing_secret=secret, now=now(),
            )  # fmt: skip
    by = ANONYMOUS if step is Step.WITHDRAW else actor
    remember_submission(session, by, form, url_for("moderation.appeal", public_id=public_id))
