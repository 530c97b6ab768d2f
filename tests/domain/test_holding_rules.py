"""What each rule finds in a text, and what it leaves alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.holding_rules import (
    HoldingRules,
    checked_rules,
    fold,
    has_contacts,
    has_hash_list,
    has_outside_links,
    has_word,
    is_similar,
)
from forum.errors import Invalid

HASHES = [f"{number:032x}" for number in range(0xA0, 0xAA)]
LONG = "A procedure of three steps is described here, with a time for each and an office that answers. "


@pytest.mark.parametrize(
    ("html", "text", "expected"),
    [
        ('<a href="https://outside.example/a">a</a>', "a", True),
        ('<a href="https://ec.europa.eu/a">a</a>', "a", False),
        ('<a href="https://europa.eu">a</a>', "a", False),
        ('<a href="https://noteuropa.eu">a</a>', "a", True),
        ('<a href="https://europa.eu.outside.example/">a</a>', "a", True),
        ("", "see www.outside.example for more", True),
        ("", "see https://www.europa.eu/x.", False),
        ("", "https://[broken", False),
        ('<a href="#fn1">1</a>', "no address at all", False),
    ],
)
def test_links(html: str, text: str, expected: bool) -> None:
    """A link outside the list is found, in the HTML and bare in the text; what is below a domain is known."""
    assert has_outside_links(html, text, ["europa.eu"]) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\n".join(HASHES), True),
        (", ".join(HASHES[:4]), True),
        (HASHES[0], False),
        (" and ".join(HASHES[:3]), False),
        (" ".join([HASHES[0]] * 9), False),
        ("\n".join(f"(SHA-256 of the text {one[:16]})" for one in HASHES), False),
        ("\n".join(f"SHA-256 of the text: {one}{one}" for one in HASHES), False),
        ("COM(2024) 60, 2024/0035(COD), 021720248767-58", False),
        ("x" * 32 + "g" + HASHES[0] + "z", False),
    ],
    ids=[
        "a column",
        "four",
        "one",
        "three",
        "the same",
        "citations",
        "long ones",
        "ids",
        "in a word",
    ],
)
def test_hash_lists(text: str, expected: bool) -> None:
    """Several different hashes are a list; a quoted one, and this forum's citations, are not."""
    assert has_hash_list(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write to someone@body.example.", True),
        ("Call +32 2 555 01 23.", True),
        ("As @ada.person says", False),
        ("Between 01-02-2024 and 021720248767-58", False),
    ],
)
def test_contacts(text: str, expected: bool) -> None:
    """Addresses and numbers are found; handles, dates and register ids are not."""
    assert has_contacts(text) is expected


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("The LOTTERY is open", ["lottery"], True),
        ("The lotteries are open", ["lottery"], False),
        ("Une Loterie-Élan", ["elan"], True),
        ("a special offer, today", ["special offer"], True),
        ("special and offer", ["special offer"], False),
        ("anything", [], False),
    ],
)
def test_words(text: str, words: list[str], expected: bool) -> None:
    """Words are whole, whatever their case and accents; a phrase is its words in a row."""
    assert has_word(text, words) is expected


def test_near_duplicates() -> None:
    """A word changed is still the same text; another text, and a sentence that many write, is not."""
    assert is_similar(LONG, ["Something else. " * 6, LONG.replace("three", "four")])
    assert not is_similar(LONG, [LONG[::-1], LONG * 3])
    assert not is_similar("We agree.", ["We agree."])


@given(st.text(min_size=80, max_size=300))
def test_every_longer_text_is_like_itself(text: str) -> None:
    """Whatever is written, the same again is found."""
    assert is_similar(text, ["short", text])


@given(st.text(max_size=400))
def test_rules_take_any_text(text: str) -> None:
    """No text makes a rule fail."""
    for found in (
        has_outside_links("", text, ["europa.eu"]),
        has_hash_list(text),
        has_contacts(text),
        has_word(text, ["word"]),
    ):
        assert found in {True, False}


def test_words_in_other_letters_of_the_same_alphabet() -> None:
    """Mathematical and wide letters, ligatures and Cyrillic look-alikes hide no word."""
    assert {fold(text) for text in ("𝕊ample ﬁle", "Ｓample file", "sample-file!")} == {"sample file"}


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        (HoldingRules(reference_domains=("no domain",)), "reference_domains"),
        (HoldingRules(reference_domains=("localhost",)), "reference_domains"),
        (HoldingRules(words=("x" * 81,)), "words"),
        (HoldingRules(words=("!",)), "words"),
        (HoldingRules(protected_words=tuple(f"word{number}" for number in range(201))), "protected_words"),
        (HoldingRules(per_hour=101), "per_hour"),
        (HoldingRules(per_hour=-1), "per_hour"),
    ],
)
def test_settings_that_make_no_sense(rules: HoldingRules, field: str) -> None:
    """What is no domain, no word or too much is refused at its field."""
    with pytest.raises(Invalid) as refused:
        checked_rules(rules)
    assert refused.value.field == field


def test_settings_are_tidied_and_come_back() -> None:
    """Addresses become domains, doubles and blanks go, and what is stored is only what is set."""
    rules = checked_rules(
        HoldingRules(
            outside_links=True,
            reference_domains=("https://www.Europa.eu/", "europa.eu", " "),
            words=("  special   offer ",),
        )
    )
    data = rules.to_data()
    assert data == {
        "outside_links": True,
        "reference_domains": ["europa.eu"],
        "words": ["special offer"],
    }
    assert HoldingRules.from_data(data) == rules
    assert HoldingRules.from_data(None) == HoldingRules()
