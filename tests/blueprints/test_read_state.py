"""How far somebody has read is theirs alone: no page, call, export or administration tells it to others."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

import forum
from forum.cli import cli
from forum.domain.accounts import Account, PlatformRole
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.domain.second_factors import OneTimeCode
from forum.domain.threads import ReadMarker, Thread
from forum.services.access_tokens import Scope, create_token
from tests.attacks.crawling import neutral
from tests.builders import Builder
from tests.conftest import StoppedClock

ClientOf = Callable[[Account | None], FlaskClient]

SIZE = re.compile(r"[\d.,]+ [kMG]?B\b")
"""Of the database and its parts, which grows by a row whatever that row says."""
KNOWING = {
    "services/reading.py": "where the person goes on reading, and what is new to them",
    "services/read_markers.py": "writes it",
    "services/threads.py": "the list, for whoever looks at it",
    "services/home.py": "what the person has not read",
    "services/threads_split.py": "a discussion that is split takes it along",
    "services/erasing.py": "deletes it with the person",
    "domain/threads.py": "the table",
}
"""The modules that know of the marker, and what for: each asks for the one who looks, and nobody else."""


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.MEMBERS, slug="closed")


@pytest.fixture
def thread(build: Builder, group: Group) -> Thread:
    thread = build.thread(group, build.member(group))
    build.post(thread, build.member(group))
    return thread


@pytest.fixture
def reader(build: Builder, group: Group) -> Account:
    return build.member(group, build.account("Rita Reader"))


@pytest.fixture
def others(build: Builder, session: Session, group: Group) -> dict[str, Account]:
    """Everybody who could be curious."""
    found = {role.value: build.member(group, role=role) for role in GroupRole}
    for role in (PlatformRole.SECRETARIAT, PlatformRole.ADMINISTRATOR):
        found[role.name] = build.account(platform_role=role)
    session.add_all(OneTimeCode(account_id=one.id, secret="x", last_step=0) for one in found.values())
    session.commit()
    return found


def token_of(session: Session, account: Account, clock: StoppedClock) -> str:
    """A token that is worth as much as its owner's session."""
    return create_token(session, account, name="x", scopes=[Scope.READ], now=clock(), has_second_factor=True)[
        1
    ]


def paths(group: Group, thread: Thread, reader: Account) -> list[str]:
    """Where it could stand: of the discussion, of the group, of the person, of the system."""
    inside = f"/groups/{group.slug}/"
    return [
        "/", "/notices/", "/groups/", inside, f"{inside}threads/", f"{inside}threads/{thread.public_id}/",
        f"{inside}members/", f"/people/{reader.public_id}/", "/search?q=question", "/me/data", "/me/record",
        "/moderation/", "/moderation/transparency", f"/moderation/?group={group.slug}",
        "/administration/", "/administration/people/", f"/administration/people/{reader.public_id}/",
        "/administration/system/",
    ]  # fmt: skip


def test_nothing_that_others_see_changes_when_somebody_reads(
    app: Flask, session: Session, build: Builder, client_of: ClientOf, clock: StoppedClock,
    group: Group, thread: Thread, reader: Account, others: dict[str, Account],
) -> None:  # fmt: skip
    """Byte for byte, before and after, for every role in the group and over the platform."""
    clients = {name: client_of(one) for name, one in others.items()}
    tokens = {
        name: create_token(session, one, name="x", scopes=[Scope.READ], now=clock(), has_second_factor=True)[
            1
        ]
        for name, one in others.items()
    }
    session.commit()

    def seen() -> dict[tuple[str, str], str]:
        found = {
            (name, path): SIZE.sub("", neutral(client.get(path, follow_redirects=True)))
            for name, client in clients.items()
            for path in paths(group, thread, reader)
        }
        outside = app.test_client()
        for name, token in tokens.items():
            for path in (f"threads/{thread.public_id}", f"groups/{group.slug}/threads", "me", "audit"):
                bearer = {"Authorization": f"Bearer {token}"}
                found[name, path] = neutral(outside.get(f"/api/v1/{path}", headers=bearer))
        for form in ("jsonl", "csv"):
            done = app.test_cli_runner().invoke(cli, ["export", "--group", group.slug, "--format", form])
            assert done.exit_code == 0
            found["export", form] = done.output
        return found

    own = client_of(reader)
    seen()  # what looking changes by itself (one's own marker, a session touched) is done by then
    before = seen()
    unread = own.get(f"/groups/{group.slug}/threads/").text
    session.add(ReadMarker(account_id=reader.id, thread_id=thread.id, read_at=clock() + timedelta(seconds=1)))
    session.commit()
    assert own.get(f"/groups/{group.slug}/threads/").text.count("New") < unread.count("New"), "they see it"
    after = seen()
    assert [key for key in before if before[key] != after[key]] == []


def test_only_what_serves_the_reader_knows_of_it() -> None:
    """A module that begins to ask for read markers is a decision."""
    package = Path(forum.__file__).parent
    asking = re.compile(r"\bReadMarker\b|\bread_at_of\b|\bread_marker\b")
    found = {
        str(path.relative_to(package)) for path in package.rglob("*.py") if asking.search(path.read_text())
    }
    assert found == KNOWING.keys()
