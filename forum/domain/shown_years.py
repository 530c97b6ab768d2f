"""The years in which somebody can give a day: those that every time zone and every calendar here can show."""

from datetime import date

FIRST_YEAR, LAST_YEAR = 1900, 2199


def is_shown(day: date) -> bool:
    """Tell whether a day, or the day of a moment, lies in these years."""
    return FIRST_YEAR <= day.year <= LAST_YEAR
