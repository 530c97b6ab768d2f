"""Discussions: those of a group, one with its posts, opening one, replying."""

from typing import Any

from sqlalchemy.orm import Session

from forum.blueprints.api.answers import (
    AUTHOR,
    BODY,
    ID,
    LABEL,
    LANGUAGE,
    LANGUAGE_SHOWN,
    SIGNING,
    SLUG,
    STATUS,
    TITLE,
    URL,
    author_of,
)
from forum.blueprints.api.posts import POST, post_answer
from forum.blueprints.api.schemas import (
    component,
    fields,
    flag,
    many,
    maybe,
    moment,
    one_of,
    page_of,
    text,
    whole,
)
from forum.blueprints.api.support import (
    PAGING,
    Asked,
    call,
    once,
    organisation_id,
    rendered,
    url,
    utc,
)
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.support import now
from forum.domain.attribution import ShownAs, SubjectKind
from forum.domain.labels import Tlp
from forum.domain.threads import ThreadKind
from forum.extensions import db
from forum.policy import Action, Actor
from forum.services.addresses import thread_path
from forum.services.chatham import is_sealed
from forum.services.groups import get_group
from forum.services.posts import reply
from forum.services.read_markers import mark_own_reply
from forum.services.reading import get_head
from forum.services.sources import get_post_source, list_post_sources, require_thread_place
from forum.services.subjects import get_subject
from forum.services.threads import ThreadLine, list_threads, open_thread

KIND = one_of(ThreadKind)
LINE = component(
    "ThreadLine",
    fields(
        {
            "id": ID,
            "title": text(),
            "kind": KIND,
            "status": STATUS,
            "label": LABEL,
            "author": AUTHOR,
            "replies": whole("Published ones that you may read."),
            "at": moment(),
            "last_at": moment("When it was last added to; the day alone under the Chatham House Rule."),
            "is_pinned": flag(),
            "is_locked": flag(),
            "is_answered": flag(),
            "url": URL,
        }
    ),
)
THREAD = component(
    "Thread",
    fields(
        {
            "id": ID,
            "group": SLUG,
            "title": text(),
            "kind": KIND,
            "status": STATUS,
            "label": LABEL,
            "language": LANGUAGE_SHOWN,
            "initiative": maybe(whole()),
            "is_pinned": flag(),
            "is_locked": flag(),
            "is_answered": flag(),
            "outcome_html": maybe(text("What was concluded.")),
            "about": maybe(
                fields(
                    {
                        "paper": ID,
                        "version": whole("", 1),
                        "title": text(),
                        "paragraph": maybe(text("As in the address of a citation: p17.")),
                        "exact": maybe(text("The words in question.")),
                    }
                )
            ),
            "url": URL,
            "posts": many(POST, "In reading order: each after what it replies to."),
            "next": maybe(text("Pass it as `cursor` for the next posts.")),
        }
    ),
)


@call(
    "GET",
    "/groups/{slug}/threads",
    "The discussions of a group, the last active first",
    answer=page_of(LINE),
    query=PAGING | {"kind": KIND},
)
def index(asked: Asked, slug: str) -> dict[str, Any]:
    """Give a page of a group's discussions."""
    session, actor = db.session(), current_actor()
    group = get_group(session, actor, slug)
    if asked.cursor is not None:
        require_thread_place(session, actor, group, asked.cursor)
    kind = asked.query.get("kind")
    page = list_threads(
        session,
        actor,
        group,
        kind=ThreadKind(kind) if kind else None,
        after=asked.cursor,
        per_page=asked.limit,
    )
    return {"items": [_line(slug, line) for line in page.lines], "next": page.next_after}


def _line(slug: str, line: ThreadLine) -> dict[str, Any]:
    return {
        "id": line.public_id,
        "title": line.title,
        "kind": line.kind,
        "status": line.status,
        "label": line.tlp,
        "author": author_of(line.byline),
        "replies": line.replies,
        "at": utc(line.created_at, day_only=line.is_day_only),
        "last_at": utc(line.last_at, day_only=line.is_day_only),
        "is_pinned": line.is_pinned,
        "is_locked": line.is_locked,
        "is_answered": line.is_answered,
        "url": url(thread_path(slug, line.public_id)),
    }


