"""The lists of function words."""

from forum.domain.languages import LANGUAGES
from forum.search.analysis import fold
from forum.search.stopwords import STOP_WORDS, is_stop_word


def test_every_language_has_a_list_of_folded_words() -> None:
    assert set(STOP_WORDS) == set(LANGUAGES)
    for words in STOP_WORDS.values():
        assert all(fold(word) == word for word in words)


def test_a_word_is_a_function_word_in_its_language_only() -> None:
    assert is_stop_word("war", frozenset(["en", "de"]))
    assert not is_stop_word("war", frozenset(["en"]))
    assert not is_stop_word("the", frozenset())
