"""Contributions to discussions as they were written, for programs: the Markdown beside what it became."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.threads import Post, Thread
from forum.errors import NotFound
from forum.policy import Actor, visible_to
from forum.policy.sql import written_by
from forum.services.attribution import ATTRIBUTED, Byline, author_columns, join_author, present
from forum.services.chatham import is_sealed
from forum.services.paging import checked_place


@dataclass(frozen=True, slots=True)
class PostSource:
    """A post with its Markdown, as one reader may have it."""

    public_id: str
    thread_id: str
    parent_id: str | None
    """None where it replies to the discussion, or to what this reader may not read."""
    depth: int
    status: Status
    source: str
    html: str
    language: str
    byline: Byline
    held_because: str | None
    is_answer: bool
    is_mine: bool
    at: datetime
    """When it was published, or sent where it is not published."""
    edited_at: datetime | None
    is_day_only: bool
    """Under the Chatham House Rule no time of day is shown."""
    revision: int | None
    """What an edit says that it began from; for its writer alone, since it counts every change."""


@dataclass(frozen=True, slots=True)
class PostSources:
    """One page of posts in reading order, and where the next begins (None at the end)."""

    posts: list[PostSource]
    next_after: str | None


_POST = (
    Post.public_id,
    Post.depth,
    Post.status,
    Post.source,
    Post.html,
    Post.language,
    Post.held_because,
    Post.is_answer,
    Post.created_at,
    Post.published_at,
    Post.edited_at,
    Post.lock_version,
    *(getattr(Post, name) for name in ATTRIBUTED),
)


def list_post_sources(
    session: Session, actor: Actor, thread_id: int, *, after: str | None, limit: int
) -> PostSources:
    """Give the posts of a discussion (by its key) that the actor may read, in reading order.

    `after` is the public id that the page before ended with; Invalid where that is none of these posts.
    """
    statement = _posts(actor).where(Post.thread_id == thread_id).order_by(Post.order_key).limit(limit + 1)
    if after is not None:
        place = session.scalar(
            sa.select(Post.order_key).where(
                Post.public_id == after, Post.thread_id == thread_id, visible_to(actor, Post)
            )
        )
        statement = statement.where(Post.order_key > checked_place(place))
    rows = session.execute(statement).all()
    posts = [_source(actor, row) for row in rows[:limit]]
    return PostSources(posts, posts[-1].public_id if len(rows) > limit else None)


def get_post_source(session: Session, actor: Actor, public_id: str) -> PostSource:
    """Give one post; NotFound if absent or unreadable."""
    row = session.execute(_posts(actor).where(Post.public_id == public_id)).first()
    if row is None:
        raise NotFound
    return _source(actor, row)


def require_thread_place(session: Session, actor: Actor, group: Group, after: str) -> None:
    """Raise Invalid unless a list of this group's discussions can go on after this one."""
    checked_place(
        session.scalar(
            sa.select(Thread.id).where(
                Thread.public_id == after, Thread.group_id == group.id, visible_to(actor, Thread)
            )
        )
    )


def _posts(actor: Actor) -> Any:
    parent = aliased(Post)
    statement = (
        sa.select(
            *_POST,
            *author_columns(),
            Group,
            Thread.public_id.label("thread_public_id"),
            parent.public_id.label("parent_public_id"),
            written_by(actor, Post).label("is_mine"),
        )
        .select_from(Post)
        .join(Thread, Thread.id == Post.thread_id)
        .join(Group, Group.id == Post.group_id)
        .outerjoin(parent, sa.and_(parent.id == Post.parent_id, visible_to(actor, parent)))
        .where(visible_to(actor, Post))
    )
    return join_author(statement, Post)


def _source(actor: Actor, row: Any) -> PostSource:
    return PostSource(
        public_id=row.public_id,
        thread_id=row.thread_public_id,
        parent_id=row.parent_public_id,
        depth=row.depth,
        status=row.status,
        source=row.source,
        html=row.html,
        language=row.language,
        byline=present(actor, row.Group, row, row),
        held_because=row.held_because,
        is_answer=row.is_answer,
        is_mine=bool(row.is_mine),
        at=row.published_at or row.created_at,
        edited_at=row.edited_at,
        is_day_only=is_sealed(row.Group) or row.alias is not None,
        revision=row.lock_version if row.is_mine else None,
    )
