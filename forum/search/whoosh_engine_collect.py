"""From scores to results: filters, exact totals and facets, the page of hits, in one pass over the leaves.

Masks are whole numbers with one byte a document, 0 or 1: Python's big integers combine and count them at the
speed of the machine. A column's references become a facet's counts by masking and counting bytes.
"""

from __future__ import annotations

import heapq
from array import array
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import compress
from typing import Literal

from forum.search.analysis import surfaces
from forum.search.facets import sort_facet
from forum.search.protocol import Hit, Results, SearchRequest
from forum.search.query import FACETS, Filter, Filters
from forum.search.weighing import SUPERSEDED
from forum.search.whoosh_engine_leaf import Column, Leaf
from forum.search.whoosh_engine_plan import Node
from forum.search.whoosh_engine_segment import SEPARATOR

_ORDER: Literal["little"] = "little"


def collect(request: SearchRequest, leaves: Sequence[Leaf], plan: Node, languages: frozenset[str]) -> Results:
    """Everything that a page of results shows."""
    total = 0
    counts: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    ranked: list[tuple[list[float], list[int], Leaf]] = []
    for number, leaf in enumerate(leaves):
        scores = plan.scores(number, leaf.count)
        if scores is None:
            continue
        _demote_superseded(scores, leaf)
        matched = _to_mask(map(bool, scores)) & int.from_bytes(leaf.live, _ORDER)
        masks = _filter_masks(leaf, request.filters)
        selected = matched
        for mask in masks.values():
            selected &= mask
        _count_facets(leaf, matched, masks, counts)
        if selected:
            flags = selected.to_bytes(leaf.count, _ORDER)
            documents = list(compress(range(leaf.count), flags))
            total += len(documents)
            ranked.append((list(compress(scores, flags)), documents, leaf))
    facets = {name: sort_facet(name, counts[name], request.filters) for name in FACETS}
    return Results(total, _choose_hits(request, ranked), facets, languages)


def _to_mask(flags: object) -> int:
    return int.from_bytes(bytes(flags), _ORDER)  # type: ignore[call-overload]


def _demote_superseded(scores: list[float], leaf: Leaf) -> None:
    column = leaf.columns["superseded"]
    if len(column.values) > 1:
        for number, reference in enumerate(column.references):
            if reference:
                scores[number] *= SUPERSEDED


def _filter_masks(leaf: Leaf, filters: Filters) -> dict[str, int]:
    """A mask for each field that has a choice, and one under no field's name for the rest."""
    masks: dict[str, int] = {}
    for choice in filters.choices:
        mask = _column_mask(leaf.columns[choice.field], choice)
        masks[choice.field] = masks.get(choice.field, mask) & mask
    if filters.versions != "all":
        choice = Filter("label", ("yes",), negated=filters.versions == "current")
        masks[""] = _column_mask(leaf.columns["superseded"], choice)
    if filters.after or filters.before:
        first = _to_seconds(filters.after) if filters.after else -(2**62)
        end = _to_seconds(filters.before) if filters.before else 2**62
        mask = _to_mask([first <= moment < end for moment in leaf.dates])
        masks[""] = masks.get("", mask) & mask
    return masks


def _to_seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _column_mask(column: Column, choice: Filter) -> int:
    matches = _match_author if choice.field == "author" else _match_value
    allowed = [
        bool(value) and any(matches(value, wanted) for wanted in choice.values) for value in column.values
    ]
    flags = [a != choice.negated for a in allowed]
    if isinstance(column.references, bytes):
        table = bytes(flags).ljust(256, b"\x00")
        return int.from_bytes(column.references.translate(table), _ORDER)
    return _to_mask([flags[reference] for reference in column.references])


def _match_value(value: str, wanted: str) -> bool:
    return wanted.casefold() in value.casefold().split(SEPARATOR)


def _match_author(value: str, wanted: str) -> bool:
    """Whether all words of the wanted name are in the author's, without case and accents."""
    words = surfaces(wanted)
    return bool(words) and set(words) <= set(surfaces(value))


def _count_facets(leaf: Leaf, matched: int, masks: dict[str, int], counts: dict[str, Counter[str]]) -> None:
    for name in FACETS:
        mask = matched
        for field, other in masks.items():
            if field != name:
                mask &= other
        if mask:
            _count_column(leaf.columns[name], mask, counts[name], leaf.count)


def _count_column(column: Column, mask: int, counter: Counter[str], size: int) -> None:
    if isinstance(column.references, array):
        flags = mask.to_bytes(size, _ORDER)
        for reference, count in Counter(compress(column.references, flags)).items():
            if reference:
                counter[column.values[reference]] += count
        return
    if len(column.values) == 2 and 0 not in column.references:
        counter[column.values[1]] += mask.bit_count()
        return
    kept = (int.from_bytes(column.references, _ORDER) & mask * 255).to_bytes(size, _ORDER)
    for reference in range(1, len(column.values)):
        count = kept.count(reference)
        if count:
            counter[column.values[reference]] += count


def _choose_hits(
    request: SearchRequest, ranked: list[tuple[list[float], list[int], Leaf]]
) -> tuple[Hit, ...]:
    """The page's hits by score (or date), then date, then id, whatever leaf they come from."""
    needed = request.offset + request.limit
    if needed <= 0 or request.limit <= 0 or request.offset >= sum(len(s) for s, _, _ in ranked):
        return ()
    by_date = request.sort == "date"
    if by_date:
        ranked = [
            ([float(leaf.dates[d]) for d in documents], documents, leaf) for _, documents, leaf in ranked
        ]
    best = heapq.nlargest(needed, (v for values, _, _ in ranked for v in heapq.nlargest(needed, values)))
    threshold = best[-1]
    candidates = []
    for place, (values, documents, leaf) in enumerate(ranked):
        for value, number in zip(values, documents, strict=True):
            if value >= threshold:
                candidates.append((-value, -leaf.dates[number], place, number))
    if len(candidates) > needed:
        last = heapq.nsmallest(needed, candidates)[-1][:2]
        candidates = [c for c in candidates if c[:2] <= last]
    page = sorted((v, d, ranked[p][2].key(n)[0], p, n) for v, d, p, n in candidates)
    return tuple(
        _make_hit(ranked[place][2], number, 0.0 if by_date else -value)
        for value, _, _, place, number in page[request.offset : needed]
    )


def _make_hit(leaf: Leaf, number: int, score: float) -> Hit:
    id_, thread, _ = leaf.key(number)
    return Hit(
        id_,
        leaf.value(number, "kind"),
        leaf.readable_by,
        score,
        thread or None,
        leaf.value(number, "superseded") == "yes",
    )
