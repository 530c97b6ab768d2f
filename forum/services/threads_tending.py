"""Looking after a discussion: pinning it, saying what came of it, and notes of the group's staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.labels import Status
from forum.domain.text import normalise
from forum.domain.threads import StaffNote
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, require
from forum.policy.subjects import Subject
from forum.richtext import Rendered
from forum.services.audit import record
from forum.services.outbox import enqueue_index
from forum.services.subjects import get_subject

MAX_NOTE = 2000
MAX_NOTES = 100


@dataclass(frozen=True, slots=True)
class Note:
    """A note as the staff of the group read it."""

    public_id: str
    author: str
    text: str
    created_at: datetime
    is_mine: bool


def get_tended(session: Session, actor: Actor, slug: str, public_id: str) -> Subject:
    """Give a discussion of a group to who looks after it; NotFound and NotAllowed as for TEND."""
    subject = get_subject(session, actor, SubjectKind.THREAD, public_id, Action.TEND)
    if subject.group.slug != slug:
        raise NotFound
    return subject


def pin(session: Session, actor: Actor, subject: Subject, *, is_pinned: bool, now: datetime) -> None:
    """Have a published discussion stand first in its group's list, or no longer."""
    require(actor, Action.TEND, subject)
    _require_published(subject)
    if subject.row.is_pinned is not is_pinned:
        subject.row.is_pinned = is_pinned
        _put_on_record(session, actor, AuditAction.THREAD_PINNED, subject, now, is_set=is_pinned)


def conclude(
    session: Session, actor: Actor, subject: Subject, rendered: Rendered | None, *, now: datetime
) -> None:
    """Put what came of a discussion above it, or take it away (None); replies stay possible."""
    require(actor, Action.TEND, subject)
    _require_published(subject)
    outcome = (rendered.source, rendered.html) if rendered and rendered.text.strip() else (None, None)
    if outcome == (subject.row.outcome_source, subject.row.outcome_html):
        return
    subject.row.outcome_source, subject.row.outcome_html = outcome
    session.flush()
    enqueue_index(session, SubjectKind.THREAD, subject.row.id, now=now)
    is_set = outcome[1] is not None
    _put_on_record(session, actor, AuditAction.THREAD_CONCLUDED, subject, now, is_set=is_set)


def add_note(session: Session, actor: Actor, subject: Subject, text: str, *, now: datetime) -> StaffNote:
    """Write a note for the moderators and the secretariat of the group; Invalid if empty or too much."""
    require(actor, Action.NOTE, subject)
    text = normalise(text).strip()
    if not text:
        raise Invalid("Write something first.", field="note")
    if len(text) > MAX_NOTE:
        raise Invalid("Keep a note under %(limit)d characters.", field="note", limit=MAX_NOTE)
    assert actor.account_id is not None
    note = StaffNote(
        thread_id=subject.row.id,
        group_id=subject.group.id,
        author_id=actor.account_id,
        text=text,
        created_at=now,
    )
    session.add(note)
    session.flush()
    return note


def list_notes(session: Session, actor: Actor, subject: Subject) -> Sequence[Note]:
    """Give the notes on a discussion, oldest first; those of another group's staff stay theirs."""
    require(actor, Action.NOTE, subject)
    rows = session.execute(
        sa.select(StaffNote, Account.name)
        .join(Account, Account.id == StaffNote.author_id)
        .where(StaffNote.thread_id == subject.row.id, StaffNote.group_id == subject.group.id)
        .order_by(StaffNote.id)
        .limit(MAX_NOTES)
    )
    return [
        Note(note.public_id, name, note.text, note.created_at, note.author_id == actor.account_id)
        for note, name in rows
    ]


def remove_note(session: Session, actor: Actor, subject: Subject, public_id: str) -> None:
    """Remove one's own note; NotAllowed for a colleague's."""
    require(actor, Action.NOTE, subject)
    note = session.scalars(
        sa.select(StaffNote).where(
            StaffNote.public_id == public_id,
            StaffNote.thread_id == subject.row.id,
            StaffNote.group_id == subject.group.id,
        )
    ).first()
    if note is None:
        raise NotFound
    if note.author_id != actor.account_id:
        raise NotAllowed("Only who wrote a note removes it.")
    session.delete(note)


def _require_published(subject: Subject) -> None:
    if subject.row.status is not Status.PUBLISHED:
        raise Invalid("Only a published discussion is pinned or concluded.")


def _put_on_record(
    session: Session, actor: Actor, action: AuditAction, subject: Subject, now: datetime, *, is_set: bool
) -> None:
    record(
        session, actor, action, now=now, subject_kind="thread", subject=subject.row.public_id,
        group=subject.group, is_set=is_set,
    )  # fmt: skip
