"""Small tools for tests."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import event
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse


@contextmanager
def count_statements(engine: sa.Engine) -> Iterator[list[str]]:
    """Collect the statements that run inside the block (without BEGIN, COMMIT and PRAGMA)."""
    seen: list[str] = []

    def note(_c: object, _k: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def submit(client: FlaskClient, path: str, data: Mapping[str, Any] | None = None) -> TestResponse:
    """Post a form with a valid CSRF token, as the page's own form would."""
    app = client.application
    raw = secrets.token_hex(20)
    with client.session_transaction() as cookie:
        cookie["csrf_token"] = raw
    token = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(raw)
    return client.post(path, data={"csrf_token": token} | dict(data or {}))


def errors_in(answer: TestResponse) -> str:
    """Give the text of a page's complaint about a form."""
    found = BeautifulSoup(answer.text, "html.parser").select("[role=alert]")
    return " ".join(part.get_text(" ", strip=True) for part in found)


def look_again(session: Session) -> None:
    """Have a test's session read anew what requests have changed."""
    session.rollback()
    session.expire_all()
