"""Joint positions: bodies asked to sign, what each answered about which text, which versions it signed."""

import enum
import hashlib
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, PublicId

MAX_PASSAGE = 1_000
MAX_WORDING = 5_000
MAX_NOTE = 2_000
"""In characters."""


class SigningAnswer(enum.StrEnum):
    """What a body says to a text."""

    AGREE = "agree"
    IF_CHANGED = "if_changed"
    DECLINE = "decline"


class Standing(enum.StrEnum):
    """How a body stands to the text as it is now."""

    AGREED = "agreed"
    AGREED_EARLIER = "agreed_earlier"
    """It agreed, and the text changed since: that counts for nothing."""
    WANTS_CHANGES = "wants_changes"
    DECLINED = "declined"
    MISSING = "missing"


class Signatory(PublicId, Base):
    """A body asked to sign a joint position; its mandate-holders read the drafts for as long as it is."""

    __tablename__ = "signatory"
    __table_args__ = (sa.UniqueConstraint("paper_id", "organisation_id"),)

    paper_id: Mapped[int] = mapped_column(sa.ForeignKey("paper.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    invited_at: Mapped[datetime]
    asked_at: Mapped[datetime]
    """When its people were last told."""
    rounds: Mapped[int] = mapped_column(default=1)
    """How often they were told."""
    ended_at: Mapped[datetime | None]


class SignatoryAnswer(PublicId, Base):
    """One answer of a body, bound to the very text it is about; the newest counts, all are kept."""

    __tablename__ = "signatory_answer"

    signatory_id: Mapped[int] = mapped_column(sa.ForeignKey("signatory.id"), index=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("paper_version.id"), index=True)
    text_hash: Mapped[str] = mapped_column(sa.String(64))
    answer: Mapped[SigningAnswer]
    passage: Mapped[str] = mapped_column(default="")
    wording: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    answered_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    answered_at: Mapped[datetime]


class Signature(Base):
    """A body that agreed to the very text of a version when it was sent."""

    __tablename__ = "signature"

    version_id: Mapped[int] = mapped_column(sa.ForeignKey("paper_version.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        sa.ForeignKey("organisation.id"), primary_key=True, index=True
    )
    answered_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    signed_at: Mapped[datetime]


def text_hash(*, title: str, summary: str, label: str, content_hash: str) -> str:
    """Give the hash of what a body agrees to: title, summary, text, and who may read it."""
    parts = (title.strip(), summary.strip(), label, content_hash)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def standing(answer: SigningAnswer | None, *, is_of_this_text: bool) -> Standing:
    """Give how a body stands, from its newest answer and whether that was about the text as it is now."""
    match answer:
        case SigningAnswer.AGREE:
            return Standing.AGREED if is_of_this_text else Standing.AGREED_EARLIER
        case SigningAnswer.IF_CHANGED:
            return Standing.WANTS_CHANGES
        case SigningAnswer.DECLINE:
            return Standing.DECLINED
        case None:
            return Standing.MISSING
