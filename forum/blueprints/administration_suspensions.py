"""Suspending a person from the whole forum until a day, and lifting it."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from forum.blueprints.administration import blueprint
from forum.blueprints.clock_fields import DayField
from forum.blueprints.moderation import View
from forum.blueprints.proving import grave
from forum.blueprints.support import Form, now, remember_submission, submitted_before, transactional
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Actor
from forum.services import accounts
from forum.services.further_decisions import lift_suspension, suspend_account


class SuspensionForm(Form):
    """Until when, and why."""

    until = DayField(lazy_gettext("Suspended until and including"), [InputRequired()])
    reason = TextAreaField(lazy_gettext("Reason"), [InputRequired()])


@blueprint.route("/people/<public_id>/suspension", methods=["GET", "POST"])
@grave(lazy_gettext("Suspend the person"))
def suspend(public_id: str) -> View:
    """Suspend a person: at once, everywhere; it ends by itself."""
    account = accounts.get_account(db.session(), public_id)
    form = SuspensionForm()
    address = url_for("administration.person", public_id=public_id)
    if form.validate_on_submit():
        if submitted_before(db.session(), form) is not None:
            return redirect(address, 303)
        try:
            _suspend(form, public_id, address)
        except Invalid as error:
            form.add_error(error)
        else:
            flash(gettext("The person is suspended, and gets a letter with the reason."), "success")
            return redirect(address, 303)
    page = render_template("administration/suspension.html", account=account, form=form)
    return page, 422 if request.method == "POST" else 200


@transactional
def _suspend(session: Session, actor: Actor, form: SuspensionForm, public_id: str, address: str) -> None:
    suspend_account(
        session, actor, public_id, until=form.until.data, reason=form.reason.data or "", now=now()
    )
    remember_submission(session, actor, form, address)


@blueprint.post("/people/<public_id>/suspension/end", endpoint="lift_suspension")
@grave(lazy_gettext("End the suspension"))
def lift_suspension_(public_id: str) -> Response:
    """End a suspension before its time."""
    _lift(public_id)
    flash(gettext("The suspension has ended."), "success")
    return redirect(url_for("administration.person", public_id=public_id), 303)


@transactional
def _lift(session: Session, actor: Actor, public_id: str) -> None:
    lift_suspension(session, actor, public_id, now=now())
