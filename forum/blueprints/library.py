"""The reference library: acts and documents, where each is cited, completion while typing, adding to it."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from forum.blueprints.datafiles import documents
from forum.blueprints.identity import current_actor
from forum.blueprints.support import (
    Form,
    error_words,
    now,
    remember_submission,
    submitted_before,
    transactional,
    whole_number,
)
from forum.domain.library import LibraryDocument, search_documents
from forum.domain.references import ReferenceKind, parse_reference, read_key
from forum.domain.text import TITLE_LENGTH
from forum.errors import Conflict, Invalid, NotFound
from forum.extensions import db
from forum.policy import Action, Actor, can, require
from forum.services import library as services
from forum.services.library import DocumentFields

blueprint = Blueprint("library", __name__, url_prefix="/library")

View = str | Response | tuple[str, int]

MOST_COMPLETED = 8
"""Documents that are offered while somebody types."""


class DocumentForm(Form):
    """A document with its numbers."""

    title = StringField(
        lazy_gettext("Title"), [InputRequired(lazy_gettext("Give it a title.")), Length(max=TITLE_LENGTH)]
    )
    com = StringField(lazy_gettext("Number of the Commission"), [Length(max=60)])
    celex = StringField(lazy_gettext("CELEX number"), [Length(max=60)])
    ares = StringField(lazy_gettext("Ares number"), [Length(max=60)])
    reference = StringField(lazy_gettext("Another number"), [Length(max=60)])
    date = StringField(lazy_gettext("Date"), [Length(max=10)])
    by = StringField(lazy_gettext("Issued by"), [Length(max=200)])
    source = StringField(lazy_gettext("Checked against"), [Length(max=500)])
    is_verified = BooleanField(lazy_gettext("I have checked title, numbers and date against that source"))
    articles = TextAreaField(lazy_gettext("Articles"), [Length(max=20_000)])
    revision = HiddenField()

    def fields(self) -> DocumentFields:
        """Give what the service takes."""
        names = ("title", "reference", "celex", "com", "ares", "date", "by", "source", "articles")
        return DocumentFields(
            **{name: self[name].data or "" for name in names}, is_verified=bool(self.is_verified.data)
        )

    def fill(self, row: LibraryDocument) -> None:
        """Show a document as it is now."""
        homes = {
            ReferenceKind.COMMISSION: self.com,
            ReferenceKind.CELEX: self.celex,
            ReferenceKind.ARES: self.ares,
        }
        for part in row.reference.split(";"):
            reference = parse_reference(part)
            if reference is not None:
                homes.get(reference.kind, self.reference).data = reference.text
        self.title.data, self.date.data, self.by.data = row.title, row.date, row.by
        self.source.data, self.is_verified.data = row.source, row.is_verified
        self.articles.data, self.revision.data = "\n".join(row.articles), str(row.lock_version)


@blueprint.get("/")
def index() -> str:
    """List the documents, or those whose title or number holds what is looked for."""
    session, actor = db.session(), current_actor()
    words = " ".join(request.args.get("q", "").split())[:200]
    found = services.list_documents(session, actor, documents())
    return render_template(
        "library/index.html",
        documents=search_documents(found, words) if words else found,
        words=words,
        may_keep=can(actor, Action.KEEP_LIBRARY),
    )


@blueprint.get("/complete")
def complete() -> dict[str, Any]:
    """Give the documents that answer what somebody types between double brackets."""
    words = " ".join(request.args.get("q", "").split())[:60]
    found = services.list_documents(db.session(), current_actor(), documents())
    chosen = search_documents(found, words)[:MOST_COMPLETED] if words else found[:MOST_COMPLETED]
    return {"documents": [{"cite": one.numbers[0], "title": one.title} for one in chosen]}


@blueprint.get("/<key>")
def document(key: str) -> View:
    """Show a document and where it is cited; under another of its numbers, lead there."""
    session, actor = db.session(), current_actor()
    try:
        found = services.get_document(session, actor, documents(), key)
    except NotFound:
        reference = read_key(key)
        if reference is None:
            raise
        page = render_template(
            "library/missing.html", reference=reference, may_keep=can(actor, Action.KEEP_LIBRARY)
        )
        return page, 404
    if found.slug != key:
        return redirect(f"/library/{found.slug}")
    return render_template(
        "library/document.html",
        document=found,
        cited=services.list_cited_by(session, actor, found),
        may_keep=can(actor, Action.KEEP_LIBRARY),
    )


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> View:
    """Add a document."""
    require(current_actor(), Action.KEEP_LIBRARY)
    form = DocumentForm()
    if request.method == "GET":
        form.reference.data = request.args.get("number", "")[:60]
        return _page(form)
    status = 422
    if form.validate():
        try:
            return redirect(_add(form), 303)
        except Invalid as error:
            form.add_error(error)
    return _page(form), status


@transactional
def _add(session: Session, actor: Actor, form: DocumentForm) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    row = services.add_document(session, actor, documents(), form.fields(), now=now())
    flash(gettext("It stands in the library."), "success")
    return remember_submission(session, actor, form, f"/library/{row.slug}")


@blueprint.route("/<key>/edit", methods=["GET", "POST"])
def edit(key: str) -> View:
    """Change a document that was added here."""
    row = services.get_row(db.session(), current_actor(), key)
    form = DocumentForm()
    if request.method == "GET":
        form.fill(row)
        return _page(form, row)
    status = 422
    if form.validate():
        try:
            return redirect(_edit(key, form), 303)
        except Invalid as error:
            form.add_error(error)
        except Conflict as error:
            form.form_errors.append(error_words(error))
            row = services.get_row(db.session(), current_actor(), key)
            form.revision.data, status = str(row.lock_version), 409
    return _page(form, row, is_conflict=status == 409), status


@transactional
def _edit(session: Session, actor: Actor, key: str, form: DocumentForm) -> str:
    based_on = whole_number(form.revision.data) or 0
    services.edit_document(session, actor, documents(), key, form.fields(), based_on=based_on, now=now())
    flash(gettext("The document is changed."), "success")
    return f"/library/{key}"


def _page(form: DocumentForm, row: LibraryDocument | None = None, *, is_conflict: bool = False) -> str:
    return render_template("library/form.html", form=form, row=row, is_conflict=is_conflict)
