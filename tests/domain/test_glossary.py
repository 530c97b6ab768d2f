"""The glossary explains each word once and refers only to words it has."""

from pathlib import Path

import pytest

from forum.domain.datafile import DataFileError
from forum.domain.glossary import load_glossary

FILE = Path(__file__).parents[2] / "config" / "glossary.toml"


def test_words_are_sorted_and_explained_in_a_sentence():
    """A reader looks them up by the alphabet."""
    entries = load_glossary(FILE)
    terms = [entry.term.casefold() for entry in entries]
    assert terms == sorted(terms)
    assert all(entry.meaning.endswith(".") for entry in entries)
    assert {"synopsis-report", "tlp", "transposition", "chatham-house-rule"} <= {e.slug for e in entries}


def test_a_reference_to_a_word_that_is_not_there_is_refused(tmp_path):
    """A dead link inside the glossary is a fault of the file."""
    path = tmp_path / "glossary.toml"
    path.write_text(
        "[[entries]]\nslug = 'a'\nterm = 'A'\nmeaning = 'First.'\nsee = ['b']\n", encoding="utf-8"
    )
    with pytest.raises(DataFileError, match=r"entries\[a\]: see: 'b' is not an entry"):
        load_glossary(path)
