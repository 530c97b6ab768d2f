"""Set work on the postings of one leaf: unions, phrases, nearness, prefixes; exact, of live documents."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from forum.search.weighing import impact_of
from forum.search.whoosh_engine_leaf import Leaf
from forum.search.whoosh_engine_segment import Posting, unpack_places

Postings = tuple["array[int]", bytes]
Places = dict[int, Sequence[int]]
"""Where something begins, in order, by document."""


@dataclass(frozen=True, slots=True)
class Spans:
    """Places of something that is `length` words long."""

    places: Places
    length: int


def unite(postings: Iterable[Posting | None]) -> Postings | None:
    """The documents of several stems of one word, each with its greatest impact."""
    found = [posting for posting in postings if posting]
    if not found:
        return None
    if len(found) == 1:
        return found[0][0], found[0][1]
    best: dict[int, int] = {}
    for ids, impacts, _ in found:
        for number, impact in zip(ids, impacts, strict=True):
            if best.get(number, 0) < impact:
                best[number] = impact
    numbers = sorted(best)
    return array("I", numbers), bytes([best[number] for number in numbers])


def count_postings(places: Places) -> Postings | None:
    """Postings from how often something stands in each document."""
    if not places:
        return None
    numbers = sorted(places)
    return array("I", numbers), bytes([impact_of(len(places[number])) for number in numbers])


def find_any(leaf: Leaf, surfaces: Iterable[str]) -> Places:
    """Where any of these words stands."""
    found: dict[int, list[int]] = {}
    several = set()
    for surface in surfaces:
        if posting := leaf.word(surface):
            for number, places in _iterate_places(posting):
                if number in found:
                    several.add(number)
                    found[number].extend(places)
                else:
                    found[number] = places.tolist()
    for number in several:
        found[number].sort()
    return dict(found)


def _iterate_places(posting: Posting) -> Iterable[tuple[int, array[int]]]:
    ids, values, lengths = posting
    start = 0
    for number, length in zip(ids, lengths or (), strict=True):
        yield number, unpack_places(values[start : start + length])
        start += length


def find_phrase(leaf: Leaf, words: Sequence[str]) -> Places:
    """Where these words stand one after the other."""
    postings = []
    for word in words:
        posting = leaf.word(word)
        if posting is None:
            return {}
        postings.append(posting)
    if not postings:
        return {}
    if len(postings) == 1:
        return dict(_iterate_places(postings[0]))
    numbers = set.intersection(*(set(ids) for ids, _, _ in sorted(postings, key=lambda p: len(p[0]))))
    readers = [_PlaceReader(posting) for posting in postings]
    found: Places = {}
    for number in numbers:
        begins = set(readers[0].places(number))
        for offset, reader in enumerate(readers[1:], 1):
            begins &= {place - offset for place in reader.places(number)}
            if not begins:
                break
        else:
            found[number] = sorted(begins)
    return found


class _PlaceReader:
    """Random access to the places in one posting."""

    def __init__(self, posting: Posting) -> None:
        self._ids, self._values, lengths = posting
        self._ends = list(accumulate(lengths or (), initial=0))

    def places(self, number: int) -> array[int]:
        """The places in a document that the posting is known to hold."""
        n = bisect_left(self._ids, number)
        return unpack_places(self._values[self._ends[n] : self._ends[n + 1]])


def find_near(left: Spans, right: Spans, distance: int) -> Places:
    """Where the left stands at most so many words before or after the right."""
    found: Places = {}
    for number in left.places.keys() & right.places.keys():
        others = right.places[number]
        begins = [
            place
            for place in left.places[number]
            if _has_between(others, place - right.length - distance + 1, place - right.length)
            or _has_between(others, place + left.length, place + left.length + distance - 1)
        ]
        if begins:
            found[number] = begins
    return found


def _has_between(places: Sequence[int], first: int, last: int) -> bool:
    return bisect_left(places, first) < bisect_right(places, last)
