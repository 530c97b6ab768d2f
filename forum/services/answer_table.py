"""The table of the comments on a paper: which are open, how the others were answered, and why."""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.comments import CommentAnswer, Disposition, Suggestion
from forum.domain.labels import Status
from forum.domain.papers import PaperVersion
from forum.domain.threads import OPENING_KEY, Post, Thread
from forum.policy import Actor, visible_to
from forum.services.attribution import ATTRIBUTED, Byline, author_columns, join_author, present
from forum.services.papers import PaperHead

PER_PAGE = 50
MAX_EXPORTED = 5_000


class Shown(enum.StrEnum):
    """Which comments a table shows."""

    ALL = "all"
    OPEN = "open"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    PARTLY = "partly"
    REJECTED = "rejected"
    NOTED = "noted"


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """A comment with its answer, as one reader may see both."""

    public_id: str
    title: str
    version: int | None
    """The number of the version it was written on."""
    paragraph: str | None
    exact: str | None
    """The passage; None for the whole text, or where its version was withdrawn."""
    is_suggestion: bool
    words: str
    """The wording that it suggests."""
    text: str
    language: str
    byline: Byline
    at: datetime
    disposition: Disposition | None
    reason: str
    answered_at: datetime | None
    landed_in: int | None
    """The number of the published version that has the suggested wording."""


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """One page of the table, and how many comments of each kind there are for this reader."""

    lines: list[AnswerLine]
    counts: dict[Shown, int]
    page: int
    has_next: bool


def list_answers(
    session: Session,
    actor: Actor,
    head: PaperHead,
    *,
    shown: Shown = Shown.ALL,
    suggestions_only: bool = False,
    page: int = 1,
    per_page: int = PER_PAGE,
) -> AnswerPage:
    """Give the published comments that the actor may read, in the order of the text. Two statements."""
    conditions = _readable(actor, head)
    if suggestions_only:
        conditions.append(Suggestion.thread_id.is_not(None))
    counts = _count(session, conditions)
    statement = (
        sa.select(
            Thread.public_id,
            Thread.title,
            Thread.version_id,
            Thread.anchor_paragraph,
            Thread.anchor_exact,
            Suggestion.thread_id.is_not(None).label("is_suggestion"),
            Suggestion.words,
            Post.text,
            Post.language,
            Post.created_at,
            CommentAnswer.disposition,
            CommentAnswer.reason,
            CommentAnswer.answered_at,
            CommentAnswer.landed_in_id,
            *(getattr(Post, name) for name in ATTRIBUTED),
            *author_columns(),
        )
        .select_from(Thread)
        .join(Post, sa.and_(Post.thread_id == Thread.id, Post.order_key == OPENING_KEY))
        .join(PaperVersion, PaperVersion.id == Thread.version_id)
        .outerjoin(Suggestion, Suggestion.thread_id == Thread.id)
        .outerjoin(CommentAnswer, _current())
        .where(*conditions, *_narrowed(shown))
        .order_by(PaperVersion.number, sa.func.coalesce(Thread.anchor_start, -1), Thread.id)
        .limit(per_page + 1)
        .offset((page - 1) * per_page)
    )
    rows = session.execute(join_author(statement, Post)).all()
    lines = [_line(actor, head, row) for row in rows[:per_page]]
    return AnswerPage(lines, counts, page, len(rows) > per_page)


def count_open(session: Session, actor: Actor, head: PaperHead) -> tuple[int, int]:
    """Give how many comments that the actor may read are open, and how many there are. One statement."""
    counts = _count(session, _readable(actor, head))
    return counts[Shown.OPEN], counts[Shown.ALL]


def _current() -> sa.ColumnElement[bool]:
    return sa.and_(CommentAnswer.thread_id == Thread.id, CommentAnswer.replaced_at.is_(None))


def _readable(actor: Actor, head: PaperHead) -> list[sa.ColumnElement[bool]]:
    return [
        Thread.paper_id == head.paper.id,
        Thread.status == Status.PUBLISHED,
        Thread.version_id.in_(sorted(version.id for version in head.versions)),
        visible_to(actor, Thread),
    ]


def _narrowed(shown: Shown) -> list[sa.ColumnElement[bool]]:
    match shown:
        case Shown.ALL:
            return []
        case Shown.OPEN:
            return [CommentAnswer.id.is_(None)]
        case Shown.ANSWERED:
            return [CommentAnswer.id.is_not(None)]
        case _:
            return [CommentAnswer.disposition == Disposition(shown.value)]


def _count(session: Session, conditions: list[sa.ColumnElement[bool]]) -> dict[Shown, int]:
    rows = session.execute(
        sa.select(CommentAnswer.disposition, sa.func.count())
        .select_from(Thread)
        .outerjoin(Suggestion, Suggestion.thread_id == Thread.id)
        .outerjoin(CommentAnswer, _current())
        .where(*conditions)
        .group_by(CommentAnswer.disposition)
    )
    by: dict[Disposition | None, int] = {row[0]: row[1] for row in rows}
    counts = {Shown(one.value): by.get(one, 0) for one in Disposition}
    answered = sum(counts.values())
    return {
        Shown.ALL: answered + by.get(None, 0),
        Shown.OPEN: by.get(None, 0),
        Shown.ANSWERED: answered,
    } | counts


def _line(actor: Actor, head: PaperHead, row: Any) -> AnswerLine:
    versions = {version.id: version for version in head.versions}
    written_on = versions.get(row.version_id)
    landed = versions.get(row.landed_in_id)
    return AnswerLine(
        public_id=row.public_id,
        title=row.title,
        version=written_on.number if written_on else None,
        paragraph=row.anchor_paragraph,
        exact=row.anchor_exact if written_on and written_on.is_text else None,
        is_suggestion=bool(row.is_suggestion),
        words=row.words or "",
        text=row.text,
        language=row.language,
        byline=present(actor, head.group, row, row),
        at=row.created_at,
        disposition=row.disposition,
        reason=row.reason or "",
        answered_at=row.answered_at,
        landed_in=landed.number if landed else None,
    )
