"""The folded name of a body."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.organisations import STAKEHOLDER_TYPES, StakeholderType, match_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Cimulec Group", "CIMULEC  Group", id="case and blanks"),
        pytest.param("Réseau d’Exemple", "Reseau d'Exemple", id="accents and apostrophes"),
        pytest.param("Beispiel GmbH", "Beispiel", id="a legal form"),
        pytest.param("Exemple S.A.", "Exemple SA", id="a legal form with dots"),
        pytest.param("Przykład sp. z o.o.", "Przyklad", id="a legal form of several words"),
        pytest.param("Eksempel A/S", "Eksempel", id="a legal form with a stroke"),
        pytest.param("Smith & Sample Ltd.", "Smith and Sample", id="and as a sign"),
        pytest.param("The Sample Alliance", "Sample Alliance", id="an article"),
        pytest.param("Straße e.V.", "STRASSE", id="sharp s"),
    ],
)
def test_the_same_body_has_one_key(one: str, other: str) -> None:
    """Spellings of one name fold to one key."""
    assert match_key(one) == match_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Example Messenger", "Example Messengers"),
        ("Παράδειγμα", "Δείγμα"),
        ("SE", "SA"),
        ("Sample Alliance North", "Sample Alliance"),
    ],
)
def test_different_bodies_have_different_keys(one: str, other: str) -> None:
    """Folding does not throw names together that differ in a word, also where a word looks like a form."""
    assert match_key(one) != match_key(other)


@given(st.text(alphabet=st.characters(categories=["L", "M", "N", "P", "Z", "S"])))
def test_a_key_is_its_own_key(name: str) -> None:
    """Folding a key gives the key, and only an empty name has an empty one."""
    key = match_key(name)
    assert bool(key) == bool(name.strip())
    if any(letter.isalnum() for letter in key):
        assert match_key(key) == key


def test_every_type_has_words() -> None:
    """No respondent type is shown as its code."""
    assert set(STAKEHOLDER_TYPES) == set(StakeholderType)
