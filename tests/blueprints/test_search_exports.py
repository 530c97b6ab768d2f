"""A search as a file: made by the worker, for its owner alone, with the rights of the moment."""

import csv
import io
from collections.abc import Callable

import docx
import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.cli.worker import plan_daily, sessions_of, storage_of
from forum.domain.accounts import Account
from forum.domain.groups import Group, Membership
from forum.domain.labels import Ceiling
from forum.domain.search_exports import MAX_KEPT, ExportState, SearchExport
from forum.domain.threads import Post
from forum.services.attachment_files import prune_files
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import deliver, errors_in, look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def group(build: Builder) -> Group:
    group = build.group(Ceiling.MEMBERS)
    body = build.organisation("Example Messenger")
    build.thread(group, build.account("Ann Example"), title="=cmd", text="A lantern.", organisation=body)
    build.thread(group, build.account("Ben Example"), title="Two", text="+1 lantern for all.")
    return group


@pytest.fixture
def person(build: Builder, group: Group) -> Account:
    return build.member(group)


@pytest.fixture
def client(app: Flask, client_of: ClientOf, person: Account, clock: StoppedClock) -> FlaskClient:
    deliver(app, clock)
    return client_of(person)


def ask(client: FlaskClient, form: str, query: str = "q=lantern&sort=date") -> str:
    answer = submit(client, f"/search/exports/new?{query}", {"form": form})
    assert answer.status_code == 303
    return str(answer.location)


def rows_of(data: bytes, form: str) -> list[list[str]]:
    match form:
        case "csv":
            return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
        case "xlsx":
            sheet = openpyxl.load_workbook(io.BytesIO(data)).active
            assert sheet is not None
            cells = [["" if cell is None else str(cell) for cell in row] for row in sheet.values]
            return cells[next(n for n, row in enumerate(cells) if row[0] == "Date") :]
        case _:
            table = docx.Document(io.BytesIO(data)).tables[0]
            return [[cell.text for cell in row.cells] for row in table.rows]


@pytest.mark.parametrize("form", ["csv", "xlsx", "docx"])
def test_the_whole_result_with_citations(
    app: Flask, client: FlaskClient, session: Session, clock: StoppedClock, form: str
) -> None:
    """Asked for, made by the worker, downloaded; what begins like a formula is none in a table."""
    path = ask(client, form)
    page = client.get(path)
    assert "Waiting for its turn" in page.text
    assert "data-running" in page.text
    assert "js/progress.js" in page.text
    assert client.get(f"{path}/file").status_code == 404
    deliver(app, clock)
    page = client.get(path)
    assert "2 results" in page.text
    assert "data-running" not in page.text
    assert "js/progress.js" not in page.text
    answer = client.get(f"{path}/file")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="search-')
    head, *rows = rows_of(answer.data, form)
    assert head[:6] == ["Date", "Author", "Organisation", "Title", "Passage", "Citation"]
    found = {row[1]: row for row in rows}
    assert set(found) == {"Ann Example", "Ben Example"}
    mark = "" if form == "docx" else "'"
    assert found["Ann Example"][2:5] == ["Example Messenger", f"{mark}=cmd", "A lantern."]
    assert found["Ben Example"][4] == f"{mark}+1 lantern for all."
    post = session.scalars(sa.select(Post).where(Post.text == "A lantern.")).one()
    assert found["Ann Example"][5].endswith(f"/posts/{post.public_id}")
    assert found["Ann Example"][5].startswith("http")


def test_another_persons_export_is_not_there(
    app: Flask, client: FlaskClient, client_of: ClientOf, build: Builder, group: Group, clock: StoppedClock
) -> None:
    """Not even for a member who reads the same."""
    path = ask(client, "csv")
    deliver(app, clock)
    other = client_of(build.member(group))
    for tail in ("", "/file"):
        assert other.get(f"{path}{tail}").status_code == 404
    assert submit(other, f"{path}/delete").status_code == 404
    assert path not in other.get("/search/exports/").text
    assert client.get(f"{path}/file").status_code == 200
    assert client_of(None).get(f"{path}/file").status_code == 302


