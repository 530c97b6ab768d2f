"""What a password must be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.passwords import MAX_LENGTH, check_password, is_common
from forum.errors import Invalid


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("password1234567", id="a common word and a row of digits"),
        pytest.param("P@ssw0rdP@ssw0rd!", id="look-alikes of a common word, twice"),
        pytest.param("qwertyuiopasdfghjkl", id="a row of keys"),
        pytest.param("abcabcabcabcabcabc", id="a repetition"),
        pytest.param("zzzzzzzzzzzzzzzzzzzz", id="one letter"),
        pytest.param("correct horse battery staple", id="the one from the drawing"),
        pytest.param("Welcome-Welcome-2026", id="a greeting twice and a year"),
        pytest.param("letmein-letmein-letmein", id="a common phrase again and again"),
        pytest.param("ada.lovelace@members.example", id="one's own address"),
        pytest.param("Lovelace Lovelace 1", id="one's own name"),
    ],
)
def test_common_passwords_are_refused(password: str) -> None:
    """What everybody tries first is refused, however long."""
    with pytest.raises(Invalid) as caught:
        check_password(password, known=("ada.lovelace@members.example", "Ada Lovelace"))
    assert caught.value.field == "password"


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("gravel tulip orbit canteen", id="four words that do not belong together"),
        pytest.param("kzv8wq0fmtxh2bd", id="fifteen random characters without capitals"),
        pytest.param("ξύλινο πλοίο ανεβαίνει", id="other scripts"),
        pytest.param("marble fennel " * 4 + "kestrel", id="sixty-three characters"),
    ],
)
def test_long_passwords_are_taken(password: str) -> None:
    """Length is what counts: no digits, capitals or signs are demanded."""
    check_password(password)


def test_short_and_endless_passwords_are_refused() -> None:
    """Fourteen characters are too few, and there is an end."""
    for password in ("kzv8wq0fmtxh2b", "gravel tulip orbit " * MAX_LENGTH):
        with pytest.raises(Invalid):
            check_password(password)


@given(st.text(max_size=8), st.integers(min_value=3, max_value=30))
def test_repetitions_are_common(piece: str, times: int) -> None:
    """A short piece over and over is common, whatever the piece."""
    assert is_common(piece * times)
