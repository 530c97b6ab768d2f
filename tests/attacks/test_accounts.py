"""Getting in without the right to: invitations, links, hosts, addresses, enumeration, redirects."""

import ast
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.blueprints.accounts import own_path
from forum.domain.accounts import Account, AccountStatus, Invitation, InvitationPurpose, PlatformRole
from forum.domain.email import parse_email
from forum.domain.groups import Group, GroupRole, Membership
from forum.domain.labels import Ceiling
from forum.errors import Invalid
from forum.extensions import db, passwords
from forum.services.invitations import invitation_token, invite
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import body_of, count_statements, deliver, look_again, submit

PASSWORD = "gravel tulip orbit canteen"
JOIN = {"name": "Nova New", "password": PASSWORD, "repeated": PASSWORD}
EMAIL = "new@body.example"
ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def chair(build: Builder) -> Account:
    return build.member(build.group(Ceiling.MEMBERS, slug="closed"), role=GroupRole.CHAIR)


@pytest.fixture
def invitation(
    app: Flask, build: Builder, session: Session, chair: Account, clock: StoppedClock
) -> Invitation:
    """A chair's invitation into a closed group."""
    actor = build.actor(chair)
    made = invite(
        session,
        actor,
        email=EMAIL,
        group=session.get_one(Group, next(iter(actor.group_roles))),
        role=GroupRole.MEMBER,
        secret=secret_of(app),
        now=clock(),
        days=3,
    )
    session.commit()
    return made


def secret_of(app: Flask) -> bytes:
    return str(app.config["SECRET_KEY"]).encode()


def path_of(app: Flask, invitation: Invitation) -> str:
    return f"/accounts/invitations/{invitation_token(secret_of(app), invitation)}"


# --- invitations ---------------------------------------------------------------------------------


def test_an_invitation_is_used_once(app: Flask, invitation: Invitation, session: Session) -> None:
    """Whoever finds it later comes too late, with the same words or others."""
    assert submit(app.test_client(), path_of(app, invitation), JOIN).status_code == 303
    for data in (JOIN, JOIN | {"name": "Somebody Else"}):
        assert submit(app.test_client(), path_of(app, invitation), data).status_code == 410


def test_an_invitation_is_of_no_use_to_another_address(
    app: Flask, client_of: ClientOf, build: Builder, invitation: Invitation, session: Session
) -> None:
    """Somebody signed in as another person cannot take it, whatever address they send along."""
    other = build.account(email="other@body.example")
    client = client_of(other)
    assert submit(client, path_of(app, invitation), JOIN | {"email": "other@body.example"}).status_code == 403
    look_again(session)
    assert invitation.accepted_at is None
    assert build.actor(other).group_roles == {}


def end_role(build: Builder, chair: Account) -> None:
    for membership in build.session.query(Membership).filter_by(account_id=chair.id):
        membership.ended_at = build.clock()


def switch_off(build: Builder, chair: Account) -> None:
    chair.status = AccountStatus.DISABLED


def suspend(build: Builder, chair: Account) -> None:
    chair.suspended_until = build.clock() + timedelta(days=3)


@pytest.mark.parametrize("lose", [end_role, switch_off, suspend])
def test_an_invitation_falls_with_the_right_of_its_author(
    app: Flask,
    build: Builder,
    chair: Account,
    invitation: Invitation,
    lose: Callable[[Builder, Account], None],
) -> None:
    """Who may invite nobody any more has invited nobody, and the mail that waits is not sent."""
    lose(build, chair)
    build.session.commit()
    assert app.test_client().get(path_of(app, invitation)).status_code == 410
    assert submit(app.test_client(), path_of(app, invitation), JOIN).status_code == 410
    assert deliver(app, build.clock) == []


def test_an_invitation_expires(app: Flask, invitation: Invitation, clock: StoppedClock) -> None:
    """To the second."""
    clock.advance(days=3)
    assert submit(app.test_client(), path_of(app, invitation), JOIN).status_code == 410


@pytest.mark.parametrize("purpose", [InvitationPurpose.GROUP, InvitationPurpose.PASSWORD])
def test_a_token_says_what_it_is_for(app: Flask, invitation: Invitation, purpose: InvitationPurpose) -> None:
    """The same invitation's token for another purpose opens nothing."""
    forged = Invitation(public_id=invitation.public_id, purpose=purpose)
    assert app.test_client().get(path_of(app, forged)).status_code == 404


