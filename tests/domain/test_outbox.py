"""How long a failed deed waits."""

from datetime import timedelta

from forum.domain.outbox import MAX_ATTEMPTS, backoff


def test_waiting_grows_to_six_hours() -> None:
    """Two seconds at first, then five times longer each time, never over six hours."""
    waits = [backoff(attempt) for attempt in range(1, MAX_ATTEMPTS + 1)]
    assert waits[:3] == [timedelta(seconds=2), timedelta(seconds=10), timedelta(seconds=50)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=6)
