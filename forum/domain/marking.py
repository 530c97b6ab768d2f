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
_WORD = re.compile(r"&(?:#\w+|\w+);|[^\s&]+|&")


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
            text = _marked(text, letter, count, runs[at:])
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


def _marked(text: str, letter: int, count: int, runs: Sequence[_Run]) -> str:
    """Wrap the parts of a text between two tags that runs cover; its letters are numbered from ``letter``."""
    covered = [run for run in runs if run.first < letter + count]
    begins = [max(run.first, letter) for run in covered]
    ends = [min(run.last, letter + count) - 1 for run in covered]
    places = _places(text, letter, sorted({*begins, *ends}))
    pieces: list[str] = []
    done = 0
    for run, begin, end in zip(covered, begins, ends, strict=True):
        start, stop = places[begin][0], places[end][1]
        pieces += [text[done:start], _wrapped(text[start:stop], run)]
        done = stop
    return "".join(pieces) + text[done:]


def _places(text: str, letter: int, wanted: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Give where the wanted letters begin and end in a text, the first of whose letters has a number."""
    places: dict[int, tuple[int, int]] = {}
    ahead = iter(wanted)
    number = next(ahead, None)
    for match in _WORD.finditer(text):
        if number is None:
            break
        is_entity = match[0][0] == "&"
        if is_entity and entities.unescape(match[0]).isspace():
            continue
        size = 1 if is_entity else match.end() - match.start()
        while number is not None and number < letter + size:
            start = match.start() + (0 if is_entity else number - letter)
            places[number] = (start, match.end() if is_entity else start + 1)
            number = next(ahead, None)
        letter += size
    return places


def _wrapped(text: str, run: _Run) -> str:
    first, *more = [*run.ids, ""]
    run.ids.clear()  # an id stands where its passage begins, once
    named = f' id="{first}"' if first else ""
    spans = "".join(f'<span id="{name}"></span>' for name in more if name)
    return f'{spans}<mark class="passage"{named}>{text}</mark>'
