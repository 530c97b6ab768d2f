"""Topic.ANCHOR: places the comments on a paper in a version that has been sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from forum.services.placements import NewPlacement, record_placements, work_out


@dataclass(frozen=True, slots=True)
class Anchoring:
    """Prepares by aligning the versions, outside any transaction; records the places that are missing."""

    batch_size: int = 1
    lease: timedelta = timedelta(minutes=5)

    def prepare(self, session: Session, payloads: Sequence[dict[str, Any]]) -> list[list[NewPlacement]]:
        """Work out the places that the comments on each paper have not got yet."""
        return [work_out(session, int(payload["paper_id"])) for payload in payloads]

    def record(self, session: Session, prepared: list[NewPlacement]) -> None:
        """Write them down."""
        record_placements(session, prepared)
