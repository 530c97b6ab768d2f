"""Both engines over the same documents: the same hits, scores, totals, facets and words."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from forum.search.grammar import parse
from forum.search.postgres_engine import PostgresEngine
from forum.search.protocol import Add, Change, Remove, SearchDocument, SearchEngine, SearchRequest
from forum.search.whoosh_engine import WhooshEngine

pytestmark = pytest.mark.postgresql

Make = Callable[..., SearchDocument]

WORDS = {
    language: words.split()
    for language, words in {
        "en": (
            "the of and to in is a report reports reporting deadline service services authority provider "
            "measure detection end to end encryption encrypted hotline training parent client side message"
        ),
        "fr": "la de les et des sécurité enfants privée œuvre numérique rapport autorité mesures délai",
        "de": "die der und Straße Maßnahmen Behörde Überwachung Bericht Anbieter Frist verschlüsselt",
        "el": "η των και προστασία παιδιών διαδίκτυο έκθεση μέτρα ψηφιακός",
        "pl": "i w na ochrona prywatności dzieci łódź środki sprawozdanie",
        "mt": "il u ta ħarsien tfal privatezza miżuri rapport",
    }.items()
}
AUDIENCES = ("public", "community", "group:1", "group:2")
SEED = 20260203
CLOSE = 0.01
"""How far scores may differ: PostgreSQL adds up how many documents hold the stems of a word in each language,
and the embedded engine looks which of them are the same."""


@pytest.fixture(scope="module")
def documents() -> list[SearchDocument]:
    draw = random.Random(SEED)
    made = []
    for number in range(320):
        language = draw.choice(("en", "en", "en", *WORDS))
        words = WORDS[language]
        made.append(
            SearchDocument(
                id=f"post:{number:04}",
                kind=draw.choice(("post", "paper", "attachment")),
                audience=draw.choice(AUDIENCES),
                title=" ".join(draw.choices(words, k=draw.randint(0, 5))),
                text=" ".join(draw.choices(words, k=draw.choice((3, 20, 60, 400)))),
                language=language,
                group=draw.choice(("one", "two", "three")),
                date=datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=draw.randrange(1500)),
                author=draw.choice((None, "Ada Byron", "Bo Łukasz")),
                organisation=draw.choice((None, "harbour", "lantern")),
                signatories=draw.choice(((), (), ("lantern", "beacon"))),
                organisation_type=draw.choice((None, "ngo", "company")),
                country=draw.choice((None, "DE", "FR", "EL")),
                is_superseded=draw.random() < 0.1,
                version=str(number),
            )
        )
    return made


@pytest.fixture
def engines(
    postgres_engine: PostgresEngine, tmp_path: Path, documents: list[SearchDocument]
) -> Iterator[tuple[SearchEngine, SearchEngine]]:
    whoosh = WhooshEngine(tmp_path)
    whoosh.rebuild(documents)
    postgres_engine.rebuild(documents)
    yield whoosh, postgres_engine
    whoosh.close()


def draw_query(draw: random.Random) -> str:
    """Something of every kind that the grammar knows."""
    words = [*WORDS["en"], *WORDS["en"], *WORDS[draw.choice(list(WORDS))]]

    def word() -> str:
        return draw.choice(words)

    def part() -> str:
        return draw.choice(
            (
                word(),
                word(),
                f"{word()}-{word()}",
                f'"{word()} {word()}"',
                f'"{word()} {word()} {word()}"',
                f"{word()} near {word()}",
                f'"{word()} {word()}" NEAR/3 {word()}',
                f"{word()[:4]}*",
                f"{word()} OR {word()}",
                f'("{word()} {word()}" OR {word()}) ',
                f"-{word()}",
                f"-{word()[:4]}*",
                f'-"{word()} {word()}"',
                f"({word()} -{word()})",
                "kind:paper",
                "country:DE,FR",
                "-lang:en",
                "author:ada",
                "organisation:lantern",
                "-organisation:beacon,harbour",
                "after:2022",
                "versions:current",
            )
        )

    return " ".join(part() for _ in range(draw.choice((1, 1, 2, 3, 5))))


def assert_same(engines: tuple[SearchEngine, SearchEngine], request: SearchRequest, text: str) -> None:
    one, two = (engine.search(request) for engine in engines)
    assert two.total == one.total, text
    assert two.facets == one.facets, text
    assert two.languages == one.languages, text
    scores = {hit.id: hit.score for hit in one.hits}
    assert {hit.id: hit.score for hit in two.hits} == pytest.approx(scores, rel=CLOSE), text
    places = {hit.id: place for place, hit in enumerate(two.hits)}
    for better, worse in zip(one.hits, one.hits[1:], strict=False):
        if better.score > worse.score * (1 + 2 * CLOSE):
            assert places[better.id] < places[worse.id], text


@pytest.mark.parametrize("sort", ["relevance", "date"])
def test_engines_give_the_same_results(engines: tuple[SearchEngine, SearchEngine], sort: str) -> None:
    """For a hundred drawn queries by visitors with different clearances."""
    draw = random.Random(SEED + len(sort))
    for _ in range(100):
        text = draw_query(draw)
        parsed = parse(text)
        clearances = frozenset(draw.sample(AUDIENCES, draw.randint(1, 4)))
        request = SearchRequest(clearances, parsed.query, parsed.filters, sort=sort, limit=400)
        assert_same(engines, request, f"{text!r} by {sorted(clearances)}")


def test_engines_offer_the_same_words(engines: tuple[SearchEngine, SearchEngine]) -> None:
    """Misspelled words of all lengths, and beginnings."""
    draw = random.Random(SEED)
    for _ in range(80):
        word = list(draw.choice([w for words in WORDS.values() for w in words if len(w) > 3]))
        for _ in range(draw.randint(1, 2)):
            place = draw.randrange(1, max(2, len(word) - 1))
            word[place : place + 2] = draw.choice((word[place + 1 : place - 1 : -1], ["x"], []))
        clearances = frozenset(draw.sample(AUDIENCES, 2))
        text = "".join(word)
        request = SearchRequest(clearances, parse(text).query)
        assert engines[1].suggest(request) == engines[0].suggest(request), text
        start = text[: draw.randint(1, 4)]
        assert engines[1].complete(start, clearances) == engines[0].complete(start, clearances), start


def test_engines_agree_after_changes(
    engines: tuple[SearchEngine, SearchEngine], documents: list[SearchDocument]
) -> None:
    """Removed, replaced and moved documents leave the same index behind."""
    draw = random.Random(SEED)
    changes: list[Change] = [Remove(document.id) for document in draw.sample(documents, 60)]
    for document, other in zip(draw.sample(documents, 60), draw.sample(documents, 60), strict=True):
        moved = {name: getattr(other, name) for name in ("audience", "text", "language", "author", "kind")}
        values = {name: getattr(document, name) for name in SearchDocument.__dataclass_fields__}
        changes.append(Add(SearchDocument(**values | moved)))
    for engine in engines:
        engine.apply(changes[:70])
        engine.apply(changes[70:])
        engine.tidy(thorough=True)
    listed = [sorted((i.id, i.audience, i.version) for i in engine.inventory()) for engine in engines]
    assert listed[0] == listed[1]
    assert engines[0].state().documents == engines[1].state().documents
    for _ in range(50):
        text = draw_query(draw)
        parsed = parse(text)
        clearances = frozenset(draw.sample(AUDIENCES, 2))
        assert_same(engines, SearchRequest(clearances, parsed.query, parsed.filters, limit=400), text)
