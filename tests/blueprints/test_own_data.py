"""A person takes all that is stored about them, and nothing about anybody else."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.audit import AuditEntry
from forum.domain.labels import Ceiling, Status
from forum.domain.threads import ReadMarker
from forum.services.access_tokens import Scope, create_token
from forum.services.sealing import account_key, sealed_key
from forum.services.subjects import record_authorship
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.support import submit

ClientOf = Callable[[Account | None], FlaskClient]


def taken(client: FlaskClient) -> tuple[dict[str, Any], str]:
    """The two halves of the file."""
    answer = submit(client, "/me/data")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        return json.loads(archive.read("my-data.json")), archive.read("my-data.html").decode()


def test_it_holds_all_of_one_person_and_nothing_of_another(
    build: Builder, session: Session, client_of: ClientOf, clock: StoppedClock
) -> None:
    """Account, role, drafts, held and published texts, read marker, session, token: hers, and not his."""
    hers, his = build.account("Hedda Own"), build.account("Otmar Other")
    group = build.group(Ceiling.MEMBERS)
    for person in (hers, his):
        build.member(group, person)
        thread = build.thread(group, person, title=f"Title of {person.name}")
        build.post(thread, person, text=f"Held by {person.name}", status=Status.PENDING)
        build.paper(group, person, text=f"Draft of {person.name}", status=Status.DRAFT)
        session.add(ReadMarker(account_id=person.id, thread_id=thread.id, read_at=clock()))
        token = create_token(session, person, name=f"{person.name}'s", scopes=[Scope.READ], now=clock())[1]
    session.commit()
    data, page = taken(client_of(hers))
    for words in ("Held by Hedda Own", "Draft of Hedda Own", "Hedda Own&#39;s"):
        assert words in page
    assert {"account", "membership", "post", "paper_version", "read_marker", "login_session"} <= data.keys()
    whole = json.dumps(data) + page
    assert "Otmar Other" not in whole
    assert token not in whole
    assert not {"password_hash", "token_hash", "id_hash"} & {
        key for rows in data.values() for row in rows for key in row
    }
    assert session.scalars(sa.select(AuditEntry.action)).all().count("privacy.exported") == 1


def test_it_holds_what_was_written_under_the_chatham_house_rule(
    build: Builder, session: Session, client_of: ClientOf
) -> None:
    """Only whoever wrote it can find it again."""
    group = build.group(attribution=Attribution.CHATHAM_HOUSE)
    hers, his = build.member(group), build.member(group)
    post = build.post(build.thread(group), text="Said under the rule.", alias="NGO A")
    key = sealed_key(SEALING, account_key(hers.id))
    record_authorship(session, SubjectKind.POST, post.id, [key])
    session.commit()
    assert "Said under the rule." in taken(client_of(hers))[1]
    assert "Said under the rule." not in taken(client_of(his))[1]


def test_the_page_says_what_is_in_it(build: Builder, client_of: ClientOf) -> None:
    page = client_of(build.account()).get("/me/data").text
    assert "is not kept here" in page
    assert 'href="/privacy"' in page


def test_the_readable_page_shows_markup_as_it_was_typed(build: Builder, client_of: ClientOf) -> None:
    """Whoever opens the file runs nothing."""
    person = build.account("<script>alert(1)</script>")
    assert "<script>" not in taken(client_of(person))[1]


def test_whoever_has_not_proved_themselves_lately_is_asked(
    build: Builder, client_of: ClientOf, clock: StoppedClock
) -> None:
    """It is everything about a person: a browser left open is not enough."""
    client = client_of(build.account())
    clock.advance(minutes=20)
    answer = submit(client, "/me/data")
    assert (answer.status_code, answer.mimetype) == (403, "text/html")


def test_the_privacy_page_says_who_answers_under_which_law_and_for_how_long(
    app: Flask, client: FlaskClient
) -> None:
    """From the same settings that the worker keeps."""
    app.config.update(
        CONTROLLER="Example Controller", LEGAL_REGIME="eu-institutions", RETENTION_NOTICES_DAYS=77
    )
    text = client.get("/privacy").text
    for words in ("Example Controller", "(EU) 2018/1725", "77 days"):
        assert words in text
