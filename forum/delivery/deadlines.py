"""Topic.DEADLINE: what has its day: consultations, ballots, reminders, mandates, statuses of a board."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from forum.clock import Clock
from forum.services.ballots import keep_closing
from forum.services.consultations import keep_dates
from forum.services.directive_board import keep_proposal
from forum.services.mandates import keep_end
from forum.services.reminders import send_due_reminder


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Nothing to prepare; what is due is decided in the transaction, by the dates as they are then."""

    clock: Clock
    sealing_secret: bytes = b""
    batch_size: int = 1
    lease: timedelta = timedelta(minutes=2)

    def prepare(self, session: Session, payloads: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Give the things whose dates have come, as they were named."""
        return list(payloads)

    def record(self, session: Session, prepared: dict[str, Any]) -> None:
        """Do what is due; where nothing is, the dates were changed meanwhile."""
        if "article_status_id" in prepared:
            keep_proposal(session, prepared["article_status_id"], now=self.clock())
        elif "mandate_id" in prepared:
            keep_end(session, prepared["mandate_id"], now=self.clock())
        elif "ballot_id" in prepared:
            keep_closing(session, prepared["ballot_id"], now=self.clock())
        elif "reminder_due" in prepared:
            due = datetime.fromisoformat(prepared["reminder_due"])
            send_due_reminder(
                session,
                prepared["consultation_id"],
                due=due,
                now=self.clock(),
                sealing_secret=self.sealing_secret,
            )
        else:
            keep_dates(session, prepared["consultation_id"], now=self.clock())
