"""Accepting suggested wording: several at once, into the draft of the next version, or not at all.

plan_acceptance() reads, finds each passage in the Markdown and renders, outside a transaction; accept()
writes what was planned, if nobody wrote in between. Where anything is not certain nothing is changed: what
stands in the way is said of each suggestion, and the draft can be edited by hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.anchors import MAX_LENGTH, describe, follow
from forum.domain.comments import CommentAnswer, Disposition, Placement, Suggestion
from forum.domain.labels import Status, Tlp
from forum.domain.papers import PaperVersion
from forum.domain.paragraphs import Paragraph
from forum.domain.rewording import is_as_meant, places, replaced
from forum.domain.threads import OPENING_KEY, AnchorState, Post, Thread
from forum.errors import Conflict, Invalid, NotAllowed
from forum.policy import Actor, visible_to
from forum.richtext import Rendered, render, source_lines
from forum.services.attribution import ATTRIBUTED, Byline, author_columns, join_author, present
from forum.services.comment_answers import answer_comment
from forum.services.comment_rights import require_answering
from forum.services.drafts import Draft, DraftText, get_draft, newest_number, save_draft, start_version
from forum.services.papers import PaperHead

MAX_AT_ONCE = 50
ANSWERED_MEANWHILE = "One of these suggestions was answered or withdrawn meanwhile. Choose again."


@dataclass(frozen=True, slots=True)
class OpenSuggestion:
    """A suggestion that nobody has answered yet, with the words that it is about."""

    thread_id: int
    public_id: str
    title: str
    exact: str
    replacement: str
    words: str
    text: str
    """Why it is suggested."""
    language: str
    byline: Byline
    paragraph: str | None
    """Where it stands in the newest version; None where it has lost its place."""
    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps a suggestion from being worked in by itself; a message id with its parameters."""

    public_id: str
    message: str
    other: str = ""
    """The title of the suggestion that it collides with."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What accepting would do; with obstacles it does nothing."""

    obstacles: list[Obstacle]
    public_ids: list[str]
    rendered: Rendered | None = None
    base_number: int = 0
    draft_id: str | None = None
    lock_version: int = 0
    title: str = ""
    abstract: str = ""
    change_summary: str = ""
    tlp: Tlp | None = None


@dataclass(frozen=True, slots=True)
class _Base:
    """The text that is changed: the draft where there is one, else the newest version."""

    version: PaperVersion
    text: str
    paragraphs: list[Paragraph]


@dataclass(frozen=True, slots=True)
class _Change:
    suggestion: OpenSuggestion
    start: int
    end: int


def list_open_suggestions(session: Session, actor: Actor, head: PaperHead) -> list[OpenSuggestion]:
    """Give the published suggestions without an answer that the actor may read, in the order of the text."""
    newest = head.newest
    statement = (
        sa.select(
            Thread.id,
            Thread.public_id,
            Thread.title,
            Thread.version_id,
            Thread.anchor_exact,
            Thread.anchor_paragraph,
            Thread.anchor_start,
            Thread.anchor_end,
            Suggestion.replacement,
            Suggestion.words,
            Post.text,
            Post.language,
            Placement.state,
            Placement.paragraph,
            Placement.start,
            Placement.end,
            *(getattr(Post, name) for name in ATTRIBUTED),
            *author_columns(),
        )
        .select_from(Thread)
        .join(Suggestion, Suggestion.thread_id == Thread.id)
        .join(Post, sa.and_(Post.thread_id == Thread.id, Post.order_key == OPENING_KEY))
        .outerjoin(
            Placement,
            sa.and_(Placement.thread_id == Thread.id, Placement.version_id == (newest.id if newest else 0)),
        )
        .outerjoin(
            CommentAnswer,
            sa.and_(CommentAnswer.thread_id == Thread.id, CommentAnswer.replaced_at.is_(None)),
        )
        .where(
            Thread.paper_id == head.paper.id,
            Thread.status == Status.PUBLISHED,
            Thread.version_id.in_(sorted(version.id for version in head.versions)),
            CommentAnswer.id.is_(None),
            visible_to(actor, Thread),
        )
        .order_by(sa.func.coalesce(Placement.start, Thread.anchor_start), Thread.id)
    )
    found = []
    for row in session.execute(join_author(statement, Post)):
        if newest is not None and row.version_id == newest.id:
            place = (row.anchor_paragraph, row.anchor_start, row.anchor_end)
        else:
            place = (row.paragraph, row.start, row.end)
        found.append(
            OpenSuggestion(
                row.id,
                row.public_id,
                row.title,
                row.anchor_exact or "",
                row.replacement,
                row.words,
                row.text,
                row.language,
                present(actor, head.group, row, row),
                *place,
            )
        )
    return found


