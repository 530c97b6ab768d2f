"""Nears of what stands nearly everywhere: looked into as far as is promised, and told where that ends."""

from collections.abc import Callable

import pytest

from forum.search.grammar import parse
from forum.search.protocol import Results, SearchDocument, SearchEngine
from forum.search.query import Near
from forum.search.weighing import NEAR_DOCUMENTS, near_limit

MANY = NEAR_DOCUMENTS // 10 + 5
TEN = " ".join(f"beacon NEAR/{distance} lantern" for distance in range(1, 11))
APART = "beacon " + "word " * 60 + "lantern"


@pytest.fixture
def crowd(engine: SearchEngine, make: Callable[..., SearchDocument]) -> None:
    """More documents with both words than one of ten nears looks into; in three they are neighbours."""
    engine.rebuild(
        [make(f"d{n}", "beacon lantern" if n < 3 else APART, audience=f"group:{n % 2}") for n in range(MANY)]
        + [make("one", "beacon alone", audience="group:1"), make("hidden", APART, audience="group:2")]
    )


READER = ("group:0", "group:1")


@pytest.mark.usefixtures("crowd")
def test_one_near_is_looked_into_word_by_word(ask: Callable[..., Results]) -> None:
    results = ask("beacon NEAR/5 lantern", READER)
    assert {hit.id for hit in results.hits} == {"d0", "d1", "d2"}
    assert (results.total, results.widened) == (3, ())


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize(
    ("asked", "total"),
    [
        pytest.param(TEN, MANY, id="both words, wherever they stand"),
        pytest.param(TEN.replace("lantern", "lant*", 5), MANY, id="a prefix beside near"),
        pytest.param(TEN.replace("beacon", '"word lantern"'), MANY - 3, id="all words of a phrase"),
        pytest.param(f"alone -({TEN})", 1, id="left out"),
    ],
)
def test_a_near_of_what_stands_everywhere_is_widened_and_told(
    ask: Callable[..., Results], asked: str, total: int
) -> None:
    results = ask(asked, READER)
    nears = [near for near in results.widened if isinstance(near, Near)]
    assert (results.total, len(nears)) == (total, 10)


@pytest.mark.usefixtures("crowd")
def test_what_may_not_be_read_does_not_count_towards_the_limit(ask: Callable[..., Results]) -> None:
    """Nor does it where nothing may be read."""
    assert ask(TEN, ("group:2",)).widened == ()
    assert ask(TEN, ("group:0",)).widened == ()


def test_the_nears_of_a_query_share_the_limit() -> None:
    """Equal ones are looked for once."""
    assert near_limit(parse("a b").query) == NEAR_DOCUMENTS
    assert near_limit(parse("a near b").query) == NEAR_DOCUMENTS
    assert near_limit(parse("(a near b) OR -(a near b)").query) == NEAR_DOCUMENTS
    assert near_limit(parse("a near b c near/5 d").query) == NEAR_DOCUMENTS // 2
