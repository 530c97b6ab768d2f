"""One-time codes and recovery codes, without a database."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.second_factors import (
    checked_key_name,
    fold_recovery_code,
    matching_step,
    new_recovery_code,
    new_secret,
    setup_address,
)
from forum.errors import Invalid

RFC = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The secret of the examples in RFC 6238."""


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924")],
)
def test_the_examples_of_the_standard(seconds: int, code: str) -> None:
    """The codes that RFC 6238 prints, cut to six digits."""
    now = datetime.fromtimestamp(seconds, UTC)
    assert matching_step(RFC, f"{code[:3]} {code[3:]}", now=now, after=0) == seconds // 30


@given(st.text(max_size=12))
def test_no_text_is_a_code_by_accident(text: str) -> None:
    """Whatever is typed, other digits than ASCII too, is judged and not stumbled over."""
    now = datetime.fromtimestamp(59, UTC)
    assert matching_step(RFC, text, now=now, after=0) is None or "".join(text.split()).isascii()


def test_a_step_that_was_taken_is_gone() -> None:
    """Neither the same one nor an older one is taken again."""
    now = datetime.fromtimestamp(59, UTC)
    assert matching_step(RFC, "287082", now=now, after=1) is None
    assert matching_step(RFC, "287082", now=now, after=0) == 1


def test_recovery_codes_are_read_as_people_write_them() -> None:
    """Case, spaces and the digits that look like letters make no other code."""
    code = new_recovery_code()
    for written in (code.upper(), code.replace("-", " "), code.replace("-", ""), code.replace("o", "0")):
        assert fold_recovery_code(written) == code
    assert fold_recovery_code(code[:-1]) is None
    assert fold_recovery_code("") is None


def test_secrets_and_codes_differ() -> None:
    """160 and 120 random bits: with 112 and more a plain hash of them is enough."""
    assert len(new_secret()) == 32
    assert len(new_recovery_code().replace("-", "")) * 5 == 120
    assert len({new_recovery_code() for _ in range(50)}) == 50


def test_what_the_qr_code_says() -> None:
    """Site, account and secret, as apps read them."""
    assert setup_address(RFC, email="ada@members.example", site_name="Consultation Forum") == (
        f"otpauth://totp/Consultation%20Forum:ada%40members.example?secret={RFC}&issuer=Consultation%20Forum"
    )


def test_names_of_passkeys() -> None:
    """One line, not empty, not endless."""
    assert checked_key_name("  Work\n laptop ") == "Work laptop"
    for bad in (" ", "x" * 61):
        with pytest.raises(Invalid):
            checked_key_name(bad)
