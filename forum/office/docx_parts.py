"""The parts of a DOCX beside its text: styles, numbering, relationships, footnotes."""

import posixpath
from dataclasses import dataclass
from typing import Any

from forum.domain.uploads import Refusal, Refused
from forum.office.assembling import OWN_STYLES, Tally
from forum.office.packages import Element, Package

NAMESPACES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "v": "urn:schemas-microsoft-com:vml",
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "pr": "http://schemas.openxmlformats.org/package/2006/relationships",
    "ct": "http://schemas.openxmlformats.org/package/2006/content-types",
}
_STRICT = "http://purl.oclc.org/ooxml/"
_MAX_CHAIN = 20
MAX_DEPTH = 8


def q(name: str) -> str:
    """Give the full name of a prefixed element or attribute."""
    prefix, _, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


def value(element: Element | None) -> str:
    """Give the w:val of an element, empty without one."""
    return str(element.get(q("w:val"), "")) if element is not None else ""


def is_on(properties: Element, name: str, inherited: bool = False) -> bool:
    """Whether a toggle such as w:b is on."""
    found = properties.find(q(name))
    return inherited if found is None else value(found) not in {"0", "false", "off"}


@dataclass(frozen=True, slots=True)
class Style:
    """What we take from a style and those it is based on; names in lower case."""

    name: str = ""
    level: int = 0
    """Of a heading, from 1; 0 for no heading."""
    num_id: str = ""
    depth: int = 0
    bold: bool = False
    italic: bool = False


@dataclass(frozen=True, slots=True)
class Level:
    """Where a paragraph stands in a list."""

    list_id: str
    depth: int
    is_ordered: bool
    start: int


class Parts:
    """The parts, read once."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.main = main_part(package)
        root = package.xml(self.main)
        if root.tag.startswith(f"{{{_STRICT}"):
            raise Refused(Refusal.DAMAGED)  # "Strict" files, which hardly any program writes
        body = root.find(q("w:body"))
        if body is None:
            raise Refused(Refusal.DAMAGED)
        self.body = body
        main, by_kind = relationships(package, self.main)
        self._styles = _read_styles(self._part(by_kind, "styles"))
        self._numbering = _Numbering(self._part(by_kind, "numbering"))
        self._notes = {
            kind: _read_notes(self._part(by_kind, f"{kind}s"), kind) for kind in ("footnote", "endnote")
        }
        self.targets = {"main": main} | {
            kind: relationships(package, by_kind[f"{kind}s"])[0] if f"{kind}s" in by_kind else {}
            for kind in ("footnote", "endnote")
        }
        self._margins = [name for kind, name in by_kind.items() if kind in {"header", "footer"}]

    def _part(self, by_kind: dict[str, str], kind: str) -> Element | None:
        return self.package.find_xml(by_kind.get(kind, ""))

    def style_of(self, properties: Element | None) -> Style:
        """Give the style of a paragraph."""
        found = properties.find(q("w:pStyle")) if properties is not None else None
        return self._styles.get(value(found), _PLAIN)

    def character_style(self, properties: Element | None) -> Style:
        """Give the style of a run."""
        found = properties.find(q("w:rStyle")) if properties is not None else None
        return self._styles.get(value(found), _PLAIN)

    def outline_level(self, style: Style, properties: Element | None) -> int:
        """Give the level of a heading, from 1; 0 for other text."""
        own = value(properties.find(q("w:outlineLvl"))) if properties is not None else ""
        if own.isdigit():
            return int(own) + 1 if int(own) < 9 else 0
        return style.level

    def list_level(self, style: Style, properties: Element | None) -> Level | None:
        """Give where a paragraph stands in a list, None outside of lists."""
        found = properties.find(q("w:numPr")) if properties is not None else None
        num_id, depth = style.num_id, style.depth
        if found is not None:
            num_id = value(found.find(q("w:numId"))) or num_id
            own = value(found.find(q("w:ilvl")))
            depth = int(own) if own.isdigit() else depth
        if not num_id or num_id == "0":
            return None
        return self._numbering.level(num_id, min(depth, MAX_DEPTH))

    def is_unnumbered(self, properties: Element | None) -> bool:
        """Whether a paragraph says that it has no number: in a list it goes on with the entry before it."""
        found = properties.find(f"{q('w:numPr')}/{q('w:numId')}") if properties is not None else None
        return value(found) == "0"

    def target(self, element: Element, kind: str) -> str:
        """Give the address that a hyperlink of the text ("main") or of a kind of notes leads to.

        Empty for a place in the document.
        """
        return self.targets[kind].get(element.get(q("r:id"), ""), "")

    def note(self, kind: str, key: str) -> Element | None:
        """Give the element that holds a footnote or endnote."""
        return self._notes[kind].get(key)

    def count_losses(self, tally: Tally) -> None:
        """Count what stands beside the text: headers and footers with words in them."""
        for name in self._margins:
            root = self.package.find_xml(name)
            paragraphs = root.iter(q("w:p")) if root is not None else ()
            if any(self._is_said(paragraph) for paragraph in paragraphs):
                tally.note("margins")

    def _is_said(self, paragraph: Element) -> bool:
        """Whether a paragraph in a margin has words, and they are not those that we put there."""
        style = self.style_of(paragraph.find(q("w:pPr")))
        words = "".join(part.text or "" for part in paragraph.iter(q("w:t")))
        return bool(words.strip()) and not style.name.startswith(OWN_STYLES)


_PLAIN = Style()


def main_part(package: Package) -> str:
    """Give the name of the part that holds the text; Refused where there is none."""
    _, by_kind = relationships(package, "")
    name = by_kind.get("officeDocument", "")
    if name not in package:
        raise Refused(Refusal.DAMAGED)
    return name


def relationships_name(part: str) -> str:
    """Give the name of the part that lists the relationships of a part."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def relationships(package: Package, part: str) -> tuple[dict[str, str], dict[str, str]]:
    """Give the addresses by id, and the names of parts by the last word of their kind."""
    root = package.find_xml(relationships_name(part))
    targets: dict[str, str] = {}
    by_kind: dict[str, str] = {}
    for relation in root if root is not None else ():
        target = relation.get("Target", "")
        kind = relation.get("Type", "").rsplit("/", 1)[-1]
        if relation.get("TargetMode") == "External":
            targets[relation.get("Id", "")] = target
        else:
            folder = posixpath.dirname(part)
            name = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
            by_kind.setdefault(kind, posixpath.normpath(name))
    return targets, by_kind


