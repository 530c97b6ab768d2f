"""How moderators share the work: who has taken a case, and who is away until when, with which deputy."""

from datetime import date, datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.attribution import SubjectKind
from forum.domain.base import Base
from forum.domain.working_days import OFFICE_ZONE
from forum.errors import Invalid

CLAIM_SPAN = timedelta(minutes=20)
"""How long a case is a moderator's own before colleagues decide on it again."""
LONGEST_ABSENCE = timedelta(days=366)


class ModerationClaim(Base):
    """A moderator has taken a case, until a moment; one row a case."""

    __tablename__ = "moderation_claim"

    subject_kind: Mapped[SubjectKind] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    until: Mapped[datetime]


class ModeratorAbsence(Base):
    """A moderator of a group is away until a day, with or without a deputy."""

    __tablename__ = "moderator_absence"

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True, index=True)
    deputy_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    until: Mapped[date]
    """The last day of it."""
    said_at: Mapped[datetime]


def checked_absence(until: date | None, today: date) -> date:
    """Give the last day of an absence; Invalid where none is named, or it is past or too far off."""
    if until is None:
        raise Invalid("Say until which day you are away.", field="until")
    if not today <= until <= today + LONGEST_ABSENCE:
        raise Invalid("An absence ends today at the earliest, and within a year.", field="until")
    return until


def back_on(until: date) -> datetime:
    """Give the first moment after an absence, where moderators work."""
    return datetime.combine(until + timedelta(days=1), time(), tzinfo=OFFICE_ZONE)
