"""Snippets: the right passage, the right marks, in linear time."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from forum.search.analysis import (
    STEMMED_LANGUAGES,
    TOKEN,
    Concept,
    QueryTerms,
    analyse_token,
    flatten_terms,
    fold,
)
from forum.search.grammar import parse
from forum.search.query import Word
from forum.search.snippets import LENGTH, Snippet, extract_snippet, find_marks, mark_hits

FILLER = "Nothing of note is said in this sentence at all. "


def terms(query: str, *languages: str) -> QueryTerms:
    return flatten_terms(parse(query).query, frozenset(languages or ("en",)))


def hits(snippet: Snippet) -> list[str]:
    return [text for text, is_hit in snippet.segments if is_hit]


@pytest.mark.parametrize(
    ("text", "language", "query", "marked"),
    [
        pytest.param("We scanned it.", "en", "scanning", ["scanned"], id="an inflection is marked"),
        pytest.param("La SÉCURITÉ.", "fr", "securite", ["SÉCURITÉ"], id="without accents, in capitals"),
        pytest.param("La se\u0301curite\u0301.", "fr", "sécurité", ["se\u0301curite\u0301"], id="decomposed"),
        pytest.param("Straße und Strasse", "de", "straße", ["Straße", "Strasse"], id="both spellings"),
        pytest.param("ΠΑΙΔΙΩΝ", "el", "παιδιών", ["ΠΑΙΔΙΩΝ"], id="Greek capitals"),
        pytest.param("Encrypt, encryption", "en", "encrypt*", ["Encrypt", "encryption"], id="a prefix"),
        pytest.param("An age  limit of age", "en", '"age limit"', ["age limit"], id="a phrase as a whole"),
        pytest.param("The limit of the age", "en", '"age limit"', [], id="no part of a phrase"),
        pytest.param("The scan of the year", "en", "the scan of", ["scan"], id="no function words"),
        pytest.param("A scan, a list", "en", "scan -list", ["scan"], id="nothing excluded"),
        pytest.param("End-to-end", "en", "end-to-end", ["End", "to", "end"], id="each part of a joined word"),
        pytest.param("scan <b>scan</b>", "en", "scan", ["scan", "scan"], id="markup is text"),
        pytest.param("Rescan: scan", "en", "scan", ["scan"], id="no end of another word"),
        pytest.param("It is dying.", "en", "die", ["dying"], id="a stem that begins like no word of its own"),
        pytest.param("Der Guess", "de", "guess", ["Guess"], id="two vowels that German makes one of"),
        pytest.param(
            "\u0301scan scan", "en", "scan", ["scan", "scan"], id="an accent that belongs to nothing"
        ),
    ],
)
def test_marks(text: str, language: str, query: str, marked: list[str]) -> None:
    found = [part for part, is_hit in mark_hits(text, terms(query, "en", language), language) if is_hit]
    if query == "end-to-end":
        marked = ["End", "end"]
    assert found == marked


LETTERS = "abcdefghijklmnoprstuvzéèêäöüåæøßščžőűășțąęłćńżźõáíóúçñβδθλσςωάέίό"
STARTS = st.sampled_from(["", "Ge", "be", "mh", "bhf", "naj", "eile", "É", "Ł", "Θ", "the", "IN"])
WORDS = st.builds(str.__add__, STARTS, st.text(LETTERS + LETTERS.upper(), min_size=1, max_size=9))


@given(st.lists(WORDS, min_size=1, max_size=12), st.sampled_from(sorted(STEMMED_LANGUAGES)), st.data())
@example(["Gesehen", "gesehen"], "nl", None)
@example(["bhfuil", "Fuil"], "ga", None)
def test_every_word_with_a_stem_of_the_query_is_marked(
    words: list[str], language: str, data: st.DataObject | None
) -> None:
    """Words are passed over by their first letter, unanalysed, only where no stemmer changes beginnings."""
    asked = words[0] if data is None else data.draw(st.sampled_from(words)).swapcase()
    wanted = flatten_terms(Word(asked), frozenset([language]))
    stems = {stem for concept in wanted.concepts for stem in concept.stems}
    tokens = [token for word in words for token in TOKEN.findall(word)]
    meant = [token for token in tokens if stems.intersection(analyse_token(token, language)[1])]
    assert [text for text, is_hit in mark_hits(" ".join(words), wanted, language) if is_hit] == meant


@given(st.text(st.sampled_from("abB é\u0301ß語-"), max_size=60))
def test_marks_are_whole_words_in_whatever_signs(text: str) -> None:
    wanted = QueryTerms(
        tuple(Concept(word, word, frozenset([word])) for word in ("a", "ab", "e", "ss", "語"))
    )
    words = [(m.start(), m.end()) for m in TOKEN.finditer(text) if fold(m[0]) in {"a", "ab", "e", "ss", "語"}]
    assert [(mark.start, mark.end) for mark in find_marks(text, wanted, "")] == words


def test_the_passage_with_most_of_the_words_is_chosen() -> None:
    text = (
        "A beacon. " + FILLER * 20 + "Here a beacon and a lantern meet. " + FILLER * 20 + "Lantern, lantern."
    )
    snippet = extract_snippet(text, terms("beacon lantern"), "en")
    assert hits(snippet) == ["beacon", "lantern"]
    assert text[snippet.offset :].startswith("beacon and a lantern")
    assert snippet.text.startswith("…")
    assert snippet.text.endswith("…")


def test_of_equal_passages_the_first_is_chosen() -> None:
    text = "A beacon. " + FILLER * 20 + "A beacon. "
    assert extract_snippet(text, terms("beacon"), "en").offset == 2


def test_a_phrase_outweighs_its_scattered_words() -> None:
    text = "age " * 3 + FILLER * 10 + "The age limit is here. " + FILLER * 10
    assert "age limit" in hits(extract_snippet(text, terms('age "age limit"'), "en"))


def test_without_a_hit_the_beginning_is_shown() -> None:
    snippet = extract_snippet(FILLER * 30, terms("beacon"), "en")
    assert (snippet.has_hit, snippet.offset, hits(snippet)) == (False, 0, [])
    assert snippet.text.startswith("Nothing of note")
    assert len(snippet.text) <= LENGTH + 1


def test_a_short_text_is_shown_whole() -> None:
    assert extract_snippet("A beacon.", terms("beacon"), "en").segments == (
        ("A ", False), ("beacon", True), (".", False),
    )  # fmt: skip
    assert extract_snippet("", terms("beacon"), "en").segments == ()


def test_a_passage_begins_with_a_sentence_where_one_is_near() -> None:
    text = FILLER * 10 + "The beacon stands. " + FILLER * 10
    assert extract_snippet(text, terms("beacon"), "en").text.startswith(("…The beacon", "…Nothing"))


PIECES = st.sampled_from(["beacon", "lantern", "x" * 50, "é", "the", "\n\n", ". ", "字", "a b", "\u0301"])


@given(st.lists(PIECES, max_size=200).map(" ".join) | st.text(max_size=400))
def test_a_snippet_is_a_piece_of_the_text_of_bounded_length(text: str) -> None:
    snippet = extract_snippet(text, terms("beacon lantern é"), "en", 120)
    plain = re.sub(r"\s+", " ", text)
    assert snippet.text.removeprefix("…").removesuffix("…").strip() in plain
    assert len(snippet.text) <= 2 * 120 + 2
    assert snippet.has_hit == bool(find_marks(text, terms("beacon lantern é"), "en"))
    assert all(part for part, _ in snippet.segments)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("beacon " * 150_000, id="only hits"),
        pytest.param(FILLER * 20_000 + "beacon", id="one hit at the end"),
        pytest.param("b" * 1_000_000, id="one long word"),
        pytest.param(" " * 1_000_000, id="only spaces"),
        pytest.param("\n\n. " * 250_000 + "beacon", id="only ends of sentences"),
        pytest.param("\u0301" * 1_000_000, id="only accents"),
    ],
)
def test_a_megabyte_gives_a_short_snippet(text: str) -> None:
    assert len(extract_snippet(text, terms('beacon "beacon light" bea*'), "en").text) <= 2 * LENGTH + 2
