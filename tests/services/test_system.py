"""How the system is shown, and dead letters given another round."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, PlatformRole
from forum.domain.audit import AuditEntry
from forum.domain.outbox import OutboxEntry, Topic
from tests.blueprints.forms import fields_of
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import look_again

ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def letter(session: Session, clock: StoppedClock) -> OutboxEntry:
    """A mail that was given up."""
    entry = OutboxEntry(
        topic=Topic.MAIL, payload={}, created_at=clock(), available_at=clock(), attempts=8,
        failed_at=clock(), error="SMTPDataError 451",
    )  # fmt: skip
    session.add(entry)
    session.commit()
    return entry


def test_a_dead_letter_is_shown_and_tried_again_with_a_reason(
    session: Session, build: Builder, client_of: ClientOf, letter: OutboxEntry
) -> None:
    """An administrator says why, and the record keeps it with the number."""
    client = client_of(build.account(platform_role=PlatformRole.ADMINISTRATOR))
    assert "SMTPDataError 451" in client.get("/administration/system/").text
    fields = fields_of(client.get("/administration/system/"), holding="reason") | {"reason": "mended"}
    form = client.post("/administration/system/retry", data=fields)
    assert form.status_code == 303
    look_again(session)
    assert session.get_one(OutboxEntry, letter.id).failed_at is None
    entry = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number.desc())).first()
    assert entry is not None
    assert (entry.action, entry.read_facts()) == ("outbox.retried", {"entries": 1, "reason": "mended"})


def test_only_administrators_see_it(build: Builder, client_of: ClientOf) -> None:
    """Managers of people do not."""
    assert client_of(build.account()).get("/administration/system/").status_code == 403


def test_metrics_are_for_this_machine_or_whoever_holds_the_token(app: Flask, letter: OutboxEntry) -> None:
    """Anybody else finds nothing there."""
    client = app.test_client()
    told = client.get("/metrics")
    assert told.status_code == 200
    assert 'forum_outbox_failed{topic="mail"} 1.0' in told.text
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
    app.config["METRICS_TOKEN"] = "a-token"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer a-token"}).status_code == 200
