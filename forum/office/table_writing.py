"""A table as a file: XLSX to work with, DOCX to attach to a report.

Both get what their reader may read, in words of the reader's language; neither asks again.
"""

import io
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

from forum.domain.spreadsheets import safe_cell, safe_text


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with its words."""

    title: str
    about: Sequence[str]
    """Lines above the table: which paper, whose, readable by whom, as of when."""
    columns: Sequence[str]
    rows: Sequence[Sequence[str | int | None]]


def to_xlsx(sheet: Sheet) -> bytes:
    """Give the table as a workbook of one sheet; nothing that a person typed becomes a formula."""
    from openpyxl import Workbook  # for those who ask, as below: a server process need not hold the writers

    book = Workbook(write_only=True)
    page = book.create_sheet(sheet.title[:31].translate(str.maketrans("", "", "[]:*?/\\")) or "1")
    for line in sheet.about:
        page.append([safe_cell(line)])
    page.append([])
    page.append([safe_cell(name) for name in sheet.columns])
    for row in sheet.rows:
        page.append([safe_cell(value) for value in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def to_docx(sheet: Sheet) -> bytes:
    """Give the table as a document, on its side, with the header row on every page."""
    from docx import Document
    from docx.enum.section import WD_ORIENT

    document = Document()
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = section.page_height, section.page_width
    document.core_properties.title = safe_text(sheet.title)
    document.core_properties.author = ""
    document.add_heading(safe_text(sheet.title), level=1)
    for line in sheet.about:
        document.add_paragraph(safe_text(line))
    table = document.add_table(rows=1, cols=len(sheet.columns), style="Table Grid")
    for cell, name in zip(table.rows[0].cells, sheet.columns, strict=True):
        cell.paragraphs[0].add_run(safe_text(name)).bold = True
    properties = table.rows[0]._tr.get_or_add_trPr()
    header = properties.makeelement(_HEADER, {})
    properties.append(header)
    empty = deepcopy(table.add_row()._tr)
    table._tbl.remove(table.rows[-1]._tr)
    for row in sheet.rows:
        # Copied: to add rows and ask for their cells takes several times as long.
        added = deepcopy(empty)
        for cell, value in zip(added.tc_lst, row, strict=True):
            cell.p_lst[0].add_r().text = safe_text("" if value is None else str(value))
        table._tbl.append(added)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


_HEADER = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}tblHeader"
