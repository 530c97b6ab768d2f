"""The languages of the Union."""

from forum.domain.languages import LANGUAGES


def test_there_are_24_in_the_order_of_their_codes():
    """Each with the name that its speakers use."""
    assert len(LANGUAGES) == 24
    assert list(LANGUAGES) == sorted(LANGUAGES)
    assert (LANGUAGES["el"], LANGUAGES["mt"], LANGUAGES["ga"]) == ("ελληνικά", "Malti", "Gaeilge")
