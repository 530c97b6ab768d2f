"""The comments on a paper for its pages: a line each, and the paragraphs of the versions they are about."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.labels import Status
from forum.domain.papers import PaperVersion
from forum.domain.threads import Thread
from forum.policy import Actor, visible_to


@dataclass(frozen=True, slots=True)
class CommentLine:
    """A discussion about a paper or one of its paragraphs, as the paper's page shows it."""

    public_id: str
    title: str
    status: Status
    version_id: int | None
    paragraph: str | None
    posts: int
    """Published posts, the opening one with them."""
    last_at: datetime


def list_comments(
    session: Session, actor: Actor, paper_id: int, *, version_ids: Collection[int]
) -> list[CommentLine]:
    """Give the comments that the actor may read on versions that they may read. One statement.

    What was written on a version that this reader may not read is no part of the list or its counts.
    """
    rows = session.execute(
        sa.select(
            Thread.public_id,
            Thread.title,
            Thread.status,
            Thread.version_id,
            Thread.anchor_paragraph,
            sa.case((Thread.status == Status.PUBLISHED, Thread.published_count), else_=0),
            Thread.last_published_at,
        )
        .where(
            Thread.paper_id == paper_id,
            Thread.status != Status.WITHDRAWN,
            visible_to(actor, Thread),
            sa.or_(Thread.version_id.is_(None), Thread.version_id.in_(sorted(version_ids))),
        )
        .order_by(Thread.created_at, Thread.id)
    )
    return [CommentLine(*row) for row in rows]


def load_paragraphs(session: Session, version_ids: Collection[int]) -> dict[int, Sequence[Any]]:
    """Give the paragraphs of versions that the caller has found readable, by version."""
    if not version_ids:
        return {}
    rows = session.execute(
        sa.select(PaperVersion.id, PaperVersion.paragraphs).where(PaperVersion.id.in_(sorted(version_ids)))
    )
    return {row.id: row.paragraphs for row in rows}
