"""Statements of reasons as JSON, in the schema of the DSA Transparency Database."""

from typing import Any

from forum.blueprints.api.schemas import MAX_TEXT, Schema, component, page_of, text, whole
from forum.blueprints.api.support import Asked, call
from forum.blueprints.identity import current_actor
from forum.blueprints.support import now
from forum.domain.statement_schema import MAX_BATCH
from forum.extensions import db
from forum.services.access_tokens import Scope
from forum.services.statements import get_fields, list_statements

STATEMENT = component(
    "StatementOfReasons",
    Schema(
        type="object",
        additionalProperties=True,
        required=["puid", "decision_ground", "category", "decision_facts"],
        properties={
            "puid": text("Unique, and never used again."),
            "decision_ground": text("A rule of the group, or a law."),
            "category": text(),
            "decision_facts": text("What was done, without saying by whom or to whom."),
        },
        description="As the schema of the DSA Transparency Database (version 2) writes it.",
    ),
)


@call(
    "GET",
    "/statements",
    "Statements of reasons that stand, oldest first, at most 100 at a time",
    answer=page_of(STATEMENT),
    scope=Scope.SECRETARIAT,
    needs_token=True,
    query={
        "cursor": text("Where the page begins: `next` of the page before.", MAX_TEXT),
        "limit": whole(f"How many at most; {MAX_BATCH} if not said.", 1, MAX_BATCH),
    },
)
def index(asked: Asked) -> dict[str, Any]:
    """Give a batch: what the secretariat could read were it published."""
    batch = list_statements(
        db.session(),
        current_actor(),
        now=now(),
        after=asked.cursor,
        limit=int(asked.query.get("limit", MAX_BATCH)),
    )
    return {"items": list(batch.statements), "next": batch.next_after}


@call(
    "GET",
    "/statements/{statement}",
    "One statement of reasons",
    answer=STATEMENT,
    scope=Scope.SECRETARIAT,
    needs_token=True,
)
def show(asked: Asked, statement: str) -> dict[str, Any]:
    """Give the statement with this `puid`."""
    return get_fields(db.session(), current_actor(), statement, now=now())
