"""Taking cases, deciding on identical texts, being away, and single keys, on the pages."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.threads import Post
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import errors_in, look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC, slug="sample", rules=[])


@pytest.fixture
def pair(build: Builder, group: Group) -> tuple[Account, Account]:
    first, second = (build.member(group, role=GroupRole.MODERATOR) for _ in range(2))
    return first, second


@pytest.fixture
def held(build: Builder, group: Group) -> list[Post]:
    """Three times the same text by three people, and another one."""
    thread = build.thread(group, build.member(group), title="On scope")
    texts = ["The same."] * 3 + ["Another."]
    return [build.post(thread, build.member(group), text=text, status=Status.PENDING) for text in texts]


def test_a_taken_case_says_so_and_is_taken_over_with_a_tick(
    client_of: ClientOf, pair: tuple[Account, Account], held: list[Post]
) -> None:
    """The colleague reads until when; the button alone is refused, with the tick it works."""
    page = f"/moderation/cases/post/{held[3].public_id}"
    first, second = (client_of(account) for account in pair)
    assert submit(first, f"{page}/take").status_code == 303
    assert "yours until" in first.get(page).text
    assert "claimed by a colleague until" in second.get(page).text
    assert "claimed by a colleague until" in second.get("/moderation/").text
    assert submit(second, f"{page}/take").status_code == 409
    refused = submit(second, page, {"action": "approve"})
    assert refused.status_code == 409
    assert "colleague" in errors_in(refused)
    assert submit(second, f"{page}/take", {"over": "y"}).status_code == 303
    assert submit(second, f"{page}/give-back").status_code == 303
    assert "claimed" not in first.get(page).text


def test_identical_texts_are_decided_and_taken_back_together(
    client_of: ClientOf, session: Session, pair: tuple[Account, Account], held: list[Post]
) -> None:
    """One tick decides on the three; the other text waits on; one button takes all three back."""
    client = client_of(pair[0])
    page = f"/moderation/cases/post/{held[0].public_id}"
    assert "2 more texts wait that say exactly the same" in client.get(page).text
    assert submit(client, page, {"action": "approve", "alike": "y"}).status_code == 303
    look_again(session)
    assert [post.status for post in held] == [Status.PUBLISHED] * 3 + [Status.PENDING]
    queue = BeautifulSoup(client.get("/moderation/").text, "html.parser")
    bar = queue.select_one("progress.undo-bar")
    assert bar is not None
    assert bar["value"] == "60"
    form = queue.select_one("form.undo-form")
    assert form is not None
    assert submit(client, str(form["action"])).status_code == 303
    look_again(session)
    assert {post.status for post in held} == {Status.PENDING}


def test_after_a_minute_there_is_no_bar(
    client_of: ClientOf, clock: StoppedClock, pair: tuple[Account, Account], held: list[Post]
) -> None:
    """Then the letter leaves."""
    client = client_of(pair[0])
    submit(client, f"/moderation/cases/post/{held[3].public_id}", {"action": "approve"})
    clock.advance(seconds=40)
    assert 'value="20"' in client.get("/moderation/").text
    clock.advance(seconds=21)
    assert "undo-bar" not in client.get("/moderation/").text


def test_single_keys_are_off_until_switched_on(
    client_of: ClientOf, pair: tuple[Account, Account], held: list[Post]
) -> None:
    """The choice is kept with the account, for it alone (WCAG 2.1.4)."""
    client, page = client_of(pair[0]), f"/moderation/cases/post/{held[0].public_id}"
    for address in ("/moderation/", page):
        assert "data-keys" not in client.get(address).text
    assert submit(client, "/moderation/shortcuts").status_code == 303
    text = client.get(page).text
    assert "data-keys" in text
    for key in "prdlnt":
        assert f'data-key="{key}"' in text
    assert "data-keys" in client_of(pair[0]).get(page).text
    assert "data-keys" not in client_of(pair[1]).get(page).text
    submit(client, "/moderation/shortcuts")
    assert "data-keys" not in client.get(page).text


def test_being_away(
    client_of: ClientOf, clock: StoppedClock, pair: tuple[Account, Account], held: list[Post]
) -> None:
    """The deputy is told in the queue; who is back takes it away; a mistake comes back to its field."""
    first, second = (client_of(account) for account in pair)
    until = clock().date().replace(year=clock().year + 1, day=1).isoformat()
    form = {"group": "sample", "until": until, "deputy": pair[1].public_id}
    assert submit(first, "/moderation/absence", form | {"until": ""}).status_code == 422
    assert submit(first, "/moderation/absence", form).status_code == 303
    assert "You stand in for" in second.get("/moderation/").text
    assert "I am back" in first.get("/moderation/absence").text
    assert submit(first, "/moderation/absence/sample/end").status_code == 303
    assert "You stand in for" not in second.get("/moderation/").text
    assert "Usually answered by" in first.get("/groups/sample/rules").text


def test_members_share_nothing(client_of: ClientOf, build: Builder, group: Group, held: list[Post]) -> None:
    """Every one of these pages is the moderators'."""
    client = client_of(build.member(group))
    page = f"/moderation/cases/post/{held[0].public_id}"
    addresses = ["/moderation/shortcuts", "/moderation/absence", "/moderation/absence/sample/end"]
    for address in [*addresses, f"{page}/take", f"{page}/give-back"]:
        assert submit(client, address).status_code == 403
