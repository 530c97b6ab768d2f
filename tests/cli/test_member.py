"""`forum member`."""

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy.orm import Session

from forum.cli import cli
from forum.domain.groups import GroupRole
from forum.services.memberships import load_members
from tests.builders import Builder
from tests.support import look_again


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def test_a_person_comes_and_goes(runner: FlaskCliRunner, session: Session, build: Builder) -> None:
    """On a seat that is made for the body where it has none; removing ends every role."""
    group = build.group(slug="sample-group")
    ada = build.account("Ada", email="ada@a.example")
    eve = build.account("Eve", email="eve@a.example")
    build.organisation("Body", slug="body")
    for arguments in (
        ["ada@a.example", "--seat", "body"],
        ["eve@a.example", "--seat", "body", "--alternate", "--role", "observer"],
        ["ada@a.example", "--role", "chair"],
    ):
        result = runner.invoke(cli, ["member", "add", "sample-group", *arguments])
        assert result.exit_code == 0, result.stderr
    look_again(session)
    (seat,) = load_members(session, group).seats
    assert [line.account.name for line in seat.representatives] == ["Ada"]
    assert [line.account.name for line in seat.alternates] == ["Eve"]
    assert build.actor(ada).roles_in(group.id) == {GroupRole.MEMBER, GroupRole.CHAIR}
    result = runner.invoke(cli, ["member", "remove", "sample-group", "ADA@a.example"])
    assert (result.exit_code, result.stdout) == (0, "Ada has no role in sample-group now; 2 ended.\n")
    look_again(session)
    assert build.actor(ada).group_roles == {}
    assert build.actor(eve).roles_in(group.id) == {GroupRole.OBSERVER}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["add", "none", "ada@a.example"], 1, "no group 'none'"),
        (["add", "sample-group", "nobody@a.example"], 1, "Nobody has the address"),
        (["add", "sample-group", "ada@a.example", "--seat", "none"], 1, "no organisation 'none'"),
        (["add", "sample-group", "ada@a.example", "--alternate"], 2, "--seat"),
        (["add", "sample-group", "ada@a.example", "--role", "king"], 2, "king"),
        (["remove", "sample-group", "ada@a.example"], 1, "no role"),
    ],
)
def test_bad_input_is_explained(
    runner: FlaskCliRunner, build: Builder, arguments: list[str], code: int, words: str
) -> None:
    """What is wrong is said in one line."""
    build.group(slug="sample-group")
    build.account("Ada", email="ada@a.example")
    result = runner.invoke(cli, ["member", *arguments])
    assert result.exit_code == code
    assert words in result.stderr
