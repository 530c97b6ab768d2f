"""How far a person has read a discussion, where they go on, and the page that a post stands on.

A marker is a moment: everything published until then has been read. Replies come in anywhere in the tree,
so opening one page moves the marker only up to the earliest post that stands on another page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.groups import Group
from forum.domain.threads import POSTS_PER_PAGE, Post, ReadMarker, Thread
from forum.errors import NotFound
from forum.policy import Actor, visible_to
from forum.services.reading import PostPage, ThreadHead, read_at_of

MARK_INTERVAL = timedelta(minutes=1)
_MOMENT = timedelta(microseconds=1)


def find_mark(
    session: Session, actor: Actor, head: ThreadHead, page: PostPage, *, now: datetime
) -> datetime | None:
    """Give the moment that the marker should move to after this page; None if it stays.

    No statement where the page shows nothing new, or the marker moved within the last minute.
    """
    if not any(post.is_unread for post in page.posts):
        return None
    if head.read_at is not None and now - head.read_at < MARK_INTERVAL:
        return None
    shown = [post.id for post in page.posts]
    earliest = _earliest_unread(session, actor, head.thread.id, head.read_at, shown)
    mark = now if earliest is None else earliest - _MOMENT
    return mark if head.read_at is None or mark > head.read_at else None


def _earliest_unread(
    session: Session, actor: Actor, thread_id: int, read_at: datetime | None, shown: Sequence[int]
) -> datetime | None:
    statement = sa.select(sa.func.min(Post.published_at)).where(
        Post.thread_id == thread_id, Post.id.not_in(shown), visible_to(actor, Post)
    )
    if read_at is not None:
        statement = statement.where(Post.published_at > read_at)
    return session.scalar(statement)


def mark_read(session: Session, actor: Actor, thread_id: int, *, until: datetime) -> None:
    """Move the actor's marker of a discussion forward to a moment; never back."""
    if actor.account_id is None:
        return
    marker = session.get(ReadMarker, (actor.account_id, thread_id))
    if marker is None:
        session.add(ReadMarker(account_id=actor.account_id, thread_id=thread_id, read_at=until))
    elif marker.read_at < until:
        marker.read_at = until


_OWN_REPLY = (
    sa.update(ReadMarker)
    .where(
        ReadMarker.account_id == sa.bindparam("account"),
        ReadMarker.thread_id == sa.bindparam("thread"),
        ReadMarker.read_at >= sa.bindparam("last_before"),
    )
    .values(read_at=sa.bindparam("now"))
    .execution_options(synchronize_session=False)
)


def mark_own_reply(
    session: Session, actor: Actor, thread_id: int, *, last_before: datetime, now: datetime
) -> None:
    """Count one's own reply as read, where everything until the last post before it had been read."""
    if actor.account_id is None:
        return
    with session.no_autoflush:
        session.execute(
            _OWN_REPLY,
            {"account": actor.account_id, "thread": thread_id, "last_before": last_before, "now": now},
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post stands for one reader."""

    slug: str
    thread: str
    first: str | None
    """Public id of the first post of its page; None for the first page."""
    post: str


def get_place(session: Session, actor: Actor, public_id: str) -> Place:
    """Give the page on which this reader finds a post; NotFound if absent or unreadable. Two statements."""
    found = session.execute(
        sa.select(Post.thread_id, Post.order_key, Thread.public_id, Group.slug)
        .join(Thread, Thread.id == Post.thread_id)
        .join(Group, Group.id == Post.group_id)
        .where(Post.public_id == public_id, visible_to(actor, Post), visible_to(actor, Thread))
    ).first()
    if found is None:
        raise NotFound
    thread_id, key, thread, slug = found
    readable = (Post.thread_id == thread_id, visible_to(actor, Post))
    before = sa.select(sa.func.count()).where(*readable, Post.order_key < key).correlate(None)
    position = before.scalar_subquery()
    row = session.execute(
        sa.select(Post.public_id, position)
        .where(*readable)
        .order_by(Post.order_key)
        .limit(1)
        .offset(position - position % POSTS_PER_PAGE)
    ).first()
    assert row is not None
    first, count = row
    return Place(slug, thread, first if count >= POSTS_PER_PAGE else None, public_id)


def find_first_unread(session: Session, actor: Actor, slug: str, thread_public_id: str) -> Place | None:
    """Give where the actor goes on reading a discussion; None if nothing is new. NotFound if unreadable."""
    row = session.execute(
        sa.select(Thread.id, read_at_of(actor.account_id).label("read_at"))
        .join(Group, Group.id == Thread.group_id)
        .where(Thread.public_id == thread_public_id, Group.slug == slug, visible_to(actor, Thread))
    ).first()
    if row is None:
        raise NotFound
    if row.read_at is None:
        return None
    public_id = session.scalar(
        sa.select(Post.public_id)
        .where(Post.thread_id == row.id, Post.published_at > row.read_at, visible_to(actor, Post))
        .order_by(Post.order_key)
        .limit(1)
    )
    return get_place(session, actor, public_id) if public_id is not None else None
