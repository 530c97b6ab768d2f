"""How long personal data are kept: the periods, and what each of them is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

APPEAL_DAYS = 183
"""A decision can be contested for six months: what was rejected is kept at least as long."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Days for which each kind of data is kept after its purpose ended; 0 keeps it."""

    sessions: int = 30
    """Sign-in sessions, after they ended."""
    requests: int = 365
    """Requests for an account or a seat, after they were decided."""
    invitations: int = 365
    """Invitations, after they were used, withdrawn or expired."""
    notices: int = 730
    """Notices to people."""
    withdrawn: int = 365
    """The last text of a withdrawn post, which moderators find until then."""
    rejected: int = 365
    """The text of what was rejected."""
    mails: int = 30
    """Letters in the folder that takes the place of a mail server."""
    forms: int = 7
    """One-use keys of forms."""

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Retention:
        """Read the periods from the settings RETENTION_*_DAYS; ValueError where one cannot be kept."""
        periods = {name: int(config[f"RETENTION_{name.upper()}_DAYS"]) for name in cls.__dataclass_fields__}
        found = cls(**periods)
        if any(days < 0 for days in periods.values()):
            raise ValueError("a RETENTION_*_DAYS setting is negative")
        if 0 < found.rejected < APPEAL_DAYS:
            raise ValueError(
                f"RETENTION_REJECTED_DAYS is under {APPEAL_DAYS}: decisions can be contested so long"
            )
        return found

    def texts_of(self, group_days: int) -> Retention:
        """Give the periods of a group whose charter sets its own for withdrawn and rejected texts."""
        if not group_days:
            return self
        return Retention(
            **{name: getattr(self, name) for name in self.__dataclass_fields__}
            | {"withdrawn": group_days, "rejected": max(group_days, APPEAL_DAYS)}
        )


def days(count: int) -> timedelta:
    """Give a period as a span."""
    return timedelta(days=count)
