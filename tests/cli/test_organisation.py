"""`forum organisation`."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy.orm import Session

from forum.cli import cli
from forum.services.organisations import find_organisation
from tests.builders import Builder


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def test_an_organisation_is_made(runner: FlaskCliRunner, session: Session) -> None:
    """With type, country and register number; its address is printed."""
    result = runner.invoke(
        cli,
        "organisation create sample --name 'Sample Body' --type ngo --country be --register-id 0000-07",
    )
    assert (result.exit_code, result.stdout) == (0, "Sample Body is at /organisations/sample/\n")
    body = find_organisation(session, "sample")
    assert body is not None
    assert (body.type, body.country, body.register_id) == ("ngo", "BE", "0000-07")


def test_the_same_name_is_pointed_out(runner: FlaskCliRunner, build: Builder, session: Session) -> None:
    """It may be the same body: on stderr, and in the JSON."""
    build.organisation("Sample Body", slug="sample", match_key="sample body")
    command = ["organisation", "create", "other", "--name", "SAMPLE BODY Ltd", "--type", "ngo", "--json"]
    result = runner.invoke(cli, command)
    assert json.loads(result.stdout)["similar"] == ["sample"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["sample", "--name", "Sample", "--type", "ngo"], 1, "already"),
        (["Sample Body", "--name", "Sample", "--type", "ngo"], 2, "hyphens"),
        (["other", "--name", "Sample", "--type", "club"], 2, "club"),
        (["other", "--name", "Sample", "--type", "ngo", "--country", "Belgium"], 2, "two-letter"),
        (["other", "--name", " ", "--type", "ngo"], 1, "name"),
    ],
)
def test_bad_input_is_explained(
    runner: FlaskCliRunner, build: Builder, arguments: list[str], code: int, words: str
) -> None:
    """What is wrong is said, and nothing is made."""
    build.organisation("Sample", slug="sample")
    result = runner.invoke(cli, ["organisation", "create", *arguments])
    assert result.exit_code == code
    assert words in result.stderr
