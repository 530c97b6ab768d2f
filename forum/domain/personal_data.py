"""Personal data in a text that others will read: addresses, numbers and handles, told by their shape.

Names cannot be told by their shape: services/personal_names.py knows them.
"""

import enum
import re

from forum.errors import Invalid


class PersonalData(enum.StrEnum):
    """What was found."""

    EMAIL = "email"
    PHONE = "phone"
    HANDLE = "handle"
    NAME = "name"


_EMAIL = re.compile(
    r"[^\s@<>()]{1,64}@[^\s@<>()]{1,200}\.[a-z]{2,24}\b|\w{1,64}\s?[\[(]at[\])]\s?\w{1,64}", re.IGNORECASE
)
_HANDLE = re.compile(r"(?<![\w@/.])@\w[\w.-]{1,63}")
_NUMBERS = re.compile(
    r"(?<![\w/.-])(?<!\d[ \u00a0])(?:"
    r"(?:\+|00)[1-9][\d ().\-/\u00a0]{6,24}\d"  # international
    r"|\(?0\d{1,4}\)?(?:[ .\-/\u00a0]?\d{2,4}){2,4}"  # national, with its leading nought
    r"|\d{3}[ .\-\u00a0]\d{3}[ .\-\u00a0]\d{4}"  # as in North America
    r")(?![\w/-])"
)
_NO_NUMBER = re.compile(r"\d{1,2}[ ./-]\d{1,2}[ ./-]\d{4}|\d{12}-\d{2}")
"""A date, or an id of the Transparency Register."""
_DIGITS = range(8, 16)

_SENTENCES = {
    PersonalData.EMAIL: "Take the e-mail address out: whoever reads this later needs no address.",
    PersonalData.PHONE: "Take the telephone number out: whoever reads this later needs no number.",
    PersonalData.HANDLE: "Take the handle out (a word after @): say what was done, not by whom.",
    PersonalData.NAME: "Take the name of the person out: say what was done, not by whom.",
}


def find_personal_data(text: str) -> PersonalData | None:
    """Give the first kind of personal data that the shape of a text betrays, or None."""
    if _EMAIL.search(text):
        return PersonalData.EMAIL
    for found in _NUMBERS.finditer(text):
        digits = sum(char.isdigit() for char in found[0])
        if digits in _DIGITS and not _NO_NUMBER.fullmatch(found[0].strip()):
            return PersonalData.PHONE
    return PersonalData.HANDLE if _HANDLE.search(text) else None


def refusal(kind: PersonalData, field: str | None = "reason") -> Invalid:
    """Give the complaint about personal data, at a form's field."""
    return Invalid(_SENTENCES[kind], field=field)


def refuse_personal_data(text: str, field: str | None = "reason") -> None:
    """Raise Invalid where a text holds an e-mail address, a telephone number or a handle."""
    kind = find_personal_data(text)
    if kind is not None:
        raise refusal(kind, field)
