"""Assessments: what is assessed and by which criteria, and what each seat has said of it.

One form for every procedure. A catalogue has solutions, criteria and a scale as data; a seat gives one
assessment a round, which nobody but the seat reads until the stage ends, or one for each country it
describes, which is read at once.
"""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.attribution import Attributed
from forum.domain.base import Base, PublicId
from forum.domain.labels import Labelled


class Unit(enum.StrEnum):
    """What one assessment is about."""

    SEAT = "seat"
    """All solutions, as one seat sees them: blind until the stage ends."""
    COUNTRY = "country"
    """One country, described by a seat: read at once, kept as history when described again."""


class Catalogue(PublicId, Base):
    """What a group assesses. Loaded from its charter, edited by chair and rapporteur until a round opens."""

    __tablename__ = "catalogue"
    __table_args__ = (sa.UniqueConstraint("group_id", "key"),)

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"))
    key: Mapped[str] = mapped_column(sa.String(64))
    title: Mapped[str]
    summary: Mapped[str] = mapped_column(default="")
    unit: Mapped[Unit] = mapped_column(default=Unit.SEAT)
    parts: Mapped[list[Any]] = mapped_column(default=list)
    """Headings of the solutions: [{"key", "title"}]."""
    solutions: Mapped[list[Any]] = mapped_column(default=list)
    """[{"key", "part", "title", "summary"}]."""
    criteria: Mapped[list[Any]] = mapped_column(default=list)
    """[{"key", "title", "question"}]."""
    scale: Mapped[list[str]] = mapped_column(default=list)
    """The words of the ratings, lowest first: the first of them is rating 1."""
    is_edited: Mapped[bool] = mapped_column(default=False)
    """Changed on the web: a later `forum init` leaves it alone."""
    created_at: Mapped[datetime]
    lock_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": lock_version}  # noqa: RUF012


class AssessmentDraft(Base):
    """What a seat writes before it submits; found by the seat's key alone, so a successor goes on with it."""

    __tablename__ = "assessment_draft"
    __table_args__ = (sa.UniqueConstraint("catalogue_id", "round", "writer_key", "described_country"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    catalogue_id: Mapped[int] = mapped_column(sa.ForeignKey("catalogue.id"))
    round: Mapped[int]
    writer_key: Mapped[str] = mapped_column(sa.String(80), index=True)
    """The seat's key, sealed under the Chatham House Rule."""
    described_country: Mapped[str] = mapped_column(sa.String(2), default="")
    entries: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """"solution/criterion" (a cell) -> {"rating", "confidence", "reason", "evidence"}, as typed."""
    edited_at: Mapped[datetime]
    lock_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": lock_version}  # noqa: RUF012


class Assessment(PublicId, Labelled, Attributed, Base):
    """What a seat submitted. Status received is blind: nobody but the seat reads it."""

    __tablename__ = "assessment"
    __table_args__ = (
        sa.UniqueConstraint("catalogue_id", "round", "writer_key", "described_country", "number"),
        sa.Index("ix_assessment_group_status", "group_id", "status"),
    )

    catalogue_id: Mapped[int] = mapped_column(sa.ForeignKey("catalogue.id"))
    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"))
    stage_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stage.id"), index=True)
    round: Mapped[int]
    """From 1, by the stages that assess the same catalogue; 0 where countries are described at any time."""
    writer_key: Mapped[str] = mapped_column(sa.String(80))
    seat_id: Mapped[int | None] = mapped_column(sa.ForeignKey("seat.id"))
    """None under the Chatham House Rule, where nothing says which seat it was."""
    described_country: Mapped[str] = mapped_column(sa.String(2), default="")
    number: Mapped[int] = mapped_column(default=1)
    """Of the descriptions of one country by one seat; those before the newest are its history."""
    title: Mapped[str]
    language: Mapped[str] = mapped_column(sa.String(8), default="en")
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Cell -> {"rating" or null, "confidence", "reason", "html", "evidence", "evidence_html"}."""
    text: Mapped[str] = mapped_column(default="")
    received_at: Mapped[datetime]
    """Under the Chatham House Rule the day on which the stage began, which says nothing."""
    held_because: Mapped[str | None]
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime]
    """Both days under the Chatham House Rule, as the one above."""
    published_at: Mapped[datetime | None]
    superseded_at: Mapped[datetime | None]
    """When the same seat described the same country again."""
    lock_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": lock_version}  # noqa: RUF012


class StageSeat(Base):
    """A seat has given its assessment in a stage: never when, so that nothing ties it to a row above."""

    __tablename__ = "stage_seat"

    stage_id: Mapped[int] = mapped_column(sa.ForeignKey("stage.id"), primary_key=True)
    seat_id: Mapped[int] = mapped_column(sa.ForeignKey("seat.id"), primary_key=True)


class SolutionThread(Base):
    """The discussion of where the assessments of one solution lie apart."""

    __tablename__ = "solution_thread"

    catalogue_id: Mapped[int] = mapped_column(sa.ForeignKey("catalogue.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True)
    solution_key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    thread_id: Mapped[int] = mapped_column(sa.ForeignKey("thread.id"))


class Stance(enum.StrEnum):
    """What a seat annexes to the result."""

    DISSENT = "dissent"
    ABSTENTION = "abstention"


class AnnexedStatement(Base):
    """A seat dissents from the result, or abstains: its reasons are a post, moderated like any other."""

    __tablename__ = "annexed_statement"

    catalogue_id: Mapped[int] = mapped_column(sa.ForeignKey("catalogue.id"), primary_key=True)
    writer_key: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    """The seat's key, sealed under the Chatham House Rule: one statement a seat."""
    stance: Mapped[Stance]
    post_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id"))
