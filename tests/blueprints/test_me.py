"""My contributions and my mail over HTTP, and the link that stops a kind of mail."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.labels import Status
from forum.domain.notices import NoticeKind
from forum.services.mail_preferences import list_wanted_mail, stop_token
from tests.builders import Builder
from tests.support import look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]


def test_my_contributions(build: Builder, client_of: ClientOf) -> None:
    """State, text and place; a page beyond the last is empty."""
    group = build.group()
    author = build.member(group)
    thread = build.thread(group, build.member(group), title="Hash lists")
    build.post(thread, author, text="My held words.", status=Status.PENDING)
    client = client_of(author)
    page = client.get("/me/contributions").text
    for part in ("Hash lists", "My held words.", "Pending", "Waits for a moderator."):
        assert part in page
    assert "Nothing yet" in client.get("/me/contributions?page=9").text
    assert "Nothing yet" in client_of(build.account()).get("/me/contributions?page=x").text
    assert client_of(None).get("/me/contributions").status_code == 302


def test_my_contributions_are_filtered(build: Builder, client_of: ClientOf) -> None:
    """The choice stays in the form; what the address makes up is passed over."""
    group = build.group()
    author = build.member(group)
    thread = build.thread(group, build.member(group), title="Hash lists")
    build.post(thread, author, text="My held words.", status=Status.PENDING)
    client = client_of(author)
    held = client.get("/me/contributions?state=pending&kind=post").text
    assert "My held words." in held
    assert '<option value="pending" selected>' in held
    assert "Nothing of that kind" in client.get("/me/contributions?state=published").text
    assert "My held words." in client.get("/me/contributions?state=x&kind=y&whose=somebody").text


def test_choosing_mail(build: Builder, session: Session, client_of: ClientOf) -> None:
    """What is ticked is wanted; a kind that does not exist is refused."""
    person = build.account()
    client = client_of(person)
    assert client.get("/me/alerts").text.count(" checked") == len(NoticeKind)
    assert submit(client, "/me/alerts", {"kinds": ["held", "replied"]}).status_code == 303
    look_again(session)
    assert list_wanted_mail(session, build.actor(person)) == {NoticeKind.HELD, NoticeKind.REPLIED}
    assert client.get("/me/alerts").text.count(" checked") == 2
    assert submit(client, "/me/alerts", {"kinds": ["nonsense"]}).status_code == 422
    assert submit(client, "/me/alerts", {}).status_code == 303
    look_again(session)
    assert list_wanted_mail(session, build.actor(person)) == frozenset()


def test_the_link_of_a_mail_stops_its_kind(
    app: Flask, build: Builder, session: Session, client_of: ClientOf
) -> None:
    """GET and HEAD ask, POST stops: without session or CSRF token, as mail programs send it."""
    person = build.account()
    path = f"/mail/stop/{stop_token(app.config['SECRET_KEY'], person.public_id, NoticeKind.REPLIED)}"
    visitor = client_of(None)
    assert "Stop this kind of mail?" in visitor.get(path).text
    assert visitor.head(path).status_code == 200
    assert list_wanted_mail(session, build.actor(person)) == set(NoticeKind)
    answer = visitor.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "is stopped" in answer.text
    look_again(session)
    assert list_wanted_mail(session, build.actor(person)) == set(NoticeKind) - {NoticeKind.REPLIED}


def test_a_forged_link_stops_nothing(build: Builder, client_of: ClientOf) -> None:
    """It is as absent as any other address."""
    person = build.account()
    path = f"/mail/stop/{stop_token('another key', person.public_id, NoticeKind.REPLIED)}"
    for answer in (client_of(None).get(path), client_of(person).post(path)):
        assert answer.status_code == 404
