"""What a group assesses: the catalogue, its rounds, the matrix with its reasons, dissent and abstention."""

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.blueprints import assessment_words, stage_words
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.support import (
    Form,
    now,
    remember_submission,
    submitted_before,
    transactional,
    whole_number,
)
from forum.domain.assessments import Assessment, Stance, Unit
from forum.domain.attribution import SubjectKind
from forum.domain.catalogues import cells_of, lines_of
from forum.domain.labels import Status
from forum.domain.text import TITLE_LENGTH
from forum.errors import Invalid, NotFound
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.richtext import Rendered, render, to_markup
from forum.services.addresses import assessment_path, round_path, stages_path
from forum.services.annexed_statements import annex_statement, check_statement, list_statements
from forum.services.catalogues import (
    Assessed,
    CatalogueText,
    edit_catalogue,
    get_assessed,
    get_catalogue,
    list_catalogues,
)
from forum.services.groups import get_group
from forum.services.matrices import list_countries, list_history, load_matrix
from forum.services.stage_seats import list_own_seats, seat_names
from forum.services.subjects import get_subject

blueprint = Blueprint("assessments", __name__, url_prefix="/groups/<slug>/assessments")

links = Blueprint("assessment_links", __name__)

View = str | Response | tuple[str, int]


class CatalogueForm(Form):
    """What is assessed: lists as lines with bars."""

    title = StringField(lazy_gettext("Title"), [InputRequired(), Length(max=TITLE_LENGTH)])
    summary = TextAreaField(lazy_gettext("What it is for"), [Length(max=5_000)])
    parts = TextAreaField(lazy_gettext("Headings"), [InputRequired(), Length(max=10_000)])
    solutions = TextAreaField(lazy_gettext("Solutions"), [InputRequired(), Length(max=30_000)])
    criteria = TextAreaField(lazy_gettext("Criteria"), [InputRequired(), Length(max=10_000)])
    scale = TextAreaField(
        lazy_gettext("Words of the scale, lowest first"), [InputRequired(), Length(max=2_000)]
    )
    based_on = HiddenField()


class StatementForm(Form):
    """A seat's dissent or abstention."""

    seat = SelectField(lazy_gettext("For the seat"))
    stance = RadioField(lazy_gettext("Your seat"))
    body = TextAreaField(lazy_gettext("Reasons"), [InputRequired()])


@blueprint.get("/")
def index(slug: str) -> str:
    """List what the group assesses."""
    group = get_group(db.session(), current_actor(), slug)
    return render_template(
        "assessments/index.html",
        group=group,
        catalogues=list_catalogues(db.session(), group.id),
        path_of=assessment_path,
    )


@blueprint.get("/<key>/")
def catalogue(slug: str, key: str) -> str:
    """Show what is assessed and by which criteria, the rounds, and what of it is this person's."""
    session, actor = db.session(), current_actor()
    assessed = get_assessed(session, actor, slug, key)
    if assessed.catalogue.unit is Unit.COUNTRY:
        return _countries(assessed)
    return render_template(
        "assessments/catalogue.html",
        **_frame(assessed),
        solutions_of=_solutions_of(assessed),
        statements=list_statements(session, actor, assessed) if assessed.ended else [],
        stages=stages_path(slug),
        stage_words=stage_words,
        to_markup=to_markup,
        round_path=round_path,
    )


def _frame(assessed: Assessed) -> dict[str, object]:
    """Give what every page about a catalogue needs."""
    actor, group = current_actor(), assessed.group
    has_seat = actor.account_id is not None and bool(list_own_seats(db.session(), actor.account_id, group))
    is_fixed = any(one.stage.started_at is not None for one in assessed.rounds)
    return {
        "group": group,
        "assessed": assessed,
        "catalogue": assessed.catalogue,
        "path": assessment_path(group.slug, assessed.catalogue.key),
        "may_assess": has_seat and not actor.is_suspended and group.id not in actor.suspended_in,
        "may_edit": can(actor, Action.EDIT_CATALOGUE, group) and not is_fixed,
        "words": assessment_words,
    }


def _solutions_of(assessed: Assessed) -> dict[str, list[dict[str, str]]]:
    """Give the solutions by the key of their heading."""
    return {
        part["key"]: [one for one in assessed.catalogue.solutions if one["part"] == part["key"]]
        for part in assessed.catalogue.parts
    }


def _countries(assessed: Assessed) -> str:
    return render_template(
        "assessments/countries.html",
        **_frame(assessed),
        countries=list_countries(db.session(), current_actor(), assessed),
        cells=cells_of(assessed.catalogue),
        solutions_of=_solutions_of(assessed),
    )


@blueprint.get("/<key>/countries/<country>/")
def country(slug: str, key: str, country: str) -> str:
    """Show what was said of a country, the newest first, with what changed each time."""
    session, actor = db.session(), current_actor()
    assessed = get_assessed(session, actor, slug, key)
    lines = list_history(session, actor, assessed, country) if len(country) == 2 else []
    if not lines:
        raise NotFound
    return render_template(
        "assessments/country.html",
        **_frame(assessed),
        country=country,
        lines=lines,
        cells=cells_of(assessed.catalogue),
        to_markup=to_markup,
    )


