"""The passage of a text that answers a query best, with its hits marked. Pure, and linear in the text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, product
from operator import attrgetter

from forum.search.analysis import COMBINING, LETTER, TOKEN, QueryTerms, analyse_token

LENGTH = 240
_MOST_MARKS = 5_000
_CHANGED_BEGINNINGS = frozenset({"ga", "nl", "pl", "et"})
"""Languages whose stemmers may take something from the beginning of a word."""
_CHANGED_THIRD = frozenset({"cs", "de", "el", "fi", "hu", "lt"})
"""Languages whose stemmers may change the third letter, as of the German `guess`."""
_INSIDE, _MARK = re.compile(LETTER), re.compile(COMBINING)
_SPACES = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"[.!?…:]\s+|\n\s*\n|\n")

Segments = tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Snippet:
    """A passage in pieces (text, whether it is a hit) with `…` where it was cut, and where it stands."""

    segments: Segments
    offset: int
    """Characters before the passage's first hit (0 without a hit): which paragraph to open."""
    has_hit: bool

    @property
    def text(self) -> str:
        """The passage without its marks."""
        return "".join(text for text, _ in self.segments)


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    meaning: int  # which concept, prefix or phrase it answers
    worth: int


def extract_snippet(text: str, terms: QueryTerms, language: str, length: int = LENGTH) -> Snippet:
    """The densest passage of about `length` characters; the beginning of the text when nothing is found."""
    marks = find_marks(text, terms, language)
    if not marks:
        end = _cut_after(text, 0, length)
        tail = "…" if end < len(text.rstrip()) else ""
        return Snippet(_join_plain([(_tidy(text[:end]).strip() + tail, False)]), 0, False)
    first, last = _choose_window(marks, length)
    begin, end = _widen(text, marks[first].start, marks[last].end, length)
    inside = [m for m in marks if begin <= m.start and m.end <= end]
    segments = _cut_into_segments(text, begin, end, inside)
    if begin > 0:
        segments.insert(0, ("…", False))
    if end < len(text.rstrip()):
        segments.append(("…", False))
    return Snippet(_join_plain(segments), marks[first].start, True)


def mark_hits(text: str, terms: QueryTerms, language: str) -> Segments:
    """A whole (short) text, such as a title, in pieces with its hits marked."""
    return _join_plain(_cut_into_segments(text, 0, len(text), find_marks(text, terms, language)))


def find_marks(text: str, terms: QueryTerms, language: str) -> list[_Mark]:
    """Where a text answers a query, in order and without overlaps."""
    if not terms:
        return []
    meanings = _find_meanings(text, terms, language)
    starters = {phrase[0] for phrase in terms.phrases if phrase}
    marks: list[_Mark] = []
    if starters:
        marks.extend(_find_phrases(text, terms))
    if meanings:
        marks.extend(_find_tokens(text, meanings))
    return _without_overlaps(marks)


def _find_meanings(text: str, terms: QueryTerms, language: str) -> dict[str, int]:
    """Which of the text's distinct words answers which concept or prefix; so each is analysed once."""
    by_stem = {stem: number for number, c in enumerate(terms.concepts) for stem in c.stems}
    offset = len(terms.concepts)
    found: dict[str, int] = {}
    tokens = set(TOKEN.findall(text))
    if language not in _CHANGED_BEGINNINGS:
        letters = 2 if language in _CHANGED_THIRD else 3
        tokens = _keep_likely(tokens, [*by_stem, *terms.prefixes], letters)
    for token in tokens:
        surface, stems = analyse_token(token, language)
        for stem in stems:
            if stem in by_stem:
                found[token] = by_stem[stem]
                break
        else:
            if terms.prefixes and surface.startswith(terms.prefixes):
                found[token] = offset + next(
                    n for n, prefix in enumerate(terms.prefixes) if surface.startswith(prefix)
                )
    return found


def _keep_likely(tokens: Collection[str], wanted: Iterable[str], letters: int) -> set[str]:
    """The words that begin like something wanted, in so many letters: stemming the rest costs."""
    # A stem of three letters may be another word's beginning changed: `die` is of `dying`.
    starts = frozenset([word[: letters if len(word) > letters else 2] for word in wanted])
    kept: set[str] = set()
    for size, begins in _beginnings(starts).items():
        kept.update([token for token in tokens if token[:size] in begins])
    if not "".join(tokens).isascii():
        kept.update([token for token in tokens if not token[:letters].isascii()])
    return kept


@lru_cache(maxsize=512)
def _beginnings(starts: frozenset[str]) -> dict[int, frozenset[str]]:
    """How a word may begin, in large letters and in small, whose stem begins like this; by length.

    A stemmer may make `die` of `dying`, `ol` of the German `oel` and `la` of the Finnish `lla`.
    """
    begins = set(starts)
    for start in starts:
        first, last = start[:1], start[-1:]
        if last in "iy":
            begins |= {start[:-1] + other for other in "iy"}
        if len(start) == 2:
            begins |= {first * 2, first + "e"} if first in "aou" else {first * 2}
    by_size: dict[int, set[str]] = {}
    for begin in begins:
        cased = {"".join(way) for way in product(*((c, c.upper()) for c in begin))}
        by_size.setdefault(len(begin), set()).update(cased)
    return {size: frozenset(cased) for size, cased in by_size.items() if size}


