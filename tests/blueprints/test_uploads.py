"""Attachments through the pages: sending, seeing what became of them, reading, finding, taking off."""

import io
from collections.abc import Mapping

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from forum.domain.accounts import Account
from forum.domain.attachments import Attachment, AttachmentState
from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.papers import Paper, PaperVersion
from forum.services.drafts import Draft
from tests.blueprints.papers_pages import ClientOf
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.office.samples import bomb_bytes, docx_bytes, pdf_bytes
from tests.services.paper_writing import PaperWriter
from tests.services.sending_files import attach, storage_of
from tests.support import deliver, errors_in, look_again, submit, submit_file


@pytest.fixture
def papers(session: Session, build: Builder) -> PaperWriter:
    return PaperWriter(session, build)


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


@pytest.fixture
def author(build: Builder, group: Group) -> Account:
    return build.member(group)


@pytest.fixture
def draft(papers: PaperWriter, group: Group, author: Account) -> Draft:
    return papers.start(author, group)


def path_of(draft: Draft) -> str:
    return f"/groups/{draft.group.slug}/papers/drafts/{draft.version.public_id}/attachments"


def send(
    client: FlaskClient, draft: Draft, data: bytes, name: str, fields: Mapping[str, str] | None = None
) -> TestResponse:
    return submit_file(client, path_of(draft), data, name, fields)


def only(session: Session) -> Attachment:
    look_again(session)
    return session.scalars(sa.select(Attachment)).one()


def test_journey_from_file_to_found_page(
    app: Flask,
    session: Session,
    clock: StoppedClock,
    client: FlaskClient,
    client_of: ClientOf,
    author: Account,
    draft: Draft,
    papers: PaperWriter,
) -> None:
    """Sent, being checked, checked, published with its version, found by a word at its page, downloaded."""
    mine = client_of(author)
    data = pdf_bytes("The first page.", "A lantern on the second.")
    answer = send(mine, draft, data, "Überblick 2026.pdf", {"title": "Overview"})
    assert answer.status_code == 303, errors_in(answer)
    page = mine.get(path_of(draft)).text
    assert "being checked" in page
    assert "Überblick 2026.pdf" in page
    deliver(app, clock)
    assert "checked</span>" in mine.get(path_of(draft)).text
    attachment = only(session)
    assert client.get(f"/attachments/{attachment.public_id}").status_code == 404
    papers.send(author, draft)
    deliver(app, clock)
    found = client.get("/search?q=lantern").text
    assert f"/attachments/{attachment.public_id}/pages/2" in found
    assert "A lantern on the second." in client.get(f"/attachments/{attachment.public_id}/pages/2").text
    download = client.get(f"/attachments/{attachment.public_id}")
    assert download.status_code == 200
    assert download.data.startswith(b"%PDF-")
    assert len(download.data) == attachment.size == download.content_length
    assert download.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "frame-ancestors 'none'" in download.headers["Content-Security-Policy"]
    assert download.headers["Content-Disposition"].startswith("attachment;")
    assert download.headers["X-Content-Type-Options"] == "nosniff"
    assert download.mimetype == "application/pdf"
    paper = session.get_one(Paper, draft.paper.id)
    assert "Overview" in client.get(f"/groups/{draft.group.slug}/papers/{paper.public_id}/").text


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"MZ\x90\x00 a program", "report.pdf", "not what its name says"),
        (b"MZ\x90\x00 a program", "report.docx", "not what its name says"),
        (b"MZ\x90\x00 a program", "report.txt", "not what its name says"),
        (b"<svg/>", "picture.svg", "Only PDF, DOCX, ODT"),
        (b"<html>", "page.html", "Only PDF, DOCX, ODT"),
        (b"words", "no-extension", "Only PDF, DOCX, ODT"),
        (b"", "empty.txt", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "secret.docx", "protected by a password"),
        (b"%PDF-" + bytes(20 * 1024 * 1024), "large.pdf", "larger than 20 MB"),
    ],
    ids=["exe as pdf", "exe as docx", "exe as txt", "svg", "html", "nothing", "empty", "encrypted", "large"],
)
def test_what_is_refused_at_once_says_why_and_leaves_nothing(
    app: Flask,
    session: Session,
    client_of: ClientOf,
    author: Account,
    draft: Draft,
    data: bytes,
    name: str,
    words: str,
) -> None:
    """By extension, first bytes and size; the title that was typed is still there."""
    answer = send(client_of(author), draft, data, name, {"title": "What I typed"})
    assert answer.status_code == 422
    assert words in errors_in(answer)
    assert "What I typed" in answer.text
    assert session.scalars(sa.select(Attachment)).all() == []
    assert list(storage_of(app).list_keys()) == []


