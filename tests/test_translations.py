"""The interface's words can be translated: they are gathered, and no template says them bare."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from bs4 import BeautifulSoup, Tag

ROOT = Path(__file__).parent.parent
TEMPLATES = sorted((ROOT / "forum" / "templates").rglob("*.html"))
WORDY = ("a", "button", "caption", "dt", "h1", "h2", "h3", "h4", "label", "legend", "p", "summary", "th")
NAMES = {"CELEX", "DOCX", "PDF", "SHA", "TLP", "json", "openapi"}
"""What is the same in every language."""

_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What `make messages` gathers."""
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("messages:")[1].split("\n\n")[0]
    keywords = re.findall(r"-k (\w+)", recipe)
    target = tmp_path_factory.mktemp("messages") / "messages.pot"
    subprocess.run(
        [
            *(sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F", "babel.cfg"),
            *(part for keyword in keywords for part in ("-k", keyword)),
            *("--no-location", "-o", str(target), "."),
        ],
        cwd=ROOT,
        check=True,
    )
    with target.open("rb") as stream:
        return read_po(stream)


@pytest.mark.parametrize(
    "message",
    [
        "Skip to the text",
        "Academic or research institution",
        "There is nothing at this address, or nothing that you may read.",
        "Use at most %(most)d characters.",
        "This page is for people with another role.",
    ],
    ids=["template", "lazy", "view", "error", "refusal"],
)
def test_words_from_everywhere_are_gathered(catalog: Catalog, message: str) -> None:
    """Templates, views, lazy texts of forms, and the message ids of errors."""
    assert message in catalog


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT / "forum").as_posix())
def test_no_template_says_words_bare(path: Path) -> None:
    """Headings, buttons, labels, links and sentences come out of gettext."""
    soup = BeautifulSoup(_JINJA.sub(" ", path.read_text(encoding="utf-8")), "html.parser")
    bare = []
    for element in soup.find_all(WORDY):
        assert isinstance(element, Tag)
        words = re.findall(r"[^\W\d_]{2,}", " ".join(element.find_all(string=True, recursive=False)))
        bare += [f"<{element.name}> {word}" for word in words if word not in NAMES]
    assert bare == []
