"""The record, for those who keep it: ids and facts."""

from typing import Any

from forum.blueprints.api.answers import SLUG
from forum.blueprints.api.schemas import Schema, component, fields, flag, maybe, moment, page_of, text, whole
from forum.blueprints.api.support import PAGING, Asked, call, utc
from forum.blueprints.identity import current_actor
from forum.domain.audit import AuditAction
from forum.errors import Invalid
from forum.extensions import db
from forum.services.access_tokens import Scope
from forum.services.audit import AuditLine, list_entries

MOST = 2**53 - 1
"""The largest number that every reader of JSON can hold."""

FACTS: Schema = {
    "type": "object",
    "additionalProperties": True,
    "description": "Keys, ids and numbers; never content.",
}
ENTRY = component(
    "AuditEntry",
    fields(
        {
            "number": whole("In the chain, from 1.", 1, MOST),
            "at": moment(),
            "actor": maybe(text("The id of the account; null: the system, or its operator.")),
            "action": text("Such as " + AuditAction.DECIDED.value + "."),
            "subject": maybe(fields({"kind": text(), "id": text()})),
            "group": maybe(SLUG),
            "facts": FACTS,
            "is_masked": flag(
                "Whether it is of a group that this person may not know of: then it stands empty."
            ),
            "hash": text("SHA-256 over this entry and the hash of the one before it."),
        }
    ),
)


@call(
    "GET",
    "/audit",
    "The record, newest first, for secretariat and administrators",
    answer=page_of(ENTRY),
    scope=Scope.SECRETARIAT,
    needs_token=True,
    query=PAGING,
)
def index(asked: Asked) -> dict[str, Any]:
    """Give a page of the record."""
    lines, has_more = list_entries(
        db.session(), current_actor(), before=_place(asked.cursor), limit=asked.limit
    )
    return {
        "items": [_shown(line) for line in lines],
        "next": str(lines[-1].entry.number) if has_more else None,
    }


def _place(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not cursor.isascii() or not cursor.isdigit() or int(cursor[:17]) > MOST or len(cursor) > 16:
        raise Invalid("There is no page that begins there.", field="cursor")
    return int(cursor)


def _shown(line: AuditLine) -> dict[str, Any]:
    entry, is_masked = line.entry, line.is_masked
    subject = {"kind": entry.subject_kind, "id": entry.subject} if entry.subject is not None else None
    return {
        "number": entry.number,
        "at": utc(entry.recorded_at),
        "actor": None if is_masked else entry.actor,
        "action": entry.action,
        "subject": None if is_masked else subject,
        "group": line.group_slug,
        "facts": {} if is_masked else entry.read_facts(),
        "is_masked": is_masked,
        "hash": entry.hash,
    }
