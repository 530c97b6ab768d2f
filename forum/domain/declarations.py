"""Declarations of interest: each member's own, filed anew when due; every version is kept."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, PublicId
from forum.domain.practice import Practice, add_months

MAX_DECLARATION = 10_000


class DeclarationState(enum.StrEnum):
    """How a member stands."""

    MISSING = "missing"
    VALID = "valid"
    EXPIRED = "expired"


class Declaration(PublicId, Base):
    """One version of a member's declaration in one group; the newest is in force."""

    __tablename__ = "declaration"
    __table_args__ = (sa.UniqueConstraint("group_id", "account_id", "number"),)

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    number: Mapped[int]
    """From 1, by member."""
    has_interests: Mapped[bool]
    source: Mapped[str] = mapped_column(default="")
    html: Mapped[str] = mapped_column(default="")
    filed_at: Mapped[datetime]
    remark: Mapped[str] = mapped_column(default="")
    """What the secretariat noted on it."""
    remarked_at: Mapped[datetime | None]


def due_again(filed_at: datetime, practice: Practice) -> datetime | None:
    """Give when a declaration has to be filed anew; None where the charter asks for no renewal."""
    return add_months(filed_at, practice.renewal_months) if practice.renewal_months else None


def state_of(filed_at: datetime | None, practice: Practice, now: datetime) -> DeclarationState:
    """Tell how a member stands whose newest declaration was filed at a moment, or who filed none."""
    if filed_at is None:
        return DeclarationState.MISSING
    due = due_again(filed_at, practice)
    return DeclarationState.EXPIRED if due is not None and now >= due else DeclarationState.VALID
