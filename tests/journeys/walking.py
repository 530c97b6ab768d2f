"""Seeing all that somebody can see: every address that the application knows, every link from there."""

import html
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

_HREF = re.compile(r'href="(/[^"#]*)')
_DRAWN_ANEW = re.compile(
    r'nonce="[^"]*"|name="(?:[\w-]*-)?(?:csrf_token|submission|state)"[^>]*|[\d,.]+ GB free'
    r'|data-options="[^"]*"'
    r"|last used <time[^>]*>[^<]*"
    r"|<dcterms:(?:created|modified)[^>]*>[^<]*"
)
"""What differs from one answer to the next by itself: one-use keys, how full the disk is, when one looked."""


def known_addresses(app: Flask, names: Mapping[str, str]) -> Iterator[str]:
    """Give the address of every route that can be read, with everything that fits in place of its variables.

    `names` are values (ids, slugs) that somebody might have heard of. An argument that names the kind of
    thing takes any of them: whether it fits is for the application to say.
    """
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or rule.endpoint.endswith("static"):
            continue
        for values in _fillings(rule, names):
            yield adapter.build(rule.endpoint, values)


def _fillings(rule: Rule, names: Mapping[str, str]) -> Iterator[dict[str, object]]:
    slug = names["body" if "organisation" in rule.endpoint else "group"]
    fixed: dict[str, object] = {"slug": slug, "number": 1, "anchor": "p1", "token": "x" * 43}
    free = rule.arguments - fixed.keys() - {"of"}
    ids = [value for key, value in names.items() if key not in {"body", "group"}]
    for public_id in ids if free else [""]:
        for kind in ("post", "version") if "of" in rule.arguments else ("",):
            values = fixed | {"of": kind} | dict.fromkeys(free, public_id)
            yield {argument: values[argument] for argument in rule.arguments}


def walk(client: FlaskClient, starts: Iterable[str], *, limit: int = 600) -> dict[str, TestResponse]:
    """Follow every link from the starts on, at most `limit` of them; gives each answer by its address.

    Links with a query are not followed: filters and facets can be combined without end, and a world
    small enough for a test has no second pages.
    """
    seen: dict[str, TestResponse] = {}
    waiting = list(dict.fromkeys(starts))
    most = 2 * len(waiting) + limit  # a visitor is led from each of them to a sign-in of its own
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        assert len(seen) < most, f"the walk does not end: {sorted(seen)[-5:]}"
        seen[path] = answer = client.get(path)
        if answer.mimetype == "text/html":
            waiting += [link for link in _links(answer) if link not in seen]
        if answer.location:
            waiting.append(_local(answer.location))
    return seen


def _links(answer: TestResponse) -> Iterator[str]:
    for href in _HREF.findall(answer.get_data().decode("utf-8", "replace")):
        if "?" not in href and not href.startswith(("/static", "/bootstrap", "//")):
            yield _local(href)


def _local(address: str) -> str:
    parts = urlsplit(html.unescape(address))
    return parts.path + (f"?{parts.query}" if parts.query else "")


def telling(answer: TestResponse) -> tuple[int, str]:
    """Give what an answer tells: its status and its text, without what is drawn anew for each answer."""
    data = answer.get_data()
    if data.startswith(b"PK"):  # a spreadsheet: what is in it, not when it was packed
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data = b"\n".join(name.encode() + archive.read(name) for name in archive.namelist())
    return answer.status_code, _DRAWN_ANEW.sub("", data.decode("utf-8", "replace"))
