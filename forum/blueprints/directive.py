"""The Directive's board: articles by Member States, a State, a cell with its history, proposing, contacts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.blueprints import wording
from forum.blueprints.clock_fields import DayField
from forum.blueprints.datafiles import directive_board, strategy
from forum.blueprints.identity import current_actor
from forum.blueprints.support import (
    Form,
    error_words,
    now,
    remember_submission,
    submitted_before,
    transactional,
)
from forum.blueprints.threads import open_page
from forum.domain.directive import ArticleStatus, check_cell
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.strategy import Directive
from forum.domain.threads import ThreadKind
from forum.errors import Invalid, NotAllowed, NotFound
from forum.extensions import db
from forum.office.table_writing import Sheet, to_xlsx
from forum.policy import Action, Actor, can, require
from forum.services import directive_board as services
from forum.services.directive_board import StatusFields
from forum.services.groups import get_group
from forum.services.memberships import show_members
from forum.services.threads import Topic

blueprint = Blueprint("directive", __name__, url_prefix="/groups/<slug>/board")

View = str | BaseResponse | tuple[str, int]

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class StatusForm(Form):
    """A status to propose."""

    state = SelectField(lazy_gettext("Status"))
    confidence = SelectField(lazy_gettext("How sure this is"))
    as_of = DayField(lazy_gettext("As of"), [InputRequired(lazy_gettext("Give the day that it speaks of."))])
    source = StringField(
        lazy_gettext("Source"), [InputRequired(lazy_gettext("Say where this comes from.")), Length(max=500)]
    )
    note = TextAreaField(lazy_gettext("Explanation"), [Length(max=4_000)])

    def offer(self) -> None:
        """Offer the words of the board."""
        board = directive_board()
        self.state.choices = [SelectChoice(one.key, one.title) for one in board.statuses if one.is_offered]
        self.confidence.choices = [SelectChoice(one.key, one.title) for one in board.confidence]

    def fields(self) -> StatusFields:
        """Give what the service takes."""
        return StatusFields(
            state=self.state.data or "",
            confidence=self.confidence.data or "",
            as_of=self.as_of.data,
            source=self.source.data or "",
            note=self.note.data or "",
        )


class RemarkForm(Form):
    """The State's remark."""

    remark = TextAreaField(
        lazy_gettext("Remark of the State"),
        [InputRequired(lazy_gettext("Write your remark.")), Length(max=4_000)],
    )


class ContactForm(Form):
    """The one contact of a State."""

    country = SelectField(lazy_gettext("Member State"))
    contact = SelectField(lazy_gettext("Contact"))


@dataclass(frozen=True, slots=True)
class StateRow:
    """A State with its cells, in the order of the articles; no cells where it is not bound."""

    country: str
    name: str
    is_bound: bool
    cells: list[ArticleStatus | None]

    @property
    def filled(self) -> int:
        """How many articles have a status."""
        return sum(1 for cell in self.cells if cell is not None)


def _group(slug: str) -> Group:
    """Give the group that keeps the board; other groups have none."""
    if slug != directive_board().group:
        raise NotFound
    return get_group(db.session(), current_actor(), slug)


def _directive() -> Directive:
    return strategy().directive


def _as_of() -> date | None:
    try:
        return date.fromisoformat(request.args.get("on", ""))
    except ValueError:
        return None


def _rows(group: Group, on: date | None) -> list[StateRow]:
    until = datetime.combine(on, time(23, 59, 59), UTC) if on else None
    cells = services.load_cells(db.session(), current_actor(), group, until=until)
    directive = _directive()
    rows = [
        StateRow(
            country,
            wording.country_name(country),
            is_bound=country in directive.bound,
            cells=[cells.get((country, article.number)) for article in directive.articles]
            if country in directive.bound
            else [],
        )
        for country in (*directive.bound, *directive.not_bound)
    ]
    return sorted(rows, key=lambda row: row.name)


@blueprint.get("/")
def board(slug: str) -> str:
    """Show the board as it stands, or as it stood on a day."""
    group, actor, on = _group(slug), current_actor(), _as_of()
    return render_template(
        "directive/board.html",
        group=group,
        board=directive_board(),
        directive=_directive(),
        rows=_rows(group, on),
        on=on,
        proposals=services.list_proposals(db.session(), actor, group) if actor.is_signed_in else [],
        initiative=strategy().get_initiative(1),
        may_keep=can(actor, Action.KEEP_BOARD, group),
        prefix=f"/groups/{slug}/board/",
    )


