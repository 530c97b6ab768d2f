"""What is assessed, as data: solutions under headings, criteria, a scale; from a charter, or the web."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from forum.domain.assessments import Catalogue, Unit
from forum.domain.datafile import SLUG, Table, refuse_twice
from forum.errors import Invalid

MAX_SOLUTIONS = 40
MAX_CRITERIA = 12
MAX_SCALE = 10
MAX_LINE = 600


@dataclass(frozen=True)
class CharterCatalogue:
    """A catalogue as a charter has it; the parts are as in the table's columns."""

    key: str
    title: str
    summary: str
    unit: Unit
    parts: list[dict[str, str]]
    solutions: list[dict[str, str]]
    criteria: list[dict[str, str]]
    scale: list[str]


def read_catalogue(table: Table) -> CharterCatalogue:
    """Read and check one catalogue of a charter; DataFileError names the place."""
    parts = _rows(table, "parts", ("title",), ())
    catalogue = CharterCatalogue(
        key=table.slug("key"),
        title=table.text("title"),
        summary=table.text("summary", ""),
        unit=Unit(table.choice("unit", [unit.value for unit in Unit], Unit.SEAT.value)),
        parts=parts,
        solutions=_rows(table, "solutions", ("part", "title"), ("summary",)),
        criteria=_rows(table, "criteria", ("title",), ("question",)),
        scale=list(table.texts("scale", required=True)),
    )
    table.finish()
    known = {part["key"] for part in parts}
    for solution in catalogue.solutions:
        if solution["part"] not in known:
            raise table.fault("solutions", f"'{solution['part']}' is none of the parts")
    if not 2 <= len(catalogue.scale) <= MAX_SCALE:
        raise table.fault("scale", f"must have 2 to {MAX_SCALE} words")
    return catalogue


def _rows(table: Table, name: str, wanted: Sequence[str], optional: Sequence[str]) -> list[dict[str, str]]:
    tables = table.tables(name, "key")
    rows = []
    for row in tables:
        values = {"key": row.slug("key")}
        values |= {key: row.text(key) for key in wanted} | {key: row.text(key, "") for key in optional}
        row.finish()
        rows.append(values)
    refuse_twice(tables, "key", [row["key"] for row in rows])
    return rows


@dataclass(frozen=True, slots=True)
class Cell:
    """One solution under one criterion: what a seat rates."""

    key: str
    solution: dict[str, str]
    criterion: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on one page of the form: a solution by all criteria, or a heading's solutions."""

    key: str
    title: str
    summary: str
    cells: tuple[Cell, ...]


def cell_key(solution_key: str, criterion_key: str) -> str:
    """Give the name of a cell."""
    return f"{solution_key}/{criterion_key}"


def cells_of(catalogue: Catalogue) -> list[Cell]:
    """Give all cells, solution by solution."""
    return [
        Cell(cell_key(solution["key"], criterion["key"]), solution, criterion)
        for solution in catalogue.solutions
        for criterion in catalogue.criteria
    ]


def sheets_of(catalogue: Catalogue) -> list[Sheet]:
    """Give the pages of the form: one a solution; where there is one criterion alone, one a heading."""
    cells = cells_of(catalogue)
    if len(catalogue.criteria) == 1:
        by_part = {
            part["key"]: tuple(cell for cell in cells if cell.solution["part"] == part["key"])
            for part in catalogue.parts
        }
        return [
            Sheet(part["key"], part["title"], "", by_part[part["key"]])
            for part in catalogue.parts
            if by_part[part["key"]]
        ]
    return [
        Sheet(
            solution["key"],
            solution["title"],
            solution.get("summary", ""),
            tuple(cell for cell in cells if cell.solution is solution),
        )
        for solution in catalogue.solutions
    ]


def lines_of(rows: Sequence[dict[str, Any]], *fields: str) -> str:
    """Give rows as they are edited on the web: key and fields with bars between, one row a line."""
    return "\n".join(" | ".join([row["key"], *(row.get(name, "") for name in fields)]) for row in rows)


def read_lines(text: str, *fields: str, at: str, most: int) -> list[dict[str, str]]:
    """Read rows as they are edited on the web; the last field may be left out.

    Invalid (field `at`) names the line that has no key, no title, too many bars, or a key again.
    """
    rows: list[dict[str, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        parts = [part.strip() for part in line.split("|")]
        values = dict(zip(fields, [*parts[1:], ""], strict=False))
        is_row = len(parts) in {len(fields), len(fields) + 1} and SLUG.fullmatch(parts[0])
        if not is_row or not values.get("title") or len(line) > MAX_LINE:
            raise Invalid(
                "Line %(number)d cannot be read: write a short key, a bar, and %(fields)s with bars between.",
                field=at,
                number=number,
                fields=", ".join(fields),
            )
        if parts[0] in {row["key"] for row in rows}:
            raise Invalid("The key “%(key)s” stands there twice.", field=at, key=parts[0])
        rows.append({"key": parts[0]} | values)
    if len(rows) > most:
        raise Invalid("At most %(most)d lines are taken here.", field=at, most=most)
    return rows
