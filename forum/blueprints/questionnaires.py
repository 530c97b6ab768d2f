"""The questions of a consultation that is being prepared: sections, questions, their order."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.blueprints.identity import current_actor
from forum.blueprints.support import Form, transactional
from forum.domain.consultations import ConsultationState
from forum.domain.questionnaires import DEFAULT_LIMIT, MAX_PROMPT, Question, QuestionKind
from forum.domain.text import TITLE_LENGTH
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Action, Actor
from forum.policy.subjects import Subject
from forum.services import questionnaires as services
from forum.services.consultations import get_consultation
from forum.services.questionnaires import QuestionText, load_questionnaire

blueprint = Blueprint(
    "questionnaires", __name__, url_prefix="/groups/<slug>/consultations/<consultation_id>/questions"
)

View = str | Response | tuple[str, int]

_KINDS = {
    QuestionKind.TEXT: lazy_gettext("Free text"),
    QuestionKind.ONE: lazy_gettext("One of several choices"),
    QuestionKind.SEVERAL: lazy_gettext("Any number of several choices"),
    QuestionKind.SCALE: lazy_gettext("A number on a scale"),
    QuestionKind.MATRIX: lazy_gettext("A table: one choice a row"),
    QuestionKind.FILE: lazy_gettext("A file (PDF, DOCX, ODT, TXT or MD)"),
}


class SectionForm(Form):
    """A section: one page of the questionnaire."""

    title = StringField(lazy_gettext("Title of the section"), [InputRequired(), Length(max=TITLE_LENGTH)])
    intro = TextAreaField(lazy_gettext("Introduction"), [Length(max=MAX_PROMPT)])


class QuestionForm(Form):
    """A question and how it is answered."""

    section = SelectField(lazy_gettext("Section"))
    prompt = TextAreaField(lazy_gettext("Question"), [InputRequired(), Length(max=MAX_PROMPT)])
    help = TextAreaField(lazy_gettext("Explanation"), [Length(max=MAX_PROMPT)])
    kind = RadioField(lazy_gettext("How it is answered"), default=QuestionKind.TEXT.value)
    is_required = BooleanField(lazy_gettext("It has to be answered"))
    options = TextAreaField(lazy_gettext("Choices, one a line"))
    rows = TextAreaField(lazy_gettext("Rows of the table, one a line"))
    low = IntegerField(lazy_gettext("The scale begins at"), default=1)
    high = IntegerField(lazy_gettext("The scale ends at"), default=5)
    low_words = StringField(lazy_gettext("What its beginning means"), [Length(max=120)])
    high_words = StringField(lazy_gettext("What its end means"), [Length(max=120)])
    limit = IntegerField(lazy_gettext("Longest free text, in characters"), default=DEFAULT_LIMIT)


def kind_words(kind: QuestionKind) -> str:
    """Give in words how a question is answered."""
    return str(_KINDS[kind])


def _subject(slug: str, consultation_id: str) -> Subject:
    return get_consultation(db.session(), current_actor(), slug, consultation_id, Action.MANAGE_CONSULTATIONS)


@blueprint.route("/", methods=["GET", "POST"])
def index(slug: str, consultation_id: str) -> View:
    """List the questions with the tools to change them, and add a section."""
    subject = _subject(slug, consultation_id)
    form = SectionForm()
    if request.method == "POST":
        done = _written(form, lambda: _add_section(slug, consultation_id, form))
        if done is not None:
            return done
    page = render_template(
        "questionnaires/index.html",
        group=subject.group,
        consultation=subject.row,
        questionnaire=load_questionnaire(db.session(), subject.row.id),
        form=form,
        is_fixed=subject.row.state is not ConsultationState.DRAFT,
        kind_words=kind_words,
    )
    return page, 422 if form.errors else 200


def _written(form: Form, write: Callable[[], str]) -> Response | None:
    """Validate and write; None where something is wrong, with the complaint in the form."""
    if not form.validate():
        return None
    try:
        return redirect(write(), 303)
    except Invalid as error:
        form.add_error(error)
        return None


@transactional
def _add_section(session: Session, actor: Actor, slug: str, consultation_id: str, form: SectionForm) -> str:
    services.add_section(
        session,
        actor,
        slug,
        consultation_id,
        title=form.title.data or "",
        intro=form.intro.data or "",
    )
    flash(gettext("The section is added."), "success")
    return url_for(".index", slug=slug, consultation_id=consultation_id)


@blueprint.route("/sections/<section_id>", methods=["GET", "POST"])
def section(slug: str, consultation_id: str, section_id: str) -> View:
    """Change a section."""
    subject = services.get_editable(db.session(), current_actor(), slug, consultation_id)
    found = services.find_section(db.session(), subject.row, section_id)
    form = SectionForm()
    if request.method == "GET":
        form.title.data, form.intro.data = found.title, found.intro
    else:
        done = _written(form, lambda: _edit_section(slug, consultation_id, section_id, form))
        if done is not None:
            return done
    page = render_template(
        "questionnaires/section.html", group=subject.group, consultation=subject.row, form=form
    )
    return page, 422 if form.errors else 200


@transactional
def _edit_section(
    session: Session, actor: Actor, slug: str, consultation_id: str, section_id: str, form: SectionForm
) -> str:
    services.edit_section(
        session,
        actor,
        slug,
        consultation_id,
        section_id,
        title=form.title.data or "",
        intro=form.intro.data or "",
    )
    flash(gettext("The section is changed."), "success")
    return url_for(".index", slug=slug, consultation_id=consultation_id)


@blueprint.route("/new", methods=["GET", "POST"])
def new(slug: str, consultation_id: str) -> View:
    """Add a question."""
    form = QuestionForm()
    if request.method == "GET":
        form.section.data = request.args.get("section", "")[:13]
    return _question_page(slug, consultation_id, form, None)


@blueprint.route("/<key>", methods=["GET", "POST"])
def question(slug: str, consultation_id: str, key: str) -> View:
    """Change a question."""
    subject = services.get_editable(db.session(), current_actor(), slug, consultation_id)
    found = services.find_question(db.session(), subject.row, key)
    form = QuestionForm()
    if request.method == "GET":
        _fill(form, found)
    return _question_page(slug, consultation_id, form, key)


def _fill(form: QuestionForm, found: Question) -> None:
    for name in ("prompt", "help", "is_required", "low", "high", "low_words", "high_words", "limit"):
        form[name].data = getattr(found, name)
    form.kind.data = found.kind.value
    form.options.data = "\n".join(words for _, words in found.options)
    form.rows.data = "\n".join(words for _, words in found.rows)
    sections = load_questionnaire(db.session(), found.consultation_id).sections
    form.section.data = next(
        (part.section.public_id for part in sections if part.section.id == found.section_id), ""
    )


def _question_page(slug: str, consultation_id: str, form: QuestionForm, key: str | None) -> View:
    subject = services.get_editable(db.session(), current_actor(), slug, consultation_id)
    sections = load_questionnaire(db.session(), subject.row.id).sections
    if not sections:
        flash(gettext("Add a section first: each is a page of the questionnaire."), "info")
        return redirect(url_for(".index", slug=slug, consultation_id=consultation_id), 303)
    form.section.choices = [SelectChoice(part.section.public_id, part.section.title) for part in sections]
    form.kind.choices = [SelectChoice(kind.value, kind_words(kind)) for kind in QuestionKind]
    if request.method == "POST":
        done = _written(form, lambda: _write_question(slug, consultation_id, form, key))
        if done is not None:
            return done
    page = render_template(
        "questionnaires/question.html", group=subject.group, consultation=subject.row, form=form, key=key
    )
    return page, 422 if form.errors else 200


@transactional
def _write_question(
    session: Session, actor: Actor, slug: str, consultation_id: str, form: QuestionForm, key: str | None
) -> str:
    def number(field: Any, default: int) -> int:
        return default if field.data is None else int(field.data)

    text = QuestionText(
        section=form.section.data or "",
        kind=QuestionKind(form.kind.data),
        prompt=form.prompt.data or "",
        help=form.help.data or "",
        is_required=bool(form.is_required.data),
        options=form.options.data or "",
        rows=form.rows.data or "",
        low=number(form.low, 1),
        high=number(form.high, 5),
        low_words=form.low_words.data or "",
        high_words=form.high_words.data or "",
        limit=number(form.limit, DEFAULT_LIMIT),
    )
    if key is None:
        services.add_question(session, actor, slug, consultation_id, text)
        flash(gettext("The question is added."), "success")
    else:
        services.edit_question(session, actor, slug, consultation_id, key, text)
        flash(gettext("The question is changed."), "success")
    return url_for(".index", slug=slug, consultation_id=consultation_id)


@blueprint.post("/step")
def step(slug: str, consultation_id: str) -> Response:
    """Move a question or a section up or down, or take it out."""
    if not Form().validate():
        raise Invalid("Go back, reload the page and try again.")
    _take_step(slug, consultation_id, request.form.get("step", ""))
    return redirect(url_for(".index", slug=slug, consultation_id=consultation_id), 303)


@transactional
def _take_step(session: Session, actor: Actor, slug: str, consultation_id: str, wanted: str) -> None:
    what, _, rest = wanted.partition(":")
    how, _, name = rest.partition(":")
    match what, how:
        case "question", "up" | "down":
            services.move_question(session, actor, slug, consultation_id, name, up=how == "up")
        case "question", "remove":
            services.remove_question(session, actor, slug, consultation_id, name)
            flash(gettext("The question is taken out."), "success")
        case "section", "up" | "down":
            services.move_section(session, actor, slug, consultation_id, name, up=how == "up")
        case "section", "remove":
            services.remove_section(session, actor, slug, consultation_id, name)
            flash(gettext("The section is taken out."), "success")
        case _:
            raise Invalid("Choose what is to be done.")
