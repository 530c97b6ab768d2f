"""Tables of figures as files: one sheet a table in XLSX, one table after the other in CSV."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from forum.domain.spreadsheets import safe_cell

Cell = str | int | float | None

FORMATS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
"""The formats and their media types."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what it is called, its heads, and rows whose first cell is a head too."""

    key: str
    """Its name in addresses and as a sheet: letters, digits and hyphens."""
    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


def write_tables(tables: Sequence[Table], form: str) -> bytes:
    """Give the tables in one of FORMATS."""
    return _csv(tables) if form == "csv" else _xlsx(tables)


def _csv(tables: Sequence[Table]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    for number, table in enumerate(tables):
        if number:
            writer.writerow([])
        writer.writerow([safe_cell(table.title)])
        if table.note:
            writer.writerow([safe_cell(table.note)])
        writer.writerow([safe_cell(head) for head in table.heads])
        writer.writerows([safe_cell(cell) for cell in row] for row in table.rows)
    return text.getvalue().encode("utf-8-sig")


def _xlsx(tables: Sequence[Table]) -> bytes:
    # Here, for those who ask: a server process that never writes a workbook does not hold its writer.
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.remove(book.worksheets[0])
    for table in tables:
        sheet = book.create_sheet(table.key[:31])
        sheet.append([safe_cell(table.title)])
        sheet.append([safe_cell(table.note)] if table.note else [])
        sheet.append([safe_cell(head) for head in table.heads])
        for row in table.rows:
            sheet.append([safe_cell(cell) for cell in row])
        for cell in (*sheet[1], *sheet[3]):
            cell.font = Font(bold=True)
        sheet.freeze_panes = "B4"
        for column in range(1, len(table.heads) + 1):
            sheet.column_dimensions[get_column_letter(column)].width = 48 if column == 1 else 18
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
