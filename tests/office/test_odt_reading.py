"""What is read of ODT that people work on."""

from pathlib import Path

from forum.domain.documents import Document, Table, outline, plain_block
from forum.office.odt_reading import read_odt
from tests.office.samples import odt_bytes, written


def read(tmp_path: Path, body: str, styles: str = "") -> Document:
    return read_odt(written(tmp_path, odt_bytes(body, styles)))


def counts(document: Document) -> dict[str, int]:
    return {remark.kind: remark.count for remark in document.remarks}


def test_tracked_changes_are_accepted_and_counted(tmp_path: Path) -> None:
    """What was deleted stands apart in the file, and stays there."""
    document = read(
        tmp_path,
        "<text:tracked-changes><text:changed-region><text:deletion><office:change-info/>"
        "<text:p>gone</text:p></text:deletion></text:changed-region><text:changed-region><text:insertion>"
        "<office:change-info/></text:insertion></text:changed-region></text:tracked-changes>"
        '<text:p>Kept <text:change text:change-id="1"/><text:change-start text:change-id="2"/>new'
        '<text:change-end text:change-id="2"/>.</text:p>',
    )
    assert outline(document.blocks) == [("paragraph", "Kept new.")]
    assert counts(document) == {"insertions": 1, "deletions": 1}


def test_a_figure_in_its_box_has_its_caption(tmp_path: Path) -> None:
    """As Writer makes them: a frame with the picture and its words; else by its description."""
    picture = '<draw:frame><draw:image xlink:href="Pictures/1.png"/>{}</draw:frame>'
    document = read(
        tmp_path,
        "<text:p><draw:frame><draw:text-box><text:p text:style-name='Figure'>"
        + picture.format("")
        + "Figure 1: Desks by country.</text:p></draw:text-box></draw:frame></text:p>"
        + "<text:p>Words.</text:p><text:p>"
        + picture.format("<svg:desc>A map</svg:desc>")
        + "</text:p>",
    )
    assert [plain_block(block) for block in document.blocks] == [
        "[Figure 1: Desks by country; see original, attached]",
        "Words.",
        "[Figure 2: A map; see original, attached]",
    ]


def test_repeated_cells_and_rows_are_counted_out(tmp_path: Path) -> None:
    """But not into millions."""
    document = read(
        tmp_path,
        "<table:table><table:table-row><table:table-cell><text:p>A</text:p></table:table-cell>"
        '<table:table-cell table:number-columns-repeated="2"><text:p>B</text:p></table:table-cell>'
        '</table:table-row><table:table-row table:number-rows-repeated="900000"><table:table-cell/>'
        "</table:table-row></table:table>",
    )
    (table,) = document.blocks
    assert isinstance(table, Table)
    assert [len(row) for row in table.rows] == [3, 3]


def test_numbered_headings_are_headings(tmp_path: Path) -> None:
    """Writer may keep them in a list; their numbers are not in the text, which is said."""
    document = read(
        tmp_path,
        "<text:list><text:list-item><text:h text:outline-level='1'>Scope</text:h></text:list-item>"
        "</text:list><text:p>Words.</text:p>",
    )
    assert outline(document.blocks) == [("heading 1", "Scope"), ("paragraph", "Words.")]
    assert counts(document) == {"heading_numbers": 1}


def test_contents_comments_and_spaces(tmp_path: Path) -> None:
    """The table of contents is left out, comments too, spaces are counted out."""
    document = read(
        tmp_path,
        "<text:table-of-content><text:index-body><text:p>Scope 1</text:p></text:index-body>"
        "</text:table-of-content><text:p>a<text:s text:c='3'/>b<text:tab/>c<office:annotation><text:p>Why?"
        "</text:p></office:annotation></text:p><text:section><text:p>In a section.</text:p></text:section>",
    )
    assert [plain_block(block) for block in document.blocks] == ["a b c", "In a section."]
    assert counts(document) == {"contents": 1, "comments": 1}
