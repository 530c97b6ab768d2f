"""From quarantine to readers: what the worker does with files."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.cli.doctor import examine
from forum.domain.accounts import Account
from forum.domain.attachments import Attachment, AttachmentPage, AttachmentState
from forum.domain.groups import Group
from forum.domain.labels import Ceiling
from forum.domain.outbox import OutboxEntry, Topic
from forum.domain.uploads import Refusal
from forum.services.attachment_files import prune_files
from forum.services.storage import new_key
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.delivery.test_scanner import MARK, Clamd, UnixServer, serving
from tests.office.samples import acting_pdf, bomb_bytes, docx_bytes, odt_bytes, pdf_bytes
from tests.services.paper_writing import PaperWriter
from tests.services.sending_files import attach, storage_of
from tests.support import deliver, look_again


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
def send(
    app: Flask, session: Session, build: Builder, papers: PaperWriter, group: Group, author: Account
) -> object:
    def run(data: bytes, name: str) -> Attachment:
        return attach(app, session, build, author, papers.start(author, group), data, name)

    return run


def state_of(session: Session, attachment_id: int) -> tuple[AttachmentState, Refusal | None]:
    look_again(session)
    found = session.get_one(Attachment, attachment_id)
    return found.state, found.refusal


@pytest.mark.parametrize(
    ("data", "name", "page"),
    [
        (pdf_bytes("Words of a page."), "a.pdf", "Words of a page."),
        (docx_bytes("Words of Word."), "a.docx", "Words of Word."),
        (odt_bytes("<text:p>Words of Writer.</text:p>"), "a.odt", "Words of Writer."),
        ("Ελληνικά".encode(), "a.txt", "Ελληνικά"),
        (b"# Heading", "a.md", "# Heading"),
    ],
    ids=["pdf", "docx", "odt", "txt", "md"],
)
def test_a_file_is_checked_and_read(
    app: Flask, session: Session, clock: StoppedClock, send: object, data: bytes, name: str, page: str
) -> None:
    """It gets a clean copy under another key, its size and hash, and its pages."""
    attachment = send(data, name)  # type: ignore[operator]
    before = attachment.storage_key
    assert attachment.state is AttachmentState.QUARANTINED
    deliver(app, clock)
    assert state_of(session, attachment.id) == (AttachmentState.CLEAN, None)
    found = session.get_one(Attachment, attachment.id)
    assert found.storage_key != before
    assert found.storage_key is not None
    with storage_of(app).open(found.storage_key) as file:
        assert len(file.read()) == found.size
    assert session.scalars(sa.select(AttachmentPage.text)).all() == [page]


def test_the_file_as_it_was_sent_is_forgotten(
    app: Flask, session: Session, clock: StoppedClock, send: object
) -> None:
    """An hour later, so that a backup that began before finds it."""
    send(acting_pdf(), "a.pdf")  # type: ignore[operator]
    deliver(app, clock)
    assert len(list(storage_of(app).list_keys())) == 2
    clock.advance(minutes=61)
    deliver(app, clock)
    kept = session.scalars(sa.select(Attachment.storage_key)).all()
    look_again(session)
    kept = session.scalars(sa.select(Attachment.storage_key)).all()
    assert [key for key, _ in storage_of(app).list_keys()] == kept


@pytest.mark.parametrize(
    ("data", "name", "refusal"),
    [
        (bomb_bytes(), "a.docx", Refusal.UNPACKS),
        (docx_bytes(), "a.odt", Refusal.DISGUISED),
        (b"MZ\x90\x00", "a.docx", Refusal.DISGUISED),
    ],
    ids=["bomb", "renamed", "program"],
)
def test_a_refused_file_is_gone_and_says_why(
    app: Flask, session: Session, clock: StoppedClock, send: object, data: bytes, name: str, refusal: Refusal
) -> None:
    """The row stays for its author to see."""
    attachment = send(data, name)  # type: ignore[operator]
    deliver(app, clock)
    assert state_of(session, attachment.id) == (AttachmentState.REFUSED, refusal)
    clock.advance(minutes=61)
    deliver(app, clock)
    assert list(storage_of(app).list_keys()) == []


def test_what_the_scanner_finds_is_refused(
    app: Flask, session: Session, clock: StoppedClock, send: object, tmp_path: Path
) -> None:
    """Over its socket, before anything opens the file."""
    path = tmp_path / "clamd.ctl"
    app.config["SCANNER"] = f"clamav:{path}"
    bad, good = send(b"words " + MARK, "bad.txt"), send(b"words", "good.txt")  # type: ignore[operator]
    with serving(UnixServer(str(path), Clamd)):
        deliver(app, clock)
    assert state_of(session, bad.id) == (AttachmentState.REFUSED, Refusal.INFECTED)
    assert state_of(session, good.id) == (AttachmentState.CLEAN, None)


def test_without_an_answer_of_the_scanner_a_file_stays_in_quarantine(
    app: Flask, session: Session, clock: StoppedClock, send: object, tmp_path: Path
) -> None:
    """The doctor says so; once the scanner answers, the file is checked."""
    path = tmp_path / "clamd.ctl"
    app.config["SCANNER"] = f"clamav:{path}"
    attachment = send(b"words", "a.txt")  # type: ignore[operator]
    deliver(app, clock)
    assert state_of(session, attachment.id) == (AttachmentState.QUARANTINED, None)
    clock.advance(minutes=6)
    findings = {finding.name: finding for finding in examine()}
    assert not findings["scanner"].is_well
    assert "quarantine" in findings["scanner"].detail
    assert not findings["attachments"].is_well
    with serving(UnixServer(str(path), Clamd)):
        deliver(app, clock)
        assert state_of(session, attachment.id) == (AttachmentState.CLEAN, None)
        findings = {finding.name: finding for finding in examine()}
    assert findings["scanner"].is_well
    assert findings["attachments"].is_well


def test_a_file_that_was_removed_meanwhile_is_let_be(
    app: Flask, session: Session, clock: StoppedClock, send: object
) -> None:
    """Its check finds nothing to do."""
    attachment = send(b"words", "a.txt")  # type: ignore[operator]
    session.delete(attachment)
    session.commit()
    deliver(app, clock)
    failed = sa.select(OutboxEntry).where(OutboxEntry.topic == Topic.FILES, OutboxEntry.error != "")
    assert session.scalars(failed).all() == []


def test_files_of_uploads_that_failed_are_pruned(
    app: Flask, session: Session, clock: StoppedClock, send: object
) -> None:
    """A day later, and only what no attachment has."""
    attachment = send(b"words", "a.txt")  # type: ignore[operator]
    storage, orphan = storage_of(app), new_key()
    storage.put(orphan, io.BytesIO(b"x"))
    assert prune_files(session, storage, now=datetime.now(UTC)) == 0
    assert prune_files(session, storage, now=datetime.now(UTC) + timedelta(days=2)) == 1
    assert [key for key, _ in storage.list_keys()] == [attachment.storage_key]
