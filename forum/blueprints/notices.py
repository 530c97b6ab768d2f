"""The notices page."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from forum.blueprints import moderation_words as words
from forum.blueprints.identity import current_actor
from forum.blueprints.support import Form, now, transactional
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Actor
from forum.services import notices as services

blueprint = Blueprint("notices", __name__, url_prefix="/notifications")


class ReadForm(Form):
    """One button."""


@blueprint.get("/")
def index() -> str:
    """Show what this person has been told, as far as they may still read it."""
    before = request.args.get("before")
    page = services.list_notices(db.session(), current_actor(), before=before)
    return render_template("notices/index.html", page=page, before=before, form=ReadForm(), words=words)


@blueprint.post("/<public_id>/read")
def read(public_id: str) -> Response:
    """Mark one notice read."""
    _check()
    _mark_read(public_id)
    return redirect(url_for("notices.index", before=request.args.get("before")), 303)


@blueprint.post("/read")
def read_all() -> Response:
    """Mark all notices read."""
    _check()
    _mark_all_read()
    flash(gettext("All notices are marked as read."), "success")
    return redirect(url_for("notices.index"), 303)


def _check() -> None:
    if not ReadForm().validate():
        raise Invalid("The page was open too long. Load it again.")


@transactional
def _mark_read(session: Session, actor: Actor, public_id: str) -> None:
    services.mark_read(session, actor, public_id, now=now())


@transactional
def _mark_all_read(session: Session, actor: Actor) -> None:
    services.mark_all_read(session, actor, now=now())
