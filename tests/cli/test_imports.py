"""`forum import` and `forum export`: in, in again, and out."""

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from sqlalchemy.orm import Session

from forum.cli.exports import export
from forum.cli.imports import import_records
from forum.domain.accounts import Account, AccountStatus
from forum.domain.attachments import Attachment, AttachmentPage
from forum.domain.consultations import Consultation, ConsultationState
from forum.domain.groups import Group
from forum.domain.labels import Ceiling, Status
from forum.domain.organisations import Organisation
from forum.domain.outbox import OutboxEntry, Topic
from forum.domain.papers import Paper, PaperVersion
from forum.domain.threads import Post, Thread

RECORDS: list[dict[str, Any]] = [
    {
        "id": "p1",
        "group": "Sample Group",
        "thread": "p1",
        "author": "a-1",
        "date": "2024-01-01",
        "lang": "en",
        "title": "On reporting",
        "text": "One.",
        "kind": "post",
        "state": "OPEN",
    },
    {
        "id": "p2",
        "group": "Sample Group",
        "thread": "p1",
        "parent": "p1",
        "author": "a-2",
        "date": "2024-01-02",
        "title": "Re: On reporting",
        "text": "*Two*.",
        "kind": "post",
    },
    {
        "id": "p3",
        "group": "Sample Group",
        "thread": "p1",
        "parent": "p2",
        "author": None,
        "date": "2024-01-03",
        "title": "Re: On reporting",
        "text": "Three.",
        "kind": "post",
    },
    {
        "id": "v1",
        "group": "Sample Group",
        "thread": "v1",
        "date": "2024-02-01",
        "title": "A draft",
        "text": "Old.",
        "kind": "document-version",
        "version": 1,
        "author": "a-1",
    },
    {
        "id": "v2",
        "group": "Sample Group",
        "thread": "v1",
        "parent": "v1",
        "date": "2024-02-02",
        "title": "A draft",
        "text": "New.",
        "kind": "document-version",
        "version": 2,
        "change_note": "Reworded",
        "author": "a-1",
    },
    {
        "id": "c1",
        "group": "Sample Group",
        "thread": "call",
        "author": "a-3",
        "organisation": "Example Body Ltd",
        "org_type": "COMPANY",
        "country": "GRC",
        "lang": "el",
        "date": "2024-03-01",
        "title": "Answer",
        "text": "Yes.",
        "kind": "paper",
        "publication": "ANONYMOUS",
        "tr_number": "021720248767-58",
        "org_size": "LARGE",
    },
    {
        "id": "c1-att",
        "group": "Sample Group",
        "thread": "call",
        "parent": "c1",
        "date": "2024-03-01",
        "title": "Attachment",
        "text": "Page one\fPage two",
        "kind": "attachment",
        "organisation": "EXAMPLE BODY LTD",
    },
]


@pytest.fixture
def run(app: Flask, tmp_path: Path) -> Any:
    """Write records to a file and import it."""

    def run(records: list[Any], *options: str) -> Result:
        file = tmp_path / "records.jsonl"
        lines = [r if isinstance(r, str) else json.dumps(r) for r in records]
        file.write_text("\n".join(lines), encoding="utf-8")
        return app.test_cli_runner().invoke(import_records, [str(file), *options])

    return run


def test_every_kind_finds_its_place(run: Any, session: Session) -> None:
    """Discussions with their tree, papers with versions, answers to a consultation, attachments by page."""
    result = run(RECORDS)
    assert result.exit_code == 0, result.output
    assert "7 imported" in result.output
    thread = session.scalars(sa.select(Thread)).one()
    assert (thread.title, thread.post_count, thread.published_count) == ("On reporting", 3, 3)
    posts = session.scalars(sa.select(Post).order_by(Post.order_key)).all()
    assert [p.depth for p in posts] == [0, 1, 2]
    assert posts[1].html.strip() == "<p><em>Two</em>.</p>"
    versions = session.scalars(sa.select(PaperVersion).order_by(PaperVersion.created_at)).all()
    assert [(v.number, v.based_on, v.change_summary) for v in versions[:2]] == [
        (1, None, ""),
        (2, 1, "Reworded"),
    ]
    consultation = session.scalars(sa.select(Consultation)).one()
    assert consultation.state is ConsultationState.CLOSED
    answer = session.scalars(sa.select(Paper).where(Paper.consultation_id == consultation.id)).one()
    assert answer.country == "GR"
    assert session.scalars(sa.select(AttachmentPage.text).order_by(AttachmentPage.number)).all() == [
        "Page one",
        "Page two",
    ]
    assert session.scalars(sa.select(Organisation.name)).all() == ["Example Body Ltd"]


def test_what_is_imported_is_as_narrow_as_its_group(run: Any, session: Session) -> None:
    """A group that is made is for its members; nothing is public unless the group is."""
    run(RECORDS)
    group = session.scalars(sa.select(Group)).one()
    assert group.ceiling is Ceiling.MEMBERS
    for model in (Thread, Post, PaperVersion, Attachment, Consultation):
        assert set(session.scalars(sa.select(model.audience))) == {f"group:{group.id}"}
        assert set(session.scalars(sa.select(model.status))) == {Status.PUBLISHED}


@pytest.mark.parametrize(
    ("visibility", "audience", "is_listed"),
    [("public", "public", True), ("community", "community", True), ("closed", "group:1", False)],
)
def test_visibility_is_the_ceiling_of_groups_that_are_made(
    run: Any, session: Session, visibility: str, audience: str, is_listed: bool
) -> None:
    """A closed group is not even listed."""
    run(RECORDS, "--visibility", visibility)
    group = session.scalars(sa.select(Group)).one()
    assert (group.audience, group.is_listed) == (audience, is_listed)
    assert set(session.scalars(sa.select(Post.audience))) == {audience}


