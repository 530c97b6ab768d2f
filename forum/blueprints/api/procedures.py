"""A group's procedure, and what an ended round of assessments came to: what the pages show, and no more."""

from typing import Any

from forum.blueprints import wording
from forum.blueprints.api.answers import HTML, URL
from forum.blueprints.api.schemas import component, fields, flag, many, maybe, moment, one_of, text, whole
from forum.blueprints.api.support import Asked, call, maybe_utc, url
from forum.blueprints.identity import current_actor
from forum.domain.charters import StageKind
from forum.domain.ratings import Spread, Summary
from forum.domain.stages import StageState, state_of
from forum.extensions import db
from forum.services.addresses import round_path, stages_path
from forum.services.catalogues import get_assessed
from forum.services.groups import get_group
from forum.services.matrices import AssessmentLine, load_matrix
from forum.services.stages import list_opened, list_stages

OPENED = component("Opened", fields({"kind": one_of(StageKind), "title": text(), "url": URL}))
STAGE = component(
    "Stage",
    fields(
        {
            "key": text(),
            "title": text(),
            "summary": text(),
            "kind": one_of(StageKind),
            "state": one_of(StageState),
            "started_at": maybe(moment()),
            "closes_at": maybe(moment("Until when it takes what it asks for; nothing ends by it.")),
            "ended_at": maybe(moment()),
            "opened": many(OPENED),
        }
    ),
)
STAGES = component("Stages", fields({"items": many(STAGE), "url": URL}))
_NUMBER = {"type": "number"}
RATED = component(
    "Rated",
    fields(
        {
            "by": text("The seat, or its alias under the Chatham House Rule."),
            "rating": maybe(whole("Null: no view.")),
            "confidence": text(),
            "body": text("The reason, in Markdown."),
            "html": HTML,
            "evidence": text("In Markdown."),
            "changed": flag("Another than in the round before."),
        }
    ),
)
CELL = component(
    "MatrixCell",
    fields(
        {
            "solution": text(),
            "criterion": text(),
            "count": whole(),
            "without_a_view": whole(),
            "median": maybe(_NUMBER),
            "lowest": maybe(whole()),
            "highest": maybe(whole()),
            "spread": one_of(Spread),
            "dissent": whole("Ratings two steps or more from the median."),
            "ratings": many(RATED),
        }
    ),
)
MATRIX = component(
    "Matrix",
    fields({"title": text(), "round": whole(), "scale": many(text()), "cells": many(CELL), "url": URL}),
)


@call("GET", "/groups/{slug}/stages", "The stages of a group's procedure", answer=STAGES)
def index(_asked: Asked, slug: str) -> dict[str, Any]:
    """Give the stages in their order, with what each opens as far as one may read it."""
    session, actor = db.session(), current_actor()
    group = get_group(session, actor, slug)
    stages = list_stages(session, group.id)
    opened = list_opened(session, actor, group, stages)
    items = [
        {
            "key": stage.key,
            "title": stage.title,
            "summary": stage.summary,
            "kind": stage.kind,
            "state": state_of(stage),
            "started_at": maybe_utc(stage.started_at),
            "closes_at": maybe_utc(stage.closes_at),
            "ended_at": maybe_utc(stage.ended_at),
            "opened": [
                {"kind": one.kind, "title": one.title, "url": url(one.path)} for one in opened[stage.id]
            ],
        }
        for stage in stages
    ]
    return {"items": items, "url": url(stages_path(slug))}


@call(
    "GET",
    "/groups/{slug}/assessments/{catalogue}/rounds/{number}",
    "What a round of assessments that has ended came to",
    answer=MATRIX,
)
def matrix(_asked: Asked, slug: str, catalogue: str, number: str) -> dict[str, Any]:
    """Give the matrix with its reasons; a round that has not ended is not there, whoever asks."""
    session, actor = db.session(), current_actor()
    assessed = get_assessed(session, actor, slug, catalogue)
    place = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0
    found = load_matrix(session, actor, assessed, place)
    return {
        "title": assessed.catalogue.title,
        "round": place,
        "scale": assessed.catalogue.scale,
        "cells": [
            {
                "solution": cell.solution["key"],
                "criterion": cell.criterion["key"],
                **_summary(found.summaries[cell.key]),
                "ratings": [_rated(line, cell.key) for line in found.lines if line.has(cell.key)],
            }
            for cell in found.cells
        ],
        "url": url(round_path(slug, catalogue, place)),
    }


def _summary(summary: Summary) -> dict[str, Any]:
    return {
        "count": summary.count,
        "without_a_view": summary.abstained,
        "median": summary.median,
        "lowest": summary.lowest,
        "highest": summary.highest,
        "spread": summary.spread,
        "dissent": summary.dissent,
    }


def _rated(line: AssessmentLine, cell: str) -> dict[str, Any]:
    value = line.values[cell]
    return {
        "by": line.seat_title or wording.author_words(line.byline),
        "rating": line.rating(cell),
        "confidence": value.get("confidence", ""),
        "body": value.get("reason", ""),
        "html": value.get("html", ""),
        "evidence": value.get("evidence", ""),
        "changed": line.change(cell) is not None,
    }
