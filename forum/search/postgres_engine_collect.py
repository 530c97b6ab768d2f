"""From scores to results: filters, exact totals and facets, the page of hits, in one statement.

The statement gives one row with the facets' values of all that matched, packed, and a row for each hit of the
page. Counting is done here: it takes PostgreSQL several times as long to group by six columns.
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import compress
from typing import Any

from forum.search.analysis import surfaces
from forum.search.facets import sort_facet
from forum.search.postgres_engine_places import Run
from forum.search.postgres_engine_plan import Planner
from forum.search.postgres_engine_tables import SHIFTS, facet_of, spell
from forum.search.protocol import FacetCount, Hit, Results, SearchRequest
from forum.search.query import FACETS, Filter, Filters
from forum.search.weighing import SUPERSEDED

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
            if choice.field in FACETS:
                test = f"{facet_of(choice.field)}::int = ANY({numbers})"
                self.facets.append((choice.field, refs, choice.negated))
            elif choice.field == "organisation":
                test = f"d.organisation && {numbers}"
            else:
                test = f"d.{choice.field} = ANY({numbers})"
            target = self.chosen if choice.field in FACETS else self.rest
            target.append(f"NOT ({test})" if choice.negated else test)
        if filters.versions != "all":
            self.rest.append(f"f.facts & 1 = {int(filters.versions == 'superseded')}")
        if filters.after:
            self.rest.append(f"d.moment >= {planner.bind(_to_seconds(filters.after))}")
        if filters.before:
            self.rest.append(f"d.moment < {planner.bind(_to_seconds(filters.before))}")


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


def collect(
    run: Run, request: SearchRequest, planner: Planner, labels: dict[int, str], values: Values
) -> Results:
    """Everything that a page of results shows; `values` is filled with the names that it needs."""
    narrowing = Narrowing(run, planner, request.filters)
    everything, *page = run(_write_statement(request, planner, narrowing), planner.parameters)
    counts = _count_facets(everything[6] or b"", narrowing.facets)
    kinds = {("kind", row[3]) for row in page}
    _learn_values(run, values, kinds | {(name, ref) for name, found in counts.items() for ref in found})
    facets = {name: _name_facet(name, counts[name], values, request.filters) for name in FACETS}
    page.sort(key=lambda row: (-row[1], -row[0], row[4]))
    hits = tuple(_make_hit(row, labels, values) for row in page)
    return Results(everything[0], hits, facets, planner.languages)


def _write_statement(request: SearchRequest, planner: Planner, narrowing: Narrowing) -> str:
    """The statement: a row with the total and all facts, then a row for each hit of the page."""
    by_date = request.sort == "date"
    found = f"({planner.plan(request.query)}) f"
    columns = (
        f"f.doc, f.score * CASE WHEN f.facts & 1 = 1 THEN {SUPERSEDED}::float8 ELSE 1 END AS score, f.facts"
    )
    if by_date or any("d." in condition for condition in narrowing.rest):
        found += " JOIN @doc d ON d.number = f.doc"
    if by_date:
        columns += ", d.moment"
    if narrowing.rest:
        found += f" WHERE {' AND '.join(narrowing.rest)}"
    matched = planner.part(f"SELECT {columns} FROM {found}", kept=True)
    where = f"WHERE {' AND '.join(narrowing.chosen)}" if narrowing.chosen else ""
    limit, offset = max(request.limit, 0), max(request.offset, 0)
    key = "moment" if by_date else "score"
    last = planner.part(
        f"SELECT {key} FROM {matched} {where} ORDER BY 1 DESC LIMIT {planner.bind(limit + offset)}"
    )
    conditions = [*narrowing.chosen, f"{key} >= (SELECT min({key}) FROM {last})"]
    best = f"(SELECT doc, score FROM {matched} WHERE {' AND '.join(conditions)})"
    # Few documents are as good as the last of the page, which the planner cannot know: looked up one by one.
    join = "CROSS JOIN LATERAL (SELECT * FROM @doc WHERE number = b.doc OFFSET 0) d"
    if planner.is_listing:
        join = "JOIN @doc d ON d.number = b.doc"
    order = "d.moment DESC, d.id" if by_date else "b.score DESC, d.moment DESC, d.id"
    return planner.statement(
        f"SELECT (SELECT count(*) FROM {matched} {where}), 0::float8, NULL, NULL, NULL, NULL,"
        f" (SELECT string_agg(int8send(facts), ''::bytea) FROM {matched}) UNION ALL"
        f" (SELECT d.moment, {'0::float8' if by_date else 'b.score'}, d.audience,"
        f" {facet_of('kind', 'd.facts')}::int, d.id, d.thread, int8send(d.facts & 1)"
        f" FROM {best} b {join} ORDER BY {order}"
        f" LIMIT {planner.bind(limit)} OFFSET {planner.bind(offset)})"
    )


def _count_facets(
    packed: bytes, choices: Sequence[tuple[str, frozenset[int], bool]]
) -> dict[str, Counter[int]]:
    """How many documents each value of each facet has; choices in the facet itself are left aside."""
    columns: dict[str, Sequence[int]] = {
        name: packed[7 - SHIFTS[name] // 8 :: 8] for name in FACETS if name != "group"
    }
    groups = array("H", packed)[::4]
    if sys.byteorder == "little":
        groups.byteswap()
    columns["group"] = groups
    passing = [
        (name, [(number in refs) != negated for number in columns[name]]) for name, refs, negated in choices
    ]
    counts = {}
    for name, column in columns.items():
        others = [flags for field, flags in passing if field != name]
        counts[name] = Counter(compress(column, map(all, zip(*others, strict=True))) if others else column)
        del counts[name][0]
    return counts


def _learn_values(run: Run, values: Values, needed: set[tuple[str, int]]) -> None:
    missing = [key for key in needed if key[1] and key not in values]
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
        named[values[name, ref]] += count
    return sort_facet(name, named, filters)


def _make_hit(row: Any, labels: dict[int, str], values: Values) -> Hit:
    _, score, audience, kind, id_, thread, facts = row
    return Hit(id_, values.get(("kind", kind), ""), labels[audience], score, thread or None, facts[-1] == 1)
