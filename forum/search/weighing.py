"""What a word found is worth, the same on every engine, so that they rank alike.

An impact is a document's share of BM25F for a term (term frequency in title and text, both normalised by
length), in 255 steps. Lengths are measured against a constant, not an average: so it can be computed when
the document is written, costs nothing when it is read, and says nothing about other documents. A search
multiplies it by the term's rarity among what the visitor may read.
"""

from __future__ import annotations

import math

from forum.search.analysis import TOKEN, analyse_token
from forum.search.protocol import SearchDocument
from forum.search.query import Query, iterate_nears

# Tuned on one half of real discussions that link to each other, where neighbouring settings do as well and
# every fifth of that half gains or loses next to nothing; checked on the other half.
TITLE_WEIGHT = 2.5
TITLE_PIVOT, TITLE_SLOPE = 8.0, 0.2
TEXT_PIVOT, TEXT_SLOPE = 160.0, 0.55
SATURATION = 4.5
RARITY = 1.4
"""Above 1: what a rare word tells counts more beside what common ones tell."""
TITLE_GAP = 100  # places between the title and the text, so that no phrase reaches across
MAX_PLACES = 250_000

MAX_SCORED = 12
"""How many words of a group are scored: the rarest."""
COVERAGE = 0.5
"""How much more a document is worth that holds all of the query's words."""
COMMON = 0.04
"""A function word is ignored when more than this share of the documents holds it."""
PREFIX_IMPACT = 140
SUPERSEDED = 0.6
"""What an older version of a paper counts beside the current one."""


NEAR_DOCUMENTS = 3_000
"""Documents that the nears of a query look into word by word, all together. A near whose two sides stand
together in more than its share of these is taken as both of them, anywhere in the text."""


def near_limit(query: Query) -> int:
    """How many documents each near of a query may look into."""
    return NEAR_DOCUMENTS // max(1, len(set(iterate_nears(query))))


def rarity(documents: int, found: int) -> float:
    """How much a term tells that `found` of so many documents hold; never near nothing, however common."""
    return float(math.log(1 + documents / (found + 0.5)) ** RARITY)


def coverage(held: int, wanted: int) -> float:
    """How much more a document is worth that holds so many of a query's words: most with the last of them."""
    return 1 + COVERAGE * (held / wanted) ** 3 if wanted > 1 else 1.0


def worth_of(telling: float) -> list[float]:
    """What each impact from 0 to 255 adds to a score for a term that tells so much."""
    return [telling * impact / 255 for impact in range(256)]


def impact_of(count: int) -> int:
    """The impact of a phrase or near that stands so often in a document."""
    return round(255 * count / (count + 0.7))


def analyse_document(document: SearchDocument) -> tuple[dict[str, int], dict[str, list[int]]]:
    """Stems with their impact (1 to 255) and surfaces with their places in a document."""
    title, text = TOKEN.findall(document.title), TOKEN.findall(document.text)
    in_title, in_text = 1 - TITLE_SLOPE, 1 - TEXT_SLOPE
    title_worth = TITLE_WEIGHT / (in_title + TITLE_SLOPE * max(len(title), 3) / TITLE_PIVOT)
    text_worth = 1.0 / (in_text + TEXT_SLOPE * max(len(text), 20) / TEXT_PIVOT)
    weights: dict[str, float] = {}
    words: dict[str, list[int]] = {}
    for tokens, worth, start in ((title, title_worth, 0), (text, text_worth, len(title) + TITLE_GAP)):
        places: dict[str, list[int]] = {}
        for place, token in enumerate(tokens[:MAX_PLACES], start):
            if token in places:
                places[token].append(place)
            else:
                places[token] = [place]
        for token, found in places.items():
            surface, stems = analyse_token(token, document.language)
            for stem in stems:
                weights[stem] = weights.get(stem, 0.0) + worth * len(found)
            words[surface] = sorted(words[surface] + found) if surface in words else found
    return {s: max(1, round(255 * w / (SATURATION + w))) for s, w in weights.items()}, words
