"""The pages of topics and positions, the coding of a passage, and the document."""

import io
from collections.abc import Callable
from typing import Any

import docx
import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.domain.threads import Post
from forum.domain.topics import PassageStance, Topic
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import deliver, errors_in, look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.COMMUNITY, short_title="Harbours")


@pytest.fixture
def secretary(build: Builder, group: Group) -> Account:
    return build.member(group, build.account("Sam Example"), role=GroupRole.SECRETARIAT)


@pytest.fixture
def desk(client_of: ClientOf, secretary: Account) -> FlaskClient:
    return client_of(secretary)


@pytest.fixture
def topic_path(desk: FlaskClient, group: Group) -> str:
    answer = submit(
        desk,
        "/secretariat/positions/new",
        {"name": "Lanterns", "owner": group.slug, "terms": "lantern\nde: Laternenpflicht"},
    )
    assert answer.status_code == 303
    return str(answer.location)


@pytest.fixture
def post(build: Builder, group: Group, app: Flask, clock: StoppedClock) -> Post:
    body = build.organisation("Example Messenger")
    thread = build.thread(
        group, build.account(), title="A talk", text="Hello.\n\nEvery lantern must go.", organisation=body
    )
    build.seat(group, build.organisation("Silent Body"))
    deliver(app, clock)
    return build.session.query(Post).filter_by(thread_id=thread.id).one()


def text_of(html: str) -> str:
    return BeautifulSoup(html, "html.parser").get_text(" ", strip=True)


def test_a_topic_is_made_of_a_search(desk: FlaskClient, group: Group, session: Session) -> None:
    """The search page leads to the form, which has the words and filters of the search."""
    page = desk.get("/search?q=lantern&kind=paper&sort=date")
    link = BeautifulSoup(page.text, "html.parser").find("a", string="Make a topic of this")
    assert link is not None
    form = BeautifulSoup(desk.get(str(link["href"])).text, "html.parser")
    fields: Any = {name: form.find(attrs={"name": name}) for name in ("name", "text")}
    assert (fields["name"]["value"], fields["text"]["value"]) == ("lantern", "lantern kind:paper")
    (order,) = form.select("input[name=sort][checked]")
    sent = {
        "name": "Lanterns",
        "owner": group.slug,
        "text": "lantern kind:paper",
        "sort": str(order["value"]),
    }
    made = submit(desk, "/secretariat/positions/new", sent)
    topic = session.query(Topic).one()
    assert (topic.text, topic.arguments) == ("lantern", [["kind", "paper"], ["sort", "date"]])
    shown = BeautifulSoup(desk.get(str(made.location)).text, "html.parser")
    search = shown.find("a", string="Search with this topic")
    assert search is not None
    assert "sort=date" in str(search["href"])
    edited = BeautifulSoup(desk.get(f"{made.location}/edit").text, "html.parser")
    assert [str(one["value"]) for one in edited.select("input[name=sort][checked]")] == ["date"]


@pytest.mark.parametrize("sort", ["", "relevance", "nonsense"])
def test_a_topic_without_an_order_is_listed_by_relevance(
    desk: FlaskClient, group: Group, session: Session, sort: str
) -> None:
    sent = {"name": "Lanterns", "owner": group.slug, "text": "lantern", "sort": sort}
    assert submit(desk, "/secretariat/positions/new", sent).status_code == 303
    assert session.query(Topic).one().arguments == []


def test_others_are_not_offered_topics(client: FlaskClient, client_of: ClientOf, build: Builder) -> None:
    """Neither the link nor the pages."""
    member = client_of(build.account())
    assert "Make a topic" not in member.get("/search?q=lantern").text
    assert member.get("/secretariat/positions/").status_code == 403
    assert client.get("/secretariat/").status_code == 302


def test_what_was_typed_is_kept_where_it_is_wrong(desk: FlaskClient, group: Group) -> None:
    answer = submit(
        desk, "/secretariat/positions/new", {"name": "Lanterns", "owner": group.slug, "terms": "xx: word"}
    )
    assert answer.status_code == 422
    assert "no language of the Union" in errors_in(answer)
    assert "xx: word" in answer.text


def test_the_page_of_a_topic(desk: FlaskClient, topic_path: str, post: Post) -> None:
    """Rows before any coding, the document, the search, and who is silent."""
    page = desk.get(topic_path)
    assert page.status_code == 200
    text = text_of(page.text)
    assert "Example Messenger not coded" in text
    assert "Silent Body : no statement found" in text
    assert "no position" not in text
    assert "not coded yet: 1 organisation" in text
    assert f"/posts/{post.public_id}" in page.text
    assert '<span lang="de">Laternenpflicht</span>' in page.text