def test_rights_are_asked_when_it_is_made(
    app: Flask, client: FlaskClient, session: Session, person: Account, clock: StoppedClock
) -> None:
    """Who has left meanwhile gets an empty file."""
    path = ask(client, "csv")
    session.execute(sa.update(Membership).where(Membership.account_id == person.id).values(ended_at=clock()))
    session.commit()
    deliver(app, clock)
    assert len(rows_of(client.get(f"{path}/file").data, "csv")) == 1


def test_rights_are_asked_again_at_the_download(
    app: Flask, client: FlaskClient, session: Session, person: Account, clock: StoppedClock
) -> None:
    """Who may no longer read a part of the file gets none of it."""
    path = ask(client, "csv")
    deliver(app, clock)
    session.execute(sa.update(Membership).where(Membership.account_id == person.id).values(ended_at=clock()))
    session.commit()
    answer = client.get(f"{path}/file")
    assert answer.status_code == 409
    assert "Make it again" in answer.text
    assert "lantern." not in answer.text


def test_an_author_who_is_shown_less_now_takes_the_file_back(
    app: Flask, client: FlaskClient, session: Session, clock: StoppedClock
) -> None:
    path = ask(client, "csv")
    deliver(app, clock)
    session.execute(sa.update(Post).where(Post.text == "A lantern.").values(shown_as="stakeholder_type"))
    session.commit()
    assert client.get(f"{path}/file").status_code == 409


def test_it_expires_and_its_file_goes(
    app: Flask,
    client: FlaskClient,
    client_of: ClientOf,
    person: Account,
    session: Session,
    clock: StoppedClock,
) -> None:
    """A day's house-keeping keeps a file that is wanted; after seven days row and file are gone."""
    path = ask(client, "xlsx")
    deliver(app, clock)
    storage = storage_of(app)
    clock.advance(days=2)
    assert prune_files(session, storage, now=clock()) == 0
    clock.advance(days=6)
    assert client_of(person).get(path).status_code == 404
    plan_daily(sessions_of(app), clock)
    deliver(app, clock)
    look_again(session)
    assert session.scalars(sa.select(SearchExport)).all() == []
    assert list(storage.list_keys()) == []


def test_it_is_deleted_by_hand(
    app: Flask, client: FlaskClient, session: Session, clock: StoppedClock
) -> None:
    path = ask(client, "csv")
    deliver(app, clock)
    assert submit(client, f"{path}/delete").status_code == 303
    assert client.get(path).status_code == 404
    deliver(app, clock)
    assert list(storage_of(app).list_keys()) == []


def test_one_person_has_a_bounded_number(client: FlaskClient) -> None:
    for _ in range(MAX_KEPT):
        ask(client, "csv")
    answer = submit(client, "/search/exports/new?q=lantern", {"form": "csv"})
    assert answer.status_code == 422
    assert "delete one first" in errors_in(answer)


def test_everything_is_no_search(client: FlaskClient) -> None:
    answer = submit(client, "/search/exports/new", {"form": "csv"})
    assert answer.status_code == 422


def test_progress_is_shown(app: Flask, client: FlaskClient, session: Session, clock: StoppedClock) -> None:
    """How many of how many, with a link to look again: no script is needed."""
    path = ask(client, "csv")
    session.execute(sa.update(SearchExport).values(state=ExportState.MAKING, done=200, total=450))
    session.commit()
    page = client.get(path).text
    assert "200 of 450 results" in page
    assert "Look again" in page


def test_the_search_page_offers_it(client: FlaskClient, client_of: ClientOf) -> None:
    """To who is signed in, where something is found."""
    assert "/search/exports/new?q=lantern" in client.get("/search?q=lantern").text
    assert "/search/exports/new" not in client.get("/search?q=nosuchword").text
    assert "/search/exports/new" not in client_of(None).get("/search?q=lantern").text
