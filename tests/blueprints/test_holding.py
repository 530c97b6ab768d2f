"""The page of what is held, and the sentence beside a composer."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.labels import Ceiling
from tests.builders import Builder
from tests.support import errors_in, look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]
PAGE = "/groups/sample/settings/holding"


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(
        Ceiling.PUBLIC,
        slug="sample",
        holding_rule=HoldingRule.NONE,
        shown_as_choices=["name"],
        languages=["en"],
    )


@pytest.fixture
def moderator(build: Builder, group: Group) -> Account:
    return build.member(group, role=GroupRole.MODERATOR)


def form(group: Group, **changed: str) -> dict[str, str]:
    return {"holding_rule": "none", "lock_version": str(group.lock_version)} | changed


def test_a_moderator_tries_and_then_sets_rules(
    client_of: ClientOf, build: Builder, group: Group, moderator: Account
) -> None:
    """To try changes nothing and says what would have been held; to save does."""
    build.thread(group, build.member(group), title="About numbers", text="A lottery.")
    client = client_of(moderator)
    tried = submit(client, PAGE, form(group, words="lottery\nraffle", preview="1"))
    page = BeautifulSoup(tried.text, "html.parser")
    found = page.select_one("#rehearsal")
    assert found is not None
    assert "1 contribution" in found.text
    assert "About numbers" in found.text
    assert page.select_one("#words").text.strip() == "lottery\nraffle"  # type: ignore[union-attr]
    look_again(build.session)
    assert group.holding_rules == {}
    saved = submit(client, PAGE, form(group, words="lottery\nraffle", contacts="y"))
    assert saved.status_code == 303
    look_again(build.session)
    assert group.holding_rules == {"words": ["lottery", "raffle"], "contacts": True}
    assert "What is held" in client.get("/groups/sample/rules").text


def test_what_makes_no_sense_is_said_at_its_field(
    client_of: ClientOf, group: Group, moderator: Account
) -> None:
    """A line that is no domain comes back with the rest as it was typed."""
    answer = submit(client_of(moderator), PAGE, form(group, reference_domains="no domain", words="raffle"))
    assert answer.status_code == 422
    assert "no domain" in errors_in(answer)
    assert "raffle" in answer.text


def test_whoever_was_slower_is_told(client_of: ClientOf, group: Group, moderator: Account) -> None:
    """What another moderator saved meanwhile is not overwritten."""
    answer = submit(client_of(moderator), PAGE, form(group, lock_version="0", words="raffle"))
    assert answer.status_code == 409
    assert "meanwhile" in errors_in(answer)


def test_others_do_not_open_it(client_of: ClientOf, build: Builder, group: Group) -> None:
    """A member reads which rule there is on the rules page, and cannot open this one."""
    assert client_of(build.member(group)).get(PAGE).status_code == 403
    assert client_of(build.account()).get(PAGE).status_code == 403


def test_before_and_after_sending_the_author_is_told(
    client_of: ClientOf, build: Builder, group: Group
) -> None:
    """The preview says that it will be held, why and until when; so does the answer to sending."""
    group.holding_rules = {"words": ["lottery"]}
    author = build.member(group)
    thread = build.thread(group, author)
    build.session.commit()
    client, page = client_of(author), f"/groups/sample/threads/{thread.public_id}/"
    assert "will be held" not in client.get(page).text
    preview = submit(client, page, {"body": "A lottery.", "language": "en", "action": "preview"})
    assert "It will be held because it holds a word" in preview.text
    assert (
        "will be held"
        not in submit(client, page, {"body": "None.", "language": "en", "action": "preview"}).text
    )
    sent = submit(client, page, {"body": "A lottery.", "language": "en"})
    assert sent.status_code == 303
    assert "because it holds a word" in client.get(sent.location, follow_redirects=True).text
