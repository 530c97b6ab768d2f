"""Consultations: a request with a deadline; and the one place that says what came in time."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, PublicId
from forum.domain.labels import Labelled

TIME_ZONES = (
    "Europe/Brussels",
    "Europe/Amsterdam",
    "Europe/Athens",
    "Europe/Berlin",
    "Europe/Bratislava",
    "Europe/Bucharest",
    "Europe/Budapest",
    "Europe/Copenhagen",
    "Europe/Dublin",
    "Europe/Helsinki",
    "Europe/Lisbon",
    "Europe/Ljubljana",
    "Europe/London",
    "Europe/Luxembourg",
    "Europe/Madrid",
    "Europe/Malta",
    "Europe/Paris",
    "Europe/Prague",
    "Europe/Riga",
    "Europe/Rome",
    "Europe/Sofia",
    "Europe/Stockholm",
    "Europe/Tallinn",
    "Europe/Vienna",
    "Europe/Vilnius",
    "Europe/Warsaw",
    "Europe/Zagreb",
    "Asia/Nicosia",
    "UTC",
)
"""The time zones a deadline can be set in: those of the Union and its neighbours."""


class ConsultationState(enum.StrEnum):
    """A consultation ends by a transaction, never by a comparison of times."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class AnswersVisible(enum.StrEnum):
    """When the audience reads what was received."""

    AT_ONCE = "at_once"
    AFTER_CLOSING = "after_closing"
    ON_PUBLICATION = "on_publication"


class Asked(enum.StrEnum):
    """Who is asked to answer, narrowest first."""

    SEATS = "seats"
    NAMED = "named"
    PARTICIPANTS = "participants"
    PUBLIC = "public"


OPEN_TO_ALL = frozenset({Asked.PARTICIPANTS, Asked.PUBLIC})
"""Whoever has an account may answer: nobody is missing who has not."""


class AnswerUnit(enum.StrEnum):
    """Whether a body gives one answer, which its colleagues write together, or each person one."""

    BODY = "body"
    PERSON = "person"


class SubmitBy(enum.StrEnum):
    """Who of a body may send its answer; whoever holds a mandate for it may write on the draft."""

    MANDATE = "mandate"
    PUBLISHER = "publisher"
    REPRESENTATIVE = "representative"


MAX_REMINDERS = 5
MAX_REMINDER_DAYS = 60
MAX_DOCUMENTS = 30


class Consultation(PublicId, Labelled, Base):
    """A group asks; papers and answers come in until it closes."""

    __tablename__ = "consultation"

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    stage_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stage.id"))
    title: Mapped[str]
    source: Mapped[str] = mapped_column(default="")
    html: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    what_happens: Mapped[str] = mapped_column(default="")
    state: Mapped[ConsultationState] = mapped_column(default=ConsultationState.DRAFT)
    answers_visible: Mapped[AnswersVisible] = mapped_column(default=AnswersVisible.AT_ONCE)
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    time_zone: Mapped[str] = mapped_column(sa.String(64), default="Europe/Brussels")
    closed_at: Mapped[datetime | None]
    asked: Mapped[Asked] = mapped_column(default=Asked.SEATS)
    answer_unit: Mapped[AnswerUnit] = mapped_column(default=AnswerUnit.BODY)
    submit_by: Mapped[SubmitBy] = mapped_column(default=SubmitBy.PUBLISHER)
    reminder_days: Mapped[list[Any]] = mapped_column(default=list)
    """Days before it closes on which those who have not answered are reminded by themselves."""
    synopsis_source: Mapped[str] = mapped_column(default="")
    synopsis_html: Mapped[str] = mapped_column(default="")
    synopsis_text: Mapped[str] = mapped_column(default="")
    outcome_source: Mapped[str] = mapped_column(default="")
    """What was done with the answers."""
    outcome_html: Mapped[str] = mapped_column(default="")
    outcome_text: Mapped[str] = mapped_column(default="")
    concluded_at: Mapped[datetime | None]
    """When synopsis or outcome was last written."""
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    created_at: Mapped[datetime]


class AskedOrganisation(Base):
    """A body asked by name."""

    __tablename__ = "asked_organisation"

    consultation_id: Mapped[int] = mapped_column(sa.ForeignKey("consultation.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        sa.ForeignKey("organisation.id"), primary_key=True, index=True
    )


class ConsultationDocument(Base):
    """A paper that the consultation is about, in one version or in whichever is the newest."""

    __tablename__ = "consultation_document"

    consultation_id: Mapped[int] = mapped_column(sa.ForeignKey("consultation.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(sa.ForeignKey("paper.id"), index=True)
    version_number: Mapped[int | None]


def is_in_time(consultation: Consultation, received_at: datetime) -> bool:
    """Whether an answer that arrived at a moment is in time: the only place that decides it.

    By when Submit was pressed, as the server saw it before it waited for anything: the transaction that
    closes may have come first, and neither that nor moderation makes an answer late.
    """
    if consultation.state is ConsultationState.DRAFT:
        return False
    if consultation.closes_at is not None and received_at > consultation.closes_at:
        return False
    if consultation.state is ConsultationState.OPEN:
        return True
    # Closed by the clock, that was after the closing time; closed by hand, from that moment on it is late.
    return consultation.closed_at is not None and received_at < consultation.closed_at