@call("GET", "/threads/{thread}", "A discussion with its posts", answer=THREAD, query=PAGING)
def show(asked: Asked, thread: str) -> dict[str, Any]:
    """Give a discussion and a page of its posts, flat, each naming what it replies to."""
    return thread_answer(thread, cursor=asked.cursor, limit=asked.limit)


def thread_answer(public_id: str, *, cursor: str | None = None, limit: int = 1) -> dict[str, Any]:
    """Give a discussion as this reader may have it."""
    session, actor = db.session(), current_actor()
    head = get_head(session, actor, None, public_id)
    page = list_post_sources(session, actor, head.thread.id, after=cursor, limit=limit)
    thread, quoted = head.thread, head.quoted
    return {
        "id": thread.public_id,
        "group": head.group.slug,
        "title": thread.title,
        "kind": thread.kind,
        "status": thread.status,
        "label": thread.tlp,
        "language": thread.language,
        "initiative": thread.initiative,
        "is_pinned": thread.is_pinned,
        "is_locked": thread.locked_at is not None,
        "is_answered": thread.answered_at is not None,
        "outcome_html": thread.outcome_html,
        "about": quoted
        and {
            "paper": quoted.paper,
            "version": quoted.version,
            "title": quoted.title,
            "paragraph": quoted.paragraph,
            "exact": quoted.exact,
        },
        "url": url(thread_path(head.group.slug, thread.public_id)),
        "posts": [post_answer(post) for post in page.posts],
        "next": page.next_after,
    }


@call(
    "POST",
    "/groups/{slug}/threads",
    "Open a discussion",
    answer=THREAD,
    status=201,
    location="/threads/{id}",
    body=fields({"title": TITLE, "body": BODY}, {"language": LANGUAGE, "label": LABEL, **SIGNING}),
    renamed={"tlp": "label", "speaking_for": "organisation"},
)
def open_(asked: Asked, slug: str) -> dict[str, Any]:
    """Open a discussion: published, or held for a moderator where the charter says so."""
    body = asked.body
    made = rendered(body["body"], "post")

    def make(session: Session, actor: Actor) -> str:
        thread = open_thread(
            session,
            actor,
            get_group(session, actor, slug, Action.READ),
            title=body["title"],
            rendered=made,
            sealing_secret=sealing_secret(),
            now=now(),
            tlp=Tlp(body["label"]) if "label" in body else None,
            **signing_of(actor, body),
        )
        return str(thread.row.public_id)

    return thread_answer(once(make))


@call(
    "POST",
    "/threads/{thread}/posts",
    "Reply",
    answer=POST,
    status=201,
    location="/threads/{thread}",
    body=fields({"body": BODY}, {"parent": ID, "language": LANGUAGE, **SIGNING}),
    renamed={"speaking_for": "organisation"},
)
def reply_(asked: Asked, thread: str) -> dict[str, Any]:
    """Reply to a discussion, or with `parent` to one of its posts."""
    body = asked.body
    made = rendered(body["body"], "post")

    def make(session: Session, actor: Actor) -> str:
        subject = get_subject(session, actor, SubjectKind.THREAD, thread)
        last_before = subject.row.last_published_at
        post = reply(
            session,
            actor,
            subject,
            rendered=made,
            sealing_secret=sealing_secret(),
            now=now(),
            parent=body.get("parent"),
            **signing_of(actor, body),
        )
        if not is_sealed(subject.group):  # there the marker would be dated like the post
            mark_own_reply(session, actor, subject.row.id, last_before=last_before, now=now())
        return post.public_id

    return post_answer(get_post_source(db.session(), current_actor(), once(make)))


def signing_of(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Give language and signature as the services take them."""
    return {
        "language": body.get("language"),
        "shown_as": ShownAs(body["shown_as"]) if "shown_as" in body else None,
        "speaking_for": organisation_id(actor, body.get("organisation")),
    }
