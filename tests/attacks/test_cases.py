"""docs/attacks.md names a test for each case, and each of them is there."""

import re

import pytest

from tests.test_asvs import ROOT, is_there, names_in

PAGE = (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8")
CASES = dict(re.findall(r"(?m)^\| ([^|]+) \| ([^|]*::[^|]*) \|$", PAGE))


def test_every_line_is_a_case() -> None:
    """None is passed over for its form, and none stands there twice."""
    lines = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| case |")]
    assert len(lines) == len(CASES)
    assert len(CASES) > 60


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_shown_by_tests_that_are_there(case: str) -> None:
    """By file and name; a test that was renamed or dropped is noticed."""
    names = names_in(CASES[case])
    assert names
    assert [name for name in names if "::" not in name or not is_there(name)] == []
