"""Blocks and chunks as bytes, and as a search reads them: the impacts of a stem, the columns of documents.

A set of a chunk's documents is a whole number with a bit for each: Python's big integers join and count them
at the speed of the machine.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress

from forum.search.postgres_engine_tables import IS_SUPERSEDED, IS_THERE, SHIFTS, most_values
from forum.search.query import FACETS

_DENSE, _SPARSE = b"\x00", b"\x01"
_TO_DIGITS = b"0" + b"1" * 255
_FROM_DIGITS = bytes(digit == ord("1") for digit in range(256))
_FEW = 24


def bits_of_flags(flags: bytes | bytearray) -> int:
    """The set of the places where a byte is not 0."""
    return int(flags.translate(_TO_DIGITS)[::-1], 2) if flags else 0


def flags_of_bits(bits: int, size: int) -> bytes:
    """A byte for each of so many documents, 1 for those in the set."""
    return f"{bits:0{size}b}".encode().translate(_FROM_DIGITS)[::-1]


def bits_of_places(places: Iterable[int], size: int) -> int:
    """The set of these places."""
    flags = bytearray(size)
    for place in places:
        flags[place] = 1
    return bits_of_flags(flags)


def places_of_bits(bits: int, size: int) -> Sequence[int]:
    """The places in a set, in order."""
    if bits.bit_count() > _FEW:
        return list(compress(range(size), flags_of_bits(bits, size)))
    places = []
    while bits:
        lowest = bits & -bits
        places.append(lowest.bit_length() - 1)
        bits ^= lowest
    return places


class Posting:
    """What something is worth in each document of a chunk that holds it: 1 to 255; never changes."""

    __slots__ = ("_get", "_places", "_top", "_values", "bits", "size")

    def __init__(self, size: int, places: Sequence[int] | None, values: bytes, bits: int = 0) -> None:
        """Of places in order with a value each, or (`places` is None) of a value for every document."""
        if places is not None and len(places) > _FEW:
            values, places = scatter(size, places, values), None
        self.size, self._places, self._values = size, places, values
        self._top = -1
        self._get: Callable[[int], int | None] | None = values.__getitem__ if places is None else None
        self.bits = bits or (bits_of_flags(values) if places is None else _bits_of_few(places))

    @property
    def top(self) -> int:
        """The greatest impact."""
        if self._top < 0:
            self._top = max(self._values.translate(None, b"\x00"), default=0)
        return self._top

    @property
    def get(self) -> Callable[[int], int | None]:
        """Gives the impact in a document; nothing or 0 where it is not held."""
        if self._get is None:
            self._get = dict(self.pairs()).get
        return self._get

    def dense(self) -> bytes:
        """A value for every document."""
        if self._places is None:
            return self._values
        return scatter(self.size, self._places, self._values)

    def pairs(self) -> Iterable[tuple[int, int]]:
        """Places with their values."""
        places = places_of_bits(self.bits, self.size) if self._places is None else self._places
        values: Iterable[int] = self._values if self._places is not None else filter(None, self._values)
        return zip(places, values, strict=True)

    def values(self) -> bytes:
        """All impacts, zeros among them where they are kept for every document."""
        return self._values

    def is_dense(self) -> bool:
        """Whether a value is kept for every document."""
        return self._places is None

    def places_between(self, least: int, below: int) -> Iterable[int]:
        """Where the impact is at least `least` and less than `below`."""
        flags = self._values.translate(_passing(least, below))
        return compress(range(self.size) if self._places is None else self._places, flags)

    def cost(self) -> int:
        """Roughly how many bytes this takes."""
        return 500 + self.size // 4 + (self.size if self._places is None else 1_000)


def scatter(size: int, places: Iterable[int], values: bytes) -> bytes:
    """A value for each of so many documents: these at these places, otherwise 0."""
    dense = bytearray(size)
    for place, value in zip(places, values, strict=True):
        dense[place] = value
    return bytes(dense)


def _bits_of_few(places: Iterable[int]) -> int:
    bits = 0
    for place in places:
        bits |= 1 << place
    return bits


_tables: dict[tuple[int, int], bytes] = {}


def _passing(least: int, below: int) -> bytes:
    table = _tables.get((least, below))
    if table is None:
        table = _tables[least, below] = bytes(least <= value < below for value in range(256))
    return table


def posting_of(pairs: Mapping[int, int], size: int) -> Posting | None:
    """A posting of impacts by place; None where there are none."""
    places = sorted(place for place in pairs if place < size)
    return Posting(size, places, bytes([pairs[place] for place in places])) if places else None


def unite(found: Sequence[Posting]) -> Posting | None:
    """The documents of several stems of one word, each with its greatest impact."""
    if len(found) < 2:
        return found[0] if found else None
    size = found[0].size
    bits = shared = 0
    for posting in found:
        shared |= bits & posting.bits
        bits |= posting.bits
    if bits.bit_count() <= _FEW:
        best: dict[int, int] = {}
        for posting in found:
            for place, value in posting.pairs():
                best[place] = max(value, best.get(place, 0))
        return posting_of(best, size)
    # Where only one of them has a value, values can be joined bit by bit.
    joined = 0
    for posting in found:
        joined |= int.from_bytes(posting.dense(), "little")
    values = bytearray(joined.to_bytes(size, "little"))
    for place in places_of_bits(shared, size):
        values[place] = max(posting.get(place) or 0 for posting in found)
    return Posting(size, None, bytes(values), bits)


def read_block(data: bytes, size: int) -> Posting | None:
    """A block as far as the chunk was known to reach; None where that leaves nothing."""
    if data[:1] == _DENSE:
        values = data[1 : size + 1].ljust(size, b"\x00")
        return Posting(size, None, values) if any(values) else None
    count = len(data) // 3
    packed = bytearray(2 * count)
    packed[0::2], packed[1::2] = data[1::3], data[2::3]
    places = array("H", bytes(packed))
    if sys.byteorder == "big":
        places.byteswap()
    values = data[3::3]
    if places and places[-1] >= size:
        return posting_of(dict(zip(places, values, strict=True)), size)
    return Posting(size, places, values) if places else None


def change_block(data: bytes, changes: Mapping[int, int]) -> bytes:
    """A block with impacts set by place (0 takes one away); empty where nothing is left of it."""
    first = min(changes)
    if data[:1] == _DENSE and first >= len(data) - 1 and all(changes.values()):
        added = bytearray(max(changes) + 1 - len(data) + 1)
        for place, value in changes.items():
            added[place - len(data) + 1] = value
        return data + bytes(added)
    pairs = {**dict(read_pairs(data)), **changes}
    return write_block(sorted((place, value) for place, value in pairs.items() if value))


def read_pairs(data: bytes) -> Iterable[tuple[int, int]]:
    """The impacts of a block by place, in order."""
    if data[:1] == _DENSE:
        return ((place, value) for place, value in enumerate(data[1:]) if value)
    return ((data[at] | data[at + 1] << 8, data[at + 2]) for at in range(1, len(data), 3))


def write_block(pairs: Sequence[tuple[int, int]]) -> bytes:
    """Places in order with their impacts as bytes; empty for none."""
    if not pairs:
        return b""
    last = pairs[-1][0]
    if len(pairs) * 3 < last:
        return _SPARSE + b"".join([bytes((p & 255, p >> 8, value)) for p, value in pairs])
    values = bytearray(last + 1)
    for place, value in pairs:
        values[place] = value
    return _DENSE + bytes(values)


class Chunk:
    """The columns of a chunk as they were at one version."""

    __slots__ = ("alive", "dates", "facets", "live", "number", "readable_by", "size", "superseded", "version")

    def __init__(self, number: int, audience: int, version: int, facts: bytes, moments: bytes) -> None:
        self.number, self.readable_by, self.version = number, audience, version
        self.size = len(facts) // 8
        self.dates = array("q", moments)
        if sys.byteorder == "little":
            self.dates.byteswap()
        flags = facts[7::8]
        self.live = bits_of_flags(bytes([flag & IS_THERE for flag in flags]))
        self.superseded = bits_of_flags(bytes([flag & IS_SUPERSEDED for flag in flags])) & self.live
        self.alive = self.live.bit_count()
        self.facets = {name: self._read_facet(name, facts) for name in FACETS}

    def _read_facet(self, name: str, facts: bytes) -> dict[int, int]:
        """The set of documents of each value."""
        at = 7 - SHIFTS[name] // 8
        column: Sequence[int] = facts[at::8]
        if most_values(name) > 255:
            column = [high << 8 | low for high, low in zip(facts[at - 1 :: 8], column, strict=True)]
        sets = {}
        for value in set(column) - {0}:
            if isinstance(column, bytes):
                flags = column.translate(_passing(value, value + 1))
            else:
                flags = bytes([one == value for one in column])
            sets[value] = bits_of_flags(flags) & self.live
        return {value: bits for value, bits in sets.items() if bits}
