"""Starting papers from office files, through the pages."""

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attachments import Attachment
from forum.domain.groups import Group
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.papers import Paper, PaperVersion
from tests.blueprints.papers_pages import ClientOf, two_versions
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.office.samples import bomb_bytes, docx_bytes, odt_bytes, pdf_bytes, unzipped, with_parts
from tests.office.test_docx_reading import BODY, PICTURE, para, run
from tests.services.paper_writing import PaperWriter
from tests.services.sending_files import storage_of
from tests.support import deliver, errors_in, look_again, submit, submit_file


@pytest.fixture
def papers(session: Session, build: Builder) -> PaperWriter:
    return PaperWriter(session, build)


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC, languages=["fr", "en"])


@pytest.fixture
def author(build: Builder, group: Group) -> Account:
    return build.member(group)


def path_of(group: Group) -> str:
    return f"/groups/{group.slug}/papers/from-document"


def word(body: str) -> bytes:
    """A DOCX with this body."""
    data = docx_bytes("BODY")
    text = unzipped(data)["word/document.xml"].decode().replace(BODY, body)
    return with_parts(data, word__document_dot_xml=text)


def drafts_of(session: Session) -> list[PaperVersion]:
    look_again(session)
    return list(session.scalars(sa.select(PaperVersion).where(PaperVersion.status == Status.DRAFT)))


def test_journey_from_word_to_draft(
    app: Flask, session: Session, client_of: ClientOf, group: Group, author: Account, clock: StoppedClock
) -> None:
    """Headings, changes, a figure: the draft says what became of them, and has the original beside it."""
    body = (
        para(run("On desks"), "Title")
        + para(run("Scope"), "Heading1")
        + para(run("Some ") + f'<w:ins w:id="1">{run("new")}</w:ins>' + run(" words.", "<w:b/>"))
        + '<w:p><w:del w:id="2"><w:r><w:delText>old</w:delText></w:r></w:del></w:p>'
        + para(PICTURE.format("A map"))
    )
    mine = client_of(author)
    answer = submit_file(mine, path_of(group), word(body), "desks.docx")
    assert answer.status_code == 303, errors_in(answer)
    (draft,) = drafts_of(session)
    assert draft.title == "On desks"
    assert draft.source.startswith("# Scope\n\nSome new **words.**\n")
    assert "[Figure 1: A map; see original, attached]" in draft.text
    page = mine.get(answer.headers["Location"]).text
    assert "What became of desks.docx" in page
    assert "One tracked insertion was accepted." in page
    assert "One tracked deletion was carried out" in page
    assert "One figure is named in brackets" in page
    attachment = session.scalars(sa.select(Attachment)).one()
    assert attachment.filename == "desks.docx"
    assert session.get_one(Paper, draft.paper_id).language == "fr"
    deliver(app, clock)
    assert "checked</span>" in mine.get(f"{answer.headers['Location']}/attachments").text


def test_an_odt_without_losses_keeps_no_original_unless_asked(
    app: Flask, session: Session, client_of: ClientOf, group: Group, author: Account
) -> None:
    """The page says that nothing was left out; with a tick the original is attached."""
    mine = client_of(author)
    body = "<text:h text:outline-level='1'>Ελληνικά</text:h><text:p>Български, latin, עברית.</text:p>"
    answer = submit_file(mine, path_of(group), odt_bytes(body), "a.odt")
    assert "Everything in it that a paper can hold is here" in mine.get(answer.headers["Location"]).text
    assert list(storage_of(app).list_keys()) == []
    (draft,) = drafts_of(session)
    assert draft.title == "Ελληνικά"
    assert draft.text == "Ελληνικά\n\nБългарски, latin, עברית."
    fields = {"keep": "y", "title": "My title"}
    submit_file(mine, path_of(group), odt_bytes(body), "a.odt", fields)
    assert [found.title for found in drafts_of(session)] == ["Ελληνικά", "My title"]
    assert len(list(storage_of(app).list_keys())) == 1


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (bomb_bytes(), "bomb.docx", "unpacks to far more"),
        (b"MZ\x90\x00", "program.docx", "not what its name says"),
        (docx_bytes(), "word.odt", "not what its name says"),
        (pdf_bytes("Words."), "a.pdf", "starts from a DOCX or ODT"),
        (b"words", "a.exe", "Only PDF, DOCX, ODT"),
        (with_parts(docx_bytes(), word__vbaProject_dot_bin=b"x"), "macro.docx", "macros"),
        (docx_bytes()[:-300], "cut.docx", "damaged"),
        (odt_bytes("<text:p/>"), "empty.odt", "no text"),
        (b"", "nothing.docx", "empty"),
    ],
    ids=["bomb", "program", "renamed", "pdf", "exe", "macros", "cut off", "no text", "empty"],
)
def test_what_cannot_be_read_says_why_and_leaves_nothing(
    app: Flask,
    session: Session,
    client_of: ClientOf,
    group: Group,
    author: Account,
    data: bytes,
    name: str,
    words: str,
) -> None:
    """No draft, no file; the title that was typed is still there."""
    answer = submit_file(client_of(author), path_of(group), data, name, {"title": "What I typed"})
    assert answer.status_code == 422
    assert words in errors_in(answer)
    assert "What I typed" in answer.text
    assert drafts_of(session) == []
    assert list(storage_of(app).list_keys()) == []


