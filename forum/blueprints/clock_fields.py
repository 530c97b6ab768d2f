"""The fields of forms for a day and for a time of the clock: only in years that can be shown."""

from datetime import date
from typing import Any

from flask_babel import gettext
from wtforms import DateField, DateTimeLocalField
from wtforms.validators import ValidationError

from forum.domain.shown_years import FIRST_YEAR, LAST_YEAR, is_shown


def _check(day: date | None) -> None:
    if day is not None and not is_shown(day):
        raise ValidationError(
            gettext("Write a year from %(first)d to %(last)d.", first=FIRST_YEAR, last=LAST_YEAR)
        )


class DayField(DateField):
    """A day; the year 1 or 9999 is a slip, and the moment of its midnight elsewhere is none."""

    def pre_validate(self, form: Any) -> None:
        """Refuse years that cannot be shown."""
        _check(self.data)


class ClockField(DateTimeLocalField):
    """A day and a time of the clock in a zone that is chosen beside it."""

    def pre_validate(self, form: Any) -> None:
        """Refuse years that cannot be shown."""
        _check(self.data)
