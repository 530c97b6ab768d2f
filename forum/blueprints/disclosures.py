"""A flagged passage of a closed text: having it disclosed, and deciding on it."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from forum.blueprints import moderation_words as words
from forum.blueprints.identity import current_actor
from forum.blueprints.moderation import DecisionForm, View, blueprint
from forum.blueprints.support import error_words, now, remember_submission, submitted_before, transactional
from forum.domain.moderation import Action
from forum.errors import Conflict, Invalid
from forum.extensions import db
from forum.policy import Actor
from forum.services.disclosures import DECISIONS, decide_disclosed, disclose, get_passage


@blueprint.route("/disclosures/<public_id>", methods=["GET", "POST"])
def disclosure(public_id: str) -> View:
    """Show a flag on a closed text; disclose the passage to this moderator, and take the decision."""
    shown = get_passage(db.session(), current_actor(), public_id)
    form, status = DecisionForm(), 200
    form.offer_rules(shown.group)
    if request.method == "POST" and form.validate():
        try:
            if submitted_before(db.session(), form) is not None:
                return redirect(url_for("moderation.queue"), 303)
            return _step(form, public_id, request.form.get("action", ""))
        except Invalid as error:
            form.add_error(error)
        except Conflict as error:
            form.form_errors.append(error_words(error))
            status = error.status_code
    if form.errors and status == 200:
        status = 422
    page = render_template(
        "moderation/disclosure.html", shown=shown, form=form, decisions=DECISIONS, words=words
    )
    return page, status


def _step(form: DecisionForm, public_id: str, value: str) -> Response:
    if value == "disclose":
        _disclose(public_id)
        flash(gettext("The passage is disclosed to you, and that is on record."), "success")
        return redirect(url_for("moderation.disclosure", public_id=public_id), 303)
    if value not in {action.value for action in DECISIONS}:
        raise Invalid("Choose one of the decisions below.")
    _decide(form, public_id, Action(value))
    flash(words.done(Action(value)), "success")
    return redirect(url_for("moderation.queue"), 303)


@transactional
def _disclose(session: Session, actor: Actor, public_id: str) -> None:
    disclose(session, actor, public_id, now=now())


@transactional
def _decide(session: Session, actor: Actor, form: DecisionForm, public_id: str, action: Action) -> None:
    decide_disclosed(
        session,
        actor,
        public_id,
        action=action,
        rule=form.rule.data or "",
        reason=form.reason.data or "",
        now=now(),
    )
    remember_submission(session, actor, form, url_for("moderation.queue"))
