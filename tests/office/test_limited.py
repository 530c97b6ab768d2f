"""Jobs on files in a child process: what they give, and that no file can make them run on."""

import subprocess
from pathlib import Path

import pytest

from forum.domain.uploads import FileKind, Refusal, Refused
from forum.office.limited import check_file, convert_file, private_folder, run_job
from tests.office.samples import (
    bomb_bytes,
    docx_bytes,
    encrypted_pdf,
    looping_pdf,
    odt_bytes,
    pdf_bytes,
    slow_pdf,
    unzipped,
    with_parts,
    written,
)


def test_a_pdf_gives_its_text_page_by_page(tmp_path: Path) -> None:
    """In their order, with a clean copy beside."""
    checked = check_file(FileKind.PDF, written(tmp_path, pdf_bytes("First words.", "Second words.")))
    assert checked.pages == ["First words.", "Second words."]
    assert checked.path.read_bytes().startswith(b"%PDF-")


def test_office_files_give_their_text(tmp_path: Path) -> None:
    """DOCX by the page ends that Word left in it, ODT by those of Writer."""
    data = docx_bytes("First.", "Second.", "Third.")
    text = unzipped(data)["word/document.xml"].decode()
    broken = text.replace("<w:t>Second.", "<w:lastRenderedPageBreak/><w:t>Second.")
    marked = with_parts(data, word__document_dot_xml=broken)
    assert check_file(FileKind.DOCX, written(tmp_path, marked, "a")).pages == ["First.", "Second.\n\nThird."]
    body = "<text:p>First.</text:p><text:soft-page-break/><text:p>Second.</text:p>"
    assert check_file(FileKind.ODT, written(tmp_path, odt_bytes(body), "b")).pages == ["First.", "Second."]


def test_plain_text_is_cut_into_pages(tmp_path: Path) -> None:
    """At form feeds where it has them, else about every 3,000 characters."""
    assert check_file(FileKind.TXT, written(tmp_path, b"One.\fTwo.", "a")).pages == ["One.", "Two."]
    pages = check_file(FileKind.MD, written(tmp_path, b"Some words here.\n\n" * 400, "b")).pages
    assert len(pages) == 3
    assert all(len(page) <= 3_000 for page in pages)


@pytest.mark.parametrize(
    ("kind", "data", "reason"),
    [
        (FileKind.DOCX, bomb_bytes(), Refusal.UNPACKS),
        (FileKind.PDF, encrypted_pdf(), Refusal.PROTECTED),
        (FileKind.PDF, b"%PDF-1.7\nnothing more", Refusal.DAMAGED),
        (FileKind.TXT, b"caf\xe9 and more", Refusal.TEXT),
        (FileKind.TXT, b"null \x00 byte", Refusal.TEXT),
    ],
    ids=["bomb", "password", "no PDF", "an old encoding", "control characters"],
)
def test_what_is_refused(tmp_path: Path, kind: FileKind, data: bytes, reason: Refusal) -> None:
    """The child says why."""
    with pytest.raises(Refused) as refused:
        check_file(kind, written(tmp_path, data))
    assert refused.value.reason is reason


def test_a_pdf_that_loops_ends(tmp_path: Path) -> None:
    """Its tree of pages holds itself; nobody waits for that."""
    with pytest.raises(Refused) as refused:
        run_job("check", "pdf", written(tmp_path, looping_pdf()), tmp_path / "clean", 5)
    assert refused.value.reason in {Refusal.EFFORT, Refusal.DAMAGED}


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    """After the processor time that the job has, whatever the file is."""
    with pytest.raises(Refused) as refused:
        run_job("check", "pdf", written(tmp_path, slow_pdf()), tmp_path / "clean", 1)
    assert refused.value.reason is Refusal.EFFORT


def test_an_office_file_becomes_markdown(tmp_path: Path) -> None:
    """With its title and what was lost."""
    body = "<text:h text:outline-level='1'>Scope</text:h><text:p>Words.</text:p>"
    converted = convert_file(FileKind.ODT, written(tmp_path, odt_bytes(body)))
    assert converted.markdown == "# Scope\n\nWords.\n"
    assert converted.remarks == {}


def test_the_child_sees_no_secrets_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment is made for it: nothing of ours, keys least of all, is handed on."""
    monkeypatch.setenv("FORUM_SECRET_KEY", "a key that no file may meet")
    seen: list[dict[str, str]] = []
    start = subprocess.Popen.__init__

    def note(self: object, *args: object, **options: object) -> None:
        seen.append(dict(options["env"]))  # type: ignore[call-overload]
        start(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(subprocess.Popen, "__init__", note)
    check_file(FileKind.TXT, written(tmp_path, b"Words."))
    assert [set(environment) for environment in seen] == [{"LANG", "PATH"}]


def test_private_folders_go(tmp_path: Path) -> None:
    """With all that is in them."""
    with private_folder() as folder:
        written(folder, b"x")
    assert not folder.exists()