def test_a_table_of_two_thousand_rows_becomes_several(
    session: Session, client_of: ClientOf, group: Group, author: Account
) -> None:
    """No row is lost; the page says so."""
    cells = "".join(f"<w:tc>{para(run('cell %d'))}</w:tc>" for _ in range(4))
    rows = "".join(f"<w:tr>{cells.replace('%d', str(n))}</w:tr>" for n in range(2_000))
    mine = client_of(author)
    answer = submit_file(mine, path_of(group), word(f"<w:tbl>{rows}</w:tbl>"), "table.docx")
    assert answer.status_code == 303, errors_in(answer)
    assert "One long table became several" in mine.get(answer.headers["Location"]).text
    (draft,) = drafts_of(session)
    assert all(f"cell {n}\t" in draft.text for n in range(2_000))


def test_a_next_version_starts_from_a_file_too(
    session: Session, build: Builder, client_of: ClientOf, group: Group, papers: PaperWriter
) -> None:
    """With the label and summary of the version before; others than its authors may not."""
    author = build.member(group)
    world = two_versions(papers, group, author, second=Tlp.GREEN)
    path = f"{world.path}from-document"
    assert submit_file(client_of(build.member(group)), path, docx_bytes("x"), "a.docx").status_code == 403
    answer = submit_file(client_of(author), path, docx_bytes("Third words."), "third.docx")
    assert answer.status_code == 303, errors_in(answer)
    (draft,) = drafts_of(session)
    assert (draft.based_on, draft.tlp, draft.text) == (2, Tlp.GREEN, "Third words.")
    assert draft.change_summary == "Begun from third.docx."
    again = submit_file(client_of(author), path, docx_bytes("Lost?"), "fourth.docx")
    assert again.headers["Location"].endswith(draft.public_id)


def test_only_writers_of_the_group_start_papers(
    session: Session, build: Builder, client_of: ClientOf, group: Group
) -> None:
    """Others are told so; nothing is read of their file."""
    answer = submit_file(client_of(build.account()), path_of(group), docx_bytes(), "a.docx")
    assert answer.status_code == 403
    assert drafts_of(session) == []


def test_a_second_press_starts_nothing_twice(
    session: Session, client_of: ClientOf, group: Group, author: Account
) -> None:
    """It leads to the draft that the first one began."""
    mine = client_of(author)
    places = {
        submit_file(mine, path_of(group), docx_bytes("x"), "a.docx", {"submission": "one"}).headers[
            "Location"
        ]
        for _ in range(2)
    }
    assert len(places) == len(drafts_of(session)) == 1


def test_a_draft_from_a_file_can_be_thrown_away(
    session: Session, client_of: ClientOf, group: Group, author: Account
) -> None:
    """With what was said of its file."""
    mine = client_of(author)
    answer = submit_file(mine, path_of(group), docx_bytes("x"), "a.docx", {"keep": "y"})
    assert submit(mine, f"{answer.headers['Location']}/delete").status_code == 303
    assert drafts_of(session) == []
