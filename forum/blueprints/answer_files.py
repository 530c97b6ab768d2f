"""Files that answer a question: sent from the question's page to the shared draft, taken out, looked at."""

from collections.abc import Callable

from flask import Response as FlaskResponse
from flask import flash, redirect, request
from flask_babel import gettext
from sqlalchemy.orm import Session

from forum.blueprints.answering import (
    View,
    as_typed,
    blueprint,
    load_desk,
    questions_of,
    read_mark,
    read_typed,
    save_typed,
    section_page,
)
from forum.blueprints.attachments import download
from forum.blueprints.identity import sealing_secret
from forum.blueprints.support import Form, now, transactional
from forum.blueprints.uploads import take_stored
from forum.domain.attachments import AttachmentState
from forum.errors import Invalid, NotFound
from forum.extensions import storage
from forum.policy import Actor
from forum.services import answer_files as services
from forum.services.uploads import Upload


@blueprint.post("/<int:number>/files/<key>")
def attach(slug: str, consultation_id: str, number: int, key: str) -> View:
    """Take a file as the answer to a question, and save what else the page holds."""

    def send() -> str:
        upload = take_stored(request.files.get(f"file-{key}"), field=key)
        try:
            is_new = _add(slug, consultation_id, key, upload)
        except BaseException:
            storage().delete(upload.key)
            raise
        if not is_new:
            storage().delete(upload.key)
        return gettext("%(name)s is here and is being checked.", name=upload.filename)

    return _change(slug, consultation_id, number, key, send)


@blueprint.post("/<int:number>/files/<key>/remove")
def detach(slug: str, consultation_id: str, number: int, key: str) -> View:
    """Take the file of a question out of the draft, and save what else the page holds."""

    def send() -> str:
        _remove(slug, consultation_id, key)
        return gettext("The file is taken out.")

    return _change(slug, consultation_id, number, key, send)


@blueprint.get("/files/<key>")
def file(slug: str, consultation_id: str, key: str) -> FlaskResponse:
    """Download the file of a question from the draft, for whoever writes on it."""
    found = load_desk(slug, consultation_id).attached.get(key)
    if found is None or found.state is not AttachmentState.CLEAN:
        raise NotFound
    return download(found)


def _change(slug: str, consultation_id: str, number: int, key: str, send: Callable[[], str]) -> View:
    """Save what was typed on the page, then change the file: neither is lost by the other."""
    desk = load_desk(slug, consultation_id)
    questions = questions_of(desk, number)
    services.get_file_question(questions, key)
    form, typed, saved = Form(), read_typed(questions), None
    try:
        if not form.validate():
            raise Invalid("Go back, reload the page and try again.")
        if typed:
            saved = save_typed(slug, consultation_id, typed)
        words = send()
    except Invalid as error:
        desk = load_desk(slug, consultation_id)
        conflicts = saved.conflicts if saved else None
        shown = as_typed(typed, saved)
        return section_page(desk, number, form, shown, error=error, conflicts=conflicts), 422
    flash(words, "success")
    desk = load_desk(slug, consultation_id)
    if saved and saved.conflicts:
        shown = as_typed(typed, saved)
        return section_page(desk, number, form, shown, conflicts=saved.conflicts), 409
    return redirect(f"{desk.url('answering.section', number=number)}#field-{key}", 303)


@transactional
def _add(session: Session, actor: Actor, slug: str, consultation_id: str, key: str, upload: Upload) -> bool:
    return services.add_answer_file(
        session,
        actor,
        slug,
        consultation_id,
        request.values.get("respondent"),
        key,
        upload,
        version=read_mark(key)[0],
        now=now(),
        sealing_secret=sealing_secret(),
    )


@transactional
def _remove(session: Session, actor: Actor, slug: str, consultation_id: str, key: str) -> None:
    services.remove_answer_file(
        session,
        actor,
        slug,
        consultation_id,
        request.values.get("respondent"),
        key,
        version=read_mark(key)[0],
        now=now(),
        sealing_secret=sealing_secret(),
    )
