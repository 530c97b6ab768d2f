"""From a plan to results: filters, exact totals and facets as sets, the page of hits."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime

from forum.search.analysis import surfaces
from forum.search.facets import sort_facet
from forum.search.postgres_engine_blocks import Chunk, bits_of_flags
from forum.search.postgres_engine_nodes import Node
from forum.search.postgres_engine_plan import Planner
from forum.search.postgres_engine_rank import Ranking, Scored, is_flat
from forum.search.postgres_engine_shelf import Run, Shelf, Values, View
from forum.search.postgres_engine_tables import CHUNK, spell
from forum.search.protocol import Hit, Results, SearchRequest
from forum.search.query import FACETS, Filter, Filters
from forum.search.weighing import SUPERSEDED

_REST = ""
"""Stands for all filters that are not choices in a facet."""
Masks = dict[str, list[int]]


class Moved(Exception):
    """Something was written while a search went on: what it read may not belong together."""


def collect(
    run: Run, request: SearchRequest, planner: Planner, plan: Node, shelf: Shelf, view: View
) -> Results:
    """Everything that a page of results shows. Raises Moved."""
    chunks = view.chunks
    matched = [plan.bits(place) & chunk.live for place, chunk in enumerate(chunks)]
    masks = _read_filters(run, planner, request.filters, shelf.values, chunks)
    selected = list(matched)
    for sets in masks.values():
        selected = [found & mask for found, mask in zip(selected, sets, strict=True)]
    counts = _count_facets(view, matched, selected, masks)
    facets = {
        name: sort_facet(name, _name_values(name, counts[name], shelf.values), request.filters)
        for name in FACETS
    }
    needed = max(request.offset, 0) + request.limit if request.limit > 0 else 0
    total = sum(found.bit_count() for found in selected)
    best: list[Scored] = []
    if needed > 0 and request.offset < total:
        best = _find_best(request, plan, chunks, selected, needed)
    return Results(total, _make_hits(run, request, best, shelf, view), facets, planner.languages)


def _find_best(
    request: SearchRequest, plan: Node, chunks: Sequence[Chunk], selected: list[int], needed: int
) -> list[Scored]:
    """At least the documents of the page and of those before it, in their order but for equal dates."""
    if request.sort == "date":
        found = [(0.0, *one) for one in Ranking(chunks, selected, needed).by_date()]
    elif is_flat(plan):
        found = _rank_flat(plan, chunks, selected, needed)
    else:
        ranked = Ranking(chunks, selected, needed).by_score(plan)
        found = [(score, chunks[chunk].dates[place], chunk, place) for score, chunk, place in ranked]
    last = heapq.nlargest(needed, (one[:2] for one in found))[-1]
    return [(score, chunk, place) for score, at, chunk, place in found if (score, at) >= last]


def _rank_flat(
    plan: Node, chunks: Sequence[Chunk], selected: list[int], needed: int
) -> list[tuple[float, float, int, int]]:
    """Where all is worth the same: the newest, and older versions of papers after that."""
    found: list[tuple[float, float, int, int]] = []
    for factor in (1.0, SUPERSEDED):
        sets = [
            bits & (chunk.superseded if factor < 1 else ~chunk.superseded)
            for bits, chunk in zip(selected, chunks, strict=True)
        ]
        if any(sets) and len(found) < needed:
            newest = Ranking(chunks, sets, needed - len(found)).by_date()
            found += [(plan.score(chunk, place) * factor, at, chunk, place) for at, chunk, place in newest]
    return found


# Filters


def _read_filters(
    run: Run, planner: Planner, filters: Filters, values: Values, chunks: Sequence[Chunk]
) -> Masks:
    """For each field that has a choice, and for the rest, the documents of each chunk that pass."""
    masks: Masks = {}

    def narrow(name: str, sets: list[int]) -> None:
        masks[name] = [a & b for a, b in zip(masks[name], sets, strict=True)] if name in masks else sets

    for choice in filters.choices:
        if choice.field in FACETS:
            sets = _choose_facet(choice, values, chunks)
        else:
            sets = planner.sets_of(_find_documents(run, choice))
        if choice.negated:
            sets = [chunk.live & ~one for chunk, one in zip(chunks, sets, strict=True)]
        narrow(choice.field if choice.field in FACETS else _REST, sets)
    if filters.versions == "superseded":
        narrow(_REST, [chunk.superseded for chunk in chunks])
    elif filters.versions != "all":
        narrow(_REST, [chunk.live & ~chunk.superseded for chunk in chunks])
    if filters.after or filters.before:
        first = _to_seconds(filters.after) if filters.after else -(2**62)
        end = _to_seconds(filters.before) if filters.before else 2**62
        narrow(
            _REST,
            [bits_of_flags(bytes([first <= moment < end for moment in chunk.dates])) for chunk in chunks],
        )
    return masks


def _choose_facet(choice: Filter, values: Values, chunks: Sequence[Chunk]) -> list[int]:
    folded = {value.casefold() for value in choice.values}
    sets = []
    for chunk in chunks:
        chosen = 0
        for ref, bits in chunk.facets[choice.field].items():
            if values[choice.field, ref].casefold() in folded:
                chosen |= bits
        sets.append(chosen)
    return sets


def _find_documents(run: Run, choice: Filter) -> list[int]:
    """The numbers of all documents that have one of a filter's values; those of other audiences too."""
    refs = _find_refs(run, choice)
    if not refs:
        return []
    test = (
        "organisation && %(refs)s::int[]"
        if choice.field == "organisation"
        else f"{choice.field} = ANY(%(refs)s)"
    )
    rows = run(f"SELECT number FROM @doc WHERE {test}", {"refs": sorted(refs)})
    return [row[0] for row in rows]


