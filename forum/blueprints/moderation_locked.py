"""The lane of what nobody is shown: the steps to take and what was done; no text, no title, no author."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from forum.blueprints import moderation_words as words
from forum.blueprints.datafiles import duty_of_care
from forum.blueprints.identity import current_actor
from forum.blueprints.moderation import UndoForm, View, blueprint
from forum.blueprints.support import Form, now, transactional
from forum.errors import Conflict, Invalid, NotAllowed
from forum.extensions import db
from forum.policy import Actor
from forum.services.protected import get_locked, mark_reported, release


class ReleaseForm(Form):
    """What the hotline or the police have answered."""

    reason = TextAreaField(lazy_gettext("What they have answered"), [InputRequired()])


@blueprint.get("/locked/<public_id>")
def locked(public_id: str) -> str:
    """Show what to do about something locked, and nothing of it."""
    return _page(public_id, ReleaseForm(formdata=None))


@blueprint.post("/locked/<public_id>/told")
def locked_told(public_id: str) -> Response:
    """Write down that the hotline or the police were told."""
    if not UndoForm().validate():
        raise Invalid("The page was open too long. Load it again.")
    _told(public_id)
    flash(gettext("Written down. It stays locked until they have answered."), "success")
    return redirect(url_for("moderation.locked", public_id=public_id), 303)


@blueprint.post("/locked/<public_id>/release")
def locked_release(public_id: str) -> View:
    """Give it to the moderators to read, with what was answered as the reason."""
    form, status = ReleaseForm(), 422
    if form.validate():
        try:
            _release(public_id, form.reason.data or "")
        except Invalid as error:
            form.add_error(error)
        except (Conflict, NotAllowed) as error:
            form.form_errors.append(gettext(error.message))
            status = error.status_code
        else:
            flash(gettext("Released: it waits in the queue like everything that is held."), "success")
            return redirect(url_for("moderation.queue"), 303)
    return _page(public_id, form), status


def _page(public_id: str, form: ReleaseForm) -> str:
    return render_template(
        "moderation/locked.html",
        locked=get_locked(db.session(), current_actor(), public_id),
        form=form,
        told_form=UndoForm(),
        care=duty_of_care(),
        words=words,
    )


@transactional
def _told(session: Session, actor: Actor, public_id: str) -> None:
    mark_reported(session, actor, public_id, now=now())


@transactional
def _release(session: Session, actor: Actor, public_id: str, reason: str) -> None:
    release(session, actor, public_id, reason, now=now())
