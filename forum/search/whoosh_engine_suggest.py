"""Words that the visitor's indexes hold, for suggestions and completion. Only words with a live hit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from forum.search.analysis import fold
from forum.search.whoosh_engine_leaf import Leaf


def complete_word(start: str, leaves: Sequence[Leaf], limit: int) -> tuple[str, ...]:
    """The most frequent live words that begin like this."""
    start = fold(start)
    if not start:
        return ()
    counts: Counter[str] = Counter()
    for leaf in leaves:
        for word, _ in leaf.words_from(start):
            if posting := leaf.word(word):
                counts[word] += len(posting[0])
    return tuple(word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit])


class LeafVocabulary:
    """A `Vocabulary` of some leaves."""

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self._leaves = leaves

    def is_known(self, surface: str, stems: frozenset[str]) -> bool:
        """See `Vocabulary.is_known`."""
        return any(leaf.word(surface) or any(leaf.stem(stem) for stem in stems) for leaf in self._leaves)

    def list_like(self, surface: str, most: int) -> Iterable[str]:
        """See `Vocabulary.list_like`; words that nothing holds any more too."""
        lengths = range(len(surface) - most, len(surface) + most + 1)
        words = (word for leaf in self._leaves for word, _ in leaf.words_from(surface[0]))
        return {word for word in words if len(word) in lengths}

    def count(self, words: Iterable[str]) -> Mapping[str, int]:
        """See `Vocabulary.count`."""
        return {
            word: sum(len(posting[0]) for leaf in self._leaves if (posting := leaf.word(word)))
            for word in words
        }
