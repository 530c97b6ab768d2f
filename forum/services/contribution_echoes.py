"""What came back to contributions: replies and comments, answers to comments, and where they are cited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.attribution import SubjectKind
from forum.domain.citations import Cited
from forum.domain.comments import CommentAnswer, Disposition
from forum.domain.labels import Status
from forum.domain.threads import Post, Thread
from forum.policy import Actor, visible_to
from forum.services.citations import CitedIn, list_citing


@dataclass(frozen=True, slots=True)
class CommentAnswered:
    """How a comment was answered, and why."""

    disposition: Disposition
    reason: str


@dataclass(frozen=True, slots=True)
class Echo:
    """What came back to one contribution, as far as its writer may read it."""

    replies: int = 0
    """To a post; of a paper's version the comments on it."""
    answered: CommentAnswered | None = None
    cited: Sequence[CitedIn] = field(default_factory=tuple)


NOTHING = Echo()


def load_echoes(
    session: Session, actor: Actor, targets: Mapping[tuple[SubjectKind, int], Cited]
) -> dict[tuple[SubjectKind, int], Echo]:
    """Give what came back to contributions, named by kind and key, each with what a citation of it says.

    Four statements, whatever their number.
    """
    posts = [id_ for kind, id_ in targets if kind is SubjectKind.POST]
    versions = [id_ for kind, id_ in targets if kind is SubjectKind.VERSION]
    counts: dict[tuple[SubjectKind, int], int] = {}
    answers: dict[int, CommentAnswered] = {}
    if posts:
        replies = _replies(session, actor, posts)
        counts |= {(SubjectKind.POST, id_): count for id_, count in replies.items()}
        answers = _answers(session, actor, posts)
    if versions:
        comments = _comments(session, actor, versions)
        counts |= {(SubjectKind.VERSION, id_): count for id_, count in comments.items()}
    cited = list_citing(session, actor, list(targets.values()))
    return {
        place: Echo(
            counts.get(place, 0),
            answers.get(place[1]) if place[0] is SubjectKind.POST else None,
            cited.get(target, ()),
        )
        for place, target in targets.items()
    }


def _replies(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, int]:
    """Replies that name the post, and of an opening post all that answer no other."""
    reply = aliased(Post)
    is_reply = sa.or_(
        reply.parent_id == Post.id,
        sa.and_(
            Post.number == 1,
            reply.thread_id == Post.thread_id,
            reply.parent_id.is_(None),
            reply.number > 1,
        ),
    )
    rows: Any = session.execute(
        sa.select(Post.id, sa.func.count())
        .join(reply, is_reply)
        .where(Post.id.in_(ids), reply.status == Status.PUBLISHED, visible_to(actor, reply))
        .group_by(Post.id)
    )
    return {row[0]: row[1] for row in rows}


def _answers(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, CommentAnswered]:
    """Answers to comments: to their opening posts, where the discussion can be read."""
    rows = session.execute(
        sa.select(Post.id, CommentAnswer.disposition, CommentAnswer.reason)
        .join(Thread, Thread.id == Post.thread_id)
        .join(CommentAnswer, CommentAnswer.thread_id == Thread.id)
        .where(
            Post.id.in_(ids),
            Post.number == 1,
            CommentAnswer.replaced_at.is_(None),
            visible_to(actor, Thread),
        )
    )
    return {row[0]: CommentAnswered(row[1], row[2]) for row in rows}


def _comments(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        sa.select(Thread.version_id, sa.func.count())
        .where(Thread.version_id.in_(ids), Thread.status == Status.PUBLISHED, visible_to(actor, Thread))
        .group_by(Thread.version_id)
    )
    return {row[0]: row[1] for row in rows if row[0] is not None}
