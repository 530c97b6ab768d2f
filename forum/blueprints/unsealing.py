"""Unsealing under the Chatham House Rule: asking, deciding by a second person, and looking."""

from datetime import timedelta

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import TextAreaField

from forum.blueprints import moderation_words as words
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.proving import grave
from forum.blueprints.support import Form, error_words, now, transactional
from forum.domain.attribution import SubjectKind
from forum.errors import Conflict, Invalid
from forum.extensions import db
from forum.policy import Actor
from forum.services.unsealing import (
    Identity,
    decide_unsealing,
    get_sealed_subject,
    get_unsealing,
    list_unsealings,
    read_identity,
    request_unsealing,
)

blueprint = Blueprint("unsealing", __name__, url_prefix="/moderation/unsealings")

View = str | Response | tuple[str, int]


class AskForm(Form):
    """Why somebody has to be told."""

    reason = TextAreaField(lazy_gettext("Why it has to be known who wrote it"))


class DecideForm(Form):
    """An answer: needed to refuse."""

    answer = TextAreaField(lazy_gettext("Your reason"))


@blueprint.get("/")
def index() -> str:
    """Show the requests of one's groups, newest first."""
    lines = list_unsealings(db.session(), current_actor(), now=now())
    return render_template("unsealing/index.html", lines=lines, words=words)


@blueprint.route("/ask/<any(post, version):of>/<public_id>", methods=["GET", "POST"])
def ask(of: str, public_id: str) -> View:
    """Ask to be told who wrote a contribution."""
    subject = get_sealed_subject(db.session(), current_actor(), SubjectKind(of), public_id)
    alias = subject.paper.alias if of == "version" and subject.paper else subject.row.alias
    form = AskForm()
    form.reason.flags.required = True  # the service says what a reason is
    if request.method == "POST" and form.validate():
        try:
            path = _ask(of, public_id, form.reason.data or "")
        except Invalid as error:
            form.add_error(error)
        except Conflict as error:
            form.form_errors.append(error_words(error))
        else:
            flash(gettext("Asked. A second person of another body has to agree."), "success")
            return redirect(path, 303)
    page = render_template("unsealing/ask.html", form=form, alias=alias, group=subject.group)
    return page, 422 if form.errors else 200


@transactional
def _ask(session: Session, actor: Actor, of: str, public_id: str, reason: str) -> str:
    made = request_unsealing(session, actor, SubjectKind(of), public_id, reason=reason, now=now())
    return url_for("unsealing.show", public_id=made.public_id)


@blueprint.get("/<public_id>")
def show(public_id: str) -> str:
    """Show one request: to decide, or to look once it is approved."""
    return _page(public_id, DecideForm())


def _page(public_id: str, form: DecideForm, identity: Identity | None = None) -> str:
    line = get_unsealing(db.session(), current_actor(), public_id, now=now())
    days = current_app.config["UNSEALING_TOLD_AFTER_DAYS"]
    return render_template(
        "unsealing/show.html", line=line, form=form, identity=identity, days=days, words=words
    )


@blueprint.post("/<public_id>/decide")
@grave(lazy_gettext("Decide the request"))
def decide(public_id: str) -> View:
    """Approve or refuse a request of somebody of another body."""
    form = DecideForm()
    if form.validate():
        try:
            is_approved = _decide(public_id, request.form.get("decision", ""), form.answer.data or "")
        except Invalid as error:
            form.add_error(error)
        except Conflict as error:
            form.form_errors.append(error_words(error))
        else:
            said = gettext("Approved: the two of you may look now.") if is_approved else gettext("Refused.")
            flash(said, "success")
            return redirect(url_for("unsealing.show", public_id=public_id), 303)
    return _page(public_id, form), 422


@transactional
def _decide(session: Session, actor: Actor, public_id: str, decision: str, answer: str) -> bool:
    if decision not in {"approve", "refuse"}:
        raise Invalid("Choose one of the decisions below.")
    made = decide_unsealing(
        session,
        actor,
        public_id,
        is_approved=decision == "approve",
        answer=answer,
        now=now(),
        tell_after=timedelta(days=current_app.config["UNSEALING_TOLD_AFTER_DAYS"]),
    )
    return bool(made.is_approved)


@blueprint.post("/<public_id>/look")
@grave(lazy_gettext("Look who wrote it"))
def reveal(public_id: str) -> View:
    """Show, this once, who wrote it; each look is on record."""
    form = DecideForm()
    if not form.validate():
        raise Invalid("The page was open too long. Load it again.")
    return _page(public_id, DecideForm(formdata=None), _reveal(public_id))


@transactional
def _reveal(session: Session, actor: Actor, public_id: str) -> Identity:
    return read_identity(session, actor, public_id, now=now(), sealing_secret=sealing_secret())
