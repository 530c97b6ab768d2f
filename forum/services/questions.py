"""Questions to the unit: public, kept with their answers, listed at their initiative."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.text import excerpt
from forum.domain.threads import Post, Thread, ThreadKind
from forum.policy import Actor, visible_to

GROUP_SLUG = "questions-to-the-unit"
"""The group that questions are asked in; its charter is in config/groups.toml."""
LIMIT = 100
_EXCERPT = 240


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """One question, with the beginning of its answer where it has one."""

    public_id: str
    title: str
    status: Status
    asked_at: datetime
    answered_at: datetime | None
    answer: str | None
    answer_id: str | None


def list_questions(
    session: Session, actor: Actor, initiative: int, *, limit: int = LIMIT
) -> list[QuestionLine]:
    """Give the questions on an initiative that the actor may read: answered first, newest first.

    One statement. Their addresses are /groups/<GROUP_SLUG>/threads/<public_id>/.
    """
    answer = aliased(Post)
    first_answer = (
        sa.select(sa.func.min(answer.id))
        .where(
            answer.thread_id == Thread.id,
            answer.is_answer,
            answer.status == Status.PUBLISHED,
            visible_to(actor, answer),
        )
        .correlate(Thread)
        .scalar_subquery()
    )
    shown = aliased(Post)
    rows = session.execute(
        sa.select(
            Thread.public_id,
            Thread.title,
            Thread.status,
            Thread.created_at,
            Thread.answered_at,
            sa.func.substr(shown.text, 1, 4 * _EXCERPT).label("answer"),
            shown.public_id.label("answer_id"),
        )
        .select_from(Thread)
        .join(Group, Group.id == Thread.group_id)
        .outerjoin(shown, shown.id == first_answer)
        .where(
            Group.slug == GROUP_SLUG,
            Thread.kind == ThreadKind.QUESTION,
            Thread.initiative == initiative,
            Thread.status != Status.WITHDRAWN,
            visible_to(actor, Thread),
        )
        .order_by(Thread.answered_at.is_(None), Thread.created_at.desc(), Thread.id.desc())
        .limit(limit)
    )
    return [
        QuestionLine(
            public_id=row.public_id,
            title=row.title,
            status=row.status,
            asked_at=row.created_at,
            answered_at=row.answered_at if row.answer_id else None,
            answer=excerpt(row.answer, _EXCERPT) if row.answer_id else None,
            answer_id=row.answer_id,
        )
        for row in rows
    ]
