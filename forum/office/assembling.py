"""What DOCX and ODT reading have in common: lines into blocks, tables made even, what was lost counted."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from forum.domain.documents import (
    Block,
    Code,
    Heading,
    ListBlock,
    Paragraph,
    Quote,
    Remark,
    Side,
    Span,
    Spans,
    Table,
    plain_block,
    plain_spans,
    tidy,
)
from forum.domain.uploads import Refusal, Refused

MAX_BLOCKS = 200_000
MAX_COLUMNS = 60
MAX_PARTS = 26_000
"""Cells and rows of all tables together: a paper takes 30,000 parts."""

Role = Literal["plain", "quote", "code", "item", "more"]

OWN_STYLES = "forum "
"""Styles that our own DOCX files have for what is no text of the paper begin with this."""
MONOSPACED = frozenset({
    "courier", "courier new", "consolas", "liberation mono", "dejavu sans mono", "menlo", "monaco",
    "source code pro", "lucida console", "cousine", "noto sans mono",
})  # fmt: skip
CODE_STYLES = frozenset({
    "source text", "html code", "code", "verbatim char", "teletype", "html typewriter", "html keyboard",
    "html sample", "user entry", "example",
})  # fmt: skip
CODE_BLOCK_STYLES = frozenset({
    "preformatted text", "html preformatted", "code", "source code", "macro text",
})  # fmt: skip
CAPTION_STYLES = frozenset({"caption", "figure", "illustration", "drawing", "image caption"})
CONTINUED = re.compile(r"list continue ?([0-9]?)")
"""The styles for a further paragraph of an entry, with the level of its list."""
_CAPTION = re.compile(
    r"(?:fig(?:ure|\.)?|illustration|abb(?:ildung|\.)?|bild)\s*[0-9IVX]*\s*[:.–-]?\s*", re.I
)


@dataclass(slots=True)
class Line:
    """A block on its way: where it stands in lists and quotations."""

    block: Block
    role: Role = "plain"
    level: int = 0
    list_id: str = ""
    is_ordered: bool = False
    start: int = 1
    page: int = 1
    is_figure: bool = False
    is_caption: bool = False


@dataclass(slots=True)
class Tally:
    """Counts what a paper cannot hold; figures and tables are numbered as they come."""

    counts: Counter[str] = field(default_factory=Counter)
    figures: int = 0
    parts: int = 0
    blocks: int = 0

    def note(self, kind: str, count: int = 1) -> None:
        """Count something."""
        if count:
            self.counts[kind] += count

    def figure(self, caption: str = "") -> str:
        """Give the words that stand for the next figure."""
        self.figures += 1
        self.note("figures")
        return figure_words(self.figures, caption)

    def count_block(self) -> None:
        """Count a block; Refused beyond what any document has."""
        self.blocks += 1
        if self.blocks > MAX_BLOCKS:
            raise Refused(Refusal.EFFORT)

    def remarks(self) -> tuple[Remark, ...]:
        """Give what was counted."""
        return tuple(Remark(kind, count) for kind, count in sorted(self.counts.items()))


def figure_words(number: int, caption: str) -> str:
    """Give the words that stand for a figure."""
    caption = " ".join(_CAPTION.sub("", caption, count=1).split()).rstrip(".")[:300]
    return f"[Figure {number}{f': {caption}' if caption else ''}; see original, attached]"


def assemble(lines: Sequence[Line]) -> tuple[tuple[Block, ...], tuple[int, ...]]:
    """Make blocks of lines, and say on which page each begins."""
    lines = _with_captions(lines)
    blocks: list[Block] = []
    pages: list[int] = []
    position = 0
    while position < len(lines):
        line = lines[position]
        end = position + 1
        if line.role in {"quote", "code"}:
            while end < len(lines) and lines[end].role == line.role:
                end += 1
            inner = [part.block for part in lines[position:end]]
            made: list[Block] = [_code(inner) if line.role == "code" else Quote(tuple(inner))]
        elif line.role == "item":
            while end < len(lines) and lines[end].role in {"item", "more"}:
                end += 1
            made = _lists(lines[position:end])
        else:
            made = [line.block]
        blocks += made
        pages += [line.page] * len(made)
        position = end
    return tuple(blocks), tuple(pages)


def _with_captions(lines: Sequence[Line]) -> list[Line]:
    """Join a figure with the caption after it, or before it."""
    kept: list[Line] = []
    for line in lines:
        before = kept[-1] if kept else None
        if before is not None and line.is_caption and before.is_figure:
            before.block = _captioned(before.block, line.block)
            before.is_figure = False
        elif before is not None and line.is_figure and before.is_caption:
            line.block = _captioned(line.block, before.block)
            line.is_figure = False
            kept[-1] = line
        else:
            kept.append(line)
    return kept


def _captioned(figure: Block, caption: Block) -> Block:
    assert isinstance(figure, Paragraph)
    assert isinstance(caption, Paragraph)
    found = re.match(r"\[Figure ([0-9]+)", plain_spans(figure.spans))
    number = int(found[1]) if found else 1
    return Paragraph((Span(figure_words(number, plain_spans(caption.spans))),))


def _code(blocks: Sequence[Block]) -> Code:
    texts = [
        block.text if isinstance(block, Code) else plain_spans(getattr(block, "spans", ()))
        for block in blocks
    ]
    return Code("\n".join(texts).strip("\n"))


def _lists(lines: Sequence[Line]) -> list[Block]:
    blocks: list[Block] = []
    position = 0
    while position < len(lines):
        block, position = _list(lines, position, lines[position].level)
        blocks.append(block)
    return blocks


def _list(lines: Sequence[Line], position: int, level: int) -> tuple[ListBlock, int]:
    first = lines[position]
    items: list[list[Block]] = []
    while position < len(lines):
        line = lines[position]
        if items and line.level < level:
            break
        if items and line.level > level and line.role == "item":
            nested, position = _list(lines, position, line.level)
            items[-1].append(nested)
            continue
        if items and line.role == "more":
            items[-1].append(line.block)
        elif items and (line.list_id, line.is_ordered) != (first.list_id, first.is_ordered):
            break
        else:
            items.append([line.block])
        position += 1
    return ListBlock(tuple(tuple(item) for item in items), first.is_ordered, first.start), position


def flat(block: Block) -> Spans:
    """Give the text of a block as a cell holds it."""
    if isinstance(block, Heading | Paragraph):
        return block.spans
    return (Span(" ".join(plain_block(block).split())),)


def make_table(rows: Sequence[Sequence[Spans]], sides: Sequence[Side], tally: Tally) -> tuple[Block, ...]:
    """Give a table whose rows are equally long, or words that say where it is; nothing for an empty one."""
    rows = [row for row in rows if row]
    width = max((len(row) for row in rows), default=0)
    if not any(cell for row in rows for cell in row):
        return ()
    parts = len(rows) * (width + 1)
    if width > MAX_COLUMNS or tally.parts + parts > MAX_PARTS:
        tally.note("tables_left_out")
        title = plain_spans(tidy(rows[0][0]))[:100]
        return (Paragraph((Span(f"[Table of {len(rows)} rows: {title}; see original, attached]"),)),)
    tally.parts += parts
    even = tuple(tuple(row) + ((),) * (width - len(row)) for row in rows)
    blank: list[Side] = [""]
    return (Table(even, tuple([*sides, *(blank * width)][:width])),)
