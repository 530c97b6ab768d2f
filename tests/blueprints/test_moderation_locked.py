"""The pages of what is locked: no text, no title and no author on any of them, for anybody."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.protected import ProtectedCase
from forum.domain.threads import Post, Thread
from tests.builders import Builder
from tests.support import errors_in, look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]
CANARIES = ("Canary title", "canary text", "Canary Author")


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC, slug="sample")


@pytest.fixture
def people(build: Builder, group: Group) -> tuple[Account, Account, Account]:
    author = build.member(group, build.account("Canary Author", name_is_public=True))
    return author, build.member(group), build.member(group, role=GroupRole.MODERATOR)


@pytest.fixture
def locked(
    session: Session, build: Builder, client_of: ClientOf, group: Group, people: tuple[Account, ...]
) -> tuple[Thread, str]:
    """A reader flags an opening post; the discussion is gone for everybody."""
    thread = build.thread(group, people[0], title="Canary title", text="canary text")
    opening = thread_opening(session, thread)
    client = client_of(people[1])
    answer = submit(client, f"/posts/{opening}/flag", {"reason": "suspected"})
    assert answer.status_code == 303
    assert "locked" in client.get(answer.location, follow_redirects=True).text
    look_again(session)
    return thread, session.scalars(sa.select(ProtectedCase.public_id)).one()


def thread_opening(session: Session, thread: Thread) -> str:
    return session.scalars(sa.select(Post.public_id).where(Post.thread_id == thread.id)).one()


def test_no_page_has_a_word_of_it(
    client_of: ClientOf, session: Session, people: tuple[Account, ...], locked: tuple[Thread, str]
) -> None:
    """Queue, locked page, log, lists, own contributions and its former address, for each of them."""
    thread, case = locked
    opening = thread_opening(session, thread)
    pages = [
        "/", "/moderation/", f"/moderation/locked/{case}", "/moderation/log", "/me/contributions",
        "/groups/sample/", "/groups/sample/threads/", f"/groups/sample/threads/{thread.public_id}/",
        f"/posts/{opening}", f"/posts/{opening}/history", f"/moderation/cases/post/{opening}", "/notices/",
    ]  # fmt: skip
    author, *others = people
    for account in (author, *others, None):
        client = client_of(account)
        for page in pages:
            text = client.get(page, follow_redirects=True).text
            shown = CANARIES[:2] if account is author or page == "/me/contributions" else CANARIES
            assert not [canary for canary in shown if canary in text], (account and account.name, page)


def test_steps_and_hotline(
    client_of: ClientOf, people: tuple[Account, ...], locked: tuple[Thread, str]
) -> None:
    """The moderator finds the lane in the queue, what to do, and the network of hotlines."""
    client = client_of(people[2])
    assert f"/moderation/locked/{locked[1]}" in client.get("/moderation/").text
    page = client.get(f"/moderation/locked/{locked[1]}").text
    assert "What to do" in page
    assert "INHOPE" in page
    assert "112" in page


def test_told_and_then_released(
    client_of: ClientOf, session: Session, people: tuple[Account, ...], locked: tuple[Thread, str]
) -> None:
    """Release is refused before the hotline was told, and with less than a sentence."""
    thread, _ = locked
    client, page = client_of(people[2]), f"/moderation/locked/{locked[1]}"
    reason = {"reason": "They have answered that it is nothing of the kind."}
    early = submit(client, f"{page}/release", reason)
    assert early.status_code == 409
    assert "first" in errors_in(early)
    assert submit(client, f"{page}/told").status_code == 303
    assert "was told" in client.get(page).text
    assert submit(client, f"{page}/release", {"reason": "No."}).status_code == 422
    assert submit(client, f"{page}/release", reason).status_code == 303
    look_again(session)
    assert thread.status is Status.PENDING
    assert "Canary title" in client.get("/moderation/").text
    assert client.get(page).status_code == 404


def test_others_find_nothing(
    client_of: ClientOf, build: Builder, people: tuple[Account, ...], locked: tuple[Thread, str]
) -> None:
    """A member is refused like everybody without the role; a moderator of another group finds nothing."""
    page = f"/moderation/locked/{locked[1]}"
    assert client_of(people[1]).get(page).status_code == 403
    other = build.member(build.group(Ceiling.PUBLIC), role=GroupRole.MODERATOR)
    assert client_of(other).get(page).status_code == 404
    assert submit(client_of(other), f"{page}/told").status_code == 404


def test_what_was_released_can_be_edited_while_it_waits(
    client_of: ClientOf, session: Session, people: tuple[Account, ...], locked: tuple[Thread, str]
) -> None:
    """Its author reads it again, and is told that it still waits."""
    moderator, page = client_of(people[2]), f"/moderation/locked/{locked[1]}"
    submit(moderator, f"{page}/told")
    submit(moderator, f"{page}/release", {"reason": "They have answered that it is nothing of the kind."})
    opening = thread_opening(session, locked[0])
    form = {"title": "Canary title", "body": "Other words.", "version": version_of(session, opening)}
    answer = submit(client_of(people[0]), f"/posts/{opening}/edit", form | {"language": "en"})
    assert answer.status_code == 303


def version_of(session: Session, opening: str) -> str:
    return str(session.scalars(sa.select(Post.lock_version).where(Post.public_id == opening)).one())
