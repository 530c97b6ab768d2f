"""Static pages and the glossary."""

import itertools

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from forum.blueprints.datafiles import glossary


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/accessibility", "Accessibility"),
        ("/glossary", "Glossary"),
        ("/help/", "Help"),
        ("/help/moderation", "How moderation works"),
        ("/privacy", "Privacy"),
        ("/who-can-read-what", "Who can read what"),
    ],
)
def test_everyone_reads_how_the_site_works(client: FlaskClient, path: str, heading: str) -> None:
    """Each page has its title as its only first heading, and levels that skip none."""
    answer = client.get(path)
    assert answer.status_code == 200
    main = BeautifulSoup(answer.data, "html.parser").main
    assert main is not None
    assert [h.get_text() for h in main.find_all("h1")] == [heading]
    levels = [int(h.name[1]) for h in main.find_all(["h1", "h2", "h3", "h4"])]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_the_site_puts_its_own_names_in(app: Flask, client: FlaskClient) -> None:
    """Owner and contact come from the settings."""
    app.config.update(OWNER="the Example Agency", CONTACT="someone@agency.example")
    text = client.get("/privacy").text
    assert "the Example Agency" in text
    assert "someone@agency.example" in text
    assert "{{" not in text


def test_the_glossary_has_an_address_for_each_word(client: FlaskClient) -> None:
    """Every entry can be linked to, and every 'see' leads to one."""
    soup = BeautifulSoup(client.get("/glossary").data, "html.parser")
    dl = soup.find("dl", class_="glossary")
    assert dl is not None
    assert {str(div["id"]) for div in dl.find_all("div")} == {entry.slug for entry in glossary()}
    for link in dl.find_all("a"):
        assert soup.find(id=str(link["href"])[1:])