def _find_tokens(text: str, meanings: Mapping[str, int]) -> list[_Mark]:
    """The first places where these words stand."""
    marks: list[_Mark] = []
    for token, meaning in meanings.items():
        found = 0
        start = text.find(token)
        while start >= 0 and found < _MOST_MARKS:
            end = start + len(token)
            before = text[start - 1] if start else " "
            if before != " " and _MARK.match(before):
                return _read_tokens(text, meanings)
            if (before == " " or not (_INSIDE.match(before) and _INSIDE.match(token))) and (
                text[end : end + 1] == " " or _ends(text, start, end)
            ):
                found += 1
                marks.append(_Mark(start, end, meaning, 1))
            start = text.find(token, end)
    marks.sort(key=attrgetter("start"))
    return marks[:_MOST_MARKS]


def _ends(text: str, start: int, end: int) -> bool:
    match = TOKEN.match(text, start)
    return match is not None and match.end() == end


def _read_tokens(text: str, meanings: Mapping[str, int]) -> list[_Mark]:
    """The same of a text in which it takes more to say where a word begins."""
    places = ((match.start(), match.end(), meanings.get(match[0])) for match in TOKEN.finditer(text))
    marks = (_Mark(start, end, meaning, 1) for start, end, meaning in places if meaning is not None)
    return list(islice(marks, _MOST_MARKS))


def _find_phrases(text: str, terms: QueryTerms) -> list[_Mark]:
    tokens = [(m[0], m.start(), m.end()) for m in TOKEN.finditer(text)]
    base = len(terms.concepts) + len(terms.prefixes)
    by_start: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
    for number, phrase in enumerate(terms.phrases):
        if phrase:
            by_start.setdefault(phrase[0], []).append((base + number, phrase))
    marks = []
    likely = _keep_likely({token for token, _, _ in tokens}, by_start, 3)
    for place, (token, start, _) in enumerate(tokens):
        if token not in likely:
            continue
        for meaning, phrase in by_start.get(analyse_token(token, "")[0], ()):
            words = tokens[place : place + len(phrase)]
            if len(words) == len(phrase) and all(
                analyse_token(word, "")[0] == wanted
                for (word, _, _), wanted in zip(words, phrase, strict=True)
            ):
                marks.append(_Mark(start, words[-1][2], meaning, 3))
        if len(marks) >= _MOST_MARKS:
            break
    return marks


def _without_overlaps(marks: list[_Mark]) -> list[_Mark]:
    kept: list[_Mark] = []
    for mark in sorted(marks, key=lambda m: (m.start, -m.end)):
        if not kept or mark.start >= kept[-1].end:
            kept.append(mark)
    return kept


def _choose_window(marks: list[_Mark], length: int) -> tuple[int, int]:
    """First and last mark of the stretch that holds most different meanings, then most hits; the earliest."""
    seen: Counter[int] = Counter()
    worth = distinct = 0
    best, chosen = (0, 0), (0, 0)
    first = 0
    for last, mark in enumerate(marks):
        distinct += 0 if seen[mark.meaning] else mark.worth
        seen[mark.meaning] += 1
        worth += mark.worth
        while marks[first].start < mark.end - length and first < last:
            gone = marks[first]
            seen[gone.meaning] -= 1
            distinct -= 0 if seen[gone.meaning] else gone.worth
            worth -= gone.worth
            first += 1
        if (distinct, worth) > best:
            best, chosen = (distinct, worth), (first, last)
    return chosen


def _widen(text: str, start: int, end: int, length: int) -> tuple[int, int]:
    """A passage of about `length` characters around the hits, from the start of a sentence or word."""
    spare = max(0, length - (end - start))
    begin = max(0, start - spare // 2)
    if begin:
        ends = [m.end() for m in _SENTENCE_END.finditer(text, max(0, start - spare), start)]
        near = bisect_right(ends, start) - 1
        if near >= 0:
            begin = ends[near] if start - ends[near] > 20 or near == 0 else ends[near - 1]
        else:
            begin = _cut_before(text, begin, start)
    return begin, max(end, _cut_after(text, begin, length))


def _cut_before(text: str, begin: int, start: int) -> int:
    """The first start of a word at or after `begin`."""
    space = _SPACES.search(text, begin, start)
    return space.end() if space else begin


def _cut_after(text: str, begin: int, length: int) -> int:
    """Where to stop so that no word is cut, unless it is longer than the passage."""
    end = begin + length
    if end >= len(text):
        return len(text)
    for place in range(end, max(begin + length // 2, end - 60), -1):
        if text[place].isspace():
            return place
    return end


def _cut_into_segments(text: str, begin: int, end: int, marks: list[_Mark]) -> list[tuple[str, bool]]:
    segments: list[tuple[str, bool]] = []
    place = begin
    for mark in marks:
        segments.append((_tidy(text[place : mark.start]), False))
        segments.append((_tidy(text[mark.start : mark.end]), True))
        place = mark.end
    segments.append((_tidy(text[place:end]), False))
    return segments


def _join_plain(segments: list[tuple[str, bool]]) -> Segments:
    joined: list[tuple[str, bool]] = []
    for text, is_hit in segments:
        if not text:
            continue
        if joined and not is_hit and not joined[-1][1]:
            joined[-1] = (joined[-1][0] + text, False)
        else:
            joined.append((text, is_hit))
    return tuple(joined)


def _tidy(text: str) -> str:
    return _SPACES.sub(" ", text)
