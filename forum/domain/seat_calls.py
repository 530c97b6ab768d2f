"""Apply for a seat: the open procedure of a group, and the letters by which kinds of member are known."""

import enum
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, PublicId
from forum.domain.datafile import open_table
from forum.domain.groups import SeatKind

MAX_CRITERIA = 20


class CallState(enum.StrEnum):
    """Prepared by chair and secretariat, open for applications, or closed."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class SeatCall(PublicId, Base):
    """A group says which seats can be applied for, by whom and until when.

    Like the group's name and mandate it is read by whoever sees the group listed, once it is open.
    """

    __tablename__ = "seat_call"

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    title: Mapped[str]
    source: Mapped[str] = mapped_column(default="")
    html: Mapped[str] = mapped_column(default="")
    criteria: Mapped[list[Any]] = mapped_column(default=list)
    """What applications are compared by, one sentence each."""
    seat_kinds: Mapped[list[str]] = mapped_column(default=list)
    """The SeatKinds that can be applied for."""
    needs_register_id: Mapped[bool] = mapped_column(default=True)
    """Whether organisations have to name their entry in the Transparency Register."""
    state: Mapped[CallState] = mapped_column(default=CallState.DRAFT)
    closes_at: Mapped[datetime | None]
    time_zone: Mapped[str] = mapped_column(sa.String(64), default="Europe/Brussels")
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


def load_letters(path: Path) -> dict[SeatKind, str]:
    """Read the letters of the kinds of member from `config/seat_kinds.toml`; DataFileError names a fault."""
    with open_table(path) as top:
        table = top.table("letters")
        letters = {kind: table.text(kind.value, "") for kind in SeatKind}
        table.finish()
    return letters
