"""What was typed comes along through signing in."""

from html import unescape

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from forum.blueprints.carrying import CARRIED
from forum.domain.accounts import Account
from forum.domain.groups import Group
from forum.domain.labels import Ceiling
from forum.extensions import passwords
from tests.blueprints.papers_pages import ClientOf
from tests.blueprints.test_drafts import fields, versions_of
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.paper_writing import PaperWriter
from tests.support import submit

PASSWORD = "a long enough phrase"
HERE = {"Origin": "http://localhost"}


@pytest.fixture
def papers(session: Session, build: Builder) -> PaperWriter:
    return PaperWriter(session, build)


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


@pytest.fixture
def author(build: Builder, group: Group) -> Account:
    return build.member(group, build.account(password_hash=passwords().hash(PASSWORD)))


def form_of(answer: TestResponse) -> dict[str, str]:
    """What the form of the page would send as it stands."""
    form = BeautifulSoup(answer.data, "html.parser").select_one("main form")
    assert form is not None
    sent: dict[str, str] = {}
    for field in form.select("input[name], textarea[name], select[name]"):
        if field.name == "textarea":
            sent[str(field["name"])] = field.text.removeprefix("\n")
        elif field.name == "select":
            chosen = field.select_one("option[selected]") or field.select_one("option")
            sent[str(field["name"])] = str(chosen["value"]) if chosen else ""
        elif field.get("type") != "radio" or field.has_attr("checked"):
            sent[str(field["name"])] = str(field.get("value", ""))
    return sent


def test_a_text_outlives_its_session(
    papers: PaperWriter,
    group: Group,
    author: Account,
    client_of: ClientOf,
    session: Session,
    clock: StoppedClock,
) -> None:
    """Typed for too long: sign in on the spot, find the text, and go on in the form of the draft."""
    draft = papers.start(author, group)
    client = client_of(author)
    path = f"/groups/{group.slug}/papers/drafts/{draft.version.public_id}"
    typed = form_of(client.get(path)) | {"title": "On <deadlines>", "body": "Two\n\nparagraphs & more."}
    clock.advance(minutes=31)
    asked = client.post(path, data=typed | {"step": "publish"}, headers=HERE)
    assert asked.status_code == 401
    assert "what you typed comes along" in asked.text
    assert author.email is not None
    back = client.post(
        "/accounts/sign-in", data=form_of(asked) | {"email": author.email, "password": PASSWORD}
    )
    assert "Two\n\nparagraphs &amp; more." in back.text
    found = form_of(back)
    assert (found["title"], found["step"]) == ("On <deadlines>", "preview")
    shown = client.post(path, data=found)
    assert shown.status_code == 200
    assert "paragraphs &amp; more." in shown.text
    assert versions_of(session)[0].source.strip() == "The first paragraph."
    saved = client.post(path, data=form_of(shown) | {"step": "save"})
    assert saved.status_code == 303
    assert versions_of(session)[0].source.replace("\r", "").strip() == "Two\n\nparagraphs & more."


def test_signed_in_again_elsewhere_meanwhile(
    papers: PaperWriter, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """The token of the page is of the session before: the text is shown again, with the way back."""
    draft = papers.start(author, group)
    client = client_of(author)
    path = f"/groups/{group.slug}/papers/drafts/{draft.version.public_id}"
    answer = client.post(path, data=fields(draft.version, body="Typed before."), headers=HERE)
    assert answer.status_code == 400
    assert "Typed before." in answer.text
    assert client.post(path, data=form_of(answer)).status_code == 200


@pytest.mark.parametrize("origin", [None, "https://elsewhere.example", "null"])
def test_other_sites_carry_nothing(
    papers: PaperWriter, group: Group, client_of: ClientOf, author: Account, origin: str | None
) -> None:
    """What a page of another site sends is not shown as what a person typed."""
    draft = papers.start(author, group)
    path = f"/groups/{group.slug}/papers/drafts/{draft.version.public_id}"
    headers = {"Origin": origin} if origin else {}
    for client in (client_of(None), client_of(author)):
        answer = client.post(path, data=fields(draft.version, body="Slipped in."), headers=headers)
        assert answer.status_code == 400
        assert "Slipped in." not in unescape(answer.text)


@pytest.mark.parametrize("carried", ["", "made-up", "x" * 5000])
def test_only_what_was_signed_is_carried(author: Account, client_of: ClientOf, carried: str) -> None:
    """Anything else leads home, as without it."""
    client = client_of(None)
    assert author.email is not None
    sent = {"email": author.email, "password": PASSWORD, "carried": carried}
    assert submit(client, "/accounts/sign-in", sent).location == "/"


def test_a_reply_in_a_closed_discussion_outlives_its_session(build: Builder, client_of: ClientOf) -> None:
    """There too, where signed out there is no such page; and what is absent is answered alike."""
    closed = build.group(Ceiling.MEMBERS)
    member = build.member(closed)
    thread = build.thread(closed, member)
    ended = client_of(None)
    real = f"/groups/{closed.slug}/threads/{thread.public_id}/"
    for path in (real, "/groups/nothing/threads/nothing/"):
        answer = ended.post(path, data={"body": "A long reply about deadlines."}, headers=HERE)
        assert "A long reply about deadlines." not in answer.text or answer.status_code != 404
        assert form_of(answer)["carried"], path
        assert answer.status_code == ended.post(real, data={"body": "x"}, headers=HERE).status_code


def test_every_carried_route_is_there(app: Flask) -> None:
    """A route that was renamed would carry nothing."""
    assert app.view_functions.keys() >= CARRIED
