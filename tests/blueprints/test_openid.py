"""Signing in with an organisation's OpenID provider: a real one, which also does what attackers would."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from forum.domain.accounts import Account, AccountStatus
from forum.domain.external_identities import ExternalIdentity
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling
from forum.extensions import passwords
from forum.services.invitations import invite
from tests.blueprints.factors import set_up_codes
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.openid_provider import CLIENT, SECRET, Provider, openid_provider
from tests.support import deliver, look_again, submit

PASSWORD = "gravel tulip orbit canteen"
ClientOf = Callable[[Account | None], FlaskClient]

# The provider's library warns that it requires plain HTTP to be allowed.
os.environ.setdefault("AUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture
def provider(app: Flask, clock: StoppedClock) -> Iterator[Provider]:
    """A provider that the forum is configured for; the forum's clock goes with it."""
    clock.time = datetime.now(UTC)
    with openid_provider("http://localhost/accounts/openid/back") as running:
        app.config |= {
            "OIDC_ISSUER": running.issuer,
            "OIDC_CLIENT_ID": CLIENT,
            "OIDC_CLIENT_SECRET": SECRET,
        }
        yield running


@pytest.fixture
def ada(build: Builder, provider: Provider) -> Account:
    return build.account("Ada", email="ada@members.example", password_hash=passwords().hash(PASSWORD))


def go(client: FlaskClient, path: str = "/accounts/openid") -> dict[str, str]:
    """Go to the provider, be signed in there, and give what comes back in the address."""
    begun = client.get(path)
    assert begun.status_code == 303, begun.text
    back = requests.get(str(begun.location), allow_redirects=False, timeout=5)
    assert back.status_code == 302, back.text
    return {name: values[0] for name, values in parse_qs(urlsplit(back.headers["Location"]).query).items()}


def come_back(client: FlaskClient, sent: dict[str, str]) -> TestResponse:
    return client.get("/accounts/openid/back", query_string=sent)


def is_inside(client: FlaskClient) -> bool:
    return client.get("/accounts/settings").status_code == 200


def enter(app: Flask) -> FlaskClient:
    client = app.test_client()
    come_back(client, go(client))
    return client


def test_somebody_with_an_account_comes_in(
    app: Flask, ada: Account, session: Session, clock: StoppedClock
) -> None:
    """By the verified address at first, by subject from then on; the person is told."""
    client = app.test_client()
    assert "Sign in with your organisation" in client.get("/accounts/sign-in").text
    answer = come_back(client, go(client, "/accounts/openid?next=/groups/"))
    assert answer.location == "/groups/"
    assert is_inside(client)
    assert any("Sign-in with your organisation was added" in mail["Subject"] for mail in deliver(app, clock))
    look_again(session)
    ada.email = "moved@members.example"
    session.commit()
    assert is_inside(enter(app))


def test_a_second_factor_is_still_asked_for(app: Flask, ada: Account, clock: StoppedClock) -> None:
    """What the provider asked is not known here."""
    client = app.test_client()
    submit(client, "/accounts/sign-in", {"email": ada.email, "password": PASSWORD})
    set_up_codes(client, clock)
    other = app.test_client()
    assert "/accounts/sign-in/second-factor" in str(come_back(other, go(other)).location)
    assert not is_inside(other)


def test_somebody_invited_comes_in_without_a_password(
    app: Flask, build: Builder, session: Session, provider: Provider, clock: StoppedClock
) -> None:
    """The invitation is accepted by the verified address; nobody else gets an account."""
    assert not is_inside(enter(app))
    assert session.scalars(sa.select(Account)).all() == []
    session.rollback()
    group = build.group(Ceiling.PUBLIC)
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    secret = str(app.config["SECRET_KEY"]).encode()
    invite(
        session,
        chair,
        email="ada@members.example",
        group=group,
        role=GroupRole.MEMBER,
        secret=secret,
        now=clock(),
        days=3,
    )
    session.commit()
    assert is_inside(enter(app))
    made = session.scalars(sa.select(Account).where(Account.email == "ada@members.example")).one()
    assert made.status is AccountStatus.ACTIVE
    assert made.password_hash is None
    assert build.actor(made).roles_in(group.id) == {GroupRole.MEMBER}


def test_registering_is_off_until_it_is_set(app: Flask, provider: Provider, session: Session) -> None:
    """With the setting, a verified address is enough for an account without any role."""
    app.config["OIDC_REGISTER"] = True
    assert is_inside(enter(app))
    provider.person |= {"sub": "p-2", "email": "eve@members.example", "email_verified": False}
    assert not is_inside(enter(app))
    assert session.scalar(sa.select(sa.func.count()).select_from(Account)) == 1


