"""A day or a time that somebody types lies in years that every time zone can show."""

import pytest
from flask import Flask

from forum.blueprints.clock_fields import ClockField, DayField
from forum.blueprints.support import Form


class Asked(Form):
    """One of each."""

    day = DayField("Day")
    moment = ClockField("Moment")


@pytest.mark.parametrize(
    ("day", "moment", "wrong"),
    [
        ("2027-03-31", "2027-03-31T14:30", set()),
        ("1900-01-01", "2199-12-31T23:59", set()),
        ("0001-01-01", "0001-01-01T00:00", {"day", "moment"}),
        ("9999-12-31", "9999-12-31T23:59", {"day", "moment"}),
    ],
    ids=["today", "first and last", "before all zones", "after all zones"],
)
def test_years_that_no_zone_can_show_are_refused(app: Flask, day: str, moment: str, wrong: set[str]) -> None:
    """In UTC the last minute of 9999 is none in Brussels: every page with that deadline would fail."""
    with app.test_request_context("/", method="POST", data={"day": day, "moment": moment}):
        form = Asked(meta={"csrf": False})
        assert form.validate() is not bool(wrong)
        assert set(form.errors) == wrong
        assert all(one == ["Write a year from 1900 to 2199."] for one in form.errors.values())
