"""Links that are mailed to prove an address: for a new password, for a new address, to take that back."""

import enum
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, PublicId


class LinkPurpose(enum.StrEnum):
    """What a link does; a token for one purpose opens no other door."""

    PASSWORD = "password"  # noqa: S105
    EMAIL = "email"
    EMAIL_UNDO = "email_undo"


VALID_FOR = {
    LinkPurpose.PASSWORD: timedelta(hours=1),
    LinkPurpose.EMAIL: timedelta(hours=24),
    LinkPurpose.EMAIL_UNDO: timedelta(days=14),
}


class AccountLink(PublicId, Base):
    """A link that expires and works once; the address holds the token, this row its hash."""

    __tablename__ = "account_link"

    purpose: Mapped[LinkPurpose]
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    email: Mapped[str] = mapped_column(sa.String(254), index=True)
    """Where it is sent. For a new password somebody typed it: whether it is anybody's is asked later."""
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
