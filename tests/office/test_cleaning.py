"""The files that are kept say nothing of who made them, when, where and with what."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import docx
from pypdf import PdfReader

from forum.domain.uploads import FileKind
from forum.office.cleaning import clean
from forum.office.odt_reading import read_odt
from forum.office.packages import Package
from forum.office.pdf_reading import clean_pdf, open_pdf
from forum.office.pictures import without_metadata
from tests.office.samples import acting_pdf, docx_bytes, odt_bytes, unzipped, with_parts, written

NAME = "Mara Example"


def cleaned(tmp_path: Path, data: bytes, kind: FileKind) -> bytes:
    with Package(written(tmp_path, data)) as package:
        clean(package, kind, tmp_path / "clean")
    return (tmp_path / "clean").read_bytes()


def test_a_docx_loses_its_author_and_the_names_on_changes_and_comments(tmp_path: Path) -> None:
    """The words stay, the marks of change too."""
    data = docx_bytes("Words that stay.", author=NAME)
    document = unzipped(data)["word/document.xml"].decode()
    change = (
        f'<w:ins w:id="1" w:author="{NAME}" w:date="2026-01-01T00:00:00Z"><w:r><w:t>New.</w:t></w:r></w:ins>'
    )
    data = with_parts(data, word__document_dot_xml=document.replace("</w:p>", change + "</w:p>", 1))
    assert any(NAME.encode() in part for part in unzipped(data).values())
    result = cleaned(tmp_path, data, FileKind.DOCX)
    parts = unzipped(result)
    assert not any(NAME.encode() in part or b"2026-01-01" in part for part in parts.values())
    assert b"New." in parts["word/document.xml"]
    assert docx.Document(io.BytesIO(result)).paragraphs[0].text.startswith("Words that stay.")
    assert not any(name.startswith("docProps/thumbnail") for name in parts)


def test_an_odt_loses_its_author(tmp_path: Path) -> None:
    """From its description, and from comments."""
    body = (
        f"<text:p>Words.<office:annotation><dc:creator>{NAME}</dc:creator><dc:date>2026-01-01</dc:date>"
        "<text:p>Why?</text:p></office:annotation></text:p>"
    )
    meta = f"<x><creator>{NAME}</creator></x>"
    data = odt_bytes(body, **{"meta.xml": meta, "Thumbnails/thumbnail.png": b"x"})
    result = cleaned(tmp_path, data, FileKind.ODT)
    parts = unzipped(result)
    assert not any(NAME.encode() in part or b"2026-01-01" in part for part in parts.values())
    assert "Thumbnails/thumbnail.png" not in parts
    assert zipfile.ZipFile(io.BytesIO(result)).infolist()[0].filename == "mimetype"
    assert read_odt(tmp_path / "clean").blocks


def test_a_pdf_loses_scripts_files_and_author_but_not_its_tags(tmp_path: Path) -> None:
    """Nothing in it acts by itself; whoever has it read aloud still can."""
    path = written(tmp_path, acting_pdf())
    before = PdfReader(path)
    assert before.metadata is not None
    assert "/OpenAction" in before.trailer["/Root"]
    clean_pdf(open_pdf(path), tmp_path / "clean")
    after = PdfReader(tmp_path / "clean")
    root = after.trailer["/Root"].get_object()
    assert not after.metadata
    assert not {"/OpenAction", "/AA", "/Metadata"} & set(root)
    assert "/StructTreeRoot" in root
    data = (tmp_path / "clean").read_bytes()
    assert not any(word in data for word in (b"JavaScript", b"app.", b"inside.txt", NAME.encode()))
    assert not after.attachments
    assert after.pages[0].extract_text() == "Words."


def test_pictures_lose_where_they_were_taken() -> None:
    """EXIF and comments go, the picture stays byte for byte."""
    exif = b"\xff\xe1" + struct.pack(">H", 2 + 20) + b"Exif\x00\x00GPS 50.84 4.36"
    size = b"\xff\xdb\x00\x05abc"
    rest = b"\xff\xda\x00\x02picture\xff\xd9"
    assert without_metadata(b"\xff\xd8" + exif + size + rest) == b"\xff\xd8" + size + rest

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = b"\x89PNG\r\n\x1a\n"
    picture = chunk(b"IHDR", b"x" * 13) + chunk(b"IDAT", b"data")
    told = chunk(b"tEXt", b"Author\x00Mara Example")
    end = chunk(b"IEND", b"")
    assert without_metadata(head + told + picture + end) == head + picture + end


def test_damaged_pictures_stay_as_they_are() -> None:
    """Nothing is guessed."""
    for data in (b"GIF89a", b"\xff\xd8\xff\xe1\xff\xff", b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR"):
        assert without_metadata(data) == data
