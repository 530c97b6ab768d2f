"""A document as blocks: what papers, office files and PDF have in common, without any of their syntax.

Readers (office/, document_html) make it, writers (document_markdown, office/) take it. A text is a tuple of
spans, each with its marks, so that no format's way of nesting them is carried over.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

MAX_LEVEL = 5
"""The deepest heading of a paper: one below is the page's own."""

Side = Literal["", "left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text with its marks; a line feed is a break within the paragraph."""

    text: str = ""
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    href: str = ""
    note: int = 0
    """The footnote, from 1, that is referred to here; its text is then empty."""


Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 5."""

    level: int
    spans: Spans
    number: int = 0
    """Here and below: the number of the paragraph in its paper, 0 where it has none."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Plain text."""

    spans: Spans
    number: int = 0


@dataclass(frozen=True, slots=True)
class ListBlock:
    """A list; each entry holds blocks, lists among them."""

    items: "tuple[tuple[Block, ...], ...]"
    is_ordered: bool = False
    start: int = 1
    number: int = 0


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation."""

    blocks: "tuple[Block, ...]"
    number: int = 0


@dataclass(frozen=True, slots=True)
class Code:
    """Preformatted lines."""

    text: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, the first row being the header; all rows have the same number of cells."""

    rows: tuple[tuple[Spans, ...], ...]
    sides: tuple[Side, ...] = ()
    number: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A line between parts."""

    number: int = 0


Block = Heading | Paragraph | ListBlock | Quote | Code | Table | Rule


@dataclass(frozen=True, slots=True)
class Remark:
    """What became of something that a paper cannot hold; `kind` is a key of the words for it."""

    kind: str
    count: int = 1
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """What was read from a file or a paper."""

    blocks: tuple[Block, ...]
    notes: tuple[tuple[Block, ...], ...] = ()
    """The footnotes, by their number less one."""
    title: str = ""
    remarks: tuple[Remark, ...] = ()
    pages: tuple[int, ...] = field(default=())
    """The page on which each block begins, where the file says so."""


def plain_spans(spans: Iterable[Span]) -> str:
    """Return the words of spans."""
    return "".join(span.text for span in spans)


def plain_block(block: Block) -> str:
    """Return the words of a block: entries and rows on lines, cells after tabs."""
    match block:
        case Heading() | Paragraph():
            return plain_spans(block.spans)
        case ListBlock():
            return "\n".join(plain_block(part) for item in block.items for part in item)
        case Quote():
            return "\n".join(plain_block(part) for part in block.blocks)
        case Code():
            return block.text
        case Table():
            return "\n".join("\t".join(plain_spans(cell) for cell in row) for row in block.rows)
        case Rule():
            return ""


def outline(blocks: Sequence[Block]) -> list[tuple[str, str]]:
    """Return kinds and words, white space folded: what has to survive a way through a format."""
    return [(_kind(block), " ".join(plain_block(block).split())) for block in blocks]


def _kind(block: Block) -> str:
    match block:
        case Heading():
            return f"heading {block.level}"
        case ListBlock():
            inner = " ".join(f"[{' '.join(_kind(part) for part in item)}]" for item in block.items)
            return f"{'ordered' if block.is_ordered else 'bullet'} {inner}"
        case Quote():
            return f"quote {' '.join(_kind(part) for part in block.blocks)}"
        case Table():
            return f"table {len(block.rows)}x{len(block.rows[0]) if block.rows else 0}"
        case _:
            return type(block).__name__.lower()


def walk(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield blocks and those inside them, each before what it holds."""
    for block in blocks:
        yield block
        if isinstance(block, ListBlock):
            for item in block.items:
                yield from walk(item)
        elif isinstance(block, Quote):
            yield from walk(block.blocks)


def spans_of(block: Block) -> Iterator[Spans]:
    """Yield the texts of one block itself, not of those inside it."""
    if isinstance(block, Heading | Paragraph):
        yield block.spans
    elif isinstance(block, Table):
        for row in block.rows:
            yield from row


_SPACE = re.compile(r"[ \t\r\f\v]+")


def tidy(spans: Iterable[Span]) -> Spans:
    """Return spans with equal neighbours joined, white space folded, none at the ends.

    A line feed stays: it is a break. What is empty goes, unless it refers to a footnote.
    """
    joined: list[Span] = []
    for span in spans:
        if not span.text and not span.note:
            continue
        last = joined[-1] if joined else None
        if last is not None and not span.note and not last.note and _marks(last) == _marks(span):
            joined[-1] = _with_text(last, last.text + span.text)
        else:
            joined.append(span)
    return tuple(_trim(joined))


def _marks(span: Span) -> tuple[Any, ...]:
    return span.bold, span.italic, span.strike, span.code, span.href


def _with_text(span: Span, text: str) -> Span:
    return Span(text, span.bold, span.italic, span.strike, span.code, span.href, span.note)


def _trim(spans: list[Span]) -> Iterator[Span]:
    kept: list[Span] = []
    ends_in_space = True
    for span in spans:
        text = re.sub(r" ?\n ?", "\n", _SPACE.sub(" ", span.text))
        if ends_in_space:
            text = text.lstrip(" \n")
        if text or span.note:
            kept.append(_with_text(span, text))
            ends_in_space = text[-1:] in {" ", "\n"}
    while kept and not kept[-1].note:
        text = kept[-1].text.rstrip(" \n")
        if text:
            kept[-1] = _with_text(kept[-1], text)
            break
        kept.pop()
    yield from kept


def to_data(document: Document) -> dict[str, Any]:
    """Return a document as plain data: each block a dict with its `kind`."""
    return {
        "blocks": [_data(block) for block in document.blocks],
        "notes": [[_data(block) for block in note] for note in document.notes],
    }


def _data(block: Block) -> dict[str, Any]:
    data: dict[str, Any] = {"kind": type(block).__name__.lower(), "number": block.number}
    match block:
        case Heading():
            data |= {"level": block.level, "spans": _spans_data(block.spans)}
        case Paragraph():
            data |= {"spans": _spans_data(block.spans)}
        case ListBlock():
            items = [[_data(part) for part in item] for item in block.items]
            data |= {"kind": "list", "items": items, "ordered": block.is_ordered, "start": block.start}
        case Quote():
            data |= {"blocks": [_data(part) for part in block.blocks]}
        case Code():
            data |= {"text": block.text}
        case Table():
            data |= {
                "rows": [[_spans_data(cell) for cell in row] for row in block.rows],
                "sides": list(block.sides) or [""] * (len(block.rows[0]) if block.rows else 0),
            }
    return data


def _spans_data(spans: Spans) -> list[dict[str, Any]]:
    return [{name: value for name, value in asdict(span).items() if value} for span in spans]
