"""What an engine offers from the words it holds: "did you mean", the same on every engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from forum.search.analysis import TOKEN, fold, stems_of
from forum.search.query import Group, Near, Not, Or, Phrase, Prefix, Query, Word
from forum.search.stopwords import EVERY_STOP_WORD

_SHORT = 5


class Vocabulary(Protocol):
    """The live words within one visitor's clearances."""

    def is_known(self, surface: str, stems: frozenset[str]) -> bool:
        """Whether anything holds the surface or one of the stems."""

    def list_like(self, surface: str, most: int) -> Iterable[str]:
        """Words that may differ from the surface in at most so many letters, and others; none twice.

        All begin with the same letter.
        """

    def count(self, words: Iterable[str]) -> Mapping[str, int]:
        """How many documents hold each of these words; those that none holds may be absent."""


def suggest_query(query: Query, vocabulary: Vocabulary, languages: frozenset[str]) -> Query | None:
    """The query with its unknown words replaced; None when that changes nothing."""
    suggested = _replace(query, vocabulary, languages)
    return suggested if suggested != query else None


def _replace(query: Query, vocabulary: Vocabulary, languages: frozenset[str]) -> Query:
    match query:
        case Word():
            return Word(_replace_in_text(query.text, vocabulary, languages))
        case Phrase(words):
            return Phrase(tuple(_replace_in_text(word, vocabulary, frozenset()) for word in words))
        case Near(left, right):
            sides = [_replace(side, vocabulary, languages) for side in (left, right)]
            return replace(query, left=sides[0], right=sides[1])  # type: ignore[arg-type]
        case Or(nodes) | Group(nodes):
            replaced = tuple(_replace(node, vocabulary, languages) for node in nodes)
            return replace(query, nodes=replaced)  # type: ignore[arg-type]
        case Prefix() | Not():
            return query


def _replace_in_text(text: str, vocabulary: Vocabulary, languages: frozenset[str]) -> str:
    for token in TOKEN.findall(text):
        if len(token) < 3 or token.isdigit() or vocabulary.is_known(fold(token), stems_of(token, languages)):
            continue
        similar = _find_similar(fold(token), vocabulary)
        if similar:
            text = text.replace(token, similar, 1)
    return text


def _find_similar(surface: str, vocabulary: Vocabulary) -> str | None:
    """The nearest word with the same first letter; of several the most frequent."""
    from rapidfuzz.distance import DamerauLevenshtein

    most = 1 if len(surface) <= _SHORT else 2
    near: dict[str, int] = {}
    for word in vocabulary.list_like(surface, most):
        # A function word is never what somebody meant: "hash" is no slip of the hand for "has".
        if word in EVERY_STOP_WORD or abs(len(word) - len(surface)) > most:
            continue
        distance = DamerauLevenshtein.distance(surface, word, score_cutoff=most)
        if distance <= most:
            near[word] = distance
    counts = vocabulary.count(near)
    alive = [word for word in near if counts.get(word)]
    return min(alive, key=lambda word: (near[word], -counts[word], word), default=None)
