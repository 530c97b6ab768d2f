"""No page leads to a dead end: every link that a person is shown opens for that person."""

import re
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
    faults: list[str] = []
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
        faults += [f"{fault} on {path}" for fault in faults_of(answer.text)]
        for onward in links_of(answer.text, path):
            if onward not in shown_on:
                shown_on[onward] = path
                waiting.append(onward)
    assert dead == []
    assert faults == []
    assert len(visits) > 20


def links_of(page: str, path: str) -> list[str]:
    """The addresses on this site that a page links to."""
    found = []
    for link in BeautifulSoup(page, "html.parser").find_all("a", href=True):
        parts = urlsplit(urldefrag(urljoin(f"http://localhost{path}", str(link["href"]))).url)
        if parts.scheme == "http" and parts.netloc == "localhost":
            found.append(f"{parts.path}?{parts.query}" if parts.query else parts.path)
    return found


def faults_of(page: str) -> list[str]:
    """What is wrong with a page beside its links: titles, names that stand twice, jumps that lead nowhere."""
    soup = BeautifulSoup(page, "html.parser")
    names = Counter(str(part["id"]) for part in soup.find_all(id=True))
    # Several papers in one list each number their paragraphs; whoever points to one goes to its own page.
    faults = [
        f"id {name} {n} times" for name, n in names.items() if n > 1 and not re.fullmatch(r"p\d+", name)
    ]
    titles = soup.find_all("h1")
    if len(titles) != 1:
        faults.append(f"{len(titles)} main headings")
    for link in soup.find_all("a", href=True):
        target = str(link["href"])
        if target.startswith("#") and target[1:] not in names and not target.startswith("#fn"):
            faults.append(f"no {target}")
        if not (link.get_text(strip=True) or link.get("aria-label")):
            faults.append(f"no words for {target}")
    for part in soup.find_all(attrs={"aria-describedby": True}):
        missing = [name for name in str(part["aria-describedby"]).split() if name not in names]
        faults += [f"no description {name}" for name in missing]
    return faults


def endpoint_of(addresses: MapAdapter, path: str) -> str:
    """The kind of page at a path; the path itself where there is none."""
    try:
        return str(addresses.match(urlsplit(path).path)[0])
    except HTTPException:
        return path
