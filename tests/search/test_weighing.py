"""What a word found is worth."""

from collections.abc import Callable

from forum.search.protocol import SearchDocument
from forum.search.weighing import TITLE_GAP, analyse_document, coverage, impact_of, rarity


def test_an_impact_grows_with_frequency_and_title_and_shrinks_with_length(
    make: Callable[..., SearchDocument],
) -> None:
    def impact(text: str, title: str = "") -> int:
        return analyse_document(make("a", text, title=title))[0]["beacon"]

    once, twice = impact("beacon " + "other " * 50), impact("beacon beacon " + "other " * 49)
    assert 0 < once < twice < 256
    assert impact("beacon " + "other " * 50, "beacon") > twice
    assert impact("beacon " + "other " * 500) < once


def test_places_count_from_the_title_over_a_gap_into_the_text(make: Callable[..., SearchDocument]) -> None:
    words = analyse_document(make("a", "One beacon, one Beacón.", title="A beacon"))[1]
    assert words == {
        "a": [0],
        "beacon": [1, 3 + TITLE_GAP, 5 + TITLE_GAP],
        "one": [2 + TITLE_GAP, 4 + TITLE_GAP],
    }


def test_the_rarer_a_term_the_more_it_tells_and_even_a_common_one_tells_something() -> None:
    worths = [rarity(1000, found) for found in (0, 1, 10, 500, 1000)]
    assert worths == sorted(worths, reverse=True)
    assert worths[-1] > 0.5


def test_an_impact_of_occurrences_grows_and_stays_a_byte() -> None:
    impacts = [impact_of(count) for count in (1, 2, 5, 100_000)]
    assert impacts == sorted(set(impacts))
    assert 0 < impacts[0] < impacts[-1] <= 255


def test_each_further_word_of_a_query_is_worth_more_than_the_one_before() -> None:
    steps = [coverage(held + 1, 4) - coverage(held, 4) for held in range(4)]
    assert steps == sorted(steps)
    assert steps[0] > 0
    assert coverage(1, 1) == 1
