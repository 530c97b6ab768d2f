"""Packing and unpacking what a segment holds."""

from array import array
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from forum.search.protocol import SearchDocument
from forum.search.whoosh_engine_segment import (
    TITLE_GAP,
    analyse_document,
    pack_places,
    pack_posting,
    unpack_documents,
    unpack_places,
    unpack_posting,
)

PLACES = st.lists(st.integers(0, 300_000), min_size=1, max_size=50, unique=True).map(sorted)


@given(PLACES)
def test_places_survive_packing(places: list[int]) -> None:
    assert unpack_places(pack_places(places)).tolist() == places


@given(
    st.lists(st.integers(0, 2**31), min_size=1, max_size=30, unique=True).map(sorted),
    st.booleans(),
    st.data(),
)
def test_postings_survive_packing(ids: list[int], has_lengths: bool, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.binary(max_size=20), min_size=len(ids), max_size=len(ids)))
    lengths = array("H", map(len, values)) if has_lengths else None
    posting = (array("I", ids), b"".join(values), lengths)
    block = pack_posting(posting)
    assert unpack_posting(block, has_lengths=has_lengths) == posting
    assert unpack_documents(block).tolist() == ids


def test_an_impact_grows_with_frequency_and_title_and_shrinks_with_length(
    make: Callable[..., SearchDocument],
) -> None:
    def impact(text: str, title: str = "") -> int:
        return analyse_document(make("a", text, title=title))[0]["beacon"]

    once, twice = impact("beacon " + "other " * 50), impact("beacon beacon " + "other " * 49)
    assert 0 < once < twice < 256
    assert impact("beacon " + "other " * 50, "beacon") > twice
    assert impact("beacon " + "other " * 500) < once


def test_places_count_from_the_title_over_a_gap_into_the_text(make: Callable[..., SearchDocument]) -> None:
    words = analyse_document(make("a", "One beacon, one Beacón.", title="A beacon"))[1]
    assert words == {
        "a": [0],
        "beacon": [1, 3 + TITLE_GAP, 5 + TITLE_GAP],
        "one": [2 + TITLE_GAP, 4 + TITLE_GAP],
    }
