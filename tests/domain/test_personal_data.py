"""Personal data that a text betrays by its shape, and what only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.personal_data import PersonalData, find_personal_data, refuse_personal_data
from forum.errors import Invalid


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Ask jo.doe+x@members.example first.", PersonalData.EMAIL),
        ("Ask jo [at] members dot example.", PersonalData.EMAIL),
        ("Call +32 2 555 01 23.", PersonalData.PHONE),
        ("Call 0032-2-5550123.", PersonalData.PHONE),
        ("Call 02/555.01.23 today.", PersonalData.PHONE),
        ("Call 0471 55 01 23 today.", PersonalData.PHONE),
        ("Call 202-555-0123.", PersonalData.PHONE),
        ("Said by @jo-doe.", PersonalData.HANDLE),
    ],
)
def test_what_is_found(text: str, kind: PersonalData) -> None:
    """Addresses, numbers in the ways they are written, handles; the complaint is at the field."""
    assert find_personal_data(text) is kind
    with pytest.raises(Invalid) as caught:
        refuse_personal_data(text, "explanation")
    assert caught.value.field == "explanation"


@pytest.mark.parametrize(
    "text",
    [
        "Regulation (EU) 2022/2065, Article 17, and Directive 2011/93/EU.",
        "CELEX 32011L0093; COM(2020) 607 final of 24 July 2020; 2022/0155(COD).",
        "Sent on 2026-03-01, due 01.04.2026 or 1/4/2026.",
        "473,461 submissions and 1 000 000 000 euros; register id 021720248767-58.",
        "The helpline is 116 111; in an emergency call 112.",
        "See https://forum.example/posts/abc@2 for it.",
        "Argue with the point, at 10:30 or @ noon.",
        "",
    ],
)
def test_what_only_looks_like_it(text: str) -> None:
    """References, dates, amounts, register ids and helplines pass."""
    assert find_personal_data(text) is None
    refuse_personal_data(text)


@given(st.text(max_size=2000))
def test_any_text_is_answered(text: str) -> None:
    """Whatever is typed, an answer comes."""
    found = find_personal_data(text)
    assert found is None or found in PersonalData
