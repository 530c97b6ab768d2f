"""What forms say by themselves is said in this site's words, in one place."""

import pytest
from flask import Flask
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.blueprints.support import Form


class Asked(Form):
    """One field of each kind that complains."""

    name = StringField("Name", [InputRequired(), Length(max=3)])
    kind = SelectField("Kind", choices=[SelectChoice("a", "A")])
    day = DateField("Day")
    number = IntegerField("Number")


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", "", "This is needed."),
        ("name", "longer", "Up to 3 characters fit here."),
        ("kind", "b", "Choose one of the list."),
        ("day", "soon", "Write the date as 2027-03-31."),
        ("number", "many", "Write a whole number."),
    ],
)
def test_a_complaint_is_in_plain_words(app: Flask, field: str, typed: str, sentence: str) -> None:
    """Of what is missing, too long, not offered, no date, no number."""
    given = {"name": "abc", "kind": "a", "day": "2027-03-31", "number": "5"} | {field: typed}
    with app.test_request_context("/", method="POST", data=given):
        form = Asked(meta={"csrf": False})
        assert not form.validate()
        assert form.errors == {field: [sentence]}
