"""An entry of a register, walked by its pages from a passage to a feed; a document that is cited."""

import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from tests.blueprints.forms import send, soup_of
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import errors_in

ClientOf = Callable[[Account | None], FlaskClient]
GAP = {"title": "Reports without a date", "value_gap-kind": "application", "act": "Directive 2011/93/EU"}


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC, slug="gaps-here", title="Gaps here", short_title="Gaps here")


def workbook_rows(client: FlaskClient, path: str) -> list[tuple[object, ...]]:
    """The rows of a register's workbook."""
    book = load_workbook(io.BytesIO(client.get(path).data)).active
    assert book is not None
    return list(book.iter_rows(values_only=True))


def test_a_passage_becomes_an_entry_that_somebody_sees_to(
    client: FlaskClient, client_of: ClientOf, build: Builder, clock: StoppedClock, group: Group
) -> None:
    """Raised with its evidence, given to an owner who finds it at home, moved on, found by filters."""
    chair_account = build.member(group, build.account("Carl Chair"), role=GroupRole.CHAIR)
    chair = client_of(chair_account)
    owner_account = build.member(group, build.account("Olga Owner"))
    owner = client_of(owner_account)
    thread = build.thread(group, owner_account, title="Reports", text="A report says no date.")
    reply = build.post(thread, owner_account, text="No report that we received says when it was made.")

    # From the passage, where it stands, into the register.
    links = soup_of(chair.get(f"/groups/{group.slug}/threads/{thread.public_id}/")).select("a")
    raising = [str(link["href"]) for link in links if "/registers/raise" in str(link.get("href"))]
    assert f"/registers/raise?of=/posts/{reply.public_id}" in raising
    offered = soup_of(chair.get(f"/registers/raise?of=/posts/{reply.public_id}"))
    form = next(
        a["href"] for a in offered.select("main a") if a.get_text() == "Legislative and implementation gaps"
    )
    sent = send(
        chair, str(form), **GAP, body="See [[Directive 2011/93/EU]].", article="15", due_on="2026-06-30"
    )
    assert sent.status_code == 303, errors_in(sent)
    path = str(sent.location)
    page = client.get(path).text
    assert "No report that we received says when it was made." in page
    assert "as it was when it was cited" in page
    assert "Article 15" in page

    # It is given to somebody, who is told, finds it first thing, and moves it on.
    assert send(chair, f"{path}owner", owner=f"person:{owner_account.public_id}").status_code == 303
    home = soup_of(owner.get("/")).select_one("section[aria-labelledby=entries]")
    assert home is not None
    assert "Reports without a date" in home.get_text()
    assert "overdue" not in home.get_text()
    assert "Reports without a date" not in chair.get("/").text
    clock.advance(days=130)
    owner, chair = client_of(owner_account), client_of(chair_account)
    assert "overdue" in owner.get("/").text
    moved = send(owner, f"{path}status", state="examined", reason="Three seats asked for it.")
    assert moved.status_code == 303
    history = [one.get_text() for one in soup_of(client.get(path)).select(".timeline .timeline-text")]
    assert history == ["Status changed: Being examined", "Owner changed", "Raised"]
    assert "Three seats asked for it." in client.get(path).text

    # Everybody finds it by its filters, as a file and in the feed.
    other = send(
        chair, str(form), **(GAP | {"title": "Another gap", "value_gap-kind": "legislative"}), body="None."
    )
    assert other.status_code == 303
    query = "?status=examined&gap-kind=application&article=15"
    listed = client.get(f"/registers/gaps/{query}").text
    assert "Reports without a date" in listed
    assert "Another gap" not in listed
    titles = {row[0] for row in workbook_rows(client, f"/registers/gaps/entries.xlsx{query}")}
    assert "Reports without a date" in titles
    assert "Another gap" not in titles
    feed = client.get(f"/feeds/registers/gaps.atom{query}")
    assert feed.mimetype == "application/atom+xml"
    assert "Reports without a date" in feed.text
    assert "Another gap" not in feed.text


def test_a_document_is_cited_from_a_paper_and_says_where(
    client: FlaskClient, client_of: ClientOf, build: Builder, group: Group
) -> None:
    """Completion while one types, a link in the paper, the paper under the document."""
    author = client_of(build.member(group, build.account("Ada Author"), role=GroupRole.CHAIR))
    found = author.get("/library/complete?q=2011/93").json
    assert found is not None
    cite = found["documents"][0]["cite"]
    assert cite == "Directive 2011/93/EU"
    paper = {"title": "Our position", "body": f"# Scope\n\nAs [[{cite}]] says, and [[COM(2040) 9]] will."}
    base = f"/groups/{group.slug}/papers"
    begun = send(author, f"{base}/new", **paper, step="save")
    sent = send(author, str(begun.location), holding="body", **paper, step="publish")
    assert sent.status_code == 303, errors_in(sent)
    page = soup_of(client.get(str(sent.location), follow_redirects=True))
    linked = {str(link["href"]) for link in page.select(".prose a, .paper-text a")}
    assert "/library/directive-2011-93" in linked
    assert "Our position" in client.get("/library/directive-2011-93").text
    lacking = client.get("/library/com-2040-9")
    assert lacking.status_code == 404
    assert "The library does not have it yet" in lacking.text
