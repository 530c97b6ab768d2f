"""Numbered paragraphs: what a citation, a comment or a redline points at.

Every top-level block of a text that has words (a paragraph, heading, list, table, quotation, block of
code, and the footnotes together) is one paragraph, numbered from 1 in reading order. A list is one
paragraph however many entries it has. Rules between blocks have no number.
"""

import hashlib
import html as entities
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

SEPARATOR = "\n\n"
TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)([^>]*)>")
VOID = frozenset({"br", "hr", "img"})

_KINDS = {
    "p": "paragraph", "ul": "list", "ol": "list", "blockquote": "quote", "pre": "code", "div": "table",
    "table": "table", "section": "footnotes",
} | {f"h{level}": "heading" for level in range(1, 7)}  # fmt: skip
_PIECE = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>|([^<]+)")
# Marks of footnotes are numbered anew with every insertion: they are no part of the words.
_BACK = re.compile(r'<a [^>]*class="footnote-backref"[^>]*>.*?</a>', re.DOTALL)
_REFERENCE = re.compile(r'<sup class="footnote-ref">.*?</sup>', re.DOTALL)
_LINES = frozenset({"p", "li", "tr", "pre", "blockquote", "ul", "ol", "br"} | {f"h{n}" for n in range(1, 7)})
_CELLS = frozenset({"td", "th"})


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One numbered paragraph; ``start`` and ``end`` count characters of the whole plain text."""

    number: int
    kind: str
    start: int
    end: int
    hash: str

    @property
    def anchor(self) -> str:
        """The ``id`` of the paragraph in its paper, as in ``/papers/…#p17``."""
        return f"p{self.number}"

    def to_row(self) -> list[Any]:
        """Return what is stored with a version: [number, anchor, kind, start, end, hash]."""
        return [self.number, self.anchor, self.kind, self.start, self.end, self.hash]

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> "Paragraph":
        """Return the paragraph that was stored as a row."""
        number, _anchor, kind, start, end, hash_ = row
        return cls(number, kind, start, end, hash_)


def split_blocks(html: str) -> Iterator[str]:
    """Yield the top-level elements of well-formed HTML in order, by one scan."""
    depth = start = 0
    for match in TAG.finditer(html):
        closing, tag, _ = match.groups()
        if tag in VOID:
            if depth == 0:
                yield html[match.start() : match.end()]
            continue
        if not closing:
            if depth == 0:
                start = match.start()
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                yield html[start : match.end()]


def plain_text(block: str) -> str:
    """Return the words of one block of sanitised HTML.

    Entries and rows stand on lines, cells after tabs, white space is folded.
    """
    if "footnote" in block:
        block = _REFERENCE.sub("", _BACK.sub("", block))
    pieces: list[str] = []
    preformatted = False
    for closing, tag, text in _PIECE.findall(block):
        if text:
            text = entities.unescape(text)
            pieces.append(text if preformatted else text.replace("\n", " "))
            continue
        if tag == "pre":
            preformatted = not closing
        if tag in _LINES:
            pieces.append("\n")
        elif tag in _CELLS and closing:
            pieces.append("\t")
    lines = "".join(pieces).split("\n")
    if "<t" in block:
        lines = ["\t".join(" ".join(cell.split()) for cell in line.split("\t")).strip("\t") for line in lines]
    else:
        lines = [" ".join(line.split()) for line in lines]
    return "\n".join(line for line in lines if line)


def fingerprint(text: str) -> str:
    """Return the SHA-256 of a paragraph's words, white space folded: what a citation carries."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()


def outline(blocks: list[str]) -> tuple[str, list[Paragraph | None]]:
    """Return the plain text of sanitised blocks, and for each block its paragraph if it has words."""
    texts: list[str] = []
    paragraphs: list[Paragraph | None] = []
    position = 0
    for block in blocks:
        text = plain_text(block)
        if not text:
            paragraphs.append(None)
            continue
        tag = TAG.match(block)
        kind = _KINDS.get(tag[2], "paragraph") if tag else "paragraph"
        texts.append(text)
        paragraphs.append(Paragraph(len(texts), kind, position, position + len(text), fingerprint(text)))
        position += len(text) + len(SEPARATOR)
    return SEPARATOR.join(texts), paragraphs
