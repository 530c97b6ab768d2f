"""Notices that something is illegal: every element that is missing is named at its field."""

from datetime import timedelta
from typing import Any

import pytest

from forum.domain.notices_of_illegality import CoolingOff, LegalNotice, checked_notice
from forum.errors import Invalid

WHOLE: dict[str, Any] = {
    "location": "https://forum.example/posts/x",
    "name": "A Reader",
    "email": "Reader@Members.example",
    "is_in_good_faith": True,
}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"is_in_good_faith": False}, "good_faith"),
        ({"location": " "}, "location"),
        ({"location": "x" * 501}, "location"),
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"email": ""}, "email"),
        ({"email": "nowhere"}, "email"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_missing_is_named(changes: dict[str, Any], field: str) -> None:
    """Good faith, the exact address, name and e-mail."""
    with pytest.raises(Invalid) as caught:
        checked_notice(LegalNotice(**(WHOLE | changes)))
    assert caught.value.field == field


def test_a_whole_notice_and_none() -> None:
    """A whole one is kept in its stored spelling; none at all lacks good faith first."""
    assert checked_notice(LegalNotice(**WHOLE)).email == "reader@members.example"
    with pytest.raises(Invalid, match="good faith"):
        checked_notice(None)


def test_about_an_offence_against_children_nobody_says_who_they_are() -> None:
    """Neither is needed, and what was typed is not kept."""
    kept = checked_notice(LegalNotice(**WHOLE, concerns_children=True))
    assert (kept.name, kept.email) == ("", "")
    checked_notice(LegalNotice(WHOLE["location"], "", "", is_in_good_faith=True, concerns_children=True))


@pytest.mark.parametrize(
    ("limit", "unfounded", "is_due"), [(0, 100, False), (3, 2, False), (3, 3, True), (3, 4, True)]
)
def test_when_a_person_pauses(limit: int, unfounded: int, is_due: bool) -> None:
    """From the limit on; a limit of nothing is none."""
    assert CoolingOff(limit, timedelta(days=30)).is_due(unfounded) is is_due
