"""Drafts saved while they are written: the script of the page asks, and is told in words what became of it.

The same checks, lock and transaction as the Save button. Nothing is shown anew: the page keeps what was
typed, and takes over the lock, the one-use key and, for a draft that has just begun, its address.
"""

from typing import Any

from flask import Blueprint, jsonify, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from forum.blueprints import drafts as views
from forum.blueprints.draft_forms import DraftForm, PaperForm, choices_of, prepare, rendered_body, text_of
from forum.blueprints.identity import current_actor
from forum.blueprints.support import error_words, new_submission_key, now, transactional
from forum.blueprints.wording import time_of_day
from forum.errors import Conflict, ForumError, Invalid, NotFound
from forum.extensions import db
from forum.policy import Action, Actor
from forum.richtext import Rendered
from forum.services import drafts
from forum.services.groups import get_group
from forum.services.papers import get_paper

blueprint = Blueprint("autosave", __name__, url_prefix="/groups/<slug>/papers")


@blueprint.url_value_preprocessor
def _allow_long_texts(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    request.max_content_length = request.max_form_memory_size = views.MAX_REQUEST


@blueprint.post("/new/autosave")
def new(slug: str) -> tuple[Response, int]:
    """Begin a paper with what is written so far."""
    group = get_group(db.session(), current_actor(), slug, Action.WRITE)
    form = PaperForm()
    prepare(form, group, current_actor())
    return _save(form, lambda rendered: views.start_paper(slug, form, rendered))


@blueprint.post("/<paper_id>/edit/autosave")
def edit(slug: str, paper_id: str) -> tuple[Response, int]:
    """Begin the draft of a paper's next version with what is written so far."""
    head = get_paper(db.session(), current_actor(), slug, paper_id)
    drafts.require_new_version(db.session(), current_actor(), head.group, head.paper)
    form = DraftForm()
    prepare(form, head.group, current_actor())
    return _save(form, lambda rendered: views.start_version(slug, paper_id, form, rendered))


@blueprint.post("/drafts/<draft_id>/autosave")
def draft(slug: str, draft_id: str) -> tuple[Response, int]:
    """Save a draft."""
    try:
        found = drafts.get_draft(db.session(), current_actor(), draft_id)
    except Conflict as error:
        return _not_saved("conflict", error)
    if found.group.slug != slug:
        raise NotFound
    form = PaperForm() if drafts.is_first(found) else DraftForm()
    prepare(form, found.group, current_actor(), found)
    return _save(form, lambda rendered: _save_draft(draft_id, form, rendered))


@transactional
def _save_draft(session: Any, actor: Actor, draft_id: str, form: DraftForm, rendered: Rendered) -> str:
    saved = drafts.save_draft(
        session,
        actor,
        draft_id,
        text_of(form, rendered),
        lock_version=form.lock_version.data or 0,
        choices=choices_of(form),
        now=now(),
    )
    return views.draft_path(saved.group.slug, saved)


def _save(form: DraftForm, write: Any) -> tuple[Response, int]:
    if not (form.title.data or "").strip():
        form.title.raw_data = [gettext("Untitled")]
        form.title.data = gettext("Untitled")
    is_valid = form.validate()
    rendered = rendered_body(form) if form.body.data else None
    if rendered is None or not is_valid:
        words = next((str(error) for errors in form.errors.values() for error in errors), "")
        return _told("invalid", gettext("Not saved yet: %(reason)s", reason=words)), 422
    try:
        path = write(rendered)
    except Conflict as error:
        return _not_saved("conflict", error)
    except Invalid as error:
        return _not_saved("invalid", error)
    lock = drafts.get_lock(db.session(), path.rpartition("/")[2])
    words = gettext("Saved %(time)s", time=time_of_day(now()))
    return _told(
        "saved",
        words,
        action=path,
        autosave=f"{path}/autosave",
        lock_version=lock,
        submission=new_submission_key(),
    ), 200


def _not_saved(state: str, error: ForumError) -> tuple[Response, int]:
    words = error_words(error)
    if state == "conflict":
        words = gettext("%(what)s Press Save to see both texts.", what=words)
    else:
        words = gettext("Not saved yet: %(reason)s", reason=words)
    return _told(state, words), error.status_code


def _told(state: str, words: str, **values: Any) -> Response:
    return jsonify(state=state, words=words, **values)
