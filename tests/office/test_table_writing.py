"""Tables as office files."""

import io

import docx
import openpyxl

from forum.office.table_writing import Sheet, to_docx, to_xlsx

SHEET = Sheet(
    "Answers: all [of them]",
    ["A paper", "=cmd|' /C calc'!A0"],
    ["Version", "Comment"],
    [[1, "=1+1"], [2, "two\nlines\x00 \x1b here"], [None, None]],
)


def test_a_workbook_runs_nothing_that_was_typed() -> None:
    """Numbers stay numbers; what a program could run gets an apostrophe, controls are gone."""
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(SHEET))).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[1][0] == "'=cmd|' /C calc'!A0"
    assert rows[3] == ("Version", "Comment")
    assert rows[4:6] == [(1, "'=1+1"), (2, "two\nlines  here")]


def test_a_document_has_the_table_with_its_head_on_every_page() -> None:
    """Title and lines above it; no author is written into the file."""
    document = docx.Document(io.BytesIO(to_docx(SHEET)))
    assert document.paragraphs[0].text == SHEET.title
    assert [cell.text for row in document.tables[0].rows for cell in row.cells] == [
        "Version", "Comment", "1", "=1+1", "2", "two\nlines  here", "", "",
    ]  # fmt: skip
    assert "tblHeader" in document.tables[0].rows[0]._tr.xml
    assert document.core_properties.author == ""
