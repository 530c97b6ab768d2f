"""From scores to results: filters, exact totals and facets, the page of hits, in one statement.

The statement gives one row with the facets' values of all that matched, packed, and a row for each hit of the
page. Counting is done here: it takes PostgreSQL several times as long to group by six columns.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import compress
from typing import Any

from forum.search.analysis import surfaces
from forum.search.facets import sort_facet
from forum.search.postgres_engine_plan import Planner, Run
from forum.search.postgres_engine_tables import spell
from forum.search.postgres_engine_write import SEVERAL
from forum.search.protocol import FacetCount, Hit, Results, SearchRequest
from forum.search.query import FACETS, Filter, Filters
from forum.search.weighing import SUPERSEDED

_YEAR = re.compile(r"[0-9]{4}")
Values = dict[tuple[str, int], str]
"""The facets' values of one build by field and number, as far as they were needed."""


class Narrowing:
    """The filters of one search as SQL, and as sets of numbers for the facets."""

    def __init__(self, run: Run, planner: Planner, filters: Filters) -> None:
        self.facets: list[tuple[str, frozenset[int], bool]] = []
        """Choices in a facet: field, numbers, whether they are excluded."""
        self.rest: list[str] = []
        """Conditions that hold for every facet."""
        self.chosen: list[str] = []
        """Conditions of the facets' choices."""
        for choice in filters.choices:
            refs = _find_refs(run, choice)
            numbers = f"{planner.bind(sorted(refs))}::int[]"
            test = f'd."{choice.field}" = ANY({numbers})'
            if choice.field in SEVERAL:
                test = f'd."{choice.field}" && {numbers}'
            test = f"NOT ({test})" if choice.negated else test
            if choice.field in FACETS:
                self.facets.append((choice.field, refs, choice.negated))
                self.chosen.append(test)
            else:
                self.rest.append(test)
        if filters.versions != "all":
            self.rest.append("d.is_superseded" if filters.versions == "superseded" else "NOT d.is_superseded")
        if filters.after:
            self.rest.append(f"d.moment >= {planner.bind(_to_seconds(filters.after))}")
        if filters.before:
            self.rest.append(f"d.moment < {planner.bind(_to_seconds(filters.before))}")


def _find_refs(run: Run, choice: Filter) -> frozenset[int]:
    """The numbers of the values that a filter names."""
    if choice.field == "year":
        return frozenset(int(value) for value in choice.values if _YEAR.fullmatch(value))
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


def collect(
    run: Run, request: SearchRequest, planner: Planner, labels: dict[int, str], values: Values
) -> Results:
    """Everything that a page of results shows; `values` is filled with the names that it needs."""
    found = planner.plan(request.query)
    narrowing = Narrowing(run, planner, request.filters)
    rest = f"WHERE {' AND '.join(narrowing.rest)}" if narrowing.rest else ""
    chosen = " AND ".join(narrowing.chosen) or "true"
    matched = planner.part(
        f"SELECT d.number, d.id, d.audience, d.moment, d.is_superseded, d.facets, {chosen} AS is_chosen,"
        f" f.score * CASE WHEN d.is_superseded THEN {SUPERSEDED}::float8 ELSE 1 END AS score"
        f" FROM {found} f JOIN @doc d ON d.number = f.doc {rest}",
        kept=True,
    )
    score = "0::float8" if request.sort == "date" else "score"
    order = "moment DESC, id" if request.sort == "date" else "score DESC, moment DESC, id"
    limit, offset = planner.bind(max(request.limit, 0)), planner.bind(max(request.offset, 0))
    everything, *page = run(
        planner.statement(
            f"SELECT count(*) FILTER (WHERE is_chosen), 0::float8 AS score, NULL AS audience,"
            f" NULL AS is_superseded, NULL AS id, NULL AS thread, string_agg(facets, ''::bytea)"
            f" FROM {matched} UNION ALL"
            f" (SELECT m.moment, {score}, m.audience, m.is_superseded, m.id, d.thread, d.facets"
            f" FROM (SELECT * FROM {matched} WHERE is_chosen ORDER BY {order} LIMIT {limit} OFFSET {offset}) m"  # noqa: E501
            f" JOIN @doc d ON d.number = m.number)"
        ),
        planner.parameters,
    )
    counts = _count_facets(everything[6] or b"", narrowing.facets)
    kinds = {("kind", _unpack(row[6])[FACETS.index("kind")]) for row in page}
    _learn_values(run, values, kinds | {(name, ref) for name, found in counts.items() for ref in found})
    facets = {name: _name_facet(name, counts[name], values, request.filters) for name in FACETS}
    page.sort(key=lambda row: (-row[1], -row[0], row[4]))
    hits = tuple(_make_hit(row, labels, values) for row in page)
    return Results(everything[0], hits, facets, planner.languages)


def _unpack(packed: bytes) -> array[int]:
    numbers = array("H", packed)
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def _count_facets(
    packed: bytes, choices: Sequence[tuple[str, frozenset[int], bool]]
) -> dict[str, Counter[int]]:
    """How many documents each value of each facet has; choices in the facet itself are left aside."""
    numbers = _unpack(packed)
    columns = {name: numbers[place :: len(FACETS)] for place, name in enumerate(FACETS)}
    passing = [
        (name, [(number in refs) != negated for number in columns[name]]) for name, refs, negated in choices
    ]
    counts = {}
    for name, column in columns.items():
        others = [flags for field, flags in passing if field != name]
        counted = compress(column, map(all, zip(*others, strict=True))) if others else column
        counts[name] = Counter(counted)
        if name != "year":
            del counts[name][0]
    return counts


def _learn_values(run: Run, values: Values, needed: set[tuple[str, int]]) -> None:
    missing = [key for key in needed if key[0] != "year" and key[1] and key not in values]
    if missing:
        fields, refs = zip(*missing, strict=True)
        rows = run(
            "SELECT v.field, v.ref, v.value FROM unnest(%(fields)s::text[], %(refs)s::int[]) AS w(field, ref)"
            " JOIN @value v ON v.field = w.field AND v.ref = w.ref",
            {"fields": list(fields), "refs": list(refs)},
        )
        values.update({(field, ref): value for field, ref, value in rows})


def _name_facet(name: str, counts: Counter[int], values: Values, filters: Filters) -> tuple[FacetCount, ...]:
    named: Counter[str] = Counter()
    for ref, count in counts.items():
        named[f"{ref:04}" if name == "year" else values[name, ref]] += count
    return sort_facet(name, named, filters)


def _make_hit(row: Any, labels: dict[int, str], values: Values) -> Hit:
    _, score, audience, is_superseded, id_, thread, facets = row
    kind = _unpack(facets)[FACETS.index("kind")]
    return Hit(id_, values.get(("kind", kind), ""), labels[audience], score, thread or None, is_superseded)
