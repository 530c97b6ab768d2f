"""Registers: what there are, one with its filters and files, one entry with its evidence and history."""

import csv
import io
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from forum.blueprints import wording
from forum.blueprints.datafiles import registers, strategy
from forum.blueprints.identity import current_actor
from forum.blueprints.papers import page_links, page_number
from forum.blueprints.register_forms import EvidenceForm, StandingForm
from forum.blueprints.support import number_argument
from forum.domain.references import parse_reference, read_key
from forum.domain.register_entries import EntryChange
from forum.domain.registers import FieldKind, Register, RegisterField
from forum.domain.spreadsheets import safe_cell
from forum.errors import NotFound
from forum.extensions import db
from forum.office.table_writing import Sheet, to_xlsx
from forum.policy import Action, can
from forum.richtext import to_markup
from forum.services.groups import find_group
from forum.services.holding import HELD_BECAUSE
from forum.services.register_evidence import list_evidence
from forum.services.registers import (
    MAX_EXPORTED,
    SORTS,
    EntryFilter,
    EntryLine,
    count_entries,
    get_head,
    list_entries,
    list_groups_for,
    list_values_in_use,
)

blueprint = Blueprint("registers", __name__, url_prefix="/registers")

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def get_register(key: str) -> Register:
    """Give the register of that key; NotFound where the data file has none."""
    for register in registers():
        if register.key == key:
            return register
    raise NotFound


def change_words(change: EntryChange) -> str:
    """Give what a line of the history says."""
    return {
        EntryChange.RAISED: gettext("Raised"),
        EntryChange.STATE: gettext("Status changed"),
        EntryChange.OWNER: gettext("Owner changed"),
        EntryChange.EDITED: gettext("Text changed"),
        EntryChange.EVIDENCE: gettext("Evidence changed"),
        EntryChange.TAKEN_OUT: gettext("Taken out of the register"),
        EntryChange.PUT_BACK: gettext("Put back"),
    }[change]


def sort_words(sort: str) -> str:
    """Give an order in words."""
    return {
        "changed": gettext("Changed last"),
        "raised": gettext("Raised last"),
        "due": gettext("Due first"),
        "title": gettext("Title"),
    }[sort]


@blueprint.get("/")
def index() -> str:
    """List the registers with how much of each this person may read."""
    shown = registers()
    counts = count_entries(db.session(), current_actor(), [register.key for register in shown])
    return render_template("registers/index.html", registers=shown, numbers=counts)


def read_filter(register: Register) -> EntryFilter:
    """Give what the address asks for; nonsense is passed over."""
    args = request.args
    state = args.get("status", "")
    terms = {
        field.key: args[field.key]
        for field in register.taxonomies
        if args.get(field.key) in {term.key for term in field.terms}
    }
    reference = parse_reference(args.get("act", "")) or read_key(args.get("act", ""))
    sort = args.get("sort", "")
    return EntryFilter(
        state=state if register.find_state(state) else "",
        group=args.get("group", "")[:80],
        initiative=number_argument("initiative"),
        act_key=reference.key if reference else "",
        article=args.get("article", "")[:16],
        country=args.get("country", "")[:2].upper(),
        owner=args.get("owner", "")[:80],
        words=" ".join(args.get("q", "").split())[:200],
        terms=terms,
        sort=sort if sort in SORTS else "changed",
    )


def write_filter(asked: EntryFilter) -> dict[str, str]:
    """Give the filters as arguments of an address."""
    given = {
        "status": asked.state,
        "group": asked.group,
        "initiative": str(asked.initiative or ""),
        "act": asked.act_key,
        "article": asked.article,
        "country": asked.country,
        "owner": asked.owner,
        "q": asked.words,
        "sort": asked.sort if asked.sort != "changed" else "",
        **asked.terms,
    }
    return {name: value for name, value in given.items() if value}


@blueprint.get("/<key>/")
def register(key: str) -> str:
    """Show a register: filters, and a page of the entries that this person may read."""
    session, actor = db.session(), current_actor()
    chosen = get_register(key)
    asked = read_filter(chosen)
    found = list_entries(session, actor, chosen, asked, page=page_number())
    query = urlencode(write_filter(asked))
    path, choices = f"/registers/{key}/", _choices(chosen)
    return render_template(
        "registers/register.html",
        register=chosen,
        found=found,
        asked=asked,
        query=f"?{query}" if query else "",
        choices=choices,
        state_options=[(state.key, state.title) for state in chosen.states],
        term_options={
            field.key: [(term.key, term.title) for term in field.terms] for field in chosen.taxonomies
        },
        owner_options=[*([("me", gettext("Mine"))] if actor.is_signed_in else []), *choices["owner"]],
        sorts=[(sort, sort_words(sort)) for sort in SORTS if sort != "due" or chosen.due],
        links=page_links(f"{path}?{query}" if query else path, found.page, found.has_next),
        may_raise=bool(list_groups_for(session, actor, chosen)) if actor.is_signed_in else False,
        path=path,
    )


