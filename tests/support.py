"""Small tools for tests."""

import email
import email.policy
import io
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import event
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from forum.cli.worker import build_lanes, run_once, sessions_of
from forum.clock import Clock


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


def submit(
    client: FlaskClient,
    path: str,
    data: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> TestResponse:
    """Post a form with a valid CSRF token, as the page's own form would."""
    app = client.application
    raw = secrets.token_hex(20)
    with client.session_transaction() as cookie:
        cookie["csrf_token"] = raw
    token = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(raw)
    return client.post(path, data={"csrf_token": token} | dict(data or {}), headers=dict(headers or {}))


def submit_file(
    client: FlaskClient, path: str, data: bytes, name: str, fields: Mapping[str, Any] | None = None
) -> TestResponse:
    """Post a form with a file in its field `file`, however large, as a browser would."""
    app = client.application
    raw = secrets.token_hex(20)
    with client.session_transaction() as cookie:
        cookie["csrf_token"] = raw
    token = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(raw)
    values = {"csrf_token": token, **(fields or {}), "file": FileStorage(io.BytesIO(data), name)}
    boundary, body = encode_multipart(values)
    return client.post(path, data=body, content_type=f'multipart/form-data; boundary="{boundary}"')


def errors_in(answer: TestResponse) -> str:
    """Give the text of a page's complaint about a form."""
    found = BeautifulSoup(answer.text, "html.parser").select("[role=alert]")
    return " ".join(part.get_text(" ", strip=True) for part in found)


def look_again(session: Session) -> None:
    """Have a test's session read anew what requests have changed."""
    session.rollback()
    session.expire_all()


def deliver(app: Flask, clock: Clock) -> list[EmailMessage]:
    """Let the worker do everything that is due; gives all mail so far, in the order of its names."""
    run_once(sessions_of(app), clock, build_lanes(app, clock))
    folder = Path(app.config["INSTANCE"]) / "mail"
    mails = []
    for path in sorted(folder.glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        mails.append(message)
    return mails


def body_of(message: EmailMessage) -> str:
    """Give both halves of a mail, decoded, after each other."""
    return "\n".join(part.get_content() for part in message.walk() if part.get_content_maintype() == "text")
