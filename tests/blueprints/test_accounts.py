"""Signing in and out through the pages."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from forum.blueprints.accounts import own_path
from forum.domain.accounts import Account, AccountStatus, LoginSession
from forum.extensions import db, passwords
from forum.services.passwords import Passwords
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import count_statements, errors_in, look_again, submit

PASSWORD = "gravel tulip orbit canteen"
WRONG = "gravel tulip orbit kitchen"

ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def ada(build: Builder) -> Account:
    """Somebody with a password."""
    return build.account("Ada", email="ada@members.example", password_hash=passwords().hash(PASSWORD))


def sign_in(client: FlaskClient, email: str, password: str, **fields: str) -> TestResponse:
    return submit(client, "/accounts/sign-in", {"email": email, "password": password} | fields)


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/accounts/sign-in").status_code == 303


def sessions_of(session: Session, account: Account) -> list[LoginSession]:
    look_again(session)
    return list(session.scalars(sa.select(LoginSession).where(LoginSession.account_id == account.id)))


def test_the_right_password_signs_in(client: FlaskClient, session: Session, ada: Account) -> None:
    """Address in any spelling, right password: a session on the server, and on to the home page."""
    answer = sign_in(client, " ADA@Members.example", PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/")
    assert len(sessions_of(session, ada)) == 1
    assert is_signed_in(client)


def test_the_session_id_is_new_at_every_sign_in(client: FlaskClient, session: Session, ada: Account) -> None:
    """What was in the cookie before is gone, and the session before is ended."""
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
        cookie["_user_id"] = "chosen-by-somebody-else"
    sign_in(client, "ada@members.example", PASSWORD)
    with client.session_transaction() as cookie:
        first = cookie["_user_id"]
        assert first != "chosen-by-somebody-else"
        assert "planted" not in cookie
    sign_in(client, "ada@members.example", PASSWORD)
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != first
    assert sorted(row.revoked_at is None for row in sessions_of(session, ada)) == [False, True]


def test_signing_out_ends_the_session_on_the_server(
    client_of: ClientOf, session: Session, ada: Account
) -> None:
    """A copy of the cookie is worth nothing afterwards, and the browser is told to keep nothing."""
    client, thief = client_of(ada), client_of(None)
    with client.session_transaction() as cookie, thief.session_transaction() as copy:
        copy["_user_id"] = cookie["_user_id"]
    assert is_signed_in(thief)
    answer = submit(client, "/accounts/sign-out")
    assert answer.status_code == 303
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not is_signed_in(client)
    assert not is_signed_in(thief)


def test_signing_out_takes_a_form_of_this_site(client_of: ClientOf, ada: Account) -> None:
    """No link, and no other site, signs anybody out."""
    client = client_of(ada)
    assert client.get("/accounts/sign-out").status_code == 405
    assert client.post("/accounts/sign-out").status_code == 400
    assert is_signed_in(client)


def test_a_session_ends_after_half_an_hour_of_nothing(
    client_of: ClientOf, ada: Account, clock: StoppedClock
) -> None:
    """Activity keeps it, idleness ends it, and so do twelve hours in any case."""
    client = client_of(ada)
    for _ in range(3):
        clock.advance(minutes=29)
        assert is_signed_in(client)
    clock.advance(minutes=31)
    assert not is_signed_in(client)
    client = client_of(ada)
    end = clock() + timedelta(hours=12)
    while clock.advance(minutes=20) < end:
        assert is_signed_in(client)
    assert not is_signed_in(client)


@pytest.fixture
def doors(build: Builder, ada: Account) -> dict[str, str]:
    """Every reason for which a sign-in can fail, as the address that is typed."""
    stored = passwords().hash(PASSWORD)
    build.account(email="ghost@members.example", status=AccountStatus.PLACEHOLDER)
    build.account(email="off@members.example", status=AccountStatus.DISABLED, password_hash=stored)
    build.account(email="invited@members.example", status=AccountStatus.ACTIVE, password_hash=None)
    return {
        "wrong password": "ada@members.example",
        "unknown": "nobody@members.example",
        "placeholder": "ghost@members.example",
        "disabled": "off@members.example",
        "no password yet": "invited@members.example",
    }


def test_every_failure_looks_the_same_and_costs_the_same(
    client_of: ClientOf,
    app: Flask,
    doors: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In words, in statements and in hash calls: nothing tells which addresses have accounts."""
    calls: list[str] = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(
        PasswordHasher,
        "verify",
        lambda self, stored, given: (calls.append("verify"), verify(self, stored, given))[1],
    )
    sign_in(client_of(None), "first@members.example", WRONG)
    seen = {}
    for number, (reason, email) in enumerate(doors.items()):
        calls.clear()
        client = client_of(None)
        with count_statements(db.engine) as statements:
            password = PASSWORD if reason != "wrong password" else WRONG
            answer = submit(client, "/accounts/sign-in", {"email": email, "password": password})
        seen[reason] = (answer.status_code, errors_in(answer), len(statements), list(calls))
        assert answer.status_code == 422, number
        assert not is_signed_in(client)
    assert len({str(value) for value in seen.values()}) == 1, seen


