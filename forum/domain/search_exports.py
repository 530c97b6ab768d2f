"""Exports of searches: what somebody asked to have as a file, how far it is, and when it is deleted."""

import enum
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, PublicId

KEEP = timedelta(days=7)
"""How long a file is kept."""
MAX_KEPT = 10
"""Exports that one person has at a time."""
MOST = 10_000
"""Results in one file."""
MOST_IN_DOCUMENT = 1_000
"""Results in a DOCX: longer tables open in no word processor."""


class ExportFormat(enum.StrEnum):
    """What a file can be."""

    CSV = "csv"
    XLSX = "xlsx"
    DOCX = "docx"


class ExportState(enum.StrEnum):
    """How far it is."""

    WAITING = "waiting"
    MAKING = "making"
    DONE = "done"


class SearchExport(PublicId, Base):
    """A search as a file; its owner's rights are asked when it is made, and again at every download."""

    __tablename__ = "search_export"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    text: Mapped[str] = mapped_column(sa.String(400))
    """The words as the grammar writes them, without filters."""
    arguments: Mapped[list[Any]] = mapped_column(default=list)
    """[[name, value]] of the filters, as an address carries them."""
    sort: Mapped[str] = mapped_column(sa.String(16))
    form: Mapped[ExportFormat]
    base_url: Mapped[str] = mapped_column(default="")
    """What addresses in the file begin with."""
    state: Mapped[ExportState] = mapped_column(default=ExportState.WAITING)
    done: Mapped[int] = mapped_column(default=0)
    """Results written so far."""
    total: Mapped[int | None]
    """Results to be written; null before the search has run."""
    found: Mapped[int | None]
    """Results that the search has, more than `total` where it is cut."""
    storage_key: Mapped[str | None] = mapped_column(sa.String(32), index=True)
    documents: Mapped[list[Any]] = mapped_column(default=list, sort_order=10)
    """Ids of what is in the file, so that rights can be asked again."""
    digest: Mapped[str] = mapped_column(sa.String(64), default="")
    """Of what was shown of authors and labels; another one means that the file says what may not be told."""
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)
