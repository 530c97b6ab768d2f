"""Splitting a reply with its answers off into a discussion of its own, merging two, and taking both back.

A post's place is (parent, number, order key, depth) in a discussion; `places` remembers those of before.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group
from forum.domain.labels import Status, Tlp
from forum.domain.text import checked_title
from forum.domain.threads import (
    MAX_DEPTH,
    OPENING_KEY,
    Post,
    ReadMarker,
    Thread,
    ThreadAlias,
    ThreadKind,
    order_key,
)
from forum.errors import Conflict, Invalid
from forum.policy import Actor, visible_to
from forum.services.addresses import thread_path
from forum.services.chatham import is_sealed
from forum.services.labels import relabel
from forum.services.statuses import recount
from forum.services.subjects import record_authorship, writer_keys_of

Places = dict[str, list[Any]]
"""The public id of a post -> [key of its parent, number, order key, depth]."""


def split_thread(
    session: Session, group: Group, thread: Thread, post: Post, *, title: str, now: datetime
) -> tuple[Thread, Places]:
    """Make a reply and what answers it a discussion of its own; give it, and the places of before.

    Its label, aliases and read markers are those of the discussion it was in: nobody reads more or less.
    """
    if post.number == 1 or post.status is not Status.PUBLISHED:
        raise Invalid("Only a published reply can become a discussion of its own.")
    made = Thread(
        group_id=group.id,
        kind=ThreadKind.DISCUSSION,
        title=checked_title(title),
        language=post.language,
        initiative=thread.initiative,
        tlp=thread.tlp,
        named_list_id=thread.named_list_id,
        status=Status.PUBLISHED,
        audience="",  # nobody's, until relabel() below
        own="",
        post_count=0,
        published_count=0,
        last_published_at=post.published_at or now,
        created_at=post.created_at,
    )
    session.add(made)
    session.flush()
    keys = sorted(writer_keys_of(session, SubjectKind.POST, post.id))
    if keys:
        record_authorship(session, SubjectKind.THREAD, made.id, keys)
    _copy_reading(session, thread, made)
    below = Post.order_key.startswith(f"{post.order_key}.", autoescape=True)
    posts = session.scalars(
        sa.select(Post)
        .where(Post.thread_id == thread.id, sa.or_(Post.id == post.id, below))
        .order_by(Post.order_key)
    ).all()
    places = _places(posts)
    _settle(session, made, posts, root=None)
    for row in (thread, made):
        relabel(session, group, row, now=now)
        recount(session, row)
    return made, places


def merge_thread(session: Session, group: Group, thread: Thread, into: Thread, *, now: datetime) -> Places:
    """Append a discussion to another of the group; give the places of its posts before.

    Invalid where more people could read it there, or where aliases would mix two people up.
    """
    _require_mergeable(group, thread, into)
    posts = session.scalars(sa.select(Post).where(Post.thread_id == thread.id).order_by(Post.order_key)).all()
    if any(post.depth + 1 > MAX_DEPTH for post in posts):
        raise Invalid("Its replies are too deep to be put below another discussion.")
    places = _places(posts)
    opening = next(post for post in posts if post.order_key == OPENING_KEY)
    _settle(session, into, posts, root=opening)
    thread.merged_into_id = into.id
    thread.status = Status.WITHDRAWN
    for row in (into, thread):
        relabel(session, group, row, now=now)
        recount(session, row)
    return places


def _require_mergeable(group: Group, thread: Thread, into: Thread) -> None:
    if thread.id == into.id:
        raise Invalid("A discussion cannot become part of itself.", field="target")
    for one in (thread, into):
        if one.kind is not ThreadKind.DISCUSSION or one.consultation_id or one.stage_id:
            raise Invalid("A comment, a question or a consultation's discussion stays where it belongs.")
    if into.status is not Status.PUBLISHED or into.group_id != group.id:
        raise Invalid("Choose a published discussion of this group.", field="target")
    if is_sealed(group):
        raise Invalid(
            "Under the Chatham House Rule two discussions stay apart: one alias would stand for two people."
        )
    if thread.named_list_id != into.named_list_id or _ORDER.index(into.tlp) < _ORDER.index(thread.tlp):
        raise Invalid(
            "People could read it there who cannot read it here, and its authors have not agreed to that.",
            field="target",
        )


_ORDER = list(Tlp)
"""Widest first."""


def put_back(
    session: Session, group: Group, thread: Thread, other: Thread, places: Places, *, now: datetime
) -> None:
    """Put posts that were split off or merged back to their places of before in `thread`, from `other`.

    Conflict where something in `other` now hangs on them.
    """
    posts = session.scalars(
        sa.select(Post).where(Post.public_id.in_(places), Post.thread_id == other.id)
    ).all()
    moved = {post.id for post in posts}
    grown = session.scalar(
        sa.select(Post.id).where(Post.thread_id == other.id, Post.parent_id.in_(moved), Post.id.not_in(moved))
    )
    if grown is not None or len(posts) != len(places):
        raise Conflict("Others have replied since, so the posts can no longer be put back by themselves.")
    for post in posts:
        parent_id, number, key, depth = places[post.public_id]
        post.thread_id, post.parent_id, post.number = thread.id, parent_id, number
        post.order_key, post.depth = key, depth
    session.flush()
    if thread.merged_into_id is not None:
        thread.merged_into_id, thread.status = None, Status.PUBLISHED
    left = session.scalar(sa.select(sa.func.count()).select_from(Post).where(Post.thread_id == other.id))
    if not left:
        other.merged_into_id, other.status = thread.id, Status.WITHDRAWN
    for row in (thread, other):
        relabel(session, group, row, now=now)
        recount(session, row)


def _places(posts: Sequence[Post]) -> Places:
    return {post.public_id: [post.parent_id, post.number, post.order_key, post.depth] for post in posts}


def _settle(session: Session, thread: Thread, posts: Sequence[Post], *, root: Post | None) -> None:
    """Give posts, in reading order, places in a discussion: as its beginning, or below `root` at its end."""
    numbers = {
        post.id: number
        for number, post in enumerate(sorted(posts, key=lambda one: one.number), thread.post_count + 1)
    }
    settled: dict[int, Post] = {}
    for post in posts:
        number = numbers[post.id]
        parent = settled.get(post.parent_id) if post.parent_id is not None else None
        if parent is None and root is not None and post is not root:
            parent = root
        is_below_opening = root is None and parent is not None and parent.order_key == OPENING_KEY
        above = None if parent is None or is_below_opening else parent
        post.thread_id, post.parent_id = thread.id, above.id if above else None
        post.number, post.depth = number, above.depth + 1 if above else 0
        post.order_key = order_key(above.order_key if above else None, number)
        settled[post.id] = post
    thread.post_count += len(posts)
    session.flush()


def _copy_reading(session: Session, thread: Thread, made: Thread) -> None:
    """Who has an alias keeps it, and what was read stays read."""
    for model, columns in ((ThreadAlias, ("writer_key", "alias")), (ReadMarker, ("account_id", "read_at"))):
        kept = sa.select(sa.literal(made.id), *(getattr(model, name) for name in columns)).where(
            model.thread_id == thread.id
        )
        session.execute(sa.insert(model).from_select(["thread_id", *columns], kept))


def find_merged_into(session: Session, actor: Actor, slug: str, public_id: str) -> str | None:
    """Give the address of the discussion that another one of the group became part of, to who reads it."""
    into = aliased(Thread)
    row = session.execute(
        sa.select(into.public_id)
        .select_from(Thread)
        .join(into, into.id == Thread.merged_into_id)
        .join(Group, Group.id == into.group_id)
        .where(Thread.public_id == public_id, Group.slug == slug, visible_to(actor, into))
    ).first()
    return thread_path(slug, row.public_id) if row is not None else None
