"""Attachments of papers and of answers, and the text extracted from them, page by page."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, PublicId
from forum.domain.labels import Labelled
from forum.domain.uploads import Refusal


class AttachmentState(enum.StrEnum):
    """Quarantined until checked; a text-only one came with an import and has no file."""

    QUARANTINED = "quarantined"
    CLEAN = "clean"
    REFUSED = "refused"
    TEXT_ONLY = "text_only"


class Attachment(PublicId, Labelled, Base):
    """A document that belongs to a paper, labelled as the version it came with, or to an answer, as that.

    Until an answer is sent, its files belong to its draft and are labelled for nobody: who writes on the
    draft reaches them through it.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        sa.CheckConstraint(
            "CASE WHEN paper_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN answer_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN answer_draft_id IS NULL THEN 0 ELSE 1 END = 1",
            name="one_owner",
        ),
        sa.UniqueConstraint("answer_id", "question_key"),
        sa.UniqueConstraint("answer_draft_id", "question_key"),
    )

    paper_id: Mapped[int | None] = mapped_column(sa.ForeignKey("paper.id"), index=True)
    answer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("answer.id"))
    answer_draft_id: Mapped[int | None] = mapped_column(sa.ForeignKey("answer_draft.id"))
    question_key: Mapped[str | None] = mapped_column(sa.String(12))
    """The question that it answers; null for a paper's, and for one that a later sending has replaced."""
    version_id: Mapped[int | None] = mapped_column(sa.ForeignKey("paper_version.id"), index=True)
    """The version it came with, whose label it has; null means the paper's first."""
    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"))
    filename: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(sa.String(8), default="en")
    media_type: Mapped[str] = mapped_column(sa.String(100), default="text/plain")
    size: Mapped[int] = mapped_column(default=0)
    """In bytes."""
    sha256: Mapped[str | None] = mapped_column(sa.String(64))
    """Of the stored copy, which the check cleans."""
    sent_sha256: Mapped[str | None] = mapped_column(sa.String(64))
    """Of an answer's file as it was sent: the answer's text names it so, and its hash rests on it."""
    storage_key: Mapped[str | None] = mapped_column(sa.String(64))
    state: Mapped[AttachmentState] = mapped_column(default=AttachmentState.QUARANTINED)
    refusal: Mapped[Refusal | None]
    """Why it was refused; the file is gone then."""
    checked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class AttachmentPage(Base):
    """The extracted text of one page, from 1."""

    __tablename__ = "attachment_page"

    attachment_id: Mapped[int] = mapped_column(sa.ForeignKey("attachment.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


class DraftOrigin(Base):
    """The office file that a draft was begun from, and how often what of it was lost or accepted."""

    __tablename__ = "draft_origin"

    version_id: Mapped[int] = mapped_column(sa.ForeignKey("paper_version.id"), primary_key=True)
    filename: Mapped[str]
    remarks: Mapped[dict[str, Any]]
    """Counts by the kind of remark (office.assembling)."""
