"""Topic.NOTIFY: works out whom an event concerns and writes their notices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from forum.clock import Clock
from forum.services.recipients import NewNotice, create_notice, list_new_notices


@dataclass(frozen=True, slots=True)
class Notifying:
    """Prepares by asking who is concerned and may read it; records notices that are new."""

    clock: Clock
    sealing_secret: bytes
    batch_size: int = 20
    lease: timedelta = timedelta(seconds=30)

    def prepare(self, session: Session, payloads: Sequence[dict[str, Any]]) -> list[list[NewNotice]]:
        """Give the notices that each event asks for."""
        now = self.clock()
        return [
            list_new_notices(session, payload, now=now, sealing_secret=self.sealing_secret)
            for payload in payloads
        ]

    def record(self, session: Session, prepared: list[NewNotice]) -> None:
        """Write the notices that are not there yet, and have them mailed where wanted."""
        for new in prepared:
            create_notice(session, new, now=self.clock())
