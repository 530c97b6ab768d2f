"""Starting a paper, or its next version, from an office file."""

from pathlib import PurePosixPath
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField, FileRequired
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import Length

from forum.blueprints.identity import current_actor
from forum.blueprints.papers import paper_path
from forum.blueprints.support import Form, now, remember_submission, submitted_before, transactional
from forum.blueprints.uploads import MAX_REQUEST, take_file
from forum.domain.groups import Group
from forum.domain.languages import LANGUAGES
from forum.domain.papers import MAX_CHANGE_SUMMARY
from forum.domain.text import TITLE_LENGTH, one_line
from forum.domain.uploads import CONVERTIBLE, Refused, kind_of, refusal_error
from forum.errors import Invalid, NotAllowed
from forum.extensions import db, storage
from forum.office.limited import Converted, convert_file, private_folder, save_copy
from forum.policy import Action, Actor
from forum.richtext import Rendered, render
from forum.services import drafts, uploads
from forum.services.drafts import Draft, DraftText
from forum.services.groups import get_group
from forum.services.paper_choices import PaperChoices
from forum.services.papers import PaperHead, get_paper, get_text
from forum.services.uploads import Upload

blueprint = Blueprint("documents", __name__, url_prefix="/groups/<slug>/papers")

View = str | Response | tuple[str, int]

_NEEDS_ORIGINAL = frozenset({"figures", "tables_left_out", "foreign_parts"})


class DocumentForm(Form):
    """An office file."""

    file = FileField(lazy_gettext("DOCX or ODT file"), [FileRequired(lazy_gettext("Choose a file first."))])
    title = StringField(lazy_gettext("Title"), [Length(max=TITLE_LENGTH)])
    keep = BooleanField(lazy_gettext("Attach the original as well"))
    consultation = HiddenField()


