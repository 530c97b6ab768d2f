"""The page on which a discussion is looked after."""

from collections.abc import Callable

from flask.testing import FlaskClient

from forum.domain.accounts import Account
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling
from tests.builders import Builder
from tests.support import errors_in, submit

ClientOf = Callable[[Account | None], FlaskClient]


def test_outcome_and_notes(client_of: ClientOf, build: Builder) -> None:
    """The outcome is everybody's; a note is on no page but this one, and of no chair's."""
    group = build.group(Ceiling.PUBLIC, slug="sample")
    thread = build.thread(group, build.member(group), title="On scope")
    moderator = build.member(group, role=GroupRole.MODERATOR)
    chair, member = build.member(group, role=GroupRole.CHAIR), build.member(group)
    page = f"/groups/sample/threads/{thread.public_id}/"
    client = client_of(moderator)
    assert f"{page}tend" in client.get(page).text
    assert submit(client, f"{page}tend", {"is_pinned": "y", "outcome": "We **agree**."}).status_code == 303
    assert submit(client, f"{page}tend", {"note": "Canary note."}).status_code == 303
    assert "Write something first" in errors_in(submit(client, f"{page}tend", {"note": " "}))
    assert "Canary note." in client.get(f"{page}tend").text
    for account in (chair, member, moderator, None):
        text = client_of(account).get(page).text
        assert "<strong>agree</strong>" in text
        assert "Canary" not in text
    assert "Canary" not in client_of(chair).get(f"{page}tend").text
    assert client_of(member).get(f"{page}tend").status_code == 403
    assert "tend" not in client_of(member).get(page).text.split("<main")[1].split("<footer")[0]
    assert "Pinned" in client.get("/groups/sample/threads/").text


def test_an_outcome_that_cannot_be_shown_is_said(client_of: ClientOf, build: Builder) -> None:
    """What is nested too deeply comes back with what was typed."""
    group = build.group(Ceiling.PUBLIC, slug="sample")
    thread = build.thread(group, build.member(group))
    client = client_of(build.member(group, role=GroupRole.MODERATOR))
    page = f"/groups/sample/threads/{thread.public_id}/tend"
    answer = submit(client, page, {"outcome": ">" * 100 + " deep"})
    assert answer.status_code == 422
    assert "deep" in answer.text
