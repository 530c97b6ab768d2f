"""Saved searches on the page, and their feeds."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Membership
from forum.domain.labels import Ceiling
from forum.domain.saved_searches import MAX_SAVED, Frequency, SavedSearch, Watched
from forum.extensions import db
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import count_statements, deliver, errors_in, look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]
CHOICES = {"name": "Lanterns", "frequency": "daily", "watched": "new"}
ATOM = "{http://www.w3.org/2005/Atom}"


def only(session: Session) -> SavedSearch:
    look_again(session)
    return session.scalars(sa.select(SavedSearch)).one()


def test_a_search_is_saved_from_its_page(
    app: Flask, session: Session, build: Builder, client_of: ClientOf, clock: StoppedClock
) -> None:
    """With its words and filters, typed and chosen; the page finds with them; the list has it."""
    group, person = build.group(Ceiling.PUBLIC), build.account()
    build.thread(group, person, title="A lantern")
    deliver(app, clock)
    client = client_of(person)
    page = client.get(f"/search?q=lantern+kind:post&group={group.slug}").text
    link = re.search(r'href="(/me/searches/new\?[^"]+)"', page)
    assert link is not None
    address = link[1].replace("&amp;", "&")
    assert "lantern" in client.get(address).text
    answer = submit(client, address, CHOICES)
    assert answer.status_code == 303
    saved = only(session)
    assert (saved.name, saved.text, saved.frequency, saved.watched) == (
        "Lanterns",
        "lantern",
        Frequency.DAILY,
        Watched.NEW,
    )
    assert sorted(map(tuple, saved.arguments)) == [("group", group.slug), ("kind", "post")]
    assert "A lantern" in client.get(answer.location).text
    assert "Lanterns" in client.get("/me/searches/").text


def test_visitors_are_not_offered_to_save(build: Builder, client_of: ClientOf) -> None:
    """And the page asks them to sign in."""
    assert "/me/searches/new" not in client_of(None).get("/search?q=lantern").text
    assert client_of(None).get("/me/searches/").status_code == 302


@pytest.mark.parametrize(
    ("address", "changes", "said"),
    [
        ("/me/searches/new?q=lantern", {"name": ""}, "Give it a name."),
        ("/me/searches/new?q=lantern", {"name": "x" * 101}, "under 100 characters"),
        ("/me/searches/new?q=lantern", {"frequency": "hourly"}, "Choose one of the list."),
        ("/me/searches/new?q=", {}, "Search for something first"),
    ],
)
def test_bad_input_says_what_is_wrong_and_keeps_what_was_typed(
    session: Session,
    build: Builder,
    client_of: ClientOf,
    address: str,
    changes: dict[str, str],
    said: str,
) -> None:
    """Nothing is saved."""
    answer = submit(client_of(build.account()), address, CHOICES | changes)
    assert answer.status_code == 422
    assert said in errors_in(answer)
    assert session.scalars(sa.select(SavedSearch)).all() == []


def test_there_is_an_end_to_how_many(session: Session, build: Builder, client_of: ClientOf) -> None:
    """The limit is said."""
    client = client_of(build.account())
    for number in range(MAX_SAVED):
        assert submit(client, f"/me/searches/new?q=word{number}", CHOICES).status_code == 303
    assert "delete one first" in errors_in(submit(client, "/me/searches/new?q=more", CHOICES))


def test_the_list_costs_the_same_whatever_is_in_it(build: Builder, client_of: ClientOf) -> None:
    """No statement a search."""
    client = client_of(build.account())
    submit(client, "/me/searches/new?q=one", CHOICES)
    client.get("/me/searches/")
    with count_statements(db.engine) as one:
        client.get("/me/searches/")
    for number in range(5):
        submit(client, f"/me/searches/new?q=w{number}", CHOICES)
    client.get("/me/searches/")
    with count_statements(db.engine) as six:
        client.get("/me/searches/")
    assert len(six) == len(one)


def test_a_search_is_its_owners_alone(session: Session, build: Builder, client_of: ClientOf) -> None:
    """To anybody else it is not there: to see, to change, to delete."""
    submit(client_of(build.account()), "/me/searches/new?q=lantern", CHOICES)
    address = f"/me/searches/{only(session).public_id}/"
    other = client_of(build.account())
    assert other.get(address).status_code == 404
    assert submit(other, address, CHOICES).status_code == 404
    assert submit(other, f"{address}delete").status_code == 404
    assert only(session).name == "Lanterns"


def test_it_is_changed_and_deleted(session: Session, build: Builder, client_of: ClientOf) -> None:
    """A name, another frequency; then it is gone."""
    client = client_of(build.account())
    submit(client, "/me/searches/new?q=lantern", CHOICES)
    address = f"/me/searches/{only(session).public_id}/"
    assert submit(client, address, CHOICES | {"name": "Lamps", "frequency": "never"}).status_code == 303
    saved = only(session)
    assert (saved.name, saved.frequency, saved.next_look_at) == ("Lamps", Frequency.NEVER, None)
    assert submit(client, f"{address}delete").status_code == 303
    look_again(session)
    assert session.scalars(sa.select(SavedSearch)).all() == []


def test_the_feed_has_its_owners_rights_of_now(
    app: Flask, session: Session, build: Builder, client_of: ClientOf, clock: StoppedClock
) -> None:
    """By its secret address, without a session; not with a wrong key, nor with an old one."""
    closed, person = build.group(Ceiling.ORGANISATIONS), build.account()
    build.member(closed, person)
    build.thread(closed, build.member(closed), title="A <b>closed</b> lantern")
    build.thread(build.group(Ceiling.PUBLIC), build.account(), title="An open lantern")
    deliver(app, clock)
    client = client_of(person)
    submit(client, "/me/searches/new?q=lantern", CHOICES)
    page = client.get("/me/searches/").text
    link = re.search(r'href="http://[^/]+(/feeds/searches/[^"]+)"', page)
    assert link is not None
    address = link[1]
    stranger = client_of(None)

    def titles() -> set[str]:
        answer = stranger.get(address)
        assert answer.status_code == 200
        assert answer.content_type == "application/atom+xml; charset=utf-8"
        return {str(one.findtext(f"{ATOM}title")) for one in ET.fromstring(answer.data).iter(f"{ATOM}entry")}

    assert titles() == {"A <b>closed</b> lantern", "An open lantern"}
    membership = session.scalars(sa.select(Membership).where(Membership.account_id == person.id)).one()
    membership.ended_at = clock()
    session.commit()
    assert titles() == {"An open lantern"}
    assert stranger.get(address.split("?")[0]).status_code == 404
    assert stranger.get(address[:-1]).status_code == 404
    submit(client, "/me/searches/feeds")
    assert stranger.get(address).status_code == 404


def test_a_feed_costs_no_statement_an_entry(
    app: Flask, session: Session, build: Builder, client_of: ClientOf, clock: StoppedClock
) -> None:
    """What may leave of a title is known with the hit."""
    group = build.group(Ceiling.PUBLIC)
    build.thread(group, build.account(), title="A lantern")
    deliver(app, clock)
    client = client_of(build.account())
    submit(client, "/me/searches/new?q=lantern", CHOICES)
    link = re.search(r'href="http://[^/]+(/feeds/searches/[^"]+)"', client.get("/me/searches/").text)
    assert link is not None
    stranger = client_of(None)
    stranger.get(link[1])
    with count_statements(db.engine) as one:
        stranger.get(link[1])
    for number in range(5):
        build.thread(group, build.account(), title=f"Lantern {number}")
    deliver(app, clock)
    with count_statements(db.engine) as six:
        assert stranger.get(link[1]).text.count("<entry>") == 6
    assert len(six) == len(one)