@blueprint.get("/board.xlsx")
def workbook(slug: str) -> BaseResponse:
    """Give the statuses of the board as a workbook, one a line."""
    group, on = _group(slug), _as_of()
    board, directive = directive_board(), _directive()
    columns = [
        gettext("Member State"), gettext("Article"), gettext("Status"), gettext("As of"), gettext("Source"),
        gettext("How sure this is"), gettext("Explanation"), gettext("Remark of the State"),
        gettext("Published"),
    ]  # fmt: skip
    lines: list[list[str | int | None]] = []
    for row in _rows(group, on):
        if not row.is_bound:
            lines.append([row.name, None, gettext("Not bound"), *[None] * 6])
        lines += [
            [
                row.name,
                cell.article,
                board.find_status(cell.state).title,
                cell.as_of.isoformat(),
                cell.source,
                board.confidence_title(cell.confidence),
                cell.note,
                cell.remark or gettext("No remark was received."),
                cell.published_at.date().isoformat() if cell.published_at else None,
            ]
            for cell in row.cells
            if cell is not None
        ]
    about = [directive.reference]
    about += [gettext("As it stood on %(day)s", day=on.isoformat())] if on else []
    response = Response(to_xlsx(Sheet(gettext("Board"), about, columns, lines)), content_type=_XLSX)
    response.headers["Content-Disposition"] = 'attachment; filename="board.xlsx"'
    return response


def _known(country: str) -> str:
    """Give the code of a State of the board, bound or not; NotFound for others."""
    directive = _directive()
    if country not in (*directive.bound, *directive.not_bound):
        raise NotFound
    return country


@blueprint.get("/<country>/")
def state(slug: str, country: str) -> str:
    """Show a State: its contact, its articles one below another, the questions it was asked."""
    group, actor, session = _group(slug), current_actor(), db.session()
    country, on = _known(country), _as_of()
    row = next(one for one in _rows(group, on) if one.country == country)
    contact = services.list_contacts(session, group).get(country)
    named = show_members(session, actor, group).named if contact is not None else frozenset()
    return render_template(
        "directive/state.html",
        group=group,
        board=directive_board(),
        directive=_directive(),
        row=row,
        on=on,
        has_contact=contact is not None,
        contact=contact if contact is not None and contact.id in named else None,
        proposals=services.list_proposals(session, actor, group, country=country),
        questions=services.list_asked(session, actor, group, country),
        may_keep=can(actor, Action.KEEP_BOARD, group),
        may_ask=row.is_bound and can(actor, Action.WRITE, group),
        prefix=f"/groups/{slug}/board/",
    )


@blueprint.get("/<country>/<article>/")
def cell(slug: str, country: str, article: str) -> View:
    """Show an article in a State: every status that was published, newest first, with the State's remarks."""
    group, actor, session = _group(slug), current_actor(), db.session()
    directive = _directive()
    if _known(country) not in directive.bound:
        return redirect(url_for(".state", slug=slug, country=country), 303)  # which says so
    found = next((one for one in directive.articles if one.number == article), None)
    if found is None:
        raise NotFound
    gap = {"group": slug, "act": directive.reference, "article": article, "country": country}
    return render_template(
        "directive/cell.html",
        group=group,
        board=directive_board(),
        directive=directive,
        country=country,
        article=found,
        history=services.list_history(session, actor, group, country, article),
        waiting=[
            one
            for one in services.list_proposals(session, actor, group, country=country)
            if one.article == article
        ],
        gap_path=f"/registers/gaps/new?{urlencode(gap)}",
        gaps_path=f"/registers/gaps/?{urlencode(gap)}",
        may_raise=can(actor, Action.WRITE, group) and bool(actor.roles_in(group.id)),
        may_keep=can(actor, Action.KEEP_BOARD, group),
        prefix=f"/groups/{slug}/board/",
    )


@blueprint.route("/<country>/<article>/propose", methods=["GET", "POST"])
def propose(slug: str, country: str, article: str) -> View:
    """Propose a status; the State's contact sees it first."""
    group = _group(slug)
    require(current_actor(), Action.KEEP_BOARD, group)
    form = StatusForm()
    form.offer()
    status = 200
    if request.method == "GET":
        try:
            check_cell(_directive(), country, article)
        except Invalid as error:
            form.add_error(error)
            status = error.status_code
    else:
        status = 422
        if form.validate():
            try:
                return redirect(_propose(slug, country, article, form), 303)
            except Invalid as error:
                form.add_error(error)
    page = render_template(
        "directive/propose.html",
        group=group,
        form=form,
        country=country,
        article=article,
        is_bound=country in _directive().bound,
        days=directive_board().working_days,
        prefix=f"/groups/{slug}/board/",
    )
    return page, status


@transactional
def _propose(session: Session, actor: Actor, slug: str, country: str, article: str, form: StatusForm) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    board, directive = directive_board(), _directive()
    row = services.propose_status(
        session, actor, board, directive, slug, country, article, form.fields(), now=now()
    )
    flash(gettext("It goes to the State's contact, and is published with their remark."), "success")
    path = url_for(".status", slug=slug, public_id=row.public_id)
    return remember_submission(session, actor, form, path)


