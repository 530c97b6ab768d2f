"""A group's terms and rules, edited on the web."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, PlatformRole
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from tests.builders import Builder
from tests.support import errors_in, look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]

FORM = {
    "title": "Sample group",
    "short_title": "Sample",
    "summary": "What it does.",
    "mandate_source": "It **compares**.",
    "contact": "sample@secretariat.example",
    "ceiling": "members",
    "default_tlp": "RED",
    "is_listed": "y",
    "members_visible": "bodies",
    "attribution": "named",
    "shown_as_choices": ["name", "organisation"],
    "who_may_write": "members",
    "holding_rule": "none",
    "promised_days": "3",
    "languages": ["en", "fr"],
    "rules": "civil: Argue with the point.\n\nsources: Say what a claim rests on.",
    "lock_version": "1",
}


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.MEMBERS, slug="sample", contact="", rules=[])


@pytest.fixture
def chair(build: Builder, group: Group) -> Account:
    return build.member(group, role=GroupRole.CHAIR)


def save(client: FlaskClient, group: Group, **changed: object):  # type: ignore[no-untyped-def]
    return submit(
        client, "/groups/sample/settings/", FORM | {"lock_version": str(group.lock_version)} | changed
    )


def test_a_chair_changes_the_charter(
    client_of: ClientOf, session: Session, group: Group, chair: Account
) -> None:
    """Text is rendered, rules are read, and what changed is remembered as the web's."""
    client = client_of(chair)
    assert client.get("/groups/sample/settings/").status_code == 200
    assert save(client, group).status_code == 303
    look_again(session)
    assert group.title == "Sample group"
    assert "<strong>compares</strong>" in group.mandate_html
    assert group.rules == [
        {"key": "civil", "text": "Argue with the point."},
        {"key": "sources", "text": "Say what a claim rests on."},
    ]
    assert group.languages == ["en", "fr"]
    assert {"title", "rules", "promised_days"} <= set(group.edited_fields)
    assert "ceiling" not in group.edited_fields
    assert 'value="Sample group"' in client.get("/groups/sample/settings/").text


def test_markup_of_others_stays_text(
    client_of: ClientOf, session: Session, group: Group, chair: Account
) -> None:
    """A script in any field is shown as what was typed."""
    evil = "<script>alert(1)</script>"
    client = client_of(chair)
    save(client, group, title=evil, summary=evil, mandate_source=evil, contact=evil, rules=f"civil: {evil}")
    for path in ("settings/", "", "rules", "members/"):
        assert evil not in client.get(f"/groups/sample/{path}").text


def test_widening_is_asked_for_again(
    client_of: ClientOf, session: Session, group: Group, chair: Account
) -> None:
    """First a warning with a box to tick; nothing changes until it is ticked."""
    client = client_of(chair)
    wider = {"ceiling": "public", "default_tlp": "CLEAR"}
    answer = save(client, group, **wider)
    assert answer.status_code == 422
    assert "more to more people" in errors_in(answer)
    assert 'name="confirm"' in answer.text
    look_again(session)
    assert group.ceiling is Ceiling.MEMBERS
    assert save(client, group, **wider, confirm="y").status_code == 303
    look_again(session)
    assert group.ceiling is Ceiling.PUBLIC


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"title": ""}, "Title"),
        ({"default_tlp": "CLEAR"}, "wider than what may be read"),
        ({"promised_days": "0"}, "Working days"),
        ({"promised_days": "soon"}, "Working days"),
        ({"rules": "no colon here"}, "Line 1 is no rule"),
        ({"rules": "civil: One.\ncivil: Two."}, "stands there twice"),
        ({"rules": "\n"}, "Rules"),
        ({"languages": []}, "Choose at least one"),
        ({"ceiling": "everyone"}, "Who may read"),
        ({"mandate_source": "x" * 20_001}, "Mandate"),
    ],
)
def test_bad_settings_are_said_and_kept(
    client_of: ClientOf,
    session: Session,
    group: Group,
    chair: Account,
    changed: dict[str, object],
    words: str,
) -> None:
    """422 with the sentence at its field; what else was typed stays, and nothing changes."""
    answer = save(client_of(chair), group, **({"summary": "Typed with care."} | changed))
    assert answer.status_code == 422
    assert words in errors_in(answer)
    assert "Typed with care." in answer.text
    look_again(session)
    assert group.summary == ""


def test_the_slower_of_two_sees_both(
    client_of: ClientOf, session: Session, build: Builder, group: Group, chair: Account
) -> None:
    """409 with what is there and what was typed; sending it again is then a decision."""
    other = build.member(group, role=GroupRole.SECRETARIAT)
    client = client_of(chair)
    before = str(group.lock_version)
    assert save(client_of(other), group, summary="Theirs.").status_code == 303
    answer = save(client, group, summary="Mine.", lock_version=before)
    assert answer.status_code == 409
    assert "Theirs." in answer.text
    assert "Mine." in answer.text
    look_again(session)
    assert group.summary == "Theirs."
    assert f'value="{group.lock_version}"' in answer.text
    assert save(client, group, summary="Mine.").status_code == 303
    look_again(session)
    assert group.summary == "Mine."


def test_nobody_else_edits(client_of: ClientOf, build: Builder, group: Group, chair: Account) -> None:
    """Members and moderators are refused, people outside see nothing, also administrators."""
    for account, status in (
        (build.member(group), 403),
        (build.member(group, role=GroupRole.MODERATOR), 403),
        (build.account(platform_role=PlatformRole.ADMINISTRATOR), 404),
    ):
        client = client_of(account)
        assert client.get("/groups/sample/settings/").status_code == status
        assert save(client, group).status_code == status


def test_fields_that_are_not_the_chairs_stay(
    client_of: ClientOf, session: Session, group: Group, chair: Account
) -> None:
    """Address, initiative, label and directory entry cannot be sent along."""
    save(client_of(chair), group, slug="taken", initiative="3", audience="public", in_directory="")
    look_again(session)
    assert (group.slug, group.initiative, group.audience, group.in_directory) == (
        "sample",
        None,
        f"group:{group.id}",
        True,
    )


def test_production_closes_groups(app: Flask, build: Builder, client_of: ClientOf, session: Session) -> None:
    """Its members are asked for a second factor, so a group may be closed."""
    app.config["ENV"] = "production"
    group = build.group(Ceiling.PUBLIC, slug="sample", members_visible="bodies")
    client = client_of(build.member(group, role=GroupRole.CHAIR))
    assert save(client, group).status_code == 303
    look_again(session)
    assert group.ceiling is Ceiling.MEMBERS
