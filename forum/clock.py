"""The clock: injected everywhere, so that tests choose the time."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Give the present time in UTC."""
    return datetime.now(UTC)
