"""The second factor through the pages: who is led to it, setting it up, signing in with it, losing it."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from forum.domain.accounts import AccessToken, Account, LoginSession, PlatformRole
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.domain.second_factors import OneTimeCode, RecoveryCode
from forum.domain.threads import Thread
from forum.extensions import passwords
from tests.blueprints.factors import App, read_key, set_up_codes
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import body_of, deliver, errors_in, look_again, submit

PASSWORD = "gravel tulip orbit canteen"
SETUP = "/accounts/second-factor/"
ASKED = "/accounts/sign-in/second-factor"


@pytest.fixture
def ada(build: Builder) -> Account:
    """Somebody with a password and no role."""
    return build.account("Ada", email="ada@members.example", password_hash=passwords().hash(PASSWORD))


def sign_in(app: Flask, account: Account, **fields: str) -> tuple[FlaskClient, TestResponse]:
    """Give a client that has sent address and password, and what was answered."""
    client = app.test_client()
    data = {"email": account.email, "password": PASSWORD} | fields
    return client, submit(client, "/accounts/sign-in", data)


def is_inside(client: FlaskClient) -> bool:
    return client.get("/accounts/settings").status_code == 200


def closed(build: Builder, account: Account) -> None:
    build.member(build.group(Ceiling.MEMBERS), account)


def with_role(role: GroupRole) -> Callable[[Builder, Account], None]:
    def give(build: Builder, account: Account) -> None:
        build.member(build.group(Ceiling.PUBLIC), account, role=role)

    return give


def with_platform_role(role: PlatformRole) -> Callable[[Builder, Account], None]:
    def give(build: Builder, account: Account) -> None:
        account.platform_role = role
        build.session.commit()

    return give


def colleague(build: Builder, account: Account) -> None:
    body = build.organisation()
    build.mandate(account, body)
    build.seat(build.group(Ceiling.MEMBERS), body)


NEEDING = {
    "a member of a closed group": closed,
    "somebody whose organisation has a seat in one": colleague,
    "a moderator": with_role(GroupRole.MODERATOR),
    "a group's secretariat": with_role(GroupRole.SECRETARIAT),
    "a chair": with_role(GroupRole.CHAIR),
    "the secretariat": with_platform_role(PlatformRole.SECRETARIAT),
    "an administrator": with_platform_role(PlatformRole.ADMINISTRATOR),
}


@pytest.mark.parametrize("give", NEEDING.values(), ids=NEEDING.keys())
def test_who_needs_one_is_led_to_it_first(
    app: Flask, build: Builder, ada: Account, give: Callable[[Builder, Account], None]
) -> None:
    """After the password every page leads there, and no right that asks for it is in the session."""
    give(build, ada)
    client, _ = sign_in(app, ada)
    for path in ("/", "/groups/", "/accounts/settings", "/moderation/", "/administration/"):
        answer = client.get(path)
        assert answer.status_code == 303, path
        assert answer.location.startswith(SETUP), path
    assert submit(client, "/accounts/settings/tokens", {"token-name": "x"}).location.startswith(SETUP)
    assert "Your role asks for more" in client.get(SETUP).text
    assert client.get("/privacy").status_code == 200


def test_a_member_of_an_open_group_needs_none(app: Flask, build: Builder, ada: Account) -> None:
    """It is offered under Settings, and nobody is held up."""
    build.member(build.group(Ceiling.PUBLIC), ada)
    client, answer = sign_in(app, ada)
    assert answer.location == "/"
    assert is_inside(client)
    assert SETUP in client.get("/accounts/settings").text


def test_a_demonstration_waives_it_and_production_never_does(
    app: Flask, build: Builder, ada: Account
) -> None:
    """Whoever tries the demonstration walks in; the same setting in production opens nothing."""
    closed(build, ada)
    app.config["DEMONSTRATION"] = True
    client, _ = sign_in(app, ada)
    assert is_inside(client)
    app.config["ENV"] = "production"
    assert client.get("/").location.startswith(SETUP)


def test_setting_up_leads_on_to_where_one_wanted(
    app: Flask, build: Builder, ada: Account, clock: StoppedClock, session: Session
) -> None:
    """Recovery codes are shown once, every other session ends, and the group opens."""
    group = build.group(Ceiling.MEMBERS, slug="closed")
    build.member(group, ada)
    other, _ = sign_in(app, ada)
    client, _ = sign_in(app, ada)
    client.get(client.get("/groups/closed/").location)
    with client.session_transaction() as cookie:
        before = cookie["_user_id"]
    _device, codes = set_up_codes(client, clock)
    assert len(codes) == 10
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != before
    assert client.get("/groups/closed/").status_code == 200
    assert other.get("/accounts/settings").status_code == 302
    mails = [mail for mail in deliver(app, clock) if mail["To"].addresses[0].addr_spec == ada.email]
    assert ["Codes of an app were set up" in mail["Subject"] for mail in mails] == [True]
    stored = session.scalars(sa.select(OneTimeCode.secret)).one()
    assert _device.totp.secret not in str(stored)
    hashes = session.scalars(sa.select(RecoveryCode.code_hash)).all()
    assert not set(codes) & set(hashes)


def test_a_wrong_first_code_sets_nothing_up(app: Flask, ada: Account, clock: StoppedClock) -> None:
    """Until a code was right the account is as it was."""
    client, _ = sign_in(app, ada)
    submit(client, SETUP + "codes/begin")
    answer = submit(client, SETUP + "codes", {"code": "000000"})
    assert answer.status_code == 422
    assert "code is not right" in errors_in(answer)
    assert is_inside(sign_in(app, ada)[0])


@pytest.fixture
def device(app: Flask, ada: Account, clock: StoppedClock) -> tuple[App, list[str]]:
    """Ada's telephone, set up, and her recovery codes."""
    made = set_up_codes(sign_in(app, ada)[0], clock)
    clock.advance(minutes=5)
    return made


