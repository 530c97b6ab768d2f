"""The documents that a meeting or a consultation is about: linked, and shown to whom each may be shown."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attachments import Attachment
from forum.domain.consultations import MAX_DOCUMENTS, ConsultationDocument
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.meetings import MAX_MEETING_DOCUMENTS, MeetingDocument
from forum.domain.papers import Paper, PaperVersion
from forum.errors import Invalid
from forum.policy import Actor, visible_to
from forum.services.addresses import attachment_path, paper_path, version_path

_PAPER = re.compile(r"papers/([a-z2-7]{13})(?:/(?:v|versions)/([0-9]{1,6}))?")
_ATTACHMENT = re.compile(r"attachments/([a-z2-7]{13})")
_POINT = re.compile(r"\s+([0-9]{1,2})$")


@dataclass(frozen=True, slots=True)
class Links:
    """A table of links: whose documents it holds, how many of them, and whether files are among them."""

    model: Any
    owner: Any
    """The column of the thing whose documents they are."""
    most: int
    takes_files: bool
    """Files are named by point of an agenda as well, with the moment they were added."""


OF_MEETINGS = Links(MeetingDocument, MeetingDocument.meeting_id, MAX_MEETING_DOCUMENTS, takes_files=True)
OF_CONSULTATIONS = Links(
    ConsultationDocument, ConsultationDocument.consultation_id, MAX_DOCUMENTS, takes_files=False
)


@dataclass(frozen=True, slots=True)
class LinkedDocument:
    """A document as one reader sees it, a paper in the version that this reader is led to."""

    title: str
    path: str
    language: str
    number: int | None
    """Of the paper's version; None for an attachment."""
    is_fixed: bool
    """Whether one version is meant, whatever came after it."""
    point: int | None = None
    """The point of the agenda that it belongs to, from 1."""
    added_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Target:
    paper_id: int | None
    version_number: int | None
    attachment_id: int | None


def list_documents(session: Session, actor: Actor, links: Links, owner_id: int) -> list[LinkedDocument]:
    """Give the documents that the actor may read, in their order; two statements at most."""
    model = links.model
    rows = session.execute(
        sa.select(model, PaperVersion.number, PaperVersion.title, Paper.public_id, Paper.language, Group.slug)
        .join(Paper, Paper.id == model.paper_id)
        .join(Group, Group.id == Paper.group_id)
        .join(PaperVersion, PaperVersion.paper_id == Paper.id)
        .where(
            links.owner == owner_id,
            PaperVersion.status == Status.PUBLISHED,
            visible_to(actor, PaperVersion),
            sa.or_(model.version_number.is_(None), model.version_number == PaperVersion.number),
        )
        .order_by(model.position, PaperVersion.number.desc())
    )
    found: dict[int, LinkedDocument] = {}
    for row, number, title, public_id, language, slug in rows:
        assert number is not None  # drafts alone have none
        is_fixed = row.version_number is not None
        path = version_path(public_id, number) if is_fixed else paper_path(slug, public_id)
        line = LinkedDocument(title, path, language, number, is_fixed, *_place(links, row))
        found.setdefault(row.position, line)
    if links.takes_files:
        found |= _list_files(session, actor, links, owner_id)
    return [found[position] for position in sorted(found)]


def _list_files(session: Session, actor: Actor, links: Links, owner_id: int) -> dict[int, LinkedDocument]:
    files = session.execute(
        sa.select(links.model, Attachment)
        .join(Attachment, Attachment.id == links.model.attachment_id)
        .where(links.owner == owner_id, Attachment.status == Status.PUBLISHED, visible_to(actor, Attachment))
    )
    return {
        row.position: LinkedDocument(
            file.title or file.filename,
            attachment_path(file.public_id),
            file.language,
            None,
            True,
            *_place(links, row),
        )
        for row, file in files
    }


def _place(links: Links, row: Any) -> tuple[int | None, datetime | None]:
    return (row.point_number, row.added_at) if links.takes_files else (None, None)


def write_documents(
    session: Session, actor: Actor, links: Links, owner_id: int, text: str, *, now: datetime
) -> None:
    """Write the documents named by their addresses, one a line; Invalid for what the actor cannot read.

    One that was there keeps the moment it was added: lead times go by that.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > links.most:
        raise Invalid("At most %(limit)d documents.", field="documents", limit=links.most)
    before = {
        _target_of(row): _place(links, row)[1]
        for row in session.scalars(sa.select(links.model).where(links.owner == owner_id))
    }
    rows = []
    for position, line in enumerate(lines, 1):
        target = _find(session, actor, links, line)
        if target is None:
            raise Invalid(
                "There is no document that you may read at “%(address)s”.",
                field="documents",
                address=line[:120],
            )
        values: dict[str, Any] = {
            links.owner.key: owner_id,
            "position": position,
            "paper_id": target.paper_id,
            "version_number": target.version_number,
        }
        if links.takes_files:
            point = _POINT.search(line)
            values |= {
                "attachment_id": target.attachment_id,
                "point_number": int(point[1]) if point else None,
                "added_at": before.get(target, now),
            }
        rows.append(links.model(**values))
    session.execute(sa.delete(links.model).where(links.owner == owner_id))
    session.add_all(rows)
    session.flush()


def documents_text(session: Session, links: Links, owner_id: int) -> str:
    """Give the documents as they are written in the form."""
    model = links.model
    file = Attachment.public_id if links.takes_files else sa.null()
    statement = (
        sa.select(model, Paper.public_id, Group.slug, file.label("file"))
        .outerjoin(Paper, Paper.id == model.paper_id)
        .outerjoin(Group, Group.id == Paper.group_id)
        .where(links.owner == owner_id)
        .order_by(model.position)
    )
    if links.takes_files:
        statement = statement.outerjoin(Attachment, Attachment.id == model.attachment_id)
    lines = []
    for row, paper, slug, public_id in session.execute(statement):
        number, point = row.version_number, _place(links, row)[0]
        if public_id is not None:
            path = attachment_path(public_id)
        else:
            path = version_path(paper, number) if number else paper_path(slug, paper)
        lines.append(f"{path} {point}" if point else path)
    return "\n".join(lines)


def _target_of(row: Any) -> _Target:
    return _Target(row.paper_id, row.version_number, getattr(row, "attachment_id", None))


def _find(session: Session, actor: Actor, links: Links, line: str) -> _Target | None:
    """Give what a line names; None where there is nothing that may be read."""
    if paper := _PAPER.search(line):
        number = int(paper[2]) if paper[2] else None
        paper_id = _find_paper(session, actor, paper[1], number)
        return _Target(paper_id, number, None) if paper_id is not None else None
    if links.takes_files and (file := _ATTACHMENT.search(line)):
        attachment_id = session.scalar(
            sa.select(Attachment.id).where(
                Attachment.public_id == file[1],
                Attachment.status == Status.PUBLISHED,
                visible_to(actor, Attachment),
            )
        )
        return _Target(None, None, attachment_id) if attachment_id is not None else None
    return None


def _find_paper(session: Session, actor: Actor, public_id: str, number: int | None) -> int | None:
    """Give the key of a paper, in a version where one is named, that the actor may read."""
    statement = (
        sa.select(Paper.id)
        .join(PaperVersion, PaperVersion.paper_id == Paper.id)
        .where(
            Paper.public_id == public_id,
            PaperVersion.status == Status.PUBLISHED,
            visible_to(actor, PaperVersion),
        )
    )
    if number is not None:
        statement = statement.where(PaperVersion.number == number)
    return session.scalar(statement.limit(1))
