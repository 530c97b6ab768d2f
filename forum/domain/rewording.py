"""From a passage of the plain text to the Markdown that it comes from, so that other wording can replace it.

Markdown cannot be mapped for certain, so these are guesses: whoever replaces one renders the result and
compares it with what the text should read then (is_as_meant); what fails is left to people.
"""

import re
from collections.abc import Iterator, Sequence

from forum.domain.paragraphs import Paragraph

MAX_PLACES = 12
_BETWEEN = r"(?:\s|^[ \t]*>)+"  # lines of a quotation begin with their mark
_OPENING = "*_~`["
_CLOSING = re.compile(r"(?:[*_~`]|\]\([^()\s]*\))*")  # of emphasis, code and links
_ALIGNED = 8_000  # letters of paragraphs that are still aligned: a bit for each comparison is kept


def places(
    source: str, first: int, last: int, words: str, start: int, exact: str
) -> Iterator[tuple[int, int]]:
    """Yield where a passage may be in the source, the likeliest first, each place once.

    `first` and `last` bound the source of the paragraphs in question, `words` is their plain text and
    `start` where the passage begins in it.
    """
    seen: set[tuple[int, int]] = set()
    for place in _candidates(source[first:last], words, start, exact):
        if place not in seen and place[0] < place[1]:
            seen.add(place)
            yield first + place[0], first + place[1]
        if len(seen) >= MAX_PLACES:
            return


def _candidates(block: str, words: str, start: int, exact: str) -> Iterator[tuple[int, int]]:
    pattern = re.compile(_BETWEEN.join(map(re.escape, exact.split())), re.MULTILINE)
    literal = [match.span() for match in pattern.finditer(block)]
    # As many times as it stands in the text before the passage, it stands in the source before it.
    before = len(pattern.findall(words[:start]))
    yield from literal[before : before + 1]
    yield from literal
    if max(len(block), len(words)) > _ALIGNED:
        return
    aligned = _aligned(block, words, start, start + len(exact))
    if aligned is None:
        return
    begin, end = aligned
    wider_begin, wider_end = begin, end
    while wider_begin > 0 and block[wider_begin - 1] in _OPENING:
        wider_begin -= 1
    closing = _CLOSING.match(block, end)
    wider_end = closing.end() if closing else end
    yield from [(begin, end), (wider_begin, wider_end), (begin, wider_end), (wider_begin, end)]


def _aligned(block: str, words: str, start: int, end: int) -> tuple[int, int] | None:
    """Return where the first and the last letter of a passage are in the source, by all its letters."""
    from rapidfuzz.distance import Indel

    first = last = -1
    for code in Indel.opcodes(words, block):
        if code.tag != "equal":
            continue
        if first < 0 and code.src_end > start:
            if code.src_start > start:
                return None
            first = code.dest_start + start - code.src_start
        if code.src_start < end <= code.src_end:
            last = code.dest_start + end - code.src_start
    return (first, last) if 0 <= first < last else None


def replaced(text: str, start: int, end: int, words: str) -> str:
    """Return the plain text with a passage replaced."""
    return f"{text[:start]}{words}{text[end:]}"


def is_as_meant(
    meant: str,
    text: str,
    before: Sequence[Paragraph],
    after: Sequence[Paragraph],
    touched: tuple[int, int],
) -> bool:
    """Whether a rendered text says what was meant, and its other paragraphs are what they were.

    `touched` are the first and the last number of the old paragraphs that the passage is in.
    """
    if "".join(text.split()) != "".join(meant.split()):
        return False
    head, tail = touched[0] - 1, len(before) - touched[1]
    if head + tail > len(after):
        return False
    kept = [*before[:head], *before[len(before) - tail :]]
    found = [*after[:head], *after[len(after) - tail :]]
    return [(one.kind, one.hash) for one in kept] == [(one.kind, one.hash) for one in found]
