"""Whom a post concerns once it can be read: the author it answers, people it names, who asked the unit.

Under the Chatham House Rule a notice that names an author would be a record of the authorship, so there
only people named in the text are told.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.groups import Group
from forum.domain.notices import NoticeKind
from forum.domain.threads import OPENING_KEY, Post, Thread, ThreadKind
from forum.policy.rules import can_read
from forum.richtext import mentions
from forum.services.actors import load_actor
from forum.services.outbox import enqueue_notice

MAX_MENTIONS = 20
"""People told of one post at most: a text that names everybody is no reason to mail everybody."""


def announce_post(session: Session, group: Group, thread: Thread, post: Post, *, now: datetime) -> None:
    """Enqueue the notices of a post that has just been published for the first time."""
    told = {post.author_id}
    if group.attribution is not Attribution.CHATHAM_HOUSE:
        answered = _author_of_answered(session, thread, post)
        if answered is not None and answered not in told:
            is_answer = post.is_answer and thread.kind is ThreadKind.QUESTION
            kind = NoticeKind.QUESTION_ANSWERED if is_answer else NoticeKind.REPLIED
            _enqueue(session, kind, post, answered, now)
            told.add(answered)
    announce_mentions(session, post, mentions(post.source), now=now, told=told)


def announce_mentions(
    session: Session, post: Post, handles: Sequence[str], *, now: datetime, told: set[int | None]
) -> None:
    """Enqueue a notice to each person named who may read the post and is not in `told`."""
    if not handles:
        return
    accounts = session.scalars(
        sa.select(Account.id)
        .where(Account.handle.in_(handles[:MAX_MENTIONS]), Account.status == AccountStatus.ACTIVE)
        .order_by(Account.id)
    ).all()
    for account_id in accounts:
        # Published text is read by its label alone, so no sealed key is needed to know who may.
        reader = load_actor(session, account_id, now=now, sealing_secret=b"")
        if account_id not in told and can_read(reader, post):
            _enqueue(session, NoticeKind.MENTIONED, post, account_id, now)


def announce_answer(session: Session, group: Group, thread: Thread, post: Post, *, now: datetime) -> None:
    """Tell who asked that a reply has been marked as the unit's answer."""
    if group.attribution is Attribution.CHATHAM_HOUSE:
        return
    asker = _author_of_opening(session, thread)
    if asker is not None and asker != post.author_id:
        _enqueue(session, NoticeKind.QUESTION_ANSWERED, post, asker, now)


def _author_of_answered(session: Session, thread: Thread, post: Post) -> int | None:
    if post.number == 1:
        return None
    if post.parent_id is None or (post.is_answer and thread.kind is ThreadKind.QUESTION):
        return _author_of_opening(session, thread)
    return session.scalars(sa.select(Post.author_id).where(Post.id == post.parent_id)).first()


_AUTHOR_OF_OPENING = sa.select(Post.author_id).where(
    Post.thread_id == sa.bindparam("thread_id"), Post.order_key == OPENING_KEY
)


def _author_of_opening(session: Session, thread: Thread) -> int | None:
    with session.no_autoflush:  # the opening post has long been stored
        return session.scalar(_AUTHOR_OF_OPENING, {"thread_id": thread.id})


def _enqueue(session: Session, kind: NoticeKind, post: Post, account_id: int, now: datetime) -> None:
    enqueue_notice(
        session, kind, now=now, subject_kind=SubjectKind.POST, subject_id=post.id, account_id=account_id
    )
