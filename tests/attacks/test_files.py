"""Files that want to act, to reach out, to unpack without end or to be something else: sent through the page.

Each is refused with a sentence, or what is served of it can do nothing. All are made here, and harmless.
"""

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject
from sqlalchemy.orm import Session

from forum.domain.attachments import Attachment
from forum.domain.labels import Ceiling
from forum.domain.uploads import MEDIA_TYPES
from tests.blueprints.papers_pages import ClientOf
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.office.samples import (
    acting_pdf,
    bomb_bytes,
    changed_pdf,
    docx_bytes,
    encrypted_pdf,
    looping_pdf,
    odt_bytes,
    pdf_bytes,
    unzipped,
    with_parts,
    zipped,
)
from tests.office.test_judging import RELATION, macro_docx, word_field
from tests.services.paper_writing import PaperWriter
from tests.support import deliver, errors_in, look_again, submit_file

_ENTITY = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><x>&a;</x>'
_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><x>&c;</x>'
)


def linked(kind: str, target: str) -> bytes:
    """A DOCX with a part elsewhere."""
    relation = RELATION.format(kind=kind, target=target)
    return with_parts(docx_bytes(), word___rels__extra_dot_xml_dot_rels=relation)


REFUSED = {
    "macros.docx": (macro_docx(), "macros"),
    "renamed.docx": (with_parts(docx_bytes(), word__vbaProject_dot_bin=b"x"), "macros"),
    "runs.docx": (word_field(" DDEAUTO c:\\x.exe "), "macros"),
    "picture.docx": (linked("image", "http://elsewhere.example/p.png"), "loads parts"),
    "share.docx": (linked("attachedTemplate", "http://elsewhere.example/t.dotm"), "loads parts"),
    "program.docx": (with_parts(docx_bytes(), word__embeddings__a_dot_bin=b"MZ\x90\x00"), "other files"),
    "entity.docx": (with_parts(docx_bytes(), word__document_dot_xml=_ENTITY), "file"),
    "laughs.docx": (with_parts(docx_bytes(), word__document_dot_xml=_LAUGHS), "file"),
    "bomb.docx": (bomb_bytes(), "unpacks to far more"),
    "traversal.docx": (zipped({**unzipped(docx_bytes()), "../../evil.xml": b"<x/>"}), "point outside"),
    "twice.docx": (zipped({**unzipped(docx_bytes()), "word/DOCUMENT.xml": b"<x/>"}), "point outside"),
    "scripts.odt": (with_parts(odt_bytes(), Basic__Standard__Module1_dot_xml="<x/>"), "macros"),
    "nested.odt": (with_parts(odt_bytes(), **{"Object 1": zipped({"a": bomb_bytes()})}), "other files"),
    "other.odt": (docx_bytes(), "not what its name says"),
    "locked.pdf": (encrypted_pdf(), "protected"),
    "loops.pdf": (looping_pdf(), "damaged"),
    "cut.pdf": (pdf_bytes("Words.")[:200], "damaged"),
    "binary.txt": (b"Words\x00\x01\x02\xff\xfe\x00", "no plain text"),
}
"""Name -> what is sent, and words of the sentence that says why not."""

AT_ONCE = {
    "picture.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "page.html": b"<script>alert(1)</script>",
    "report.pdf.exe": b"MZ\x90\x00",
    "report\u202efdp.exe": b"MZ\x90\x00",
    "report.pdf\x00.exe": b"%PDF-1.7",
    "program.pdf": b"MZ\x90\x00",
    "gif.pdf": b"GIF89a" + b"\x00" * 2000 + b"%PDF-1.7",
    "pdf.txt": pdf_bytes("Words."),
    "zip.md": zipped({"a": b"b"}),
    "script.txt": b"\x7fELF\x02",
}
"""What is refused by name and first bytes, before anything opens it."""


def launching(writer: PdfWriter) -> None:
    """Add what starts a program, opens an address and sends a form."""
    acts = [
        {"/S": NameObject("/Launch"), "/F": TextStringObject("calc.exe")},
        {"/S": NameObject("/SubmitForm"), "/F": TextStringObject("http://elsewhere.example/")},
        {"/S": NameObject("/GoToR"), "/F": TextStringObject("\\\\host\\share\\a.pdf")},
    ]
    made = [DictionaryObject({NameObject(key): value for key, value in act.items()}) for act in acts]
    made[0][NameObject("/Next")] = ArrayObject(made[1:])
    writer.root_object[NameObject("/OpenAction")] = made[0]
    writer.pages[0][NameObject("/AA")] = DictionaryObject({NameObject("/O"): made[0]})


