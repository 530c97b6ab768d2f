"""The pages of registers: lists, filters, files, feed, raising from a passage, conflicts."""

import io
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.labels import Ceiling, Tlp
from forum.domain.register_entries import RegisterEntry
from forum.domain.threads import Post, Thread
from tests.blueprints.forms import send
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.registering import raised
from tests.support import count_statements, deliver, errors_in, look_again, submit

ClientOf = Callable[[Account], FlaskClient]


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC, slug="lab", short_title="The lab")


@pytest.fixture
def chair(build: Builder, group: Group) -> Account:
    return build.member(group, role=GroupRole.CHAIR)


FORM = {
    "title": "Nobody keeps the reports",
    "body": "There is no rule on how long.",
    "value_gap-kind": "legislative",
    "tlp": "CLEAR",
    "evidence": "",
    "owner": "",
    "act": "",
    "article": "",
    "country": "",
    "initiative": "",
}


def titles(page: str) -> list[str]:
    return [
        link.get_text() for link in BeautifulSoup(page, "html.parser").select("main .lines .line-title a")
    ]


def test_a_passage_becomes_an_entry(
    client_of: ClientOf, build: Builder, session: Session, group: Group, chair: Account
) -> None:
    """From the link beside a contribution: choose the register, say what it is about, and there it is."""
    post = build.post(build.thread(group, chair), chair, text="Nobody keeps them.")
    client = client_of(chair)
    address = f"/posts/{post.public_id}"
    thread = client.get(f"/groups/lab/threads/{session.get_one(Thread, post.thread_id).public_id}/").text
    assert f"/registers/raise?of={address}" in thread
    choice = client.get(f"/registers/raise?of={address}").text
    assert "Nobody keeps them." in choice
    form = f"/registers/gaps/new?group=lab&of={address}"
    assert form.replace("&", "&amp;") in choice
    assert address in client.get(form).text
    sent = submit(client, form, FORM | {"evidence": address})
    assert sent.status_code == 303
    page = client.get(sent.location).text
    assert "Nobody keeps the reports" in page
    assert "Nobody keeps them." in page
    assert "as it was when it was cited" in page


def test_what_is_missing_is_said_and_what_was_typed_stays(
    client_of: ClientOf, group: Group, chair: Account
) -> None:
    """At its field."""
    client = client_of(chair)
    answer = submit(
        client, "/registers/gaps/new?group=lab", FORM | {"act": "Directive 2011/93/EU", "country": "DK"}
    )
    assert answer.status_code == 422
    assert "Denmark is not bound by Directive 2011/93/EU" in errors_in(answer)
    assert "There is no rule on how long." in answer.text
    assert submit(client, "/registers/gaps/new?group=lab", FORM | {"value_gap-kind": ""}).status_code == 422


def test_a_form_sent_twice_makes_one_entry(
    client_of: ClientOf, session: Session, group: Group, chair: Account
) -> None:
    """The second press leads to the same place."""
    client = client_of(chair)
    sent = [
        submit(client, "/registers/gaps/new?group=lab", FORM | {"submission": "k" * 32}) for _ in range(2)
    ]
    assert sent[0].location == sent[1].location
    assert session.scalar(sa.select(sa.func.count()).select_from(RegisterEntry)) == 1


def test_each_reader_finds_what_they_may_read(
    client: FlaskClient, client_of: ClientOf, build: Builder, session: Session, group: Group, chair: Account
) -> None:
    """In the list, the counts, the files and the feed."""
    actor = build.actor(chair)
    raised(build, session, actor, "lab", title="For everybody", tlp=Tlp.CLEAR)
    closed = raised(build, session, actor, "lab", title="For members", tlp=Tlp.RED)
    assert titles(client.get("/registers/gaps/").text) == ["For everybody"]
    assert sorted(titles(client_of(chair).get("/registers/gaps/").text)) == ["For everybody", "For members"]
    assert "1 entry that you may read" in client.get("/registers/").text
    assert client.get(f"/registers/gaps/{closed.public_id}/").status_code == 404
    assert "For members" not in client.get("/registers/gaps/entries.csv").text
    feed = client_of(chair).get("/feeds/registers/gaps.atom")
    assert "For everybody" in feed.text
    assert "For members" not in feed.text


def test_filters_and_order_are_the_address(
    client: FlaskClient, build: Builder, session: Session, group: Group, chair: Account, clock: StoppedClock
) -> None:
    """Status, term, State, act, words; newest change first unless asked otherwise."""
    actor = build.actor(chair)
    raised(build, session, actor, "lab", title="Beta", act="COM(2020) 607", country="MT")
    clock.advance(days=1)
    raised(build, session, actor, "lab", title="Alpha", values={"gap-kind": ("application",)})
    for query, expected in {
        "": ["Alpha", "Beta"],
        "?sort=title": ["Alpha", "Beta"],
        "?sort=nonsense&status=nonsense": ["Alpha", "Beta"],
        "?gap-kind=application": ["Alpha"],
        "?act=com-2020-607&country=mt": ["Beta"],
        "?act=COM(2020)%20607": ["Beta"],
        "?q=BETA": ["Beta"],
        "?status=confirmed": [],
        "?group=lab&owner=nobody": [],
        "?owner=me": [],
    }.items():
        assert titles(client.get(f"/registers/gaps/{query}").text) == expected, query


