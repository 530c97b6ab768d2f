"""Consultations: a request with a deadline."""

import enum
from datetime import datetime

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
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    created_at: Mapped[datetime]