def test_the_address_stays_and_the_password_does_not(client: FlaskClient, ada: Account) -> None:
    """What was typed is kept, except for the secret."""
    page = sign_in(client, "ada@members.example", WRONG).text
    assert 'value="ada@members.example"' in page
    assert WRONG not in page


def test_failures_delay_the_next_try(
    client: FlaskClient, app: Flask, ada: Account, clock: StoppedClock
) -> None:
    """The answer says how long to wait, even the right password waits, and the account is never locked."""
    app.config["SIGN_IN_DELAY"] = 5
    assert [sign_in(client, "ada@members.example", WRONG).status_code for _ in range(3)] == [422, 422, 429]
    answer = sign_in(client, "ada@members.example", PASSWORD)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
    assert "in 5 s" in errors_in(answer)
    clock.advance(seconds=5)
    assert sign_in(client, "ada@members.example", PASSWORD).status_code == 303


def test_disabling_ends_every_session_at_once(client_of: ClientOf, session: Session, ada: Account) -> None:
    """The next click of somebody who was disabled is a stranger's."""
    client = client_of(ada)
    assert is_signed_in(client)
    ada.status = AccountStatus.DISABLED
    session.commit()
    assert not is_signed_in(client)


def test_a_weaker_hash_is_renewed_at_sign_in(client: FlaskClient, session: Session, build: Builder) -> None:
    """After the parameters are changed, the next sign-in stores the password anew."""
    old = Passwords(memory=32, time=1).hash(PASSWORD)
    account = build.account(email="old@members.example", password_hash=old)
    sign_in(client, "old@members.example", PASSWORD)
    look_again(session)
    assert account.password_hash != old
    assert passwords().verify(account.password_hash, PASSWORD)
    assert not passwords().needs_rehash(str(account.password_hash))


def test_next_leads_on_within_the_site(client: FlaskClient, ada: Account) -> None:
    """The page that was asked for comes after signing in."""
    page = client.get("/accounts/sign-in?next=/groups/%3Fpage%3D2").text
    assert 'value="/groups/?page=2"' in page
    assert (
        sign_in(client, "ada@members.example", PASSWORD, next="/groups/?page=2").location == "/groups/?page=2"
    )


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        " //evil.example",
        "/%0d%0aLocation:https://evil.example\r\n",
        "javascript:alert(1)",
        "groups/",
        "http:/evil.example",
        "/accounts/sign-out",
        "/" + "a" * 3000,
        "",
    ],
)
def test_next_never_leads_elsewhere(client_of: ClientOf, ada: Account, target: str) -> None:
    """Another host in any spelling, a scheme, or signing out again: home instead."""
    assert own_path(target) is None
    assert sign_in(client_of(None), "ada@members.example", PASSWORD, next=target).location == "/"
    if target.isprintable():
        answer = client_of(ada).get("/accounts/sign-in", query_string={"next": target})
        assert answer.location == "/"


def test_another_host_is_not_answered(client: FlaskClient, ada: Account) -> None:
    """A poisoned Host header gets nothing, and X-Forwarded-Host is not believed."""
    assert client.get("/accounts/sign-in", headers={"Host": "evil.example"}).status_code == 400
    answer = client.get("/accounts/sign-in", headers={"X-Forwarded-Host": "evil.example"})
    assert answer.status_code == 200
    assert "evil.example" not in answer.text
