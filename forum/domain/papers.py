"""Papers: positions, group drafts and joint positions, in immutable versions."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.attribution import Attributed
from forum.domain.base import Base, PublicId, partial_index
from forum.domain.labels import Labelled

MAX_ABSTRACT = 5_000
MAX_CHANGE_SUMMARY = 2_000
"""In characters."""


class Purpose(enum.StrEnum):
    """A position is owned by its organisations, a group draft by the group."""

    POSITION = "position"
    GROUP_DRAFT = "group_draft"
    JOINT_POSITION = "joint_position"


class TranslationKind(enum.StrEnum):
    """Who answers for a translation; a paper of no kind is the authentic text."""

    AUTHOR = "author"
    OFFICIAL = "official"
    MACHINE = "machine"


class Paper(PublicId, Attributed, Base):
    """A long text in versions; what can be read is each version, not the paper."""

    __tablename__ = "paper"

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    purpose: Mapped[Purpose] = mapped_column(default=Purpose.POSITION)
    consultation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("consultation.id"), index=True)
    language: Mapped[str] = mapped_column(sa.String(8), default="en")
    translation_of: Mapped[str | None] = mapped_column(index=True)
    """The key of a set of translations."""
    translation_kind: Mapped[TranslationKind | None]
    """Null for an authentic text, and where a record does not say."""
    takes_suggestions: Mapped[bool] = mapped_column(default=False)
    sealed_owner: Mapped[str | None] = mapped_column(sa.String(80))
    """Under the Chatham House Rule: the sealed key of the body it was sent for; no PaperOwner row says it."""
    created_at: Mapped[datetime]


class PaperVersion(PublicId, Labelled, Base):
    """One text of a paper: a draft while it is written, immutable once sent."""

    __tablename__ = "paper_version"
    __table_args__ = (
        sa.UniqueConstraint("paper_id", "number"),
        sa.Index("ix_paper_version_group_status", "group_id", "status"),
        # One draft a paper, shared by its co-authors.
        partial_index(
            "uq_paper_version_draft",
            "paper_id",
            unique=True,
            where="status = 'draft'",
        ),
    )

    paper_id: Mapped[int] = mapped_column(sa.ForeignKey("paper.id"), index=True)
    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"))
    number: Mapped[int | None]
    """From 1; null while it is a draft."""
    based_on: Mapped[int | None]
    """The number of the version it was written from; null for a first version."""
    translates: Mapped[int | None]
    """Of a translation: the number of the authentic paper's version whose text this is."""
    title: Mapped[str]
    abstract: Mapped[str] = mapped_column(default="")
    abstract_language: Mapped[str | None] = mapped_column(sa.String(8))
    abstract_translated: Mapped[str] = mapped_column(default="")
    """The author's summary in another language, and which."""
    change_summary: Mapped[str] = mapped_column(default="")
    # The long columns come last in the row, so that listing versions touches no overflow page.
    html: Mapped[str] = mapped_column(sort_order=11)
    source: Mapped[str] = mapped_column(sort_order=12)
    text: Mapped[str] = mapped_column(sort_order=13)
    paragraphs: Mapped[list[Any]] = mapped_column(default=list, sort_order=10)
    """[[number, anchor, kind, start, end, hash]] into text, as richtext.Paragraph gives them."""
    content_hash: Mapped[str] = mapped_column(sa.String(64))
    render_version: Mapped[int]
    word_count: Mapped[int] = mapped_column(default=0)
    held_because: Mapped[str | None]
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    lock_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": lock_version}  # noqa: RUF012


class PaperOwner(Base):
    """An organisation that owns a position."""

    __tablename__ = "paper_owner"

    paper_id: Mapped[int] = mapped_column(sa.ForeignKey("paper.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        sa.ForeignKey("organisation.id"), primary_key=True, index=True
    )


class AuthorRole(enum.StrEnum):
    """Who writes a draft; bodies that are asked to sign it are signatures.Signatory."""

    AUTHOR = "author"
    COORDINATOR = "coordinator"


class PaperAuthor(Base):
    """A person who writes the drafts of a paper; ended when they leave."""

    __tablename__ = "paper_author"

    paper_id: Mapped[int] = mapped_column(sa.ForeignKey("paper.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True, index=True)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"))
    role: Mapped[AuthorRole] = mapped_column(default=AuthorRole.AUTHOR)
    added_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
