"""A version's stored HTML as a document: the same blocks and numbers that its page shows.

It reads what richtext.render() made and nothing else: every element of it is known here.
"""

import re
from html.parser import HTMLParser

from forum.domain.documents import (
    MAX_LEVEL,
    Block,
    Code,
    Document,
    Heading,
    ListBlock,
    Paragraph,
    Quote,
    Rule,
    Side,
    Span,
    Spans,
    Table,
    tidy,
)

_SIDES: dict[str, Side] = {"text-start": "left", "text-center": "center", "text-end": "right"}
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_MARKS = {"strong": "bold", "em": "italic", "del": "strike", "code": "code"}


def read_html(html: str) -> Document:
    """Return the document that stored HTML of a paper stands for."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return Document(tuple(reader.blocks[0]), tuple(reader.notes))


class _Reader(HTMLParser):
    """Keeps a stack of lists of blocks; text gathers in `spans` until its block ends."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[list[Block]] = [[]]
        self.notes: list[tuple[Block, ...]] = []
        self.spans: list[Span] = []
        self.marks = {"bold": 0, "italic": 0, "strike": 0, "code": 0}
        self.href = ""
        self.number = 0
        self.is_pre = self.is_back = self.is_reference = False
        self.in_notes = False
        self.lists: list[tuple[bool, int, list[tuple[Block, ...]]]] = []
        self.rows: list[tuple[Spans, ...]] = []
        self.row: list[Spans] = []
        self.sides: list[Side] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        found = re.fullmatch(r"p([0-9]+)", values.get("id", ""))
        if found:
            self.number = int(found[1])
        if tag in _MARKS:
            self.marks[_MARKS[tag]] += 1
        elif tag == "a":
            self._begin_link(values)
        elif tag == "br":
            self.spans.append(self._span("\n"))
        elif tag in {"ul", "ol"} and not (self.in_notes and not self.lists):
            self._flush()
            start = values.get("start", "")
            self.lists.append((tag == "ol", int(start) if start else 1, []))
        elif tag in {"li", "blockquote"}:
            self._flush()
            self.blocks.append([])
        elif tag == "section":
            self.in_notes = True
        elif tag == "pre":
            self.is_pre, self.spans = True, []
        elif tag == "hr":
            self.blocks[-1].append(Rule())
        elif tag in {"td", "th"}:
            self.spans = []
            if not self.rows:
                self.sides.append(_SIDES.get(values.get("class", ""), ""))
        elif tag == "table":
            self.rows, self.sides = [], []

    def _begin_link(self, values: dict[str, str]) -> None:
        target = values.get("href", "")
        if values.get("class") == "footnote-backref":
            self.is_back = True
        elif target.startswith("#fn-"):
            self.is_reference = True
            self.spans.append(Span(note=int(target.removeprefix("#fn-"))))
        else:
            self.href = target

    def handle_endtag(self, tag: str) -> None:
        if tag in _MARKS:
            self.marks[_MARKS[tag]] -= 1
        elif tag == "a":
            self.is_back = self.is_reference = False
            self.href = ""
        elif tag in _HEADINGS:
            spans = self._take()
            if spans:
                level = min(int(tag[1]) - 1, MAX_LEVEL)
                self.blocks[-1].append(Heading(level, spans, self._number()))
        elif tag == "p":
            self._flush()
        elif tag == "pre":
            text = "".join(span.text for span in self.spans)
            self.spans, self.is_pre = [], False
            self.blocks[-1].append(Code(text.removesuffix("\n"), self._number()))
        elif tag == "li":
            self._end_item()
        elif tag == "blockquote":
            self._flush()
            inner = tuple(self.blocks.pop())
            self.blocks[-1].append(Quote(inner, self._number()))
        elif tag in {"ul", "ol"} and self.lists:
            is_ordered, start, items = self.lists.pop()
            self.blocks[-1].append(ListBlock(tuple(items), is_ordered, start, self._number()))
        elif tag in {"td", "th"}:
            self.row.append(self._take())
        elif tag == "tr":
            self.rows.append(tuple(self.row))
            self.row = []
        elif tag == "table":
            self.blocks[-1].append(Table(tuple(self.rows), tuple(self.sides), self._number()))
        elif tag == "section":
            self.in_notes = False

    def handle_data(self, data: str) -> None:
        if self.is_back or self.is_reference or (not self.is_pre and not data.strip() and "\n" in data):
            return
        self.spans.append(self._span(data if self.is_pre else data.replace("\n", " ")))

    def _span(self, text: str) -> Span:
        marks = {name: bool(depth) and not self.is_pre for name, depth in self.marks.items()}
        return Span(text, href=self.href, **marks)

    def _take(self) -> Spans:
        spans, self.spans = tidy(self.spans), []
        return spans

    def _flush(self) -> None:
        """End the paragraph that gathers: a tight list entry has its text without an element."""
        spans = self._take()
        if spans:
            self.blocks[-1].append(Paragraph(spans, self._number()))

    def _number(self) -> int:
        """Give the number of the top-level block that ends now, once."""
        if len(self.blocks) > 1 or self.lists or self.in_notes:
            return 0
        number, self.number = self.number, 0
        return number

    def _end_item(self) -> None:
        self._flush()
        blocks = tuple(self.blocks.pop())
        if self.lists:
            self.lists[-1][2].append(blocks)
        elif self.in_notes:
            self.notes.append(blocks)
