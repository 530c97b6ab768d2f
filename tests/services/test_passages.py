"""What a comment is about: words of a version, by their surroundings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.labels import Tlp
from forum.domain.papers import PaperVersion
from forum.errors import Invalid
from forum.richtext import render
from forum.services.passages import CONTEXT, anchor_in, anchor_of_quote

TEXT = "One two three.\n\nTwo three four, two three.\n\n| a | b |\n|---|---|\n| c | d |"


def version(source: str = TEXT) -> PaperVersion:
    made = render(source, profile="paper")
    rows = [paragraph.to_row() for paragraph in made.paragraphs]
    return PaperVersion(id=2, paper_id=1, tlp=Tlp.AMBER, text=made.text, paragraphs=rows)


@given(st.data())
def test_what_is_chosen_with_all_around_it_is_found_there(data: st.DataObject) -> None:
    """Any passage of a text, sent with everything before and after it, is anchored at its own place."""
    it = version()
    start = data.draw(st.integers(0, len(it.text) - 1))
    end = data.draw(st.integers(start + 1, len(it.text)))
    exact = it.text[start:end]
    if not exact.strip():
        return
    anchor = anchor_of_quote(it, exact, it.text[:start], it.text[end:])
    assert (anchor.exact, anchor.start) == (exact.strip(), start + len(exact) - len(exact.lstrip()))
    assert anchor.end == start + len(exact.rstrip())
    assert anchor.prefix == it.text[max(0, (anchor.start or 0) - CONTEXT) : anchor.start]
    assert (anchor.version_id, anchor.tlp) == (2, Tlp.AMBER)


def test_a_whole_paragraph_is_the_same_either_way() -> None:
    """Chosen by its anchor or by its words."""
    assert anchor_of_quote(version(), "One two three.") == anchor_in(version(), "p1")


@pytest.mark.parametrize(
    ("exact", "prefix", "suffix"),
    [("two three", "", ""), ("five", "", ""), ("", "One", ""), (" \n", "", ""), ("four", "five ", "")],
    ids=["three times", "never", "empty", "white", "elsewhere"],
)
def test_what_is_not_one_place_is_refused(exact: str, prefix: str, suffix: str) -> None:
    """No guess: none or several places are Invalid at the selector."""
    with pytest.raises(Invalid) as caught:
        anchor_of_quote(version(), exact, prefix, suffix)
    assert caught.value.field == "selector"


def test_lines_and_cells_count_as_spaces() -> None:
    """As a browser copies them."""
    assert anchor_of_quote(version(), "c d").paragraph == "p3"
