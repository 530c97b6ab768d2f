"""What everybody may know of moderation, for programs: the public log and the report of a period."""

from datetime import date
from typing import Any

from forum.blueprints.api.answers import ID, SLUG
from forum.blueprints.api.schemas import component, fields, flag, many, maybe, one_of, page_of, text, whole
from forum.blueprints.api.support import PAGING, Asked, call, url
from forum.blueprints.identity import current_actor
from forum.blueprints.support import now
from forum.domain.appeals import Side
from forum.domain.attribution import SubjectKind
from forum.domain.moderation import MODERATED, FlagReason
from forum.domain.moderation import Action as Decision
from forum.errors import Invalid
from forum.extensions import db
from forum.services.moderation_log import LogLine, list_log
from forum.services.transparency import Measures, checked_period, draw_report

HOURS = maybe({"type": "number", "description": "Median hours until the decision; null without any."})
COUNTS = {"type": "object", "additionalProperties": {"type": "integer"}}
DAY = text("A day as 2026-03-31.", 10)
MEASURES = fields(
    {
        "count": whole(),
        "by_category": COUNTS | {"description": "By the categories of the DSA Transparency Database."},
        "by_restriction": COUNTS | {"description": "By its kinds of restriction; one can have several."},
        "on_law": whole("Of these on the ground of a law."),
        "median_hours": HOURS,
    }
)
REPORT = component(
    "ModerationReport",
    fields(
        {
            "first": DAY,
            "last": DAY,
            "decisions": whole("All that stand."),
            "own_initiative": MEASURES,
            "on_notice": MEASURES,
            "notices": fields({"by_reason": COUNTS, "restricted": COUNTS, "median_hours": HOURS}),
            "complaints": fields({"upheld": COUNTS, "rejected": COUNTS, "median_hours": HOURS}),
            "held": fields(
                {
                    "published": whole("Held by a rule in vain."),
                    "rejected": whole(),
                    "median_hours": HOURS,
                }
            ),
            "suspensions": whole(),
            "warnings": whole(),
            "moderators": whole("People who moderated a public group in the period."),
            "by_month": many(fields({"month": text("As 2026-03."), "by_decision": COUNTS})),
        }
    ),
)
LOGGED = component(
    "LoggedDecision",
    fields(
        {
            "id": ID,
            "day": DAY,
            "group": SLUG,
            "kind": one_of(MODERATED),
            "decision": one_of(Decision),
            "rule": maybe(text("The words of the group's rule.")),
            "explanation": text(),
            "is_taken_back": flag(),
            "url": maybe(text("Where it stands, where this person reads it now.")),
        }
    ),
)


@call(
    "GET",
    "/moderation/log",
    "Decisions about what I could read, newest first; nobody is named",
    answer=page_of(LOGGED),
    query=PAGING | {"group": SLUG, "kind": one_of(MODERATED), "decision": one_of(Decision)},
)
def log(asked: Asked) -> dict[str, Any]:
    """Give a page of the log."""
    query = asked.query
    page = list_log(
        db.session(),
        current_actor(),
        before=asked.cursor,
        group_slug=query.get("group"),
        kind=SubjectKind(query["kind"]) if "kind" in query else None,
        action=Decision(query["decision"]) if "decision" in query else None,
        limit=asked.limit,
    )
    return {"items": [_logged(line) for line in page.lines], "next": page.next_before}


def _logged(line: LogLine) -> dict[str, Any]:
    return {
        "id": line.public_id,
        "day": line.day.isoformat(),
        "group": line.group_slug,
        "kind": line.kind,
        "decision": line.action,
        "rule": line.rule,
        "explanation": line.reason,
        "is_taken_back": line.is_undone,
        "url": url(line.path) if line.path else None,
    }


@call(
    "GET",
    "/moderation/report",
    "Moderation in figures for a period (the last twelve months), the same for everybody",
    answer=REPORT,
    query={"first": DAY, "last": DAY},
)
def report(asked: Asked) -> dict[str, Any]:
    """Give the figures of a period."""
    period = checked_period(_day(asked, "first"), _day(asked, "last"), today=now().date())
    drawn = draw_report(db.session(), period)
    return {
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "decisions": drawn.decisions,
        "own_initiative": _measures(drawn.own_initiative),
        "on_notice": _measures(drawn.on_notice),
        "notices": {
            "by_reason": {reason.value: drawn.notices.by_reason[reason] for reason in FlagReason},
            "restricted": {reason.value: drawn.notices.restricted[reason] for reason in FlagReason},
            "median_hours": drawn.notices.median_hours,
        },
        "complaints": {
            "upheld": {side.value: drawn.complaints.upheld[side] for side in Side},
            "rejected": {side.value: drawn.complaints.rejected[side] for side in Side},
            "median_hours": drawn.complaints.median_hours,
        },
        "held": {
            "published": drawn.held.published,
            "rejected": drawn.held.rejected,
            "median_hours": drawn.held.median_hours,
        },
        "suspensions": drawn.suspensions,
        "warnings": drawn.warnings,
        "moderators": drawn.moderators,
        "by_month": [
            {"month": month, "by_decision": {action.value: count for action, count in counter.items()}}
            for month, counter in drawn.by_month.items()
        ],
    }


def _day(asked: Asked, name: str) -> date | None:
    try:
        return date.fromisoformat(asked.query[name]) if name in asked.query else None
    except ValueError:
        raise Invalid("Write a day as 2026-03-31.", field=name) from None


def _measures(measures: Measures) -> dict[str, Any]:
    return {
        "count": measures.count,
        "by_category": {one.value: count for one, count in measures.by_category.items()},
        "by_restriction": {one.value: count for one, count in measures.by_restriction.items()},
        "on_law": measures.on_law,
        "median_hours": measures.median_hours,
    }
