"""What everybody may see of moderation: the log of decisions, the report, and both as files."""

from datetime import date
from typing import Any

from flask import Response, make_response, render_template, request
from flask_babel import gettext

from forum.blueprints import moderation_words as words
from forum.blueprints.identity import current_actor
from forum.blueprints.moderation import blueprint
from forum.blueprints.support import now
from forum.blueprints.transparency_tables import list_charts, list_tables
from forum.domain.attribution import SubjectKind
from forum.domain.moderation import MODERATED, Action
from forum.errors import Invalid, NotFound
from forum.extensions import db
from forum.services.figure_files import FORMATS, write_tables
from forum.services.moderation_log import list_log, list_log_groups
from forum.services.transparency import Period, checked_period, draw_report


def log_filters() -> dict[str, Any]:
    """Read the filters of the address; a value that is none of ours filters nothing."""
    kind, action = request.args.get("kind", ""), request.args.get("action", "")
    return {
        "group": request.args.get("group") or None,
        "kind": SubjectKind(kind) if kind in {one.value for one in MODERATED} else None,
        "action": Action(action) if action in {one.value for one in Action} else None,
    }


@blueprint.get("/log")
def log() -> str:
    """Show the decisions that this reader may know of, newest first."""
    session, actor = db.session(), current_actor()
    before, filters = request.args.get("before"), log_filters()
    page = list_log(
        session,
        actor,
        before=before,
        group_slug=filters["group"],
        kind=filters["kind"],
        action=filters["action"],
    )
    query = {name: str(value) for name, value in filters.items() if value}
    return render_template(
        "moderation/log.html",
        page=page,
        before=before,
        filters=filters,
        query=query,
        groups=list_log_groups(session, actor),
        kinds=MODERATED,
        actions=list(Action),
        words=words,
    )


def _day(name: str) -> date | None:
    text = request.args.get(name, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("Write a day as 2026-03-31.", field=name) from None


def _period() -> Period:
    return checked_period(_day("first"), _day("last"), today=now().date())


@blueprint.get("/transparency")
def transparency() -> tuple[str, int]:
    """Show the report of a period: the same figures for everybody."""
    error = None
    try:
        period = _period()
    except Invalid as wrong:
        error = gettext(wrong.message, **wrong.parameters)
        period = checked_period(None, None, today=now().date())
    report = draw_report(db.session(), period)
    page = render_template(
        "moderation/transparency.html",
        report=report,
        tables=list_tables(report),
        charts=list_charts(report),
        formats=list(FORMATS),
        error=error,
    )
    return page, 422 if error else 200


@blueprint.get("/transparency.<form>")
def transparency_file(form: str) -> Response:
    """Give the report of a period as a file."""
    if form not in FORMATS:
        raise NotFound
    period = _period()
    response = make_response(write_tables(list_tables(draw_report(db.session(), period)), form))
    name = f"moderation-{period.first.isoformat()}-{period.last.isoformat()}.{form}"
    response.headers["Content-Type"] = FORMATS[form]
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
