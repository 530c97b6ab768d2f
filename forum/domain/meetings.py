"""Meetings: the agenda with its points, documents, attendance by seat, and minutes point by point."""

import enum
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, PublicId, partial_index
from forum.domain.labels import Labelled
from forum.domain.practice import Practice

MAX_POINTS = 60
MAX_MEETING_DOCUMENTS = 60
MAX_PLACE = 500
MAX_MINUTES = 40_000
"""In characters, a point."""
MAX_REMARK = 10_000


class MinutesState(enum.StrEnum):
    """Minutes are drafted, circulated to the members, and adopted; only then do others read them."""

    NONE = "none"
    DRAFT = "draft"
    CIRCULATED = "circulated"
    ADOPTED = "adopted"


class AttendanceState(enum.StrEnum):
    """How a seat took part, or that somebody watched."""

    PRESENT = "present"
    ALTERNATE = "alternate"
    """Represented by an alternate."""
    EXCUSED = "excused"
    ABSENT = "absent"
    OBSERVER = "observer"


ATTENDING = frozenset({AttendanceState.PRESENT, AttendanceState.ALTERNATE})
"""What counts for the quorum of a meeting."""


class Meeting(PublicId, Labelled, Base):
    """A meeting of a group: prepared by chair and secretariat, convened, held, minuted; or cancelled.

    While it is prepared its status is draft; whoever may read it learns of it when it is convened.
    """

    __tablename__ = "meeting"
    __table_args__ = (sa.Index("ix_meeting_group_starts", "group_id", "starts_at"),)

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"))
    stage_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stage.id"))
    """The stage of the group's procedure that it belongs to."""
    title: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    time_zone: Mapped[str] = mapped_column(sa.String(64), default="Europe/Brussels")
    """The zone in which its times were set, and are said."""
    place: Mapped[str] = mapped_column(default="")
    """A room, or the address of a call, as text."""
    language: Mapped[str] = mapped_column(sa.String(8), default="en")
    source: Mapped[str] = mapped_column(default="")
    html: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    sequence: Mapped[int] = mapped_column(default=0)
    """Raised by each change after it was convened, so that calendars take it over (RFC 5545)."""
    convened_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str] = mapped_column(default="")
    minutes_state: Mapped[MinutesState] = mapped_column(default=MinutesState.NONE)
    minutes_circulated_at: Mapped[datetime | None]
    minutes_adopted_at: Mapped[datetime | None]
    remarks_until: Mapped[datetime | None]
    """Until when members propose corrections to circulated minutes; null where they take none."""
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class AgendaPoint(PublicId, Base):
    """One point of an agenda; its public id is the lasting address of what was said under it."""

    __tablename__ = "agenda_point"

    meeting_id: Mapped[int] = mapped_column(sa.ForeignKey("meeting.id"), index=True)
    position: Mapped[int]
    title: Mapped[str]
    minutes_source: Mapped[str] = mapped_column(default="")
    minutes_html: Mapped[str] = mapped_column(default="")
    minutes_text: Mapped[str] = mapped_column(default="")


class RemarkAnswer(enum.StrEnum):
    """What became of a proposed correction."""

    TAKEN_UP = "taken_up"
    PARTLY = "partly"
    NOT_TAKEN_UP = "not_taken_up"


class MinutesRemark(PublicId, Base):
    """A correction that a member proposes to circulated minutes, with the chair's answer."""

    __tablename__ = "minutes_remark"

    meeting_id: Mapped[int] = mapped_column(sa.ForeignKey("meeting.id"), index=True)
    point_id: Mapped[int] = mapped_column(sa.ForeignKey("agenda_point.id"), index=True)
    seat_id: Mapped[int | None] = mapped_column(sa.ForeignKey("seat.id"))
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    """Both null where the group's authors are sealed."""
    source: Mapped[str]
    html: Mapped[str]
    text: Mapped[str]
    given_at: Mapped[datetime]
    """Under the Chatham House Rule when the minutes were circulated."""
    answer: Mapped[RemarkAnswer | None]
    answer_source: Mapped[str] = mapped_column(default="")
    answer_html: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]


class MeetingDocument(Base):
    """A paper or an attachment of the house that a meeting is about; shown to whom it may be shown."""

    __tablename__ = "meeting_document"
    __table_args__ = (
        sa.CheckConstraint(
            "CASE WHEN paper_id IS NULL THEN 0 ELSE 1 END + CASE WHEN attachment_id IS NULL THEN 0 ELSE 1 END"
            " = 1",
            name="one_document",
        ),
    )

    meeting_id: Mapped[int] = mapped_column(sa.ForeignKey("meeting.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int | None] = mapped_column(sa.ForeignKey("paper.id"), index=True)
    version_number: Mapped[int | None]
    attachment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attachment.id"), index=True)
    point_number: Mapped[int | None]
    """The agenda point that it belongs to, from 1."""
    added_at: Mapped[datetime]


class Attendance(Base):
    """How one seat took part in a meeting, or which observer without a seat was there."""

    __tablename__ = "attendance"
    __table_args__ = (
        sa.UniqueConstraint("meeting_id", "seat_id"),
        partial_index(
            "uq_attendance_observer",
            "meeting_id",
            "account_id",
            unique=True,
            where="seat_id IS NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(sa.ForeignKey("meeting.id"))
    seat_id: Mapped[int | None] = mapped_column(sa.ForeignKey("seat.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    """Of an observer: a seat is present whoever sat on it."""
    state: Mapped[AttendanceState]


def convene_by(meeting: Meeting, practice: Practice) -> datetime | None:
    """Give until when a meeting is to be convened; None where the charter sets no lead time."""
    days = practice.invitation_days
    return meeting.starts_at - timedelta(days=days) if days else None


def documents_by(meeting: Meeting, practice: Practice) -> datetime | None:
    """Give until when the documents are to be there; None where the charter sets no lead time."""
    days = practice.document_days
    return meeting.starts_at - timedelta(days=days) if days else None


def is_after(moment: datetime, limit: datetime | None) -> bool:
    """Whether a lead time was not kept."""
    return limit is not None and moment > limit


def takes_remarks(meeting: Meeting, received_at: datetime) -> bool:
    """Whether a correction that arrived at a moment is in time."""
    until = meeting.remarks_until
    return meeting.minutes_state is MinutesState.CIRCULATED and until is not None and received_at <= until
