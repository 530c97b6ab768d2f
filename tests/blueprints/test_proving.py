"""Proving oneself again before a grave act."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, PlatformRole
from forum.extensions import passwords
from forum.services.access_tokens import list_tokens
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import errors_in, look_again, submit

PASSWORD = "gravel tulip orbit canteen"
DATA = {"token-name": "Monthly report", "token-scopes": "read", "token-days": "30"}
ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def ada(build: Builder) -> Account:
    return build.account("Ada", email="ada@members.example", password_hash=passwords().hash(PASSWORD))


def fields_of(page: str) -> dict[str, str]:
    """The fields of the last form of a page, without the token, which belongs to a session."""
    form = BeautifulSoup(page, "html.parser").find("main").find_all("form")[-1]  # type: ignore[union-attr]
    fields = {str(one["name"]): str(one.get("value", "")) for one in form.find_all("input")}
    return {name: value for name, value in fields.items() if name != "csrf_token"}


def test_a_grave_act_asks_and_sends_on_what_was_typed(
    client_of: ClientOf, ada: Account, session: Session, clock: StoppedClock
) -> None:
    """Ten minutes after the sign-in nothing is done until the password was right; then with one button."""
    client = client_of(ada)
    clock.advance(minutes=11)
    asked = submit(client, "/accounts/settings/tokens", DATA)
    assert asked.status_code == 403
    assert list_tokens(session, ada.id, now=clock()) == []
    sent = fields_of(asked.text) | {"password": PASSWORD}
    proven = submit(client, "/accounts/prove", sent)
    assert "Make an access token" in proven.text
    assert fields_of(proven.text)["token-name"] == "Monthly report"
    made = submit(client, "/accounts/settings/tokens", fields_of(proven.text))
    assert "forum_" in made.text
    look_again(session)
    assert [token.name for token in list_tokens(session, ada.id, now=clock())] == ["Monthly report"]


def test_a_wrong_password_keeps_everything(client_of: ClientOf, ada: Account, clock: StoppedClock) -> None:
    """It says so, keeps what was typed, and delays whoever guesses at an unlocked desk."""
    client = client_of(ada)
    client.application.config["SIGN_IN_DELAY"] = 5
    clock.advance(minutes=11)
    sent = fields_of(submit(client, "/accounts/settings/tokens", DATA).text)
    for _ in range(2):
        answer = submit(client, "/accounts/prove", sent | {"password": "not it, not it at all"})
        assert "not your password" in errors_in(answer)
        assert fields_of(answer.text)["carried"] == sent["carried"]
    answer = submit(client, "/accounts/prove", sent | {"password": PASSWORD})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
    clock.advance(seconds=5)
    assert submit(client, "/accounts/prove", sent | {"password": PASSWORD}).status_code == 200


def test_a_proof_does_not_lengthen_the_session(
    client_of: ClientOf, ada: Account, session: Session, clock: StoppedClock
) -> None:
    """Its id is new, its end is not, and the old id is worth nothing."""
    client, copy = client_of(ada), client_of(None)
    with client.session_transaction() as cookie, copy.session_transaction() as stolen:
        stolen["_user_id"] = cookie["_user_id"]
    clock.advance(minutes=11)
    submit(client, "/accounts/prove", {"password": PASSWORD})
    assert copy.get("/accounts/settings").status_code == 302
    for _ in range(35):
        clock.advance(minutes=20)
        assert client.get("/accounts/settings").status_code == 200
    clock.advance(minutes=15)
    assert client.get("/accounts/settings").status_code == 302


def test_ending_sessions_and_tokens_asks_too(client_of: ClientOf, ada: Account, clock: StoppedClock) -> None:
    """Whoever finds a browser left open does not throw its person out elsewhere."""
    client = client_of(ada)
    clock.advance(minutes=11)
    for path in ("sessions/end", "sessions/abcdefghijklm/end", "tokens/abcdefghijklm/revoke", "tokens"):
        assert submit(client, f"/accounts/settings/{path}", DATA).status_code == 403, path


@pytest.mark.parametrize(
    "path",
    [
        "people/abcdefghijklm/suspension/end",
        "people/abcdefghijklm/suspension",
        "people/abcdefghijklm/role",
        "people/abcdefghijklm/disable",
        "people/abcdefghijklm/erasure",
        "organisations/body/mandates",
        "organisations/body/mandates/abcdefghijklm/end",
        "organisations/body/merge",
    ],
)
def test_who_changes_the_rights_of_others_is_asked(
    client_of: ClientOf, build: Builder, clock: StoppedClock, path: str
) -> None:
    """Suspending and lifting it, roles, mandates given and ended, merging, erasing."""
    boss = build.account(platform_role=PlatformRole.ADMINISTRATOR, password_hash=passwords().hash(PASSWORD))
    client = client_of(boss)
    clock.advance(minutes=11)
    asked = submit(client, f"/administration/{path}", {"reason": "Kept words."})
    assert asked.status_code == 403
    proven = submit(client, "/accounts/prove", fields_of(asked.text) | {"password": PASSWORD})
    assert "Kept words." in proven.text


def test_somebody_elses_form_is_not_sent_on(
    client_of: ClientOf, ada: Account, build: Builder, clock: StoppedClock
) -> None:
    """What one person typed comes to nobody else, and a path of another site to nobody."""
    client, other = (
        client_of(ada),
        client_of(
            build.account("Bob", email="bob@members.example", password_hash=passwords().hash(PASSWORD))
        ),
    )
    clock.advance(minutes=11)
    sent = fields_of(submit(client, "/accounts/settings/tokens", DATA).text)
    assert submit(other, "/accounts/prove", sent | {"password": PASSWORD}).location == "/accounts/settings"
    asked = other.get("/accounts/prove?next=https://elsewhere.example/")
    assert fields_of(asked.text)["next"] == ""


def test_passwords_do_not_come_along(client_of: ClientOf, ada: Account, clock: StoppedClock) -> None:
    """No page carries one."""
    client = client_of(ada)
    clock.advance(minutes=11)
    page = submit(client, "/accounts/settings/tokens", DATA | {"password": "a secret of mine"}).text
    sent = fields_of(page) | {"password": PASSWORD}
    assert "a secret of mine" not in submit(client, "/accounts/prove", sent).text
