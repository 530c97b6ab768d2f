"""How a facet's counts are ordered, on every engine."""

from __future__ import annotations

from collections import Counter

from forum.search.protocol import FacetCount
from forum.search.query import Filters


def sort_facet(name: str, counter: Counter[str], filters: Filters) -> tuple[FacetCount, ...]:
    """The counts of a facet in the order of `Results.facets`; what was chosen is there even with none."""
    chosen = {value.casefold(): value for value in filters.chosen(name)}
    found = {value.casefold() for value in counter}
    for folded, value in chosen.items():
        if folded not in found:
            counter[value] = 0
    if name == "year":
        ordered = sorted(counter.items(), reverse=True)
    else:
        ordered = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    return tuple(FacetCount(value, count, value.casefold() in chosen) for value, count in ordered)
