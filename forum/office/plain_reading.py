"""Plain text and Markdown files: decoded, and cut into pages of a length that can be read."""

from collections.abc import Iterable
from pathlib import Path

from forum.domain.documents import Block, Document, plain_block, spans_of, walk
from forum.domain.text import normalise
from forum.domain.uploads import Refusal, Refused

PAGE_LENGTH = 3_000
"""Characters after which a page ends where the file itself has no pages."""
MAX_PAGES = 2_000
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13}


def read_text(path: Path) -> str:
    """Give the text of a file in UTF-8 or, with a mark of its own, UTF-16; Refused for anything else."""
    data = path.read_bytes()
    encoding = "utf-8"
    for mark, name in _BOMS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], name
            break
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise Refused(Refusal.TEXT) from None
    if any(ord(character) in _CONTROLS for character in set(text)):
        raise Refused(Refusal.TEXT)
    return text


def text_pages(text: str) -> list[str]:
    """Give pages: where the text has form feeds at those, else about every 3,000 characters."""
    if "\f" in text:
        pages = [normalise(page).strip() for page in text.split("\f")]
    else:
        pages = _cut(normalise(text).split("\n\n"))
    if len(pages) > MAX_PAGES:
        raise Refused(Refusal.PAGES)
    return pages


def document_pages(document: Document) -> list[str]:
    """Give the pages of a document's text, with each footnote on the page that refers to it."""
    texts = [_with_notes(block, document.notes) for block in document.blocks]
    if document.pages and max(document.pages) > 1:
        pages: list[list[str]] = [[] for _ in range(min(max(document.pages), MAX_PAGES))]
        for text, page in zip(texts, document.pages, strict=True):
            pages[min(page, MAX_PAGES) - 1].append(text)
        found = ["\n\n".join(part for part in page if part) for page in pages]
    else:
        found = _cut(texts)
    found = [normalise(page) for page in found]
    if document.title:
        found[0] = f"{normalise(document.title)}\n\n{found[0]}".strip()
    return found


def _with_notes(block: Block, notes: tuple[tuple[Block, ...], ...]) -> str:
    numbers = [span.note for part in walk([block]) for spans in spans_of(part) for span in spans if span.note]
    told = [
        f"[{number}] {' '.join(plain_block(part) for part in notes[number - 1])}"
        for number in numbers
        if number <= len(notes)
    ]
    return "\n".join([plain_block(block), *told])


def _cut(parts: Iterable[str]) -> list[str]:
    pages: list[str] = []
    current: list[str] = []
    size = 0
    for part in parts:
        for piece in _pieces(part):
            if current and size + len(piece) > PAGE_LENGTH:
                pages.append("\n\n".join(current))
                current, size = [], 0
            current.append(piece)
            size += len(piece) + 2
    return [*pages, "\n\n".join(current)]


def _pieces(text: str) -> list[str]:
    """Cut one very long paragraph at the ends of lines, or where it must be."""
    if len(text) <= PAGE_LENGTH:
        return [text] if text.strip() else []
    lines, pieces = text.split("\n"), []
    current = ""
    for line in lines:
        while len(line) > PAGE_LENGTH:
            pieces.append(line[:PAGE_LENGTH])
            line = line[PAGE_LENGTH:]
        if current and len(current) + len(line) > PAGE_LENGTH:
            pieces.append(current)
            current = ""
        current = f"{current}\n{line}" if current else line
    return [*pieces, current]
