"""The documents of a meeting: papers and attachments of the house, shown to whom each may be shown."""

import re
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attachments import Attachment
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.meetings import MAX_MEETING_DOCUMENTS, Meeting, MeetingDocument
from forum.domain.papers import Paper, PaperVersion
from forum.errors import Invalid
from forum.policy import Actor, visible_to
from forum.services.addresses import attachment_path, paper_path, version_path
from forum.services.consultation_documents import find_paper

_PAPER = re.compile(r"papers/([a-z2-7]{13})(?:/(?:v|versions)/([0-9]{1,6}))?")
_ATTACHMENT = re.compile(r"attachments/([a-z2-7]{13})")
_POINT = re.compile(r"\s+([0-9]{1,2})$")


@dataclass(frozen=True, slots=True)
class MeetingPaper:
    """A document as the meeting lists it to one reader."""

    title: str
    path: str
    language: str
    number: int | None
    """Of the paper's version; None for an attachment."""
    is_fixed: bool
    point: int | None
    added_at: datetime


def list_documents(session: Session, actor: Actor, meeting_id: int) -> list[MeetingPaper]:
    """Give the documents that the actor may read, in their order; two statements."""
    rows = session.execute(
        sa.select(
            MeetingDocument,
            PaperVersion.number,
            PaperVersion.title,
            Paper.public_id,
            Paper.language,
            Group.slug,
        )
        .join(Paper, Paper.id == MeetingDocument.paper_id)
        .join(Group, Group.id == Paper.group_id)
        .join(PaperVersion, PaperVersion.paper_id == Paper.id)
        .where(
            MeetingDocument.meeting_id == meeting_id,
            PaperVersion.status == Status.PUBLISHED,
            visible_to(actor, PaperVersion),
            sa.or_(
                MeetingDocument.version_number.is_(None),
                MeetingDocument.version_number == PaperVersion.number,
            ),
        )
        .order_by(MeetingDocument.position, PaperVersion.number.desc())
    )
    found: dict[int, MeetingPaper] = {}
    for row, number, title, public_id, language, slug in rows:
        assert number is not None  # drafts alone have none
        is_fixed = row.version_number is not None
        path = version_path(public_id, number) if is_fixed else paper_path(slug, public_id)
        line = MeetingPaper(title, path, language, number, is_fixed, row.point_number, row.added_at)
        found.setdefault(row.position, line)
    files = session.execute(
        sa.select(MeetingDocument, Attachment)
        .join(Attachment, Attachment.id == MeetingDocument.attachment_id)
        .where(
            MeetingDocument.meeting_id == meeting_id,
            Attachment.status == Status.PUBLISHED,
            visible_to(actor, Attachment),
        )
    )
    for row, file in files:
        path = attachment_path(file.public_id)
        found[row.position] = MeetingPaper(
            file.title or file.filename, path, file.language, None, True, row.point_number, row.added_at
        )
    return [found[position] for position in sorted(found)]


def write_documents(session: Session, actor: Actor, meeting: Meeting, text: str, *, now: datetime) -> None:
    """Write the documents named by their addresses, one a line; Invalid for what the actor cannot read.

    One that was there keeps the moment it was added: lead times go by that.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MAX_MEETING_DOCUMENTS:
        raise Invalid("At most %(limit)d documents.", field="documents", limit=MAX_MEETING_DOCUMENTS)
    before = {
        (row.paper_id, row.version_number, row.attachment_id): row.added_at
        for row in session.scalars(sa.select(MeetingDocument).where(MeetingDocument.meeting_id == meeting.id))
    }
    rows = []
    for position, line in enumerate(lines, 1):
        point = _POINT.search(line)
        target = _find(session, actor, line)
        if target is None:
            raise Invalid(
                "There is no document that you may read at “%(address)s”.",
                field="documents",
                address=line[:120],
            )
        rows.append(
            MeetingDocument(
                meeting_id=meeting.id,
                position=position,
                paper_id=target[0],
                version_number=target[1],
                attachment_id=target[2],
                point_number=int(point[1]) if point else None,
                added_at=before.get(target, now),
            )
        )
    session.execute(sa.delete(MeetingDocument).where(MeetingDocument.meeting_id == meeting.id))
    session.add_all(rows)
    session.flush()


def documents_text(session: Session, meeting_id: int) -> str:
    """Give the documents as they are written in the form."""
    rows = session.execute(
        sa.select(MeetingDocument, Paper.public_id, Group.slug, Attachment.public_id.label("file"))
        .outerjoin(Paper, Paper.id == MeetingDocument.paper_id)
        .outerjoin(Group, Group.id == Paper.group_id)
        .outerjoin(Attachment, Attachment.id == MeetingDocument.attachment_id)
        .where(MeetingDocument.meeting_id == meeting_id)
        .order_by(MeetingDocument.position)
    )
    lines = []
    for row, paper, slug, file in rows:
        if row.attachment_id is not None:
            path = attachment_path(file)
        else:
            number = row.version_number
            path = version_path(paper, number) if number else paper_path(slug, paper)
        lines.append(f"{path} {row.point_number}" if row.point_number else path)
    return "\n".join(lines)


def _find(session: Session, actor: Actor, line: str) -> tuple[int | None, int | None, int | None] | None:
    """Give paper, version number and attachment of a line; None where there is nothing that may be read."""
    if paper := _PAPER.search(line):
        number = int(paper[2]) if paper[2] else None
        paper_id = find_paper(session, actor, paper[1], number)
        return (paper_id, number, None) if paper_id is not None else None
    if file := _ATTACHMENT.search(line):
        attachment_id = session.scalar(
            sa.select(Attachment.id).where(
                Attachment.public_id == file[1],
                Attachment.status == Status.PUBLISHED,
                visible_to(actor, Attachment),
            )
        )
        return (None, None, attachment_id) if attachment_id is not None else None
    return None