def test_an_invitation_is_no_other_kind_of_link(app: Flask, invitation: Invitation) -> None:
    """Neither a new password nor an address comes of it."""
    token = invitation_token(secret_of(app), invitation)
    for door in ("reset", "address/undo"):
        assert app.test_client().get(f"/accounts/{door}/{token}").status_code == 404


def test_looking_accepts_nothing(app: Flask, invitation: Invitation, session: Session) -> None:
    """Programs that open links in mail, by GET or HEAD, use nothing up."""
    client = app.test_client()
    for ask in (client.get, client.head, client.get):
        assert ask(path_of(app, invitation)).status_code == 200
    look_again(session)
    assert invitation.accepted_at is None


# --- hosts ---------------------------------------------------------------------------------------

POISONED: list[dict[str, str]] = [
    {"X-Forwarded-Host": "attacker.example"},
    {"X-Forwarded-Server": "attacker.example"},
    {"Forwarded": "host=attacker.example"},
    {"X-Original-Host": "attacker.example"},
    {"X-Host": "attacker.example"},
]


@pytest.mark.parametrize("headers", POISONED, ids=lambda headers: next(iter(headers)))
def test_no_header_moves_a_link(
    app: Flask, build: Builder, clock: StoppedClock, headers: dict[str, str]
) -> None:
    """Mailed links begin with the configured address, whatever the request says."""
    build.account(email="ada@members.example", password_hash="x")
    client = app.test_client()
    client.environ_base |= {
        f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()
    }
    answer = submit(client, "/accounts/forgotten", {"email": "ada@members.example"})
    assert answer.status_code == 200
    assert "attacker" not in answer.text + str(answer.headers)
    (mail,) = deliver(app, clock)
    assert "attacker" not in str(mail)
    assert "http://localhost/accounts/reset/" in body_of(mail)


def test_another_host_is_not_served(app: Flask) -> None:
    """Nothing is made for it, not even a page."""
    for host in ("attacker.example", "localhost.attacker.example", "localhost:80@attacker.example"):
        answer = app.test_client().get("/accounts/forgotten", headers={"Host": host})
        assert answer.status_code == 400
        assert "attacker" not in answer.text


# --- addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "ada@members.example@attacker.example",
        "ada@members.example,x@attacker.example",
        "ada@members.example x@attacker.example",
        "ada@members.example\nBcc: x@attacker.example",
        "ada@members.example\r\nSubject: x",
        "<ada@members.example>",
        "Ada <ada@members.example>",
        '"ada@members.example"@attacker.example',
        "=?utf-8?q?ada=40members.example=3e=00?=@attacker.example",
        "ada@[127.0.0.1]",
        "ada@localhost",
        "ada",
        "@members.example",
        "ada@members.example\x00",
        "a" * 250 + "@members.example",
    ],
)
def test_what_is_no_single_address_is_refused(text: str) -> None:
    """One mailbox under one name, or a sentence that says how one is written."""
    try:
        parsed = parse_email(text)
    except Invalid:
        return
    # Encoded words are letters like others before the @: the mail goes where the last part says.
    assert parsed.count("@") == 1
    assert parsed.endswith("@attacker.example")


def test_the_same_address_is_one_account(app: Flask, build: Builder) -> None:
    """Case and blanks make no second person."""
    assert len({parse_email(text) for text in ("Ada@Members.example", " ada@members.EXAMPLE ")}) == 1


# --- enumeration ---------------------------------------------------------------------------------


@pytest.fixture
def doors(build: Builder) -> list[str]:
    """Every reason for which a password does not open: of an address that is known, or is not."""
    stored = passwords().hash(PASSWORD)
    build.account(email="known@members.example", password_hash=stored)
    build.account(email="off@members.example", password_hash=stored, status=AccountStatus.DISABLED)
    build.account(email="waiting@members.example", status=AccountStatus.PLACEHOLDER)
    build.account(email="keyless@members.example", password_hash=None)
    return [f"{name}@members.example" for name in ("known", "off", "waiting", "keyless", "nobody")]


class CountingKeeper:
    """Counts how often a password is hashed, and does it."""

    def __init__(self, keeper: Any) -> None:
        self.keeper, self.work = keeper, 0

    def __getattr__(self, name: str) -> Any:
        self.work += name in {"hash", "verify"}
        return getattr(self.keeper, name)