def test_without_a_file_it_says_so(client_of: ClientOf, author: Account, draft: Draft) -> None:
    """A press on the button alone."""
    answer = submit(client_of(author), path_of(draft))
    assert answer.status_code == 422
    assert "Choose a file" in errors_in(answer)


def test_what_the_check_refuses_is_told_to_the_author(
    app: Flask, clock: StoppedClock, session: Session, client_of: ClientOf, author: Account, draft: Draft
) -> None:
    """With the reason, and the draft as it was."""
    mine = client_of(author)
    assert send(mine, draft, bomb_bytes(), "bomb.docx").status_code == 303
    deliver(app, clock)
    page = mine.get(path_of(draft)).text
    assert "refused" in page
    assert "unpacks to far more" in page
    look_again(session)
    assert session.scalars(sa.select(PaperVersion.text)).one() == "The first paragraph."


def test_limits_of_other_routes_stay(client_of: ClientOf, author: Account, draft: Draft) -> None:
    """Only sending a file takes 20 MB: the route beside it does not."""
    data = {"file": (io.BytesIO(bytes(400_000)), "a.txt")}
    answer = submit(client_of(author), f"{path_of(draft)}/aaaaaaaaaaaaa/remove", data)
    assert answer.status_code == 413


def test_only_authors_reach_a_drafts_attachments(
    app: Flask,
    session: Session,
    build: Builder,
    client: FlaskClient,
    client_of: ClientOf,
    group: Group,
    author: Account,
    draft: Draft,
    clock: StoppedClock,
) -> None:
    """Neither other members nor moderators: not the list, not the file, not its text."""
    attachment = attach(app, session, build, author, draft, b"Words of a draft.", "a.txt")
    deliver(app, clock)
    for other in (build.member(group), build.member(group, role=GroupRole.MODERATOR), None):
        theirs = client_of(other)
        assert theirs.get(path_of(draft)).status_code in {303, 302, 404}
        assert send(theirs, draft, b"x", "b.txt").status_code in {303, 302, 404}
        assert theirs.get(f"/attachments/{attachment.public_id}").status_code == 404
        assert theirs.get(f"/attachments/{attachment.public_id}/pages/1").status_code == 404
    assert client_of(author).get(f"/attachments/{attachment.public_id}/pages/1").status_code == 200
    look_again(session)
    assert len(session.scalars(sa.select(Attachment)).all()) == 1


@pytest.mark.parametrize("state", [AttachmentState.QUARANTINED, AttachmentState.REFUSED])
def test_nobody_reads_what_is_not_checked(
    app: Flask,
    session: Session,
    build: Builder,
    client_of: ClientOf,
    author: Account,
    draft: Draft,
    papers: PaperWriter,
    state: AttachmentState,
) -> None:
    """Not even its author; readers see nothing of it on the published paper, its author how it stands."""
    attachment = attach(app, session, build, author, draft, b"Words.", "quarantined.txt")
    attachment.state = state
    session.commit()
    papers.send(author, draft)
    for person in (author, None):
        their = client_of(person)
        assert their.get(f"/attachments/{attachment.public_id}").status_code == 404
        page = their.get(f"/groups/{draft.group.slug}/papers/{draft.paper.public_id}/").text
        assert ("quarantined.txt" in page) == (person is not None)


def test_the_label_follows_the_version(
    app: Flask,
    session: Session,
    build: Builder,
    client: FlaskClient,
    client_of: ClientOf,
    papers: PaperWriter,
    group: Group,
    author: Account,
    clock: StoppedClock,
) -> None:
    """Sent under RED it is for members; held, for its author and moderators; withdrawn, for nobody."""
    draft = papers.start(author, group, tlp=Tlp.RED)
    attachment = attach(app, session, build, author, draft, b"Closed words.", "a.txt")
    deliver(app, clock)
    papers.send(author, draft)
    path = f"/attachments/{attachment.public_id}"
    assert client.get(path).status_code == 404
    assert client_of(build.member(group)).get(path).status_code == 200
    mine = client_of(author)
    submit(mine, f"/groups/{group.slug}/papers/{draft.paper.public_id}/versions/1/withdraw")
    assert mine.get(path).status_code == 404
    clock.advance(minutes=61)
    deliver(app, clock)
    assert list(storage_of(app).list_keys()) == []


