"""Cells that cannot run."""

import pytest

from forum.domain.spreadsheets import CELL_LIMIT, safe_cell


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_program_could_run_is_text(start: str) -> None:
    """An apostrophe goes before it."""
    assert safe_cell(f"{start}HYPERLINK(1)") == f"'{start}HYPERLINK(1)"


def test_numbers_stay_numbers_and_long_text_fits() -> None:
    """Only text is changed; what is too long for a cell ends in an ellipsis."""
    assert safe_cell(-5) == -5
    assert safe_cell(None) is None
    long = safe_cell("x" * (CELL_LIMIT + 1))
    assert isinstance(long, str)
    assert len(long) == CELL_LIMIT
