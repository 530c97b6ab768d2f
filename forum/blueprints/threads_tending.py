"""The page of who looks after a discussion: pin, outcome, and notes of the group's staff."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, TextAreaField
from wtforms.validators import Length

from forum.blueprints.identity import current_actor
from forum.blueprints.support import Form, now, transactional
from forum.blueprints.threads import View, blueprint
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.richtext import Rendered, render
from forum.services.threads_tending import (
    add_note,
    conclude,
    get_tended,
    list_notes,
    pin,
)
from forum.services.threads_tending import (
    remove_note as end_note,
)


class TendForm(Form):
    """Whether it stands first, and what came of it."""

    is_pinned = BooleanField(lazy_gettext("Stands first in the list of discussions"))
    outcome = TextAreaField(lazy_gettext("Outcome"), [Length(max=20_000)])


class NoteForm(Form):
    """One note."""

    note = TextAreaField(lazy_gettext("Note"))


@blueprint.route("/groups/<slug>/threads/<public_id>/tend", methods=["GET", "POST"])
def tend(slug: str, public_id: str) -> View:
    """Pin a discussion, say what came of it, or write a note."""
    session, actor = db.session(), current_actor()
    subject = get_tended(session, actor, slug, public_id)
    form, notes_form, status = TendForm(formdata=None), NoteForm(formdata=None), 200
    form.is_pinned.data, form.outcome.data = subject.row.is_pinned, subject.row.outcome_source or ""
    if request.method == "POST":
        sent: Form
        if "note" in request.form:
            sent = notes_form = NoteForm()
        else:
            sent = form = TendForm()
        status = 422
        if sent.validate():
            try:
                _save(slug, public_id, form, notes_form)
            except Invalid as error:
                sent.add_error(error)
            else:
                flash(gettext("Saved."), "success")
                return redirect(url_for("threads.tend", slug=slug, public_id=public_id), 303)
    may_note = can(actor, Action.NOTE, subject)
    page = render_template(
        "threads/tend.html",
        group=subject.group,
        thread=subject.row,
        form=form,
        notes_form=notes_form,
        may_note=may_note,
        notes=list_notes(session, actor, subject) if may_note else (),
        prefix=f"/groups/{slug}/threads/{public_id}/",
    )
    return page, status


@blueprint.post("/groups/<slug>/threads/<public_id>/notes/<note>/remove")
def remove_note(slug: str, public_id: str, note: str) -> Response:
    """Remove one's own note."""
    if not Form().validate():
        raise Invalid("The page was open too long. Load it again.")
    _remove(slug, public_id, note)
    return redirect(url_for("threads.tend", slug=slug, public_id=public_id), 303)


def _save(slug: str, public_id: str, form: TendForm, notes_form: NoteForm) -> None:
    if "note" in request.form:
        _note(slug, public_id, notes_form.note.data or "")
        return
    source = form.outcome.data or ""
    _tend(slug, public_id, form.is_pinned.data, render(source, profile="post") if source.strip() else None)


@transactional
def _tend(
    session: Session, actor: Actor, slug: str, public_id: str, is_pinned: bool, rendered: Rendered | None
) -> None:
    subject = get_tended(session, actor, slug, public_id)
    pin(session, actor, subject, is_pinned=is_pinned, now=now())
    conclude(session, actor, subject, rendered, now=now())


@transactional
def _note(session: Session, actor: Actor, slug: str, public_id: str, text: str) -> None:
    add_note(session, actor, get_tended(session, actor, slug, public_id), text, now=now())


@transactional
def _remove(session: Session, actor: Actor, slug: str, public_id: str, note: str) -> None:
    end_note(session, actor, get_tended(session, actor, slug, public_id), note)
