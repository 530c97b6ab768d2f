"""Erasing a person: the requests, what each would do, and the decision with its reason."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.blueprints import erasure_words
from forum.blueprints.administration import ActForm, blueprint
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.moderation import View
from forum.blueprints.proving import grave
from forum.blueprints.support import Form, now, remember_submission, submitted_before, transactional
from forum.domain.erasures import MAX_REASON, ErasureState, TextsChoice
from forum.errors import Conflict, Invalid
from forum.extensions import db
from forum.policy import Actor
from forum.services import erasures


class DecisionForm(Form):
    """Whether a person is erased, what becomes of the texts, and why."""

    answer = RadioField(
        lazy_gettext("Decision"),
        [InputRequired(lazy_gettext("Say whether the person is erased."))],
        choices=[
            SelectChoice("grant", lazy_gettext("Erase the person")),
            SelectChoice("refuse", lazy_gettext("Refuse")),
        ],
    )
    texts = SelectField(
        lazy_gettext("What the person wrote for no organisation"),
        choices=[SelectChoice(choice.value, erasure_words.CHOICES[choice]) for choice in TextsChoice],
    )
    reason = TextAreaField(
        lazy_gettext("Reason"),
        [InputRequired(lazy_gettext("Write why: the person is told.")), Length(max=MAX_REASON)],
    )


@blueprint.get("/erasures/", endpoint="erasures")
def list_() -> str:
    """Show who asked to be erased, and what was answered."""
    lines = erasures.list_erasures(db.session(), current_actor())
    return render_template("administration/erasures.html", lines=lines, words=erasure_words, moment_now=now())


@blueprint.post("/people/<public_id>/erasure")
@grave(lazy_gettext("Record that somebody asked to be erased"))
def record_erasure(public_id: str) -> Response:
    """Write down a request that came by another way, and show what it would do."""
    try:
        return redirect(_record(public_id), 303)
    except Conflict as error:
        flash(gettext(error.message), "warning")
        return redirect(url_for("administration.person", public_id=public_id), 303)


@transactional
def _record(session: Session, actor: Actor, public_id: str) -> str:
    erasure = erasures.record_request(session, actor, public_id, now=now())
    return url_for("administration.erasure", public_id=erasure.public_id)


@blueprint.route("/erasures/<public_id>/", methods=["GET", "POST"])
@grave(lazy_gettext("Decide whether a person is erased"))
def erasure(public_id: str) -> View:
    """Show what an erasure would do, and decide on it."""
    form = DecisionForm()
    address = url_for("administration.erasure", public_id=public_id)
    if form.validate_on_submit():
        if submitted_before(db.session(), form) is not None:
            return redirect(address, 303)
        try:
            _decide(public_id, form, address)
        except Invalid as error:
            form.add_error(error)
        else:
            flash(_done(form), "success")
            return redirect(address, 303)
    line = erasures.get_erasure(db.session(), current_actor(), public_id)
    waits = line.erasure.state is ErasureState.ASKED
    page = render_template(
        "administration/erasure.html",
        line=line,
        form=form,
        words=erasure_words,
        act=ActForm(formdata=None),
        preview=erasures.preview_erasure(db.session(), line, sealing_secret=sealing_secret())
        if waits
        else {},
    )
    return page, 422 if request.method == "POST" else 200


def _done(form: DecisionForm) -> str:
    if form.answer.data == "refuse":
        return gettext("Refused. The person is told by mail.")
    return gettext("The person is erased. The last letter to the address is on its way.")


@transactional
def _decide(session: Session, actor: Actor, public_id: str, form: DecisionForm, address: str) -> None:
    reason = form.reason.data or ""
    if form.answer.data == "refuse":
        erasures.refuse_erasure(session, actor, public_id, reason, now=now())
    else:
        erasures.grant_erasure(
            session,
            actor,
            public_id,
            reason,
            TextsChoice(form.texts.data),
            sealing_secret=sealing_secret(),
            now=now(),
        )
    remember_submission(session, actor, form, address)
