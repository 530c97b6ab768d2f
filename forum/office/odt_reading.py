"""ODT into a document: the same as docx_reading.py gives, from the other format."""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

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
from forum.domain.uploads import Refusal, Refused
from forum.office.assembling import (
    CAPTION_STYLES,
    CODE_BLOCK_STYLES,
    CODE_STYLES,
    CONTINUED,
    MONOSPACED,
    OWN_STYLES,
    Line,
    Role,
    Tally,
    assemble,
    figure_words,
    flat,
    make_table,
)
from forum.office.odt_parts import Marks, Styles, q
from forum.office.packages import Element, Package

_ENTERED = frozenset({
    q("text:section"), q("text:index-body"), q("text:numbered-paragraph"), q("office:forms"), q("text:meta"),
    q("text:ruby"), q("text:ruby-base"), q("text:bookmark-ref"), q("text:reference-ref"),
    q("text:user-index"), q("text:bibliography"),
})  # fmt: skip
_SKIPPED = frozenset({
    q("text:tracked-changes"), q("text:sequence-decls"), q("text:variable-decls"), q("text:user-field-decls"),
    q("office:forms"), q("text:index-title"), q("text:ruby-text"), q("text:soft-page-break"),
    q("text:note-citation"), q("text:table-of-content-source"),
})  # fmt: skip
_MAX_REPEATED = 64
_MAX_LEVEL = 20


def read_odt(path: Path) -> Document:
    """Return the document in a file whose package has been judged (judging.py)."""
    with Package(path) as package:
        return _Reader(package).read()


@dataclass(slots=True)
class _Text:
    """What gathers of one paragraph."""

    spans: list[Span]
    boxes: list[Element]
    page: int = 1
    """On which its first word stands."""
    figures: int = 0


