"""Writing many contributions at once that bring their own dates and states: imports, the demonstration.

Everything is one statement a kind and batch. Labels come from services.labels as everywhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.groups import Group
from forum.domain.labels import Status, Tlp
from forum.domain.outbox import OutboxEntry, Topic
from forum.domain.threads import Thread
from forum.richtext import Rendered
from forum.services.labels import label_columns

Row = dict[str, Any]


def thread_row(
    group: Group, *, title: str, status: Status, tlp: Tlp, created_at: datetime, **columns: Any
) -> Row:
    """Give the row of a discussion without posts; post_rows() fill it."""
    return {
        "group_id": group.id,
        "title": title,
        "created_at": created_at,
        "last_published_at": created_at,
        "post_count": 0,
        "published_count": 0,
        **label_columns(group, status, tlp),
        **columns,
    }


def post_row(
    group: Group,
    *,
    thread_id: int,
    number: int,
    order_key: str,
    depth: int,
    parent_id: int | None,
    rendered: Rendered,
    status: Status,
    tlp: Tlp,
    created_at: datetime,
    **columns: Any,
) -> Row:
    """Give the row of a post."""
    return {
        "thread_id": thread_id,
        "group_id": group.id,
        "parent_id": parent_id,
        "number": number,
        "order_key": order_key,
        "depth": depth,
        "source": rendered.source,
        "html": rendered.html,
        "text": rendered.text,
        "render_version": rendered.render_version,
        "created_at": created_at,
        "published_at": created_at if status is Status.PUBLISHED else None,
        "lock_version": 1,
        **label_columns(group, status, tlp),
        **columns,
    }


def version_row(
    group: Group,
    *,
    paper_id: int,
    number: int | None,
    based_on: int | None,
    title: str,
    rendered: Rendered,
    status: Status,
    tlp: Tlp,
    created_at: datetime,
    **columns: Any,
) -> Row:
    """Give the row of a paper's version."""
    return {
        "paper_id": paper_id,
        "group_id": group.id,
        "number": number,
        "based_on": based_on,
        "title": title,
        "source": rendered.source,
        "html": rendered.html,
        "text": rendered.text,
        "paragraphs": [[p.number, p.anchor, p.kind, p.start, p.end, p.hash] for p in rendered.paragraphs],
        "content_hash": rendered.content_hash,
        "render_version": rendered.render_version,
        "word_count": len(rendered.text.split()),
        "created_at": created_at,
        "edited_at": created_at,
        "published_at": created_at if status is Status.PUBLISHED else None,
        "lock_version": 1,
        **label_columns(group, status, tlp, paper_id=paper_id),
        **columns,
    }


def insert_rows(session: Session, model: Any, rows: Sequence[Row]) -> list[int]:
    """Insert rows of one model and give their keys in the same order."""
    if not rows:
        return []
    names = dict.fromkeys(name for row in rows for name in row)
    even = [{name: row.get(name) for name in names} for row in rows]
    statement = sa.insert(model).returning(model.id, sort_by_parameter_order=True)
    return list(session.scalars(statement, even))


def insert_authorships(session: Session, rows: Iterable[tuple[SubjectKind, int, str]]) -> None:
    """Write down who wrote what: (kind, key of the contribution, writer key)."""
    values = [
        {"subject_kind": kind, "subject_id": subject_id, "writer_key": key} for kind, subject_id, key in rows
    ]
    if values:
        session.execute(sa.insert(Authorship), values)


def enqueue_many(session: Session, subjects: Mapping[SubjectKind, Sequence[int]], *, now: datetime) -> None:
    """Have contributions indexed after the commit."""
    entries = [
        {
            "topic": Topic.INDEX,
            "payload": {"kind": kind.value, "id": subject_id},
            "created_at": now,
            "available_at": now,
        }
        for kind, ids in subjects.items()
        for subject_id in ids
    ]
    if entries:
        session.execute(sa.insert(OutboxEntry), entries)


def count_posts(session: Session, thread_ids: Iterable[int]) -> None:
    """Bring the counts and the last activity of threads in line with their posts."""
    from forum.domain.threads import Post

    published = sa.and_(Post.thread_id == Thread.id, Post.status == Status.PUBLISHED)
    session.execute(
        sa.update(Thread)
        .where(Thread.id.in_(list(thread_ids)))
        .values(
            post_count=sa.select(sa.func.coalesce(sa.func.max(Post.number), 0))
            .where(Post.thread_id == Thread.id)
            .scalar_subquery(),
            published_count=sa.select(sa.func.count(Post.id)).where(published).scalar_subquery(),
            last_published_at=sa.func.coalesce(
                sa.select(sa.func.max(Post.created_at)).where(published).scalar_subquery(), Thread.created_at
            ),
        )
        .execution_options(synchronize_session=False)
    )