NEUTRALISED = {
    "acts.pdf": acting_pdf(),
    "launches.pdf": changed_pdf(pdf_bytes("Words."), launching),
    "polyglot.pdf": pdf_bytes("Words.") + b"\n<script>alert(1)</script>PK\x03\x04",
    "template.docx": linked("attachedTemplate", "file://host/share/t.dotm"),
    "page.txt": b"<script>alert(1)</script><svg onload=alert(1)>",
    "page.md": b"<img src=x onerror=alert(1)> [x](javascript:alert(1))",
    f"{'x' * 3000}.txt": b"A name that is too long.",
    'a"; filename="evil.html; X-Injected: yes.txt': b"A name that ends the header.",
    "\u202etxt.exe\u202c.txt": b"A name that is read from behind.",
}
"""What is taken, because it is what its name says; and what must not be served of it."""
TYPES = {media_type.partition(";")[0] for media_type in MEDIA_TYPES.values()}
ACTS = re.compile(rb"/JavaScript|/JS\b|/Launch|/SubmitForm|/GoToR|/OpenAction|/AA\b|/EmbeddedFile|PK\x03\x04")


@pytest.fixture
def author(build: Builder, session: Session, client_of: ClientOf) -> tuple[FlaskClient, str]:
    """A client with a draft, and where files are sent to it."""
    group = build.group(Ceiling.PUBLIC)
    person = build.member(group)
    draft = PaperWriter(session, build).start(person, group)
    path = f"/groups/{group.slug}/papers/drafts/{draft.version.public_id}/attachments"
    return client_of(person), path


def test_what_is_not_what_it_says_is_refused_at_once(
    session: Session, author: tuple[FlaskClient, str]
) -> None:
    """By the last extension and the first bytes; nothing is kept, and a sentence says why."""
    client, path = author
    for name, data in AT_ONCE.items():
        answer = submit_file(client, path, data, name)
        assert answer.status_code == 422, name
        assert re.search("Only PDF|not what its name says", errors_in(answer)), name
    look_again(session)
    assert session.scalars(sa.select(Attachment)).all() == []


def test_what_would_act_is_refused_with_its_reason(
    app: Flask, clock: StoppedClock, author: tuple[FlaskClient, str]
) -> None:
    """After the check, and the page says it beside the file."""
    client, path = author
    for name, (data, _) in REFUSED.items():
        assert submit_file(client, path, data, name).status_code in {303, 422}, name
    deliver(app, clock)
    client.get(path)  # what each sending was answered
    page = re.sub(r"\s+", " ", client.get(path).text)
    for name, (_, words) in REFUSED.items():
        stands = page.partition(name)[2][:1200] if name in page else ""
        assert "refused" in stands, name
        assert words in stands, (name, stands[:300])


def test_what_is_served_can_do_nothing(
    app: Flask, clock: StoppedClock, session: Session, author: tuple[FlaskClient, str]
) -> None:
    """Written anew without what acts; as a download, under a harmless name, in a sandbox."""
    client, path = author
    for name, data in NEUTRALISED.items():
        answer = submit_file(client, path, data, name)
        assert answer.status_code == 303, (name[:40], errors_in(answer))
    deliver(app, clock)
    look_again(session)
    kept = session.scalars(sa.select(Attachment)).all()
    assert len(kept) == len(NEUTRALISED)
    for attachment in kept:
        answer = client.get(f"/attachments/{attachment.public_id}")
        assert answer.status_code == 200, attachment.filename
        if attachment.filename.endswith(".pdf"):
            assert not ACTS.search(answer.data), attachment.filename
        elif attachment.filename.endswith(".docx"):
            assert not any(b"file:" in part for part in unzipped(answer.data).values())
        assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "X-Injected" not in answer.headers
        assert answer.mimetype in TYPES
        assert len(attachment.filename) <= 120
        assert not re.search(r'[\u202a-\u202e\x00-\x1f"<>/\\]', attachment.filename)
        page = client.get(f"/attachments/{attachment.public_id}/pages/1")
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
