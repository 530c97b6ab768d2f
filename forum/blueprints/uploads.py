"""Attachments of a draft: sending files, seeing what became of them, taking them off."""

import contextlib
import hashlib
from typing import Any, BinaryIO

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField, FileRequired
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import Length

from forum.blueprints.identity import current_actor
from forum.blueprints.support import Form, now, remember_submission, submitted_before, transactional
from forum.domain.text import TITLE_LENGTH, one_line
from forum.domain.uploads import (
    MAX_FILE,
    MAX_FILES,
    Refusal,
    Refused,
    check_head,
    kind_of,
    refusal_error,
    safe_name,
)
from forum.errors import Invalid, NotFound
from forum.extensions import db, storage
from forum.policy import Actor
from forum.services import uploads
from forum.services.drafts import Draft, get_draft
from forum.services.storage import new_key
from forum.services.uploads import Upload

blueprint = Blueprint("uploads", __name__, url_prefix="/groups/<slug>/papers/drafts/<draft_id>/attachments")

View = str | Response | tuple[str, int]

MAX_REQUEST = MAX_FILE + 1024 * 1024
"""Bytes: a file and the form around it. What is only a little too large gets a sentence of its own."""


class UploadForm(Form):
    """One file."""

    file = FileField(lazy_gettext("File"), [FileRequired(lazy_gettext("Choose a file first."))])
    title = StringField(lazy_gettext("Title"), [Length(max=TITLE_LENGTH)])


@blueprint.url_value_preprocessor
def _allow_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Raise the limit of a request for sending a file alone, before anything reads the form."""
    if endpoint == "uploads.attachments":
        request.max_content_length = MAX_REQUEST


def take_file(form: Any, field: str = "file") -> Upload:
    """Take a form's file into the storage; Invalid says why it is none that can be taken."""
    return take_stored(form[field].data, field=field, title=form.title.data or "")


def take_stored(found: FileStorage | None, *, field: str, title: str = "") -> Upload:
    """Take a file that was sent into the storage; Invalid, at the field, says why it cannot be taken.

    Nothing of it is opened here beyond its first bytes: that is the child process's to do.
    """
    if found is None or not found.filename:
        raise Invalid("Choose a file first.", field=field)
    with contextlib.closing(found):
        try:
            kind = kind_of(found.filename)
            size, digest = _measure(found.stream)
            if size > MAX_FILE:
                raise Refused(Refusal.SIZE)
            check_head(kind, found.stream.read(4096))
        except Refused as refused:
            raise Invalid(refusal_error(refused.reason).message, field=field) from None
        found.stream.seek(0)
        key = new_key()
        storage().put(key, found.stream)
    name = safe_name(found.filename, kind)
    return Upload(name, kind, size, digest, key, one_line(title))


def _measure(stream: BinaryIO | Any) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(1024 * 1024):
        digest.update(chunk)
        size += len(chunk)
    stream.seek(0)
    return size, digest.hexdigest()


def _draft_in(session: Session, actor: Actor, slug: str, draft_id: str) -> Draft:
    found = get_draft(session, actor, draft_id)
    if found.group.slug != slug:
        raise NotFound
    return found


@blueprint.route("", methods=["GET", "POST"])
def attachments(slug: str, draft_id: str) -> View:
    """List the attachments of a draft with what became of them, and take another."""
    draft = _draft_in(db.session(), current_actor(), slug, draft_id)
    form = UploadForm()
    if request.method == "GET":
        return _page(draft, form)
    if (before := submitted_before(db.session(), form)) is not None:
        return redirect(before, 303)
    if not form.validate():
        return _page(draft, form, 422)
    try:
        return redirect(_send(slug, draft_id, form), 303)
    except Invalid as error:
        form.add_error(error)
        return _page(draft, form, 422)


def _send(slug: str, draft_id: str, form: UploadForm) -> str:
    upload = take_file(form)
    try:
        return _add(slug, draft_id, form, upload)
    except BaseException:
        storage().delete(upload.key)
        raise


@transactional
def _add(session: Session, actor: Actor, slug: str, draft_id: str, form: UploadForm, upload: Upload) -> str:
    before = submitted_before(session, form)
    if before is not None:
        storage().delete(upload.key)
        return before
    _draft_in(session, actor, slug, draft_id)
    uploads.add_attachment(session, actor, draft_id, upload, now=now())
    flash(gettext("%(name)s is here and is being checked.", name=upload.filename), "success")
    return remember_submission(session, actor, form, url_for(".attachments", slug=slug, draft_id=draft_id))


def _page(draft: Draft, form: UploadForm, status: int = 200) -> tuple[str, int]:
    page = render_template(
        "papers/attachments.html",
        group=draft.group,
        draft=draft,
        form=form,
        attachments=uploads.list_draft_attachments(db.session(), draft),
        limit=MAX_FILES,
    )
    return page, status


@blueprint.post("/<attachment_id>/remove")
def remove(slug: str, draft_id: str, attachment_id: str) -> Response:
    """Take an attachment off a draft."""
    if not Form().validate():
        raise Invalid("Go back, reload the page and try again.")
    name = _remove(slug, draft_id, attachment_id)
    flash(gettext("%(name)s is removed.", name=name), "success")
    return redirect(url_for(".attachments", slug=slug, draft_id=draft_id), 303)


@transactional
def _remove(session: Session, actor: Actor, slug: str, draft_id: str, attachment_id: str) -> str:
    _draft_in(session, actor, slug, draft_id)
    return uploads.remove_attachment(session, actor, draft_id, attachment_id, now=now())