def plan_acceptance(session: Session, actor: Actor, head: PaperHead, public_ids: Sequence[str]) -> Plan:
    """Work out the text with the suggestions in it, or what stands in the way of each."""
    require_answering(session, actor, head.group, head.paper)
    newest = head.newest
    if newest is None or newest.number != newest_number(session, head.paper):
        raise NotAllowed("A version of this paper waits for a decision. Begin the next one after that.")
    wanted = list(dict.fromkeys(public_ids))
    if not wanted:
        raise Invalid("Choose at least one suggestion.")
    if len(wanted) > MAX_AT_ONCE:
        raise Invalid("Choose up to %(limit)d suggestions at once.", limit=MAX_AT_ONCE)
    by_id = {one.public_id: one for one in list_open_suggestions(session, actor, head)}
    chosen = [by_id[one] for one in wanted if one in by_id]
    if len(chosen) < len(wanted):
        raise Conflict(ANSWERED_MEANWHILE)
    published = session.get_one(PaperVersion, newest.id)
    base = _base(session, actor, head, published)
    changes, obstacles = _locate(chosen, published, base)
    obstacles += _collisions(changes)
    if obstacles:
        return Plan(obstacles, wanted)
    rendered, obstacles = _work_in(changes, base)
    if obstacles:
        return Plan(obstacles, wanted)
    version = base.version
    is_draft = version.status is Status.DRAFT
    return Plan(
        [],
        wanted,
        rendered,
        base_number=newest.number,
        draft_id=version.public_id if is_draft else None,
        lock_version=version.lock_version,
        title=version.title,
        abstract=version.abstract,
        change_summary=version.change_summary if is_draft else "",
        tlp=version.tlp,
    )


def accept(
    session: Session, actor: Actor, head: PaperHead, plan: Plan, reason: str, *, now: datetime
) -> Draft:
    """Write the planned text into the draft and answer each suggestion; Conflict if somebody wrote since."""
    assert plan.rendered is not None
    still_open = {one.public_id for one in list_open_suggestions(session, actor, head)}
    if not still_open.issuperset(plan.public_ids):
        raise Conflict(ANSWERED_MEANWHILE)
    text = DraftText(
        plan.title, plan.rendered, abstract=plan.abstract, change_summary=plan.change_summary, tlp=plan.tlp
    )
    slug = head.group.slug
    if plan.draft_id is not None:
        draft = save_draft(session, actor, plan.draft_id, text, lock_version=plan.lock_version, now=now)
    else:
        draft = start_version(
            session, actor, slug, head.paper.public_id, text, based_on=plan.base_number, now=now
        )
    for public_id in plan.public_ids:
        answer_comment(
            session,
            actor,
            slug,
            public_id,
            Disposition.ACCEPTED,
            reason,
            now=now,
            landed_in_id=draft.version.id,
        )
    return draft


def _base(session: Session, actor: Actor, head: PaperHead, published: PaperVersion) -> _Base:
    version = published
    if head.draft is not None:
        version = get_draft(session, actor, head.draft.public_id).version
    return _Base(version, version.text, [Paragraph.from_row(row) for row in version.paragraphs])


