"""No page leads to a dead end: every link that a person is shown opens for that person."""

from collections import Counter
from collections.abc import Callable
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from forum.domain.accounts import Account
from tests.browser.world import build_world
from tests.builders import Builder

EACH = 3
"""Pages of one kind that are visited for one person."""


@pytest.mark.parametrize(
    "persona", ["visitor", "member", "moderator", "chair", "secretariat", "administrator", "outsider"]
)
def test_every_link_opens(
    app: Flask, build: Builder, client_of: Callable[[Account | None], FlaskClient], persona: str
) -> None:
    """Beginning at home, through everything that links lead to."""
    client = client_of(build_world(build).people.get(persona))
    addresses = app.url_map.bind("localhost")
    visits: Counter[str] = Counter()
    shown_on = {"/": ""}
    waiting = ["/"]
    dead: list[str] = []
    while waiting:
        path = waiting.pop(0)
        visits[endpoint := endpoint_of(addresses, path)] += 1
        if visits[endpoint] > EACH:
            continue
        answer = client.get(path)
        if answer.status_code >= 400:
            dead.append(f"{answer.status_code} {path} on {shown_on[path]}")
        if answer.mimetype != "text/html":
            continue
        for onward in links_of(answer.text, path):
            if onward not in shown_on:
                shown_on[onward] = path
                waiting.append(onward)
    assert dead == []
    assert len(visits) > 20


def links_of(page: str, path: str) -> list[str]:
    """The addresses on this site that a page links to."""
    found = []
    for link in BeautifulSoup(page, "html.parser").find_all("a", href=True):
        parts = urlsplit(urldefrag(urljoin(f"http://localhost{path}", str(link["href"]))).url)
        if parts.scheme == "http" and parts.netloc == "localhost":
            found.append(f"{parts.path}?{parts.query}" if parts.query else parts.path)
    return found


def endpoint_of(addresses: MapAdapter, path: str) -> str:
    """The kind of page at a path; the path itself where there is none."""
    try:
        return str(addresses.match(urlsplit(path).path)[0])
    except HTTPException:
        return path
