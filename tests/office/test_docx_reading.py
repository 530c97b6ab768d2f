"""What is read of DOCX that people work on: changes, figures, and all that a paper cannot hold."""

from pathlib import Path

import pytest

from forum.domain.documents import Document, Heading, Paragraph, Span, Table, outline, plain_block
from forum.office.docx_reading import read_docx
from tests.office.samples import docx_bytes, unzipped, with_parts, written

BODY = "<w:p><w:r><w:t>BODY</w:t></w:r></w:p>"


def read(tmp_path: Path, body: str, **parts: str) -> Document:
    """A DOCX whose body is this."""
    data = docx_bytes("BODY")
    text = unzipped(data)["word/document.xml"].decode()
    assert BODY in text
    changed = with_parts(data, word__document_dot_xml=text.replace(BODY, body), **parts)
    return read_docx(written(tmp_path, changed))


def counts(document: Document) -> dict[str, int]:
    return {remark.kind: remark.count for remark in document.remarks}


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def para(inner: str, style: str = "", more: str = "") -> str:
    name = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{name}{more}</w:pPr>{inner}</w:p>"


PICTURE = (
    '<w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/'
    'wordprocessingDrawing"><wp:docPr id="1" name="Picture 1" descr="{}"/></wp:inline></w:drawing></w:r>'
)


def test_tracked_changes_are_accepted_and_counted(tmp_path: Path) -> None:
    """What was inserted stays, what was deleted goes, what was moved is where it was moved to."""
    document = read(
        tmp_path,
        para(
            run("Kept ")
            + '<w:del w:id="1"><w:r><w:delText>gone </w:delText></w:r></w:del>'
            + f'<w:ins w:id="2">{run("new ")}</w:ins>'
            + f'<w:moveFrom w:id="3">{run("moved ")}</w:moveFrom>'
            + run("and ")
            + f'<w:moveTo w:id="4">{run("moved")}</w:moveTo>'
        ),
    )
    assert outline(document.blocks) == [("paragraph", "Kept new and moved")]
    assert counts(document) == {"insertions": 2, "deletions": 2}


def test_a_deleted_paragraph_mark_joins_two_paragraphs(tmp_path: Path) -> None:
    """As accepting the change in Word would."""
    mark = '<w:rPr><w:del w:id="1"/></w:rPr>'
    document = read(tmp_path, para(run("One "), more=mark) + para(run("and two.")))
    assert outline(document.blocks) == [("paragraph", "One and two.")]


@pytest.mark.parametrize("is_before", [False, True])
def test_a_figure_becomes_a_line_with_its_caption(tmp_path: Path, is_before: bool) -> None:
    """The caption stands after it or before it; without one its description is taken."""
    figure, caption = para(PICTURE.format("")), para(run("Figure 7: Desks by country."), "Caption")
    both = caption + figure if is_before else figure + caption
    document = read(tmp_path, both + para(run("Words.")) + para(PICTURE.format("A map")))
    assert [plain_block(block) for block in document.blocks] == [
        "[Figure 1: Desks by country; see original, attached]",
        "Words.",
        "[Figure 2: A map; see original, attached]",
    ]
    assert counts(document) == {"figures": 2}


def test_a_table_has_even_rows_and_says_what_was_merged(tmp_path: Path) -> None:
    """A wide cell stands in its first place, paragraphs of a cell in a row."""

    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{text}</w:tc>"

    wide = cell(para(run("wide")), '<w:gridSpan w:val="2"/>')
    rows = [
        f"<w:tr>{cell(para(run('A')))}{cell(para(run('B')))}</w:tr>",
        f"<w:tr>{wide}</w:tr>",
        f"<w:tr>{cell(para(run('one')) + para(run('two')))}</w:tr>",
        f"<w:tr><w:trPr><w:del w:id='1'/></w:trPr>{cell(para(run('gone')))}</w:tr>",
    ]
    document = read(tmp_path, f"<w:tbl>{''.join(rows)}</w:tbl>")
    (table,) = document.blocks
    assert isinstance(table, Table)
    assert table.rows == (
        ((Span("A"),), (Span("B"),)),
        ((Span("wide"),), ()),
        ((Span("one two"),), ()),
    )
    assert counts(document) == {"merged_cells": 1, "cell_parts": 1, "deletions": 1}


def test_a_table_of_two_thousand_rows_is_read(tmp_path: Path) -> None:
    """One of twenty thousand is named in brackets."""

    def table(rows: int) -> str:
        row = f"<w:tr>{''.join(f'<w:tc>{para(run(word))}</w:tc>' for word in ('a', 'b', 'c'))}</w:tr>"
        return f"<w:tbl>{row * rows}</w:tbl>"

    (block,) = read(tmp_path, table(2_000)).blocks
    assert isinstance(block, Table)
    assert len(block.rows) == 2_000
    document = read(tmp_path, table(20_000))
    assert plain_block(document.blocks[0]) == "[Table of 20000 rows: a; see original, attached]"
    assert counts(document) == {"tables_left_out": 1}


def test_what_a_paper_cannot_hold_is_counted(tmp_path: Path) -> None:
    """Each kind by its name; nothing is lost in silence."""
    box = (
        f'<w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:textbox><w:txbxContent>'
        f"{para(run('In a box.'))}</w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
    )
    formula = (
        '<m:oMath xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"><m:r><m:t>x=1</m:t>'
        "</m:r></m:oMath>"
    )
    contents = (
        '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
        f"<w:sdtContent>{para(run('Contents 1'))}</w:sdtContent></w:sdt>"
    )
    document = read(
        tmp_path,
        contents
        + para(run("Words") + box)
        + para(formula)
        + para(run("seen") + run("unseen", "<w:vanish/>"))
        + para(run("under", '<w:u w:val="single"/>'))
        + para(run("said") + '<w:r><w:commentReference w:id="1"/></w:r>')
        + "<w:altChunk/>",
    )
    assert [plain_block(block) for block in document.blocks] == [
        "Words",
        "In a box.",
        "x=1",
        "seen",
        "under",
        "said",
    ]
    assert counts(document) == {
        "contents": 1,
        "text_boxes": 1,
        "equations": 1,
        "hidden": 1,
        "underlined": 1,
        "comments": 1,
        "foreign_parts": 1,
    }


def test_title_headings_and_links_by_field(tmp_path: Path) -> None:
    """The title is the paper's; deep headings are as deep as a paper has them."""
    field = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>HYPERLINK "https://x.example/"'
        '</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        f'{run("linked")}<w:r><w:fldChar w:fldCharType="end"/></w:r>{run(" not")}'
    )
    document = read(
        tmp_path,
        para(run("The title"), "Title")
        + para(run("Deep"), "Heading8")
        + para(run("By level"), more='<w:outlineLvl w:val="1"/>')
        + para(field),
    )
    assert document.title == "The title"
    assert document.blocks == (
        Heading(5, (Span("Deep"),)),
        Heading(2, (Span("By level"),)),
        Paragraph((Span("linked", href="https://x.example/"), Span(" not"))),
    )


def test_symbols_breaks_and_hyphens(tmp_path: Path) -> None:
    """What Word keeps as elements becomes characters."""
    document = read(
        tmp_path,
        para(
            "<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:noBreakHyphen/><w:t>c</w:t><w:softHyphen/><w:br/>"
            '<w:sym w:font="Symbol" w:char="F0B7"/><w:sym w:font="x" w:char="00E9"/></w:r>'
        ),
    )
    assert plain_block(document.blocks[0]) == "a b\u2011c\n•é"
