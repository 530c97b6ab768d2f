"""Comments on papers: a comment is a discussion about a version, one of its paragraphs or its words."""

from typing import Any

from flask_babel import gettext
from sqlalchemy.orm import Session

from forum.blueprints.api.answers import (
    AUTHOR,
    BODY,
    HTML,
    ID,
    LABEL,
    LANGUAGE,
    LANGUAGE_SHOWN,
    SIGNING,
    STATUS,
    TITLE,
    URL,
    author_of,
)
from forum.blueprints.api.papers import find_head
from forum.blueprints.api.schemas import component, fields, maybe, moment, one_of, page_of, text, whole
from forum.blueprints.api.support import PAGING, Asked, call, once, rendered, url, utc
from forum.blueprints.api.threads import signing_of
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.support import now
from forum.domain.anchors import MAX_LENGTH
from forum.domain.comments import MAX_REPLACEMENT, Disposition
from forum.domain.papers import PaperVersion
from forum.domain.threads import AnchorState, ThreadKind
from forum.errors import Invalid, NotFound
from forum.extensions import db
from forum.policy import Actor
from forum.services.addresses import thread_path
from forum.services.comment_rights import require_suggesting
from forum.services.comment_sources import CommentSource, get_comment_source, list_comment_sources
from forum.services.papers import PaperHead
from forum.services.passages import Commented, anchor_in, anchor_of_quote, get_commented
from forum.services.suggestions import add_suggestion, words_of
from forum.services.threads import Anchor, open_thread

_AROUND = 1000
COMMENT = component(
    "Comment",
    fields(
        {
            "id": ID | {"description": "Of the discussion: replies go there."},
            "title": text(),
            "version": maybe(whole("The one it was written on.", 1)),
            "paragraph": maybe(text("As in the address of a citation: p17.")),
            "selector": maybe(
                fields({"exact": text("The words in question."), "prefix": text(), "suffix": text()})
            ),
            "status": STATUS,
            "label": LABEL,
            "language": LANGUAGE_SHOWN,
            "author": AUTHOR,
            "body": BODY,
            "html": HTML,
            "replies": whole(),
            "suggestion": maybe(text("The wording that it suggests for its passage, in Markdown.")),
            "answer": maybe(fields({"disposition": one_of(Disposition), "reason": text(), "at": moment()})),
            "state": maybe(one_of(AnchorState, "What became of its passage in the newest version.")),
            "stands_at": maybe(text("The paragraph of the newest version in which it stands: p18.")),
            "at": moment(),
            "url": URL,
        }
    ),
)


@call(
    "GET",
    "/papers/{paper}/comments",
    "The comments on a paper, the oldest first",
    answer=page_of(COMMENT),
    query=PAGING,
)
def index(asked: Asked, paper: str) -> dict[str, Any]:
    """Give a page of the comments on the versions that this person may read."""
    session, actor = db.session(), current_actor()
    head = find_head(session, actor, paper)
    page = list_comment_sources(session, actor, head, after=asked.cursor, limit=asked.limit)
    return {"items": [_comment(head, comment) for comment in page.comments], "next": page.next_after}


def _comment(head: PaperHead, comment: CommentSource) -> dict[str, Any]:
    selector = None
    if comment.exact is not None:
        selector = {
            "exact": comment.exact,
            "prefix": comment.prefix or "",
            "suffix": comment.suffix or "",
        }
    return {
        "id": comment.public_id,
        "title": comment.title,
        "version": comment.version,
        "paragraph": comment.paragraph,
        "selector": selector,
        "status": comment.status,
        "label": comment.tlp,
        "language": comment.language,
        "author": author_of(comment.byline),
        "body": comment.source,
        "html": comment.html,
        "replies": comment.replies,
        "suggestion": comment.suggestion,
        "answer": _answer(comment),
        "state": comment.state,
        "stands_at": comment.stands_at,
        "at": utc(comment.at, day_only=comment.is_day_only),
        "url": url(thread_path(head.group.slug, comment.public_id)),
    }


def _answer(comment: CommentSource) -> dict[str, Any] | None:
    if comment.disposition is None or comment.answered_at is None:
        return None
    return {
        "disposition": comment.disposition,
        "reason": comment.reason or "",
        "at": utc(comment.answered_at, day_only=comment.is_day_only),
    }


@call(
    "POST",
    "/papers/{paper}/comments",
    "Comment on a version, one of its paragraphs, or its words",
    answer=COMMENT,
    status=201,
    location="/threads/{id}",
    body=fields(
        {"version": whole("Published.", 1), "body": BODY},
        {
            "selector": fields(
                {"exact": text("As the page shows the words, without marks.", MAX_LENGTH)},
                {"prefix": text("What stands before.", _AROUND), "suffix": text("And after.", _AROUND)},
            )
            | {"description": "The words in question: {exact, prefix?, suffix?}."},
            "paragraph": text("A whole paragraph instead: p17.", 16),
            "suggestion": text(
                "The wording that should stand there, in Markdown; empty where it should go.", MAX_REPLACEMENT
            ),
            "title": TITLE | {"description": "Without it the passage names the comment."},
            "language": LANGUAGE,
            **SIGNING,
        },
    ),
    renamed={"speaking_for": "organisation", "replacement": "suggestion", "exact": "selector"},
)
def comment_(asked: Asked, paper: str) -> dict[str, Any]:
    """Open a comment; its label is the version's."""
    body = asked.body
    if "selector" in body and "paragraph" in body:
        raise Invalid("Send either words or a paragraph.", field="selector")
    made = rendered(body["body"], "post")
    suggested = words_of(body["suggestion"]) if "suggestion" in body else None

    def make(session: Session, actor: Actor) -> str:
        commented = _commented(session, actor, paper, body["version"])
        anchor = _anchor(commented.version, body)
        if suggested is not None:
            require_suggesting(session, actor, commented.group, commented.paper)
        thread = open_thread(
            session,
            actor,
            commented.group,
            title=body["title"] if "title" in body else _title(anchor),
            rendered=made,
            sealing_secret=sealing_secret(),
            now=now(),
            kind=ThreadKind.COMMENT,
            anchor=anchor,
            **signing_of(actor, body),
        )
        if suggested is not None:
            add_suggestion(session, thread.row, *suggested)
        return str(thread.row.public_id)

    made_id = once(make)
    head = find_head(db.session(), current_actor(), paper)
    return _comment(head, get_comment_source(db.session(), current_actor(), head, made_id))


def _commented(session: Session, actor: Actor, paper: str, number: int) -> Commented:
    head = find_head(session, actor, paper)
    try:
        return get_commented(session, actor, head.group.slug, paper, number)
    except NotFound:
        raise Invalid("There is no published version with that number.", field="version") from None


def _anchor(version: PaperVersion, body: dict[str, Any]) -> Anchor:
    if "selector" in body:
        return anchor_of_quote(version, **body["selector"])
    try:
        return anchor_in(version, body.get("paragraph"))
    except Invalid as error:
        raise Invalid(error.message, field="paragraph", **error.parameters) from None


def _title(anchor: Anchor) -> str:
    if anchor.paragraph:
        return gettext("On paragraph %(number)s", number=anchor.paragraph[1:])
    return gettext("On the whole paper")
