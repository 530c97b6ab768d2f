"""A search as a file: asking for it, how far the worker is, downloading and deleting it."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from forum.blueprints.identity import current_actor
from forum.blueprints.support import (
    Form,
    error_words,
    now,
    remember_submission,
    submitted_before,
    transactional,
)
from forum.domain.search_exports import MOST, MOST_IN_DOCUMENT, ExportFormat, SearchExport
from forum.domain.uploads import MEDIA_TYPES, FileKind
from forum.errors import Conflict, Invalid
from forum.extensions import db, storage
from forum.policy import Actor
from forum.search.grammar import Parsed, parse
from forum.search.query import Filters
from forum.services import search_exports as services
from forum.services.figure_files import FORMATS
from forum.services.search import SORTS, check_text
from forum.services.search_filters import read_filters

blueprint = Blueprint("search_exports", __name__, url_prefix="/search/exports")

View = str | Response | tuple[str, int]

_MEDIA = {
    ExportFormat.CSV: FORMATS["csv"],
    ExportFormat.XLSX: FORMATS["xlsx"],
    ExportFormat.DOCX: MEDIA_TYPES[FileKind.DOCX],
}
_FORMS = {
    ExportFormat.XLSX: lazy_gettext("Workbook (XLSX)"),
    ExportFormat.CSV: lazy_gettext("Table as text (CSV)"),
    ExportFormat.DOCX: lazy_gettext("Document (DOCX)"),
}


class ExportForm(Form):
    """What the file is to be."""

    form = RadioField(
        lazy_gettext("As"),
        [InputRequired(lazy_gettext("Choose what the file is to be."))],
        choices=[SelectChoice(form.value, words) for form, words in _FORMS.items()],
        default=ExportFormat.XLSX.value,
    )


@blueprint.get("/")
def index() -> str:
    """List the exports of this person."""
    found = services.list_exports(db.session(), current_actor(), now=now())
    return render_template("search_exports/index.html", exports=[(one, understood(one)) for one in found])


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> View:
    """Have the search of the address made into a file."""
    text = " ".join(request.args.get("q", "").split())
    filters = read_filters(request.args.to_dict(flat=False))
    check_text(text)
    form = ExportForm()
    if form.validate_on_submit():
        if location := submitted_before(db.session(), form):
            return redirect(location, 303)
        try:
            location = _ask(form, text, filters)
        except Invalid as error:
            form.add_error(error)
        else:
            return redirect(location, 303)
    typed = parse(text)
    page = render_template(
        "search_exports/new.html",
        form=form,
        understood=Parsed(typed.query, typed.filters.merge(filters)).text,
        most=MOST,
        most_in_document=MOST_IN_DOCUMENT,
    )
    return page, 422 if form.errors or form.form_errors else 200


@transactional
def _ask(session: Session, actor: Actor, form: ExportForm, text: str, filters: Filters) -> str:
    sort = request.args.get("sort", SORTS[0])
    export = services.ask_export(
        session,
        actor,
        text=text,
        filters=filters,
        sort=sort if sort in SORTS else SORTS[0],
        form=ExportFormat(form.form.data),
        base_url=current_app.config["BASE_URL"],
        now=now(),
    )
    return remember_submission(session, actor, form, url_for(".show", export_id=export.public_id))


@blueprint.get("/<export_id>")
def show(export_id: str) -> str:
    """Show how far an export is, and where its file is."""
    export = services.get_export(db.session(), current_actor(), export_id, now=now())
    return render_template(
        "search_exports/show.html",
        export=export,
        understood=understood(export),
        form_words=_FORMS[export.form],
        form=Form(),
    )


def understood(export: SearchExport) -> str:
    """Give what was searched for, as the grammar writes it."""
    return Parsed(parse(export.text).query, services.filters_of(export)).text


@blueprint.get("/<export_id>/file")
def file(export_id: str) -> View:
    """Give the file, if all that it says may still be told to this person."""
    session, actor = db.session(), current_actor()
    export = services.get_export(session, actor, export_id, now=now())
    try:
        key = services.check_download(session, actor, export)
    except Conflict as error:
        page = render_template(
            "search_exports/show.html",
            export=export,
            understood=understood(export),
            form_words=_FORMS[export.form],
            form=Form(),
            refusal=error_words(error),
        )
        return page, 409
    with storage().open(key) as kept:
        response = Response(kept.read(), content_type=_MEDIA[export.form])
    name = f"search-{export.public_id}.{export.form.value}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.post("/<export_id>/delete")
def delete(export_id: str) -> Response:
    """Delete an export with its file."""
    services.get_export(db.session(), current_actor(), export_id, now=now())
    if Form().validate():
        _delete(export_id)
        flash(gettext("Deleted."), "success")
    return redirect(url_for(".index"), 303)


@transactional
def _delete(session: Session, actor: Actor, export_id: str) -> None:
    services.delete_export(session, actor, export_id, now=now())
