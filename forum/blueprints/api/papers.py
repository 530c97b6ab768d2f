"""Papers: those of a group, one with its versions, sending a new one or a new version."""

from typing import Any

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
    SLUG,
    STATUS,
    TITLE,
    URL,
    author_of,
)
from forum.blueprints.api.schemas import component, fields, flag, maybe, moment, one_of, page_of, text, whole
from forum.blueprints.api.support import (
    PAGING,
    Asked,
    call,
    numbered,
    once,
    rendered,
    url,
    utc,
)
from forum.blueprints.identity import current_actor, reload_actor, sealing_secret
from forum.blueprints.support import now, received_at
from forum.domain.attribution import ShownAs
from forum.domain.labels import Tlp
from forum.domain.papers import MAX_ABSTRACT, MAX_CHANGE_SUMMARY, Purpose, TranslationKind
from forum.extensions import db
from forum.policy import Action, Actor
from forum.policy.labels import writers_label
from forum.services.addresses import paper_path, version_path
from forum.services.drafts import Draft, DraftText, start_paper, start_version
from forum.services.groups import get_group
from forum.services.paging import checked_place
from forum.services.paper_choices import PaperChoices
from forum.services.papers import (
    PaperHead,
    PaperLine,
    VersionLine,
    find_address,
    get_paper,
    get_source,
    get_text,
    list_papers,
)
from forum.services.versions import publish_draft

MAX_REQUEST = 4 * 1024 * 1024
"""A paper of 1 MB as JSON, as much as its form takes."""

PURPOSE = one_of(Purpose, "A position is its organisations', a group draft the group's.")
LINE = component(
    "PaperLine",
    fields(
        {
            "id": ID,
            "group": SLUG,
            "title": text(),
            "version": whole("The newest that you may read.", 1),
            "purpose": PURPOSE,
            "language": LANGUAGE_SHOWN,
            "status": STATUS,
            "label": LABEL,
            "author": AUTHOR,
            "at": moment(),
            "words": whole(),
            "url": URL,
        }
    ),
)
_VERSION_LINE = {
    "paper": ID,
    "number": whole("", 1),
    "title": text(),
    "status": STATUS,
    "label": LABEL,
    "summary": text("What changed since the version before."),
    "words": whole(),
    "hash": text("SHA-256 of the Markdown; it stays when the text is withdrawn."),
    "held_because": maybe(text("The rule that holds it for a moderator.")),
    "at": moment(),
    "url": text("Its lasting address; #p17 leads to a paragraph."),
}
VERSION_LINE = component("VersionLine", fields(_VERSION_LINE))
VERSION = component(
    "Version", fields(_VERSION_LINE | {"abstract": text("By the author."), "body": BODY, "html": HTML})
)
PAPER = component(
    "Paper",
    fields(
        {
            "id": ID,
            "group": SLUG,
            "title": text(),
            "purpose": PURPOSE,
            "language": LANGUAGE_SHOWN,
            "translation": maybe(
                one_of(TranslationKind, "Who answers for it, where it is a translation; null: authentic.")
            ),
            "author": AUTHOR,
            "version": maybe(VERSION),
            "has_draft": flag("A draft of the next version that you write on."),
            "url": URL,
        }
    ),
)
_RENAMED = {"tlp": "label", "speaking_for": "organisation", "change_summary": "summary"}
_ABSTRACT = text("A summary of your own.", MAX_ABSTRACT)


@call(
    "GET",
    "/groups/{slug}/papers",
    "The papers of a group, the newest first",
    answer=page_of(LINE),
    query=PAGING | {"purpose": PURPOSE},
)
def index(asked: Asked, slug: str) -> dict[str, Any]:
    """Give a page of a group's papers, each in the newest version that this person may read."""
    session, actor = db.session(), current_actor()
    group = get_group(session, actor, slug)
    purpose = asked.query.get("purpose")
    page = list_papers(
        session,
        actor,
        group=group,
        purpose=Purpose(purpose) if purpose else None,
        per_page=asked.limit,
        after=asked.cursor,
    )
    return {
        "items": [_line(line) for line in page.lines],
        "next": page.lines[-1].public_id if page.has_next else None,
    }


def _line(line: PaperLine) -> dict[str, Any]:
    return {
        "id": line.public_id,
        "group": line.group_slug,
        "title": line.title,
        "version": line.number,
        "purpose": line.purpose,
        "language": line.language,
        "status": line.status,
        "label": line.tlp,
        "author": author_of(line.byline),
        "at": utc(line.at, day_only=line.is_day_only),
        "words": line.word_count,
        "url": url(paper_path(line.group_slug, line.public_id)),
    }


@call(
    "POST",
    "/groups/{slug}/papers",
    "Send a new paper",
    answer=PAPER,
    status=201,
    location="/papers/{id}",
    body=fields(
        {"title": TITLE, "body": BODY | {"description": "Markdown, up to 1 MB."}},
        {
            "abstract": _ABSTRACT,
            "purpose": one_of([Purpose.POSITION, Purpose.GROUP_DRAFT]),
            "language": LANGUAGE,
            "label": LABEL,
            "consultation": ID | {"description": "That it answers."},
            **SIGNING,
        },
    ),
    renamed=_RENAMED,
    max_size=MAX_REQUEST,
)
def send(asked: Asked, slug: str) -> dict[str, Any]:
    """Send a paper at once: published, held, or received by the consultation that it answers."""
    body = asked.body
    made = rendered(body["body"], "paper")

    def make(session: Session, actor: Actor) -> str:
        group = get_group(session, actor, slug, Action.WRITE)
        choices = PaperChoices(
            purpose=Purpose(body.get("purpose", Purpose.POSITION)),
            language=body.get("language") or (group.languages[0] if group.languages else "en"),
            speaking_for=body.get("organisation", ""),
            shown_as=ShownAs(body["shown_as"]) if "shown_as" in body else None,
            consultation=body.get("consultation", ""),
            received_at=received_at(),
        )
        words = DraftText(body["title"], made, abstract=body.get("abstract", ""), tlp=_tlp(body))
        draft = start_paper(session, actor, slug, choices, words, now=now())
        _publish(session, draft)
        return draft.paper.public_id

    return _paper(once(make))