def test_a_passage_is_coded_by_choosing_it(
    desk: FlaskClient, topic_path: str, post: Post, session: Session
) -> None:
    """The passage with the term is offered, and shown with its stance afterwards."""
    path = f"{topic_path}/passages/post/{post.public_id}"
    assert path in desk.get(topic_path).text
    form = BeautifulSoup(desk.get(path).text, "html.parser")
    choices: Any = form.find_all("input", attrs={"name": "passage"})
    assert [choice["value"] for choice in choices] == ["8-30"]
    answer = submit(desk, path, {"passage": "8-30", "stance": "opposes", "note": "Plainly."})
    assert (answer.status_code, answer.location) == (303, topic_path)
    text = text_of(desk.get(topic_path).text)
    assert "opposes Every lantern must go." in text
    assert "coded by Sam Example" in text
    assert "opposes: 1 organisation" in text
    look_again(session)
    row = session.query(PassageStance).one()
    assert submit(desk, f"{path}/{row.public_id}/remove").status_code == 303
    assert "Example Messenger not coded" in text_of(desk.get(topic_path).text)


def test_without_a_stance_the_form_comes_back(desk: FlaskClient, topic_path: str, post: Post) -> None:
    path = f"{topic_path}/passages/post/{post.public_id}"
    answer = submit(desk, path, {"passage": "8-30", "note": "kept"})
    assert answer.status_code == 422
    assert "stance is" in errors_in(answer)
    assert "kept" in answer.text


@pytest.mark.parametrize("document", ["post/aaaaaaaaaaaaa", "consultation/x", "nothing/x", "version/'--"])
def test_what_is_not_there_cannot_be_coded(desk: FlaskClient, topic_path: str, document: str) -> None:
    assert desk.get(f"{topic_path}/passages/{document}").status_code == 404


def test_a_result_of_the_search_leads_to_its_coding(desk: FlaskClient, topic_path: str, post: Post) -> None:
    """Where the search names a topic that one works on."""
    path = f"{topic_path}/passages/post/{post.public_id}"
    assert path in desk.get("/search?topic=lanterns").text
    assert path not in desk.get("/search?q=lantern").text


def test_the_document_has_every_row(desk: FlaskClient, topic_path: str, post: Post) -> None:
    submit(desk, f"{topic_path}/passages/post/{post.public_id}", {"passage": "8-30", "stance": "conditions"})
    answer = desk.get(f"{topic_path}/positions.docx")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="positions-lanterns.docx"'
    (table,) = docx.Document(io.BytesIO(answer.data)).tables
    cells = [[cell.text for cell in row.cells] for row in table.rows]
    assert cells[1][0] == "Example Messenger"
    assert cells[1][3:5] == ["supports with conditions", "Every lantern must go."]
    assert cells[1][6].endswith(f"/posts/{post.public_id}")
    assert cells[2][0::3][:2] == ["Silent Body", "no statement found"]


def test_a_topic_is_changed_and_deleted(desk: FlaskClient, topic_path: str, session: Session) -> None:
    form = BeautifulSoup(desk.get(f"{topic_path}/edit").text, "html.parser")
    based_on: Any = form.find(attrs={"name": "based_on"})
    sent = {"name": "Lamps", "terms": "lamp", "based_on": based_on["value"]}
    assert submit(desk, f"{topic_path}/edit", sent).status_code == 303
    assert "Lamps" in desk.get(topic_path).text
    assert "meanwhile" in errors_in(submit(desk, f"{topic_path}/edit", sent | {"name": "Other"}))
    assert submit(desk, f"{topic_path}/delete").status_code == 303
    assert desk.get(topic_path).status_code == 404


def test_the_desk_lists_topics(desk: FlaskClient, topic_path: str) -> None:
    for path in ("/secretariat/", "/secretariat/positions/"):
        page = desk.get(path)
        assert page.status_code == 200
        assert topic_path in page.text
    assert "/secretariat/" in desk.get("/").text


def test_another_groups_secretariat_finds_nothing_there(
    client_of: ClientOf, build: Builder, session: Session, clock: StoppedClock
) -> None:
    """The same answer as for what does not exist."""
    closed = build.group(Ceiling.MEMBERS)
    inside = client_of(build.member(closed, role=GroupRole.SECRETARIAT))
    path = submit(
        inside,
        "/secretariat/positions/new",
        {"name": "Hidden topic", "owner": closed.slug, "terms": "lantern"},
    ).location
    outside = client_of(build.member(build.group(), role=GroupRole.SECRETARIAT))
    for tail in ("", "/edit", "/positions.docx", "/passages/post/aaaaaaaaaaaaa"):
        assert inside.get(f"{path}{tail}").status_code == (404 if "passages" in tail else 200)
        assert outside.get(f"{path}{tail}").status_code == 404
    assert submit(outside, f"{path}/delete").status_code == 404
    assert "Hidden topic" not in outside.get("/secretariat/positions/").text
