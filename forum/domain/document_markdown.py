"""A document as Markdown that an author goes on writing: escaped where it must be, plain where it can be.

Each text is held to what cmark makes of it. Where marks would change the words they are left out, and where
the light escaping would, everything is escaped: words are never lost to syntax.
"""

import re
from collections.abc import Sequence
from itertools import groupby

from forum.domain.documents import (
    Block,
    Code,
    Document,
    Heading,
    ListBlock,
    Paragraph,
    Quote,
    Rule,
    Span,
    Spans,
    Table,
    plain_spans,
)
from forum.domain.markdown import escape, untrusted_html
from forum.domain.paragraphs import plain_text
from forum.domain.text import normalise

MAX_TABLE_PARTS = 2_400
"""Cells and rows of one table: a bigger one is written as several, each with the header."""

_SPECIAL = re.compile(r"[\\`*\[\]]|(?<!\w)_|_(?!\w)|~(?=~)|<(?=[A-Za-z/!?])|&(?=#?[A-Za-z0-9]+;)|!(?=\[)")
_LINE_START = re.compile(r"(?m)^(\s*)([#>+=|-]|[0-9]{1,9}(?=[.)])|~(?=~))")
_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s<>\x00-\x20]+", re.IGNORECASE)


def to_markdown(document: Document) -> str:
    """Return Markdown that renders to the document."""
    parts = [_join(document.blocks)]
    for number, blocks in enumerate(document.notes, 1):
        lines = (_join(blocks) or "–").split("\n")
        parts.append("\n".join([f"[^{number}]: {lines[0]}", *(_indented(line, 4) for line in lines[1:])]))
    return "\n\n".join(part for part in parts if part) + "\n"


