"""Saved searches: what a person wants to go on finding, and when they are told of it."""

import enum
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, PublicId
from forum.errors import Invalid

MAX_NAME = 100
"""In characters."""
MAX_SAVED = 50
"""Searches that one person keeps."""
MORNING = 7
"""The hour, in a person's own time zone, at which daily and weekly alerts are looked for."""
MOMENT = timedelta(seconds=30)
"""How long an alert "at once" waits for more of the same."""


class Frequency(enum.StrEnum):
    """How often a person is told."""

    NEVER = "never"
    AT_ONCE = "at_once"
    DAILY = "daily"
    WEEKLY = "weekly"


class Watched(enum.StrEnum):
    """What a person is told of."""

    NEW = "new"
    """What was not there before; a new version of a paper is new."""
    CHANGES = "changes"
    """Edits of what was there as well."""


class SavedSearch(PublicId, Base):
    """A search that somebody keeps; its rights are those of its owner each time it is asked."""

    __tablename__ = "saved_search"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(MAX_NAME))
    text: Mapped[str] = mapped_column(sa.String(400))
    """The words as the grammar writes them, without filters."""
    arguments: Mapped[list[Any]] = mapped_column(default=list)
    """[[name, value]] of the filters, as an address carries them."""
    frequency: Mapped[Frequency] = mapped_column(default=Frequency.NEVER)
    watched: Mapped[Watched] = mapped_column(default=Watched.NEW)
    created_at: Mapped[datetime]
    looked_until: Mapped[datetime]
    """Everything that came before this moment has been told."""
    next_look_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the worker looks next; null where nothing is planned."""


def checked_name(name: str) -> str:
    """Give the name of a saved search in one line; Invalid where it is empty or too long."""
    name = " ".join(name.split())
    if not name:
        raise Invalid("Give it a name that you will know it by.", field="name")
    if len(name) > MAX_NAME:
        raise Invalid("Keep the name under %(limit)s characters.", field="name", limit=MAX_NAME)
    return name


def next_look(frequency: Frequency, time_zone: str, now: datetime) -> datetime | None:
    """Give when a daily or weekly search is looked at next: in the morning, weekly ones on Mondays."""
    if frequency not in {Frequency.DAILY, Frequency.WEEKLY}:
        return None
    local = now.astimezone(ZoneInfo(time_zone))
    day = local.date() + timedelta(days=1)
    if frequency is Frequency.WEEKLY:
        day += timedelta(days=(7 - day.weekday()) % 7)
    # Put together anew for that day: across a change of the clocks it is still the same hour.
    morning = datetime(day.year, day.month, day.day, MORNING, tzinfo=ZoneInfo(time_zone))
    return morning.astimezone(UTC)
