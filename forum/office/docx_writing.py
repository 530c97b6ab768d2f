"""A paper as DOCX, with real headings, lists, tables and footnotes: a word processor can go on with it.

What we add (title page, numbers of paragraphs) has styles of its own, and our reader leaves them out again.
"""

import io
import re
from collections.abc import Sequence
from typing import Any

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_BREAK, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph as DocxParagraph

from forum.domain.documents import (
    Block,
    Code,
    Document,
    Heading,
    ListBlock,
    Paragraph,
    Quote,
    Rule,
    Span,
    Spans,
    Table,
    plain_block,
)
from forum.office.docx_footnotes import Footnotes
from forum.office.docx_numbering import Numbering
from forum.office.front import Front

NUMBER, NUMBER_LINE = "Forum Paragraph Number", "Forum Number Line"
COVER_FACT, MARGIN = "Forum Cover Fact", "Forum Margin"
CODE, RULE, INLINE_CODE, LINK = "Preformatted Text", "Horizontal Line", "Source Text", "Hyperlink"
_CONTINUED = ("List Continue", "List Continue 2", "List Continue 3")
_MAX_DEPTH = 8
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML cannot hold."""


def write_docx(document: Document, front: Front) -> bytes:
    """Return the bytes of a DOCX."""
    writer = _Writer(document, front)
    writer.cover()
    writer.blocks(document.blocks)
    return writer.finish()


class _Writer:
    def __init__(self, document: Document, front: Front) -> None:
        self.docx = docx.Document()
        self.front = front
        self._add_styles()
        # python-docx looks through all styles at every name: asked once each instead.
        self.ids = {style.name: style.style_id for style in self.docx.styles}
        self.numbering = Numbering(self.docx.part.numbering_part.element)
        self.footnotes = Footnotes(document.notes)
        self._set_up()

    def finish(self) -> bytes:
        self.footnotes.attach(self.docx.part, self._note_paragraphs)
        out = io.BytesIO()
        self.docx.save(out)
        return out.getvalue()

    def _add_styles(self) -> None:
        styles = self.docx.styles
        for name, size in ((NUMBER_LINE, 7.0), (COVER_FACT, 11.0), (MARGIN, 8.0), (RULE, 6.0), (CODE, 9.0)):
            style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
            style.base_style = styles["Normal"]
            style.font.size = Pt(size)
        styles[NUMBER_LINE].paragraph_format.space_after = Pt(0)
        styles[NUMBER_LINE].paragraph_format.keep_with_next = True
        styles[MARGIN].paragraph_format.tab_stops.add_tab_stop(Cm(16), WD_TAB_ALIGNMENT.RIGHT)
        styles[CODE].font.name = "Courier New"
        styles[CODE].paragraph_format.space_after = Pt(0)
        for name in (NUMBER, INLINE_CODE, LINK):
            styles.add_style(name, WD_STYLE_TYPE.CHARACTER)
        styles[NUMBER].font.size = Pt(7)
        styles[NUMBER].font.color.rgb = RGBColor(0x59, 0x59, 0x59)
        styles[INLINE_CODE].font.name = "Courier New"
        styles[LINK].font.underline = True
        styles[LINK].font.color.rgb = RGBColor(0x0B, 0x4A, 0x8F)
        border = OxmlElement("w:pBdr")
        bottom = OxmlElement("w:bottom")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "1"), ("color", "808080")):
            bottom.set(qn(f"w:{name}"), value)
        border.append(bottom)
        styles[RULE].element.get_or_add_pPr().append(border)

    def _set_up(self) -> None:
        properties = self.docx.core_properties
        properties.title, properties.language = self.front.title, self.front.language
        properties.author, properties.comments = ", ".join(self.front.authors), ""
        language = OxmlElement("w:lang")
        language.set(qn("w:val"), self.front.language)
        self.docx.styles["Normal"].element.get_or_add_rPr().append(language)
        section = self.docx.sections[0]
        section.left_margin = section.right_margin = Cm(2.5)
        header, footer = section.header.paragraphs[0], section.footer.paragraphs[0]
        for paragraph, text in (
            (header, f"{self.front.label}\t{self.front.running}"),
            (footer, f"{self.front.address}\t"),
        ):
            paragraph.style = MARGIN
            paragraph.add_run(_NOT_XML.sub("", text))
        _add_field(footer, "PAGE")
        footer.add_run(" / ")
        _add_field(footer, "NUMPAGES")

    def _new_paragraph(self, style: str) -> DocxParagraph:
        paragraph = self.docx.add_paragraph()
        paragraph._p.style = self.ids[style]
        return paragraph

    def _new_run(self, paragraph: DocxParagraph, text: str, style: str = "") -> Any:
        run = paragraph.add_run()
        for position, line in enumerate(_NOT_XML.sub("", text).split("\n")):
            if position:
                run._r.add_br()
            run._r.add_t(line)
        if style:
            run._r.style = self.ids[style]
        return run

    def cover(self) -> None:
        """Write the title page; the title has Word's own style."""
        self._new_run(self._new_paragraph("Title"), self.front.title)
        for name, value in self.front.facts:
            paragraph = self._new_paragraph(COVER_FACT)
            self._new_run(paragraph, f"{name}: ").bold = True
            self._new_run(paragraph, value)
        if self.front.abstract:
            self._new_run(self._new_paragraph(COVER_FACT), self.front.summary_words).bold = True
        for part in self.front.abstract:
            self._new_run(self._new_paragraph(COVER_FACT), part)
        self._new_paragraph(COVER_FACT).add_run().add_break(WD_BREAK.PAGE)

    def blocks(self, blocks: Sequence[Block], depth: int = -1) -> None:
        """Write blocks; `depth` is that of the list they stand in, -1 outside of lists."""
        for block in blocks:
            self._block(block, depth)

    def _block(self, block: Block, depth: int) -> None:
        match block:
            case Heading():
                self._text(block.spans, f"Heading {block.level}", block.number)
            case Paragraph():
                style = _CONTINUED[min(depth, 2)] if depth >= 0 else "Normal"
                self._text(block.spans, style, block.number)
            case ListBlock():
                self._number_line(block.number)
                self._list(block, depth + 1)
            case Quote():
                self._number_line(block.number)
                self._quote(block.blocks)
            case Code():
                self._number_line(block.number)
                for line in block.text.split("\n"):
                    self._new_run(self._new_paragraph(CODE), line)
            case Table():
                self._number_line(block.number)
                self._table(block)
            case Rule():
                self._new_paragraph(RULE)

    def _number_line(self, number: int) -> None:
        """Write the number of a block that has no first paragraph of its own to carry it."""
        if number:
            self._new_run(self._new_paragraph(NUMBER_LINE), str(number))

    def _text(self, spans: Spans, style: str, number: int = 0) -> DocxParagraph:
        paragraph = self._new_paragraph(style)
        if number:
            self._new_run(paragraph, f"{number}\u2002", NUMBER)
        self._runs(paragraph, spans)
        return paragraph

    def _quote(self, blocks: Sequence[Block]) -> None:
        """Word has no blocks within quotations: lists and tables in one follow it as they are."""
        for block in blocks:
            if isinstance(block, Paragraph | Heading):
                self._text(block.spans, "Quote")
            elif isinstance(block, Quote):
                self._quote(block.blocks)
            else:
                self._block(block, -1)

    def _list(self, block: ListBlock, depth: int) -> None:
        depth = min(depth, _MAX_DEPTH)
        number = self.numbering.add(block.is_ordered, block.start, depth)
        for item in block.items:
            first, rest = (item[0], item[1:]) if item and isinstance(item[0], Paragraph) else (None, item)
            spans = first.spans if isinstance(first, Paragraph) else ()
            paragraph = self._text(spans, "List Paragraph")
            self.numbering.apply(paragraph, number, depth)
            self.blocks(rest, depth)

    def _table(self, block: Table) -> None:
        table = self.docx.add_table(rows=0, cols=len(block.rows[0]), style="Table Grid")
        for position, row in enumerate(block.rows):
            self._row(table, row, block, is_header=position == 0)
        self._new_paragraph(NUMBER_LINE)

    def _row(self, table: Any, row: Sequence[Spans], block: Table, *, is_header: bool) -> None:
        element = OxmlElement("w:tr")
        if is_header:
            properties = OxmlElement("w:trPr")
            properties.append(OxmlElement("w:tblHeader"))
            element.append(properties)
        for position, cell in enumerate(row):
            holder = OxmlElement("w:tc")
            paragraph = DocxParagraph(OxmlElement("w:p"), self.docx._body)
            side = block.sides[position] if position < len(block.sides) else ""
            if side:
                alignment = OxmlElement("w:jc")
                alignment.set(qn("w:val"), side)
                paragraph._p.get_or_add_pPr().append(alignment)
            self._runs(paragraph, cell, is_strong=is_header)
            holder.append(paragraph._p)
            element.append(holder)
        table._tbl.append(element)

    def _runs(self, paragraph: DocxParagraph, spans: Spans, *, is_strong: bool = False) -> None:
        for span in spans:
            if span.note:
                self.footnotes.refer(paragraph, span.note)
                continue
            run = self._new_run(paragraph, span.text, INLINE_CODE if span.code else LINK if span.href else "")
            # What is bold for being in the header is no mark of the words.
            run.bold = True if span.bold and not is_strong else None
            run.italic = span.italic or None
            run.font.strike = span.strike or None
            if span.href:
                self._link(paragraph, run, span)

    def _link(self, paragraph: DocxParagraph, run: Any, span: Span) -> None:
        part = self.footnotes.part_of(paragraph) or self.docx.part
        link = OxmlElement("w:hyperlink")
        link.set(qn("r:id"), part.relate_to(span.href, _HYPERLINK, is_external=True))
        link.append(run._r)
        paragraph._p.append(link)

    def _note_paragraphs(self, parent: Any, blocks: Sequence[Block]) -> list[DocxParagraph]:
        """Give the paragraphs of a footnote: lists and tables in one are told as text."""
        paragraphs = []
        for block in blocks or (Paragraph(()),):
            spans = block.spans if isinstance(block, Paragraph | Heading) else (Span(plain_block(block)),)
            paragraph = DocxParagraph(OxmlElement("w:p"), self.docx._body)
            parent.append(paragraph._p)
            self._runs(paragraph, tuple(span for span in spans if not span.note))
            paragraphs.append(paragraph)
        return paragraphs


_HYPERLINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"


def _add_field(paragraph: DocxParagraph, name: str) -> None:
    for kind, text in (("begin", ""), ("", name), ("end", "")):
        run = paragraph.add_run()
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.text = text
        run._r.append(mark)
