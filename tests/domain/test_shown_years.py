"""Days are taken in years that every calendar here shows."""

from datetime import UTC, date, datetime

import pytest

from forum.domain.shown_years import is_shown


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        (date(1899, 12, 31), False),
        (date(1900, 1, 1), True),
        (date(2199, 12, 31), True),
        (date(2200, 1, 1), False),
        (datetime.max.replace(tzinfo=UTC), False),
        (datetime.min.replace(tzinfo=UTC), False),
    ],
)
def test_years_from_1900_to_2199(day: date, shown: bool) -> None:
    """Both ends are in."""
    assert is_shown(day) is shown
