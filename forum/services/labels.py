"""relabel(): the only writer of `audience` and `own`, for a thing and everything below it."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer
from forum.domain.assessments import Assessment
from forum.domain.attachments import Attachment
from forum.domain.attribution import SubjectKind
from forum.domain.ballots import Ballot, BallotState
from forum.domain.consultations import Consultation
from forum.domain.directive import ArticleStatus
from forum.domain.groups import Group
from forum.domain.labels import Status, Tlp
from forum.domain.meetings import Meeting
from forum.domain.papers import Paper, PaperVersion
from forum.domain.register_entries import RegisterEntry
from forum.domain.threads import OPENING_KEY, Post, Thread
from forum.policy.labels import NOBODY, Label, base_label, ceiling_label, label_for, managers_label
from forum.services.chatham import is_sealed
from forum.services.outbox import enqueue_index

Labelled = (
    Thread
    | Post
    | PaperVersion
    | Attachment
    | Consultation
    | Answer
    | Assessment
    | RegisterEntry
    | Meeting
    | Ballot
    | ArticleStatus
)
"""What can be read, each with a label of its own."""


def label_columns(
    group: Group, status: Status, tlp: Tlp, *, named_list_id: int | None = None, paper_id: int | None = None
) -> dict[str, Any]:
    """Give the label columns of a row that is inserted in bulk, as relabel() would write them."""
    base = base_label(group.ceiling, tlp, group.id, named_list_id)
    audience, own = label_for(status, base, group_id=group.id, paper_id=paper_id)
    if is_sealed(group) and status is not Status.DRAFT:
        own = base
    return {"status": status, "tlp": tlp, "named_list_id": named_list_id, "audience": audience, "own": own}


def relabel_group(group: Group) -> None:
    """Write the label of a group's own pages. Its contributions are relabelled by relabel_all()."""
    group.audience = ceiling_label(group.ceiling, group.id)


def relabel(
    session: Session,
    group: Group,
    thing: Labelled,
    *,
    now: datetime,
) -> None:
    """Write the label that follows from group, status and TLP; on a thread, of its posts too."""
    match thing:
        case Thread():
            _relabel_thread(session, group, thing, now)
        case Post():
            thread = session.get_one(Thread, thing.thread_id)
            _relabel_post(session, group, thread, thing, now)
        case PaperVersion():
            _relabel_version(session, group, thing, now)
        case Attachment() if thing.answer_id is not None:
            _relabel_files(session, session.get_one(Answer, thing.answer_id), now)
        case Attachment() if thing.answer_draft_id is not None:
            _write(session, thing, Label(NOBODY, NOBODY), now)
        case Attachment():
            base = base_label(group.ceiling, thing.tlp, group.id, thing.named_list_id)
            _write(
                session, thing, label_for(thing.status, base, group_id=group.id, paper_id=thing.paper_id), now
            )
        case Consultation():
            base = base_label(group.ceiling, thing.tlp, group.id, thing.named_list_id)
            label = label_for(thing.status, base, group_id=group.id, consultation_id=thing.id)
            _write(session, thing, label, now)
        case ArticleStatus():
            base = base_label(group.ceiling, thing.tlp, group.id, None)
            is_published = thing.status is Status.PUBLISHED
            _write(session, thing, Label(base if is_published else managers_label(group.id), base), now)
        case RegisterEntry():
            base = base_label(group.ceiling, thing.tlp, group.id, thing.named_list_id)
            _write(session, thing, label_for(thing.status, base, group_id=group.id), now)
        case Meeting() | Ballot():
            base = base_label(group.ceiling, thing.tlp, group.id, thing.named_list_id)
            # What chair and secretariat prepare is read by them alone.
            is_prepared = thing.status is Status.DRAFT
            label = Label(managers_label(group.id), base)
            _write(
                session,
                thing,
                label if is_prepared else label_for(thing.status, base, group_id=group.id),
                now,
            )
        case Answer():
            base = base_label(group.ceiling, thing.tlp, group.id, thing.named_list_id)
            # What was withdrawn before anybody read it leaves no stub for others.
            never_seen = thing.status is Status.WITHDRAWN and thing.published_at is None
            status = Status.RECEIVED if never_seen else thing.status
            label = label_for(status, base, group_id=group.id, consultation_id=thing.consultation_id)
            _write(session, thing, label, now)
            _relabel_files(session, thing, now)
        case Assessment():
            base = base_label(group.ceiling, thing.tlp, group.id, thing.named_list_id)
            _write(session, thing, label_for(thing.status, base, group_id=group.id, is_blind=True), now)


def relabel_all(session: Session, group: Group, *, now: datetime) -> None:
    """Write every label in a group anew, after its ceiling changed."""
    relabel_group(group)
    for thread in session.scalars(sa.select(Thread).where(Thread.group_id == group.id)):
        _relabel_thread(session, group, thread, now)
    for version in session.scalars(sa.select(PaperVersion).where(PaperVersion.group_id == group.id)):
        relabel(session, group, version, now=now)
    for consultation in session.scalars(sa.select(Consultation).where(Consultation.group_id == group.id)):
        relabel(session, group, consultation, now=now)
    for answer in session.scalars(sa.select(Answer).where(Answer.group_id == group.id)):
        relabel(session, group, answer, now=now)
    for assessment in session.scalars(sa.select(Assessment).where(Assessment.group_id == group.id)):
        relabel(session, group, assessment, now=now)
    for entry in session.scalars(sa.select(RegisterEntry).where(RegisterEntry.group_id == group.id)):
        relabel(session, group, entry, now=now)
    for meeting in session.scalars(sa.select(Meeting).where(Meeting.group_id == group.id)):
        relabel(session, group, meeting, now=now)
    for ballot in session.scalars(sa.select(Ballot).where(Ballot.group_id == group.id)):
        relabel(session, group, ballot, now=now)
    for status in session.scalars(sa.select(ArticleStatus).where(ArticleStatus.group_id == group.id)):
        relabel(session, group, status, now=now)


