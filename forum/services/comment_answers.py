"""Answers to comments: giving one with its reason, and what its discussion shows of it."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.comments import CommentAnswer, Disposition, Placement, Suggestion, checked_reason
from forum.domain.labels import Status
from forum.domain.notices import NoticeKind
from forum.domain.papers import PaperVersion
from forum.domain.threads import AnchorState
from forum.errors import NotAllowed
from forum.policy import Actor, visible_to
from forum.policy.subjects import Subject
from forum.services.chatham import is_sealed
from forum.services.comment_rights import get_comment, require_answering
from forum.services.outbox import enqueue_notice
from forum.services.sealing import account_key


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer as readers of the comment see it."""

    disposition: Disposition
    reason: str
    at: datetime
    landed_in: int | None
    """The number of the version that has the suggested wording, once the reader may read that."""


@dataclass(frozen=True, slots=True)
class CommentCard:
    """What a discussion shows of the comment that it is."""

    replacement: str | None
    words: str
    """The suggested wording; None and "" where nothing is suggested."""
    answer: GivenAnswer | None
    state: AnchorState | None
    """What became of its passage in the newest version that the reader may read."""


def answer_comment(
    session: Session,
    actor: Actor,
    slug: str,
    public_id: str,
    disposition: Disposition,
    reason: str,
    *,
    now: datetime,
    landed_in_id: int | None = None,
) -> CommentAnswer:
    """Answer a published comment on a paper, and tell its author; an answer given before is kept."""
    comment = get_comment(session, actor, slug, public_id)
    assert comment.paper is not None
    require_answering(session, actor, comment.group, comment.paper)
    if comment.status is not Status.PUBLISHED:
        raise NotAllowed("Only a published comment is answered.")
    reason = checked_reason(reason)
    before = session.scalars(
        sa.select(CommentAnswer).where(
            CommentAnswer.thread_id == comment.row.id, CommentAnswer.replaced_at.is_(None)
        )
    ).first()
    if before is not None:
        before.replaced_at = now
        session.flush()
        landed_in_id = landed_in_id or before.landed_in_id
    answer = CommentAnswer(
        thread_id=comment.row.id,
        disposition=disposition,
        reason=reason,
        answered_by_id=None if is_sealed(comment.group) else actor.account_id,
        answered_at=now,
        landed_in_id=landed_in_id if disposition in {Disposition.ACCEPTED, Disposition.PARTLY} else None,
    )
    session.add(answer)
    session.flush()
    _tell(session, actor, comment, answer, now)
    return answer


def _tell(session: Session, actor: Actor, comment: Subject, answer: CommentAnswer, now: datetime) -> None:
    if is_sealed(comment.group) or account_key(actor.account_id or 0) in comment.writer_keys:
        return
    enqueue_notice(
        session,
        NoticeKind.COMMENT_ANSWERED,
        now=now,
        subject_kind=SubjectKind.THREAD,
        subject_id=comment.row.id,
        occasion=f"answer:{answer.id}",
    )


def get_card(session: Session, actor: Actor, thread_id: int) -> CommentCard:
    """Give what belongs to a comment that the actor reads. Two statements."""
    landed = (
        sa.select(PaperVersion.number)
        .where(
            PaperVersion.id == CommentAnswer.landed_in_id,
            PaperVersion.status == Status.PUBLISHED,
            visible_to(actor, PaperVersion),
        )
        .scalar_subquery()
    )
    answer = session.execute(
        sa.select(CommentAnswer.disposition, CommentAnswer.reason, CommentAnswer.answered_at, landed).where(
            CommentAnswer.thread_id == thread_id, CommentAnswer.replaced_at.is_(None)
        )
    ).first()
    newest = (
        sa.select(Placement.state)
        .join(PaperVersion, PaperVersion.id == Placement.version_id)
        .where(
            Placement.thread_id == thread_id,
            PaperVersion.status == Status.PUBLISHED,
            visible_to(actor, PaperVersion),
        )
        .order_by(PaperVersion.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    replacement = sa.select(Suggestion.replacement).where(Suggestion.thread_id == thread_id)
    words = sa.select(Suggestion.words).where(Suggestion.thread_id == thread_id)
    row = session.execute(sa.select(replacement.scalar_subquery(), words.scalar_subquery(), newest)).one()
    return CommentCard(row[0], row[1] or "", GivenAnswer(*answer) if answer else None, row[2])
