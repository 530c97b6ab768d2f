"""The static pages say what the product does, in plain Markdown, for whoever runs the forum."""

import re
from pathlib import Path

import pytest

from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.retention import Retention
from forum.richtext import render

PAGES = Path(__file__).parents[2] / "config" / "pages"
NAMES = ["accessibility", "help", "moderation", "privacy", "who-can-read-what"]


@pytest.fixture(params=NAMES)
def text(request):
    return (PAGES / f"{request.param}.md").read_text(encoding="utf-8")


def test_each_page_begins_with_its_only_title(text):
    """One heading of the first level, at the top."""
    assert text.startswith("# ")
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1


def test_only_settings_that_exist_are_filled_in(text):
    """The name of the site, its owner and a contact; on the privacy page who answers, and how long."""
    known = {"site_name", "owner", "contact", "controller", "data_protection_contact", "legal_regime"}
    known |= {f"{name}_days" for name in Retention.__dataclass_fields__}
    assert set(re.findall(r"\{\{\s*(.*?)\s*\}\}", text)) <= known


def test_pages_carry_no_addresses_and_no_html(text):
    """Addresses of the site itself belong to the templates, and richtext shows HTML as text."""
    assert not re.search(r"https?://|</?[a-z]+[ >]|\]\(", text)


def test_each_page_can_be_shown(text):
    """The door from Markdown to HTML accepts it, with its tables."""
    assert {"heading", "paragraph"} <= {p.kind for p in render(text, profile="paper").paragraphs}


def test_no_page_ships_without_being_listed_here():
    """A new page gets its tests."""
    assert sorted(path.stem for path in PAGES.glob("*.md")) == NAMES


def test_every_label_is_explained():
    """All five labels and all eight states stand in the tables of who can read what."""
    text = (PAGES / "who-can-read-what.md").read_text(encoding="utf-8")
    for label in Tlp:
        assert f"| {label.value} |" in text
    for ceiling in Ceiling:
        assert f"| {ceiling.value.capitalize()} |" in text
    words = {Status.HIDDEN: "removed from view"}
    for status in Status:
        assert words.get(status, status.value.capitalize()) in text