def _tlp(body: dict[str, Any]) -> Tlp | None:
    return Tlp(body["label"]) if "label" in body else None


def _publish(session: Session, draft: Draft) -> int:
    """Send what was begun a moment ago, as the author that the actor has become by that."""
    sent = publish_draft(
        session,
        reload_actor(),
        draft.version.public_id,
        now=now(),
        sealing_secret=sealing_secret(),
        received_at=received_at(),
    )
    assert sent.version.number is not None
    return sent.version.number


@call("GET", "/papers/{paper}", "A paper in the newest version that I may read", answer=PAPER)
def show(_asked: Asked, paper: str) -> dict[str, Any]:
    """Give a paper with its newest text."""
    return _paper(paper)


def find_head(session: Session, actor: Actor, public_id: str) -> PaperHead:
    """Give a paper by its id alone; NotFound unless some version of it may be read."""
    return get_paper(session, actor, find_address(session, actor, public_id), public_id)


def _paper(public_id: str) -> dict[str, Any]:
    head = find_head(db.session(), current_actor(), public_id)
    newest = head.newest
    return {
        "id": head.paper.public_id,
        "group": head.group.slug,
        "title": newest.title if newest else head.draft.title if head.draft else "",
        "purpose": head.paper.purpose,
        "language": head.paper.language,
        "translation": head.paper.translation_kind,
        "author": author_of(head.byline),
        "version": _version(head, newest) if newest else None,
        "has_draft": head.draft is not None and writers_label(head.paper.id) in current_actor().clearances,
        "url": url(paper_path(head.group.slug, head.paper.public_id)),
    }


@call(
    "GET",
    "/papers/{paper}/versions",
    "The versions of a paper that I may read, the first one first",
    answer=page_of(VERSION_LINE),
    query=PAGING,
)
def versions(asked: Asked, paper: str) -> dict[str, Any]:
    """Give a page of the versions, without their texts."""
    head = find_head(db.session(), current_actor(), paper)
    start = 0
    if asked.cursor is not None:
        places = (place for place, one in enumerate(head.versions, 1) if str(one.number) == asked.cursor)
        start = checked_place(next(places, None))
    shown = head.versions[start : start + asked.limit]
    has_more = len(head.versions) > start + asked.limit
    return {
        "items": [_version_line(head, version) for version in shown],
        "next": str(shown[-1].number) if has_more else None,
    }


@call("GET", "/papers/{paper}/versions/{number}", "One version with its text", answer=VERSION)
def version(_asked: Asked, paper: str, number: str) -> dict[str, Any]:
    """Give a version; of one that was withdrawn the stub."""
    head = find_head(db.session(), current_actor(), paper)
    return _version(head, head.get_version(numbered(number)))


def _version_line(head: PaperHead, shown: VersionLine) -> dict[str, Any]:
    return {
        "paper": head.paper.public_id,
        "number": shown.number,
        "title": shown.title,
        "status": shown.status,
        "label": shown.tlp,
        "summary": shown.change_summary,
        "words": shown.word_count,
        "hash": shown.content_hash,
        "held_because": shown.held_because,
        "at": utc(shown.at, day_only=head.is_day_only),
        "url": url(version_path(head.paper.public_id, shown.number)),
    }


def _version(head: PaperHead, shown: VersionLine) -> dict[str, Any]:
    session, actor = db.session(), current_actor()
    words = get_text(session, actor, shown) if shown.is_text else None
    return _version_line(head, shown) | {
        "abstract": words.abstract if words else "",
        "body": get_source(session, actor, shown) if words else "",
        "html": words.html if words else "",
    }


@call(
    "POST",
    "/papers/{paper}/versions",
    "Send the next version",
    answer=VERSION,
    status=201,
    location="/papers/{paper}/versions/{number}",
    body=fields(
        {
            "body": BODY | {"description": "Markdown, up to 1 MB."},
            "based_on": whole("The number of the newest version: 409 if another was sent meanwhile.", 1),
            "summary": text("What changed, in a sentence or two.", MAX_CHANGE_SUMMARY),
        },
        {
            "title": TITLE | {"description": "Without it the title stays."},
            "abstract": _ABSTRACT | {"description": "Without it the summary stays."},
            "label": LABEL,
        },
    ),
    problems=(409,),
    renamed=_RENAMED,
    max_size=MAX_REQUEST,
)
def send_version(asked: Asked, paper: str) -> dict[str, Any]:
    """Send a version at once; what is not sent stays as in the version before."""
    body = asked.body
    made = rendered(body["body"], "paper")

    def make(session: Session, actor: Actor) -> str:
        head = find_head(session, actor, paper)
        base = head.newest
        has_text = base is not None and base.is_text
        abstract = get_text(session, actor, base).abstract if base and has_text else ""
        words = DraftText(
            title=body.get("title") or (base.title if base and has_text else ""),
            rendered=made,
            abstract=body.get("abstract", abstract),
            change_summary=body["summary"],
            tlp=_tlp(body) or (base.tlp if base else None),
        )
        draft = start_version(
            session, actor, head.group.slug, paper, words, based_on=body["based_on"], now=now()
        )
        return str(_publish(session, draft))

    number = int(once(make))
    head = find_head(db.session(), current_actor(), paper)
    return _version(head, head.get_version(number))