def test_an_address_that_changed_hands_opens_nothing(app: Flask, provider: Provider, ada: Account) -> None:
    """Another person with the same address at the provider is another person."""
    assert is_inside(enter(app))
    provider.person["sub"] = "p-9"
    assert not is_inside(enter(app))


HOUR = 3600
TAMPERED = {
    "another nonce": {"nonce": "another"},
    "for another client": {"aud": "another"},
    "for several, made for another": {"aud": ["another", CLIENT], "azp": "another"},
    "expired": {"exp": int(datetime.now(UTC).timestamp()) - HOUR},
    "of the future": {"iat": int(datetime.now(UTC).timestamp()) + HOUR},
    "of another issuer": {"iss": "https://attacker.example"},
    "an address that is not verified": {"email_verified": False},
    "verified in words": {"email_verified": "true"},
    "no subject": {"sub": ""},
}


@pytest.mark.parametrize("claims", TAMPERED.values(), ids=TAMPERED.keys())
def test_a_token_that_is_not_right_opens_nothing(
    app: Flask, provider: Provider, ada: Account, claims: dict[str, object]
) -> None:
    """Signed by the right key and wrong in one claim."""
    provider.tampered = claims
    assert not is_inside(enter(app))


def test_a_token_that_nobody_signed_opens_nothing(app: Flask, provider: Provider, ada: Account) -> None:
    """The algorithm none, and the key of somebody else."""
    provider.algorithm = "none"
    assert not is_inside(enter(app))
    provider.algorithm = "RS256"
    provider.key = RSAKey.generate_key(2048, {"kid": "one"})
    assert not is_inside(enter(app))


def test_state_is_the_sessions_own_and_works_once(app: Flask, ada: Account, clock: StoppedClock) -> None:
    """Another state, another browser, the same answer twice, an answer too late."""
    client = app.test_client()
    sent = go(client)
    assert not is_inside(app.test_client())
    come_back(client, sent | {"state": "another"})
    assert not is_inside(client)
    come_back(client, sent)
    assert not is_inside(client), "the state was used up"
    sent = go(client)
    thief = app.test_client()
    come_back(thief, sent)
    assert not is_inside(thief)
    clock.advance(minutes=11)
    come_back(client, sent)
    assert not is_inside(client)


@pytest.mark.parametrize("issuer", ["https://attacker.example", ""])
def test_an_answer_of_another_provider_is_noticed(app: Flask, ada: Account, issuer: str) -> None:
    """The issuer beside the code has to be ours, and has to be there where the provider says so."""
    client = app.test_client()
    sent = go(client) | {"iss": issuer}
    come_back(client, {name: value for name, value in sent.items() if value})
    assert not is_inside(client)


@pytest.mark.parametrize("endpoint", ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_this_server_asks_the_issuer_alone(
    app: Flask, provider: Provider, ada: Account, endpoint: str
) -> None:
    """Metadata that names another host is not followed."""
    client = app.test_client()
    if endpoint in {"issuer", "authorization_endpoint"}:
        provider.metadata = {endpoint: "http://127.0.0.1:9/elsewhere"}
        assert client.get("/accounts/openid").location == "/accounts/sign-in"
    else:
        sent = go(client)
        provider.metadata = {endpoint: "http://127.0.0.1:9/elsewhere"}
        come_back(client, sent)
    assert not is_inside(client)


def test_linking_asks_who_it_is(
    app: Flask, provider: Provider, ada: Account, client_of: ClientOf, session: Session, clock: StoppedClock
) -> None:
    """A proof first; then any identity at the provider opens the account, until it is taken off."""
    provider.person |= {"sub": "p-5", "email": "other@body.example", "email_verified": False}
    client = client_of(ada)
    clock.advance(minutes=11)
    assert client.get("/accounts/openid/link").location.startswith("/accounts/prove")
    assert submit(client, "/accounts/prove", {"password": PASSWORD}).status_code == 303
    come_back(client, go(client, "/accounts/openid/link"))
    assert is_inside(enter(app))
    assert submit(client, "/accounts/openid/unlink").status_code == 303
    assert session.scalars(sa.select(ExternalIdentity)).all() == []
    assert not is_inside(enter(app))


def test_without_a_provider_there_is_nothing(app: Flask, client: FlaskClient) -> None:
    """No button and no address."""
    assert "openid" not in client.get("/accounts/sign-in").text
    assert client.get("/accounts/openid").status_code == 404
    assert client.get("/accounts/openid/back?state=x&code=y").status_code == 404
