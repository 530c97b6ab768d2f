"""How a group works as an expert group: lead times, quorum, declarations; set by its charter."""

import calendar
import enum
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from forum.errors import Invalid

MAX_LEAD_DAYS = 180
MAX_RENEWAL_MONTHS = 60


class DeclarationsVisible(enum.StrEnum):
    """Who reads the members' declarations of interest, narrowest first."""

    MANAGERS = "managers"
    """The chair and the secretariat alone."""
    MEMBERS = "members"
    LISTED = "listed"
    """Whoever sees the group listed, with as much of the member as its charter shows."""


@dataclass(frozen=True, slots=True)
class Practice:
    """The terms of a group's meetings and decisions; 0 days or months mean that none is set."""

    invitation_days: int = 0
    """Days before a meeting by which it is to be convened."""
    document_days: int = 0
    """Days before a meeting by which its documents are to be there."""
    quorum_percent: int = 50
    """The part of the seats entitled to vote that has to take part, in percent."""
    renewal_months: int = 12
    """Months after which a declaration of interests is to be filed anew."""
    declarations_visible: DeclarationsVisible = DeclarationsVisible.MEMBERS
    selectors: int = 1
    """How many people have to agree before a seat that was applied for is given or refused: one or two."""

    def to_json(self) -> dict[str, Any]:
        """Give the terms as they are stored."""
        return asdict(self) | {"declarations_visible": self.declarations_visible.value}


def read_practice(stored: dict[str, Any]) -> Practice:
    """Give the terms of a group; what its charter does not say is as in an untouched Practice."""
    known = {field.name for field in fields(Practice)}
    values = {name: value for name, value in stored.items() if name in known}
    if "declarations_visible" in values:
        values["declarations_visible"] = DeclarationsVisible(values["declarations_visible"])
    return Practice(**values)


def check_practice(practice: Practice) -> None:
    """Raise Invalid, naming the field, for a number that makes no sense."""
    for name in ("invitation_days", "document_days"):
        if not 0 <= getattr(practice, name) <= MAX_LEAD_DAYS:
            raise Invalid("Write a number of days from 0 to %(most)d.", field=name, most=MAX_LEAD_DAYS)
    if practice.selectors not in (1, 2):
        raise Invalid("One person decides about an application, or two do.", field="selectors")
    if not 1 <= practice.quorum_percent <= 100:
        raise Invalid("Write a percentage from 1 to 100.", field="quorum_percent")
    if not 0 <= practice.renewal_months <= MAX_RENEWAL_MONTHS:
        raise Invalid(
            "Write a number of months from 0 to %(most)d.", field="renewal_months", most=MAX_RENEWAL_MONTHS
        )


def add_months(moment: datetime, months: int) -> datetime:
    """Give the same day some months on, or the last day of a shorter month."""
    years, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
