"""What is in time, in the one place that decides it."""

from datetime import UTC, datetime, timedelta

import pytest

from forum.domain.consultations import Consultation, ConsultationState, is_in_time

STRIKES = datetime(2026, 3, 20, 16, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)
OPEN, CLOSED, DRAFT = ConsultationState.OPEN, ConsultationState.CLOSED, ConsultationState.DRAFT


@pytest.mark.parametrize(
    ("state", "closes_at", "closed_at", "received_at", "expected"),
    [
        (OPEN, STRIKES, None, STRIKES - TICK, True),
        (OPEN, STRIKES, None, STRIKES, True),
        (OPEN, STRIKES, None, STRIKES + TICK, False),
        (OPEN, None, None, STRIKES, True),
        (CLOSED, STRIKES, STRIKES + timedelta(seconds=2), STRIKES, True),
        (CLOSED, STRIKES, STRIKES + timedelta(seconds=2), STRIKES + TICK, False),
        (CLOSED, STRIKES, STRIKES - timedelta(hours=1), STRIKES - timedelta(hours=2), True),
        (CLOSED, STRIKES, STRIKES - timedelta(hours=1), STRIKES - timedelta(hours=1), False),
        (CLOSED, None, STRIKES, STRIKES - TICK, True),
        (CLOSED, None, STRIKES, STRIKES, False),
        (CLOSED, None, None, STRIKES, False),
        (DRAFT, STRIKES, None, STRIKES - timedelta(days=1), False),
    ],
    ids=[
        "open, a moment before",
        "open, as the clock strikes",
        "open still, but the time has passed",
        "open without an end",
        "closed already, arrived as the clock struck",
        "closed, arrived after",
        "closed by hand, arrived before that",
        "closed by hand, arrived with it",
        "no closing time, closed by hand after it arrived",
        "no closing time, closed by hand as it arrived",
        "closed nobody knows when",
        "not open yet",
    ],
)
def test_arrival_alone_decides(
    state: ConsultationState,
    closes_at: datetime | None,
    closed_at: datetime | None,
    received_at: datetime,
    expected: bool,
) -> None:
    """By when it arrived, whichever transaction came first."""
    row = Consultation(state=state, closes_at=closes_at, closed_at=closed_at)
    assert is_in_time(row, received_at) is expected
