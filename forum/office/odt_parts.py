"""The styles of an ODT: what they are called, what they mark, which lists are numbered."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from forum.domain.documents import Side
from forum.office.packages import Element

NAMESPACES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
    "script": "urn:oasis:names:tc:opendocument:xmlns:script:1.0",
    "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xlink": "http://www.w3.org/1999/xlink",
    "manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
}
_MAX_CHAIN = 20
_SIDES: dict[str, Side] = {"center": "center", "end": "right", "right": "right"}


def q(name: str) -> str:
    """Give the full name of a prefixed element or attribute."""
    prefix, _, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


class Marks(NamedTuple):
    """The marks of a piece of text."""

    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False


@dataclass(frozen=True, slots=True)
class TextStyle:
    """What a text style says; None where it says nothing."""

    bold: bool | None = None
    italic: bool | None = None
    strike: bool = False
    is_underlined: bool = False
    font: str = ""


class Styles:
    """Common and automatic styles, by name."""

    def __init__(self, roots: list[Element]) -> None:
        self._styles: dict[str, Element] = {}
        self._lists: dict[str, Element] = {}
        self._fonts: dict[str, str] = {}
        for root in roots:
            for style in root.iter(q("style:style")):
                self._styles[style.get(q("style:name"), "")] = style
            for style in root.iter(q("text:list-style")):
                self._lists[style.get(q("style:name"), "")] = style
            for font in root.iter(q("style:font-face")):
                family = font.get(q("svg:font-family"), "").strip("'\"").lower()
                self._fonts[font.get(q("style:name"), "")] = family
        self._names: dict[str, tuple[str, ...]] = {}
        self._text: dict[str, TextStyle] = {}

    def _chain(self, name: str) -> Iterator[Element]:
        for _ in range(_MAX_CHAIN):
            style = self._styles.get(name)
            if style is None:
                return
            yield style
            name = style.get(q("style:parent-style-name"), "")

    def names(self, name: str) -> tuple[str, ...]:
        """Give the names of a style and those it is made from, in lower case and with spaces."""
        if name not in self._names:
            found = [name, *(style.get(q("style:parent-style-name"), "") for style in self._chain(name))]
            self._names[name] = tuple(part.replace("_20_", " ").lower() for part in found if part)
        return self._names[name]

    def marks(self, name: str) -> TextStyle:
        """Give what a text style and those it is made from say."""
        if name not in self._text:
            self._text[name] = self._read_marks(name)
        return self._text[name]

    def _read_marks(self, name: str) -> TextStyle:
        bold: bool | None = None
        italic: bool | None = None
        strike = underlined = False
        font = ""
        for style in self._chain(name):
            properties = style.find(q("style:text-properties"))
            if properties is None:
                continue
            weight = properties.get(q("fo:font-weight"))
            if bold is None and weight is not None:
                bold = weight in {"bold", "600", "700", "800", "900"}
            slant = properties.get(q("fo:font-style"))
            if italic is None and slant is not None:
                italic = slant in {"italic", "oblique"}
            strike = strike or properties.get(q("style:text-line-through-style"), "none") != "none"
            is_line = properties.get(q("style:text-underline-style"), "none") != "none"
            is_link = "internet link" in self.names(name)
            underlined = underlined or (is_line and not is_link)
            face = properties.get(q("style:font-name"), "")
            font = font or self._fonts.get(face, face.lower())
        return TextStyle(bold, italic, strike, underlined, font)

    def side(self, name: str) -> Side:
        """Give to which side a paragraph style sets its text."""
        for style in self._chain(name):
            properties = style.find(q("style:paragraph-properties"))
            found = properties.get(q("fo:text-align")) if properties is not None else None
            if found is not None:
                return _SIDES.get(found, "")
        return ""

    def has_line(self, name: str) -> bool:
        """Whether a paragraph style draws a line below."""
        for style in self._chain(name):
            properties = style.find(q("style:paragraph-properties"))
            if properties is not None:
                below = properties.get(q("fo:border-bottom"), "none")
                if below != "none":
                    return True
        return False

    def list_level(self, name: str, level: int) -> tuple[bool, int]:
        """Whether a level of a list is numbered, and with which number it begins."""
        style = self._lists.get(name)
        for child in style if style is not None else ():
            if child.get(q("text:level")) == str(level):
                is_numbered = child.tag == q("text:list-level-style-number")
                start = child.get(q("text:start-value"), "1")
                has_format = bool(child.get(q("style:num-format")))
                return is_numbered and has_format, int(start) if start.isdigit() and len(start) < 9 else 1
        return False, 1
