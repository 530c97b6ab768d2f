"""`forum search`: what scripts are told, and keeping the index true."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from sqlalchemy.orm import Session

from forum.cli.imports import import_records
from forum.cli.search import search
from forum.domain.accounts import Account
from forum.domain.groups import Group
from forum.domain.labels import Ceiling
from forum.domain.outbox import OutboxEntry
from forum.domain.threads import Post
from forum.extensions import search_engine
from forum.search.protocol import Add, Remove, SearchEngine
from forum.services.indexing import all_documents
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import deliver

KEYS = ["kind", "id", "source_id", "thread_source_id", "group", "title", "url"]


def run(app: Flask, *arguments: str, lines: str | None = None) -> Result:
    return app.test_cli_runner().invoke(search, arguments, input=lines)


def ask(app: Flask, *arguments: str) -> dict[str, Any]:
    result = run(app, "query", *arguments, "--json")
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


@pytest.fixture
def engine(app: Flask) -> SearchEngine:
    found: SearchEngine = search_engine(app)
    return found


@pytest.fixture
def world(build: Builder) -> tuple[Group, Account]:
    """A public and a closed group, both with something about lanterns, and a member of both."""
    public, closed = build.group(Ceiling.PUBLIC), build.group(Ceiling.MEMBERS)
    member = build.member(closed, build.member(public))
    build.thread(public, member, title="Lanterns in the harbour", text="They burn all night.")
    build.thread(closed, member, title="Lanterns behind the wall", text="Nobody sees them.")
    return closed, member


@pytest.mark.usefixtures("world")
def test_what_is_posted_is_found_after_drain(app: Flask) -> None:
    """Before it nothing, after it the post; a second drain has nothing to do."""
    assert ask(app, "lanterns")["total"] == 0
    assert run(app, "drain").exit_code == 0
    assert ask(app, "lanterns")["total"] == 1
    assert run(app, "drain").stdout == "0 entries indexed.\n"


def test_a_person_finds_what_they_may_read(app: Flask, world: tuple[Group, Account]) -> None:
    """--as searches as that person, who reads the closed group too."""
    closed, member = world
    run(app, "rebuild")
    assert ask(app, "lanterns")["total"] == 1
    answer = ask(app, "lanterns", "--as", member.email.upper())
    assert answer["total"] == 2
    narrowed = ask(app, "lanterns", "--as", member.email, "--group", closed.slug)
    assert [item["title"] for item in narrowed["items"]] == ["Lanterns behind the wall"]
    assert list(narrowed["items"][0]) == KEYS
    assert ask(app, "lanterns", "--kind", "paper", "--as", member.email)["total"] == 0


def test_an_unknown_person_is_a_failure(app: Flask) -> None:
    """One line, exit 1."""
    result = run(app, "query", "x", "--as", "nobody@body.example")
    assert (result.exit_code, result.stderr) == (1, "forum: Nobody has the address nobody@body.example.\n")


@pytest.mark.usefixtures("world")
def test_a_batch_answers_line_by_line(app: Flask) -> None:
    """One object a line, in order, whatever the line holds."""
    run(app, "rebuild")
    long = "harbour " + "wall " * 60
    result = run(app, "query", "-", lines=f"lanterns\n\n((( -\n{long}\n")
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["query"] for answer in answers] == ["lanterns", "", "((( -", long.rstrip("\n")]
    assert [answer["total"] for answer in answers] == [1, 0, 0, 1]
    assert "line 4" in result.stderr


def test_a_query_that_is_too_long_is_refused(app: Flask) -> None:
    """With what is wrong."""
    result = run(app, "query", "x" * 201)
    assert result.exit_code == 1
    assert "200 characters" in result.stderr


@pytest.mark.usefixtures("world")
def test_people_read_titles_and_addresses(app: Flask) -> None:
    """Without --json."""
    run(app, "rebuild")
    result = run(app, "query", "lanterns")
    assert "1 found" in result.stdout
    assert "Lanterns in the harbour" in result.stdout
    assert "http://localhost/posts/" in result.stdout


RECORDS: list[dict[str, Any]] = [
    {"id": "p1", "thread": "p1", "title": "On lanterns", "text": "One.", "kind": "post"},
    {"id": "p2", "thread": "p1", "parent": "p1", "text": "A lantern, twice.", "kind": "post"},
    {"id": "d1", "thread": "d", "title": "Lantern rules", "text": "Long.", "kind": "document-version"},
    {"id": "d2", "thread": "d", "parent": "d1", "title": "Lantern rules", "text": "Longer.",
     "kind": "document-version"},
    {"id": "c1", "thread": "call-1", "title": "Our lanterns", "text": "We burn.", "kind": "paper"},
    {"id": "c1-a", "thread": "call-1", "parent": "c1", "title": "Annex", "text": "Lantern\fannex",
     "kind": "attachment"},
]  # fmt: skip


def test_found_things_have_the_ids_they_came_with(app: Flask, tmp_path: Path) -> None:
    """Of the record, and of the discussion, paper or consultation that the record named."""
    file = tmp_path / "records.jsonl"
    common = {"group": "Harbour", "date": "2024-01-01", "lang": "en"}
    file.write_text("".join(json.dumps(record | common) + "\n" for record in RECORDS))
    imported = app.test_cli_runner().invoke(import_records, [str(file), "--visibility", "public"])
    assert imported.exit_code == 0, imported.output
    run(app, "drain")
    found = {item["source_id"]: item for item in ask(app, "lantern", "--limit", "50")["items"]}
    assert {name: item["thread_source_id"] for name, item in found.items()} == {
        "p1": "p1",
        "p2": "p1",
        "d1": "d",
        "d2": "d",
        "c1": "call-1",
        "c1-a": "call-1",
    }
    assert found["c1-a"]["url"].endswith("/pages/1")


def test_what_was_not_imported_has_no_source(app: Flask, world: tuple[Group, Account]) -> None:
    """Null, not an invented id."""
    run(app, "rebuild")
    (item,) = ask(app, "lanterns")["items"]
    assert (item["source_id"], item["thread_source_id"]) == (None, None)


@pytest.mark.usefixtures("world")
def test_check_names_what_differs_and_repair_mends_it(
    app: Flask, session: Session, engine: SearchEngine
) -> None:
    """By id, text and audience."""
    run(app, "rebuild")
    assert run(app, "check").exit_code == 0
    first, second = all_documents(session)
    stray, moved = replace(first, id="post:stray"), replace(second, audience="public")
    engine.apply([Remove(first.id), Add(stray), Add(moved)])
    result = run(app, "check", "--json")
    assert result.exit_code == 1
    counts = json.loads(result.stdout)
    assert (counts["missing"], counts["stray"], counts["misplaced"], counts["changed"]) == (1, 1, 1, 0)
    session.execute(sa.update(Post).values(text="Another text."))
    session.commit()
    assert run(app, "check").exit_code == 1
    assert run(app, "check", "--repair").exit_code == 0
    assert run(app, "check").exit_code == 0
    assert ask(app, "another")["total"] == 1


@pytest.mark.usefixtures("world")
def test_a_missing_index_is_named_and_built(app: Flask, session: Session) -> None:
    """check says so; drain builds it, and then nothing waits."""
    shutil.rmtree(Path(app.config["INSTANCE"]) / "index")
    result = run(app, "check")
    assert result.exit_code == 1
    assert "missing" in result.stdout
    assert run(app, "drain").exit_code == 0
    assert run(app, "check").exit_code == 0
    waiting = sa.select(OutboxEntry.id).where(OutboxEntry.done_at.is_(None), OutboxEntry.topic == "index")
    assert session.scalars(waiting).all() == []


@pytest.mark.usefixtures("world")
def test_a_rebuild_leaves_nothing_waiting(app: Flask, session: Session, clock: StoppedClock) -> None:
    """What it has read need not be indexed again."""
    assert run(app, "rebuild").stdout == "2 documents indexed.\n"
    assert run(app, "drain").stdout == "0 entries indexed.\n"
    deliver(app, clock)
    assert run(app, "check").exit_code == 0
