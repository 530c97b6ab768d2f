"""DOCX to paper to DOCX, over real office files: LibreOffice makes them, and reads what we make of them.

Twice it is asked, for all files at once: to make DOCX of the sources that structures.py has, and ODT of the
DOCX that papers leave as.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from forum.domain.document_html import read_html
from forum.domain.document_markdown import to_markdown
from forum.domain.documents import Document, outline
from forum.office.docx_reading import read_docx
from forum.office.docx_writing import write_docx
from forum.office.front import Front
from forum.office.odt_reading import read_odt
from forum.richtext import render
from tests.office.fodt import write_fodt
from tests.office.structures import STRUCTURES

FRONT = Front(
    title="Position on reporting",
    label="TLP:GREEN",
    running="Position on reporting, version 2",
    address="https://forum.example/papers/abc/v/2",
    language="en",
    facts=(("Bodies", "Example Body"), ("Version", "2")),
    abstract=("In short.",),
)
NAMES = {name: name.replace(" ", "-") for name in STRUCTURES}


def convert(folder: Path, suffix: str, sources: list[Path]) -> None:
    """Have LibreOffice convert files, all in one call."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not installed")
    profile = (folder / "profile").as_uri()
    command = [program, f"-env:UserInstallation={profile}", "--headless", "--convert-to", suffix]
    ran = subprocess.run(
        [*command, "--outdir", str(folder), *map(str, sources)],
        check=False,
        capture_output=True,
        timeout=300,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
    )
    assert ran.returncode == 0, ran.stderr


@pytest.fixture(scope="module")
def arrived(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Document]:
    """What we read in the DOCX that LibreOffice made."""
    folder = tmp_path_factory.mktemp("sources")
    sources = []
    for name, document in STRUCTURES.items():
        source = folder / f"{NAMES[name]}.fodt"
        source.write_text(write_fodt(document), encoding="utf-8")
        sources.append(source)
    convert(folder, "docx", sources)
    return {name: read_docx(folder / f"{NAMES[name]}.docx") for name in STRUCTURES}


@pytest.fixture(scope="module")
def papers(arrived: dict[str, Document]) -> dict[str, Document]:
    """What stands in the papers that begin with those."""
    return {name: paper_of(document) for name, document in arrived.items()}


def paper_of(document: Document) -> Document:
    return read_html(render(to_markdown(document), profile="paper").html)


@pytest.fixture(scope="module")
def left(papers: dict[str, Document], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The DOCX that the papers leave as."""
    folder = tmp_path_factory.mktemp("left")
    paths = {name: folder / f"{NAMES[name]}.docx" for name in papers}
    for name, path in paths.items():
        path.write_bytes(write_docx(papers[name], FRONT))
    return paths


@pytest.fixture(scope="module")
def reopened(left: dict[str, Path]) -> dict[str, Document]:
    """What we read in the ODT that LibreOffice made of our DOCX."""
    folder = next(iter(left.values())).parent
    convert(folder, "odt", list(left.values()))
    return {name: read_odt(path.with_suffix(".odt")) for name, path in left.items()}


def notes_of(document: Document) -> list[list[tuple[str, str]]]:
    return [outline(note) for note in document.notes]


def test_there_are_twenty() -> None:
    """As many as promised."""
    assert len(STRUCTURES) == 20


@pytest.mark.parametrize("name", STRUCTURES)
def test_office_files_arrive_with_structure_words_and_marks(name: str, arrived: dict[str, Document]) -> None:
    """Blocks, words and marks are those of the source, block by block."""
    assert arrived[name].blocks == STRUCTURES[name].blocks
    assert arrived[name].notes == STRUCTURES[name].notes
    assert arrived[name].remarks == ()


@pytest.mark.parametrize("name", STRUCTURES)
def test_papers_keep_structure_and_words(
    name: str, arrived: dict[str, Document], papers: dict[str, Document]
) -> None:
    """Through Markdown, cmark and the sanitizers."""
    assert outline(papers[name].blocks) == outline(arrived[name].blocks)
    assert notes_of(papers[name]) == notes_of(arrived[name])


@pytest.mark.parametrize("name", STRUCTURES)
def test_papers_leave_as_docx_with_structure_and_words(
    name: str, papers: dict[str, Document], left: dict[str, Path]
) -> None:
    """Title page, label and numbers of paragraphs are no part of the text when the file comes back."""
    back = read_docx(left[name])
    assert outline(back.blocks) == outline(papers[name].blocks) == outline(STRUCTURES[name].blocks)
    assert notes_of(back) == notes_of(papers[name])
    assert back.title == FRONT.title
    assert back.remarks == ()


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_paper_that_comes_back_is_the_same_paper(
    name: str, papers: dict[str, Document], left: dict[str, Path]
) -> None:
    """Paper to DOCX to paper: with the same numbers, marks and links."""
    assert paper_of(read_docx(left[name])).blocks == papers[name].blocks


@pytest.mark.parametrize("name", STRUCTURES)
def test_libreoffice_reads_what_papers_leave_as(
    name: str, papers: dict[str, Document], reopened: dict[str, Document]
) -> None:
    """Another program finds the same in our DOCX, and we in its ODT."""
    assert outline(reopened[name].blocks) == outline(papers[name].blocks)
    assert notes_of(reopened[name]) == notes_of(papers[name])