@blueprint.get("/statuses/<public_id>")
def status(slug: str, public_id: str) -> str:
    """Show a status, proposed or published, with what its reader can do about it."""
    return _status_page(slug, public_id, RemarkForm())


def _status_page(slug: str, public_id: str, form: Form) -> str:
    group, actor = _group(slug), current_actor()
    subject = services.get_proposal(db.session(), actor, slug, public_id)
    row: ArticleStatus = subject.row
    if request.method == "GET" and isinstance(form, RemarkForm):
        form.remark.data = row.remark
    return render_template(
        "directive/status.html",
        group=group,
        board=directive_board(),
        row=row,
        form=form,
        is_waiting=row.status is Status.RECEIVED,
        may_remark=can(actor, Action.REMARK, subject),
        may_keep=can(actor, Action.KEEP_BOARD, group),
        prefix=f"/groups/{slug}/board/",
    )


@blueprint.post("/statuses/<public_id>")
def settle(slug: str, public_id: str) -> View:
    """Take a State's remark; or publish or withdraw a proposed status."""
    _group(slug)
    step = request.form.get("step")
    form: Form = Form() if step in ("publish", "withdraw") else RemarkForm()
    status = 422
    if form.validate():
        try:
            return redirect(_settle(slug, public_id, step, form), 303)
        except Invalid as error:
            form.add_error(error)
        except NotAllowed as error:
            form.form_errors.append(error_words(error))
            status = error.status_code
    shown = form if isinstance(form, RemarkForm) else RemarkForm()
    shown.form_errors = [*shown.form_errors, *(form.form_errors if form is not shown else [])]
    return _status_page(slug, public_id, shown), status


@transactional
def _settle(session: Session, actor: Actor, slug: str, public_id: str, step: str | None, form: Any) -> str:
    steps: dict[str | None, tuple[Callable[..., ArticleStatus], str]] = {
        "publish": (services.publish_status, gettext("The status stands on the board.")),
        "withdraw": (services.withdraw_proposal, gettext("The proposed status is withdrawn.")),
    }
    path = url_for(".status", slug=slug, public_id=public_id)
    if step in steps:
        act, words = steps[step]
        act(session, actor, slug, public_id, now=now())
        flash(words, "success")
        return path
    services.remark_on(session, actor, slug, public_id, form.remark.data or "", now=now())
    flash(gettext("Your remark is kept; it is published with the status."), "success")
    return path


@blueprint.route("/contacts", methods=["GET", "POST"])
def contacts(slug: str) -> View:
    """Show the contacts of the States, and name one."""
    group, actor, session = _group(slug), current_actor(), db.session()
    require(actor, Action.KEEP_BOARD, group)
    members = show_members(session, actor, group).members
    lines = [line for seat in members.seats for line in seat.holders] + members.unseated
    people = sorted({(line.account.name, line.account.public_id) for line in lines})
    form = ContactForm()
    bound = sorted((wording.country_name(code), code) for code in _directive().bound)
    form.country.choices = [SelectChoice(code, name) for name, code in bound]
    form.contact.choices = [SelectChoice(public_id, name) for name, public_id in people]
    code = 200
    if request.method == "POST":
        code = 422
        if form.validate():
            try:
                return redirect(_name(slug, form), 303)
            except Invalid as error:
                form.add_error(error)
    elif request.args.get("country"):
        form.country.data = request.args["country"][:2]
    found = services.list_contacts(session, group)
    page = render_template(
        "directive/contacts.html",
        group=group,
        form=form,
        states=[(code, name, found.get(code)) for name, code in bound],
        prefix=f"/groups/{slug}/board/",
    )
    return page, code


@transactional
def _name(session: Session, actor: Actor, slug: str, form: ContactForm) -> str:
    services.name_contact(
        session, actor, _directive(), slug, form.country.data or "", form.contact.data or "", now=now()
    )
    flash(gettext("The contact is named, and is told of what waits."), "success")
    return url_for(".contacts", slug=slug)


@blueprint.route("/<country>/ask", methods=["GET", "POST"])
def ask(slug: str, country: str) -> View:
    """Put a question to a State: a discussion of this group, whose answer is marked as such."""
    group, article = _group(slug), request.args.get("article", "")
    directive = _directive()
    if _known(country) not in directive.bound:
        return redirect(url_for(".state", slug=slug, country=country), 303)  # which says so
    if article and article not in {one.number for one in directive.articles}:
        raise NotFound
    name = wording.country_name(country)
    title = gettext("Article %(article)s: ", article=article) if article else ""
    return open_page(
        group,
        gettext("Ask %(country)s", country=name),
        kind=ThreadKind.QUESTION,
        topic=Topic(country=country, article=article or None),
        title=title,
    )
