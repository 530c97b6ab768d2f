"""Suspensions: a person writes nothing in a group, or nothing anywhere; each ends by itself."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base


class Suspension(Base):
    """One suspension; whether it holds is asked of the clock at every request."""

    __tablename__ = "suspension"
    __table_args__ = (sa.Index("ix_suspension_account_ends", "account_id", "ends_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    group_id: Mapped[int | None] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    """None: from the whole forum."""
    decision_id: Mapped[int] = mapped_column(sa.ForeignKey("moderation_decision.id"), unique=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """Moved to the moment at which it is lifted."""
