"""Which documents may be kept."""

from pathlib import Path

import pytest

from forum.domain.uploads import FileKind, Refusal, Refused
from forum.office.judging import judge
from forum.office.packages import Package
from tests.office.samples import docx_bytes, odt_bytes, unzipped, with_parts, written, zipped

MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
RELATION = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId90" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" '
    'Target="{target}" TargetMode="External"/></Relationships>'
)


def judged(tmp_path: Path, data: bytes, kind: FileKind) -> Refusal | None:
    with Package(written(tmp_path, data)) as package:
        try:
            judge(package, kind)
        except Refused as refused:
            return refused.reason
    return None


def test_what_word_processors_write_is_taken(tmp_path: Path) -> None:
    """DOCX and ODT without anything beside their text."""
    assert judged(tmp_path, docx_bytes("Words."), FileKind.DOCX) is None
    assert judged(tmp_path, odt_bytes(), FileKind.ODT) is None


def macro_docx() -> bytes:
    parts = unzipped(docx_bytes())
    types = parts["[Content_Types].xml"].replace(
        b"wordprocessingml.document.main+xml", b"wordprocessingml.document.macroEnabled.main+xml"
    )
    return zipped({**parts, "[Content_Types].xml": types})


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (macro_docx(), FileKind.DOCX, Refusal.MACROS),
        (with_parts(docx_bytes(), word__vbaProject_dot_bin=b"x"), FileKind.DOCX, Refusal.MACROS),
        (
            odt_bytes(
                '<office:event-listeners><script:event-listener script:language="x"/>'
                "</office:event-listeners><text:p>x</text:p>"
            ),
            FileKind.ODT,
            Refusal.MACROS,
        ),
        (with_parts(odt_bytes(), Basic__Standard__Module1_dot_xml="<x/>"), FileKind.ODT, Refusal.MACROS),
        (
            with_parts(
                docx_bytes(),
                word___rels__extra_dot_xml_dot_rels=RELATION.format(
                    kind="image", target="http://elsewhere.example/p.png"
                ),
            ),
            FileKind.DOCX,
            Refusal.EXTERNAL,
        ),
        (
            with_parts(
                docx_bytes(),
                word___rels__settings_dot_xml_dot_rels=RELATION.format(
                    kind="attachedTemplate", target="http://elsewhere.example/t.dotm"
                ),
            ),
            FileKind.DOCX,
            Refusal.EXTERNAL,
        ),
        (
            odt_bytes(
                '<text:p><draw:frame><draw:image xlink:href="http://elsewhere.example/p.png"/>'
                "</draw:frame></text:p>"
            ),
            FileKind.ODT,
            Refusal.EXTERNAL,
        ),
        (
            odt_bytes('<text:section><text:section-source xlink:href="../other.odt"/></text:section>'),
            FileKind.ODT,
            Refusal.EXTERNAL,
        ),
        (
            with_parts(docx_bytes(), word__embeddings__a_dot_bin=b"MZ\x90\x00"),
            FileKind.DOCX,
            Refusal.EMBEDDED,
        ),
        (with_parts(odt_bytes(), **{"Object 1": b"\xd0\xcf\x11\xe0more"}), FileKind.ODT, Refusal.EMBEDDED),
        (docx_bytes(), FileKind.ODT, Refusal.DISGUISED),
        (odt_bytes(), FileKind.DOCX, Refusal.DISGUISED),
        (
            zipped({**unzipped(odt_bytes()), "mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}),
            FileKind.ODT,
            Refusal.DISGUISED,
        ),
        (
            with_parts(
                odt_bytes(),
                **{
                    "META-INF__manifest_dot_xml": f'<m:manifest xmlns:m="{MANIFEST}"><m:file-entry>'
                    "<m:encryption-data/></m:file-entry></m:manifest>"
                },
            ),
            FileKind.ODT,
            Refusal.PROTECTED,
        ),
    ],
    ids=[
        "macros by type",
        "macros by name",
        "ODT with an event",
        "ODT with Basic",
        "picture from elsewhere",
        "template from elsewhere",
        "ODT picture from elsewhere",
        "ODT section from elsewhere",
        "a program inside",
        "an OLE object inside",
        "a DOCX called ODT",
        "an ODT called DOCX",
        "a spreadsheet called ODT",
        "an encrypted ODT",
    ],
)
def test_what_is_refused(tmp_path: Path, data: bytes, kind: FileKind, reason: Refusal) -> None:
    """Each for its own reason."""
    assert judged(tmp_path, data, kind) is reason


def test_links_are_no_way_out(tmp_path: Path) -> None:
    """A link is followed by people, not by programs."""
    data = with_parts(
        docx_bytes(),
        word___rels__extra_dot_xml_dot_rels=RELATION.format(kind="hyperlink", target="https://x.example/"),
    )
    assert judged(tmp_path, data, FileKind.DOCX) is None
    link = '<text:p><text:a xlink:href="https://x.example/">a</text:a></text:p>'
    assert judged(tmp_path, odt_bytes(link), FileKind.ODT) is None


def word_field(*pieces: str) -> bytes:
    """A DOCX with a field whose instruction is cut into pieces."""
    text = unzipped(docx_bytes("BODY"))["word/document.xml"].decode()
    runs = "".join(f"<w:r><w:instrText>{piece}</w:instrText></w:r>" for piece in pieces)
    field = f'<w:r><w:fldChar w:fldCharType="begin"/></w:r>{runs}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    return with_parts(docx_bytes(), word__document_dot_xml=text.replace("<w:r><w:t>BODY</w:t></w:r>", field))


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (word_field(" DDE", "AUTO c:\\x.exe "), FileKind.DOCX, Refusal.MACROS),
        (word_field(' INCLUDEPICTURE "http://elsewhere.example/p.png"'), FileKind.DOCX, Refusal.EXTERNAL),
        (word_field(' HYPERLINK "https://x.example/"'), FileKind.DOCX, None),
        (word_field(" PAGE "), FileKind.DOCX, None),
        (odt_bytes("<text:p><text:dde-connection/></text:p>"), FileKind.ODT, Refusal.MACROS),
        (
            odt_bytes('<text:p><text:a xlink:href="vnd.sun.star.script:x">a</text:a></text:p>'),
            FileKind.ODT,
            Refusal.MACROS,
        ),
        (
            odt_bytes('<text:p><draw:frame><draw:image xlink:href="\\\\host\\p.png"/></draw:frame></text:p>'),
            FileKind.ODT,
            Refusal.EXTERNAL,
        ),
    ],
    ids=["runs a program", "loads a picture", "a link", "a number", "ODT runs", "ODT script", "ODT share"],
)
def test_fields_and_addresses_that_act(
    tmp_path: Path, data: bytes, kind: FileKind, reason: Refusal | None
) -> None:
    """Programs are not run and files not loaded for being opened."""
    assert judged(tmp_path, data, kind) is reason