def test_a_held_version_takes_its_attachment_along(
    app: Flask,
    session: Session,
    build: Builder,
    client_of: ClientOf,
    papers: PaperWriter,
    clock: StoppedClock,
) -> None:
    """Author and moderator read it, other members do not; it has the version's authors."""
    group = build.group(Ceiling.MEMBERS, holding_rule=HoldingRule.EVERYTHING)
    author = build.member(group)
    draft = papers.start(author, group)
    attachment = attach(app, session, build, author, draft, b"Held words.", "a.txt")
    deliver(app, clock)
    sent = papers.send(author, draft)
    assert sent.version.status is Status.PENDING
    path = f"/attachments/{attachment.public_id}"
    moderator = build.member(group, role=GroupRole.MODERATOR)
    answers = [client_of(person).get(path).status_code for person in (author, moderator, build.member(group))]
    assert answers == [200, 200, 404]
    kept = sa.select(Authorship.writer_key).where(Authorship.subject_kind == SubjectKind.ATTACHMENT)
    versions = sa.select(Authorship.writer_key).where(Authorship.subject_kind == SubjectKind.VERSION)
    assert set(session.scalars(kept)) == set(session.scalars(versions))


def test_an_attachment_is_taken_off(
    app: Flask, session: Session, build: Builder, client_of: ClientOf, author: Account, draft: Draft
) -> None:
    """By its address; another one's address takes nothing off."""
    attachment = attach(app, session, build, author, draft, b"Words.", "a.txt")
    mine = client_of(author)
    assert submit(mine, f"{path_of(draft)}/aaaaaaaaaaaaa/remove").status_code == 404
    assert submit(mine, f"{path_of(draft)}/{attachment.public_id}/remove").status_code == 303
    look_again(session)
    assert session.scalars(sa.select(Attachment)).all() == []


def test_a_second_press_attaches_nothing_twice(
    app: Flask, session: Session, client_of: ClientOf, author: Account, draft: Draft
) -> None:
    """One key, one file."""
    mine = client_of(author)
    for _ in range(2):
        answer = send(mine, draft, b"Words.", "a.txt", {"submission": "one-key"})
        assert answer.status_code == 303
    look_again(session)
    assert len(session.scalars(sa.select(Attachment)).all()) == 1
    assert len(list(storage_of(app).list_keys())) == 1


def test_there_is_a_limit_of_files(
    app: Flask, session: Session, build: Builder, client_of: ClientOf, author: Account, draft: Draft
) -> None:
    """Twenty of one version; the twenty-first is not kept."""
    for n in range(20):
        attach(app, session, build, author, draft, b"Words.", f"{n}.txt")
    answer = send(client_of(author), draft, b"Words.", "more.txt")
    assert "up to 20 attachments" in errors_in(answer)
    assert len(list(storage_of(app).list_keys())) == 20


def test_a_draft_that_is_thrown_away_takes_its_files_along(
    app: Flask, session: Session, build: Builder, client_of: ClientOf, author: Account, draft: Draft
) -> None:
    """Rows at once, files an hour later."""
    attach(app, session, build, author, draft, b"Words.", "a.txt")
    path = path_of(draft).removesuffix("/attachments")
    assert submit(client_of(author), f"{path}/delete").status_code == 303
    look_again(session)
    assert session.scalars(sa.select(Attachment)).all() == []


def test_an_office_file_is_served_as_what_it_is(
    app: Flask,
    session: Session,
    build: Builder,
    client: FlaskClient,
    papers: PaperWriter,
    author: Account,
    draft: Draft,
    clock: StoppedClock,
) -> None:
    """By the kind that was checked, never by what the sender said it was."""
    attachment = attach(app, session, build, author, draft, docx_bytes("Words."), "a.docx")
    deliver(app, clock)
    papers.send(author, draft)
    answer = client.get(f"/attachments/{attachment.public_id}")
    assert answer.mimetype.endswith("wordprocessingml.document")
    assert "a.docx" in answer.headers["Content-Disposition"]
