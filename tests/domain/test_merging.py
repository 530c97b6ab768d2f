"""Two texts of one draft, put together without a lost word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.merging import Choice, find_parts, put_together

THEIRS = "# Scope\n\nThe first says this.\n\nBoth say that.\n\nOnly the first.\n"
MINE = "# Scope\n\nThe second says this.\n\nBoth say that.\n"


def test_differences_are_numbered_and_what_is_common_is_not() -> None:
    """One reworded paragraph and one that only the other text has."""
    parts = find_parts(THEIRS, MINE)
    assert [part.number for part in parts] == [0, 1, 0, 2]
    assert parts[1].theirs.strip() == "The first says this."
    assert parts[1].mine.strip() == "The second says this."
    assert parts[3].mine == ""


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, MINE),
        ({1: Choice.MINE, 2: Choice.MINE}, MINE),
        ({1: Choice.THEIRS, 2: Choice.THEIRS}, THEIRS),
        (
            {1: Choice.BOTH},
            "# Scope\n\nThe first says this.\n\nThe second says this.\n\nBoth say that.\n",
        ),
    ],
    ids=["nothing chosen keeps mine", "mine", "theirs", "both, theirs first"],
)
def test_what_was_chosen_of_each_difference_is_taken(chosen: dict[int, Choice], expected: str) -> None:
    """Part by part."""
    assert put_together(find_parts(THEIRS, MINE), chosen) == expected


_texts = st.text(alphabet="ab \n#`", max_size=80)


@given(_texts, _texts)
def test_no_word_of_either_text_is_lost(theirs: str, mine: str) -> None:
    """The parts hold both texts whole; one choice throughout gives that text, but for blank lines."""
    parts = find_parts(theirs, mine)
    assert "".join(part.theirs for part in parts).split() == theirs.split()
    assert "".join(part.mine for part in parts).split() == mine.split()
    numbers = {part.number: Choice.THEIRS for part in parts}
    assert put_together(parts, {}).split() == mine.split()
    same = {0: Choice.THEIRS}
    assert put_together(parts, numbers | same).split() == theirs.split()
