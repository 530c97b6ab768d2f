"""Which paragraph of one version became which of the next: the ground of redlines and of anchors.

Equal paragraphs are paired first, in order; then equal ones elsewhere; then alike ones, found by the rare
words that they share, so that 5,000 rewritten paragraphs do not cost 25 million comparisons.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

# Below these two texts are told as one removed and one added.
ALIKE = 0.5
ALIKE_ALONE = 0.3  # for the only two candidates between the same neighbours
ALIKE_ELSEWHERE = 0.65  # for a paragraph that would have to have moved as well
_WORDS_TO_MOVE_CHANGED = 8
_LETTERS_TO_MOVE_EQUAL = 20
_COMMON = 24  # a word in more paragraphs than this tells nothing
_CANDIDATES = 6
_WORDS_COMPARED = 600
# Above this only paragraphs that occur once are paired at first: a bit for each comparison is kept.
_EQUALS_COMPARED = 200_000_000
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Pair:
    """The indexes of a paragraph in both versions; ``likeness`` is 1 for the same words."""

    old: int
    new: int
    likeness: float
    is_moved: bool = False


def align(old: Sequence[str], new: Sequence[str]) -> list[Pair]:
    """Return the pairs of paragraphs that belong together, in the new order, each index at most once."""
    pairs = _equal_in_order(old, new)
    rest_old = sorted(set(range(len(old))) - {pair.old for pair in pairs})
    rest_new = sorted(set(range(len(new))) - {pair.new for pair in pairs})
    if rest_old and rest_new:
        places = {pair.old: pair.new for pair in pairs}
        pairs += _alike(old, new, rest_old, rest_new, _Order(places))
    return _with_moves(pairs)


def _equal_in_order(old: Sequence[str], new: Sequence[str]) -> list[Pair]:
    from rapidfuzz.distance import LCSseq

    if len(old) * len(new) > _EQUALS_COMPARED:
        once = {text for text, times in Counter(old).items() if times == 1}
        once &= {text for text, times in Counter(new).items() if times == 1}
        places = {text: index for index, text in enumerate(old) if text in once}
        pairs = [Pair(places[text], index, 1.0) for index, text in enumerate(new) if text in once]
        return [pairs[index] for index in sorted(_longest_chain([pair.old for pair in pairs]))]
    numbers: dict[str, int] = {}
    left = [numbers.setdefault(text, len(numbers)) for text in old]
    right = [numbers.setdefault(text, len(numbers)) for text in new]
    pairs = []
    for code in LCSseq.opcodes(left, right):
        if code.tag == "equal":
            steps = range(code.src_end - code.src_start)
            pairs += [Pair(code.src_start + step, code.dest_start + step, 1.0) for step in steps]
    return pairs


class _Order:
    """Which gap between the paired paragraphs an index lies in, counted in both versions."""

    def __init__(self, places: dict[int, int]) -> None:
        self._old = sorted(places)
        self._new = sorted(places.values())

    def of_old(self, index: int) -> int:
        return bisect_left(self._old, index)

    def of_new(self, index: int) -> int:
        return bisect_left(self._new, index)


def _alike(
    old: Sequence[str], new: Sequence[str], rest_old: list[int], rest_new: list[int], order: _Order
) -> list[Pair]:
    old_words = {index: _words(old[index]) for index in rest_old}
    new_words = {index: _words(new[index]) for index in rest_new}
    found: list[tuple[float, int, int, int]] = []
    for left, right in _candidates(old_words, new_words, order):
        is_elsewhere = order.of_old(left) != order.of_new(right)
        likeness = 1.0 if old[left] == new[right] else _likeness(old_words[left], new_words[right])
        if is_elsewhere and not _may_have_moved(old[left], new[right], likeness, new_words[right]):
            continue
        if likeness >= ALIKE:
            found.append((likeness - 0.1 * is_elsewhere, -abs(left - right), left, right))
    pairs: list[Pair] = []
    used_old: set[int] = set()
    used_new: set[int] = set()
    for score, _, left, right in sorted(found, reverse=True):
        if left not in used_old and right not in used_new:
            used_old.add(left)
            used_new.add(right)
            is_elsewhere = order.of_old(left) != order.of_new(right)
            pairs.append(Pair(left, right, min(1.0, score + 0.1 * is_elsewhere)))
    left_over = [index for index in rest_old if index not in used_old]
    return pairs + _lone(old_words, new_words, left_over, set(rest_new) - used_new, order)


def _may_have_moved(left: str, right: str, likeness: float, words: list[str]) -> bool:
    if left == right:
        return len(right) >= _LETTERS_TO_MOVE_EQUAL
    return likeness >= ALIKE_ELSEWHERE and len(words) >= _WORDS_TO_MOVE_CHANGED


def _lone(
    old_words: dict[int, list[str]],
    new_words: dict[int, list[str]],
    rest_old: list[int],
    rest_new: set[int],
    order: _Order,
) -> list[Pair]:
    """Pair what is left alone on both sides of a gap, if it is at all alike."""
    gaps: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for index in rest_old:
        gaps[order.of_old(index)][0].append(index)
    for index in rest_new:
        gaps[order.of_new(index)][1].append(index)
    pairs = []
    for left, right in gaps.values():
        if len(left) == len(right) == 1:
            likeness = _likeness(old_words[left[0]], new_words[right[0]])
            if likeness >= ALIKE_ALONE:
                pairs.append(Pair(left[0], right[0], likeness))
    return pairs


def _candidates(
    old_words: dict[int, list[str]], new_words: dict[int, list[str]], order: _Order
) -> list[tuple[int, int]]:
    """Pairs worth comparing: those that share most rare words, and neighbours in the same small gap."""
    holders: dict[str, list[int]] = defaultdict(list)
    for index, words in old_words.items():
        for word in set(words):
            holders[word].append(index)
    by_gap: dict[int, list[int]] = defaultdict(list)
    for index in old_words:
        by_gap[order.of_old(index)].append(index)
    candidates: list[tuple[int, int]] = []
    for index, words in new_words.items():
        shared: Counter[int] = Counter()
        for word in dict.fromkeys(words):  # not a set: its order would differ from process to process
            if len(holders[word]) <= _COMMON:
                shared.update(holders[word])
        chosen = {left for left, _ in shared.most_common(_CANDIDATES)}
        here = by_gap[order.of_new(index)]
        if len(here) <= _CANDIDATES:
            chosen.update(here)
        candidates += [(left, index) for left in chosen]
    return candidates


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower()[: 8 * _WORDS_COMPARED])[:_WORDS_COMPARED]


def _likeness(left: list[str], right: list[str]) -> float:
    from rapidfuzz.distance import Indel

    return float(Indel.normalized_similarity(left, right, score_cutoff=ALIKE_ALONE))


def _with_moves(pairs: list[Pair]) -> list[Pair]:
    """Mark as moved what is not in the longest chain of pairs that kept their order."""
    pairs.sort(key=lambda pair: pair.new)
    kept = _longest_chain([pair.old for pair in pairs])
    return [
        pair if index in kept else Pair(pair.old, pair.new, pair.likeness, is_moved=True)
        for index, pair in enumerate(pairs)
    ]


def _longest_chain(values: Sequence[int]) -> set[int]:
    """Return the indexes of a longest ascending subsequence of distinct values."""
    ends: list[int] = []  # the smallest value that ends a chain of each length, and where it stands
    tails: list[int] = []
    before: list[int] = []
    for index, value in enumerate(values):
        length = bisect_left(ends, value)
        before.append(tails[length - 1] if length else -1)
        ends[length : length + 1] = [value]
        tails[length : length + 1] = [index]
    chain: set[int] = set()
    index = tails[-1] if tails else -1
    while index >= 0:
        chain.add(index)
        index = before[index]
    return chain