@blueprint.url_value_preprocessor
def _allow_files(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Raise the limit of a request for these routes alone, before anything reads the form."""
    request.max_content_length = MAX_REQUEST


@blueprint.route("/from-document", methods=["GET", "POST"])
def start(slug: str) -> View:
    """Start a paper from a DOCX or ODT."""
    group = get_group(db.session(), current_actor(), slug, Action.WRITE)
    form = DocumentForm()
    if request.method == "GET":
        form.consultation.data = request.args.get("consultation", "")[:13]
    return _answer(group, form, None)


@blueprint.route("/<paper_id>/from-document", methods=["GET", "POST"])
def next_version(slug: str, paper_id: str) -> View:
    """Start the next version of a paper from a DOCX or ODT."""
    session, actor = db.session(), current_actor()
    head = get_paper(session, actor, slug, paper_id)
    drafts.require_new_version(session, actor, head.group, head.paper)
    _newest_number(session, head)
    if head.draft is not None:
        return redirect(url_for("drafts.draft", slug=slug, draft_id=head.draft.public_id), 303)
    form = DocumentForm()
    if request.method == "GET" and head.newest is not None:
        form.title.data = head.newest.title
    return _answer(head.group, form, paper_id)


def _answer(group: Group, form: DocumentForm, paper_id: str | None) -> View:
    if request.method == "GET":
        return _page(group, form, paper_id)
    if (before := submitted_before(db.session(), form)) is not None:
        return redirect(before, 303)
    if not form.validate():
        return _page(group, form, paper_id, 422)
    try:
        return redirect(_begin(group.slug, paper_id, form), 303)
    except Invalid as error:
        form.add_error(error)
        return _page(group, form, paper_id, 422)


def _page(group: Group, form: DocumentForm, paper_id: str | None, status: int = 200) -> tuple[str, int]:
    path = paper_path(group.slug, paper_id) if paper_id else ""
    return render_template("papers/from_document.html", group=group, form=form, path=path), status


def _begin(slug: str, paper_id: str | None, form: DocumentForm) -> str:
    """Take the file, convert it in a child process, and write the draft; without one nothing is kept."""
    found = form.file.data
    try:
        if found is not None and found.filename and kind_of(found.filename) not in CONVERTIBLE:
            raise Invalid("A paper starts from a DOCX or ODT file. Attach other files to it.", field="file")
    except Refused as refused:
        raise refusal_error(refused.reason) from None
    upload = take_file(form)
    is_kept = False
    try:
        converted = _converted(upload)
        rendered = _rendered(converted)
        is_kept = bool(form.keep.data) or not _NEEDS_ORIGINAL.isdisjoint(converted.remarks)
        return _write(slug, paper_id, form, upload, converted, rendered, is_kept)
    except BaseException:
        is_kept = False
        raise
    finally:
        if not is_kept:
            storage().delete(upload.key)


def _converted(upload: Upload) -> Converted:
    with private_folder() as folder:
        source = folder / "source"
        with storage().open(upload.key) as file:
            save_copy(file, source)
        try:
            return convert_file(upload.kind, source)
        except Refused as refused:
            raise refusal_error(refused.reason) from None


def _rendered(converted: Converted) -> Rendered:
    try:
        rendered = render(converted.markdown, profile="paper")
    except Invalid as error:
        raise Invalid(error.message, field="file", **error.parameters) from None
    if not rendered.text.strip():
        raise Invalid("There is no text in this file.", field="file")
    return rendered


def _title(form: DocumentForm, converted: Converted, upload: Upload) -> str:
    heading = next((line[2:] for line in converted.markdown.split("\n") if line.startswith("# ")), "")
    stem = PurePosixPath(upload.filename).stem
    found = one_line(form.title.data or "") or one_line(converted.title) or one_line(heading) or stem
    return found[:TITLE_LENGTH]


@transactional
def _write(
    session: Session,
    actor: Actor,
    slug: str,
    paper_id: str | None,
    form: DocumentForm,
    upload: Upload,
    converted: Converted,
    rendered: Rendered,
    is_kept: bool,
) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    title = _title(form, converted, upload)
    if paper_id is None:
        draft = _start_paper(session, actor, slug, form, DraftText(title=title, rendered=rendered))
    else:
        draft = _start_version(session, actor, slug, paper_id, title, rendered, upload)
    uploads.note_origin(session, draft.version.id, upload.filename, converted.remarks)
    if is_kept:
        uploads.attach_upload(session, draft, upload, now=now())
    flash(gettext("The draft is begun from %(name)s. Read it through.", name=upload.filename), "success")
    path = url_for("drafts.draft", slug=slug, draft_id=draft.version.public_id)
    return remember_submission(session, actor, form, path)


def _start_paper(session: Session, actor: Actor, slug: str, form: DocumentForm, text: DraftText) -> Draft:
    group = get_group(session, actor, slug, Action.WRITE)
    language = next((code for code in group.languages if code in LANGUAGES), "en")
    speaking_for = actor.mandates[0].slug if actor.mandates else ""
    choices = PaperChoices(
        language=language, speaking_for=speaking_for, consultation=form.consultation.data or ""
    )
    return drafts.start_paper(session, actor, slug, choices, text, now=now())


def _start_version(
    session: Session,
    actor: Actor,
    slug: str,
    paper_id: str,
    title: str,
    rendered: Rendered,
    upload: Upload,
) -> Draft:
    head = get_paper(session, actor, slug, paper_id)
    based_on, newest = _newest_number(session, head), head.newest
    before = get_text(session, actor, newest) if newest is not None and newest.is_text else None
    text = DraftText(
        title=title,
        rendered=rendered,
        abstract=before.abstract if before else "",
        abstract_language=before.abstract_language or "" if before else "",
        abstract_translated=before.abstract_translated if before else "",
        change_summary=gettext("Begun from %(name)s.", name=upload.filename)[:MAX_CHANGE_SUMMARY],
        tlp=newest.tlp if newest is not None else None,
    )
    return drafts.start_version(session, actor, slug, paper_id, text, based_on=based_on, now=now())


def _newest_number(session: Session, head: PaperHead) -> int:
    newest = drafts.newest_number(session, head.paper)
    if newest is None or not head.versions or head.versions[-1].number != newest:
        raise NotAllowed("A version of this paper waits for a decision. Begin the next one after that.")
    return newest
