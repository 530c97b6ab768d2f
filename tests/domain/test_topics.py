"""Topics: terms as people type them, and when a stance has changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.topics import (
    MAX_TERM,
    MAX_TERMS,
    Stance,
    Term,
    checked_name,
    has_changed,
    read_terms,
    term_key,
    write_terms,
)
from forum.errors import Invalid


def test_terms_are_read_one_a_line() -> None:
    """With a language before a colon or without one; blank lines and doubles say nothing."""
    source = "client-side scanning\n\nde: Chatkontrolle\n de:  chatkontrolle \nfr : analyse   locale\n"
    assert read_terms(source) == [
        Term("", "client-side scanning"),
        Term("de", "chatkontrolle"),
        Term("fr", "analyse locale"),
    ]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("xx: word", id="a language that is none of the Union's"),
        pytest.param("x" * (MAX_TERM + 1), id="a term that is too long"),
        pytest.param("\n".join(f"term{n}" for n in range(MAX_TERMS + 1)), id="too many terms"),
    ],
)
def test_bad_terms_are_refused_at_their_field(source: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_terms(source)
    assert caught.value.field == "terms"


@given(st.text(alphabet='abzß: \n"*()-éØ', max_size=120))
def test_written_terms_are_read_back(source: str) -> None:
    """Whatever was read is written so that it is read the same."""
    try:
        terms = read_terms(source)
    except Invalid:
        return
    assert read_terms(write_terms(terms)) == terms


def test_the_key_of_a_term_has_no_case_and_no_signs() -> None:
    """So that it can stand in quotation marks in a search."""
    assert term_key(' "Client-Side  Scanning" ') == "client-side scanning"
    assert '"' not in term_key('a "b" (c)')


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_a_topic_has_a_name_of_bounded_length(name: str) -> None:
    with pytest.raises(Invalid):
        checked_name(name)


def test_only_another_clear_stance_is_a_change() -> None:
    """A passage that nobody could tell the stance of is no change of mind."""
    assert has_changed(Stance.SUPPORTS, Stance.OPPOSES)
    assert not has_changed(Stance.SUPPORTS, Stance.SUPPORTS)
    assert not has_changed(Stance.SUPPORTS, Stance.UNCLEAR)
    assert not has_changed(Stance.UNCLEAR, Stance.OPPOSES)
