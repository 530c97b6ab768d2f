"""docs/asvs.md names tests that are there, and every requirement of levels 1 and 2, once."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
ROW = re.compile(r"\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|")
ROWS = [
    match.groups()
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| id ") and (match := ROW.fullmatch(line))
]
STANDARD = {
    "1.1": ("", "1 2"),
    "1.2": ("1 2 3 4 5", "6 7 8 9"),
    "1.3": ("1 2", "3 4 5 6 7 8 9 10 11"),
    "1.4": ("", "1 2 3"),
    "1.5": ("1", "2"),
    "2.1": ("1", "2 3"),
    "2.2": ("1 2", "3"),
    "2.3": ("1", "2 3 4"),
    "2.4": ("", "1"),
    "3.2": ("1 2", ""),
    "3.3": ("1", "2 3 4"),
    "3.4": ("1 2", "3 4 5 6"),
    "3.5": ("1 2 3", "4 5"),
    "3.7": ("", "1 2"),
    "4.1": ("1", "2 3"),
    "4.2": ("", "1"),
    "4.3": ("", "1 2"),
    "4.4": ("1", "2 3 4"),
    "5.1": ("", "1"),
    "5.2": ("1 2", "3"),
    "5.3": ("1 2", ""),
    "5.4": ("", "1 2 3"),
    "6.1": ("1", "2 3"),
    "6.2": ("1 2 3 4 5 6 7 8", "9 10 11 12"),
    "6.3": ("1 2", "3 4"),
    "6.4": ("1 2", "3 4"),
    "6.5": ("", "1 2 3 4 5"),
    "6.6": ("", "1 2 3"),
    "6.8": ("", "1 2 3 4"),
    "7.1": ("", "1 2 3"),
    "7.2": ("1 2 3 4", ""),
    "7.3": ("", "1 2"),
    "7.4": ("1 2", "3 4 5"),
    "7.5": ("", "1 2"),
    "7.6": ("", "1 2"),
    "8.1": ("1", "2"),
    "8.2": ("1 2", "3"),
    "8.3": ("1", ""),
    "8.4": ("", "1"),
    "9.1": ("1 2 3", ""),
    "9.2": ("1", "2 3 4"),
    "10.1": ("", "1 2"),
    "10.2": ("", "1 2"),
    "10.3": ("", "1 2 3 4"),
    "10.4": ("1 2 3 4 5", "6 7 8 9 10 11"),
    "10.5": ("", "1 2 3 4 5"),
    "10.6": ("", "1 2"),
    "10.7": ("", "1 2 3"),
    "11.1": ("", "1 2"),
    "11.2": ("", "1 2 3"),
    "11.3": ("1 2", "3"),
    "11.4": ("1", "2 3 4"),
    "11.5": ("", "1"),
    "11.6": ("", "1"),
    "12.1": ("1", "2 3"),
    "12.2": ("1 2", ""),
    "12.3": ("", "1 2 3 4"),
    "13.1": ("", "1"),
    "13.2": ("", "1 2 3 4 5"),
    "13.3": ("", "1 2"),
    "13.4": ("1", "2 3 4 5"),
    "14.1": ("", "1 2"),
    "14.2": ("1", "2 3 4"),
    "14.3": ("1", "2 3"),
    "15.1": ("1", "2 3"),
    "15.2": ("1", "2 3"),
    "15.3": ("1", "2 3 4 5 6 7"),
    "16.1": ("", "1"),
    "16.2": ("", "1 2 3 4 5"),
    "16.3": ("", "1 2 3 4"),
    "16.4": ("", "1 2 3"),
    "16.5": ("", "1 2 3"),
    "17.1": ("", "1"),
    "17.2": ("", "1 2 3 4"),
    "17.3": ("", "1 2"),
}
"""By section: the numbers of level 1, and those of level 2."""


@cache
def functions_of(path: Path) -> frozenset[str]:
    """The tests that a file defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_line_of_a_table_is_a_row() -> None:
    """Four cells, an id of three numbers, a level; nothing is passed over for its form."""
    lines = [line for line in PAGE.splitlines() if re.match(r"\| \d", line)]
    assert len(lines) == len(ROWS)
    for number, level, *_ in ROWS:
        assert re.fullmatch(r"\d{1,2}\.\d{1,2}\.\d{1,2}", number), number
        assert level in {"1", "2"}, number


def test_every_requirement_is_there_once_with_its_level() -> None:
    """The 253 of the standard, in its order."""
    expected = []
    for section, levels in STANDARD.items():
        level_of = {int(n): level for level, ns in zip("12", levels, strict=True) for n in ns.split()}
        expected += [(f"{section}.{n}", level_of[n]) for n in sorted(level_of)]
    assert len(expected) == 253
    assert [(number, level) for number, level, *_ in ROWS] == expected


def test_the_sum_is_that_of_the_rows() -> None:
    """The sentence above the tables counts what stands in them."""
    kinds = Counter(kind_of(held_by) for *_, held_by in ROWS)
    sums = [int(number) for number in re.findall(r"\d+", PAGE.split("Of 253 requirements")[1].split("\n")[0])]
    assert sums == [kinds[kind] for kind in ("test", "other", "in part", "not met", "does not apply")]


def kind_of(held_by: str) -> str:
    """How a row holds: by a word at its beginning, by a test, or by something else."""
    for words in ("does not apply", "not met", "in part"):
        if held_by.startswith(words):
            return words
    return "test" if "::" in held_by else "other"


def test_what_is_named_is_there() -> None:
    """Each test, file and heading; and a row without any says why in words."""
    for number, _level, _asks, held_by in ROWS:
        missing = [name for name in names_in(held_by) if not is_there(name)]
        assert missing == [], number
        assert names_in(held_by) or len(held_by.split()) >= 3, number


@pytest.mark.parametrize(
    "name", ["test_nowhere.py", "test_links.py::test_nothing", "docs/use.md#nothing", "forum/nothing.py"]
)
def test_what_is_not_there_is_noticed(name: str) -> None:
    """The look at the names is not blind."""
    assert not is_there(name)


def names_in(held_by: str) -> list[str]:
    """The tests (below tests/), files and pages that a row names."""
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", held_by)
    return [
        *re.findall(r"`((?:[\w/-]*/)?test_\w+\.py(?:::\w+)?)`", held_by),
        *re.findall(r"`((?:deploy|forum|config|requirements)[\w/-]*\.\w+)", held_by),
        *(f"docs/{link}" for link in links),
    ]


def is_there(name: str) -> bool:
    """Whether what a row names exists: a test file and function, another file, a page and its heading."""
    file, _, function = name.partition("::")
    if (test := ROOT / "tests" / file).name.startswith("test_"):
        return test.is_file() and (not function or function in functions_of(test))
    file, _, heading = name.partition("#")
    if not (ROOT / file).is_file():
        return False
    headings = re.findall(r"^#+ (.+)$", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    slugs = {re.sub(r"[^\w -]", "", text).strip().lower().replace(" ", "-") for text in headings}
    return not heading or heading in slugs
