"""Saved searches: names, and when they are looked at."""

from datetime import UTC, datetime

import pytest

from forum.domain.saved_searches import Frequency, checked_name, next_look
from forum.errors import Invalid

FRIDAY = datetime(2026, 10, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("frequency", "now", "expected"),
    [
        pytest.param(Frequency.NEVER, FRIDAY, None, id="never"),
        pytest.param(Frequency.AT_ONCE, FRIDAY, None, id="at once is woken, not planned"),
        pytest.param(
            Frequency.DAILY, FRIDAY, datetime(2026, 10, 24, 5, tzinfo=UTC), id="tomorrow at seven, in summer"
        ),
        pytest.param(
            Frequency.WEEKLY,
            FRIDAY,
            datetime(2026, 10, 26, 6, tzinfo=UTC),
            id="Monday at seven, though the clocks change on Sunday",
        ),
        pytest.param(
            Frequency.WEEKLY,
            datetime(2026, 10, 26, 6, 30, tzinfo=UTC),
            datetime(2026, 11, 2, 6, tzinfo=UTC),
            id="on a Monday the next one",
        ),
        pytest.param(
            Frequency.DAILY,
            datetime(2026, 10, 23, 22, 30, tzinfo=UTC),
            datetime(2026, 10, 25, 6, tzinfo=UTC),
            id="after midnight there, the next morning there",
        ),
    ],
)
def test_next_look(frequency: Frequency, now: datetime, expected: datetime | None) -> None:
    assert next_look(frequency, "Europe/Brussels", now) == expected


def test_names_are_one_line_and_not_empty() -> None:
    """White space is folded; nothing and too much are refused at the field."""
    assert checked_name("  client\n side ") == "client side"
    for wrong in ("", " \n ", "x" * 101):
        with pytest.raises(Invalid) as caught:
            checked_name(wrong)
        assert caught.value.field == "name"
