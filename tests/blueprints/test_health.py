"""Liveness and readiness."""

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.database import writing
from forum.domain.attribution import SubjectKind
from forum.domain.outbox import OutboxEntry
from forum.services.outbox import enqueue_index
from tests.conftest import StoppedClock
from tests.servers import free_port


def test_a_process_that_answers_is_alive(client: FlaskClient) -> None:
    """/healthz asks nothing of the database."""
    assert client.get("/healthz").json == {"status": "ok"}


def test_a_sound_site_is_ready(client: FlaskClient) -> None:
    """/readyz names every part that it looked at."""
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {
        "status": "ready",
        "parts": {
            "database": "ok",
            "outbox": "ok",
            "search": "ok",
            "disk": "ok",
            "limits": "ok",
            "mail": "ok",
            "drift": "ok",
        },
    }


def test_readiness_names_what_is_wrong_and_no_more(
    client: FlaskClient, session: Session, clock: StoppedClock
) -> None:
    """A dead letter makes the site not ready; paths and addresses stay inside."""
    enqueue_index(session, SubjectKind.POST, 1, now=clock())
    session.flush()
    for entry in session.query(OutboxEntry):
        entry.failed_at = clock()
    session.commit()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {
        "status": "not ready",
        "parts": {
            "database": "ok",
            "outbox": "wrong",
            "search": "ok",
            "disk": "ok",
            "limits": "ok",
            "mail": "ok",
            "drift": "warning",
        },
    }


def test_a_mail_server_that_does_not_answer_is_named(app: Flask, client: FlaskClient) -> None:
    """As a warning: letters wait in the outbox, and nobody is sent away from the pages for it."""
    app.config["MAIL_URL"] = f"smtp://127.0.0.1:{free_port()}"
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["parts"]["mail"] == "warning"


def test_an_index_that_falls_behind_is_named(
    client: FlaskClient, session: Session, clock: StoppedClock
) -> None:
    """Changes that wait for long: the outbox is wrong, and the index with it."""
    with writing(session):
        enqueue_index(session, SubjectKind.POST, 1, now=clock())
    clock.advance(minutes=6)
    answer = client.get("/readyz")
    assert answer.json is not None
    assert answer.json["parts"]["drift"] == "warning"
    assert answer.json["parts"]["outbox"] == "wrong"
