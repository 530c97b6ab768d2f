"""Sending files: attachments of drafts, in quarantine until the worker has checked them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attachments import Attachment, AttachmentState, DraftOrigin
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.outbox import Topic
from forum.domain.uploads import MAX_FILES, MEDIA_TYPES, FileKind
from forum.errors import Invalid, NotFound
from forum.policy import Actor
from forum.services.attachment_files import delete_attachments
from forum.services.drafts import Draft, get_draft
from forum.services.labels import relabel
from forum.services.outbox import enqueue


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was taken into the storage, before anybody has looked into it."""

    filename: str
    kind: FileKind
    size: int
    sha256: str
    key: str
    title: str = ""


def add_attachment(
    session: Session, actor: Actor, draft_id: str, upload: Upload, *, now: datetime
) -> Attachment:
    """Attach a file to a draft and have it checked; only the draft's authors read it until that is sent."""
    return attach_upload(session, get_draft(session, actor, draft_id), upload, now=now)


def attach_upload(session: Session, draft: Draft, upload: Upload, *, now: datetime) -> Attachment:
    """Attach a file to a draft that the caller has loaded, or begun, as its author."""
    count = sa.select(sa.func.count()).where(Attachment.version_id == draft.version.id)
    if (session.scalar(count) or 0) >= MAX_FILES:
        raise Invalid("A version takes up to %(limit)d attachments.", field="file", limit=MAX_FILES)
    return quarantine(
        session,
        draft.group,
        upload,
        draft.version,
        now=now,
        paper_id=draft.paper.id,
        version_id=draft.version.id,
        title=upload.title,
        language=draft.paper.language,
    )


def quarantine(
    session: Session, group: Group, upload: Upload, like: Any, *, now: datetime, **owner: Any
) -> Attachment:
    """Store a file that nobody has looked into, labelled as what it comes with, and have it checked."""
    attachment = Attachment(
        group_id=group.id,
        filename=upload.filename,
        media_type=MEDIA_TYPES[upload.kind],
        size=upload.size,
        sha256=upload.sha256,
        storage_key=upload.key,
        state=AttachmentState.QUARANTINED,
        status=Status.DRAFT,
        tlp=like.tlp,
        named_list_id=like.named_list_id,
        audience="",
        own="",
        created_at=now,
        **owner,
    )
    session.add(attachment)
    session.flush()
    relabel(session, group, attachment, now=now)
    enqueue(session, Topic.FILES, {"attachment_id": attachment.id}, now=now)
    return attachment


def list_draft_attachments(session: Session, draft: Draft) -> Sequence[Attachment]:
    """Give the attachments of a draft in every state, to who may write it: the caller has loaded it so."""
    return session.scalars(
        sa.select(Attachment).where(Attachment.version_id == draft.version.id).order_by(Attachment.id)
    ).all()


def remove_attachment(
    session: Session, actor: Actor, draft_id: str, attachment_id: str, *, now: datetime
) -> str:
    """Take an attachment off a draft; gives its filename."""
    draft = get_draft(session, actor, draft_id)
    attachment = session.scalars(
        sa.select(Attachment).where(
            Attachment.public_id == attachment_id, Attachment.version_id == draft.version.id
        )
    ).first()
    if attachment is None:
        raise NotFound
    delete_attachments(session, [attachment], now=now)
    return attachment.filename


def note_origin(session: Session, version_id: int, filename: str, remarks: dict[str, int]) -> None:
    """Write down which office file a draft was begun from, and what became of its parts."""
    session.add(DraftOrigin(version_id=version_id, filename=filename, remarks=dict(remarks)))


def find_origin(session: Session, version_id: int) -> DraftOrigin | None:
    """Give the office file that a draft was begun from; the caller has loaded the draft as its author."""
    return session.get(DraftOrigin, version_id)


def list_unready(session: Session, version_ids: Collection[int]) -> Sequence[Attachment]:
    """Give attachments of versions that are being checked or were refused, for the versions' authors."""
    states = (AttachmentState.QUARANTINED, AttachmentState.REFUSED)
    return session.scalars(
        sa.select(Attachment)
        .where(
            Attachment.version_id.in_(list(version_ids)),
            Attachment.state.in_(states),
            Attachment.status != Status.WITHDRAWN,
        )
        .order_by(Attachment.id)
    ).all()