def test_the_workbook_has_what_the_filters_leave_and_no_formula(
    client: FlaskClient, build: Builder, session: Session, group: Group, chair: Account
) -> None:
    """XLSX and CSV alike."""
    actor = build.actor(chair)
    raised(build, session, actor, "lab", title="=HYPERLINK(1)", country="MT")
    raised(build, session, actor, "lab", title="Another one")
    answer = client.get("/registers/gaps/entries.xlsx?country=MT")
    rows = list(load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True))  # type: ignore[union-attr]
    assert [row[0] for row in rows if row[1] == "Raised"] == ["'=HYPERLINK(1)"]
    table = client.get("/registers/gaps/entries.csv?country=MT")
    assert table.mimetype == "text/csv"
    assert "'=HYPERLINK(1)" in table.text
    assert "Another one" not in table.text


def test_two_who_edit_at_once_see_both_texts(
    client_of: ClientOf, build: Builder, session: Session, group: Group, chair: Account
) -> None:
    """What it says now, and what one wrote; sent again it is taken."""
    entry = raised(build, session, build.actor(chair), "lab")
    client, path = client_of(chair), f"/registers/gaps/{entry.public_id}/edit"
    seen = BeautifulSoup(client.get(path).text, "html.parser").select_one("input[name=revision]")
    assert seen is not None
    revision = seen["value"]
    first = submit(client, path, FORM | {"title": "What the first wrote", "revision": revision})
    assert first.status_code == 303
    second = submit(client, path, FORM | {"title": "What the second wrote", "revision": revision})
    assert second.status_code == 409
    assert "Somebody else changed this entry" in errors_in(second)
    assert "What the first wrote" in second.text
    assert "What the second wrote" in second.text
    again = BeautifulSoup(second.text, "html.parser").select_one("input[name=revision]")
    assert again is not None
    sent = submit(client, path, FORM | {"title": "Both", "revision": again["value"]})
    assert sent.status_code == 303


def test_the_status_goes_on_with_its_reason(
    client_of: ClientOf, build: Builder, session: Session, group: Group, chair: Account
) -> None:
    """And stands in the history; a step that there is not is refused with those that there are."""
    entry = raised(build, session, build.actor(chair), "lab")
    client, path = client_of(chair), f"/registers/gaps/{entry.public_id}/"
    data = {"state": "examined", "reason": "Two States have asked.", "revision": str(entry.lock_version)}
    assert submit(client, f"{path}status", data | {"state": "addressed"}).status_code == 422
    assert submit(client, f"{path}status", data).status_code == 303
    assert "Two States have asked." in client.get(path).text
    late = submit(client, f"{path}status", data | {"state": "confirmed"})
    assert late.status_code == 409
    look_again(session)
    assert session.scalars(sa.select(RegisterEntry.state)).one() == "examined"


def test_an_entry_is_discussed_in_its_group(
    client_of: ClientOf, build: Builder, session: Session, group: Group, chair: Account
) -> None:
    """The discussion begins with its title and is listed on its page."""
    entry = raised(build, session, build.actor(chair), "lab")
    client = client_of(chair)
    form = f"/groups/lab/threads/new?entry={entry.public_id}"
    assert "No rule on preservation" in client.get(form).text
    sent = submit(
        client,
        form,
        {
            "title": "On preservation",
            "body": "Is it so?",
            "tlp": "CLEAR",
            "language": "en",
            "shown_as": "name",
        },
    )
    assert sent.status_code == 303
    assert "On preservation" in client.get(f"/registers/gaps/{entry.public_id}/").text


def test_taking_out_and_putting_back(
    client_of: ClientOf, build: Builder, session: Session, group: Group, chair: Account
) -> None:
    """The chair takes out, a moderator puts back; in between it is nowhere for others."""
    entry = raised(build, session, build.actor(chair), "lab")
    moderator = build.member(group, role=GroupRole.MODERATOR)
    path = f"/registers/gaps/{entry.public_id}/"
    tender, keeper = client_of(chair), client_of(moderator)
    assert submit(tender, f"{path}standing", {"reason": "x", "step": "out"}).status_code == 422
    assert submit(tender, f"{path}standing", {"reason": "It is not ours.", "step": "out"}).status_code == 303
    other = client_of(build.member(group))
    assert other.get(path).status_code == 404
    assert "was taken out" in tender.get(path).text, "whoever wrote it goes on reading it"
    assert "was taken out" in keeper.get(path).text
    assert submit(keeper, f"{path}standing", {"reason": "It is ours.", "step": "back"}).status_code == 303
    assert other.get(path).status_code == 200