@pytest.mark.parametrize("path", ["/accounts/sign-in", "/accounts/forgotten", "/accounts/request"])
def test_no_form_tells_whether_an_address_is_known(app: Flask, doors: list[str], path: str) -> None:
    """The same page after the same statements and the same hashing."""
    keeper = CountingKeeper(passwords())
    app.extensions["forum_passwords"] = keeper
    keeper.keeper.verify(None, "the dummy is hashed once, before anybody is measured")
    seen = set()
    for email in doors:
        keeper.work = 0
        data = {"email": email, "password": "wrong wrong wrong", "name": "N", "message": "Please."}
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = f"192.0.2.{doors.index(email)}"  # each its own count
        with count_statements(db.engine) as statements:
            answer = submit(client, path, data)
        body = re.sub(r'nonce="[^"]*"|value="[^"]*"|data-options="[^"]*"', "", answer.text)
        seen.add((answer.status_code, str(answer.location), body, tuple(statements), keeper.work))
    assert len(seen) == 1


# --- open redirects ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "https://attacker.example/",
        "//attacker.example/",
        "/\\attacker.example",
        "\\\\attacker.example",
        "/\t/attacker.example",
        "/%09//attacker.example\n",
        "javascript:alert(1)",
        "data:text/html,x",
        "http:attacker.example",
        "attacker.example",
        "@attacker.example",
        "///attacker.example",
        " /groups/",
        "/groups/\r\nSet-Cookie: x=y",
    ],
)
def test_no_sign_in_leads_elsewhere(app: Flask, build: Builder, target: str) -> None:
    """Whatever a link asks for, one stays on this site."""
    assert own_path(target) is None
    build.account(email="ada@members.example", password_hash=passwords().hash(PASSWORD))
    client = app.test_client()
    data = {"email": "ada@members.example", "password": PASSWORD, "next": target}
    assert submit(client, "/accounts/sign-in", data).location == "/"
    for path in ("/accounts/sign-in", "/accounts/prove", "/accounts/second-factor/"):
        answer = client.get(path, query_string={"next": target})
        assert "attacker" not in str(answer.location)
        assert 'value="https://attacker' not in answer.text


# --- rights over people --------------------------------------------------------------------------


def test_nobody_changes_somebody_elses_address(
    app: Flask, client_of: ClientOf, build: Builder, session: Session
) -> None:
    """Neither a moderator nor an administrator has a form for it, and no field of another form does it."""
    ada = build.account("Ada", email="ada@members.example")
    boss = build.account(platform_role=PlatformRole.ADMINISTRATOR)
    client = client_of(boss)
    extra = {"email": "boss@attacker.example", "account_id": str(ada.id), "public_id": ada.public_id}
    for path in ("role", "enable", "link", "factors/remove"):
        submit(client, f"/administration/people/{ada.public_id}/{path}", extra)
    submit(client, "/accounts/settings/address", {f"address-{name}": value for name, value in extra.items()})
    look_again(session)
    assert ada.email == "ada@members.example"


@pytest.mark.parametrize("field", ["platform_role", "status", "email", "password_hash", "is_admin", "handle"])
def test_no_profile_field_gives_rights(
    client_of: ClientOf, build: Builder, session: Session, field: str
) -> None:
    """What the page does not ask for is not taken, under any spelling."""
    ada = build.account("Ada")
    before = {name: getattr(ada, name, None) for name in ("platform_role", "status", "email", "handle")}
    data = {"profile-name": "Ada", "profile-language": "en", "profile-time_zone": "Europe/Brussels"}
    data |= {"profile-theme": "auto", field: "administrator", f"profile-{field}": "administrator"}
    assert submit(client_of(ada), "/accounts/settings", data).status_code == 303
    look_again(session)
    assert {name: getattr(ada, name, None) for name in before} == before


# --- comparisons ---------------------------------------------------------------------------------

SECRET = re.compile(r"(token|token_hash|secret|hmac|password|password_hash|nonce|csrf|feed_key)s?$")


def comparisons() -> list[str]:
    """Every == or != in the program between two values, one of which is named as a secret is."""
    root = Path(__file__).parent.parent.parent / "forum"
    found = []
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
                continue
            left, right = node.left, node.comparators[0]
            if isinstance(left, ast.Constant) or isinstance(right, ast.Constant):
                continue
            for side in (left, right):
                name = side.attr if isinstance(side, ast.Attribute) else getattr(side, "id", "")
                owner = getattr(getattr(side, "value", None), "id", "")
                if SECRET.search(name) and not owner[:1].isupper():
                    found.append(f"{path.relative_to(root)}:{node.lineno} {ast.unparse(node)}")
    return found


ALLOWED = (
    "account.password_hash != ",  # the stored hash against itself, read a moment before
)


def test_secrets_are_compared_in_constant_time() -> None:
    """With hmac.compare_digest, or by their hash in the database: never with ==."""
    assert [line for line in comparisons() if not any(part in line for part in ALLOWED)] == []
