"""Statements of reasons: the page of one, and what the secretariat takes out as JSON."""

import json
from datetime import date
from typing import Any

from flask import Response, render_template, request

from forum.blueprints import moderation_words as words
from forum.blueprints.identity import current_actor
from forum.blueprints.moderation import blueprint
from forum.blueprints.support import now
from forum.errors import Invalid
from forum.extensions import db
from forum.services.appeals import find_contested, find_own_appeal, why_no_appeal
from forum.services.letters import find_title
from forum.services.statements import get_fields, get_statement, list_statements


@blueprint.get("/statements/<public_id>")
def statement(public_id: str) -> str:
    """Show why something was restricted, in plain words and in the codes of the schema."""
    actor = current_actor()
    shown = get_statement(db.session(), actor, public_id, now=now())
    contested = find_contested(db.session(), actor, shown.decision) if shown.is_author else None
    return render_template(
        "moderation/statement.html",
        statement=shown,
        title=find_title(db.session(), actor, shown.subject) if shown.subject else None,
        contested=contested,
        appeal=find_own_appeal(db.session(), contested) if contested else None,
        why_not=why_no_appeal(db.session(), contested, now=now()) if contested else None,
        words=words,
    )


@blueprint.get("/statements/<public_id>.json")
def statement_json(public_id: str) -> Response:
    """Give one statement as the schema takes it."""
    return _download(get_fields(db.session(), current_actor(), public_id, now=now()), public_id)


@blueprint.get("/statements/")
def statements() -> str:
    """Show what the secretariat can take out, a batch of at most a hundred at a time."""
    after, since, until = _asked()
    batch = list_statements(db.session(), current_actor(), now=now(), after=after, since=since, until=until)
    return render_template(
        "moderation/statements.html", batch=batch, after=after, since=since, until=until, words=words
    )


@blueprint.get("/statements/batch.json")
def statements_batch() -> Response:
    """Give a batch as the schema takes it: {"statements": […]}."""
    after, since, until = _asked()
    batch = list_statements(db.session(), current_actor(), now=now(), after=after, since=since, until=until)
    return _download({"statements": list(batch.statements)}, "statements")


def _asked() -> tuple[str | None, date | None, date | None]:
    days = []
    for name in ("since", "until"):
        text = request.args.get(name, "")
        try:
            days.append(date.fromisoformat(text) if text else None)
        except ValueError:
            raise Invalid("Write a day as 2026-03-01.", field=name) from None
    return request.args.get("after") or None, days[0], days[1]


def _download(value: Any, name: str) -> Response:
    response = Response(json.dumps(value, ensure_ascii=False, indent=1) + "\n", mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return response