def count_tables(table: Table) -> int:
    """Return as how many tables a table is written."""
    per_table = _rows_per_table(table)
    return max(1, -(-(len(table.rows) - 1) // per_table))


def _rows_per_table(table: Table) -> int:
    columns = len(table.rows[0]) if table.rows else 1
    return max(1, MAX_TABLE_PARTS // (columns + 1) - 1)


def _join(blocks: Sequence[Block], *, in_item: bool = False) -> str:
    text, before, marker = "", None, ""
    for block in blocks:
        part = _block(block)
        if isinstance(block, ListBlock):
            # Two lists of a kind in a row would be one: another mark begins the second.
            is_after_list = isinstance(before, ListBlock) and before.is_ordered == block.is_ordered
            usual, other = (".", ")") if block.is_ordered else ("-", "*")
            marker = other if is_after_list and marker == usual else usual
            part = _list(block, marker)
        if not part:
            continue
        is_tight = in_item and isinstance(before, Paragraph) and _may_interrupt(block)
        text += ("\n" if is_tight else "\n\n") + part if text else part
        before = block
    return text


def _may_interrupt(block: Block) -> bool:
    """Whether a block may follow a paragraph without a blank line."""
    return isinstance(block, ListBlock) and (not block.is_ordered or block.start == 1)


def _block(block: Block) -> str:
    match block:
        case Heading():
            spans = tuple(Span(span.text.replace("\n", " "), note=span.note) for span in block.spans)
            return f"{'#' * block.level} {_text(spans, is_line=True)}"
        case Paragraph():
            return _text(block.spans)
        case ListBlock():
            return _list(block, "." if block.is_ordered else "-")
        case Quote():
            return "\n".join(f"> {line}".rstrip() for line in _join(block.blocks).split("\n"))
        case Code():
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", block.text)), default=0))
            return f"{fence}\n{block.text}\n{fence}"
        case Table():
            return _table(block)
        case Rule():
            return "___"


def _list(block: ListBlock, marker: str) -> str:
    entries = []
    for number, item in enumerate(block.items, block.start):
        lead = f"{number}{marker} " if block.is_ordered else f"{marker} "
        lines = _join(item, in_item=True).split("\n")
        entries.append("\n".join([lead + lines[0], *(_indented(line, len(lead)) for line in lines[1:])]))
    is_loose = any(sum(isinstance(part, Paragraph) for part in item) > 1 for item in block.items)
    return ("\n\n" if is_loose else "\n").join(entries)


def _indented(line: str, width: int) -> str:
    return " " * width + line if line else ""


def _table(block: Table) -> str:
    if not block.rows:
        return ""
    header, *rows = block.rows
    sides = {"left": ":---", "center": ":---:", "right": "---:"}
    ruler = "|".join(["", *(f" {sides.get(side, '---')} " for side in block.sides or [""] * len(header)), ""])
    lines = [_row(row) for row in rows]
    size = _rows_per_table(block)
    chunks = [lines[start : start + size] for start in range(0, len(lines), size)] or [[]]
    return "\n\n".join("\n".join([_row(header), ruler, *chunk]) for chunk in chunks)


def _row(cells: Sequence[Spans]) -> str:
    texts = []
    for cell in cells:
        folded = tuple(
            Span(span.text.replace("\n", " "), *_marks(span), span.href, span.note) for span in cell
        )
        texts.append(_text(folded, is_line=True, is_cell=True))
    return "| " + " | ".join(texts) + " |"


def _marks(span: Span) -> tuple[bool, bool, bool, bool]:
    return span.bold, span.italic, span.strike, span.code


def _text(spans: Spans, *, is_line: bool = False, is_cell: bool = False) -> str:
    """Return Markdown whose words are those of the spans, with as many of the marks as that allows."""
    spans = tuple(Span(normalise(span.text), *_marks(span), span.href, span.note) for span in spans)
    bare = tuple(Span(span.text, note=span.note) for span in spans)
    wanted = _words(plain_spans(spans))
    for candidate in (_inline(spans), _inline(bare)):
        text = _lines(candidate, is_line=is_line, is_cell=is_cell)
        # A note's mark stands for no words here: its definition is elsewhere.
        shown = plain_text(untrusted_html(re.sub(r"\[\^[0-9]+\]", "", text)))
        if _words(shown) == wanted and not _opens_block(text, is_line):
            return text
    pieces = [f"[^{span.note}]" if span.note else _escaped_lines(span.text) for span in bare]
    return _lines("".join(pieces), is_line=is_line, is_cell=False)


def _opens_block(text: str, is_line: bool) -> bool:
    return not is_line and not untrusted_html(text).lstrip().startswith("<p")


def _words(text: str) -> str:
    return " ".join(text.split())


def _escaped_lines(text: str) -> str:
    lines = []
    for line in text.split("\n"):
        lead, trail = line[:1].isspace(), line[-1:].isspace()
        lines.append((" " if lead else "") + escape(line) + (" " if trail and line.strip() else ""))
    return "\n".join(lines)


def _lines(text: str, *, is_line: bool, is_cell: bool) -> str:
    """Guard what would open a block at the start of a line, and write breaks as cmark has them."""
    if is_cell:
        text = text.replace("|", "\\|")
    if is_line:
        return re.sub(r"(?<!\\)(#+)$", r"\\\1", text)
    return _LINE_START.sub(lambda m: m[1] + _guarded(m[2]), text).replace("\n", "\\\n")


def _guarded(mark: str) -> str:
    # A number has no escape of its own: its full stop has, and stands behind it.
    return f"{mark[:-1]}&#{ord(mark[-1])};" if mark.isdigit() else f"\\{mark}"


def _inline(spans: Sequence[Span]) -> str:
    pieces = []
    for href, group in groupby(spans, key=lambda span: span.href):
        inner = list(group)
        text = _marked(inner, ("bold", "italic", "strike"))
        if href and _ADDRESS.fullmatch(href) and text.strip():
            words = plain_spans(inner)
            is_bare = words == href or f"mailto:{words}" == href
            text = f"<{href.removeprefix('mailto:')}>" if is_bare else f"[{text.strip()}]({_target(href)})"
        pieces.append(text)
    return "".join(pieces)


def _target(href: str) -> str:
    return f"<{href}>" if re.search(r"[()\\*_`&]", href) else href


_DELIMITER = {"bold": "**", "italic": "*", "strike": "~~"}


def _marked(spans: Sequence[Span], marks: tuple[str, ...]) -> str:
    if not marks:
        return "".join(_bare(span) for span in spans)
    mark, *rest = marks
    pieces: list[str] = []
    runs = [(is_on, list(group)) for is_on, group in groupby(spans, key=lambda span: getattr(span, mark))]
    for position, (is_on, group) in enumerate(runs):
        text = _marked(group, tuple(rest))
        if is_on:
            before = plain_spans(runs[position - 1][1])[-1:] if position else ""
            after = plain_spans(runs[position + 1][1])[:1] if position + 1 < len(runs) else ""
            text = _wrapped(text, _DELIMITER[mark], before, after)
        pieces.append(text)
    return "".join(pieces)


def _wrapped(text: str, delimiter: str, before: str, after: str) -> str:
    """Put delimiters around the words; spaces, and punctuation that would deafen them, stay outside."""
    lead = r"[\s]*" if not before.isalnum() else r"[\s\W]*"
    trail = r"[\s]*" if not after.isalnum() else r"[\s\W]*"
    match = re.fullmatch(rf"({lead})(.*?)({trail})", text, re.DOTALL)
    if match is None or not match[2]:
        return text
    # "\\" at the end of what stays inside would escape the delimiter.
    if match[2].endswith("\\"):
        return text
    return f"{match[1]}{delimiter}{match[2]}{delimiter}{match[3]}"


def _bare(span: Span) -> str:
    if span.note:
        return f"[^{span.note}]"
    if span.code and span.text.strip() and "\n" not in span.text:
        ticks = "`" * (1 + max((len(run) for run in re.findall("`+", span.text)), default=0))
        pad = " " if span.text[0] == "`" or span.text[-1] == "`" else ""
        return f"{ticks}{pad}{span.text}{pad}{ticks}"
    return _SPECIAL.sub(lambda match: "\\" + match[0], span.text)
