"""Cells of CSV and XLSX files: no text from a person becomes a formula, none is too long to open."""

import re

CELL_LIMIT = 32_767
"""Characters that spreadsheet programs take in one cell."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def safe_text(text: str) -> str:
    """Give a text without the controls that office files do not take."""
    return _CONTROLS.sub("", text)


def safe_cell(value: object) -> object:
    """Give a value for a cell: text that a program could run gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    text = safe_text(value)
    if text.startswith(_FORMULA):
        text = "'" + text
    return text if len(text) <= CELL_LIMIT else text[: CELL_LIMIT - 1] + "…"
