"""Packing and unpacking what a segment holds."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from forum.search.whoosh_engine_segment import (
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
