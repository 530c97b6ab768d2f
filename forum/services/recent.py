"""What is new: papers, discussions and open consultations as home and the pages of groups list them.

Pages show the days of these moments only: under the Chatham House Rule no time of day is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.answers import Answer, AnswerDraft
from forum.domain.consultations import Consultation, ConsultationState
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.papers import Paper, PaperVersion
from forum.domain.threads import OPENING_KEY, Post, Thread, ThreadKind
from forum.policy import Actor, visible_to
from forum.services.addresses import consultation_path, paper_path, thread_path
from forum.services.attribution import ATTRIBUTED, Byline, author_columns, join_author, present

_MANY = 5
"""Newer versions of the same papers may come first: this many times the limit is looked through."""


@dataclass(frozen=True, slots=True)
class PaperLine:
    """A paper by its newest version that the reader may read."""

    title: str
    path: str
    number: int | None
    group: Group
    byline: Byline
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class DiscussionLine:
    """A discussion with its last sign of life."""

    title: str
    path: str
    kind: ThreadKind
    group: Group
    byline: Byline
    replies: int
    last_at: datetime
    is_answered: bool
    initiative: int | None


@dataclass(frozen=True, slots=True)
class ConsultationLine:
    """An open consultation with its deadline."""

    title: str
    path: str
    group: Group
    closes_at: datetime | None
    is_begun: bool = False
    """Whether the reader, or a body they write for, has begun an answer."""
    is_answered: bool = False


def list_recent_papers(
    session: Session, actor: Actor, *, group_id: int | None = None, limit: int = 5
) -> list[PaperLine]:
    """Give the papers with the newest published versions, each once. One statement."""
    statement = (
        sa.select(
            PaperVersion.title,
            PaperVersion.number,
            PaperVersion.published_at,
            Paper.public_id,
            Group,
            *(getattr(Paper, name) for name in ATTRIBUTED),
            *author_columns(),
        )
        .select_from(PaperVersion)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .join(Group, Group.id == PaperVersion.group_id)
        .where(
            PaperVersion.status == Status.PUBLISHED,
            Paper.translation_kind.is_(None),
            visible_to(actor, PaperVersion),
        )
        .order_by(PaperVersion.published_at.desc(), PaperVersion.id.desc())
        .limit(limit * _MANY)
    )
    if group_id is not None:
        statement = statement.where(PaperVersion.group_id == group_id)
    lines: dict[str, PaperLine] = {}
    for row in session.execute(join_author(statement, Paper)):
        if row.public_id not in lines and len(lines) < limit:
            lines[row.public_id] = PaperLine(
                title=row.title,
                path=paper_path(row.Group.slug, row.public_id),
                number=row.number,
                group=row.Group,
                byline=present(actor, row.Group, row, row),
                published_at=row.published_at,
            )
    return list(lines.values())


def list_recent_discussions(
    session: Session,
    actor: Actor,
    *,
    group_id: int | None = None,
    kinds: Sequence[ThreadKind] = (ThreadKind.DISCUSSION,),
    is_answered: bool | None = None,
    initiative: int | None = None,
    limit: int = 5,
) -> list[DiscussionLine]:
    """Give the published discussions with the last contributions. One statement."""
    opening = aliased(Post)
    statement = (
        sa.select(
            Thread.title,
            Thread.public_id,
            Thread.kind,
            Thread.published_count,
            Thread.last_published_at,
            Thread.answered_at,
            Thread.initiative,
            Group,
            *(getattr(opening, name) for name in ATTRIBUTED),
            *author_columns(),
        )
        .select_from(Thread)
        .join(Group, Group.id == Thread.group_id)
        .join(opening, sa.and_(opening.thread_id == Thread.id, opening.order_key == OPENING_KEY))
        .where(Thread.status == Status.PUBLISHED, Thread.kind.in_(kinds), visible_to(actor, Thread))
        .order_by(Thread.last_published_at.desc(), Thread.id.desc())
        .limit(limit)
    )
    if group_id is not None:
        statement = statement.where(Thread.group_id == group_id)
    if initiative is not None:
        statement = statement.where(Thread.initiative == initiative)
    if is_answered is not None:
        statement = statement.where(
            Thread.answered_at.is_not(None) if is_answered else Thread.answered_at.is_(None)
        )
    return [_discussion(actor, row) for row in session.execute(join_author(statement, opening))]


def _discussion(actor: Actor, row: Any) -> DiscussionLine:
    return DiscussionLine(
        title=row.title,
        path=thread_path(row.Group.slug, row.public_id),
        kind=row.kind,
        group=row.Group,
        byline=present(actor, row.Group, row, row),
        replies=max(row.published_count - 1, 0),
        last_at=row.last_published_at,
        is_answered=row.answered_at is not None,
        initiative=row.initiative,
    )


def list_open_consultations(
    session: Session, actor: Actor, *, group_id: int | None = None, limit: int = 10
) -> list[ConsultationLine]:
    """Give the open consultations, the nearest deadline first. One statement."""
    statement = (
        sa.select(
            Consultation.title,
            Consultation.public_id,
            Consultation.closes_at,
            Group,
            _has_own(actor, AnswerDraft).label("is_begun"),
            _has_own(actor, Answer, Answer.status != Status.WITHDRAWN).label("is_answered"),
        )
        .join(Group, Group.id == Consultation.group_id)
        .where(
            Consultation.state == ConsultationState.OPEN,
            Consultation.status == Status.PUBLISHED,
            visible_to(actor, Consultation),
        )
        .order_by(Consultation.closes_at.is_(None), Consultation.closes_at, Consultation.id)
        .limit(limit)
    )
    if group_id is not None:
        statement = statement.where(Consultation.group_id == group_id)
    return [
        ConsultationLine(
            title=row.title,
            path=consultation_path(row.Group.slug, row.public_id),
            group=row.Group,
            closes_at=row.closes_at,
            is_begun=row.is_begun,
            is_answered=row.is_answered,
        )
        for row in session.execute(statement)
    ]


def _has_own(actor: Actor, model: Any, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether the actor, or a body they write for, has one of these in the consultation."""
    if not actor.writer_keys:
        return sa.false()
    return (
        sa.select(sa.literal(1))
        .where(
            model.consultation_id == Consultation.id,
            model.writer_key.in_(sorted(actor.writer_keys)),
            *conditions,
        )
        .correlate(Consultation)
        .exists()
    )
