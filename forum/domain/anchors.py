"""Where a passage of one version is in another: kept, moved, or honestly orphaned.

A passage is described as the W3C Web Annotation model does: its words (exact), what stands before and after
them (prefix, suffix) and its position, in the plain text of a version. It is looked for where its paragraph
went, to the letter first and then by likeness; elsewhere only if its surroundings or its length leave no
doubt. A passage that is not found for certain is an orphan: a comment on the wrong words is worse.
"""

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forum.domain.alignment import align
from forum.domain.paragraphs import Paragraph
from forum.domain.threads import AnchorState

CONTEXT = 32  # characters before and after, as other annotators keep
MAX_LENGTH = 5_000
# Measured on real revisions (bench/anchors.py): shares of words that stayed, and of letters.
LIKE_ENOUGH = 0.5
_CONTEXT_WITHIN = 0.3
_LONG_ENOUGH = 25
_LETTERS_IN_A_ROW = 4
_LIKE_ELSEWHERE = 0.75
_WORDS_ELSEWHERE = 0.7
_SHORTEST_SHARE = 0.6
_CONTEXT_ELSEWHERE = 0.6
_CERTAIN_LENGTH = 60
_OCCURRENCES = 50
_CANDIDATES = 6


@dataclass(frozen=True, slots=True)
class Anchor:
    """A passage; ``start`` and ``end`` count characters of the plain text, ``paragraph`` is "p17" or ""."""

    exact: str
    prefix: str
    suffix: str
    start: int
    end: int
    paragraph: str = ""

    def to_selectors(self) -> list[dict[str, Any]]:
        """Return the selectors of the W3C Web Annotation model."""
        return [
            {"type": "TextQuoteSelector", "exact": self.exact, "prefix": self.prefix, "suffix": self.suffix},
            {"type": "TextPositionSelector", "start": self.start, "end": self.end},
        ]


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a passage; an orphan has neither place nor paragraph."""

    state: AnchorState
    start: int = -1
    end: int = -1
    paragraph: str = ""
    likeness: float = 0.0


ORPHAN = Found(AnchorState.ORPHANED)
# Letter by letter, so that positions stay: a passage may be wrapped or tabulated anew.
_FOLDED = {ord("\n"): " ", ord("\t"): " "}
_WORD = re.compile(r"\w+")


def describe(text: str, start: int, end: int, paragraphs: Sequence[Paragraph] = ()) -> Anchor:
    """Return the anchor of ``text[start:end]``, without the white space at its ends.

    Raises ValueError for a passage that is empty, outside the text, or longer than 5,000 characters.
    """
    if not 0 <= start < end <= len(text) or not text[start:end].strip():
        raise ValueError("the passage is empty or not in the text")
    passage = text[start:end]
    start += len(passage) - len(passage.lstrip())
    end -= len(passage) - len(passage.rstrip())
    if end - start > MAX_LENGTH:
        raise ValueError("the passage is too long")
    holder = _holder(paragraphs, start)
    return Anchor(
        exact=text[start:end],
        prefix=text[max(0, start - CONTEXT) : start],
        suffix=text[end : end + CONTEXT],
        start=start,
        end=end,
        paragraph=holder.anchor if holder else "",
    )


def describe_paragraph(text: str, paragraph: Paragraph) -> Anchor:
    """Return the anchor of a whole numbered paragraph: what is chosen where there is no JavaScript."""
    end = min(paragraph.end, paragraph.start + MAX_LENGTH)
    return describe(text, paragraph.start, end, (paragraph,))


def locate(exact: str, prefix: str, suffix: str, text: str) -> list[int]:
    """Return where a quoted passage may begin in the very text that it was chosen in, by its surroundings.

    White space between lines and cells counts as spaces. One place is an answer; none or several are not.
    """
    return [place + len(prefix) for place in _occurrences(prefix + exact + suffix, text, 0, len(text))]


def locate_letters(exact: str, prefix: str, suffix: str, text: str) -> list[tuple[int, int]]:
    """Return where a quoted passage may begin and end, whatever white space its copy has between words.

    Browsers put other white space between blocks, cells and lines than the plain text of a version has.
    """
    words, before, after = ("".join(part.split()) for part in (exact, prefix, suffix))
    if not words:
        return []
    letters = "".join(text.split())
    found: list[tuple[int, int]] = []
    place = letters.find(before + words + after)
    while place >= 0 and len(found) < _OCCURRENCES:
        found.append((place + len(before), place + len(before) + len(words) - 1))
        place = letters.find(before + words + after, place + 1)
    if not found:
        return []
    places = [index for index, letter in enumerate(text) if not letter.isspace()]
    return [(places[first], places[last] + 1) for first, last in found]


def find(anchor: Anchor, text: str, paragraphs: Sequence[Paragraph]) -> Found:
    """Return where a passage is in a text of which the older version is not at hand."""
    from rapidfuzz import fuzz

    if text[anchor.start : anchor.end] == anchor.exact and _context(anchor, text, anchor.start) > 0.5:
        return _found(anchor, text, paragraphs, anchor.start, anchor.end, is_elsewhere=False)
    elsewhere = _exact_elsewhere(anchor, text)
    if elsewhere is not None:
        return _found(anchor, text, paragraphs, *elsewhere, is_elsewhere=False)
    whole = anchor.prefix + anchor.exact + anchor.suffix
    best: tuple[float, Paragraph] | None = None
    for paragraph in paragraphs:
        likeness = fuzz.partial_ratio(whole, text[paragraph.start : paragraph.end], score_cutoff=60)
        if likeness and (best is None or likeness > best[0]):
            best = (likeness, paragraph)
    place = _within(anchor, text, best[1]) if best else None
    return _found(anchor, text, paragraphs, *place, is_elsewhere=False) if place else ORPHAN


def follow(
    anchors: Iterable[Anchor],
    old_text: str,
    old_paragraphs: Sequence[Paragraph],
    new_text: str,
    new_paragraphs: Sequence[Paragraph],
) -> Iterator[Found]:
    """Yield where each passage of the old version is in the new one; the paragraphs are aligned once."""
    old = [old_text[paragraph.start : paragraph.end] for paragraph in old_paragraphs]
    new = [new_text[paragraph.start : paragraph.end] for paragraph in new_paragraphs]
    pairs = {pair.old: pair for pair in align(old, new)}
    holders: dict[str, list[int]] = defaultdict(list)
    for index, words in enumerate(new):
        for word in dict.fromkeys(_WORD.findall(words)):
            holders[word].append(index)
    elsewhere: dict[str, tuple[int, int] | None] = {}
    for anchor in anchors:
        holder = _holder(old_paragraphs, anchor.start)
        pair = pairs.get(holder.number - 1) if holder else None
        if holder and pair:
            aligned = new_paragraphs[pair.new]
            if old[pair.old] == new[pair.new] and anchor.end <= holder.end:
                start = aligned.start + anchor.start - holder.start
                place: tuple[int, int] | None = (start, start + anchor.end - anchor.start)
            else:
                place = _within(anchor, new_text, aligned, old[pair.old], anchor.start - holder.start)
            if place:
                yield _found(anchor, new_text, new_paragraphs, *place, is_elsewhere=pair.is_moved)
                continue
        place = _exact_elsewhere(anchor, new_text)
        if place is None:
            if anchor.exact not in elsewhere:  # many may be about one paragraph that is gone
                elsewhere[anchor.exact] = _alike_elsewhere(anchor, new_text, new_paragraphs, holders)
            place = elsewhere[anchor.exact]
        yield _found(anchor, new_text, new_paragraphs, *place, is_elsewhere=True) if place else ORPHAN


def _holder(paragraphs: Sequence[Paragraph], position: int) -> Paragraph | None:
    low, high = 0, len(paragraphs)
    while low < high:
        middle = (low + high) // 2
        if paragraphs[middle].end <= position:
            low = middle + 1
        else:
            high = middle
    return paragraphs[low] if low < len(paragraphs) and paragraphs[low].start <= position else None


def _found(
    anchor: Anchor, text: str, paragraphs: Sequence[Paragraph], start: int, end: int, *, is_elsewhere: bool
) -> Found:
    holder = _holder(paragraphs, start)
    words = text[start:end]
    is_same = words.translate(_FOLDED) == anchor.exact.translate(_FOLDED)
    return Found(
        AnchorState.KEPT if is_same and not is_elsewhere else AnchorState.MOVED,
        start,
        end,
        holder.anchor if holder else "",
        1.0 if is_same else _likeness(anchor.exact, words),
    )


def _likeness(left: str, right: str) -> float:
    from rapidfuzz.distance import Indel

    return float(Indel.normalized_similarity(left, right))


def _context(anchor: Anchor, text: str, start: int) -> float:
    """Return from 0 to 1 how much the surroundings of a place look like those of the passage."""
    end = start + len(anchor.exact)
    before = text[max(0, start - len(anchor.prefix)) : start]
    after = text[end : end + len(anchor.suffix)]
    size = len(anchor.prefix) + len(anchor.suffix)
    if not size:
        return 1.0
    left = _likeness(anchor.prefix, before) * len(anchor.prefix)
    return (left + _likeness(anchor.suffix, after) * len(anchor.suffix)) / size


def _occurrences(exact: str, text: str, start: int, end: int) -> list[int]:
    text = text[start:end].translate(_FOLDED)
    exact = exact.translate(_FOLDED)
    places: list[int] = []
    place = text.find(exact)
    while place >= 0 and len(places) < _OCCURRENCES:
        places.append(start + place)
        place = text.find(exact, place + 1)
    return places


def _exact_elsewhere(anchor: Anchor, text: str) -> tuple[int, int] | None:
    places = _occurrences(anchor.exact, text, 0, len(text))
    if not places:
        return None
    likeness, place = max((_context(anchor, text, place), place) for place in places)
    is_certain = likeness >= _CONTEXT_ELSEWHERE or (len(places) == 1 and len(anchor.exact) >= _CERTAIN_LENGTH)
    return (place, place + len(anchor.exact)) if is_certain else None


def _alike_elsewhere(
    anchor: Anchor, text: str, paragraphs: Sequence[Paragraph], holders: Mapping[str, Sequence[int]]
) -> tuple[int, int] | None:
    """Return where a passage went that was taken out of its paragraph and changed."""
    from rapidfuzz import fuzz

    if len(anchor.exact) < _LONG_ENOUGH:
        return None
    own = dict.fromkeys(_WORD.findall(anchor.exact))
    shared = Counter(index for word in own for index in holders.get(word, ()))
    best: tuple[float, int, int] | None = None
    for index, count in shared.most_common(_CANDIDATES):
        paragraph = paragraphs[index]
        is_short = paragraph.end - paragraph.start < len(anchor.exact) * _SHORTEST_SHARE
        if is_short or count < len(own) / 2:
            continue
        words = text[paragraph.start : paragraph.end]
        window = fuzz.partial_ratio_alignment(anchor.exact, words, score_cutoff=100 * _LIKE_ELSEWHERE)
        if window and (best is None or window.score > best[0]):
            best = (window.score, paragraph.start + window.dest_start, paragraph.start + window.dest_end)
    if best is None:
        return None
    start, end = _whole_words(text, best[1], best[2])
    return (start, end) if _shared_words(anchor.exact, text[start:end]) >= _WORDS_ELSEWHERE else None


def _within(
    anchor: Anchor, text: str, paragraph: Paragraph, old: str = "", at: int = 0
) -> tuple[int, int] | None:
    """Return where the passage is in a paragraph; ``old`` is what that was, the passage at ``at`` in it."""
    from rapidfuzz import fuzz

    places = [
        (_context(anchor, text, place), place)
        for place in _occurrences(anchor.exact, text, paragraph.start, paragraph.end)
    ]
    if places:
        likeness, place = max(places)
        if len(anchor.exact) >= _LONG_ENOUGH or likeness >= _CONTEXT_WITHIN:
            return place, place + len(anchor.exact)
    new = text[paragraph.start : paragraph.end]
    candidates = [_mapped(old, new, at, min(at + len(anchor.exact), len(old)))] if old else []
    window = fuzz.partial_ratio_alignment(anchor.exact, new)
    if window and len(new) >= len(anchor.exact):
        candidates.append((window.dest_start, window.dest_end))
    best: tuple[float, int, int] | None = None
    for start, end in candidates:
        if start < end:
            start, end = _whole_words(new, start, end)
            score = _shared_words(anchor.exact, new[start:end])
            if best is None or score > best[0]:
                best = (score, start, end)
    if best is None or best[0] < LIKE_ENOUGH:
        return None
    return paragraph.start + best[1], paragraph.start + best[2]


def _shared_words(left: str, right: str) -> float:
    from rapidfuzz.distance import Indel

    return float(Indel.normalized_similarity(_WORD.findall(left), _WORD.findall(right)))


def _mapped(old: str, new: str, start: int, end: int) -> tuple[int, int]:
    """Return where the letters of ``old[start:end]`` that are still there begin and end in ``new``."""
    first = last = -1
    for src_start, src_end, dest_start in _equal_letters(old, new):
        if src_end <= start or src_start >= end:
            continue
        if first < 0:
            first = dest_start + max(0, start - src_start)
        last = dest_start + min(end, src_end) - src_start
    return first, last


@functools.lru_cache(maxsize=8)
def _equal_letters(old: str, new: str) -> list[tuple[int, int, int]]:
    """Return the runs of letters that stayed; the comments on one paragraph are mapped one after another."""
    from rapidfuzz.distance import Indel

    return [
        (code.src_start, code.src_end, code.dest_start)
        for code in Indel.opcodes(old, new)
        # Fewer are letters that two other words share.
        if code.tag == "equal" and code.src_end - code.src_start >= _LETTERS_IN_A_ROW
    ]


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a place to whole words, and leave out the white space at its ends."""
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