def _find_refs(run: Run, choice: Filter) -> frozenset[int]:
    """The numbers of the values that a filter names."""
    if choice.field != "author":
        folded = [value.casefold().replace("\x00", "") for value in choice.values]
        rows = run(
            "SELECT ref FROM @value WHERE field = %(field)s AND folded = ANY(%(folded)s)",
            {"field": choice.field, "folded": [f.encode("utf-8", "replace").decode() for f in folded]},
        )
        return frozenset(row[0] for row in rows)
    found: set[int] = set()
    for value in choice.values:
        if words := [f" {spell(word)} " for word in surfaces(value)]:
            rows = run(
                "SELECT ref FROM @value WHERE field = 'author'"
                " AND NOT EXISTS (SELECT FROM unnest(%(words)s::text[]) AS w(word) WHERE strpos(folded, word) = 0)",  # noqa: E501
                {"words": words},
            )
            found.update(row[0] for row in rows)
    return frozenset(found)


def _to_seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


# Facets and hits


def _count_facets(
    view: View, matched: list[int], selected: list[int], masks: Masks
) -> dict[str, dict[int, int]]:
    """How many documents each value of each facet has; the facet's own choice is left aside."""
    everything = view.join(selected)
    counts: dict[str, dict[int, int]] = {}
    for name in FACETS:
        found = everything
        if name in masks:
            found = view.join(matched)
            for other, mask in masks.items():
                if other != name:
                    found &= view.join(mask)
        counts[name] = {
            ref: count for ref, bits in view.facet(name).items() if (count := (bits & found).bit_count())
        }
    return counts


def _name_values(name: str, counts: dict[int, int], values: Values) -> Counter[str]:
    named: Counter[str] = Counter()
    for ref, count in counts.items():
        named[values[name, ref]] += count
    return named


def _make_hits(
    run: Run, request: SearchRequest, best: Sequence[Scored], shelf: Shelf, view: View
) -> tuple[Hit, ...]:
    """The hits of the page; and whether nothing was written since the search began."""
    numbers = [view.chunks[chunk].number * CHUNK + place for _, chunk, place in best]
    rows = run(
        "SELECT NULL, generation::text, NULL FROM @current UNION ALL"
        " SELECT number, id, thread FROM @doc WHERE number = ANY(%(numbers)s)",
        {"numbers": numbers},
    )
    if any(row[0] is None and row[1] != str(view.generation) for row in rows):
        raise Moved
    named = {row[0]: row for row in rows if row[0] is not None}
    found = []
    for number, (score, position, place) in zip(numbers, best, strict=True):
        if number in named:
            _, id_, thread = named[number]
            chunk = view.chunks[position]
            found.append((-score, -chunk.dates[place], id_, thread, chunk, place))
    found.sort(key=lambda one: one[:3])
    page = found[request.offset : request.offset + request.limit]
    return tuple(
        Hit(
            id_,
            _find_kind(chunk, place, shelf.values),
            view.labels[chunk.readable_by],
            -score,
            thread or None,
            bool(chunk.superseded >> place & 1),
        )
        for score, _, id_, thread, chunk, place in page
    )


def _find_kind(chunk: Chunk, place: int, values: Values) -> str:
    for ref, bits in chunk.facets["kind"].items():
        if bits >> place & 1:
            return values["kind", ref]
    return ""