def _read_styles(root: Element | None) -> dict[str, Style]:
    if root is None:
        return {}
    elements = {element.get(q("w:styleId"), ""): element for element in root.iter(q("w:style"))}
    return {key: _style(element, elements) for key, element in elements.items()}


def _style(element: Element, elements: dict[str, Element]) -> Style:
    name = value(element.find(q("w:name"))).lower()
    level = 0
    num_id, depth, bold, italic = "", 0, False, False
    current: Any = element
    for _ in range(_MAX_CHAIN):
        if current is None:
            break
        own_name = value(current.find(q("w:name"))).lower()
        paragraph, run = current.find(q("w:pPr")), current.find(q("w:rPr"))
        if not level and own_name.startswith("heading ") and own_name[8:].isdigit():
            level = int(own_name[8:])
        if paragraph is not None:
            outline = value(paragraph.find(q("w:outlineLvl")))
            if not level and outline.isdigit() and int(outline) < 9:
                level = int(outline) + 1
            numbering = paragraph.find(q("w:numPr"))
            if numbering is not None and not num_id:
                num_id = value(numbering.find(q("w:numId")))
                own = value(numbering.find(q("w:ilvl")))
                depth = int(own) if own.isdigit() else 0
        if run is not None:
            bold, italic = bold or is_on(run, "w:b"), italic or is_on(run, "w:i")
        if "quot" in own_name and "quot" not in name:
            name = own_name
        current = elements.get(value(current.find(q("w:basedOn"))))
    return Style(name, level, num_id, depth, bold, italic)


class _Numbering:
    def __init__(self, root: Element | None) -> None:
        self.numbers: dict[str, Element] = {}
        self.abstract: dict[str, Element] = {}
        if root is not None:
            self.numbers = {num.get(q("w:numId"), ""): num for num in root.iter(q("w:num"))}
            self.abstract = {num.get(q("w:abstractNumId"), ""): num for num in root.iter(q("w:abstractNum"))}

    def level(self, num_id: str, depth: int) -> Level | None:
        num = self.numbers.get(num_id)
        if num is None:
            return None
        abstract = self.abstract.get(value(num.find(q("w:abstractNumId"))))
        kind, start = "bullet", "1"
        for level in abstract.findall(q("w:lvl")) if abstract is not None else ():
            if level.get(q("w:ilvl")) == str(depth):
                kind = value(level.find(q("w:numFmt"))) or "decimal"
                start = value(level.find(q("w:start"))) or "1"
        for override in num.findall(q("w:lvlOverride")):
            if override.get(q("w:ilvl")) == str(depth):
                start = value(override.find(q("w:startOverride"))) or start
        if kind == "none":
            return None
        number = int(start) if start.isdigit() and len(start) < 9 else 1
        return Level(num_id, depth, kind != "bullet", number)


def _read_notes(root: Element | None, kind: str) -> dict[str, Element]:
    if root is None:
        return {}
    return {
        note.get(q("w:id"), ""): note
        for note in root.iter(q(f"w:{kind}"))
        if note.get(q("w:type"), "normal") == "normal"
    }
