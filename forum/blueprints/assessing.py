"""A seat writes its assessment: page by page, a preview, submitting it. Nobody else reads it meanwhile."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import HiddenField, RadioField
from wtforms.fields.choices import SelectChoice

from forum.blueprints import assessment_words, wording
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.support import (
    Form,
    error_words,
    now,
    received_at,
    remember_submission,
    submitted_before,
    transactional,
    whole_number,
)
from forum.domain.assessments import Unit
from forum.domain.catalogues import Cell, Sheet, cells_of, sheets_of
from forum.domain.labels import Tlp
from forum.domain.ratings import CONFIDENCES, NO_VIEW, rating_of
from forum.errors import Invalid, NotFound
from forum.extensions import db
from forum.policy import Actor
from forum.richtext import Rendered, render, to_markup
from forum.services.addresses import assessment_path
from forum.services.assessment_values import changed_from, fingerprint
from forum.services.assessments import (
    Saved,
    SeatDesk,
    get_desk,
    save_page,
    submit_assessment,
)
from forum.services.catalogues import get_assessed
from forum.services.chatham import is_sealed
from forum.services.stage_seats import seat_names
from forum.services.threads import default_tlp, tlp_choices

blueprint = Blueprint("assessing", __name__, url_prefix="/groups/<slug>/assessments/<key>/mine")

View = str | Response | tuple[str | Response, int]
FIELDS = ("rating", "confidence", "reason", "evidence")


class SubmitForm(Form):
    """What the preview showed, and of a country who reads it."""

    seen = HiddenField()
    based_on = HiddenField()
    label = RadioField(lazy_gettext("Readable by"))


def _country() -> str:
    """Give the country that the address names; empty where it names none of the list."""
    code = request.values.get("country", "")
    return code if code in dict(wording.countries()) else ""


def _desk(slug: str, key: str) -> SeatDesk:
    return get_desk(
        db.session(),
        current_actor(),
        slug,
        key,
        seat_id=request.values.get("seat"),
        country=_country(),
        sealing_secret=sealing_secret(),
    )


def _address(desk: SeatDesk, endpoint: str, **values: Any) -> str:
    """Give the address of a page of this assessment, with seat and country where they have to be said."""
    if len(desk.seats) > 1:
        values["seat"] = desk.seat.public_id
    if desk.country:
        values["country"] = desk.country
    return url_for(endpoint, slug=desk.group.slug, key=desk.catalogue.key, **values)


def _frame(desk: SeatDesk) -> dict[str, Any]:
    """Give what every page of the form needs."""
    names = seat_names(db.session(), desk.seats)
    return {
        "group": desk.group,
        "desk": desk,
        "catalogue": desk.catalogue,
        "path": assessment_path(desk.group.slug, desk.catalogue.key),
        "seat_names": [
            (seat.public_id, names[seat.id] or current_actor().name, seat is desk.seat) for seat in desk.seats
        ],
        "is_country": desk.catalogue.unit is Unit.COUNTRY,
        "is_sealed": is_sealed(desk.group),
        "sheets": sheets_of(desk.catalogue),
        "address": lambda endpoint, **values: _address(desk, endpoint, **values),
        "words": assessment_words,
        "no_view": NO_VIEW,
        "confidences": CONFIDENCES,
    }


@blueprint.get("/")
def overview(slug: str, key: str) -> View:
    """Show how far the seat's assessment is, page by page."""
    session, actor = db.session(), current_actor()
    if get_assessed(session, actor, slug, key).catalogue.unit is Unit.COUNTRY and not _country():
        desk = _desk(slug, key)
        return render_template("assessing/country.html", **_frame(desk), countries=wording.countries())
    desk = _desk(slug, key)
    entries = desk.entries
    done = {
        sheet.key: sum(bool(entries.get(cell.key, {}).get("rating")) for cell in sheet.cells)
        for sheet in sheets_of(desk.catalogue)
    }
    return render_template("assessing/overview.html", **_frame(desk), done=done)


@blueprint.route("/pages/<int:number>", methods=["GET", "POST"])
def page(slug: str, key: str, number: int) -> View:
    """Show one page of the form with what is saved, and save what is typed."""
    desk = _desk(slug, key)
    sheets = sheets_of(desk.catalogue)
    if not 1 <= number <= len(sheets) or (desk.catalogue.unit is Unit.COUNTRY and not desk.country):
        raise NotFound
    sheet, form = sheets[number - 1], Form()
    if request.method == "GET":
        return _page(desk, sheet, number, form, desk.entries)
    typed = _typed(sheet.cells)
    is_autosave = request.form.get("step") == "autosave"
    try:
        if not form.validate():
            raise Invalid("Go back, reload the page and try again.")
        saved = _save(slug, key, sheet.cells, typed)
    except Invalid as error:
        if is_autosave:
            return jsonify(errors={"": error_words(error)}), 422
        form.add_error(error)
        return _page(_desk(slug, key), sheet, number, form, typed, request.form.get("seen", "")), 422
    desk = _desk(slug, key)
    if is_autosave:
        return _autosaved(desk, sheet, saved)
    if saved.theirs is not None:
        return _page(desk, sheet, number, form, typed, theirs=saved.theirs), 409
    if request.form.get("step") == "next":
        is_last = number == len(sheets)
        onward = ("assessing.preview", {}) if is_last else ("assessing.page", {"number": number + 1})
        return redirect(_address(desk, onward[0], **onward[1]), 303)
    flash(gettext("Saved as your seat's draft. It is not submitted yet."), "success")
    return redirect(_address(desk, "assessing.page", number=number), 303)


