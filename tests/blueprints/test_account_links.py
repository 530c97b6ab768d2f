"""A forgotten password and a change of address through the pages."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.account_links import AccountLink
from forum.domain.accounts import Account, AccountStatus
from forum.extensions import db, passwords
from forum.services.access_tokens import Scope, create_token, find_token
from tests.blueprints.factors import set_up_codes
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import body_of, count_statements, deliver, errors_in, look_again, submit

PASSWORD = "gravel tulip orbit canteen"
NEW = "lantern walrus picnic thesis"
BOTH = {"password": NEW, "repeated": NEW}
ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def ada(build: Builder) -> Account:
    return build.account("Ada", email="ada@members.example", password_hash=passwords().hash(PASSWORD))


def links_to(app: Flask, clock: StoppedClock, email: str) -> list[str]:
    """The paths in the mail to an address, oldest first."""
    mails = [mail for mail in deliver(app, clock) if mail["To"].addresses[0].addr_spec == email]
    found = [re.search(r"http://localhost(/accounts/\S+)", body_of(mail)) for mail in mails]
    return [match[1] for match in found if match]


def ask(app: Flask, clock: StoppedClock, email: str = "ada@members.example") -> list[str]:
    submit(app.test_client(), "/accounts/forgotten", {"email": email})
    return links_to(app, clock, email)


def can_sign_in(app: Flask, password: str, email: str = "ada@members.example") -> bool:
    data = {"email": email, "password": password}
    return submit(app.test_client(), "/accounts/sign-in", data).status_code == 303


def test_a_forgotten_password(app: Flask, client_of: ClientOf, ada: Account, clock: StoppedClock) -> None:
    """The link sets a new one, signs in, ends every other session, and works once; the person is told."""
    other = client_of(ada)
    (path,) = ask(app, clock)
    client = app.test_client()
    assert submit(client, path, BOTH).status_code == 303
    assert client.get("/accounts/settings").status_code == 200
    assert other.get("/accounts/settings").status_code == 302
    assert can_sign_in(app, NEW)
    assert not can_sign_in(app, PASSWORD)
    assert submit(app.test_client(), path, BOTH).status_code == 410
    assert any("Your password was changed" in mail["Subject"] for mail in deliver(app, clock))


def test_looking_uses_nothing_up(app: Flask, ada: Account, clock: StoppedClock) -> None:
    """Programs that look at links in mail open them, by GET and by HEAD, as often as they like."""
    (path,) = ask(app, clock)
    client = app.test_client()
    for _ in range(3):
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200
    assert submit(client, path, {"password": "short", "repeated": "short"}).status_code == 422
    assert submit(client, path, BOTH).status_code == 303


@pytest.mark.parametrize(
    "end",
    [
        lambda clock, session, ada: clock.advance(minutes=61),
        lambda clock, session, ada: setattr(ada, "status", AccountStatus.DISABLED),
        lambda clock, session, ada: setattr(ada, "email", "elsewhere@members.example"),
    ],
    ids=["after an hour", "of an account that is off", "of an address that is the account's no more"],
)
def test_a_link_that_is_over(
    app: Flask, session: Session, ada: Account, clock: StoppedClock, end: Callable[..., object]
) -> None:
    """It says so, and changes nothing."""
    (path,) = ask(app, clock)
    end(clock, session, ada)
    session.commit()
    assert app.test_client().get(path).status_code == 410
    assert submit(app.test_client(), path, BOTH).status_code == 410


def test_a_changed_password_voids_links_that_were_mailed_before(
    app: Flask, client_of: ClientOf, ada: Account, clock: StoppedClock
) -> None:
    """Whoever reads old mail gets in with none of it."""
    (path,) = ask(app, clock)
    data = {"password-old": PASSWORD, "password-password": NEW, "password-repeated": NEW}
    assert submit(client_of(ada), "/accounts/settings/password", data).status_code == 303
    assert submit(app.test_client(), path, BOTH).status_code == 404


def test_every_address_is_answered_alike(
    app: Flask, build: Builder, ada: Account, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known, unknown, off: the same page, the same statements, no password hashed."""
    build.account(email="off@members.example", status=AccountStatus.DISABLED)
    hashed: list[str] = []
    keeper = passwords()
    monkeypatch.setattr(keeper, "hash", lambda text: hashed.append(text))
    seen = set()
    for email in ("ada@members.example", "nobody@members.example", "off@members.example"):
        client = app.test_client()
        with count_statements(db.engine) as statements:
            answer = submit(client, "/accounts/forgotten", {"email": email})
        body = re.sub(r'nonce="[^"]*"|value="[^"]*"', "", answer.text)
        seen.add((answer.status_code, body, tuple(statements)))
    assert len(seen) == 1
    assert hashed == []


def test_no_mail_to_addresses_of_nobody(app: Flask, ada: Account, clock: StoppedClock) -> None:
    """And what was typed is forgotten with the link."""
    assert ask(app, clock, "nobody@members.example") == []
    assert ask(app, clock, "ADA@members.example ") == []
    assert len(links_to(app, clock, "ada@members.example")) == 1


