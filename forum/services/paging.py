"""Lists that go on after the entry that the page before ended with, for programs."""

from typing import TypeVar

from forum.errors import Invalid

T = TypeVar("T")


def checked_place(place: T | None) -> T:
    """Give where a page begins; Invalid where the cursor leads nowhere (any more)."""
    if place is None:
        raise Invalid("There is no page that begins there.", field="cursor")
    return place