def test_search_finds_entries(
    app: Flask, client: FlaskClient, build: Builder, session: Session, group: Group, chair: Account,
    clock: StoppedClock,
) -> None:  # fmt: skip
    """As a kind of their own."""
    entry = raised(build, session, build.actor(chair), "lab", title="Preservation of lanterns")
    deliver(app, clock)
    page = client.get("/search?q=lanterns+kind:entry").text
    assert f"/registers/gaps/{entry.public_id}/" in page
    assert "Entry of a register" in page


def test_a_list_asks_the_same_however_long_it_is(
    app: Flask, client_of: ClientOf, build: Builder, session: Session, group: Group, chair: Account
) -> None:
    """No statement a row."""
    client = client_of(chair)
    counts = []
    for _ in range(2):
        for number in range(6):
            raised(build, session, build.actor(chair), "lab", title=f"Gap {number}")
        client.get("/registers/gaps/")
        with count_statements(session.get_bind()) as seen:  # type: ignore[arg-type]
            assert client.get("/registers/gaps/").status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_what_is_not_there_is_not_found(
    client: FlaskClient, client_of: ClientOf, chair: Account, group: Group
) -> None:
    """Registers, entries, passages."""
    for path in ("/registers/wishes/", "/registers/gaps/aaaaaaaaaaaaa/", "/feeds/registers/wishes.atom"):
        assert client.get(path).status_code == 404
    member = client_of(chair)
    for path in ("/registers/raise?of=/posts/aaaaaaaaaaaaa", "/registers/programmes/new?group=lab"):
        assert member.get(path).status_code == 404
    assert member.get("/registers/commitments/new").status_code == 403


def test_an_entry_of_one_register_is_not_read_at_another(
    client: FlaskClient, build: Builder, session: Session, group: Group, chair: Account
) -> None:
    """Each has one address."""
    entry = raised(build, session, build.actor(chair), "lab")
    assert client.get(f"/registers/best-practices/{entry.public_id}/").status_code == 404
    assert session.scalars(sa.select(Post)).all() == []


def test_an_entry_that_is_held_goes_through_the_queue(
    client: FlaskClient, client_of: ClientOf, build: Builder, session: Session
) -> None:
    """Its writer is told so and finds it at home; a moderator approves it by the page; then all read it."""
    group = build.group(Ceiling.PUBLIC, slug="held", holding_rule=HoldingRule.EVERYTHING)
    member = client_of(build.member(group))
    moderator = client_of(build.member(group, role=GroupRole.MODERATOR))
    sent = submit(member, "/registers/gaps/new?group=held", FORM)
    assert sent.status_code == 303
    path = str(sent.location)
    page = member.get(path).text
    assert "A moderator reads it before it stands in the register" in page
    assert "a moderator reads every contribution before it is published" in page
    assert "Flag" not in page
    assert FORM["title"] in member.get("/").text
    assert FORM["title"] in member.get("/me/contributions").text
    assert client.get(path).status_code == 404
    assert FORM["title"] not in client.get("/registers/gaps/").text
    assert send(member, f"{path}edit", holding="title", title="Still held").status_code == 303
    queue = moderator.get("/moderation/").text
    assert "Still held" in queue
    assert "Entry of a register" in queue
    case = f"/moderation/cases/entry/{path.split('/')[-2]}"
    assert moderator.get(case).status_code == 200
    assert moderator.get(f"{case}/further").status_code == 200
    assert submit(moderator, case, {"action": "approve", "seen": ""}).status_code == 303
    assert "Still held" in client.get(path).text
    assert "Still held" in client.get("/registers/gaps/").text


def test_an_entry_can_be_flagged_by_whoever_did_not_write_it(
    client: FlaskClient, client_of: ClientOf, build: Builder, group: Group, chair: Account, session: Session
) -> None:
    """At its own address; the moderator sees it, and the decision stands in the public log."""
    group.rules = [{"key": "civil", "text": "Argue with the point."}]
    entry = raised(build, session, build.actor(chair), group.slug)
    path = f"/registers/gaps/{entry.public_id}/"
    reader = client_of(build.account())
    moderator = client_of(build.member(group, role=GroupRole.MODERATOR))
    assert f'href="{path}flag"' in reader.get(path).text
    assert f'href="{path}flag"' not in client.get(path).text
    assert client_of(chair).get(f"{path}flag").status_code == 403
    assert reader.get(f"/registers/programmes/{entry.public_id}/flag").status_code == 404
    assert submit(reader, f"{path}flag", {"reason": "off_topic"}).status_code == 303
    case = f"/moderation/cases/entry/{entry.public_id}"
    assert "No rule on preservation" in moderator.get("/moderation/").text
    hidden = {"action": "hide", "rule": "civil", "reason": "It is about a person and no rule.", "seen": ""}
    assert submit(moderator, case, hidden).status_code == 303
    assert client.get(path).status_code == 404
    assert "It is about a person and no rule." in client.get("/moderation/log").text
