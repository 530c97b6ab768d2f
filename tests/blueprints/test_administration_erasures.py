"""Erasing somebody through the pages: asked for, recorded, previewed, decided, told."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus, PlatformRole
from forum.domain.audit import AuditEntry
from forum.domain.erasures import Erasure, ErasureState
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import body_of, deliver, errors_in, look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def boss(build: Builder) -> Account:
    return build.account("Boss", platform_role=PlatformRole.ADMINISTRATOR)


@pytest.fixture
def ada(build: Builder) -> Account:
    return build.account("Ada Sample", email="ada@members.example", password_hash="x")


def asked(session: Session, client: FlaskClient) -> str:
    """Ask under My data and give the address of the request."""
    assert submit(client, "/me/data/erasure").status_code == 303
    look_again(session)
    return f"/administration/erasures/{session.scalars(sa.select(Erasure.public_id)).one()}/"


def test_from_the_question_to_the_last_letter(
    app: Flask, session: Session, build: Builder, client_of: ClientOf, boss: Account, ada: Account,
    clock: StoppedClock,
) -> None:  # fmt: skip
    """Asked once, shown to administrators with what it would do, decided with a reason, told, signed out."""
    build.post(build.thread(build.group()), ada)
    client, administrator = client_of(ada), client_of(boss)
    address = asked(session, client)
    submit(client, "/me/data/erasure")
    assert "You asked to be erased on" in client.get("/me/data").text
    assert "1 person waits to be erased" in administrator.get("/administration/").text
    assert "Ada Sample" in administrator.get("/administration/erasures/").text
    page = administrator.get(address).text
    for words in ("Erase Ada Sample", "It cannot be undone", "by the person", "Sessions"):
        assert words in page
    missing = submit(administrator, address, {"answer": "grant", "texts": "terms", "reason": " "})
    assert missing.status_code == 422
    assert "Write why" in errors_in(missing)
    done = submit(administrator, address, {"answer": "grant", "texts": "terms", "reason": "Art. 17(1)(b)."})
    assert done.location == address
    (mail,) = [mail for mail in deliver(app, clock) if "ada@members.example" in str(mail["To"])]
    assert "Art. 17(1)(b)." in body_of(mail)
    look_again(session)
    assert ada.status is AccountStatus.FORMER
    page = administrator.get(address).text
    assert "What was done" in page
    assert "Ada Sample" not in page
    assert "Ada Sample" not in administrator.get("/administration/erasures/").text
    assert client.get("/me/data").status_code == 302, "her session has ended"
    person = administrator.get(f"/administration/people/{ada.public_id}/").text
    assert "This person was erased" in person
    assert "Switch off" not in person
    actions = session.scalars(sa.select(AuditEntry.action)).all()
    assert {"privacy.erasure_asked", "privacy.erased"} <= set(actions)
    assert actions.count("privacy.erasure_asked") == 1


def test_it_can_be_taken_back(session: Session, client_of: ClientOf, ada: Account) -> None:
    """As long as nobody has decided."""
    client = client_of(ada)
    asked(session, client)
    assert submit(client, "/me/data/erasure/take-back").location.endswith("/me/data#erasure")
    look_again(session)
    assert session.scalars(sa.select(Erasure.state)).one() is ErasureState.TAKEN_BACK
    assert submit(client, "/me/data/erasure/take-back").status_code == 409
    assert "Ask to be erased" in client.get("/me/data").text


def test_a_request_by_another_way_is_recorded(
    session: Session, client_of: ClientOf, boss: Account, ada: Account
) -> None:
    """For whoever wrote to the data protection contact; a refusal shows under My data."""
    administrator = client_of(boss)
    address = submit(administrator, f"/administration/people/{ada.public_id}/erasure").location
    assert "recorded for the person" in administrator.get(address).text
    submit(administrator, address, {"answer": "refuse", "texts": "terms", "reason": "Not who they say."})
    assert "Not who they say." in client_of(ada).get("/me/data").text
    assert (
        submit(administrator, address, {"answer": "grant", "texts": "terms", "reason": "x"}).status_code
        == 409
    )


def test_nobody_else_decides(
    session: Session, build: Builder, client_of: ClientOf, boss: Account, ada: Account, clock: StoppedClock
) -> None:
    """The secretariat of the platform does not, nor oneself, nor a browser left open."""
    address = asked(session, client_of(ada))
    secretary = client_of(build.account(platform_role=PlatformRole.SECRETARIAT))
    for client in (secretary, client_of(ada)):
        assert client.get(address).status_code in {403, 404}
    own = client_of(boss)
    submit(own, "/me/data/erasure")
    look_again(session)
    mine = session.scalars(sa.select(Erasure.public_id).where(Erasure.account_id == boss.id)).one()
    assert "Somebody else decides" in own.get(f"/administration/erasures/{mine}/").text
    clock.advance(minutes=20)
    assert submit(own, address, {"answer": "refuse", "texts": "terms", "reason": "x"}).status_code == 403


def test_the_list_says_what_waits(
    session: Session, build: Builder, client_of: ClientOf, boss: Account
) -> None:
    """Empty and full."""
    client = client_of(boss)
    assert "Nobody has asked" in client.get("/administration/erasures/").text
    for _ in range(3):
        session.add(Erasure(account_id=build.account().id, asked_at=build.clock()))
    session.commit()
    assert client.get("/administration/erasures/").text.count("waits for a decision") == 3
