"""The papers that a consultation is about: linked, and shown to whom each of them may be shown."""

import re
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.consultations import MAX_DOCUMENTS, Consultation, ConsultationDocument
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.papers import Paper, PaperVersion
from forum.errors import Invalid
from forum.policy import Actor, visible_to
from forum.services.addresses import paper_path, version_path

_ADDRESS = re.compile(r"papers/([a-z2-7]{13})(?:/(?:v|versions)/([0-9]{1,6}))?")


@dataclass(frozen=True, slots=True)
class Document:
    """A paper as the consultation lists it, in the version that this reader is led to."""

    title: str
    path: str
    number: int
    language: str
    is_fixed: bool
    """Whether one version is meant, whatever came after it."""


def list_documents(session: Session, actor: Actor, consultation_id: int) -> list[Document]:
    """Give the documents that the actor may read, in their order; one statement."""
    rows = session.execute(
        sa.select(
            ConsultationDocument.position,
            ConsultationDocument.version_number,
            PaperVersion.number,
            PaperVersion.title,
            Paper.public_id,
            Paper.language,
            Group.slug,
        )
        .join(Paper, Paper.id == ConsultationDocument.paper_id)
        .join(Group, Group.id == Paper.group_id)
        .join(PaperVersion, PaperVersion.paper_id == Paper.id)
        .where(
            ConsultationDocument.consultation_id == consultation_id,
            PaperVersion.status == Status.PUBLISHED,
            visible_to(actor, PaperVersion),
            sa.or_(
                ConsultationDocument.version_number.is_(None),
                ConsultationDocument.version_number == PaperVersion.number,
            ),
        )
        .order_by(ConsultationDocument.position, PaperVersion.number.desc())
    )
    found: dict[int, Document] = {}
    for position, fixed, number, title, public_id, language, slug in rows:
        assert number is not None  # drafts alone have none
        path = version_path(public_id, number) if fixed else paper_path(slug, public_id)
        found.setdefault(position, Document(title, path, number, language, fixed is not None))
    return list(found.values())


def write_documents(session: Session, actor: Actor, consultation: Consultation, text: str) -> None:
    """Write the documents named by their addresses, one a line; Invalid for what the actor cannot read."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MAX_DOCUMENTS:
        raise Invalid("At most %(limit)d documents.", field="documents", limit=MAX_DOCUMENTS)
    rows = []
    for position, line in enumerate(lines, 1):
        found = _ADDRESS.search(line)
        number = int(found[2]) if found and found[2] else None
        paper_id = find_paper(session, actor, found[1], number) if found else None
        if paper_id is None:
            raise Invalid(
                "There is no paper that you may read at “%(address)s”.", field="documents", address=line[:120]
            )
        rows.append(
            ConsultationDocument(
                consultation_id=consultation.id,
                position=position,
                paper_id=paper_id,
                version_number=number,
            )
        )
    session.execute(
        sa.delete(ConsultationDocument).where(ConsultationDocument.consultation_id == consultation.id)
    )
    session.add_all(rows)
    session.flush()


def documents_text(session: Session, consultation_id: int) -> str:
    """Give the addresses as they are written in the form."""
    rows = session.execute(
        sa.select(ConsultationDocument.version_number, Paper.public_id, Group.slug)
        .join(Paper, Paper.id == ConsultationDocument.paper_id)
        .join(Group, Group.id == Paper.group_id)
        .where(ConsultationDocument.consultation_id == consultation_id)
        .order_by(ConsultationDocument.position)
    )
    return "\n".join(
        version_path(paper, number) if number else paper_path(slug, paper) for number, paper, slug in rows
    )


def find_paper(session: Session, actor: Actor, public_id: str, number: int | None) -> int | None:
    """Give the key of a paper, in a version where one is named, that the actor may read; None otherwise."""
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
