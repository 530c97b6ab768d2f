"""Numbers of acts and documents: read, refused, and the same again from their keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.references import (
    CITED,
    ReferenceKind,
    checked_reference,
    find_references,
    parse_reference,
    read_key,
)
from forum.errors import Invalid

YEARS = st.integers(1951, 2099)
KINDS = st.from_regex("[A-Z]{1,2}", fullmatch=True)


@pytest.mark.parametrize(
    ("typed", "text", "key"),
    [
        ("COM(2020) 607 final", "COM(2020) 607", "com-2020-607"),
        ("com/2020/607", "COM(2020) 607", "com-2020-607"),
        ("C(2025) 5252", "C(2025) 5252", "c-2025-5252"),
        ("32011L0093", "32011L0093", "celex-32011l0093"),
        ("CELEX:52020DC0607", "52020DC0607", "celex-52020dc0607"),
        ("32011L0093(01)", "32011L0093(01)", "celex-32011l0093-01"),
        ("Ares(2020) 1234567", "Ares(2020)1234567", "ares-2020-1234567"),
        ("directive 2011/93/eu", "Directive 2011/93/EU", "directive-2011-93"),
        ("Regulation (EU) 2021/1232", "Regulation (EU) 2021/1232", "regulation-2021-1232"),
        ("2022/0155(COD)", "2022/0155(COD)", "procedure-2022-0155-cod"),
        ("st12862/19", "st12862/19", "st-12862-19"),
    ],
)
def test_a_number_is_read_however_it_is_typed(typed: str, text: str, key: str) -> None:
    """To one text and one key."""
    found = parse_reference(typed)
    assert found is not None
    assert (found.text, found.key) == (text, key)
    assert read_key(key) == found


@pytest.mark.parametrize(
    "typed",
    ["", "COM(1850) 1", "COM(2020) 0", "32011X", "Ares(2020)", "the Directive", "Directive 2011/93",
     "2011/93",
     "Directive (EU) 2011/93/EU", "32011L0093 and more", "٣2011L0093", "x" * 500],
)  # fmt: skip
def test_what_is_no_number_is_refused(typed: str) -> None:
    """Half of one, one of another century, or a sentence around one."""
    assert parse_reference(typed) is None


@given(st.sampled_from("1235679CE"), YEARS, KINDS, st.integers(0, 9999))
def test_celex_numbers_come_back(sector: str, year: int, kind: str, number: int) -> None:
    """From their keys, in any case."""
    text = f"{sector}{year}{kind}{number:04}"
    found = checked_reference(text.lower(), kind=ReferenceKind.CELEX, field="celex")
    assert found is not None
    assert found.text == text
    assert read_key(found.key) == found


@given(st.sampled_from(["COM", "C", "SWD", "JOIN", "SEC"]), YEARS, st.integers(1, 99_999))
def test_numbers_of_the_commission_come_back(series: str, year: int, number: int) -> None:
    """With and without blanks, brackets and "final"."""
    forms = (f"{series}({year}) {number}", f"{series}({year}){number} final", f"{series}/{year}/{number}")
    assert {parse_reference(form) for form in forms} == {parse_reference(forms[0])}
    found = parse_reference(forms[0])
    assert found is not None
    assert read_key(found.key) == found


@given(YEARS, st.integers(1, 99_999_999))
def test_ares_numbers_come_back(year: int, number: int) -> None:
    """From their keys."""
    found = checked_reference(f"Ares({year}){number}", kind=ReferenceKind.ARES, field="ares")
    assert found is not None
    assert read_key(found.key) == found


@given(st.text(max_size=80))
def test_any_text_is_a_number_or_none(text: str) -> None:
    """What is read as one is read alike from its own text and its key; nothing breaks."""
    found = parse_reference(text)
    if found is not None:
        assert parse_reference(found.text) == found
        assert read_key(found.key) == found
        assert CITED.fullmatch(f"[[{found.text}]]")


@given(st.text(max_size=60))
def test_any_address_is_a_key_or_none(key: str) -> None:
    """A key that is read is the key of what it gives."""
    found = read_key(key)
    assert found is None or found.key == key


@pytest.mark.parametrize("kind", [None, *ReferenceKind])
def test_a_refusal_says_how_it_is_written(kind: ReferenceKind | None) -> None:
    """For each family."""
    with pytest.raises(Invalid, match=r"written as|Write it as") as refused:
        checked_reference("something", kind=kind, field="number")
    assert refused.value.field == "number"


def test_references_in_double_brackets_are_found_once_each() -> None:
    """In their order; what is no number is left alone."""
    text = "See [[COM(2020) 607]], [[com/2020/607]], [[nothing]], [[Directive 2011/93/EU]] and COM(2024) 60."
    assert [one.key for one in find_references(text, 10)] == ["com-2020-607", "directive-2011-93"]
    assert len(find_references(text, 1)) == 1
