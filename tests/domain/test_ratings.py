"""What a form sends of a cell, and what many ratings come to."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.catalogues import Cell
from forum.domain.ratings import (
    DISSENT_STEPS,
    MAX_EVIDENCE,
    MAX_REASON,
    NO_VIEW,
    Spread,
    find_fault,
    rating_of,
    read_entry,
    summarise,
)

CELL = Cell("enclave/privacy", {"title": "Secure enclave"}, {"title": "Privacy"})
RATED = {"rating": "3", "confidence": "low", "reason": "It learns nothing.", "evidence": ""}
RATINGS = st.lists(st.none() | st.integers(1, 5), max_size=30)


@pytest.mark.parametrize(
    ("ratings", "spread", "dissent"),
    [
        ([], Spread.NONE, 0),
        ([None, None], Spread.NONE, 0),
        ([3], Spread.ONE, 0),
        ([3, 4], Spread.CLOSE, 0),
        ([2, 4, 4], Spread.DIFFERENT, 1),
        ([1, 5], Spread.APART, 2),
        ([4, 4, 4, 1], Spread.APART, 1),
    ],
)
def test_how_far_they_lie_apart(ratings: list[int | None], spread: Spread, dissent: int) -> None:
    """By lowest and highest; dissent is two steps from the median."""
    found = summarise(ratings)
    assert (found.spread, found.dissent) == (spread, dissent)


@given(RATINGS)
def test_a_summary_holds_together(ratings: list[int | None]) -> None:
    """Everybody is counted once, and the median lies in the range."""
    found = summarise(ratings)
    assert found.count + found.abstained == len(ratings)
    assert found.dissent <= found.count
    if found.median is not None:
        assert found.lowest is not None
        assert found.highest is not None
        assert found.lowest <= found.median <= found.highest
    assert found == summarise(list(reversed(ratings)))


@given(st.dictionaries(st.sampled_from(["rating", "confidence", "reason", "evidence", "label"]), st.text()))
def test_what_a_form_sends_is_read_or_dropped(raw: dict[str, str]) -> None:
    """Whatever it is: a rating of the scale or none, a known confidence, and text."""
    entry = read_entry(raw, 5)
    assert entry.get("rating", "") in {"", NO_VIEW, "1", "2", "3", "4", "5"}
    assert entry.get("confidence", "") in {"", "low", "medium", "high"}
    assert set(entry) <= {"rating", "confidence", "reason", "evidence"}


@given(RATINGS, st.integers(0, 10))
def test_whoever_has_no_view_changes_no_figure_but_their_own(ratings: list[int | None], more: int) -> None:
    """Median, range and dissent are of those who rated."""
    found, with_them = summarise(ratings), summarise([*ratings, *[None] * more])
    assert with_them.abstained == found.abstained + more
    for name in ("count", "median", "lowest", "highest", "spread", "dissent"):
        assert getattr(with_them, name) == getattr(found, name)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=30))
def test_the_same_rating_by_all_is_close_and_without_dissent(ratings: list[int]) -> None:
    """However many they are; and the spread is what lies between the lowest and the highest."""
    same = summarise([ratings[0]] * len(ratings))
    assert same.dissent == 0
    assert same.spread is (Spread.ONE if len(ratings) == 1 else Spread.CLOSE)
    found = summarise(ratings)
    width = max(ratings) - min(ratings)
    if found.spread is not Spread.ONE:
        assert (found.spread is Spread.APART) == (width >= 3)
        assert (found.spread is Spread.CLOSE) == (width <= 1)
    if width < DISSENT_STEPS:
        assert found.dissent == 0


@given(st.lists(st.integers(1, 5), min_size=1, max_size=30), st.integers(0, 5))
def test_a_scale_that_begins_higher_moves_the_figures_and_not_the_disagreement(
    ratings: list[int], steps: int
) -> None:
    found, moved = summarise(ratings), summarise([rating + steps for rating in ratings])
    assert (moved.spread, moved.dissent) == (found.spread, found.dissent)
    assert found.median is not None
    assert moved.median == found.median + steps


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"rating": ""}, "choose a rating, or say", id="no rating"),
        pytest.param({"reason": ""}, "give the reason", id="no reason"),
        pytest.param({"confidence": ""}, "how confident", id="no confidence"),
        pytest.param({"reason": "x" * (MAX_REASON + 1)}, "up to 5000", id="a reason without end"),
        pytest.param({"evidence": "x" * (MAX_EVIDENCE + 1)}, "up to 2000", id="evidence without end"),
    ],
)
def test_what_keeps_a_cell_from_being_submitted_is_said_of_that_cell(
    change: dict[str, str], words: str
) -> None:
    found = find_fault(CELL, RATED | change, must_rate=True)
    assert found is not None
    assert str(found).startswith("Secure enclave · Privacy: ")
    assert words in str(found)


@pytest.mark.parametrize(
    ("entry", "must_rate"),
    [
        pytest.param(RATED, True, id="a rating with its reason"),
        pytest.param({"rating": NO_VIEW}, True, id="no view needs no reason"),
        pytest.param({}, False, id="a cell that may be left out"),
        pytest.param(RATED | {"confidence": ""}, False, id="no confidence where none is asked for"),
    ],
)
def test_what_can_be_submitted(entry: dict[str, str], must_rate: bool) -> None:
    assert find_fault(CELL, entry, must_rate=must_rate) is None


@pytest.mark.parametrize("name", ["reason", "evidence"])
def test_words_without_a_rating_are_no_cell_that_is_left_out(name: str) -> None:
    """Somebody forgot the rating: nothing that was written is lost without a word."""
    assert find_fault(CELL, {name: "It learns nothing."}, must_rate=False) is not None


@pytest.mark.parametrize(
    ("value", "rating"),
    [(None, None), ({}, None), ({"rating": None}, None), ({"rating": "3"}, None), ({"rating": 3}, 3)],
    ids=str,
)
def test_the_rating_of_a_stored_cell(value: dict[str, Any] | None, rating: int | None) -> None:
    """A number of the scale; no view is none."""
    assert rating_of(value) == rating


@given(st.dictionaries(st.sampled_from(["rating", "confidence", "reason", "evidence"]), st.text()))
def test_what_was_read_is_read_again_the_same(raw: dict[str, str]) -> None:
    """A draft that is saved twice does not change."""
    entry = read_entry(raw, 5)
    assert read_entry(entry, 5) == entry
