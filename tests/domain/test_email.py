"""One spelling for each address."""

import pytest

from forum.domain.email import fold_email, parse_email
from forum.errors import Invalid


def test_one_spelling() -> None:
    """Case and blanks around do not make another person."""
    assert parse_email(" Ada@Members.Example ") == "ada@members.example" == fold_email("ADA@members.example")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("ada", id="no @"),
        pytest.param("ada@localhost", id="no domain"),
        pytest.param('"ada b"@members.example', id="quoted part"),
        pytest.param("ada@members.example\r\nBcc: eve@members.example", id="a second header"),
        pytest.param("ada@members.example, eve@members.example", id="two addresses"),
        pytest.param("Ada <ada@members.example>", id="a name around it"),
        pytest.param("a" * 250 + "@members.example", id="too long"),
        pytest.param("", id="nothing"),
    ],
)
def test_bad_addresses_are_refused(text: str) -> None:
    """What is no single plain address is refused at its field."""
    with pytest.raises(Invalid) as caught:
        parse_email(text)
    assert caught.value.field == "email"