def test_authors_are_placeholders_that_cannot_sign_in(run: Any, session: Session) -> None:
    """No address, no password; an author that is null is not recorded."""
    run(RECORDS)
    people = session.scalars(sa.select(Account)).all()
    assert {p.name for p in people} == {"a-1", "a-2", "a-3"}
    assert all(p.status is AccountStatus.PLACEHOLDER and p.email is None for p in people)
    assert session.scalar(sa.select(Post.author_id).where(Post.text == "Three.")) is None


def test_no_mail_goes_out_but_everything_is_indexed(run: Any, session: Session) -> None:
    """The outbox holds index entries alone."""
    run(RECORDS)
    assert set(session.scalars(sa.select(OutboxEntry.topic))) == {Topic.INDEX}


def test_a_second_import_changes_nothing(run: Any, session: Session) -> None:
    """The same file again: all unchanged, not a row more."""
    run(RECORDS)
    before = session.scalar(sa.select(sa.func.count(OutboxEntry.id)))
    result = run(RECORDS)
    assert "0 imported, 7 unchanged, 0 bad" in result.output
    assert session.scalar(sa.select(sa.func.count(OutboxEntry.id))) == before


def test_an_import_goes_on_where_it_stopped(run: Any, session: Session) -> None:
    """After the first half, the whole file brings the second half."""
    run(RECORDS[:3])
    result = run(RECORDS)
    assert "4 imported, 3 unchanged" in result.output
    assert session.scalar(sa.select(Thread.published_count)) == 3


def test_a_record_that_changed_is_named_and_stays(run: Any, session: Session) -> None:
    """Imported texts are a record: another content under the same id is a bad line."""
    run(RECORDS)
    result = run([RECORDS[0] | {"text": "Something else."}])
    assert "another content" in result.stderr
    assert session.scalar(sa.select(Post.text).where(Post.number == 1)) == "One."


def test_bad_lines_are_named_and_the_rest_is_taken(run: Any, session: Session) -> None:
    """A truncated and mixed-up file: each bad line by number, with its reason."""
    result = run([RECORDS[2], RECORDS[1], '{"id": "cut', RECORDS[0], RECORDS[3] | {"date": "?"}, RECORDS[4]])
    assert result.exit_code == 0
    assert "line 3:" in result.stderr
    assert "line 5: 'date'" in result.stderr
    assert "line 6: its parent 'v1'" in result.stderr
    assert "3 imported" in result.stdout
    assert session.scalar(sa.select(sa.func.count(Post.id))) == 3


def test_strict_takes_nothing_if_a_line_is_bad(run: Any, session: Session) -> None:
    """Exit code 1, one line, no rows."""
    result = run([RECORDS[0], "{"], "--strict")
    assert result.exit_code == 1
    assert "nothing was imported" in result.stderr
    assert session.scalar(sa.select(sa.func.count(Post.id))) == 0


def test_a_dry_run_says_who_could_read_and_changes_nothing(run: Any, session: Session) -> None:
    """By group and label, in plain words."""
    result = run(RECORDS, "--dry-run", "--visibility", "community")
    assert "7 to 'Sample Group': TLP:GREEN, readable by all participants." in result.output
    assert session.scalar(sa.select(sa.func.count(Group.id))) == 0


def test_a_label_of_its_own_narrows_a_record(run: Any, session: Session) -> None:
    """An AMBER record in a public group is for seats and their organisations."""
    run([RECORDS[0] | {"label": "AMBER"}], "--visibility", "public")
    assert session.scalar(sa.select(Post.audience)) == "group:1:organisations"


def test_an_opening_without_text_keeps_its_title(run: Any, session: Session) -> None:
    """Real trackers have such."""
    run([RECORDS[0] | {"text": ""}])
    assert session.scalar(sa.select(Thread.title)) == "On reporting"


def test_the_export_gives_back_what_came_in(run: Any, app: Flask) -> None:
    """Every field that was in the file is in the export, but for people who chose not to be shown."""
    run(RECORDS)
    result = app.test_cli_runner().invoke(export, ["--group", "sample-group"])
    assert result.exit_code == 0, result.output
    given = {record["id"]: record for record in map(json.loads, result.stdout.splitlines())}
    assert set(given) == {record["id"] for record in RECORDS}
    for record in RECORDS:
        for key, value in record.items():
            if value is None or (record["id"] == "c1" and key == "author"):
                continue
            if record["kind"] == "attachment" and key == "organisation":
                continue
            assert given[record["id"]][key] == value, (record["id"], key)
    assert given["c1"]["author"] is None


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_tables_hold_a_row_a_record(run: Any, app: Flask, tmp_path: Path, form: str) -> None:
    """CSV and XLSX open and have all rows; formulas are text."""
    run([*RECORDS, RECORDS[0] | {"id": "f", "thread": "f", "text": "=1+1"}])
    file = tmp_path / f"out.{form}"
    result = app.test_cli_runner().invoke(
        export, ["--group", "sample-group", "--format", form, "-o", str(file)]
    )
    assert result.exit_code == 0, result.output
    if form == "csv":
        rows = file.read_text(encoding="utf-8-sig").splitlines()
        assert "'=1+1" in "\n".join(rows)
    else:
        from openpyxl import load_workbook

        rows = [str(row) for row in load_workbook(file).active.iter_rows(values_only=True)]  # type: ignore[union-attr]
        assert "'=1+1" in "\n".join(rows)
    assert len(rows) >= 9


def test_an_unknown_group_is_one_line(app: Flask) -> None:
    """Exit code 1."""
    result = app.test_cli_runner().invoke(export, ["--group", "absent"])
    assert result.exit_code == 1
    assert "no group 'absent'" in result.stderr
