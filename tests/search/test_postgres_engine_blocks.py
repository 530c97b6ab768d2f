"""Blocks keep impacts exactly, however dense, and through any changes."""

from hypothesis import given
from hypothesis import strategies as st

from forum.search.postgres_engine_blocks import (
    bits_of_places,
    change_block,
    places_of_bits,
    read_block,
    unite,
    write_block,
)
from forum.search.postgres_engine_tables import CHUNK

places = st.integers(0, CHUNK - 1)
impacts = st.dictionaries(places, st.integers(1, 255), max_size=CHUNK)
changes = st.dictionaries(places, st.integers(0, 255), min_size=1, max_size=40)


@given(impacts)
def test_what_was_written_is_read(pairs: dict[int, int]) -> None:
    posting = read_block(write_block(sorted(pairs.items())), CHUNK)
    assert dict(posting.pairs() if posting else ()) == pairs
    if posting:
        assert posting.top == max(pairs.values())
        assert places_of_bits(posting.bits, CHUNK) == sorted(pairs)
        assert all((posting.get(place) or 0) == pairs.get(place, 0) for place in range(CHUNK))


@given(impacts, st.integers(1, CHUNK))
def test_documents_added_since_the_chunk_was_read_are_left_aside(pairs: dict[int, int], size: int) -> None:
    posting = read_block(write_block(sorted(pairs.items())), size)
    known = {place: impact for place, impact in pairs.items() if place < size}
    assert dict(posting.pairs() if posting else ()) == known


@given(impacts, st.lists(changes, max_size=4))
def test_changes_change_nothing_else(pairs: dict[int, int], steps: list[dict[int, int]]) -> None:
    data = write_block(sorted(pairs.items()))
    for step in steps:
        data = change_block(data, step)
        pairs = {place: impact for place, impact in {**pairs, **step}.items() if impact}
    posting = read_block(data, CHUNK) if data else None
    assert dict(posting.pairs() if posting else ()) == pairs


@given(st.lists(impacts, min_size=1, max_size=4))
def test_of_several_stems_the_best_counts(several: list[dict[int, int]]) -> None:
    read = [read_block(write_block(sorted(pairs.items())), CHUNK) for pairs in several if pairs]
    united = unite([posting for posting in read if posting])
    best: dict[int, int] = {}
    for pairs in several:
        for place, impact in pairs.items():
            best[place] = max(best.get(place, 0), impact)
    assert dict(united.pairs() if united else ()) == best


@given(impacts, st.integers(1, 256), st.integers(1, 256))
def test_places_are_chosen_by_impact(pairs: dict[int, int], least: int, below: int) -> None:
    posting = read_block(write_block(sorted(pairs.items())), CHUNK) if pairs else None
    chosen = list(posting.places_between(least, below)) if posting else []
    assert chosen == sorted(place for place, impact in pairs.items() if least <= impact < below)


@given(st.sets(places, max_size=200))
def test_sets_are_sets(chosen: set[int]) -> None:
    assert list(places_of_bits(bits_of_places(chosen, CHUNK), CHUNK)) == sorted(chosen)
