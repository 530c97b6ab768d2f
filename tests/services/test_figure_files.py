"""Tables as files: the same cells in both formats, and no cell that a program would run."""

import csv
import io

from openpyxl import load_workbook

from forum.services.figure_files import Table, write_tables

TABLES = [
    Table("one", "First", ["What", "Figure"], [["Lines", 3], ["=1+1", None], ["Half", 0.5]], "A note."),
    Table("two", "Second", ["What", "Figure"], []),
]


def test_csv_has_one_table_after_the_other() -> None:
    """With title, note and heads; UTF-8 that spreadsheet programs recognise."""
    text = write_tables(TABLES, "csv").decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text))) == [
        ["First"],
        ["A note."],
        ["What", "Figure"],
        ["Lines", "3"],
        ["'=1+1", ""],
        ["Half", "0.5"],
        [],
        ["Second"],
        ["What", "Figure"],
    ]


def test_xlsx_has_a_sheet_a_table() -> None:
    """Numbers are numbers, and a formula is text."""
    book = load_workbook(io.BytesIO(write_tables(TABLES, "xlsx")))
    assert book.sheetnames == ["one", "two"]
    rows = [[cell.value for cell in row] for row in book["one"].iter_rows()]
    assert rows == [
        ["First", None],
        ["A note.", None],
        ["What", "Figure"],
        ["Lines", 3],
        ["'=1+1", None],
        ["Half", 0.5],
    ]
