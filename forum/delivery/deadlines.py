"""Topic.DEADLINE: opens and closes consultations when their time comes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from forum.clock import Clock
from forum.services.consultations import keep_dates


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Nothing to prepare; what is due is decided in the transaction, by the dates as they are then."""

    clock: Clock
    batch_size: int = 1
    lease: timedelta = timedelta(minutes=2)

    def prepare(self, session: Session, payloads: Sequence[dict[str, Any]]) -> list[int]:
        """Give the consultations whose dates have come."""
        return [payload["consultation_id"] for payload in payloads]

    def record(self, session: Session, prepared: int) -> None:
        """Open or close the consultation if that is due; otherwise its dates were changed meanwhile."""
        keep_dates(session, prepared, now=self.clock())
