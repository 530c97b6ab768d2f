"""Working days: until when moderators have promised an answer, and how urgent that is today."""

import enum
from collections.abc import Set
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

OFFICE_ZONE = ZoneInfo("Europe/Brussels")
"""Where the working day of every group ends."""

_SATURDAY = 5


class Bucket(enum.StrEnum):
    """How urgent something is."""

    OVERDUE = "overdue"
    TODAY = "today"
    LATER = "later"


def is_working_day(day: date, holidays: Set[date] = frozenset()) -> bool:
    """Whether a day is neither at the weekend nor a holiday."""
    return day.weekday() < _SATURDAY and day not in holidays


def promised_by(
    since: datetime, days: int, *, zone: ZoneInfo = OFFICE_ZONE, holidays: Set[date] = frozenset()
) -> datetime:
    """Give the end of the n-th working day after the day of `since`, as the last second of it in `zone`."""
    day = since.astimezone(zone).date()
    left = max(days, 0)
    while left or not is_working_day(day, holidays):
        day += timedelta(days=1)
        if left and is_working_day(day, holidays):
            left -= 1
    return datetime.combine(day, time(23, 59, 59), tzinfo=zone)


def bucket_of(due: datetime, *, now: datetime, zone: ZoneInfo = OFFICE_ZONE) -> Bucket:
    """Tell whether a promise is broken, falls due on this very day, or later."""
    if now > due:
        return Bucket.OVERDUE
    is_today = due.astimezone(zone).date() <= now.astimezone(zone).date()
    return Bucket.TODAY if is_today else Bucket.LATER
