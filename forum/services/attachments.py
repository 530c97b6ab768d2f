"""Reading attachments: the stored file where there is one, and the text of each page."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer
from forum.domain.attachments import Attachment, AttachmentPage, AttachmentState
from forum.domain.attribution import SubjectKind
from forum.domain.consultations import Consultation
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.papers import Paper
from forum.errors import NotFound
from forum.policy import Actor, visible_to
from forum.services.subjects import get_subject


@dataclass(frozen=True, slots=True)
class AttachmentLine:
    """An attachment as its paper lists it."""

    public_id: str
    filename: str
    title: str
    language: str
    media_type: str
    size: int
    state: AttachmentState
    version_id: int | None
    pages: int

    @property
    def has_file(self) -> bool:
        """Whether there is a checked file to download."""
        return self.state is AttachmentState.CLEAN


@dataclass(frozen=True, slots=True)
class AttachmentText:
    """One page of an attachment's text, and how many there are."""

    attachment: Attachment
    group: Group
    paper: Paper | None
    """The paper that it belongs to; None for an answer's."""
    answer: Answer | None
    consultation: Consultation | None
    """Of that answer."""
    number: int
    pages: int
    text: str


_SHOWN = (AttachmentState.CLEAN, AttachmentState.TEXT_ONLY)


def list_attachments(session: Session, actor: Actor, paper_id: int) -> list[AttachmentLine]:
    """Give the attachments of a paper that the actor may read. One statement."""
    pages = (
        sa.select(sa.func.count())
        .select_from(AttachmentPage)
        .where(AttachmentPage.attachment_id == Attachment.id)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(
            Attachment.public_id,
            Attachment.filename,
            Attachment.title,
            Attachment.language,
            Attachment.media_type,
            Attachment.size,
            Attachment.state,
            Attachment.version_id,
            pages,
        )
        .where(
            Attachment.paper_id == paper_id,
            Attachment.state.in_(_SHOWN),
            Attachment.status != Status.WITHDRAWN,
            visible_to(actor, Attachment),
        )
        .order_by(Attachment.id)
    )
    return [AttachmentLine(*row) for row in rows]


def get_attachment(session: Session, actor: Actor, public_id: str) -> AttachmentText:
    """Give an attachment with its first page; NotFound if unreadable, unchecked or withdrawn."""
    return get_page(session, actor, public_id, 1, allow_empty=True)


def get_page(
    session: Session, actor: Actor, public_id: str, number: int, *, allow_empty: bool = False
) -> AttachmentText:
    """Give one page of an attachment's text, from 1; NotFound beyond the last."""
    subject = get_subject(session, actor, SubjectKind.ATTACHMENT, public_id)
    attachment: Attachment = subject.row
    if attachment.state not in _SHOWN or attachment.status is Status.WITHDRAWN:
        raise NotFound
    pages = (
        session.scalar(
            sa.select(sa.func.max(AttachmentPage.number)).where(AttachmentPage.attachment_id == attachment.id)
        )
        or 0
    )
    page = session.get(AttachmentPage, (attachment.id, number))
    if page is None and not allow_empty:
        raise NotFound
    return AttachmentText(
        attachment=attachment,
        group=subject.group,
        paper=subject.paper,
        answer=subject.answer,
        consultation=subject.consultation,
        number=number,
        pages=pages,
        text=page.text if page else "",
    )