def test_the_password_alone_opens_nothing(app: Flask, ada: Account, device: tuple[App, list[str]]) -> None:
    """With a factor set up the password leads to the page that asks, and no other."""
    client, answer = sign_in(app, ada, next="/groups/")
    assert answer.location == f"{ASKED}?next=/groups/"
    assert client.get("/accounts/settings").status_code == 302
    assert client.get(SETUP).status_code == 302
    assert "One more step" in client.get(answer.location).text
    answer = submit(client, ASKED, {"code": device[0].code(), "next": "/groups/"})
    assert (answer.status_code, answer.location) == (303, "/groups/")
    assert is_inside(client)


@pytest.mark.parametrize(("steps", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_wrong(
    app: Flask, ada: Account, device: tuple[App, list[str]], steps: int, is_taken: bool
) -> None:
    """One step to either side is taken, two are not."""
    client, _ = sign_in(app, ada)
    submit(client, ASKED, {"code": device[0].code(steps)})
    assert is_inside(client) is is_taken


def test_a_code_works_once(
    app: Flask, ada: Account, device: tuple[App, list[str]], clock: StoppedClock
) -> None:
    """Seen over a shoulder it is worth nothing, and neither is an older one."""
    code, older = device[0].code(), device[0].code(-1)
    submit(sign_in(app, ada)[0], ASKED, {"code": code})
    for again in (code, older):
        client, _ = sign_in(app, ada)
        answer = submit(client, ASKED, {"code": again})
        assert "used already" in errors_in(answer)
        assert not is_inside(client)
    clock.advance(seconds=30)
    client, _ = sign_in(app, ada)
    submit(client, ASKED, {"code": device[0].code()})
    assert is_inside(client)


def test_a_recovery_code_works_once_however_it_is_typed(
    app: Flask, ada: Account, device: tuple[App, list[str]], clock: StoppedClock
) -> None:
    """Upper case and spaces are no other code; the person hears of it, and sees how many are left."""
    code = device[1][0]
    client, _ = sign_in(app, ada)
    submit(client, ASKED, {"code": code.upper().replace("-", " ")})
    assert is_inside(client)
    assert "9 codes are left" in client.get(SETUP).text
    again, _ = sign_in(app, ada)
    submit(again, ASKED, {"code": code})
    assert not is_inside(again)
    assert any("recovery code" in body_of(mail) for mail in deliver(app, clock))


def test_new_recovery_codes_end_the_old_ones(app: Flask, ada: Account, device: tuple[App, list[str]]) -> None:
    """And a second press of the button shows none."""
    client, _ = sign_in(app, ada)
    submit(client, ASKED, {"code": device[0].code()})
    page = submit(client, SETUP + "recovery-codes", {"submission": "a" * 32})
    assert page.text.count("<code>") == 10
    assert submit(client, SETUP + "recovery-codes", {"submission": "a" * 32}).status_code == 303
    other, _ = sign_in(app, ada)
    submit(other, ASKED, {"code": device[1][0]})
    assert not is_inside(other)


def test_guessing_is_delayed_for_the_account_not_the_browser(
    app: Flask, ada: Account, device: tuple[App, list[str]], clock: StoppedClock
) -> None:
    """A new sign-in does not begin the count anew; waiting does, and nobody is locked out."""
    app.config["SIGN_IN_DELAY"] = 5
    for _ in range(2):
        client, _answer = sign_in(app, ada)
        submit(client, ASKED, {"code": "000000"})
    client, _answer = sign_in(app, ada)
    answer = submit(client, ASKED, {"code": device[0].code()})
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "5"
    clock.advance(seconds=5)
    submit(client, ASKED, {"code": device[0].code()})
    assert is_inside(client)


def test_ten_minutes_to_find_the_telephone(
    app: Flask, ada: Account, device: tuple[App, list[str]], clock: StoppedClock
) -> None:
    """Then the password is asked again; cancelling ends it at once."""
    client, _ = sign_in(app, ada)
    clock.advance(minutes=11)
    assert submit(client, ASKED, {"code": device[0].code()}).location.startswith("/accounts/sign-in")
    client, _ = sign_in(app, ada)
    submit(client, "/accounts/sign-out")
    assert client.get(ASKED).location == "/accounts/sign-in"


def test_taking_the_last_factor_off(
    app: Flask, ada: Account, device: tuple[App, list[str]], session: Session
) -> None:
    """Then the password is enough again, the recovery codes are gone, and who needs one sets up another."""
    client, _ = sign_in(app, ada)
    submit(client, ASKED, {"code": device[0].code()})
    assert submit(client, SETUP + "codes/remove").status_code == 303
    assert session.scalar(sa.select(sa.func.count()).select_from(RecoveryCode)) == 0
    assert is_inside(sign_in(app, ada)[0])


def test_whoever_lost_everything_is_helped(
    app: Flask,
    ada: Account,
    build: Builder,
    client_of: Callable[[Account | None], FlaskClient],
    device: tuple[App, list[str]],
    clock: StoppedClock,
) -> None:
    """People who manage accounts take it off, an administrator's only an administrator; mail tells."""
    path = f"/administration/people/{ada.public_id}/factors/remove"
    secretary = client_of(build.account(platform_role=PlatformRole.SECRETARIAT))
    inside, _ = sign_in(app, ada)
    submit(inside, ASKED, {"code": device[0].code()})
    assert submit(client_of(build.account()), path).status_code == 403
    assert submit(secretary, path).status_code == 303
    assert not is_inside(inside)
    assert is_inside(sign_in(app, ada)[0])
    assert any("taken off by those who manage" in body_of(mail) for mail in deliver(app, clock))
    with_platform_role(PlatformRole.ADMINISTRATOR)(build, ada)
    assert submit(secretary, path).status_code == 403


def test_rights_gained_later_ask_for_it_at_the_next_page(app: Flask, build: Builder, ada: Account) -> None:
    """A session that began without one is led there when the role comes, and reads nothing by then."""
    client, _ = sign_in(app, ada)
    assert is_inside(client)
    closed(build, ada)
    assert client.get("/groups/").location.startswith(SETUP)


def test_a_token_is_as_strong_as_the_session_that_made_it(
    app: Flask, build: Builder, ada: Account, session: Session
) -> None:
    """Made without a second factor it reads nothing of a group that asks for one."""
    group = build.group(Ceiling.MEMBERS, slug="closed")
    client, _ = sign_in(app, ada)
    data = {"token-name": "Mine", "token-scopes": "read", "token-days": "30"}
    page = submit(client, "/accounts/settings/tokens", data).text
    token = page.split('value="forum_')[1].split('"')[0]
    build.member(group, ada)
    thread = build.thread(group)
    headers = {"Authorization": f"Bearer forum_{token}"}
    address = f"/api/v1/threads/{thread.public_id}"
    assert app.test_client().get(address, headers=headers).status_code == 404
    session.execute(sa.update(AccessToken).values(has_second_factor=True))
    session.commit()
    assert app.test_client().get(address, headers=headers).status_code == 200


def test_pending_sessions_are_not_listed(
    app: Flask, ada: Account, device: tuple[App, list[str]], session: Session
) -> None:
    """Where one is signed in shows what is whole: here, and where the app was set up."""
    client, _ = sign_in(app, ada)
    submit(client, ASKED, {"code": device[0].code()})
    sign_in(app, ada)
    look_again(session)
    assert session.scalar(sa.select(sa.func.count()).where(LoginSession.is_pending)) == 2
    assert client.get("/accounts/settings").text.count("last used") == 2


def test_what_was_typed_comes_along(app: Flask, build: Builder, ada: Account, clock: StoppedClock) -> None:
    """A text sent after the session ended is found again behind the second factor too."""
    group: Group = build.group(Ceiling.PUBLIC, who_may_write="community")
    client, _ = sign_in(app, ada)
    device, _codes = set_up_codes(client, clock)
    clock.advance(minutes=31)
    headers = {"Origin": "http://localhost"}
    ended = client.post(f"/groups/{group.slug}/threads/new", data={"body": "Kept words"}, headers=headers)
    carried = ended.text.split('name="carried"')[1].split('value="')[1].split('"')[0]
    data = {"email": str(ada.email), "password": PASSWORD, "carried": carried}
    asked = submit(client, "/accounts/sign-in", data)
    assert "One more step" in asked.text
    page = submit(client, ASKED, {"code": device.code(), "carried": carried})
    assert "Kept words" in page.text


def typed_in(page: TestResponse, name: str = "carried") -> str:
    """What comes along in a page, for the next step."""
    return page.text.split(f'name="{name}"')[1].split('value="')[1].split('"')[0]


def test_a_text_that_is_being_sent_outlives_the_setting_up(
    app: Flask, build: Builder, ada: Account, clock: StoppedClock, session: Session
) -> None:
    """A role that comes while somebody writes: set up a factor, and the same text is back in its form."""
    group: Group = build.group(Ceiling.PUBLIC, who_may_write="community")
    client, _ = sign_in(app, ada)
    closed(build, ada)
    path = f"/groups/{group.slug}/threads/new"
    sent = {"title": "A <question>", "body": "Kept words,\n\nall of them.", "step": "publish"}
    led = submit(client, path, sent, {"Origin": "http://localhost"})
    assert led.status_code == 403
    assert "What you typed comes along" in led.text
    begun = submit(client, SETUP + "codes/begin", {"carried": typed_in(led), "step": "begin"})
    device = App(read_key(begun), clock)
    wrong = submit(client, SETUP + "codes", {"code": "000", "carried": typed_in(begun)})
    assert wrong.status_code == 422
    done = submit(client, SETUP + "codes", {"code": device.code(), "carried": typed_in(wrong)})
    assert "Your recovery codes" in done.text
    assert "Kept words,\n\nall of them." in done.text
    assert "A &lt;question&gt;" in done.text
    look_again(session)
    assert session.scalars(sa.select(Thread)).all() == [], "nothing was sent by itself"
    fields = {"title": "A <question>", "body": "Kept words,\n\nall of them.", "step": "preview"}
    assert "all of them." in submit(client, path, fields).text


def test_it_comes_along_through_proving_oneself_too(
    app: Flask, build: Builder, ada: Account, clock: StoppedClock
) -> None:
    """Ten minutes after the sign-in the password is asked again before the set-up."""
    group: Group = build.group(Ceiling.PUBLIC, who_may_write="community")
    client, _ = sign_in(app, ada)
    closed(build, ada)
    clock.advance(minutes=11)
    sent = {"title": "Q", "body": "Kept words"}
    led = submit(client, f"/groups/{group.slug}/threads/new", sent, {"Origin": "http://localhost"})
    asked = submit(client, SETUP + "codes/begin", {"carried": typed_in(led), "step": "begin"})
    assert asked.status_code == 403
    proven = submit(client, "/accounts/prove", {"carried": typed_in(asked), "password": PASSWORD})
    begun = submit(client, SETUP + "codes/begin", {"carried": typed_in(proven), "step": "begin"})
    device = App(read_key(begun), clock)
    done = submit(client, SETUP + "codes", {"code": device.code(), "carried": typed_in(begun)})
    assert "Kept words" in done.text
