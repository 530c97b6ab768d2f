"""Footnotes of a DOCX that we write: a part of the package that python-docx does not know."""

from collections.abc import Callable, Sequence
from typing import Any

from docx.opc.packuri import PackURI
from docx.opc.part import XmlPart
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.text.paragraph import Paragraph

from forum.domain.documents import Block

_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
_SEPARATORS = (
    '<w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>'
    '<w:footnote w:type="continuationSeparator" w:id="0"><w:p><w:r><w:continuationSeparator/></w:r></w:p>'
    "</w:footnote>"
)

WriteNote = Callable[[Any, Sequence[Block]], list[Paragraph]]


class Footnotes:
    """Gathers references while the text is written, then adds the notes that were referred to."""

    def __init__(self, notes: Sequence[Sequence[Block]]) -> None:
        self._notes = notes
        self._used: list[int] = []
        self._part: XmlPart | None = None
        self._inside: list[Any] = []

    def refer(self, paragraph: Paragraph, number: int) -> None:
        """Write a reference; a note that is referred to twice is written twice: Word knows no other way."""
        if not 0 < number <= len(self._notes):
            return
        self._used.append(number)
        run = paragraph.add_run()
        run.font.superscript = True
        reference = OxmlElement("w:footnoteReference")
        reference.set(qn("w:id"), str(len(self._used)))
        run._r.append(reference)

    def part_of(self, paragraph: Paragraph) -> XmlPart | None:
        """Give the footnotes' part where a paragraph stands in one: its links are that part's."""
        root = paragraph._p.getroottree().getroot()
        return self._part if self._part is not None and root is self._part.element else None

    def attach(self, main: Any, write: WriteNote) -> None:
        """Add the part with all notes to the package of the main part."""
        if not self._used:
            return
        root = parse_xml(f"<w:footnotes {nsdecls('w', 'r')}>{_SEPARATORS}</w:footnotes>")
        self._part = XmlPart(PackURI("/word/footnotes.xml"), _TYPE, root, main.package)
        main.relate_to(self._part, _RELATION)
        for key, number in enumerate(list(self._used), 1):
            note = OxmlElement("w:footnote")
            note.set(qn("w:id"), str(key))
            root.append(note)
            first, *_ = write(note, self._notes[number - 1])
            raised = '<w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'
            mark = parse_xml(f"<w:r {nsdecls('w')}>{raised}<w:footnoteRef/></w:r>")
            space = parse_xml(f'<w:r {nsdecls("w")}><w:t xml:space="preserve"> </w:t></w:r>')
            place = 1 if first._p.pPr is not None else 0
            first._p.insert(place, mark)
            first._p.insert(place + 1, space)
