"""Filling in forms as a browser would."""

from typing import Any

from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def soup_of(answer: TestResponse) -> BeautifulSoup:
    """Read a page."""
    return BeautifulSoup(answer.data, "html.parser")


def fields_of(
    answer: TestResponse, form_id: str | None = None, *, holding: str | None = None
) -> dict[str, str]:
    """Give what the page's form would send: the one with this id, with this field, or the last."""
    soup = soup_of(answer)
    form = soup.find("form", id=form_id) if form_id else soup.find_all("form", method="post")[-1]
    if holding is not None:
        form = next(field.find_parent("form") for field in soup.find_all(attrs={"name": holding}))
    assert form is not None, "the page has no such form"
    fields: dict[str, str] = {}
    for field in form.find_all(["input", "textarea", "select"]):
        name = field.get("name")
        if not name or field.get("type") in {"checkbox", "submit"}:
            continue
        if field.get("type") == "radio" and not field.has_attr("checked"):
            continue
        if field.name == "textarea":
            fields[name] = field.text.removeprefix("\r\n").removeprefix("\n")
        elif field.name == "select":
            chosen = field.find("option", selected=True) or field.find("option")
            fields[name] = chosen["value"] if chosen else ""
        else:
            fields[name] = field.get("value", "")
    return fields


def send(
    client: FlaskClient, path: str, form_id: str | None = None, *, holding: str | None = None, **values: Any
) -> TestResponse:
    """Open a page, fill in its form and send it."""
    fields = fields_of(client.get(path), form_id, holding=holding)
    return client.post(path, data=fields | values)


def post(client: FlaskClient, path: str, **values: Any) -> TestResponse:
    """Send a form without its page, with a token that the client got elsewhere."""
    for page in ("/accounts/sign-in", "/accounts/settings"):
        field = soup_of(client.get(page)).find("input", attrs={"name": "csrf_token"})
        if field is not None:
            return client.post(path, data={"csrf_token": field["value"]} | values)
    raise AssertionError("no page gave a token")
