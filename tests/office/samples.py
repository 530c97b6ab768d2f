"""Office files for tests, made by hand: small, harmless, and wrong in one way each."""

import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import docx
import typst
from pypdf import PdfReader, PdfWriter
from pypdf.actions import JavaScript
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

ODT_TYPE = "application/vnd.oasis.opendocument.text"
NAMESPACES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" '
    'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" '
    'xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" '
    'xmlns:xlink="http://www.w3.org/1999/xlink"'
)


def docx_bytes(*paragraphs: str, author: str = "") -> bytes:
    """A DOCX as a word processor writes it."""
    document = docx.Document()
    for text in paragraphs or ("A paragraph.",):
        document.add_paragraph(text)
    document.core_properties.author = author
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def odt_bytes(body: str = "<text:p>A paragraph.</text:p>", styles: str = "", **parts: str | bytes) -> bytes:
    """An ODT with this body; more parts by their names."""
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {NAMESPACES} office:version="1.3">'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    return zipped({"mimetype": ODT_TYPE, "content.xml": content, **parts})


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """A ZIP archive of parts, in their order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def with_parts(package: bytes, **parts: str | bytes) -> bytes:
    """A package with parts added or replaced; __ in a name stands for /, _dot_ for a full stop."""
    kept: dict[str, str | bytes] = dict(unzipped(package))
    for name, data in parts.items():
        kept[name.replace("__", "/").replace("_dot_", ".")] = data
    return zipped(kept)


def unzipped(package: bytes) -> dict[str, bytes]:
    """The parts of a package."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def bomb_bytes() -> bytes:
    """A DOCX of some 30 kB whose list of parts comes to gigabytes: a hundred names for one packed part."""
    single = zipped({"word/doc00.xml": bytes(28_000_000)})
    place = single.rindex(b"PK\x01\x02")
    end = single.rindex(b"PK\x05\x06")
    entry = single[place:end]
    entries = b"".join(entry.replace(b"doc00", f"doc{n:02d}".encode()) for n in range(100))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 100, 100, len(entries), place, 0)
    return single[:place] + entries + tail


def pdf_bytes(*pages: str, title: str = "") -> bytes:
    """A tagged PDF with a page for each text."""
    source = "#set document(title: sys.inputs.title)\n" + "\n#pagebreak()\n".join(
        f'#text(sys.inputs.at("{n}"))' for n in range(len(pages))
    )
    inputs = {str(n): text for n, text in enumerate(pages)} | {"title": title or "A title"}
    out = typst.compile(source.encode(), format="pdf", sys_inputs=inputs, ignore_system_fonts=True)
    assert isinstance(out, bytes)
    return out


def changed_pdf(data: bytes, change: object) -> bytes:
    """A PDF after a change to its writer."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    change(writer)  # type: ignore[operator]
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def encrypted_pdf() -> bytes:
    """A PDF that asks for a password."""
    return changed_pdf(pdf_bytes("Words."), lambda writer: writer.encrypt("secret", algorithm="RC4-128"))


def acting_pdf() -> bytes:
    """A PDF with a script, an author, and a file inside."""

    def change(writer: PdfWriter) -> None:
        writer.add_open_action(JavaScript("app.alert('hello')"))
        writer.add_attachment("inside.txt", b"a file inside")
        writer.add_metadata({"/Author": "Mara Example"})
        writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
            {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.beep()")}
        )

    return changed_pdf(pdf_bytes("Words."), change)


def looping_pdf() -> bytes:
    """A PDF whose tree of pages holds itself."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 4 >>",
        b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 4 /Parent 2 0 R >>",
    ]
    out = b"%PDF-1.7\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in offsets)
    return out + b"trailer << /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start


def slow_pdf(pages: int = 200) -> bytes:
    """A PDF of honest structure that takes many seconds to read."""
    writer = PdfWriter()
    stream = DecodedStreamObject()
    stream.set_data(b"BT /F 9 Tf " + b"(word) Tj 3 4 Td " * 60_000 + b"ET")
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    content = writer._add_object(stream.flate_encode())
    box = ArrayObject([NumberObject(n) for n in (0, 0, 600, 800)])
    for _ in range(pages):
        page = writer.add_blank_page(600, 800)
        page[NameObject("/Contents")] = content
        page[NameObject("/MediaBox")] = box
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F"): font})}
        )
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def written(folder: Path, data: bytes, name: str = "source") -> Path:
    """A file with these bytes."""
    path = folder / name
    path.write_bytes(data)
    return path
