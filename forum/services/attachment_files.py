"""The files of attachments: what the worker finds in them, and their end with what they belong to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attachments import Attachment, AttachmentPage, AttachmentState, DraftOrigin
from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.outbox import Topic
from forum.domain.papers import PaperVersion
from forum.domain.search_exports import SearchExport
from forum.domain.uploads import Refusal
from forum.services.outbox import enqueue, enqueue_index
from forum.services.storage import Storage

FORGET_AFTER = timedelta(hours=1)
"""A file outlives its row so long: a backup copies the database first, the files after it."""
ORPHANED_AFTER = timedelta(days=1)
"""A file without a row is of an upload that failed once it is so old."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a file: its clean copy and text, or why it was refused."""

    attachment_id: int
    refusal: Refusal | None = None
    key: str = ""
    size: int = 0
    sha256: str = ""
    pages: tuple[str, ...] = ()


def find_quarantined(session: Session, attachment_id: int) -> Attachment | None:
    """Give an attachment that waits for its check, for the worker."""
    attachment = session.get(Attachment, attachment_id)
    waits = attachment is not None and attachment.state is AttachmentState.QUARANTINED
    return attachment if waits else None


def record_verdict(session: Session, verdict: Verdict, *, now: datetime) -> None:
    """Write what became of a file; nothing where it was removed or judged meanwhile."""
    attachment = find_quarantined(session, verdict.attachment_id)
    if attachment is None:
        _forget(session, verdict.key, now=now)
        return
    _forget(session, attachment.storage_key, now=now)
    attachment.checked_at = now
    if verdict.refusal is not None:
        attachment.state, attachment.refusal = AttachmentState.REFUSED, verdict.refusal
        attachment.storage_key, attachment.sha256 = None, None
        return
    attachment.state = AttachmentState.CLEAN
    attachment.storage_key, attachment.size, attachment.sha256 = verdict.key, verdict.size, verdict.sha256
    session.execute(sa.delete(AttachmentPage).where(AttachmentPage.attachment_id == attachment.id))
    session.add_all(
        AttachmentPage(attachment_id=attachment.id, number=number, text=text)
        for number, text in enumerate(verdict.pages, 1)
    )
    session.flush()
    enqueue_index(session, SubjectKind.ATTACHMENT, attachment.id, now=now)


def _forget(session: Session, key: str | None, *, now: datetime) -> None:
    if key:
        enqueue(session, Topic.FILES, {"forget": key}, now=now, at=now + FORGET_AFTER)


def is_kept(session: Session, key: str) -> bool:
    """Whether an attachment, or the export of a search, still has the file of a key."""
    owners = (Attachment, SearchExport)
    return any(
        session.scalar(sa.select(model.id).where(model.storage_key == key).limit(1)) is not None
        for model in owners
    )


def prune_files(session: Session, storage: Storage, *, now: datetime) -> int:
    """Delete files that no attachment has and nobody is about to attach; gives how many."""
    old = [key for key, written_at in storage.list_keys() if written_at < now - ORPHANED_AFTER]
    orphans = [key for key in old if not is_kept(session, key)]
    for key in orphans:
        storage.delete(key)
    return len(orphans)


def count_quarantined(session: Session, *, before: datetime) -> int:
    """Count what has waited for its check since before a moment, for `forum doctor`."""
    return (
        session.scalar(
            sa.select(sa.func.count()).where(
                Attachment.state == AttachmentState.QUARANTINED, Attachment.created_at < before
            )
        )
        or 0
    )


def drop_attachments(session: Session, version: PaperVersion, *, now: datetime) -> None:
    """Delete what came with a draft that is thrown away: rows now, files an hour later."""
    found = session.scalars(sa.select(Attachment).where(Attachment.version_id == version.id)).all()
    delete_attachments(session, found, now=now)
    session.execute(sa.delete(DraftOrigin).where(DraftOrigin.version_id == version.id))


def delete_attachments(session: Session, attachments: Sequence[Attachment], *, now: datetime) -> None:
    """Delete rows and texts now, and have the files forgotten."""
    for attachment in attachments:
        session.execute(sa.delete(AttachmentPage).where(AttachmentPage.attachment_id == attachment.id))
        session.execute(
            sa.delete(Authorship).where(
                Authorship.subject_kind == SubjectKind.ATTACHMENT, Authorship.subject_id == attachment.id
            )
        )
        _forget(session, attachment.storage_key, now=now)
        session.delete(attachment)
    session.flush()


def empty_attachments(session: Session, version: PaperVersion, *, now: datetime) -> None:
    """Take files and texts from the attachments of a version that is withdrawn; their stubs follow it."""
    came_with = Attachment.version_id == version.id
    if version.number == 1:
        came_with = sa.or_(came_with, Attachment.version_id.is_(None))
    for attachment in session.scalars(
        sa.select(Attachment).where(Attachment.paper_id == version.paper_id, came_with)
    ):
        empty_attachment(session, attachment, now=now)


def empty_attachment(session: Session, attachment: Attachment, *, now: datetime) -> None:
    """Take file, text and names from an attachment whose row stays, so that the index learns of it."""
    session.execute(sa.delete(AttachmentPage).where(AttachmentPage.attachment_id == attachment.id))
    _forget(session, attachment.storage_key, now=now)
    attachment.storage_key, attachment.filename, attachment.title = None, "", ""
    attachment.sha256, attachment.sent_sha256 = None, None


def attachment_ids(session: Session, version_id: int) -> Sequence[int]:
    """Give the keys of what came with a version."""
    return session.scalars(sa.select(Attachment.id).where(Attachment.version_id == version_id)).all()
