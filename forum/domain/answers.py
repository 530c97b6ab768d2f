"""Answers to a consultation's questions: the shared draft, what was sent, and the receipt of each sending."""

import enum
import hashlib
import json
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.attribution import Attributed
from forum.domain.base import Base, PublicId
from forum.domain.labels import Labelled


class Publication(enum.StrEnum):
    """Whether an answer is ever read by others than its writers and the consultation's secretariat."""

    PUBLISH = "publish"
    CONFIDENTIAL = "confidential"


class AnswerDraft(PublicId, Base):
    """What a body or a person writes before it is sent, shared by everyone who may write for it.

    Each question has a version of its own, so that colleagues who write on different questions never
    meet, and those who write on the same one are shown both texts.
    """

    __tablename__ = "answer_draft"
    __table_args__ = (sa.UniqueConstraint("consultation_id", "writer_key"),)

    consultation_id: Mapped[int] = mapped_column(sa.ForeignKey("consultation.id"))
    writer_key: Mapped[str] = mapped_column(sa.String(80), index=True)
    """Whose answer it is, as services.sealing writes it: an account, an organisation, a seat; or sealed."""
    entries: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Question key -> {"value", "version", "by" (public id of an account or null), "at"}."""
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime]
    lock_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": lock_version}  # noqa: RUF012

    @property
    def values(self) -> dict[str, Any]:
        """The answers as they stand, without those taken back."""
        return {key: entry["value"] for key, entry in self.entries.items() if entry.get("value") is not None}


class Answer(PublicId, Labelled, Attributed, Base):
    """The answer of one body or person as it was last sent; one a consultation."""

    __tablename__ = "answer"
    __table_args__ = (
        sa.UniqueConstraint("consultation_id", "writer_key"),
        sa.Index("ix_answer_consultation_status", "consultation_id", "status"),
    )

    consultation_id: Mapped[int] = mapped_column(sa.ForeignKey("consultation.id"))
    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    writer_key: Mapped[str] = mapped_column(sa.String(80))
    number: Mapped[int] = mapped_column(default=1)
    """How often it was sent."""
    title: Mapped[str]
    """The consultation's, as it was when this was sent."""
    language: Mapped[str] = mapped_column(sa.String(8), default="en")
    publication: Mapped[Publication] = mapped_column(default=Publication.PUBLISH)
    content_hash: Mapped[str] = mapped_column(sa.String(64))
    received_at: Mapped[datetime]
    """When Submit was pressed; moderation never changes it. Under the Chatham House Rule the day."""
    late_reason: Mapped[str] = mapped_column(default="")
    """Why the chair took it after the closing; empty where it came in time."""
    is_testimony: Mapped[bool] = mapped_column(default=False)
    """Of a body of victims and survivors: it can be withdrawn at any time."""
    held_because: Mapped[str | None]
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    values: Mapped[dict[str, Any]] = mapped_column(default=dict, sort_order=10)
    text: Mapped[str] = mapped_column(default="", sort_order=11)
    """Questions and answers as plain text, to be searched and moderated."""


class AnswerReceipt(PublicId, Base):
    """What was sent once, as it was sent: never changed, blanked only when the answer is withdrawn."""

    __tablename__ = "answer_receipt"
    __table_args__ = (sa.UniqueConstraint("answer_id", "number"),)

    answer_id: Mapped[int] = mapped_column(sa.ForeignKey("answer.id"))
    number: Mapped[int]
    received_at: Mapped[datetime]
    content_hash: Mapped[str] = mapped_column(sa.String(64))
    is_late: Mapped[bool] = mapped_column(default=False)
    submitted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    canonical: Mapped[str] = mapped_column(default="")
    """The text that the hash is of."""


class LateEntry(PublicId, Base):
    """Somebody asks to be heard late, or the chair offers it; the chair decides, with a reason."""

    __tablename__ = "late_entry"
    __table_args__ = (sa.UniqueConstraint("consultation_id", "writer_key"),)

    consultation_id: Mapped[int] = mapped_column(sa.ForeignKey("consultation.id"))
    writer_key: Mapped[str] = mapped_column(sa.String(80))
    name: Mapped[str] = mapped_column(default="")
    """As the chair is shown it; empty under the Chatham House Rule."""
    message: Mapped[str] = mapped_column(default="")
    asked_at: Mapped[datetime | None]
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    is_admitted: Mapped[bool | None]
    """None until the chair has decided."""
    until: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))


class Reminder(PublicId, Base):
    """A round of reminders that went out, by hand or by itself before the closing."""

    __tablename__ = "reminder"
    __table_args__ = (sa.UniqueConstraint("consultation_id", "due_at"),)

    consultation_id: Mapped[int] = mapped_column(sa.ForeignKey("consultation.id"))
    due_at: Mapped[datetime]
    """When it was due (by itself) or sent (by hand): the same round never goes out twice."""
    sent_at: Mapped[datetime]
    sent_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    """None where it went out by itself."""
    people: Mapped[int] = mapped_column(default=0)


def canonical_form(consultation_id: str, language: str, values: Mapping[str, Any]) -> str:
    """Give the one text that stands for what was sent: JSON, sorted, without blanks, in Unicode's NFC.

    It names no author: who wrote stays readable only where it may be, and the same text sent by two bodies
    has the same hash, so that a coalition is one text.
    """
    content = {"answers": values, "consultation": consultation_id, "language": language}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return unicodedata.normalize("NFC", text)


def fingerprint(value: Any) -> str:
    """Give a short mark of an answer to one question, by which a form shows whether it was changed."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def content_hash(canonical: str) -> str:
    """Give the SHA-256 of a canonical form in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical.encode()).hexdigest()
