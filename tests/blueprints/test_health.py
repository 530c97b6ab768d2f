"""Liveness and readiness."""

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.outbox import OutboxEntry
from forum.services.outbox import enqueue_index
from tests.conftest import StoppedClock


def test_a_process_that_answers_is_alive(client: FlaskClient) -> None:
    """/healthz asks nothing of the database."""
    assert client.get("/healthz").json == {"status": "ok"}


def test_a_sound_site_is_ready(client: FlaskClient) -> None:
    """/readyz names every part that it looked at."""
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {
        "status": "ready",
        "parts": {"database": "ok", "outbox": "ok", "search": "ok", "disk": "ok", "limits": "ok"},
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
        "parts": {"database": "ok", "outbox": "wrong", "search": "ok", "disk": "ok", "limits": "ok"},
    }
