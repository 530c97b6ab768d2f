"""Notices that something is illegal, modelled on Article 16 of the DSA, and flags that were unfounded."""

from dataclasses import dataclass
from datetime import timedelta

from forum.domain.email import parse_email
from forum.errors import Invalid

MAX_LOCATION = 500
MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class LegalNotice:
    """What a flag says beside its explanation when it says that something is illegal."""

    location: str
    """The exact address, with the paragraph where it is one."""
    name: str
    email: str
    is_in_good_faith: bool
    concerns_children: bool = False
    """It is about an offence of Articles 3 to 7 of Directive 2011/93/EU: then nobody says who they are."""


def checked_notice(notice: LegalNotice | None) -> LegalNotice:
    """Give a notice as it is kept; Invalid names the element that is missing."""
    if notice is None or not notice.is_in_good_faith:
        raise Invalid(
            "Confirm that you believe in good faith that what you say is accurate and complete.",
            field="good_faith",
        )
    location, name = notice.location.strip(), notice.name.strip()
    if not location or len(location) > MAX_LOCATION:
        raise Invalid("Give the exact address of what is illegal.", field="location")
    if notice.concerns_children:
        return LegalNotice(location, "", "", is_in_good_faith=True, concerns_children=True)
    if not name or len(name) > MAX_NAME:
        raise Invalid(
            "Give your name. Only a notice of an offence against children can be made without.", field="name"
        )
    return LegalNotice(location, name, parse_email(notice.email), is_in_good_faith=True)


@dataclass(frozen=True, slots=True)
class CoolingOff:
    """How many flags may turn out unfounded before a person pauses; what is illegal can always be flagged."""

    unfounded: int
    """0: there is no pause."""
    span: timedelta

    def is_due(self, unfounded: int) -> bool:
        """Whether somebody with so many unfounded flags within the span pauses."""
        return 0 < self.unfounded <= unfounded