@blueprint.get("/<key>/rounds/<int:number>/")
def matrix(slug: str, key: str, number: int) -> str:
    """Show the matrix of a round that has ended: median, range, spread and dissent in each cell."""
    session, actor = db.session(), current_actor()
    assessed = get_assessed(session, actor, slug, key)
    return render_template(
        "assessments/matrix.html",
        **_frame(assessed),
        number=number,
        matrix=load_matrix(session, actor, assessed, number),
        solutions_of=_solutions_of(assessed),
        statements=list_statements(session, actor, assessed),
        may_draft=can(actor, Action.WRITE_GROUP_DRAFT, assessed.group),
        to_markup=to_markup,
        form=Form(),
    )


@blueprint.get("/<key>/rounds/<int:number>/<solution>/<criterion>/")
def reasons(slug: str, key: str, number: int, solution: str, criterion: str) -> str:
    """Show every seat's rating of one cell with its reasons, confidence and evidence."""
    session, actor = db.session(), current_actor()
    assessed = get_assessed(session, actor, slug, key)
    found = load_matrix(session, actor, assessed, number)
    cell = next((one for one in found.cells if one.key == f"{solution}/{criterion}"), None)
    if cell is None:
        raise NotFound
    return render_template(
        "assessments/reasons.html",
        **_frame(assessed),
        number=number,
        matrix=found,
        cell=cell,
        lines=[line for line in found.lines if line.has(cell.key)],
        to_markup=to_markup,
    )


@blueprint.route("/<key>/edit", methods=["GET", "POST"])
def edit(slug: str, key: str) -> View:
    """Change solutions, criteria and scale, until a round opens."""
    assessed = get_assessed(db.session(), current_actor(), slug, key, Action.EDIT_CATALOGUE)
    row, form = assessed.catalogue, CatalogueForm()
    if request.method == "GET":
        form.title.data, form.summary.data = row.title, row.summary
        form.parts.data = lines_of(row.parts, "title")
        form.solutions.data = lines_of(row.solutions, "part", "title", "summary")
        form.criteria.data = lines_of(row.criteria, "title", "question")
        form.scale.data = "\n".join(row.scale)
        form.based_on.data = str(row.lock_version)
        return render_template("assessments/edit.html", **_frame(assessed), form=form)
    try:
        if form.validate():
            _edit(slug, key, form)
            flash(gettext("What is assessed is changed."), "success")
            return redirect(assessment_path(slug, key), 303)
    except Invalid as error:
        form.add_error(error)
    return render_template("assessments/edit.html", **_frame(assessed), form=form), 422


@transactional
def _edit(session: Session, actor: Actor, slug: str, key: str, form: CatalogueForm) -> None:
    text = CatalogueText(
        title=form.title.data or "",
        summary=form.summary.data or "",
        parts=form.parts.data or "",
        solutions=form.solutions.data or "",
        criteria=form.criteria.data or "",
        scale=form.scale.data or "",
    )
    based_on = whole_number(form.based_on.data) or 0
    edit_catalogue(session, actor, slug, key, text, based_on=based_on, now=now())


@blueprint.route("/<key>/statement", methods=["GET", "POST"])
def statement(slug: str, key: str) -> View:
    """Annex a seat's dissent or abstention with its reasons."""
    assessed, seats = check_statement(db.session(), current_actor(), slug, key)
    form = StatementForm()
    names = seat_names(db.session(), seats)
    form.seat.choices = [
        SelectChoice(seat.public_id, names[seat.id] or current_actor().name) for seat in seats
    ]
    form.stance.choices = [SelectChoice(one.value, assessment_words.stance(one)) for one in Stance]
    if request.method == "GET":
        form.stance.data = Stance.DISSENT.value
        return render_template("assessments/statement.html", **_frame(assessed), form=form)
    try:
        if form.validate():
            return redirect(_annex(slug, key, form, render(form.body.data or "", profile="post")), 303)
    except Invalid as error:
        form.add_error(error)
    return render_template("assessments/statement.html", **_frame(assessed), form=form), 422


@transactional
def _annex(
    session: Session, actor: Actor, slug: str, key: str, form: StatementForm, rendered: Rendered
) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    annex_statement(
        session,
        actor,
        slug,
        key,
        seat_id=form.seat.data,
        stance=Stance(form.stance.data),
        rendered=rendered,
        now=now(),
        sealing_secret=sealing_secret(),
    )
    flash(gettext("The statement is annexed to the result."), "success")
    location = f"{assessment_path(slug, key)}#statements"
    return remember_submission(session, actor, form, location)


@links.get("/assessments/<public_id>")
def assessment(public_id: str) -> Response:
    """Lead to where an assessment is shown: its round, its country, or the seat's form while blind."""
    subject = get_subject(db.session(), current_actor(), SubjectKind.ASSESSMENT, public_id)
    row: Assessment = subject.row
    found = get_catalogue(db.session(), row.catalogue_id)
    path = assessment_path(subject.group.slug, found.key)
    if row.described_country:
        return redirect(f"{path}countries/{row.described_country}/")
    if row.status is Status.RECEIVED:
        return redirect(f"{path}mine/")
    return redirect(round_path(subject.group.slug, found.key, row.round))