def _choices(chosen: Register) -> dict[str, list[tuple[str, str]]]:
    """Give what entries can be filtered by: of what readable ones have, value and words."""
    used = list_values_in_use(db.session(), current_actor(), chosen)
    groups = {slug: find_group(db.session(), slug) for slug in used["group"]}
    titles = {str(one.number): one.short_title for one in strategy().initiatives}
    return {
        "group": [(slug, group.short_title) for slug, group in groups.items() if group],
        "initiative": [(number, f"{number}. {titles.get(number, '')}") for number in used["initiative"]],
        "act": [(value, _reference_words(value)) for value in used["act"]],
        "article": [(value, value) for value in used["article"]],
        "country": sorted(
            ((value, wording.country_name(value)) for value in used["country"]), key=lambda x: x[1]
        ),
        "owner": [(value, value) for value in used["owner"]],
    }


def _reference_words(key: str) -> str:
    reference = read_key(key)
    return reference.text if reference else key


def values_words(field: RegisterField, values: tuple[str, ...]) -> str:
    """Give the values of a field in words, on one line."""
    if field.kind is FieldKind.DATE and values:
        return wording.partial_date(values[0])
    return ", ".join(field.name_of(value) for value in values)


@blueprint.get("/<key>/entries.xlsx")
def workbook(key: str) -> BaseResponse:
    """Give the entries that the filters leave as a workbook."""
    return _file(_sheet(get_register(key)), f"{key}.xlsx")


@blueprint.get("/<key>/entries.csv")
def table(key: str) -> BaseResponse:
    """Give the entries that the filters leave as CSV."""
    sheet = _sheet(get_register(key))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([safe_cell(name) for name in sheet.columns])
    writer.writerows([safe_cell(value) for value in row] for row in sheet.rows)
    response = Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{key}.csv"'
    return response


def _file(sheet: Sheet, name: str) -> Response:
    response = Response(to_xlsx(sheet), content_type=_XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _sheet(chosen: Register) -> Sheet:
    asked = read_filter(chosen)
    found = list_entries(db.session(), current_actor(), chosen, asked, per_page=MAX_EXPORTED)
    base = current_app.config["BASE_URL"].rstrip("/")
    columns = [
        gettext("Title"),
        gettext("Status"),
        gettext("Group"),
        chosen.owner_title,
        gettext("Initiative"),
        gettext("Act"),
        gettext("Article"),
        gettext("Country"),
        chosen.due or gettext("Due"),
        *(field.title for field in chosen.fields),
        gettext("Raised"),
        gettext("Changed"),
        gettext("Readable by"),
        gettext("Text"),
        gettext("Address"),
    ]
    about = [chosen.title, gettext("What you may read of it, as you had narrowed it down.")]
    about += [f"{name}: {value}" for name, value in write_filter(asked).items()]
    return Sheet(chosen.title, about, columns, [_row(chosen, line, base) for line in found.lines])


def _row(chosen: Register, line: EntryLine, base: str) -> list[str | int | None]:
    owner = line.owner
    return [
        line.title,
        chosen.state_title(line.state),
        line.group_title,
        (owner.name or gettext("A member of the group")) if owner else None,
        line.initiative,
        line.act,
        line.article,
        wording.country_name(line.country) if line.country else None,
        line.due_on.isoformat() if line.due_on else None,
        *(values_words(field, line.values.get(field.key, ())) for field in chosen.fields),
        line.created_at.date().isoformat(),
        line.changed_at.date().isoformat(),
        wording.tlp_words(line.tlp),
        line.text,
        f"{base}/registers/{chosen.key}/{line.public_id}/",
    ]


@blueprint.get("/<key>/<public_id>/")
def entry(key: str, public_id: str) -> str:
    """Show an entry: what it says, whose it is, what it rests on, what became of it."""
    return entry_page(get_register(key), public_id)


def _held_because(rule: str | None) -> str:
    if rule not in HELD_BECAUSE:
        return ""
    return gettext("It is held because %(reason)s.", reason=gettext(HELD_BECAUSE[rule]))


def entry_page(chosen: Register, public_id: str, **forms: Any) -> str:
    """Give the page of an entry, with forms that were sent with a fault."""
    session, actor = db.session(), current_actor()
    head = get_head(session, actor, chosen, public_id)
    may_tend = can(actor, Action.TEND_ENTRY, head.rights)
    context = {"evidence_form": EvidenceForm(), "standing_form": StandingForm()} | forms
    return render_template(
        "registers/entry.html",
        register=chosen,
        head=head,
        entry=head.entry,
        line=head.line,
        group=head.group,
        html=to_markup(head.entry.html),
        evidence=list_evidence(session, actor, head.entry.id),
        fields=[
            (field, values_words(field, head.line.values[field.key]))
            for field in chosen.fields
            if field.key in head.line.values
        ],
        change_words=change_words,
        may_follow=can(actor, Action.FOLLOW_ENTRY, head.rights),
        may_tend=may_tend,
        may_flag=can(actor, Action.FLAG, head.rights.entry),
        held_because=_held_because(head.entry.held_because),
        may_write=can(actor, Action.WRITE, head.group),
        path=f"/registers/{chosen.key}/{public_id}/",
        **context,
    )
