"""What a form sends of a cell, and what many ratings come to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.ratings import NO_VIEW, Spread, read_entry, summarise

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
