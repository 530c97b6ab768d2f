"""Notices: what a person is told, and which mail a person wants."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.attribution import SubjectKind
from forum.domain.base import Base, PublicId


class NoticeKind(enum.StrEnum):
    """Why a person is told."""

    HELD = "held"
    DECIDED = "decided"
    REPLIED = "replied"
    MENTIONED = "mentioned"
    INVITED = "invited"
    FLAG_ANSWERED = "flag_answered"
    QUESTION_ANSWERED = "question_answered"
    UNSEALED = "unsealed"
    """Two people looked up who wrote something under the Chatham House Rule."""
    APPEAL_FILED = "appeal_filed"
    """An appeal that one may decide."""
    APPEAL_ANSWERED = "appeal_answered"
    COMMENT_ANSWERED = "comment_answered"
    SIGNATURE_ASKED = "signature_asked"
    """A joint position waits for the answer of a body one speaks for."""
    SIGNATURE_ANSWERED = "signature_answered"
    """A body answered about a joint position one writes."""
    SAVED_SEARCH = "saved_search"
    RECEIVED = "received"
    """An answer to a consultation came in: the receipt of it."""
    REMINDED = "reminded"
    LATE_DECIDED = "late_decided"
    """Whether an answer is taken after the closing."""
    STAGE_OPENED = "stage_opened"
    """A group's procedure went on to its next stage."""
    SEAT_REMINDED = "seat_reminded"
    """A stage waits for the seat one holds."""
    ENTRY_GIVEN = "entry_given"
    """An entry of a register is now one's own."""
    ENTRY_MOVED = "entry_moved"
    """Somebody took one's entry to another status."""
    MEETING_CONVENED = "meeting_convened"
    MEETING_CHANGED = "meeting_changed"
    MEETING_CANCELLED = "meeting_cancelled"
    MINUTES = "minutes"
    """Minutes were circulated, or adopted."""
    BALLOT_OPENED = "ballot_opened"
    BALLOT_CLOSED = "ballot_closed"
    DECLARATION_ASKED = "declaration_asked"
    """One's declaration of interests is missing or due again."""
    SEAT_DECIDED = "seat_decided"
    """What was decided about one's application for a seat."""
    STATUS_PROPOSED = "status_proposed"
    """A status of the State one is the contact of waits for a remark."""
    STATUS_REMARKED = "status_remarked"
    """A State's contact wrote a remark on a status one proposed."""
    STATUS_PUBLISHED = "status_published"


class Notice(PublicId, Base):
    """One line on a person's notices page; text and rights are looked up when it is shown."""

    __tablename__ = "notice"
    __table_args__ = (sa.Index("ix_notice_account_unread", "account_id", "read_at"),)

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    kind: Mapped[NoticeKind]
    group_id: Mapped[int | None] = mapped_column(sa.ForeignKey("working_group.id"))
    subject_kind: Mapped[SubjectKind | None]
    subject_id: Mapped[int | None]
    decision_id: Mapped[int | None] = mapped_column(sa.ForeignKey("moderation_decision.id"))
    occasion: Mapped[str | None] = mapped_column(sa.String(40))
    """What exactly it was, where the subject alone does not say it: "receipt:17", "reminder:5"."""
    saved_search_id: Mapped[int | None] = mapped_column(sa.ForeignKey("saved_search.id"))
    key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    """Idempotence: the same event never notifies twice."""
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]


class MailPreference(Base):
    """Whether a person wants one kind of mail; no row means yes."""

    __tablename__ = "mail_preference"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    kind: Mapped[NoticeKind] = mapped_column(primary_key=True)
    is_wanted: Mapped[bool] = mapped_column(default=True)
