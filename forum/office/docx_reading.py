"""DOCX into a document: headings, lists, tables, footnotes, links; changes accepted, losses counted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from forum.domain.documents import (
    MAX_LEVEL,
    Document,
    Heading,
    Paragraph,
    Rule,
    Side,
    Span,
    Spans,
    plain_spans,
    tidy,
)
from forum.office.assembling import (
    CAPTION_STYLES,
    CODE_BLOCK_STYLES,
    CODE_STYLES,
    CONTINUED,
    MONOSPACED,
    OWN_STYLES,
    Line,
    Tally,
    assemble,
    flat,
    make_table,
)
from forum.office.docx_parts import Parts, Style, is_on, q, value
from forum.office.packages import Element, Package

_SKIPPED = frozenset({q("w:del"), q("w:moveFrom")})
_ENTERED = frozenset({
    q("w:ins"), q("w:moveTo"), q("w:smartTag"), q("w:customXml"), q("w:sdtContent"), q("w:bdo"), q("w:dir"),
})  # fmt: skip
_FIGURES = frozenset({q("w:drawing"), q("w:pict"), q("w:object")})
_SIDES: dict[str, Side] = {
    "center": "center", "right": "right", "end": "right", "left": "", "start": "", "both": "",
}  # fmt: skip
_LINK = re.compile(r'HYPERLINK\s+"([^"]+)"')


def read_docx(path: Path) -> Document:
    """Return the document in a file whose package has been judged (judging.py)."""
    with Package(path) as package:
        return _Reader(Parts(package)).read()


class _Marks(NamedTuple):
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False


@dataclass(slots=True)
class _Text:
    """What gathers of one paragraph."""

    spans: list[Span] = field(default_factory=list)
    page: int = 1
    """On which its first word stands."""
    boxes: list[Element] = field(default_factory=list)
    figures: int = 0
    instructions: list[str] = field(default_factory=list)
    href: str = ""


class _Reader:
    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.tally = Tally()
        self.title = ""
        self.page = 1
        self.note_keys: dict[tuple[str, str], int] = {}
        self.carried: list[Span] = []
        """Text whose paragraph mark was deleted: it goes on in the next paragraph."""
        self.place = "main"
        """The part that is read: each has its own addresses."""

    def read(self) -> Document:
        lines = list(self._lines(self.parts.body))
        if self.carried:
            lines.append(Line(Paragraph(tidy(self.carried))))
        blocks, pages = assemble(lines)
        notes = []
        # A note may refer to another one: the list grows while it is read.
        for kind, key in self._note_order():
            element = self.parts.note(kind, key)
            self.place = kind
            inner, _ = assemble(list(self._lines(element))) if element is not None else ((), ())
            notes.append(inner)
        self.parts.count_losses(self.tally)
        return Document(blocks, tuple(notes), self.title, self.tally.remarks(), pages)

    def _note_order(self) -> Iterator[tuple[str, str]]:
        position = 0
        while position < len(self.note_keys):
            yield list(self.note_keys)[position]
            position += 1

    def _lines(self, parent: Element) -> Iterator[Line]:
        for element in parent:
            tag = element.tag
            if tag == q("w:p"):
                yield from self._paragraph(element)
            elif tag == q("w:tbl"):
                yield from self._table(element)
            elif tag == q("w:sdt"):
                if self._is_contents(element):
                    self.tally.note("contents")
                    continue
                content = element.find(q("w:sdtContent"))
                if content is not None:
                    yield from self._lines(content)
            elif tag == q("w:altChunk"):
                self.tally.note("foreign_parts")
            elif tag in _ENTERED:
                yield from self._lines(element)

    def _is_contents(self, element: Element) -> bool:
        gallery = element.find(f"{q('w:sdtPr')}/{q('w:docPartObj')}/{q('w:docPartGallery')}")
        return "contents" in value(gallery).lower()

    def _paragraph(self, element: Element) -> Iterator[Line]:
        self.tally.count_block()
        properties = element.find(q("w:pPr"))
        style = self.parts.style_of(properties)
        if style.name.startswith(OWN_STYLES):
            return
        if re.match(r"toc [0-9]|toc heading|contents [0-9]", style.name):
            self.tally.note("contents_lines")
            return
        text = _Text(self.carried, self.page)
        self.carried = []
        self._runs(element, text, _Marks())
        if properties is not None and properties.find(f"{q('w:rPr')}/{q('w:del')}") is not None:
            self.carried = text.spans
        else:
            line = self._line(style, properties, text)
            if line is not None:
                line.page = text.page
                yield line
        for box in text.boxes:
            self.tally.note("text_boxes")
            yield from self._lines(box)

    def _line(self, style: Style, properties: Element | None, text: _Text) -> Line | None:
        is_code = style.name in CODE_BLOCK_STYLES
        if is_code:
            return Line(Paragraph((Span(plain_spans(text.spans)),)), "code")
        spans = tidy(text.spans)
        if not spans:
            is_rule = style.name == "horizontal line" or self._has_line(properties)
            return Line(Rule()) if is_rule else None
        if style.name == "title" and not self.title:
            self.title = " ".join(plain_spans(spans).split())
            return None
        level = self.parts.outline_level(style, properties) or (1 if style.name == "title" else 0)
        numbering = self.parts.list_level(style, properties)
        if level:
            if numbering is not None and numbering.is_ordered:
                self.tally.note("heading_numbers")
            plain = tuple(replace(span, bold=False) for span in spans)
            return Line(Heading(min(level, MAX_LEVEL), tidy(plain)))
        block = Paragraph(spans)
        if numbering is not None:
            return Line(
                block, "item", numbering.depth, numbering.list_id, numbering.is_ordered, numbering.start
            )
        continued = CONTINUED.fullmatch(style.name)
        if continued:
            return Line(block, "more", int(continued[1] or 1) - 1)
        if self.parts.is_unnumbered(properties):
            return Line(block, "more", 0)
        if "quot" in style.name or style.name == "block text":
            return Line(block, "quote")
        is_figure = text.figures == 1 and plain_spans(spans).startswith("[Figure ")
        is_alone = is_figure and plain_spans(spans).endswith("attached]")
        return Line(block, is_figure=is_alone, is_caption=style.name in CAPTION_STYLES and not is_figure)

    def _has_line(self, properties: Element | None) -> bool:
        if properties is None:
            return False
        border = properties.find(f"{q('w:pBdr')}/{q('w:bottom')}")
        return border is not None and value(border) not in {"", "nil", "none"}

    def _runs(self, parent: Element, text: _Text, marks: _Marks) -> None:
        for element in parent:
            tag = element.tag
            if tag == q("w:r"):
                self._run(element, text, marks)
            elif tag == q("w:hyperlink"):
                before, text.href = text.href, self.parts.target(element, self.place) or text.href
                self._runs(element, text, marks)
                text.href = before
            elif tag in _SKIPPED:
                self.tally.note("deletions")
            elif tag in _ENTERED:
                if tag in {q("w:ins"), q("w:moveTo")}:
                    self.tally.note("insertions")
                self._runs(element, text, marks)
            elif tag == q("w:sdt"):
                content = element.find(q("w:sdtContent"))
                if content is not None:
                    self._runs(content, text, marks)
            elif tag == q("w:fldSimple"):
                found = _LINK.search(element.get(q("w:instr"), ""))
                before, text.href = text.href, found[1] if found else text.href
                self._runs(element, text, marks)
                text.href = before
            elif tag in {q("m:oMath"), q("m:oMathPara")}:
                self.tally.note("equations")
                words = "".join(part.text or "" for part in element.iter(q("m:t")))
                text.spans.append(Span(words, *marks, text.href))
            elif tag == q("mc:AlternateContent"):
                self._alternative(element, text, marks)

    def _run(self, run: Element, text: _Text, marks: _Marks) -> None:
        properties = run.find(q("w:rPr"))
        style = self.parts.character_style(properties)
        if style.name.startswith(OWN_STYLES):
            return
        if properties is not None:
            if is_on(properties, "w:vanish"):
                self.tally.note("hidden")
                return
            marks = self._marks(properties, style, marks)
        self._run_parts(run, text, marks)

    def _marks(self, properties: Element, style: Style, marks: _Marks) -> _Marks:
        underline = properties.find(q("w:u"))
        if underline is not None and value(underline) not in {"", "none"} and style.name != "hyperlink":
            self.tally.note("underlined")
        fonts = properties.find(q("w:rFonts"))
        font = fonts.get(q("w:ascii"), "").lower() if fonts is not None else ""
        return _Marks(
            is_on(properties, "w:b", style.bold or marks.bold),
            is_on(properties, "w:i", style.italic or marks.italic),
            is_on(properties, "w:strike") or is_on(properties, "w:dstrike"),
            style.name in CODE_STYLES or font in MONOSPACED,
        )

    def _run_parts(self, parent: Element, text: _Text, marks: _Marks) -> None:
        for element in parent:
            tag = element.tag
            if tag == q("w:t"):
                text.spans.append(Span(element.text or "", *marks, text.href))
            elif tag in {q("w:tab"), q("w:ptab")}:
                text.spans.append(Span(" ", *marks, text.href))
            elif tag in {q("w:br"), q("w:cr")}:
                if element.get(q("w:type")) != "page":
                    text.spans.append(Span("\n", *marks, text.href))
                else:
                    self._turn(text)
            elif tag == q("w:lastRenderedPageBreak"):
                self._turn(text)
            elif tag == q("w:noBreakHyphen"):
                text.spans.append(Span("\u2011", *marks, text.href))
            elif tag == q("w:sym"):
                text.spans.append(Span(_symbol(element), *marks, text.href))
            elif tag in {q("w:footnoteReference"), q("w:endnoteReference")}:
                kind = "footnote" if tag == q("w:footnoteReference") else "endnote"
                key = (kind, element.get(q("w:id"), ""))
                number = self.note_keys.setdefault(key, len(self.note_keys) + 1)
                text.spans.append(Span(note=number))
            elif tag in _FIGURES:
                self._figure(element, text)
            elif tag == q("mc:AlternateContent"):
                self._alternative(element, text, marks)
            elif tag == q("w:fldChar"):
                self._field(element, text)
            elif tag == q("w:instrText"):
                text.instructions.append(element.text or "")
            elif tag == q("w:commentReference"):
                self.tally.note("comments")
            elif tag == q("w:ruby"):
                for base in element.iter(q("w:rubyBase")):
                    self._runs(base, text, marks)

    def _turn(self, text: _Text) -> None:
        """Go on to the next page; a paragraph of which nothing was said yet goes along."""
        self.page += 1
        if not plain_spans(text.spans).strip():
            text.page = self.page

    def _alternative(self, element: Element, text: _Text, marks: _Marks) -> None:
        """Read the first choice: the fallback says the same for older programs."""
        chosen = element.find(q("mc:Choice"))
        chosen = element.find(q("mc:Fallback")) if chosen is None else chosen
        if chosen is not None:
            self._run_parts(chosen, text, marks)
            self._runs(chosen, text, marks)

    def _field(self, element: Element, text: _Text) -> None:
        state = element.get(q("w:fldCharType"))
        if state == "begin":
            text.instructions = []
        elif state == "separate":
            found = _LINK.search("".join(text.instructions))
            text.href = found[1] if found else text.href
        elif state == "end":
            text.href = ""

    def _figure(self, element: Element, text: _Text) -> None:
        boxes = [box for box in element.iter(q("w:txbxContent")) if not _is_nested(box, element)]
        if boxes:
            text.boxes += boxes
            return
        if element.find(f".//{q('v:rect')}[@{{urn:schemas-microsoft-com:office:office}}hr]") is not None:
            return
        properties = next(iter(element.iter(q("wp:docPr"))), None)
        caption = ""
        if properties is not None:
            caption = properties.get("descr") or properties.get("title") or ""
        text.figures += 1
        text.spans.append(Span(self.tally.figure(caption)))

    def _table(self, element: Element) -> Iterator[Line]:
        rows: list[list[Spans]] = []
        sides: list[Side] = []
        page = self.page
        for row in element.iter(q("w:tr")):
            if _table_of(row) is not element:
                continue
            self.tally.count_block()
            if row.find(f"{q('w:trPr')}/{q('w:del')}") is not None:
                self.tally.note("deletions")
                continue
            cells = [cell for cell in row.iter(q("w:tc")) if _row_of(cell) is row]
            if len(cells) == 1 and not rows and len(element.findall(q("w:tr"))) == 1:
                yield from self._lines(cells[0])
                return
            rows.append(list(self._cells(cells)))
            if len(rows) == 2:
                sides = [_side(cell) for cell in cells]
        for block in make_table(rows, sides, self.tally):
            yield Line(block, page=page)

    def _cells(self, cells: list[Element]) -> Iterator[Spans]:
        for cell in cells:
            properties = cell.find(q("w:tcPr"))
            span = 1
            if properties is not None:
                merge = properties.find(q("w:vMerge"))
                found = value(properties.find(q("w:gridSpan")))
                span = min(int(found), 60) if found.isdigit() else 1
                if span > 1 or merge is not None:
                    self.tally.note("merged_cells")
            yield self._cell(cell)
            yield from ((),) * (span - 1)

    def _cell(self, cell: Element) -> Spans:
        """Give the text of a cell: its paragraphs one after the other."""
        spans: list[Span] = []
        lines = list(self._lines(cell))
        if len(lines) > 1:
            self.tally.note("cell_parts")
        for line in lines:
            if spans:
                spans.append(Span(" "))
            spans += flat(line.block)
        return tidy(spans)


def _side(cell: Element) -> Side:
    found = cell.find(f"{q('w:p')}/{q('w:pPr')}/{q('w:jc')}")
    return _SIDES.get(value(found), "")


def _table_of(row: Element) -> Any:
    return next(row.iterancestors(q("w:tbl")), None)


def _row_of(cell: Element) -> Any:
    return next(cell.iterancestors(q("w:tr")), None)


def _is_nested(box: Element, top: Element) -> bool:
    for ancestor in box.iterancestors():
        if ancestor is top:
            return False
        if ancestor.tag in {q("w:txbxContent"), q("mc:Fallback")}:
            return True
    return False


def _symbol(element: Element) -> str:
    try:
        code = int(element.get(q("w:char"), ""), 16)
    except ValueError:
        return ""
    # Symbol fonts live in the private area: what they show is known to them alone.
    return "•" if 0xE000 <= code <= 0xF8FF or not 0x20 <= code <= 0xFFFF else chr(code)