def test_a_new_password_is_no_second_factor(app: Flask, ada: Account, clock: StoppedClock) -> None:
    """Who reads somebody's mail still lacks the device."""
    client = app.test_client()
    submit(client, "/accounts/sign-in", {"email": ada.email, "password": PASSWORD})
    set_up_codes(client, clock)
    (path,) = ask(app, clock)
    thief = app.test_client()
    assert submit(thief, path, BOTH).location == "/accounts/sign-in/second-factor"
    assert thief.get("/accounts/settings").status_code == 302


def change_address(client: FlaskClient, email: str) -> None:
    data = {"address-email": email}
    assert submit(client, "/accounts/settings/address", data).status_code == 303


def test_a_new_address_is_confirmed_there_and_told_to_the_old_one(
    app: Flask, client_of: ClientOf, ada: Account, session: Session, clock: StoppedClock
) -> None:
    """Nothing changes before; then one signs in with it, and every other session has ended."""
    client, other = client_of(ada), client_of(ada)
    change_address(client, "ada@new.example")
    (path,) = links_to(app, clock, "ada@new.example")
    look_again(session)
    assert ada.email == "ada@members.example"
    assert client.get(path).status_code == 200
    look_again(session)
    assert ada.email == "ada@members.example"
    assert submit(client, path).status_code == 303
    assert client.get("/accounts/settings").status_code == 200
    assert other.get("/accounts/settings").status_code == 302
    assert can_sign_in(app, PASSWORD, "ada@new.example")
    assert not can_sign_in(app, PASSWORD)
    assert [path.split("/")[3] for path in links_to(app, clock, "ada@members.example")] == ["undo"]


def test_only_the_person_confirms_it(
    app: Flask, client_of: ClientOf, build: Builder, ada: Account, session: Session, clock: StoppedClock
) -> None:
    """A stranger at a mistyped address cannot take the account with the link."""
    change_address(client_of(ada), "typo@strangers.example")
    (path,) = links_to(app, clock, "typo@strangers.example")
    assert submit(client_of(build.account()), path).status_code == 403
    assert submit(app.test_client(), path).status_code == 302
    look_again(session)
    assert ada.email == "ada@members.example"


def test_an_address_of_somebody_else_is_not_told(
    app: Flask, client_of: ClientOf, build: Builder, ada: Account, clock: StoppedClock
) -> None:
    """The answer is the same, and no link is sent; one that came before is over."""
    client = client_of(ada)
    change_address(client, "bob@members.example")
    (path,) = links_to(app, clock, "bob@members.example")
    build.account("Bob", email="bob@members.example")
    assert submit(client, path).status_code == 410
    change_address(client, "bob@members.example")
    assert len(links_to(app, clock, "bob@members.example")) == 1
    same = submit(client, "/accounts/settings/address", {"address-email": "Ada@Members.example"})
    assert "your address already" in errors_in(same)


def test_the_old_address_takes_it_back(
    app: Flask, client_of: ClientOf, ada: Account, session: Session, clock: StoppedClock
) -> None:
    """Whoever took the account over is out: sessions, tokens, password; and cannot take it again."""
    thief = client_of(ada)
    _, token = create_token(session, ada, name="x", scopes=[Scope.READ], now=clock())
    session.commit()
    for email in ("thief@one.example", "thief@two.example"):
        change_address(thief, email)
        assert submit(thief, links_to(app, clock, email)[0]).status_code == 303
        clock.advance(minutes=1)
    (undo,) = links_to(app, clock, "ada@members.example")
    (thiefs,) = [path for path in links_to(app, clock, "thief@one.example") if "undo" in path]
    owner = app.test_client()
    assert owner.get(undo).status_code == 200
    assert submit(owner, undo).status_code == 200
    look_again(session)
    assert ada.email == "ada@members.example"
    assert thief.get("/accounts/settings").status_code == 302
    assert find_token(session, token, now=clock()) is None
    assert not can_sign_in(app, PASSWORD)
    assert submit(app.test_client(), thiefs).status_code == 404
    reset = [path for path in links_to(app, clock, "ada@members.example") if "reset" in path]
    assert submit(owner, reset[-1], BOTH).status_code == 303
    assert can_sign_in(app, NEW)


def test_a_token_for_one_purpose_opens_no_other_door(
    app: Flask, client_of: ClientOf, ada: Account, clock: StoppedClock
) -> None:
    """A link for a password confirms no address, and the other way round."""
    client = client_of(ada)
    change_address(client, "ada@new.example")
    (email,) = links_to(app, clock, "ada@new.example")
    (password,) = ask(app, clock)
    for path in (email, password):
        token = path.rpartition("/")[2]
        doors = (
            "/accounts/reset/",
            "/accounts/address/",
            "/accounts/address/undo/",
            "/accounts/invitations/",
        )
        for door in doors:
            if door + token != path:
                assert submit(client, door + token, BOTH).status_code == 404


def test_links_that_are_over_are_forgotten(
    app: Flask, ada: Account, session: Session, clock: StoppedClock
) -> None:
    """The worker's house-keeping takes them away, and with them the addresses of nobody."""
    from forum.cli.worker import sessions_of
    from forum.delivery.worker import prune

    ask(app, clock, "nobody@members.example")
    clock.advance(hours=2)
    prune(sessions_of(app), clock)
    look_again(session)
    assert session.scalars(sa.select(AccountLink)).all() == []
