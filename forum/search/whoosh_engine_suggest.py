"""Words that the visitor's indexes hold: "did you mean", and completion. Only words with a live hit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz.distance import DamerauLevenshtein

from forum.search.analysis import TOKEN, analyse_token, fold
from forum.search.query import Group, Near, Not, Or, Phrase, Prefix, Query, Word
from forum.search.stopwords import STOP_WORDS
from forum.search.whoosh_engine_leaf import Leaf

_SHORT = 5
_FUNCTION_WORDS = frozenset[str]().union(*STOP_WORDS.values())
"""Never what somebody meant to look for: "hash" is no slip of the hand for "has"."""


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


def suggest_query(query: Query, leaves: Sequence[Leaf], languages: frozenset[str]) -> Query | None:
    """The query with its unknown words replaced; None when that changes nothing."""
    suggested = _replace(query, leaves, languages)
    return suggested if suggested != query else None


def _replace(query: Query, leaves: Sequence[Leaf], languages: frozenset[str]) -> Query:
    match query:
        case Word():
            return Word(_replace_in_text(query.text, leaves, languages))
        case Phrase(words):
            return Phrase(tuple(_replace_in_text(word, leaves, frozenset()) for word in words))
        case Near(left, right):
            sides = [_replace(side, leaves, languages) for side in (left, right)]
            return replace(query, left=sides[0], right=sides[1])  # type: ignore[arg-type]
        case Or(nodes) | Group(nodes):
            replaced = tuple(_replace(node, leaves, languages) for node in nodes)
            return replace(query, nodes=replaced)  # type: ignore[arg-type]
        case Prefix() | Not():
            return query


def _replace_in_text(text: str, leaves: Sequence[Leaf], languages: frozenset[str]) -> str:
    for token in TOKEN.findall(text):
        if len(token) > 2 and not token.isdigit() and not _is_known(token, leaves, languages):
            similar = _find_similar(fold(token), leaves)
            if similar:
                text = text.replace(token, similar, 1)
    return text


def _is_known(token: str, leaves: Sequence[Leaf], languages: frozenset[str]) -> bool:
    surface = fold(token)
    stems = {stem for language in languages for stem in analyse_token(token, language)[1]}
    return any(leaf.word(surface) or any(leaf.stem(stem) for stem in stems) for leaf in leaves)


def _find_similar(surface: str, leaves: Sequence[Leaf]) -> str | None:
    """The nearest word with the same first letter; of several the most frequent."""
    most = 1 if len(surface) <= _SHORT else 2
    near: dict[str, int] = {}
    for leaf in leaves:
        for word, _ in leaf.words_from(surface[0]):
            if word in near or word in _FUNCTION_WORDS or abs(len(word) - len(surface)) > most:
                continue
            distance = DamerauLevenshtein.distance(surface, word, score_cutoff=most)
            if distance <= most and leaf.word(word):
                near[word] = distance
    if not near:
        return None
    best = min(near.values())
    counts = {
        word: sum(len(posting[0]) for leaf in leaves if (posting := leaf.word(word)))
        for word, distance in near.items()
        if distance == best
    }
    return min(counts, key=lambda word: (-counts[word], word))
