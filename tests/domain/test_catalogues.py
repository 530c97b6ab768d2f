"""Catalogues as data: from a charter, and from lines with bars."""

from pathlib import Path

import pytest

from forum.domain.assessments import Catalogue, Unit
from forum.domain.catalogues import cells_of, lines_of, read_catalogue, read_lines, sheets_of
from forum.domain.charters import load_charters
from forum.domain.datafile import DataFileError, open_table
from forum.errors import Invalid

ROOT = Path(__file__).parents[2]
GOOD = """
key = "tools"
title = "Tools"
parts = [{ key = "near", title = "Near" }]
solutions = [{ key = "lamp", part = "near", title = "Lamp" }]
criteria = [{ key = "light", title = "Light" }]
scale = ["dim", "bright"]
"""


def test_the_charters_name_the_facts_that_are_verified() -> None:
    """Three kinds of solutions and five criteria; six groups of capabilities in four phases."""
    charters = {one.slug: one for one in load_charters(ROOT / "config" / "groups.toml")}
    (solutions,) = charters["euif-e2ee-expert-process"].catalogues
    assert [part["title"] for part in solutions.parts] == [
        "Device-related",
        "Server-related",
        "Encryption-related",
    ]
    assert [one["key"] for one in solutions.criteria] == [
        "effectiveness",
        "feasibility",
        "privacy",
        "security",
        "transparency",
    ]
    (model,) = charters["weprotect"].catalogues
    assert (model.unit, len(model.parts), len(model.scale)) == (Unit.COUNTRY, 6, 4)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('part = "near"', 'part = "far"', "'far' is none of the parts"),
        ('scale = ["dim", "bright"]', 'scale = ["dim"]', "2 to 10"),
        ('key = "lamp", ', "", "key: is missing"),
        ('title = "Light" }', 'title = "Light", weight = "2" }', "weight: is not a key"),
    ],
    ids=["an unknown heading", "a scale of one word", "no key", "a key too many"],
)
def test_a_fault_in_a_catalogue_is_named(tmp_path: Path, old: str, new: str, fault: str) -> None:
    """With the place in the file."""
    path = tmp_path / "one.toml"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(DataFileError, match=fault), open_table(path) as table:
        read_catalogue(table)


def test_lines_come_back_as_they_were() -> None:
    """What the form shows is what it takes."""
    rows = [
        {"key": "lamp", "part": "near", "title": "Lamp", "summary": "Gives light."},
        {"key": "sun", "part": "far", "title": "Sun", "summary": ""},
    ]
    fields = ("part", "title", "summary")
    assert read_lines(lines_of(rows, *fields), *fields, at="solutions", most=9) == rows


@pytest.mark.parametrize(
    "text",
    [
        "lamp",
        "Lamp! | Lamp",
        "lamp | ",
        "lamp | Lamp | bright? | more",
        "lamp | Lamp\nlamp | Lamp",
        "x" * 700,
    ],
    ids=["a key alone", "no key", "no title", "too many bars", "twice", "too long"],
)
def test_a_line_that_cannot_be_read_is_named(text: str) -> None:
    """At the field it stands in."""
    with pytest.raises(Invalid) as refused:
        read_lines(text, "title", "question", at="criteria", most=9)
    assert refused.value.field == "criteria"


def test_a_page_has_a_solution_or_where_there_is_one_criterion_a_heading() -> None:
    """Every cell stands on exactly one page."""
    catalogue = Catalogue(
        parts=[{"key": "near", "title": "Near"}, {"key": "far", "title": "Far"}],
        solutions=[
            {"key": "lamp", "part": "near", "title": "Lamp"},
            {"key": "fire", "part": "near", "title": "Fire"},
        ],
        criteria=[{"key": "light", "title": "Light"}, {"key": "heat", "title": "Heat"}],
    )
    assert [sheet.key for sheet in sheets_of(catalogue)] == ["lamp", "fire"]
    assert [cell for sheet in sheets_of(catalogue) for cell in sheet.cells] == cells_of(catalogue)
    catalogue.criteria = catalogue.criteria[:1]
    assert [(sheet.key, len(sheet.cells)) for sheet in sheets_of(catalogue)] == [("near", 2)]
