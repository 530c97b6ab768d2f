"""The moderation queue, and deciding."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from forum.blueprints.api.answers import AUTHOR, ID, SLUG, STATUS, author_of
from forum.blueprints.api.schemas import component, fields, many, maybe, moment, one_of, page_of, text
from forum.blueprints.api.support import PAGING, Asked, call, once, url, utc
from forum.blueprints.identity import current_actor
from forum.blueprints.support import now
from forum.domain.attribution import SubjectKind
from forum.domain.labels import Tlp
from forum.domain.moderation import MAX_REASON, MODERATED, NOT_CHOSEN, FlagReason, Why
from forum.domain.moderation import Action as Decision
from forum.domain.working_days import Bucket
from forum.errors import Invalid, NotAllowed
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.services.access_tokens import Scope
from forum.services.chatham import is_sealed
from forum.services.further_decisions import Terms
from forum.services.moderation import decide, get_decision
from forum.services.moderation_queue import QueueEntry, QueueFilters, list_queue_after
from forum.services.paging import checked_place

SUBJECT = fields({"kind": one_of(MODERATED), "id": ID})
DECISIONS = [decision for decision in Decision if decision not in NOT_CHOSEN | {Decision.LIFT}]
WAITING = component(
    "Waiting",
    fields(
        {
            "subject": SUBJECT,
            "group": SLUG,
            "why": one_of(Why),
            "held_because": maybe(text("The rule that holds it.")),
            "title": text(),
            "excerpt": text("The beginning of the text."),
            "author": AUTHOR,
            "since": moment(),
            "due": moment("By when the charter promises an answer."),
            "bucket": one_of(Bucket),
            "flags": many(one_of(FlagReason), "A reason a flag."),
            "url": text("The page of the case."),
        }
    ),
)
DECISION = component(
    "Decision",
    fields(
        {
            "id": ID,
            "subject": SUBJECT,
            "decision": one_of(Decision),
            "ground": maybe(text("The key of the group's rule that it rests on.")),
            "explanation": text("What the author and the public log read."),
            "status_before": STATUS,
            "status_after": STATUS,
            "at": moment(),
        }
    ),
)


@call(
    "GET",
    "/moderation/queue",
    "What waits for me as a moderator, gravest first",
    answer=page_of(WAITING),
    scope=Scope.MODERATE,
    needs_token=True,
    query=PAGING
    | {
        "group": SLUG,
        "kind": one_of(MODERATED),
        "why": one_of(Why),
        "bucket": one_of(Bucket),
    },
)
def queue(asked: Asked) -> dict[str, Any]:
    """Give a page of the queue of the groups that this person moderates."""
    actor, query = current_actor(), asked.query
    if not can(actor, Action.SEE_MODERATION):
        raise NotAllowed("The queue is for moderators.")
    filters = QueueFilters(
        group=query.get("group"),
        kind=SubjectKind(query["kind"]) if "kind" in query else None,
        why=Why(query["why"]) if "why" in query else None,
        bucket=Bucket(query["bucket"]) if "bucket" in query else None,
    )
    entries, has_more = list_queue_after(
        db.session(), actor, filters=filters, now=now(), limit=asked.limit, after=_place(asked.cursor)
    )
    last = entries[-1].waiting if has_more else None
    return {
        "items": [_waiting(entry) for entry in entries],
        "next": f"{last.kind}.{last.public_id}" if last is not None else None,
    }


def _place(cursor: str | None) -> tuple[SubjectKind, str] | None:
    if cursor is None:
        return None
    kind, _, public_id = cursor.partition(".")
    return checked_place(next((one for one in MODERATED if one == kind), None)), public_id


def _waiting(entry: QueueEntry) -> dict[str, Any]:
    one = entry.waiting
    return {
        "subject": {"kind": one.kind, "id": one.public_id},
        "group": one.group.slug,
        "why": one.why,
        "held_because": entry.held_because,
        "title": entry.title,
        "excerpt": entry.excerpt,
        "author": author_of(entry.byline),
        "since": utc(one.since, day_only=is_sealed(one.group)),
        "due": utc(one.due, day_only=is_sealed(one.group)),
        "bucket": one.bucket,
        "flags": sorted(one.flags.elements()),
        "url": url(one.path),
    }


@call(
    "POST",
    "/moderation/decisions",
    "Decide on a contribution",
    answer=DECISION,
    status=201,
    scope=Scope.MODERATE,
    body=fields(
        {"subject": SUBJECT, "decision": one_of(DECISIONS)},
        {
            "ground": text("The key of one of the group's rules; a restriction needs one.", 64),
            "explanation": text("At least a sentence where the decision restricts.", MAX_REASON),
            "label": one_of(Tlp, "The narrower label, where the decision gives one."),
            "until": text("The last day of a suspension, as 2026-03-31.", 10),
            "target": text("Where a discussion goes: the group's slug, or the discussion's id.", 80),
            "title": text("Of the discussion that a reply becomes.", 300),
            "seen": text("The id of the last decision you saw on it: 409 if another came in between.", 13),
        },
    ),
    problems=(409,),
    renamed={"rule": "ground", "reason": "explanation", "tlp": "label"},
)
def decide_(asked: Asked) -> dict[str, Any]:
    """Decide: the author and whoever flagged it are told after a minute."""
    body = asked.body

    def make(session: Session, actor: Actor) -> str:
        return decide(
            session,
            actor,
            kind=SubjectKind(body["subject"]["kind"]),
            public_id=body["subject"]["id"],
            action=Decision(body["decision"]),
            rule=body.get("ground", ""),
            reason=body.get("explanation", ""),
            seen=body.get("seen"),
            terms=_terms(body),
            now=now(),
        ).public_id

    made, subject = get_decision(db.session(), current_actor(), once(make))
    return {
        "id": made.public_id,
        "subject": {"kind": made.subject_kind, "id": subject.row.public_id},
        "decision": made.action,
        "ground": made.rule,
        "explanation": made.reason,
        "status_before": made.status_before,
        "status_after": made.status_after,
        "at": utc(made.decided_at),
    }


def _terms(body: dict[str, Any]) -> Terms:
    try:
        until = date.fromisoformat(body["until"]) if body.get("until") else None
    except ValueError:
        raise Invalid("Write a day as 2026-03-31.", field="until") from None
    return Terms(
        tlp=Tlp(body["label"]) if body.get("label") else None,
        until=until,
        target=body.get("target", ""),
        title=body.get("title", ""),
    )
