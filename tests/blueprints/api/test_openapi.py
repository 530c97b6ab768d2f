"""The document says what the API does, no more and no less, and people can read it."""

import json
import re

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from forum.blueprints.problems import TITLES
from forum.policy.routes import ENTRIES, Entry
from tests.blueprints.api.checker import PREFIX, operation_of, wrong_with
from tests.blueprints.api.conftest import Api


def calls_of(app: Flask) -> set[tuple[str, str]]:
    """Every route and method of the API."""
    return {
        (method, re.sub(r"<(\w+)>", r"{\1}", rule.rule.removeprefix(PREFIX)))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - {"HEAD"}
    }


def test_the_document_has_every_call_and_no_other(app: Flask, api: Api) -> None:
    """Routes and document agree by path and method."""
    documented = {(method.upper(), path) for path, calls in api.document["paths"].items() for method in calls}
    assert documented == calls_of(app)
    assert len(documented) >= 12


def test_calls_are_let_in_by_token_and_pages_by_nobody(app: Flask) -> None:
    """The policy entries: TOKEN for every call, ANYONE for the description."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(PREFIX):
            is_call = rule.endpoint.startswith("api.")
            assert ENTRIES[rule.endpoint] is (Entry.TOKEN if is_call else Entry.ANYONE)


def test_the_document_is_whole(api: Api) -> None:
    """Version, unique names, references that lead somewhere, parameters that stand in their path."""
    document = api.document
    assert document["openapi"] == "3.1.0"
    text = json.dumps(document)
    for name in re.findall(r'"#/components/([^"]+)"', text):
        kind, _, key = name.partition("/")
        assert key in document["components"][kind], name
    operations = [(path, call) for path, calls in document["paths"].items() for call in calls.values()]
    names = [call["operationId"] for _, call in operations]
    assert len(names) == len(set(names))
    tags = {tag["name"] for tag in document["tags"]}
    for path, call in operations:
        in_path = {part["name"] for part in call["parameters"] if part["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", path))
        assert call["summary"]
        assert set(call["tags"]) <= tags
        for status in call["responses"]:
            assert int(status) < 300 or int(status) in TITLES


def test_lists_page_and_writes_take_a_key(api: Api) -> None:
    """Every list has cursor and limit, every write Idempotency-Key and a token."""
    for path, calls in api.document["paths"].items():
        for method, call in calls.items():
            names = {part["name"] for part in call["parameters"]}
            answer = call["responses"].get("200", {}).get("content", {}).get("application/json", {})
            if "items" in answer.get("schema", {}).get("properties", {}) and path != "/search":
                assert {"cursor", "limit"} <= names, path
            if method != "get":
                assert "Idempotency-Key" in names, path
                assert {} not in call["security"]


def test_the_checker_finds_what_is_wrong(api: Api) -> None:
    """The tests' own check refuses missing, further and wrong fields."""
    author = {"$ref": "#/components/schemas/Author"}
    good = dict.fromkeys(api.document["components"]["schemas"]["Author"]["properties"])
    assert wrong_with(good, author, api.document) == []
    for bad in (good | {"email": "x"}, {}, good | {"name": 1}, good | {"organisation_type": "club"}, None):
        assert wrong_with(bad, author, api.document) != []
    assert operation_of(api.document, "GET", "/groups/x/threads") is not None
    assert operation_of(api.document, "PUT", "/groups/x/threads") is None


def test_the_readable_page_has_every_call(client: FlaskClient, app: Flask) -> None:
    """A page in the house's look, with a heading a call, and an anchor for each problem's type."""
    answer = client.get(f"{PREFIX}/docs")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    page = BeautifulSoup(answer.text, "html.parser")
    headings = {heading.get_text(strip=True) for heading in page.select("h3 code")}
    assert headings == {f"{method} {PREFIX}{path}" for method, path in calls_of(app)}
    for status in TITLES:
        assert page.find(id=f"problem-{status}") is not None
    for link in page.select("main a[href^='#']"):
        assert page.find(id=str(link["href"])[1:]) is not None


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
def test_the_description_asks_for_no_token(client: FlaskClient, path: str) -> None:
    """A wrong token does not matter there: nothing depends on who asks."""
    answer = client.get(PREFIX + path, headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 200
