"""Entries of registers: a passage that somebody follows up, with its evidence, values and dated history."""

import enum
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.attribution import SubjectKind
from forum.domain.base import Base, PublicId
from forum.domain.labels import Labelled

MAX_EVIDENCE = 20
"""Passages that one entry rests on at most."""


class RegisterEntry(PublicId, Labelled, Base):
    """One entry; it speaks for its group, whose ceiling its label keeps to."""

    __tablename__ = "register_entry"
    __table_args__ = (
        sa.Index("ix_register_entry_register_changed", "register", "changed_at", "id"),
        sa.Index("ix_register_entry_group", "group_id", "register"),
    )

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"))
    register: Mapped[str] = mapped_column(sa.String(64))
    """Key of the register in the data file."""
    state: Mapped[str] = mapped_column(sa.String(64))
    """Key of its status in that register; `status` is that of its label."""
    title: Mapped[str]
    language: Mapped[str] = mapped_column(sa.String(8), default="en")
    source: Mapped[str] = mapped_column(default="")
    html: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    owner_body_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    initiative: Mapped[int | None] = mapped_column(index=True)
    act: Mapped[str | None] = mapped_column(sa.String(80))
    """The reference of an act as people write it."""
    act_key: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    """The same as the library knows it: references.Reference.key."""
    article: Mapped[str | None] = mapped_column(sa.String(16))
    country: Mapped[str | None] = mapped_column(sa.String(2))
    due_on: Mapped[date | None]
    held_because: Mapped[str | None]
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime]
    """When its text was written last; `changed_at` is moved by its status and owner too."""
    published_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    lock_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": lock_version}  # noqa: RUF012


class RegisterValue(Base):
    """A value of a field of an entry: a term of a taxonomy, a date or a text."""

    __tablename__ = "register_value"
    __table_args__ = (sa.Index("ix_register_value_field", "field", "entry_id"),)

    entry_id: Mapped[int] = mapped_column(sa.ForeignKey("register_entry.id"), primary_key=True)
    field: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[str]


class RegisterEvidence(PublicId, Base):
    """A passage that an entry rests on: where it is and what it was, never its words.

    What it says is read from its source, by whoever may read that.
    """

    __tablename__ = "register_evidence"
    __table_args__ = (sa.UniqueConstraint("entry_id", "subject_kind", "subject_id", "place"),)

    entry_id: Mapped[int] = mapped_column(sa.ForeignKey("register_entry.id"))
    subject_kind: Mapped[SubjectKind]
    subject_id: Mapped[int] = mapped_column(index=True)
    place: Mapped[str] = mapped_column(sa.String(16), default="")
    """The paragraph of a version ("p17"), the page of a file ("14"), or "" for the whole."""
    hash: Mapped[str] = mapped_column(sa.String(64))
    """SHA-256 of the words that were cited."""
    added_at: Mapped[datetime]


class EntryChange(enum.StrEnum):
    """What a line of an entry's history says."""

    RAISED = "raised"
    STATE = "state"
    OWNER = "owner"
    EDITED = "edited"
    EVIDENCE = "evidence"
    TAKEN_OUT = "taken_out"
    PUT_BACK = "put_back"


class RegisterEvent(Base):
    """One line of an entry's history; its label is the entry's."""

    __tablename__ = "register_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(sa.ForeignKey("register_entry.id"), index=True)
    change: Mapped[EntryChange]
    state: Mapped[str] = mapped_column(sa.String(64))
    """The status of the entry since then."""
    reason: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]


class ThreadTopic(Base):
    """What a discussion is about beside a passage: an entry of a register, or a State and an article."""

    __tablename__ = "thread_topic"

    thread_id: Mapped[int] = mapped_column(sa.ForeignKey("thread.id"), primary_key=True)
    entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("register_entry.id"), index=True)
    country: Mapped[str | None] = mapped_column(sa.String(2), index=True)
    article: Mapped[str | None] = mapped_column(sa.String(16))
