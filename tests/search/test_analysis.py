"""Words, folding and stems."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.languages import LANGUAGES
from forum.search.analysis import (
    MAX_TOKEN,
    STEMMED_LANGUAGES,
    TOKEN,
    Concept,
    analyse,
    analyse_token,
    flatten_terms,
    fold,
    stems_of,
    surfaces,
)
from forum.search.grammar import parse


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("Straße", "strasse", id="sharp s"),
        pytest.param("ŁÓDŹ", "lodz", id="l with stroke"),
        pytest.param("Ærø", "aero", id="ash and o with stroke"),
        pytest.param("œuvre", "oeuvre", id="ligature"),
        pytest.param("đak Đak", "dak dak", id="d with stroke"),
        pytest.param("ħaqq", "haqq", id="h with stroke"),
        pytest.param("ΨΗΦΙΑΚΌΣ ψηφιακός", "ψηφιακοσ ψηφιακοσ", id="final sigma and tonos"),
        pytest.param("İstanbul ılık", "istanbul ilik", id="dotted and dotless i"),
        pytest.param("ﬁnal Ⅳ ２", "final iv 2", id="compatibility forms"),
        pytest.param("й ё Й", "и е и", id="Cyrillic marks"),
        pytest.param("ș ş ţ ț", "s s t t", id="comma and cedilla"),
        pytest.param("data\u00adbase", "database", id="soft hyphen"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_is_done_once_and_for_all(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_composed_and_decomposed_text_have_the_same_words(text: str) -> None:
    assert surfaces(unicodedata.normalize("NFC", text)) == surfaces(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("End-to-end, isn't_it?", "end to end isn t it", id="punctuation separates"),
        pytest.param("l’accès d'une", "l acces d une", id="apostrophes separate"),
        pytest.param("2021/1232 E2EE", "2021 1232 e2ee", id="numbers are words"),
        pytest.param("儿童保护", "儿 童 保 护", id="every CJK character is a word"),
        pytest.param("हिन्दी", "हिनदी", id="vowel signs stay within the word"),
        pytest.param("", "", id="nothing holds nothing"),
    ],
)
def test_words(text: str, words: str) -> None:
    assert " ".join(surfaces(text)) == words


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@given(word=st.text(st.characters(categories=["L"]), min_size=1, max_size=20))
def test_a_word_without_its_accents_has_a_stem_of_the_word(language: str, word: str) -> None:
    """In every language of the Union, what is indexed for a word is found by its folded spelling."""
    for token in TOKEN.findall(word):
        surface, stems = analyse_token(token, language)
        for part in TOKEN.findall(surface):
            if part == surface:
                assert stems_of(surface, frozenset([language])) & set(stems)


def test_the_languages_that_are_stemmed_are_languages_of_the_union() -> None:
    assert set(LANGUAGES) > STEMMED_LANGUAGES
    assert len(STEMMED_LANGUAGES) == 18


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "scanning", "scans"),
        ("de", "Maßnahme", "Maßnahmen"),
        ("fr", "sécurités", "sécurité"),
        ("es", "niños", "niño"),
        ("pl", "prawami", "praw"),
        ("fi", "lapset", "lapsen"),
        ("el", "ομάδες", "ομάδα"),
        ("cs", "práva", "právo"),
        ("hu", "jogok", "jogot"),
        ("sv", "barnen", "barnens"),
    ],
)
def test_inflections_share_a_stem(language: str, one: str, other: str) -> None:
    assert stems_of(one, frozenset([language])) & stems_of(other, frozenset([language]))


def test_an_endless_word_is_cut() -> None:
    ((surface, _),) = analyse("x" * 10_000, "en")
    assert len(surface) <= MAX_TOKEN


def test_the_cache_of_words_is_bounded_and_stays_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forum.search.analysis._CACHED_WORDS", 3)
    words = "scanning scans scanned scanner scan " * 3
    assert {stems for _, stems in analyse(words, "en")} == {("scan",), ("scanner",)}


def test_flattened_terms_leave_out_exclusions_and_function_words() -> None:
    query = parse('the scanning -excluded "the child" encr* (a OR lantern)').query
    terms = flatten_terms(query, frozenset(["en"]))
    assert [concept.surface for concept in terms.concepts] == ["scanning", "lantern"]
    assert terms.phrases == (("the", "child"),)
    assert terms.prefixes == ("encr",)


def test_function_words_alone_are_kept() -> None:
    terms = flatten_terms(parse("of the").query, frozenset(["en"]))
    assert terms.concepts == (
        Concept("of", "of", frozenset(["of"])),
        Concept("the", "the", frozenset(["the"])),
    )