def _autosaved(desk: SeatDesk, sheet: Sheet, saved: Saved) -> Response:
    """Tell the page's script; what a colleague saved meanwhile stays unseen, so that Save shows both."""
    held = {cell.key: desk.entries.get(cell.key, {}) for cell in sheet.cells}
    return jsonify(
        saved=wording.moment(now()).words,
        fields={} if saved.theirs is not None else {"seen": fingerprint(held)},
        conflicts=["seen"] if saved.theirs is not None else [],
    )


def _typed(cells: Sequence[Cell]) -> dict[str, dict[str, str]]:
    return {
        cell.key: {name: request.form.get(f"{name}-{place}", "") for name in FIELDS}
        for place, cell in enumerate(cells, 1)
    }


def _page(
    desk: SeatDesk,
    sheet: Sheet,
    number: int,
    form: Form,
    shown: Mapping[str, Mapping[str, str]],
    seen: str = "",
    theirs: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    held = {cell.key: desk.entries.get(cell.key, {}) for cell in sheet.cells}
    return render_template(
        "assessing/page.html",
        **_frame(desk),
        sheet=sheet,
        number=number,
        form=form,
        shown=shown,
        seen=seen or fingerprint(held),
        theirs=theirs,
        earlier={cell.key: _before(desk, cell) for cell in sheet.cells},
    )


def _before(desk: SeatDesk, cell: Cell) -> str | None:
    """Give the seat's own rating of the round before, in words; None where there is none."""
    if desk.earlier is None or cell.key not in desk.earlier.values:
        return None
    return assessment_words.rating(rating_of(desk.earlier.values[cell.key]), desk.catalogue.scale)


@transactional
def _save(
    session: Session,
    actor: Actor,
    slug: str,
    key: str,
    cells: Sequence[Cell],
    typed: Mapping[str, Mapping[str, str]],
) -> Saved:
    return save_page(
        session,
        actor,
        slug,
        key,
        cells,
        typed,
        seen=request.form.get("seen", "")[:16],
        seat_id=request.values.get("seat"),
        country=_country(),
        received_at=received_at(),
        now=now(),
        sealing_secret=sealing_secret(),
    )


@blueprint.route("/preview", methods=["GET", "POST"])
def preview(slug: str, key: str) -> View:
    """Show exactly what would be submitted, and submit it."""
    desk = _desk(slug, key)
    form = SubmitForm()
    form.label.choices = [
        SelectChoice(tlp.value, f"{wording.tlp_words(tlp)} (TLP:{tlp.value})")
        for tlp in tlp_choices(desk.group)
    ]
    if form.label.data is None:
        form.label.data = default_tlp(desk.group).value
    texts = _render(desk)
    if request.method == "GET":
        form.seen.data, form.based_on.data = fingerprint(desk.entries), str(desk.based_on)
        return _preview(desk, form, texts)
    try:
        if form.validate():
            return redirect(_submit(slug, key, form, texts), 303)
    except Invalid as error:
        form.add_error(error)
    return _preview(_desk(slug, key), form, texts), 422


def _render(desk: SeatDesk) -> dict[str, tuple[Rendered, Rendered]]:
    """Give reason and evidence of each cell made ready to store; before the transaction."""
    return {
        name: (
            render(entry.get("reason", ""), profile="post"),
            render(entry.get("evidence", ""), profile="post"),
        )
        for name, entry in desk.entries.items()
        if entry.get("rating")
    }


def _preview(desk: SeatDesk, form: SubmitForm, texts: Mapping[str, tuple[Rendered, Rendered]]) -> str:
    ratings = {
        name: {"rating": None if entry["rating"] == NO_VIEW else int(entry["rating"])}
        for name, entry in desk.entries.items()
        if entry.get("rating")
    }
    return render_template(
        "assessing/preview.html",
        **_frame(desk),
        form=form,
        cells=cells_of(desk.catalogue),
        ratings=ratings,
        entries=desk.entries,
        texts={
            name: (to_markup(reason.html), to_markup(evidence.html))
            for name, (reason, evidence) in texts.items()
        },
        changed=changed_from(desk.earlier, ratings),
        faults=[gettext(fault.message, **fault.parameters) for fault in desk.find_faults()],
    )


@transactional
def _submit(
    session: Session,
    actor: Actor,
    slug: str,
    key: str,
    form: SubmitForm,
    texts: Mapping[str, tuple[Rendered, Rendered]],
) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    sent = submit_assessment(
        session,
        actor,
        slug,
        key,
        seen=form.seen.data or "",
        based_on=whole_number(form.based_on.data) or 0,
        rendered=texts,
        seat_id=request.values.get("seat"),
        country=_country(),
        tlp=Tlp(form.label.data) if form.label.data in list(Tlp) else None,
        received_at=received_at(),
        now=now(),
        sealing_secret=sealing_secret(),
    )
    if sent.described_country:
        flash(gettext("It is published."), "success")
        location = f"{assessment_path(slug, key)}countries/{sent.described_country}/"
    else:
        flash(
            gettext("It is submitted. Until the stage ends your seat alone can read it, and change it."),
            "success",
        )
        location = url_for(".overview", slug=slug, key=key, seat=request.values.get("seat"))
    return remember_submission(session, actor, form, location)
