"""From text to the terms that an index holds: words, folding, stems by language.

A word has one *surface* (case, accents, final sigma and ß ł ø … folded) and one or two *stems*: its stem
folded, and the stem of its folded form. The first makes the most of the accents that were typed, the second
is all that somebody without them on the keyboard can type; both are indexed, so both find.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from forum.search.query import Group, Near, Not, Or, Phrase, Prefix, Query, Word
from forum.search.stopwords import is_stop_word

MAX_TOKEN = 60
SHORTEST_START = 3
"""Letters that a word has in common with its inflections: with fewer, thousands would be looked at."""
_CACHED_WORDS = 40_000  # per language; a few megabytes at most

_ALGORITHMS = {
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hu": "hungarian",
    "it": "italian",
    "lt": "lithuanian",
    "nl": "dutch",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "sv": "swedish",
}
STEMMED_LANGUAGES = frozenset(_ALGORITHMS)

_CJK = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_MARKS = "".join(
    chr(c) for c in range(0x300, 0x1DFF) if unicodedata.category(chr(c)) in ("Mn", "Mc")
) + "\u00ad\u200c\u200d"  # fmt: skip
LETTER = rf"[^\W_{_CJK}]"
COMBINING = rf"[{_MARKS}]"
TOKEN = re.compile(rf"[{_CJK}]|{LETTER}+(?:{COMBINING}+{LETTER}*)*")
"""One word: letters and digits with their combining marks; every CJK character is a word."""

_JOINERS = str.maketrans(dict.fromkeys("\u00ad\u200c\u200d", ""))
_SPELLED = str.maketrans(
    {
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ħ": "h",
        "ı": "i",
        "ŧ": "t",
        "ŋ": "n",
        "ĸ": "k",
        "ß": "ss",
        "ς": "σ",
    }
)
_local = threading.local()
_caches: dict[str, dict[str, tuple[str, tuple[str, ...]]]] = {}


def fold(text: str) -> str:
    """Text without case, accents and letters that few keyboards have: `Straße` is `strasse`."""
    text = text.casefold()
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text.translate(_JOINERS))
        text = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold().translate(_SPELLED)
    return text


def analyse_token(token: str, language: str) -> tuple[str, tuple[str, ...]]:
    """The surface and the stems of one word of a language (ISO 639-1; unknown ones are folded only)."""
    cache = _caches.setdefault(language, {})
    known = cache.get(token)
    if known is None:
        if len(cache) >= _CACHED_WORDS:
            cache.clear()
        known = cache[token] = _analyse_anew(token, language)
    return known


def _analyse_anew(token: str, language: str) -> tuple[str, tuple[str, ...]]:
    word = unicodedata.normalize("NFC", token.translate(_JOINERS)).lower()[:MAX_TOKEN]
    surface = fold(word) or word
    if language not in _ALGORITHMS or len(surface) < 3 or surface.isdigit():
        return surface, (surface,)
    stemmer = _find_stemmer(language)
    plain = fold(stemmer.stemWord(surface)) or surface
    if word == surface:
        return surface, (plain,)
    accented = fold(stemmer.stemWord(word)) or surface
    return surface, (plain,) if plain == accented else (accented, plain)


def _find_stemmer(language: str) -> Any:
    # A stemmer holds the word it works on, so each thread has its own.
    stemmers = _local.__dict__.setdefault("stemmers", {})
    if language not in stemmers:
        import snowballstemmer

        stemmers[language] = snowballstemmer.stemmer(_ALGORITHMS[language])
    return stemmers[language]


def analyse(text: str, language: str) -> list[tuple[str, tuple[str, ...]]]:
    """Surface and stems of every word of a text, in order."""
    cache = _caches.setdefault(language, {})
    return [cache.get(token) or analyse_token(token, language) for token in TOKEN.findall(text)]


def surfaces(text: str) -> tuple[str, ...]:
    """The folded words of a text, in order, whatever its language."""
    return tuple(analyse_token(token, "")[0] for token in TOKEN.findall(text))


@lru_cache(maxsize=4_000)
def stems_of(word: str, languages: frozenset[str]) -> frozenset[str]:
    """The stems that a word of a query may have in any of these languages."""
    stems: set[str] = set()
    for language in languages:
        stems.update(analyse_token(word, language)[1])
    return frozenset(stems)


def inflections(
    token: str, languages: frozenset[str], words_from: Callable[[str], Iterable[str]]
) -> list[str]:
    """The surfaces that have a stem in common with a word, in one of these languages; none far longer.

    `words_from` gives those that begin like something.
    """
    surface = fold(token)
    if len(surface) < SHORTEST_START or is_stop_word(surface, languages):
        return [surface]
    stems = stems_of(token, languages)
    start = surface
    for stem in stems:
        while not stem.startswith(start):
            start = start[:-1]
    start = max(start, surface[:SHORTEST_START], key=len)
    longest = len(surface) + max(4, len(surface))
    forms = {surface}
    forms.update(
        word for word in words_from(start) if len(word) <= longest and _has_stem(word, stems, languages)
    )
    return sorted(forms)


@lru_cache(maxsize=50_000)
def _has_stem(word: str, stems: frozenset[str], languages: frozenset[str]) -> bool:
    """Whether a word has one of these stems; audiences share most of their words."""
    return any(not stems.isdisjoint(analyse_token(word, language)[1]) for language in languages)


@dataclass(frozen=True, slots=True)
class Concept:
    """One word of a query: as typed, its surface, and the stems of which a document may hold any."""

    token: str
    surface: str
    stems: frozenset[str]


@dataclass(frozen=True, slots=True)
class QueryTerms:
    """What a query looks for, flattened, to mark hits in a text."""

    concepts: tuple[Concept, ...] = ()
    prefixes: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.concepts or self.prefixes or self.phrases)


def read_word(word: Word, languages: frozenset[str]) -> tuple[Concept, ...]:
    """The concepts of one typed word; `client-side` is two."""
    if not languages:
        languages = frozenset([""])
    return tuple(
        Concept(token, analyse_token(token, "")[0], stems_of(token, languages))
        for token in TOKEN.findall(word.text)
    )


def read_phrase(phrase: Phrase) -> tuple[str, ...]:
    """The surfaces of a phrase, in order; a typed `client-side` is two of them."""
    return tuple(s for word in phrase.words for s in surfaces(word))


def read_prefix(prefix: Prefix) -> str:
    """The folded beginning that a word must have."""
    return fold(prefix.text)


def flatten_terms(query: Query, languages: frozenset[str]) -> QueryTerms:
    """Everything that a query wants to see in a text, without function words unless it is nothing else."""
    concepts: list[Concept] = []
    prefixes: list[str] = []
    phrases: list[tuple[str, ...]] = []
    _collect(query, languages, concepts, prefixes, phrases)
    telling = [c for c in concepts if not is_stop_word(c.surface, languages)]
    if telling or prefixes or phrases:
        concepts = telling
    return QueryTerms(tuple(dict.fromkeys(concepts)), tuple(dict.fromkeys(prefixes)), tuple(phrases))


def _collect(
    query: Query,
    languages: frozenset[str],
    concepts: list[Concept],
    prefixes: list[str],
    phrases: list[tuple[str, ...]],
) -> None:
    match query:
        case Word():
            concepts.extend(read_word(query, languages))
        case Prefix():
            prefixes.append(read_prefix(query))
        case Phrase():
            phrases.append(read_phrase(query))
        case Near(left, right):
            for node in (left, right):
                _collect(node, languages, concepts, prefixes, phrases)
        case Not():
            pass
        case Or(nodes) | Group(nodes):
            for inner in nodes:
                _collect(inner, languages, concepts, prefixes, phrases)
