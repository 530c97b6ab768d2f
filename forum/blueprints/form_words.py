"""What forms say by themselves, in the words of this site: the one place for WTForms' own messages."""

from typing import Any

from flask_babel import lazy_gettext

WORDS = {
    "This field is required.": lazy_gettext("This is needed."),
    "Not a valid choice.": lazy_gettext("Choose one of the list."),
    "Invalid Choice: could not coerce.": lazy_gettext("Choose one of the list."),
    "Invalid choice(s): one or more data inputs could not be coerced.": lazy_gettext("Choose from the list."),
    "Not a valid date value.": lazy_gettext("Write the date as 2027-03-31."),
    "Not a valid datetime value.": lazy_gettext("Write day and time as 2027-03-31 14:30."),
    "Not a valid time value.": lazy_gettext("Write the time as 14:30."),
    "Not a valid integer value.": lazy_gettext("Write a whole number."),
    "Not a valid decimal value.": lazy_gettext("Write a number."),
    "Not a valid float value.": lazy_gettext("Write a number."),
    "Invalid email address.": lazy_gettext("Write an e-mail address such as name@example.org."),
    "Invalid input.": lazy_gettext("That is not understood here."),
}
"""WTForms' message -> ours, a message id of our own catalogues."""

MANY = {
    "Field cannot be longer than %(max)d character.": lazy_gettext("Up to %(max)d characters fit here."),
    "Field must be at least %(min)d character long.": lazy_gettext("At least %(min)d characters are needed."),
    "Field must be exactly %(max)d character long.": lazy_gettext("Exactly %(max)d characters are needed."),
}
"""The same where WTForms counts; by its singular."""


class PlainWords:
    """The translations that a form asks for; what has no words of ours keeps WTForms' translation."""

    def __init__(self, otherwise: Any) -> None:
        self.otherwise = otherwise

    def gettext(self, message: str) -> str:
        """Give a message in the language of the page."""
        found = WORDS.get(message)
        return str(found) if found is not None else str(self.otherwise.gettext(message))

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """Give a message that counts; WTForms fills its numbers in."""
        found = MANY.get(singular)
        if found is not None:
            return str(found)
        return str(self.otherwise.ngettext(singular, plural, number))
