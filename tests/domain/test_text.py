"""Plain strings: normal form, slugs, titles, excerpts, counting, likeness."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.text import (
    TITLE_LENGTH,
    checked_title,
    count_words,
    excerpt,
    likeness,
    normalise,
    slugify,
)
from forum.errors import Invalid

ANY_TEXT = st.text(st.characters(codec=None), max_size=200)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        pytest.param("a\r\nb\rc\u2028d\u0085e", "a\nb\nc\nd\ne", id="every line end becomes LF"),
        pytest.param("a\x00\x07\x1b[0m\x7f\x9bb", "a[0mb", id="controls go"),
        pytest.param("tab\tstays", "tab\tstays", id="tabs stay"),
        pytest.param(
            "in\u202eside\u2066out\u2069", "insideout", id="bidirectional overrides and isolates go"
        ),
        pytest.param("שלום\u200f!", "שלום\u200f!", id="plain direction marks stay"),
        pytest.param("e\u0301", "é", id="composed to form C"),
        pytest.param("a\ud800b", "a\ufffdb", id="half a surrogate pair is replaced"),
        pytest.param("\ufeffa\ufdd0\uffff\U0001fffe\U000e0041", "a", id="marks nobody sees go"),
        pytest.param("👩\u200d🔬", "👩\u200d🔬", id="joiners stay"),
    ],
)
def test_normalise(typed: str, stored: str) -> None:
    assert normalise(typed) == stored


def test_long_runs_of_combining_marks_are_cut() -> None:
    """Half a million marks, which would take minutes to put in order, are cut to thirty."""
    assert len(normalise("x" + "\u0323\u0301" * 250_000)) <= 31


@given(ANY_TEXT)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert once.encode().decode() == once
    assert not {"\r", "\x00", "\u202e"} & set(once)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Ana Horvat", "ana-horvat"),
        ("Łukasz Østergård & Søn", "lukasz-ostergard-son"),
        ("Νίκος Παπαδόπουλος", "nikos-papadopoylos"),
        ("Георги Щърбев", "georgi-shtarbev"),
        ("Ångström—Straße", "angstrom-strasse"),
        ("中文", "untitled"),
        ("", "untitled"),
    ],
)
def test_slugs_are_latin(name: str, slug: str) -> None:
    assert slugify(name) == slug


@given(ANY_TEXT, st.integers(1, 80))
def test_slugs_fit_an_address(text: str, limit: int) -> None:
    slug = slugify(text, limit=limit, fallback="x")
    assert 1 <= len(slug) <= limit
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not slug.startswith("-")
    assert not slug.endswith("-")


def test_titles_become_one_line() -> None:
    assert checked_title("  On\r\n\tdetection \u202e orders ") == "On detection orders"


@pytest.mark.parametrize("typed", ["", " \n\u202e ", "a" * (TITLE_LENGTH + 1), "a" * 1_000_000])
def test_empty_and_overlong_titles_are_refused(typed: str) -> None:
    with pytest.raises(Invalid) as refusal:
        checked_title(typed)
    assert refusal.value.field == "title"
    assert "%" not in str(refusal.value)


def test_a_title_of_the_full_length_is_taken() -> None:
    assert checked_title("é" * TITLE_LENGTH) == "é" * TITLE_LENGTH


def test_words_are_counted_as_people_do() -> None:
    assert count_words("Don't over-count: it’s 7 words, οκ?") == 6


@given(ANY_TEXT, st.integers(2, 100))
def test_excerpts_are_one_line_that_begins_the_text(text: str, length: int) -> None:
    line = excerpt(text, length)
    assert len(line) <= length
    assert "\n" not in line
    assert " ".join(text.split()).startswith(line.removesuffix("…").rstrip())


def test_an_excerpt_is_cut_between_words() -> None:
    assert excerpt("One rule, for everybody", 12) == "One rule…"
    assert excerpt("Short", 12) == "Short"


def test_likeness_ignores_case_accents_spacing_and_marks() -> None:
    assert likeness("We object — strongly, Zoë!") == likeness("we OBJECT strongly zoe")
    assert likeness("We object") != likeness("We do not object")
