"""The edge: what people see when the database cannot be used, and the headers on every answer."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum import create_app
from forum.domain.accounts import AccessRequest, Account
from forum.domain.threads import Post
from forum.extensions import db
from tests.blueprints.forms import fields_of
from tests.builders import Builder
from tests.conftest import StoppedClock, test_settings

FullDisk = Callable[[], Callable[[], None]]


@pytest.fixture
def full_disk(app: Flask) -> FullDisk:
    """Let the database grow no further: what SQLite then says is what it says on a full disk.

    PostgreSQL takes no writes, as where another server has taken its place. Calling gives what ends it.
    """

    def fill() -> Callable[[], None]:
        pages = [1]

        @sa.event.listens_for(db.engine, "begin")
        def _cap(connection: sa.Connection) -> None:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql(f"PRAGMA max_page_count={pages[0]}")
            elif pages == [1]:
                connection.exec_driver_sql("SET TRANSACTION READ ONLY")

        def free() -> None:
            pages[0] = 1_000_000

        return free

    return fill


def test_a_full_disk_is_one_sentence_and_changes_nothing(
    client: FlaskClient, build: Builder, full_disk: FullDisk
) -> None:
    """503 with when to try again, not a stack trace."""
    full_disk()
    page = client.get("/accounts/request")
    token = page.text.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    answers = [
        client.post(
            "/accounts/request",
            data={
                "csrf_token": token,
                "email": f"someone-{number}@body.example",
                "name": "Some One",
                "organisation_name": "Example Body",
                "message": "I write on reporting formats. " * 60,
            },
        )
        for number in range(5)
    ]
    taken = [answer.status_code for answer in answers].count(303)
    assert answers[-1].status_code == 503
    assert "Nothing was changed" in answers[-1].text
    assert build.session.scalar(sa.select(sa.func.count(AccessRequest.id))) == taken


def test_what_was_typed_is_kept_while_the_disk_is_full(
    build: Builder,
    client_of: Callable[[Account | None], FlaskClient],
    full_disk: FullDisk,
) -> None:
    """The page holds the text; its button sends it again, and it is taken once there is room: once."""
    group = build.group()
    writer = build.member(group)
    post = build.post(build.thread(group, writer), author=writer)
    client = client_of(writer)
    path = f"/posts/{post.public_id}/reply"
    text = "A text of <some> & many words. " * 300
    sent = fields_of(client.get(path), holding="body") | {"body": text}
    free = full_disk()
    headers = {"Origin": "http://localhost"}
    refused = client.post(path, data=sent, headers=headers)
    assert refused.status_code == 503
    again = fields_of(refused, holding="body")
    assert again == {name: value for name, value in sent.items() if name in again}
    assert again["body"] == text
    free()
    taken = [client.post(path, data=again, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in taken] == [303, 303]
    build.session.rollback()
    found = sa.select(sa.func.count(Post.id)).where(Post.source.startswith("A text of <some> & many words."))
    assert build.session.scalar(found) == 1


@pytest.mark.parametrize(
    ("origin", "field"), [("http://elsewhere.example", "message"), ("http://localhost", "password")]
)
def test_what_is_another_sites_or_a_secret_is_not_shown_again(
    client: FlaskClient,
    session: Session,
    full_disk: FullDisk,
    origin: str,
    field: str,
) -> None:
    """Nothing of it is in the page."""
    sent = fields_of(client.get("/accounts/request"), holding="email") | {
        "organisation_name": "Example Body",
        "message": "I write on formats. " * 90,
        field: "these words " * 150,
    }
    full_disk()
    answers = []
    for number in range(5):
        person = {"name": "Some One", "email": f"someone-{number}@body.example"}
        answers.append(client.post("/accounts/request", data=sent | person, headers={"Origin": origin}))
    assert answers[-1].status_code == 503
    assert "these words" not in answers[-1].text


def test_a_database_that_is_gone_is_a_page_with_a_sentence(app: Flask, client: FlaskClient) -> None:
    """Even the error page asks the database nothing."""
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE working_group RENAME TO elsewhere")
    answer = client.get("/groups/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "nothing was lost" in answer.text


def test_a_signed_in_reader_gets_the_same_page(
    app: Flask, build: Builder, client_of: Callable[[Account | None], FlaskClient]
) -> None:
    """The session cannot be looked up either, and nothing crashes twice."""
    client = client_of(build.account())
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE login_session RENAME TO elsewhere")
    assert client.get("/").status_code == 503


def test_headers_are_on_every_answer(client: FlaskClient, clock: StoppedClock) -> None:
    """Pages and errors alike."""
    for path, status in (("/", 200), ("/nothing-here", 404)):
        answer = client.get(path)
        assert answer.status_code == status
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Vary"] == "Cookie"


def test_headers_are_on_the_sites_own_files(client: FlaskClient) -> None:
    """They pass the application by; they are framed by nobody and taken for nothing else."""
    for path in ("/static/css/theme.css", "/static/js/session.js", "/bootstrap/static/css/bootstrap.min.css"):
        with client.get(path) as answer:
            assert answer.status_code == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "charset=" in answer.headers["Content-Type"]
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Strict-Transport-Security" not in answer.headers


def test_over_tls_every_answer_asks_for_tls(empty_database: Path, tmp_path: Path) -> None:
    """Pages, errors and files, for two years and every name below."""
    client = create_app(test_settings(tmp_path) | {"TLS": True}).test_client()
    for path in ("/healthz", "/nothing-here", "/static/css/theme.css"):
        with client.get(path, base_url="https://localhost") as answer:
            assert answer.data
        assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


def test_the_cookie_over_tls(empty_database: Path, tmp_path: Path) -> None:
    """One cookie, for this host alone, over TLS alone, out of reach of scripts and of other sites' forms."""
    client = create_app(test_settings(tmp_path) | {"TLS": True}).test_client()
    (cookie,) = client.get("/accounts/sign-in", base_url="https://localhost").headers.getlist("Set-Cookie")
    name, *attributes = cookie.split("; ")
    assert name.startswith("__Host-forum=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} == {a for a in attributes if "Expires" not in a}


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND"])
def test_methods_that_no_page_has_are_refused(client: FlaskClient, method: str) -> None:
    """405, and nothing of the request comes back."""
    answer = client.open("/", method=method, headers={"X-Canary": "quoinstone"})
    assert answer.status_code == 405
    assert "quoinstone" not in answer.text


def test_a_foreign_host_is_refused(client: FlaskClient) -> None:
    """No page is built for a Host that is not ours."""
    assert client.get("/", headers={"Host": "attacker.example"}).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("get", "/nothing-here", 404, "Nothing here"),
        ("post", "/strategy/", 405, "Not in this way"),
        ("post", "/accounts/sign-in", 400, "The page was open too long"),
        ("get", "/administration/", 403, "Not yours to do"),
    ],
)
def test_an_error_is_a_page_with_a_way_out(
    build: Builder,
    client_of: Callable[[Account | None], FlaskClient],
    method: str,
    path: str,
    status: int,
    title: str,
) -> None:
    """The same look as every page, one heading, one sentence, and where to go from here."""
    client = client_of(build.account())
    answer = getattr(client, method)(path)
    assert answer.status_code == status
    soup = BeautifulSoup(answer.data, "html.parser")
    assert soup.main is not None
    assert soup.main.h1 is not None
    assert soup.main.h1.get_text() == title
    assert [a["href"] for a in soup.main.find_all("a")] == ["/", "/search", "/help/"]
    assert "Content-Security-Policy" in answer.headers


def test_a_request_that_is_too_large_is_told_so(client: FlaskClient) -> None:
    """413 as a page, not as a broken connection."""
    answer = client.post("/accounts/request", data={"message": "x" * 300_000})
    assert answer.status_code == 413
    assert "Too much at once" in answer.text
    assert "MB that this page takes" in answer.text
    assert "Back button" in answer.text


def test_a_crash_is_a_page_that_needs_nothing(empty_database: Path, tmp_path: Path) -> None:
    """500: something of ours broke, here the clock; the page says so and counts nothing."""

    def broken_clock() -> datetime:
        raise ValueError("no time")

    app = create_app(test_settings(tmp_path) | {"ENV": "development"}, clock=broken_clock)
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    assert "no time" not in answer.text
