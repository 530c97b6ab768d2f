"""The best documents of a plan, exactly, without scoring most of those that match.

Words are taken from the one that can add most. What holds none of those taken so far can at most be worth the
greatest impacts of the others together: when that is less than the last place of the page, the rest of what
matches is not looked at; and of a word only those documents are whose impact could be enough.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from itertools import chain

from forum.search.postgres_engine_blocks import Chunk, Posting, flags_of_bits, places_of_bits
from forum.search.postgres_engine_nodes import Node, Operand, Together
from forum.search.weighing import SUPERSEDED

Scored = tuple[float, int, int]
"""A score, a chunk's position in the list, a place in it."""
_SAMPLE = 800


class Ranking:
    """Gathers the best `needed` documents among those selected in each chunk, and all as good as the last."""

    def __init__(self, chunks: Sequence[Chunk], selected: Sequence[int], needed: int) -> None:
        self._chunks, self._selected, self._needed = chunks, selected, needed
        self._found: list[Scored] = []
        self._least = 0.0

    def by_score(self, plan: Node) -> list[Scored]:
        """The best documents by score."""
        if isinstance(plan, Operand):
            plan = Together([plan], [], [])
        if isinstance(plan, Together) and plan.wanted and not plan.required:
            self._rank_words(plan)
        else:
            self._score_all(plan, self._selected)
        return self._best()

    def by_date(self) -> list[Scored]:
        """The newest documents; what stands for the score is the date."""
        dates: list[int] = []
        for bits, chunk in zip(self._selected, self._chunks, strict=True):
            if bits:
                dates += [chunk.dates[place] for place in places_of_bits(bits, chunk.size)]
        self._least = heapq.nlargest(self._needed, dates)[-1] if len(dates) > self._needed else -(2**62)
        for position, (bits, chunk) in enumerate(zip(self._selected, self._chunks, strict=True)):
            if bits:
                for place in places_of_bits(bits, chunk.size):
                    if chunk.dates[place] >= self._least:
                        self._found.append((chunk.dates[place], position, place))
        return self._found

    def _best(self) -> list[Scored]:
        self._raise()
        return [one for one in self._found if one[0] >= self._least]

    def _raise(self) -> None:
        """Learn what the last place of the page is worth by now."""
        if len(self._found) >= self._needed > 0:
            self._found = [one for one in self._found if one[0] >= self._least]
            self._least = heapq.nlargest(self._needed, [one[0] for one in self._found])[-1]

    def _add(self, score: float, position: int, place: int) -> None:
        if self._chunks[position].superseded >> place & 1:
            score *= SUPERSEDED
        if score >= self._least:
            self._found.append((score, position, place))

    def _score_all(self, plan: Node, sets: Iterable[int]) -> None:
        for position, bits in enumerate(sets):
            for place in places_of_bits(bits, self._chunks[position].size) if bits else ():
                self._add(plan.score(position, place), position, place)

    # Words

    def _rank_words(self, plan: Together) -> None:
        words = sorted(plan.wanted, key=lambda word: -word.top)
        left = list(self._selected)
        if plan.titled:
            titled = [plan.titled.bits(position) & bits for position, bits in enumerate(left)]
            self._score_all(plan, titled)
            left = [bits & ~done for bits, done in zip(left, titled, strict=True)]
        for number, word in enumerate(words):
            rest = sum(other.top for other in words[number + 1 :])
            more = plan.more(len(words) - number)
            # All but the last digits of these sums are the same, in whatever order they were added.
            enough = [(worth + rest) * more * 1.000001 for worth in word.worth]
            self._raise()
            if enough[word_top(word)] < self._least:
                break
            high = self._first_impact(word, left) if not self._least else 256
            self._take(plan, words, number, left, high, 256)
            self._raise()
            low = next((i for i in range(1, 256) if enough[i] >= self._least), 256)
            if low < high:
                self._take(plan, words, number, left, low, high)
            left = [bits & ~word.bits(position) for position, bits in enumerate(left)]

    def _first_impact(self, word: Operand, left: Sequence[int]) -> int:
        """An impact that a few times as many documents reach as are needed; 1 where all are few."""
        held = [p for p, bits in zip(word.postings, left, strict=True) if p and bits]
        values = b"".join([posting.values() for posting in held])
        values = values.translate(None, b"\x00")
        step = len(values) // _SAMPLE + 1
        sample = sorted(values[::step], reverse=True)
        wanted = 4 * self._needed // step
        return sample[wanted] if wanted < len(sample) else 1

    def _take(
        self, plan: Together, words: Sequence[Operand], number: int, left: Sequence[int], low: int, high: int
    ) -> None:
        """Score the documents left in which a word has an impact from `low` up to under `high`."""
        word, others = words[number], words[number + 1 :]
        more = [plan.more(held) for held in range(len(others) + 2)]
        for position, (posting, bits) in enumerate(zip(word.postings, left, strict=True)):
            if not posting or not bits or posting.top < low:
                continue
            places: Iterable[int] = posting.places_between(low, high)
            if posting.bits & ~bits:
                flags = flags_of_bits(bits, self._chunks[position].size)
                places = [place for place in places if flags[place]]
            held = [(p.get, other.worth) for other in others if (p := other.postings[position])]
            self._score(posting, word.worth, held, more, position, places)

    def _score(
        self,
        posting: Posting,
        worth: Sequence[float],
        others: Sequence[tuple[object, Sequence[float]]],
        more: Sequence[float],
        position: int,
        places: Iterable[int],
    ) -> None:
        get, least, found = posting.get, self._least, self._found
        superseded = self._chunks[position].superseded
        for place in places:
            score, held = worth[get(place) or 0], 1
            for look, values in others:
                impact = look(place)  # type: ignore[operator]
                if impact:
                    score += values[impact]
                    held += 1
            score *= more[held]
            if superseded and superseded >> place & 1:
                score *= SUPERSEDED
            if score >= least:
                found.append((score, position, place))


def word_top(word: Operand) -> int:
    """The greatest impact of a word."""
    return max((p.top for p in word.postings if p), default=0)


def is_flat(plan: Node) -> bool:
    """Whether all that matches is worth the same."""
    if isinstance(plan, Operand):
        return len(set(chain.from_iterable(p.values() for p in plan.postings if p)) - {0}) < 2
    if isinstance(plan, Together):
        if plan.live is not None:
            return True
        if len(plan.wanted) == 1 and not plan.required and not plan.titled:
            return is_flat(plan.wanted[0])
    return False
