"""Promises in working days."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.working_days import OFFICE_ZONE, Bucket, bucket_of, is_working_day, promised_by

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("since", "days", "day"),
    [
        ("2026-03-02T09:00", 2, "2026-03-04"),
        ("2026-03-05T09:00", 2, "2026-03-09"),
        ("2026-03-06T09:00", 1, "2026-03-09"),
        ("2026-03-07T09:00", 1, "2026-03-09"),
        ("2026-03-07T09:00", 0, "2026-03-09"),
        ("2026-03-02T09:00", 0, "2026-03-02"),
        ("2026-03-02T23:30", 1, "2026-03-04"),
    ],
    ids=[
        "within a week",
        "over a weekend",
        "from Friday to Monday",
        "from Saturday, Monday is the first working day",
        "no days from Saturday is Monday",
        "no days is today",
        "late on Monday in UTC is Tuesday in Brussels",
    ],
)
def test_the_promise_ends_with_a_working_day(since: str, days: int, day: str) -> None:
    """Weekends do not count, and the day is that of Brussels."""
    due = promised_by(datetime.fromisoformat(since).replace(tzinfo=UTC), days)
    assert due.isoformat().startswith(f"{day}T23:59:59")


def test_a_holiday_does_not_count() -> None:
    """Easter Monday of 2026 moves the promise to Tuesday."""
    friday = datetime(2026, 4, 3, 9, tzinfo=UTC)
    assert promised_by(friday, 1, holidays={date(2026, 4, 6)}).date() == date(2026, 4, 7)


@given(MOMENTS, st.integers(0, 30))
def test_a_promise_is_a_working_day_and_counts_them(since: datetime, days: int) -> None:
    """From the day after until the promise there are exactly that many working days."""
    due = promised_by(since, days)
    start = since.astimezone(OFFICE_ZONE).date()
    passed = [start + timedelta(days=n) for n in range(1, (due.date() - start).days + 1)]
    assert is_working_day(due.date())
    assert due > since
    assert sum(map(is_working_day, passed)) == (days or (0 if is_working_day(start) else 1))


@given(MOMENTS, MOMENTS)
def test_buckets_follow_the_calendar(due: datetime, now: datetime) -> None:
    """Past is overdue, the same day is today, everything else later."""
    bucket = bucket_of(due, now=now)
    same_day = due.astimezone(OFFICE_ZONE).date() == now.astimezone(OFFICE_ZONE).date()
    assert bucket is (Bucket.OVERDUE if now > due else Bucket.TODAY if same_day else Bucket.LATER)