def _relabel_thread(session: Session, group: Group, thread: Thread, now: datetime) -> None:
    base = base_label(group.ceiling, thread.tlp, group.id, thread.named_list_id)
    status = thread.status
    if status is Status.WITHDRAWN and not _was_published(session, thread):
        status = Status.REJECTED
    _write(session, thread, label_for(status, base, group_id=group.id), now)
    for post in session.scalars(sa.select(Post).where(Post.thread_id == thread.id)):
        _relabel_post(session, group, thread, post, now)


def _was_published(session: Session, thread: Thread) -> bool:
    opening = sa.select(Post.published_at).where(Post.thread_id == thread.id, Post.order_key == OPENING_KEY)
    return session.scalars(opening).first() is not None


def _relabel_post(session: Session, group: Group, thread: Thread, post: Post, now: datetime) -> None:
    """A post has its discussion's label; in a discussion that is held or removed it is not read either.

    What was withdrawn before anybody read it leaves no stub for others: they never knew of it.
    """
    post.tlp, post.named_list_id = thread.tlp, thread.named_list_id
    base = base_label(group.ceiling, thread.tlp, group.id, thread.named_list_id)
    never_seen = post.status is Status.WITHDRAWN and post.published_at is None
    label = label_for(Status.REJECTED if never_seen else post.status, base, group_id=group.id)
    if thread.status not in {Status.PUBLISHED, Status.WITHDRAWN}:
        above = label_for(thread.status, base, group_id=group.id)
        label = above if thread.status is Status.LOCKED else Label(above.audience, label.own)
    _write(session, post, label, now)


def _relabel_version(session: Session, group: Group, version: PaperVersion, now: datetime) -> None:
    base = base_label(group.ceiling, version.tlp, group.id, version.named_list_id)
    consultation_id = None
    if version.status is Status.RECEIVED:
        consultation_id = session.get_one(Paper, version.paper_id).consultation_id
    label = label_for(
        version.status,
        base,
        group_id=group.id,
        paper_id=version.paper_id,
        consultation_id=consultation_id,
    )
    if is_sealed(group) and version.status is not Status.DRAFT:
        # No row says any more whose paper it is, so nobody holds its authors' label: the sealed key decides.
        label = Label(label.audience, base)
    _write(session, version, label, now)
    if version.status is not Status.DRAFT:
        _relabel_outcomes(session, group, version, now)
        # Each attachment follows the version it came with: a narrower later version neither closes what
        # an earlier one brought nor opens it.
        came_with = Attachment.version_id == version.id
        if version.number == 1:
            came_with = sa.or_(came_with, Attachment.version_id.is_(None))
        attachments = sa.select(Attachment).where(Attachment.paper_id == version.paper_id, came_with)
        for attachment in session.scalars(attachments):
            attachment.status, attachment.tlp = version.status, version.tlp
            attachment.named_list_id = version.named_list_id
            _write(session, attachment, label, now)


def _relabel_outcomes(session: Session, group: Group, version: PaperVersion, now: datetime) -> None:
    """The result of a decision, with what is annexed to it, is read by whoever reads the text decided on."""
    decided = sa.select(Ballot).where(Ballot.version_id == version.id, Ballot.state == BallotState.CLOSED)
    for ballot in session.scalars(decided):
        ballot.tlp, ballot.named_list_id = version.tlp, version.named_list_id
        relabel(session, group, ballot, now=now)


def _relabel_files(session: Session, answer: Answer, now: datetime) -> None:
    """An answer's files have its label; what a later sending has replaced is nobody's."""
    for file in session.scalars(sa.select(Attachment).where(Attachment.answer_id == answer.id)):
        file.tlp, file.named_list_id = answer.tlp, answer.named_list_id
        if file.question_key is None:
            file.status = Status.WITHDRAWN
            _write(session, file, Label(NOBODY, NOBODY), now)
        else:
            file.status = answer.status
            _write(session, file, Label(answer.audience, answer.own), now)


_KINDS = {
    Thread: SubjectKind.THREAD,
    Post: SubjectKind.POST,
    PaperVersion: SubjectKind.VERSION,
    Attachment: SubjectKind.ATTACHMENT,
    Consultation: SubjectKind.CONSULTATION,
    Answer: SubjectKind.ANSWER,
    RegisterEntry: SubjectKind.ENTRY,
    Meeting: SubjectKind.MEETING,
    Ballot: SubjectKind.BALLOT,
}


def _write(
    session: Session,
    thing: Labelled,
    label: Label,
    now: datetime,
) -> None:
    thing.audience, thing.own = label
    session.flush()
    if isinstance(thing, Assessment | ArticleStatus):
        return  # found through its matrix or board, never by search
    enqueue_index(session, _KINDS[type(thing)], thing.id, now=now)
