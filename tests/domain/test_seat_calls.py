"""The letters by which kinds of member are known."""

from pathlib import Path

import pytest

from forum.domain.datafile import DataFileError
from forum.domain.groups import SeatKind
from forum.domain.seat_calls import load_letters

FILE = Path(__file__).parents[2] / "config" / "seat_kinds.toml"


def test_each_kind_has_a_letter_of_its_own() -> None:
    letters = load_letters(FILE)
    assert set(letters) == set(SeatKind)
    assert len(set(letters.values())) == len(SeatKind)
    assert all(letters.values())


def test_a_kind_that_is_left_out_has_none(tmp_path: Path) -> None:
    """It is shown by its words alone."""
    file = tmp_path / "letters.toml"
    file.write_text('[letters]\npersonal = "X"\n', encoding="utf-8")
    letters = load_letters(file)
    assert (letters[SeatKind.PERSONAL], letters[SeatKind.ORGANISATION]) == ("X", "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param('[letters]\nperson = "X"\n', "person", id="a kind that is none"),
        pytest.param("[letters]\npersonal = 1\n", "must be a text", id="a number"),
        pytest.param("", "letters", id="nothing"),
    ],
)
def test_a_fault_names_file_and_key(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "letters.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataFileError, match=words) as caught:
        load_letters(file)
    assert "letters.toml" in str(caught.value)
