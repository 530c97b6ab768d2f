"""Static pages: Markdown files whose first line is the title and whose placeholders are settings.

Sections come back one level up, since the title is the page's own: rendered like a paper they stand right
below it. The words in place of a placeholder are escaped, so that a setting cannot become Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from forum.domain.datafile import DataFileError
from forum.domain.markdown import escape

_PLACEHOLDER = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
_SECTION = re.compile(r"^#(?=#+ )", re.MULTILINE)


@dataclass(frozen=True)
class StaticPage:
    """A title in plain words and the Markdown below it, ready for `richtext.render(…, profile="paper")`."""

    title: str
    source: str


def load_page(path: Path, values: Mapping[str, str]) -> StaticPage:
    """Reads a page and fills in its placeholders; DataFileError where the title or a value is missing."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DataFileError(f"{path.name}: there is no such file in {path.parent}") from None
    first, _, rest = text.partition("\n")
    if not first.startswith("# "):
        raise DataFileError(f"{path.name}: the first line must be the title, after '# '")

    def filled(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise DataFileError(f"{path.name}: {match[0]}: there is no such value")
        return escape(values[match[1]])

    return StaticPage(first[2:].strip(), _PLACEHOLDER.sub(filled, _SECTION.sub("", rest)).strip())
