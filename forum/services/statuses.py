"""Changing a status: a contribution with its discussion, counts, label, index and the notices it causes."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer
from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.notices import NoticeKind
from forum.domain.papers import PaperVersion
from forum.domain.register_entries import RegisterEntry
from forum.domain.threads import OPENING_KEY, Post, Thread
from forum.policy.subjects import Subject
from forum.services.announcements import announce_post
from forum.services.labels import relabel
from forum.services.outbox import enqueue_notice
from forum.services.translations import list_translating


def change_status(session: Session, subject: Subject, status: Status, *, now: datetime) -> None:
    """Give a post, discussion, version, answer, assessment or entry a status, and all that hangs on it.

    A discussion and its opening post share one status. The caller has asked the policy and checked
    the transition. Flushes; never commits.
    """
    match subject.kind:
        case SubjectKind.POST:
            assert subject.thread is not None
            _change_post(session, subject.group, subject.thread, subject.row, status, now)
        case SubjectKind.THREAD:
            opening = session.scalars(
                sa.select(Post).where(Post.thread_id == subject.row.id, Post.order_key == OPENING_KEY)
            ).one()
            _change_post(session, subject.group, subject.row, opening, status, now)
        case SubjectKind.VERSION:
            _change_version(session, subject.group, subject.row, status, now)
        case SubjectKind.ANSWER:
            change_answer(session, subject.group, subject.row, status, now=now)
        case SubjectKind.ENTRY:
            _change_entry(session, subject.group, subject.row, status, now)
        case SubjectKind.ASSESSMENT:
            subject.row.status = status
            relabel(session, subject.group, subject.row, now=now)
        case _:
            raise ValueError(f"a {subject.kind} has no status of its own")


def recount(session: Session, thread: Thread) -> None:
    """Write what the list shows of a discussion, counting only what its readers may read."""
    session.flush()
    count, last, answered = session.execute(
        sa.select(
            sa.func.count(),
            sa.func.max(Post.published_at),
            sa.func.min(sa.case((Post.is_answer, Post.published_at))),
        ).where(Post.thread_id == thread.id, Post.status == Status.PUBLISHED)
    ).one()
    thread.published_count = count
    thread.last_published_at = last or thread.created_at
    thread.answered_at = answered


def _change_post(
    session: Session, group: Group, thread: Thread, post: Post, status: Status, now: datetime
) -> None:
    is_first_time = status is Status.PUBLISHED and post.published_at is None
    post.status = status
    if status is Status.PUBLISHED:
        post.held_because = None
        post.published_at = post.published_at or now
    elif status is Status.WITHDRAWN:
        post.withdrawn_at = now
    if post.number == 1:
        thread.status = status
        relabel(session, group, thread, now=now)
    else:
        relabel(session, group, post, now=now)
    recount(session, thread)
    if is_first_time and thread.status is Status.PUBLISHED:
        announce_post(session, group, thread, post, now=now)


def change_answer(session: Session, group: Group, answer: Answer, status: Status, *, now: datetime) -> None:
    """Give an answer a status, its label and its place in the index, with its files; when it came stays."""
    answer.status = status
    if status is Status.PUBLISHED:
        answer.held_because = None
        answer.published_at = answer.published_at or now
    elif status is Status.WITHDRAWN:
        answer.withdrawn_at = now
    relabel(session, group, answer, now=now)


def _change_entry(
    session: Session, group: Group, entry: RegisterEntry, status: Status, now: datetime
) -> None:
    """Whoever owns an entry is told of it once it can be read."""
    is_first_time = status is Status.PUBLISHED and entry.published_at is None
    entry.status = status
    if status is Status.PUBLISHED:
        entry.held_because = None
        entry.published_at = entry.published_at or now
    relabel(session, group, entry, now=now)
    if is_first_time and entry.owner_id is not None:
        enqueue_notice(
            session,
            NoticeKind.ENTRY_GIVEN,
            now=now,
            subject_kind=SubjectKind.ENTRY,
            subject_id=entry.id,
            account_id=entry.owner_id,
            occasion=f"change:{now.timestamp():.0f}",
        )


def _change_version(
    session: Session, group: Group, version: PaperVersion, status: Status, now: datetime
) -> None:
    version.status = status
    if status is Status.PUBLISHED:
        version.held_because = None
        version.published_at = version.published_at or now
    elif status is Status.WITHDRAWN:
        version.withdrawn_at = now
    relabel(session, group, version, now=now)
    if status is Status.HIDDEN:
        # What is removed from view is not read in another language either.
        for translation in list_translating(session, version):
            if translation.status is Status.PUBLISHED:
                translation.status = status
                relabel(session, group, translation, now=now)
