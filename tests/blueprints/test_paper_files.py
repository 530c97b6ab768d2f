"""A version as DOCX, PDF and printed page: for whoever may read it, and nobody else."""

import fcntl
import io
from pathlib import Path

import docx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy.orm import Session

from forum.domain.attribution import Attribution
from forum.domain.documents import outline
from forum.domain.groups import Group
from forum.domain.labels import Ceiling, Tlp
from forum.domain.papers import Paper
from forum.office.docx_reading import read_docx
from forum.services.versions import withdraw_version
from tests.blueprints.papers_pages import ClientOf, World, two_versions
from tests.builders import Builder
from tests.office.samples import unzipped, written
from tests.services.paper_writing import PaperWriter

FILES = ("paper.docx", "paper.pdf", "print")


@pytest.fixture
def papers(session: Session, build: Builder) -> PaperWriter:
    return PaperWriter(session, build)


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


@pytest.fixture
def world(build: Builder, group: Group, papers: PaperWriter) -> World:
    return two_versions(papers, group, build.member(group), second=Tlp.RED)


def test_a_docx_holds_the_text_and_the_title_page(client: FlaskClient, world: World, tmp_path: Path) -> None:
    """With title, group, version, label and the address to cite."""
    answer = client.get(f"{world.path}versions/1/paper.docx")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == "attachment; filename=open-title-v1.docx"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    document = read_docx(written(tmp_path, answer.data, "a.docx"))
    assert document.title == "Open title"
    assert outline(document.blocks)[:2] == [("heading 1", "Scope"), ("paragraph", "The open paragraph.")]
    shown = docx.Document(io.BytesIO(answer.data))
    words = "\n".join(paragraph.text for paragraph in shown.paragraphs)
    assert world.group.title in words
    assert f"/papers/{world.paper.public_id}/v/1" in words
    assert "TLP:CLEAR" in shown.sections[0].header.paragraphs[0].text


def test_a_pdf_holds_the_text_and_the_title_page(client: FlaskClient, world: World) -> None:
    """Tagged, with the label on every page."""
    answer = client.get(f"{world.path}versions/1/paper.pdf")
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    reader = PdfReader(io.BytesIO(answer.data))
    pages = [page.extract_text() for page in reader.pages]
    assert "Open title" in pages[0]
    assert "The open paragraph." in pages[-1]
    assert all("TLP:CLEAR" in page for page in pages)
    assert "/StructTreeRoot" in reader.trailer["/Root"].get_object()


def test_the_printed_page_stands_alone(client: FlaskClient, world: World) -> None:
    """Text, title page, numbers; nothing of the site around it."""
    page = client.get(f"{world.path}versions/1/print").text
    assert "<h1>Open title</h1>" in page
    assert "The open paragraph." in page
    assert 'class="printed printed-clear"' in page
    assert "site-header" not in page


@pytest.mark.parametrize("name", FILES)
def test_files_ask_what_the_page_asks(
    client: FlaskClient, client_of: ClientOf, build: Builder, world: World, name: str
) -> None:
    """A closed version is not there for outsiders, as file no more than as page; members get it."""
    path = f"{world.path}versions/2/{name}"
    member = client_of(build.member(world.group))
    for person in (client, client_of(build.account())):
        answer = person.get(path)
        assert answer.status_code == 404
        assert b"secretword" not in answer.data
        assert b"Second" not in person.get(f"{world.path}versions/9/{name}").data
    assert member.get(path).status_code == 200
    assert client.get(f"{world.path}versions/1/{name}").status_code == 200


@pytest.mark.parametrize("name", FILES)
def test_a_withdrawn_version_has_no_file(
    session: Session, client: FlaskClient, build: Builder, world: World, name: str
) -> None:
    """Its stub is all that is left."""
    withdraw_version(
        session,
        build.actor(world.author),
        world.group.slug,
        world.paper.public_id,
        1,
        now=build.clock(),
    )
    session.commit()
    assert client.get(f"{world.path}versions/1/{name}").status_code == 404


@pytest.mark.parametrize("name", FILES)
def test_files_name_nobody_whom_the_page_does_not_name(
    client_of: ClientOf, build: Builder, papers: PaperWriter, name: str
) -> None:
    """Under the Chatham House Rule: no name in text, title page or properties."""
    group = build.group(Ceiling.MEMBERS, attribution=Attribution.CHATHAM_HOUSE)
    author = build.member(group, build.account("Zacharias Secretname"))
    version = papers.publish(author, group, "# Scope\n\nWords.", title="On scope")
    reader = client_of(build.member(group))
    paper = papers.session.get_one(Paper, version.paper_id)
    path = f"/groups/{group.slug}/papers/{paper.public_id}/versions/1/{name}"
    answer = reader.get(path)
    assert answer.status_code == 200
    data = answer.data
    if name == "paper.docx":
        data = b"".join(unzipped(data).values())
    elif name == "paper.pdf":
        pdf = PdfReader(io.BytesIO(data))
        data = (str(pdf.metadata) + "".join(page.extract_text() for page in pdf.pages)).encode()
    assert b"Secretname" not in data
    assert b"Words." in data


def test_one_pdf_is_set_at_a_time(app: Flask, client: FlaskClient, world: World) -> None:
    """Whoever comes meanwhile is asked to wait a little: pages must not wait for a long paper."""
    path = f"{world.path}versions/1/paper.pdf"
    with (Path(app.instance_path) / "printing.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = client.get(path)
        assert answer.status_code == 429
        assert "Try again in 5 seconds" in answer.text
    assert client.get(path).status_code == 200
