"""`forum account`."""

import json

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy.orm import Session

from forum.cli import cli
from forum.domain.accounts import Account, AccountStatus, PlatformRole
from forum.domain.audit import AuditEntry
from forum.domain.second_factors import OneTimeCode, RecoveryCode
from forum.extensions import passwords
from forum.services.access_tokens import find_token
from forum.services.login_sessions import find_session, start_session
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import deliver

PASSWORD = "gravel tulip orbit canteen"


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def find(session: Session, email: str) -> Account:
    session.rollback()
    return session.scalars(sa.select(Account).where(Account.email == email)).one()


def test_an_account_with_a_password_can_sign_in(runner: FlaskCliRunner, session: Session) -> None:
    """The password comes from standard input, never from the command line."""
    result = runner.invoke(
        cli,
        ["account", "create", "Ada@a.example", "--name", "Ada", "--role", "secretariat", "--password-stdin"],
        input=PASSWORD + "\n",
    )
    assert (result.exit_code, result.stdout) == (0, "Ada can sign in now.\n")
    account = find(session, "ada@a.example")
    assert account.platform_role is PlatformRole.SECRETARIAT
    assert passwords().verify(account.password_hash, PASSWORD)


def test_without_a_password_a_link_is_printed(
    runner: FlaskCliRunner, client: FlaskClient, session: Session, build: Builder
) -> None:
    """It leads to a page that asks for one, and the mandate is there."""
    body = build.organisation(slug="sample-body")
    result = runner.invoke(
        cli, ["account", "create", "ada@a.example", "--name", "Ada", "--organisation", "sample-body"]
    )
    assert result.exit_code == 0
    link = result.stdout.strip()
    assert link.startswith("http://localhost/accounts/invitations/")
    assert client.get(link.removeprefix("http://localhost")).status_code == 200
    account = find(session, "ada@a.example")
    assert account.status is AccountStatus.PLACEHOLDER
    account.status = AccountStatus.ACTIVE
    assert build.actor(account).organisation_ids == {body.id}


@pytest.mark.parametrize(
    ("arguments", "typed", "code", "words"),
    [
        (["ada", "--name", "Ada"], "", 1, "e-mail address"),
        (["taken@a.example", "--name", "Ada"], "", 1, "There is an account"),
        (["ada@a.example", "--name", "Ada", "--organisation", "none"], "", 1, "no organisation 'none'"),
        (["ada@a.example", "--name", "Ada", "--password-stdin"], "short\n", 1, "at least 15"),
        (["ada@a.example", "--name", "Ada", "--role", "king"], "", 2, "king"),
        (["ada@a.example"], "", 2, "--name"),
    ],
)
def test_bad_input_is_explained(
    runner: FlaskCliRunner,
    session: Session,
    build: Builder,
    arguments: list[str],
    typed: str,
    code: int,
    words: str,
) -> None:
    """One line on stderr, exit code 1 or 2, and nothing made."""
    build.account(email="taken@a.example")
    result = runner.invoke(cli, ["account", "create", *arguments], input=typed)
    assert result.exit_code == code
    assert words in result.stderr
    assert code == 2 or len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""
    session.rollback()
    assert session.scalar(sa.select(sa.func.count(Account.id))) == 1


def test_a_token_is_printed_once(
    runner: FlaskCliRunner, session: Session, build: Builder, clock: StoppedClock
) -> None:
    """With the scopes asked for, also as JSON; for people who can sign in."""
    build.account(email="ada@a.example")
    arguments = [
        "account",
        "token",
        "ada@a.example",
        "--name",
        "report",
        "--scope",
        "read",
        "--scope",
        "moderate",
    ]
    result = runner.invoke(cli, [*arguments, "--json"])
    answer = json.loads(result.stdout)
    assert answer["scopes"] == ["read", "moderate"]
    session.rollback()
    assert find_token(session, answer["token"], now=clock()) is not None
    plain = runner.invoke(cli, arguments)
    assert plain.stdout.startswith("forum_")
    assert runner.invoke(cli, ["account", "token", "nobody@a.example"]).exit_code == 1


def test_sessions_are_ended_from_the_command_line(
    runner: FlaskCliRunner, session: Session, build: Builder, clock: StoppedClock
) -> None:
    """Of one person, or of everybody; on record either way, and the accounts stay as they are."""
    people = [build.account(email=f"{name}@a.example") for name in ("ada", "ben")]
    tokens = [start_session(session, person, now=clock(), hours=12) for person in people]
    session.commit()

    def alive() -> list[bool]:
        session.rollback()
        return [find_session(session, token, now=clock(), idle_minutes=30) is not None for token in tokens]

    assert runner.invoke(cli, ["account", "sign-out", "ada@a.example"]).exit_code == 0
    assert alive() == [False, True]
    assert runner.invoke(cli, ["account", "sign-out", "--everybody"]).exit_code == 0
    assert alive() == [False, False]
    entries = session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "account.sessions_ended")
    ).all()
    assert [entry.subject for entry in entries] == [people[0].public_id, None]
    assert runner.invoke(cli, ["account", "sign-out", "nobody@a.example"]).exit_code == 1
    for wrong in ([], ["ada@a.example", "--everybody"]):
        assert runner.invoke(cli, ["account", "sign-out", *wrong]).exit_code == 2


@pytest.mark.parametrize(
    "command",
    [
        ["account", "create"],
        ["account", "sign-out"],
        ["account", "token"],
        ["organisation", "create"],
        ["member", "add"],
        ["member", "remove"],
        ["init"],
    ],
)
def test_help_has_an_example(runner: FlaskCliRunner, command: list[str]) -> None:
    """Every command shows how it is used."""
    result = runner.invoke(cli, [*command, "--help"])
    assert result.exit_code == 0
    assert f"Example: forum {' '.join(command)}" in result.stdout


def test_reset_factors(
    app: Flask, runner: FlaskCliRunner, session: Session, build: Builder, clock: StoppedClock
) -> None:
    """Codes, passkeys and recovery codes go, every session ends, it is on record, and the person is told."""
    ada, bob = build.account("Ada", email="ada@a.example"), build.account("Bob", email="bob@a.example")
    for person in (ada, bob):
        session.add(OneTimeCode(account_id=person.id, secret="x", last_step=0))
        session.add(RecoveryCode(account_id=person.id, code_hash=f"{person.id}" * 64))
    token = start_session(session, ada, now=clock(), hours=12)
    session.commit()
    done = runner.invoke(cli, ["account", "reset-factors", "Ada@a.example"])
    assert (done.exit_code, "with the password alone" in done.stdout) == (0, True)
    session.rollback()
    for model in (OneTimeCode, RecoveryCode):
        assert session.scalars(sa.select(model.account_id)).all() == [bob.id]
    assert find_session(session, token, now=clock(), idle_minutes=30) is None
    entry = session.scalars(sa.select(AuditEntry)).one()
    assert (entry.action, entry.actor, entry.subject) == ("factor.removed", None, ada.public_id)
    (mail,) = deliver(app, clock)
    assert "taken off" in str(mail["Subject"])
    assert "ada@a.example" in str(mail["To"])
    nobody = runner.invoke(cli, ["account", "reset-factors", "nobody@a.example"])
    assert (nobody.exit_code, "no account" in nobody.stderr) == (1, True)
