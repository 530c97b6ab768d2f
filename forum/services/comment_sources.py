"""Comments on papers as they were written, for programs: the passage and the opening text."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.comments import CommentAnswer, Disposition, Placement, Suggestion
from forum.domain.labels import Status, Tlp
from forum.domain.threads import AnchorState, Post, Thread
from forum.errors import NotFound
from forum.policy import Actor, visible_to
from forum.services.attribution import ATTRIBUTED, Byline, author_columns, join_author, present
from forum.services.chatham import is_sealed
from forum.services.paging import checked_place
from forum.services.papers import PaperHead


@dataclass(frozen=True, slots=True)
class CommentSource:
    """A comment as one reader may have it."""

    public_id: str
    title: str
    status: Status
    tlp: Tlp
    version: int | None
    paragraph: str | None
    exact: str | None
    """None where it is about the whole, or the version was withdrawn: then its words are gone."""
    prefix: str | None
    suffix: str | None
    source: str
    html: str
    language: str
    byline: Byline
    replies: int
    suggestion: str | None
    """The wording it suggests, in Markdown; None where it suggests none."""
    disposition: Disposition | None
    reason: str | None
    answered_at: datetime | None
    state: AnchorState | None
    """What became of its passage in the newest version that the reader may read."""
    stands_at: str | None
    """The paragraph in which it stands there."""
    at: datetime
    is_day_only: bool


@dataclass(frozen=True, slots=True)
class CommentSources:
    """One page of comments in the order they were written, and where the next begins."""

    comments: list[CommentSource]
    next_after: str | None


def list_comment_sources(
    session: Session, actor: Actor, head: PaperHead, *, after: str | None, limit: int
) -> CommentSources:
    """Give the comments that the actor may read, on versions that they may read, oldest first.

    `after` is the public id of the comment that the page before ended with.
    """
    statement = _comments(actor, head).order_by(Thread.created_at, Thread.id).limit(limit + 1)
    if after is not None:
        place = sa.select(Thread.created_at, Thread.id).where(Thread.public_id == after, *_seen(actor, head))
        at, last_id = checked_place(session.execute(place).first())
        is_after = sa.and_(Thread.created_at == at, Thread.id > last_id)
        statement = statement.where(sa.or_(Thread.created_at > at, is_after))
    rows = session.execute(statement).all()
    numbers = _numbers(head)
    comments = [_source(actor, head, row, numbers) for row in rows[:limit]]
    return CommentSources(comments, comments[-1].public_id if len(rows) > limit else None)


def get_comment_source(session: Session, actor: Actor, head: PaperHead, public_id: str) -> CommentSource:
    """Give one comment on a paper; NotFound if absent or unreadable."""
    row = session.execute(_comments(actor, head).where(Thread.public_id == public_id)).first()
    if row is None:
        raise NotFound
    return _source(actor, head, row, _numbers(head))


def _seen(actor: Actor, head: PaperHead) -> list[sa.ColumnElement[bool]]:
    readable = sorted(version.id for version in head.versions)
    return [
        Thread.paper_id == head.paper.id,
        Thread.status != Status.WITHDRAWN,
        visible_to(actor, Thread),
        sa.or_(Thread.version_id.is_(None), Thread.version_id.in_(readable)),
    ]


def _comments(actor: Actor, head: PaperHead) -> Any:
    statement = (
        sa.select(
            Thread.public_id,
            Thread.title,
            Thread.status,
            Thread.tlp,
            Thread.version_id,
            Thread.anchor_paragraph,
            Thread.anchor_exact,
            Thread.anchor_prefix,
            Thread.anchor_suffix,
            Thread.anchor_start,
            Thread.published_count,
            Thread.created_at,
            Post.source,
            Post.html,
            Post.language,
            Suggestion.replacement,
            CommentAnswer.disposition,
            CommentAnswer.reason,
            CommentAnswer.answered_at,
            Placement.state,
            Placement.paragraph,
            *(getattr(Post, name) for name in ATTRIBUTED),
            *author_columns(),
        )
        .select_from(Thread)
        .join(Post, sa.and_(Post.thread_id == Thread.id, Post.number == 1))
        .outerjoin(Suggestion, Suggestion.thread_id == Thread.id)
        .outerjoin(
            CommentAnswer,
            sa.and_(CommentAnswer.thread_id == Thread.id, CommentAnswer.replaced_at.is_(None)),
        )
        .outerjoin(
            Placement,
            sa.and_(
                Placement.thread_id == Thread.id,
                Placement.version_id == (head.newest.id if head.newest else 0),
            ),
        )
        .where(*_seen(actor, head))
    )
    return join_author(statement, Post)


def _numbers(head: PaperHead) -> Mapping[int, tuple[int, bool]]:
    return {version.id: (version.number, version.is_text) for version in head.versions}


def _source(
    actor: Actor, head: PaperHead, row: Any, numbers: Mapping[int, tuple[int, bool]]
) -> CommentSource:
    is_here = head.newest is not None and row.version_id == head.newest.id and row.anchor_start is not None
    number, is_text = numbers.get(row.version_id, (None, False))
    return CommentSource(
        public_id=row.public_id,
        title=row.title,
        status=row.status,
        tlp=row.tlp,
        version=number,
        paragraph=row.anchor_paragraph,
        exact=row.anchor_exact if is_text else None,
        prefix=row.anchor_prefix if is_text else None,
        suffix=row.anchor_suffix if is_text else None,
        source=row.source,
        html=row.html,
        language=row.language,
        byline=present(actor, head.group, row, row),
        replies=row.published_count - 1 if row.status is Status.PUBLISHED else 0,
        suggestion=row.replacement,
        disposition=row.disposition,
        reason=row.reason,
        answered_at=row.answered_at,
        state=row.state if not is_here else AnchorState.KEPT,
        stands_at=row.paragraph if not is_here else row.anchor_paragraph,
        at=row.created_at,
        is_day_only=is_sealed(head.group) or row.alias is not None,
    )
