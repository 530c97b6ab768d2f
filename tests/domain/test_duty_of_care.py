"""Where to turn: general lines always, a country's contacts only when somebody has checked them."""

from pathlib import Path

import pytest

from forum.domain.datafile import DataFileError
from forum.domain.duty_of_care import load_duty_of_care

FILE = Path(__file__).parents[2] / "config" / "duty_of_care.toml"
ENTRY = "\n[[countries]]\ncountry = '{country}'\nhotline_name = 'Sample hotline'\nverified = {verified}\n"


def with_entry(tmp_path: Path, country: str, verified: str, more: str = "") -> Path:
    """Writes the shipped file with one country in it."""
    path = tmp_path / "duty_of_care.toml"
    text = FILE.read_text(encoding="utf-8").replace("countries = []", "")
    path.write_text(text + ENTRY.format(country=country, verified=verified) + more, encoding="utf-8")
    return path


def test_the_general_lines_are_there_and_no_contact_is_invented():
    """112, 116 111 and the network of hotlines hold everywhere; the rest is for the operator."""
    care = load_duty_of_care(FILE)
    assert (care.emergency, care.child_helpline, care.child_helpline_note) == (
        "112",
        "116 111",
        "where available",
    )
    assert care.hotline_network == "INHOPE"
    assert care.countries == ()


@pytest.mark.parametrize(("verified", "printed"), [("true", 1), ("false", 0)])
def test_only_verified_contacts_are_printed(tmp_path, verified, printed):
    care = load_duty_of_care(with_entry(tmp_path, "BE", verified))
    assert len(care.countries) == 1
    assert len(care.printed_countries) == printed


@pytest.mark.parametrize(
    ("country", "more", "message"),
    [
        pytest.param("Belgium", "", "country: 'Belgium' must be an ISO code", id="no code"),
        pytest.param(
            "BE", "hotline_address = 'http://hotline.example'\n", "hotline_address: must begin", id="no TLS"
        ),
    ],
)
def test_a_wrong_contact_is_named(tmp_path, country, more, message):
    with pytest.raises(DataFileError, match=message):
        load_duty_of_care(with_entry(tmp_path, country, "true", more))
