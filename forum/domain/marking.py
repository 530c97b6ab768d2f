"""Marking passages in the HTML of a paragraph: only text between tags is wrapped, so it stays well-formed.

Places count characters of the paragraph's plain text. That differs from the text between the tags in white
space and entities alone (and has no marks of footnotes), so letters are counted, white space is not.
"""

import html as entities
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from forum.domain.paragraphs import plain_text

_PIECE = re.compile(
    r'(<sup class="footnote-ref">.*?</sup>|<a [^>]*class="footnote-backref"[^>]*>.*?</a>|<[^>]*>)|([^<]+)',
    re.DOTALL,
)
_LETTER = re.compile(r"&(?:#\w+|\w+);|\S")


class Passage(NamedTuple):
    """A place in a paragraph, with the id of its mark (letters, digits and hyphens of ours; "" for none)."""

    start: int
    end: int
    id: str


class _Run(NamedTuple):
    """Letters next to each other that the same passages cover; ``ids`` are those that begin here."""

    first: int
    last: int
    ids: list[str]


def mark(block: str, passages: Sequence[Passage]) -> str:
    """Return a block of sanitised HTML with the passages in <mark>, each with its id where it begins."""
    runs = list(_runs(plain_text(block), passages))
    if not runs:
        return block
    ends = [run.last for run in runs]
    pieces: list[str] = []
    letter = 0
    for skipped, text in _PIECE.findall(block):
        if skipped:
            pieces.append(skipped)
            continue
        count = _letters(entities.unescape(text) if "&" in text else text)
        at = bisect_right(ends, letter)
        if count and at < len(runs) and runs[at].first < letter + count:
            text = _marked(text, letter, runs[at:])
        pieces.append(text)
        letter += count
    return "".join(pieces)


def _letters(text: str) -> int:
    return len("".join(text.split()))


def _runs(text: str, passages: Sequence[Passage]) -> Iterator[_Run]:
    """Yield the stretches between the beginnings and ends of passages that some passage covers."""
    begins: dict[int, list[str]] = {}
    change: dict[int, int] = {}
    for passage in passages:
        first = _letters(text[: passage.start])
        last = first + _letters(text[passage.start : passage.end])
        if first < last:
            begins.setdefault(first, []).extend([passage.id] if passage.id else [])
            change[first] = change.get(first, 0) + 1
            change[last] = change.get(last, 0) - 1
    covering = 0
    for first, last in pairwise(sorted(change)):
        covering += change[first]
        if covering:
            yield _Run(first, last, begins.get(first, []))


def _marked(text: str, letter: int, runs: Sequence[_Run]) -> str:
    """Wrap the parts of a text between two tags that runs cover; its first letter has a number."""
    pieces: list[str] = []
    done = 0
    current = 0
    opened = -1
    for match in _LETTER.finditer(text):
        if match[0][0] == "&" and entities.unescape(match[0]).isspace():
            continue
        while current < len(runs) and runs[current].last <= letter:
            current += 1
        if current == len(runs):
            break
        run = runs[current]
        if opened < 0 and run.first <= letter:
            opened = match.start()
        letter += 1
        if opened >= 0 and letter == run.last:
            pieces += [text[done:opened], _wrapped(text[opened : match.end()], run)]
            done, opened = match.end(), -1
    if opened >= 0:
        run = runs[current]
        kept = text[opened:].rstrip()
        pieces += [text[done:opened], _wrapped(kept, run)]
        done = opened + len(kept)
    return "".join(pieces) + text[done:]


def _wrapped(text: str, run: _Run) -> str:
    first, *more = [*run.ids, ""]
    run.ids.clear()  # an id stands where its passage begins, once
    named = f' id="{first}"' if first else ""
    spans = "".join(f'<span id="{name}"></span>' for name in more if name)
    return f'{spans}<mark class="passage"{named}>{text}</mark>'