class _Reader:
    def __init__(self, package: Package) -> None:
        content = package.xml("content.xml")
        body = content.find(f"{q('office:body')}/{q('office:text')}")
        if body is None:
            raise Refused(Refusal.DAMAGED)
        self.body = body
        common = package.find_xml("styles.xml")
        self.styles = Styles([root for root in (common, content) if root is not None])
        self.margins = self._has_margins(common)
        self.tally = Tally()
        self.title = ""
        self.page = 1
        self.notes: list[Element] = []
        self.list_numbers = itertools.count(1)
        self.list_keys: dict[str, str] = {}
        self.last_lists: dict[str, str] = {}

    def _has_margins(self, common: Element | None) -> bool:
        if common is None:
            return False
        return any(
            "".join(line.itertext()).strip() and not self._is_own(line)
            for name in ("style:header", "style:footer")
            for part in common.iter(q(name))
            for line in part.iter(q("text:p"))
        )

    def _is_own(self, element: Element) -> bool:
        """Whether what we ourselves put beside the text stands here."""
        names = self.styles.names(element.get(q("text:style-name"), ""))
        return any(name.startswith(OWN_STYLES) for name in names)

    def read(self) -> Document:
        changes = self.body.find(q("text:tracked-changes"))
        for region in changes if changes is not None else ():
            self.tally.note("insertions", len(region.findall(q("text:insertion"))))
            self.tally.note("deletions", len(region.findall(q("text:deletion"))))
        blocks, pages = assemble(list(self._lines(self.body)))
        notes = []
        position = 0
        while position < len(self.notes):  # a note may hold another one
            notes.append(assemble(list(self._lines(self.notes[position])))[0])
            position += 1
        if self.margins:
            self.tally.note("margins")
        return Document(blocks, tuple(notes), self.title, self.tally.remarks(), pages)

    def _lines(self, parent: Iterable[Element]) -> Iterator[Line]:
        for element in parent:
            tag = element.tag
            if tag in {q("text:p"), q("text:h")}:
                yield from self._paragraph(element)
            elif tag == q("text:list"):
                yield from self._list_lines(element)
            elif tag == q("table:table"):
                yield from self._table(element)
            elif tag == q("text:table-of-content"):
                self.tally.note("contents")
            elif tag == q("text:soft-page-break"):
                self.page += 1
            elif tag in {q("draw:frame"), q("draw:custom-shape"), q("draw:g")}:
                text = _Text([], [])
                self._figure(element, text)
                spans = tidy(text.spans)
                if spans:
                    yield Line(Paragraph(spans), page=self.page, is_figure=True)
                yield from self._boxes(text)
            elif tag in _ENTERED or tag.endswith("-index"):
                yield from self._lines(element)

    def _boxes(self, text: _Text) -> Iterator[Line]:
        for box in text.boxes:
            self.tally.note("text_boxes")
            yield from self._lines(box)

    def _paragraph(self, element: Element) -> Iterator[Line]:
        self.tally.count_block()
        style = element.get(q("text:style-name"), "")
        names = self.styles.names(style)
        if self._is_own(element):
            return
        text = _Text([], [], self.page)
        self._inline(element, text, Marks(), "")
        line = self._line(element, names, style, text)
        if line is not None:
            line.page = text.page
            yield line
        yield from self._boxes(text)

    def _line(self, element: Element, names: tuple[str, ...], style: str, text: _Text) -> Line | None:
        if CODE_BLOCK_STYLES.intersection(names):
            return Line(Paragraph((Span(plain_spans(text.spans)),)), "code")
        spans = tidy(text.spans)
        if not spans:
            is_rule = "horizontal line" in names or self.styles.has_line(style)
            return Line(Rule()) if is_rule and not text.boxes else None
        if "title" in names and not self.title:
            self.title = " ".join(plain_spans(spans).split())
            return None
        level = _heading_level(element, names)
        if level:
            plain = tuple(replace(span, bold=False) for span in spans)
            return Line(Heading(min(level, MAX_LEVEL), tidy(plain)))
        block = Paragraph(spans)
        continued = next((m for name in names if (m := CONTINUED.fullmatch(name))), None)
        if continued:
            return Line(block, "more", int(continued[1] or 1) - 1)
        if any("quot" in name for name in names):
            return Line(block, "quote")
        words = plain_spans(spans)
        is_figure = text.figures == 1 and words.startswith("[Figure ")
        if is_figure and not words.endswith("attached]") and CAPTION_STYLES.intersection(names):
            return self._own_caption(spans)
        is_alone = is_figure and words.endswith("attached]")
        is_caption = bool(CAPTION_STYLES.intersection(names)) and not is_figure
        return Line(block, is_figure=is_alone, is_caption=is_caption)

    def _own_caption(self, spans: Spans) -> Line:
        """A figure and its caption in one paragraph, as Writer makes them."""
        words = plain_spans(spans)
        number, _, caption = words.partition("attached]")
        found = re.match(r"\[Figure ([0-9]+)", number)
        return Line(Paragraph((Span(figure_words(int(found[1]) if found else 1, caption)),)))

    def _inline(self, parent: Element, text: _Text, marks: Marks, href: str) -> None:
        if parent.text:
            text.spans.append(Span(parent.text, *marks, href))
        for element in parent:
            self._inline_part(element, text, marks, href)
            if element.tail:
                text.spans.append(Span(element.tail, *marks, href))

    def _inline_part(self, element: Element, text: _Text, marks: Marks, href: str) -> None:
        tag = element.tag
        if tag == q("text:span"):
            if not self._is_own(element):
                self._inline(element, text, self._marks(element, marks), href)
        elif tag == q("text:a"):
            self._inline(element, text, marks, _address(element) or href)
        elif tag == q("text:s"):
            count = element.get(q("text:c"), "1")
            text.spans.append(Span(" " * (min(int(count), 200) if count.isdigit() else 1), *marks, href))
        elif tag == q("text:tab"):
            text.spans.append(Span(" ", *marks, href))
        elif tag == q("text:line-break"):
            text.spans.append(Span("\n", *marks, href))
        elif tag == q("text:soft-page-break"):
            self.page += 1
            if not plain_spans(text.spans).strip():
                text.page = self.page
        elif tag == q("text:note"):
            body = element.find(q("text:note-body"))
            if body is not None:
                self.notes.append(body)
                text.spans.append(Span(note=len(self.notes)))
        elif tag == q("office:annotation"):
            self.tally.note("comments")
        elif tag in {q("draw:frame"), q("draw:custom-shape"), q("draw:g"), q("draw:line")}:
            self._figure(element, text)
        elif tag not in _SKIPPED and tag != q("office:annotation-end"):
            self._inline(element, text, marks, href)

    def _marks(self, element: Element, marks: Marks) -> Marks:
        style = element.get(q("text:style-name"), "")
        names = self.styles.names(style)
        found = self.styles.marks(style)
        if found.is_underlined:
            self.tally.note("underlined")
        is_code = bool(CODE_STYLES.intersection(names)) or found.font in MONOSPACED
        return Marks(
            marks.bold if found.bold is None else found.bold,
            marks.italic if found.italic is None else found.italic,
            marks.strike or found.strike,
            marks.code or is_code,
        )

    def _figure(self, element: Element, text: _Text) -> None:
        box = next(iter(element.iter(q("draw:text-box"))), None)
        if box is not None:
            text.boxes.append(box)
            return
        if element.find(q("draw:object")) is not None and self._is_formula(element):
            self.tally.note("equations")
            return
        caption = "".join(
            "".join(part.itertext())
            for name in ("svg:desc", "svg:title")
            for part in element.findall(q(name))[:1]
        )
        text.figures += 1
        text.spans.append(Span(self.tally.figure(caption)))

    def _is_formula(self, element: Element) -> bool:
        return "formula" in element.get(q("draw:style-name"), "").lower()

    def _list_lines(self, element: Element, style: str = "", level: int = 0) -> Iterator[Line]:
        """Give the entries of a list as lines with their levels; lists in it are lines further in."""
        style = element.get(q("text:style-name"), "") or style
        key = self._list_key(element, style)
        is_ordered, start = self.styles.list_level(style, min(level + 1, 10))
        for entry in element:
            if entry.tag not in {q("text:list-item"), q("text:list-header")}:
                continue
            own = entry.get(q("text:start-value"), "")
            if own.isdigit() and len(own) < 9:
                start = int(own)
            role: Role = "item" if entry.tag == q("text:list-item") else "more"
            for part in self._entry_parts(entry):
                if not isinstance(part, list):
                    yield from self._list_lines(part, style, min(level + 1, _MAX_LEVEL))
                elif any(isinstance(line.block, Heading) for line in part):
                    self.tally.note("heading_numbers")
                    yield from part
                else:
                    for block in assemble(part)[0]:
                        yield Line(block, role, level, key, is_ordered, start, self.page)
                        role = "more"

    def _entry_parts(self, entry: Element) -> Iterator[list[Line] | Element]:
        """Give the lines of an entry, and the lists among them, in their order."""
        lines: list[Line] = []
        for part in entry:
            if part.tag == q("text:list"):
                if lines:
                    yield lines
                lines = []
                yield part
            else:
                lines += self._lines([part])
        if lines:
            yield lines

    def _list_key(self, element: Element, style: str) -> str:
        """Give what tells a list from its neighbours; one that goes on has the key of the one before."""
        own = element.get("{http://www.w3.org/XML/1998/namespace}id", "")
        before = element.get(q("text:continue-list"), "")
        if before in self.list_keys:
            key = self.list_keys[before]
        elif element.get(q("text:continue-numbering")) == "true" and style in self.last_lists:
            key = self.last_lists[style]
        else:
            key = f"{style} {next(self.list_numbers)}"
        self.list_keys[own or key] = self.last_lists[style] = key
        return key

    def _table(self, element: Element) -> Iterator[Line]:
        rows: list[list[Spans]] = []
        sides: list[Side] = []
        page = self.page
        elements = [row for row in element.iter(q("table:table-row")) if _table_of(row) is element]
        if len(elements) == 1 and len(elements[0].findall(q("table:table-cell"))) == 1:
            yield from self._lines(elements[0].find(q("table:table-cell")))
            return
        for row in elements:
            self.tally.count_block()
            cells: list[Spans] = []
            found: list[Side] = []
            for cell in row:
                if cell.tag not in {q("table:table-cell"), q("table:covered-table-cell")}:
                    continue
                repeated = _repeated(cell, "table:number-columns-repeated")
                if _repeated(cell, "table:number-columns-spanned") > 1 or (
                    _repeated(cell, "table:number-rows-spanned") > 1
                ):
                    self.tally.note("merged_cells")
                text = self._cell(cell)
                cells += [text] * (repeated if text else min(repeated, _MAX_REPEATED))
                found += [self._side(cell)] * repeated
            rows += [cells] * (_repeated(row, "table:number-rows-repeated") if any(cells) else 1)
            if len(rows) == 2:
                sides = found
        for block in make_table(rows, sides, self.tally):
            yield Line(block, page=page)

    def _side(self, cell: Element) -> Side:
        paragraph = cell.find(q("text:p"))
        return self.styles.side(paragraph.get(q("text:style-name"), "")) if paragraph is not None else ""

    def _cell(self, cell: Element) -> Spans:
        spans: list[Span] = []
        lines = list(self._lines(cell))
        if len(lines) > 1:
            self.tally.note("cell_parts")
        for line in lines:
            if spans:
                spans.append(Span(" "))
            spans += flat(line.block)
        return tidy(spans)


def _heading_level(element: Element, names: tuple[str, ...]) -> int:
    """Give the level of a heading; some files have headings by style alone."""
    if element.tag == q("text:h"):
        own = element.get(q("text:outline-level"), "1")
        return max(1, int(own)) if own.isdigit() and len(own) < 3 else 1
    found = next((name[8:] for name in names if re.fullmatch(r"heading [0-9]", name)), "0")
    return int(found)


def _repeated(element: Element, name: str) -> int:
    text = element.get(q(name), "1")
    return max(1, min(int(text), 1_000)) if text.isdigit() and len(text) < 10 else 1


def _table_of(row: Element) -> Element:
    return next(row.iterancestors(q("table:table")), None)


def _address(element: Element) -> str:
    address = str(element.get(q("xlink:href"), ""))
    return "" if address.startswith("#") else address
