"""Settings, password, sessions and tokens through the pages."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import AccessToken, Account, LoginSession, PlatformRole, Theme
from forum.extensions import passwords
from forum.services.access_tokens import find_token
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import errors_in, look_again, submit

PASSWORD = "gravel tulip orbit canteen"
NEW = "walnut harbour seven lanterns"

ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def ada(build: Builder) -> Account:
    return build.account("Ada", email="ada@members.example", password_hash=passwords().hash(PASSWORD))


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/accounts/settings").status_code == 200


PROFILE = {
    "profile-name": "Ada Sample",
    "profile-latin_name": "",
    "profile-about": "",
    "profile-language": "en",
    "profile-time_zone": "Europe/Athens",
    "profile-theme": "dark",
}


def test_a_person_changes_what_is_theirs(client_of: ClientOf, session: Session, ada: Account) -> None:
    """And sees it; nothing else of the account can be set."""
    client = client_of(ada)
    extra = {"profile-platform_role": "administrator", "profile-email": "x@y.example", "status": "former"}
    assert submit(client, "/accounts/settings", PROFILE | extra).status_code == 303
    look_again(session)
    assert (ada.name, ada.time_zone, ada.theme) == ("Ada Sample", "Europe/Athens", Theme.DARK)
    assert (ada.platform_role, ada.email, ada.status) == (
        PlatformRole.MEMBER,
        "ada@members.example",
        "active",
    )
    assert 'value="Ada Sample"' in client.get("/accounts/settings").text


@pytest.mark.parametrize(
    "changed",
    [
        {"profile-name": ""},
        {"profile-time_zone": "Mars/Olympus"},
        {"profile-theme": "red"},
        {"profile-language": "xx"},
        {"profile-name": "x" * 121},
    ],
)
def test_bad_settings_change_nothing(
    client_of: ClientOf, session: Session, ada: Account, changed: dict[str, str]
) -> None:
    """422, a message, and what was typed is kept."""
    answer = submit(client_of(ada), "/accounts/settings", PROFILE | {"profile-about": "kept"} | changed)
    assert answer.status_code == 422
    assert errors_in(answer)
    assert "kept" in answer.text
    look_again(session)
    assert ada.name == "Ada"


def test_settings_are_for_people_who_are_signed_in(client: FlaskClient) -> None:
    """A visitor is sent to sign in, and back."""
    answer = client.get("/accounts/settings")
    assert (answer.status_code, answer.location) == (302, "/accounts/sign-in?next=/accounts/settings")


def change(client: FlaskClient, **fields: str):  # type: ignore[no-untyped-def]
    typed = {"old": PASSWORD, "password": NEW, "repeated": NEW} | fields
    return submit(client, "/accounts/settings/password", {f"password-{k}": v for k, v in typed.items()})


def test_a_changed_password_ends_the_other_sessions(
    client_of: ClientOf, session: Session, ada: Account
) -> None:
    """This one goes on under a new id."""
    client, other = client_of(ada), client_of(ada)
    with client.session_transaction() as cookie:
        before = cookie["_user_id"]
    assert change(client).status_code == 303
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != before
    assert is_signed_in(client)
    assert not is_signed_in(other)
    look_again(session)
    assert passwords().verify(ada.password_hash, NEW)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"old": NEW}, "not your present password"),
        ({"repeated": PASSWORD}, "not the same"),
        ({"password": "short", "repeated": "short"}, "at least 15"),
        ({"password": "ada@members.example", "repeated": "ada@members.example"}, "easy to guess"),
    ],
)
def test_a_password_is_not_changed_for_nothing(
    client_of: ClientOf, session: Session, ada: Account, fields: dict[str, str], words: str
) -> None:
    """The old one is asked for, and the new one judged."""
    answer = change(client_of(ada), **fields)
    assert answer.status_code == 422
    assert words in errors_in(answer)
    look_again(session)
    assert passwords().verify(ada.password_hash, PASSWORD)


def test_sessions_are_listed_and_ended(
    client_of: ClientOf, session: Session, build: Builder, ada: Account
) -> None:
    """One's own alone, one by one or all others at once."""
    client, second, third = client_of(ada), client_of(ada), client_of(ada)
    stranger = client_of(build.account())
    page = BeautifulSoup(client.get("/accounts/settings").text, "html.parser")
    ends = [form["action"] for form in page.select("#sessions form") if "/end" in str(form["action"])]
    assert len(ends) == 3
    path = str(ends[0])
    assert re.fullmatch(r"/accounts/settings/sessions/[a-z2-7]{13}/end", path)
    assert submit(stranger, path).status_code == 404
    assert submit(client, path).status_code == 303
    assert [is_signed_in(second), is_signed_in(third)].count(True) == 1
    assert submit(client, "/accounts/settings/sessions/end").status_code == 303
    assert not is_signed_in(second)
    assert not is_signed_in(third)
    assert is_signed_in(client)
    assert is_signed_in(stranger)
    look_again(session)
    alive = sa.select(sa.func.count()).where(
        LoginSession.account_id == ada.id, LoginSession.revoked_at.is_(None)
    )
    assert session.scalar(alive) == 1


def test_to_end_sessions_one_proves_oneself(
    client_of: ClientOf, session: Session, ada: Account, clock: StoppedClock
) -> None:
    """Whoever sits down at a browser left open does not shut its owner out."""
    client, other = client_of(ada), client_of(ada)
    clock.advance(minutes=11)
    assert is_signed_in(other)
    assert submit(client, "/accounts/settings/sessions/end").status_code == 403
    assert is_signed_in(other)


def test_a_token_is_shown_once_and_revoked(
    client_of: ClientOf, session: Session, build: Builder, ada: Account, clock: StoppedClock
) -> None:
    """The page after making it is the only one that has it; a second press makes no second one."""
    client = client_of(ada)
    typed = {
        "token-name": "Monthly report",
        "token-scopes": ["read", "write"],
        "token-days": "30",
        "token-submission": "k" * 32,
    }
    page = submit(client, "/accounts/settings/tokens", typed)
    text = BeautifulSoup(page.text, "html.parser").select_one("#token-text")["value"]  # type: ignore[index]
    assert submit(client, "/accounts/settings/tokens", typed).status_code == 303
    settings = client.get("/accounts/settings").text
    assert text not in settings
    assert "Monthly report" in settings
    look_again(session)
    found = find_token(session, str(text), now=clock())
    assert found is not None
    assert found[0].scopes == ["read", "write"]
    path = f"/accounts/settings/tokens/{found[0].public_id}/revoke"
    assert submit(client_of(build.account()), path).status_code == 404
    assert submit(client, path).status_code == 303
    look_again(session)
    assert find_token(session, str(text), now=clock()) is None


@pytest.mark.parametrize(
    "typed",
    [
        {"token-name": "", "token-scopes": "read", "token-days": "30"},
        {"token-name": "x", "token-days": "30"},
        {"token-name": "x", "token-scopes": "root", "token-days": "30"},
        {"token-name": "x", "token-scopes": "read", "token-days": "100000"},
    ],
)
def test_a_bad_token_is_not_made(
    client_of: ClientOf, session: Session, ada: Account, typed: dict[str, str]
) -> None:
    """No name, no scope, an unknown one, or no end."""
    answer = submit(client_of(ada), "/accounts/settings/tokens", typed)
    assert answer.status_code == 422
    assert errors_in(answer)
    look_again(session)
    assert session.scalar(sa.select(sa.func.count(AccessToken.id))) == 0
