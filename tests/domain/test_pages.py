"""Static pages come with their title apart, their sections below it, and their placeholders filled."""

from pathlib import Path

import pytest

from forum.domain.datafile import DataFileError
from forum.domain.pages import load_page
from forum.domain.retention import Retention
from forum.richtext import render

PAGES = Path(__file__).parents[2] / "config" / "pages"
VALUES = {"site_name": "Sample Forum", "owner": "A. *Body*", "contact": "hello@forum.example"}
VALUES |= {"controller": "A Body", "data_protection_contact": "dpo@forum.example", "legal_regime": "A law"}
VALUES |= {f"{name}_days": "30 days" for name in Retention.__dataclass_fields__}


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.md")), ids=lambda path: path.stem)
def test_each_page_that_ships_is_ready_to_be_shown(path):
    """Nothing is left to fill in, and sections stand right below the title."""
    page = load_page(path, VALUES)
    html = render(page.source, profile="paper").html
    assert page.title
    assert "{{" not in page.source
    assert "<h2" in html
    assert "<h1" not in html


def test_a_setting_is_shown_as_it_stands(tmp_path):
    """An owner's name with stars in it does not become emphasis."""
    path = tmp_path / "page.md"
    path.write_text("# Title\n\nRun by {{ owner }}, {{contact}}.\n", encoding="utf-8")
    rendered = render(load_page(path, VALUES).source, profile="paper")
    assert rendered.text == "Run by A. *Body*, hello@forum.example."
    assert "<em>" not in rendered.html


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("No title\n", "the first line must be the title", id="no title"),
        pytest.param("# Title\n\n{{ colour }}\n", "there is no such value", id="an unknown placeholder"),
    ],
)
def test_a_page_that_cannot_be_shown_is_named(tmp_path, text, message):
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataFileError, match=message):
        load_page(path, VALUES)


def test_a_missing_page_is_named(tmp_path):
    """By its name and folder."""
    with pytest.raises(DataFileError, match=r"absent\.md: there is no such file"):
        load_page(tmp_path / "absent.md", VALUES)
