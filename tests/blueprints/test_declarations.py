"""Declarations of interest: who files, who sees them, who is asked."""

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.declarations import Declaration
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from tests.blueprints.papers_pages import ClientOf
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import deliver, errors_in, look_again, submit

OWN = {"has_interests": "yes", "body": "I hold **shares** of Example Messenger."}


def a_group(build: Builder, visible: str, **columns: object) -> tuple[Group, Account, Account]:
    """A group whose charter shows declarations so, with its chair and a member."""
    group = build.group(Ceiling.PUBLIC, practice={"declarations_visible": visible}, **columns)
    chair = build.member(group, build.account("Charlotte Chair"), GroupRole.CHAIR)
    return group, chair, build.member(group, build.account("Mira Member"))


def test_versions_are_kept_and_the_secretariat_remarks(
    build: Builder, client_of: ClientOf, session: Session, clock: StoppedClock
) -> None:
    """The newest is in force; nobody remarks on their own."""
    group, chair, member = a_group(build, "members")
    path = f"/groups/{group.slug}/declarations/"
    mine, client = client_of(member), client_of(chair)
    assert "Write which" in errors_in(submit(mine, f"{path}file", {"has_interests": "yes", "body": ""}))
    assert submit(mine, f"{path}file", OWN).status_code == 303
    assert submit(mine, f"{path}file", {"has_interests": "no", "body": ""}).status_code == 303
    page = client.get(f"{path}{member.public_id}").text
    assert "<strong>shares</strong>" in page
    assert "Version 2" in page
    look_again(session)
    newest = session.scalars(sa.select(Declaration).where(Declaration.number == 2)).one().public_id
    session.rollback()
    assert submit(mine, f"{path}{newest}/remark", {"remark": "Fine."}).status_code == 403
    assert submit(client, f"{path}{newest}/remark", {"remark": "Sold in March."}).status_code == 303
    assert "Sold in March." in mine.get(path).text


@pytest.mark.parametrize(
    ("visible", "members_visible", "sees"),
    [
        ("managers", "names", {"chair"}),
        ("members", "names", {"chair", "other"}),
        ("listed", "names", {"chair", "other", "stranger"}),
        ("listed", "bodies", {"chair", "other"}),
        ("listed", "numbers", {"chair", "other"}),
    ],
)
def test_who_sees_them_is_as_the_charter_says(
    build: Builder, client_of: ClientOf, visible: str, members_visible: str, sees: set[str]
) -> None:
    """And where it shows bodies or numbers, nobody outside is told a name."""
    group, chair, member = a_group(build, visible, members_visible=members_visible)
    path = f"/groups/{group.slug}/declarations/"
    submit(client_of(member), f"{path}file", OWN)
    readers = {"chair": chair, "other": build.member(group), "stranger": build.account(), "visitor": None}
    for who, person in readers.items():
        client = client_of(person)
        for address in (path, f"{path}{member.public_id}"):
            page = client.get(address)
            shown = page.status_code == 200 and ("Mira Member" in page.text or "shares" in page.text)
            assert shown == (who in sees), (who, address)


def test_the_chair_sees_who_is_missing_and_asks_after_a_look(
    app: Flask, build: Builder, client_of: ClientOf, session: Session, clock: StoppedClock
) -> None:
    """Missing and due again are asked, each with their own mail; whoever filed is not."""
    group, chair, member = a_group(build, "members")
    other = build.member(group, build.account("Otto Other"))
    path = f"/groups/{group.slug}/declarations/"
    submit(client_of(member), f"{path}file", OWN)
    client = client_of(chair)
    submit(client, f"{path}file", {"has_interests": "no", "body": ""})
    page = client.get(f"{path}ask").text
    assert "Otto Other" in page
    assert "Mira Member" not in page
    assert submit(client, f"{path}ask").status_code == 303
    assert [mail["To"].addresses[0].addr_spec for mail in deliver(app, clock)] == [other.email]
    clock.advance(days=366)
    session.rollback()
    assert "Mira Member" in client_of(chair).get(f"{path}ask").text


def test_observers_and_outsiders_do_not_declare(build: Builder, client_of: ClientOf) -> None:
    group, _, _ = a_group(build, "members")
    path = f"/groups/{group.slug}/declarations/file"
    observer = build.member(group, role=GroupRole.OBSERVER)
    outsider = build.account()
    assert submit(client_of(observer), path, OWN).status_code == 403
    assert submit(client_of(outsider), path, OWN).status_code == 403