def _locate(
    chosen: Sequence[OpenSuggestion], published: PaperVersion, base: _Base
) -> tuple[list[_Change], list[Obstacle]]:
    """Find each passage, to the letter, in the text that is changed."""
    changes: list[_Change] = []
    obstacles: list[Obstacle] = []
    paragraphs = [Paragraph.from_row(row) for row in published.paragraphs]
    for one in chosen:
        if one.start is None or one.end is None:
            obstacles.append(Obstacle(one.public_id, "Its passage has no place in the newest version."))
        elif _folded(published.text[one.start : one.end]) != _folded(one.exact):
            obstacles.append(Obstacle(one.public_id, "Its passage was reworded since."))
        elif base.version is published:
            changes.append(_Change(one, one.start, one.end))
        else:
            end = min(one.end, one.start + MAX_LENGTH)
            anchor = describe(published.text, one.start, end, paragraphs)
            found = next(follow([anchor], published.text, paragraphs, base.text, base.paragraphs))
            same = _folded(base.text[found.start : found.end]) == _folded(one.exact)
            if found.state is AnchorState.ORPHANED or not same:
                obstacles.append(Obstacle(one.public_id, "The draft no longer has the words of its passage."))
            else:
                changes.append(_Change(one, found.start, found.end))
    return sorted(changes, key=lambda change: (change.start, change.end)), obstacles


def _folded(text: str) -> str:
    return " ".join(text.split())


def _collisions(changes: Sequence[_Change]) -> list[Obstacle]:
    """Say of each suggestion about words that another one is about too, which that is."""
    obstacles = []
    reaching = changes[0] if changes else None
    for change in changes[1:]:
        assert reaching is not None
        if change.start < reaching.end:
            message = "It is about words that “%(other)s” is about too: accept one of them."
            obstacles.append(Obstacle(reaching.suggestion.public_id, message, change.suggestion.title))
            obstacles.append(Obstacle(change.suggestion.public_id, message, reaching.suggestion.title))
        if change.end > reaching.end:
            reaching = change
    return obstacles


def _work_in(changes: Sequence[_Change], base: _Base) -> tuple[Rendered | None, list[Obstacle]]:
    """Replace the passages in the source, the last one first, so that what is before stays in its place."""
    rendered: Rendered | None = None
    source, text, paragraphs = base.version.source, base.text, base.paragraphs
    obstacles = []
    for change in reversed(changes):
        made = _replace(source, text, paragraphs, change)
        if made is None:
            message = "Its passage cannot be told for certain in the Markdown of the text."
            obstacles.append(Obstacle(change.suggestion.public_id, message))
            continue
        rendered = made
        source, text, paragraphs = made.source, made.text, list(made.paragraphs)
    return (None, obstacles) if obstacles else (rendered, [])


def _replace(source: str, text: str, paragraphs: Sequence[Paragraph], change: _Change) -> Rendered | None:
    """Give the rendered text with one passage replaced; None unless it says exactly what was meant."""
    touched = [one for one in paragraphs if one.start < change.end and one.end > change.start]
    lines = source_lines(source)
    if not touched or any(one.anchor not in lines for one in (touched[0], touched[-1])):
        return None
    if len(touched) > 1 and any(one.kind != "paragraph" for one in touched):
        return None  # what would become of the list or the table is nobody's guess
    offsets = [0]
    for line in source.split("\n"):
        offsets.append(offsets[-1] + len(line) + 1)
    first = offsets[lines[touched[0].anchor][0] - 1]
    last = min(offsets[lines[touched[-1].anchor][1]], len(source))
    words = text[touched[0].start : touched[-1].end]
    exact = text[change.start : change.end]
    meant = replaced(text, change.start, change.end, change.suggestion.words)
    bounds = (touched[0].number, touched[-1].number)
    for begin, end in places(source, first, last, words, change.start - touched[0].start, exact):
        attempt = f"{source[:begin]}{change.suggestion.replacement}{source[end:]}"
        try:
            made = render(attempt, profile="paper")
        except Invalid:
            continue
        if is_as_meant(meant, made.text, paragraphs, made.paragraphs, bounds):
            return made
    return None
