"""Flat ODT from blocks, written by the tests alone: what LibreOffice makes office files of."""

from collections.abc import Sequence
from html import escape

from forum.domain.documents import (
    Block,
    Code,
    Document,
    Heading,
    ListBlock,
    Paragraph,
    Quote,
    Rule,
    Spans,
    Table,
)
from tests.office.samples import NAMESPACES

PARAGRAPHS = ("Text body", "Quotations", "Preformatted Text", "Horizontal Line", "Footnote")
TEXTS = ("Source Text", "Internet link")


def _style(name: str, family: str, more: str = "") -> str:
    return (
        f'<style:style style:name="{name.replace(" ", "_20_")}" style:display-name="{name}" '
        f'style:family="{family}"{more}/>'
    )


def _common_styles() -> str:
    parent = ' style:parent-style-name="Standard"'
    styles = [_style("Standard", "paragraph")]
    styles += [_style(name, "paragraph", parent) for name in PARAGRAPHS]
    styles += [_style(name, "text") for name in TEXTS]
    styles += [
        _style(f"Heading {n}", "paragraph", f'{parent} style:default-outline-level="{n}"')
        for n in range(1, 7)
    ]
    return f"<office:styles>{''.join(styles)}</office:styles>"


def write_fodt(document: Document) -> str:
    """The source of a file that Writer opens."""
    return _Writer(document).write()


class _Writer:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.automatic: list[str] = []
        self.lists = 0

    def write(self) -> str:
        body = self._blocks(self.document.blocks)
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><office:document {NAMESPACES} office:version="1.3" '
            'office:mimetype="application/vnd.oasis.opendocument.text">'
            f"{_common_styles()}<office:automatic-styles>{self._marks()}{''.join(self.automatic)}"
            "</office:automatic-styles>"
            f"<office:body><office:text>{body}</office:text></office:body></office:document>"
        )

    def _marks(self) -> str:
        styles = []
        for bold in (False, True):
            for italic in (False, True):
                for strike in (False, True):
                    properties = ' fo:font-weight="bold"' * bold + ' fo:font-style="italic"' * italic
                    properties += (
                        ' style:text-line-through-style="solid" style:text-line-through-type="single"'
                        * strike
                    )
                    styles.append(
                        f'<style:style style:name="T{bold:d}{italic:d}{strike:d}" style:family="text">'
                        f"<style:text-properties{properties}/></style:style>"
                    )
        for side in ("left", "center", "end"):
            styles.append(
                f'<style:style style:name="P{side}" style:family="paragraph" '
                f'style:parent-style-name="Standard"><style:paragraph-properties fo:text-align="{side}"/>'
                "</style:style>"
            )
        return "".join(styles)

    def _blocks(self, blocks: Sequence[Block], style: str = "Text_20_body") -> str:
        return "".join(self._block(block, style) for block in blocks)

    def _block(self, block: Block, style: str) -> str:
        match block:
            case Heading():
                name = f"Heading_20_{block.level}"
                text = self._spans(block.spans)
                return f'<text:h text:style-name="{name}" text:outline-level="{block.level}">{text}</text:h>'
            case Paragraph():
                return f'<text:p text:style-name="{style}">{self._spans(block.spans)}</text:p>'
            case ListBlock():
                return self._list(block, self._list_style(block), 1)
            case Quote():
                return self._blocks(block.blocks, "Quotations")
            case Code():
                lines = [
                    escape(line).replace("  ", ' <text:s text:c="1"/>') for line in block.text.split("\n")
                ]
                lines = [f"<text:s/>{line[1:]}" if line.startswith(" ") else line for line in lines]
                return "".join(f'<text:p text:style-name="Preformatted_20_Text">{x}</text:p>' for x in lines)
            case Table():
                return self._table(block)
            case Rule():
                return '<text:p text:style-name="Horizontal_20_Line"/>'

    def _list_style(self, block: ListBlock) -> str:
        """A style of its own for each list: the kind of each level is that of its first list there."""
        self.lists += 1
        levels = []
        kinds = _kinds(block)
        for level in range(1, 11):
            is_ordered, start = kinds.get(level, (False, 1))
            indent = (
                '<style:list-level-properties text:list-level-position-and-space-mode="label-alignment">'
                '<style:list-level-label-alignment text:label-followed-by="listtab" '
                f'fo:text-indent="-0.5cm" fo:margin-left="{level}cm"/></style:list-level-properties>'
            )
            if is_ordered:
                levels.append(
                    f'<text:list-level-style-number text:level="{level}" style:num-format="1" '
                    f'style:num-suffix="." text:start-value="{start}">{indent}</text:list-level-style-number>'
                )
            else:
                levels.append(
                    f'<text:list-level-style-bullet text:level="{level}" text:bullet-char="•">{indent}'
                    "</text:list-level-style-bullet>"
                )
        name = f"L{self.lists}"
        self.automatic.append(f'<text:list-style style:name="{name}">{"".join(levels)}</text:list-style>')
        return name

    def _list(self, block: ListBlock, style: str, level: int) -> str:
        entries = []
        for item in block.items:
            parts = [
                self._list(part, style, level + 1)
                if isinstance(part, ListBlock)
                else self._block(part, "Text_20_body")
                for part in item
            ]
            entries.append(f"<text:list-item>{''.join(parts)}</text:list-item>")
        name = f' text:style-name="{style}"' if level == 1 else ""
        return f"<text:list{name}>{''.join(entries)}</text:list>"

    def _table(self, block: Table) -> str:
        header, *rows = (self._row(row, block) for row in block.rows)
        columns = len(block.rows[0])
        return (
            f'<table:table><table:table-column table:number-columns-repeated="{columns}"/>'
            f"<table:table-header-rows>{header}</table:table-header-rows>{''.join(rows)}</table:table>"
        )

    def _row(self, row: Sequence[Spans], block: Table) -> str:
        cells = []
        for position, cell in enumerate(row):
            side = block.sides[position] if block.sides else ""
            style = {"left": "Pleft", "center": "Pcenter", "right": "Pend"}.get(side, "Text_20_body")
            cells.append(
                f'<table:table-cell office:value-type="string"><text:p text:style-name="{style}">'
                f"{self._spans(cell)}</text:p></table:table-cell>"
            )
        return f"<table:table-row>{''.join(cells)}</table:table-row>"

    def _spans(self, spans: Spans) -> str:
        pieces = []
        for span in spans:
            if span.note:
                note = self._blocks(self.document.notes[span.note - 1], "Footnote")
                pieces.append(
                    f'<text:note text:id="n{span.note}" text:note-class="footnote"><text:note-citation>'
                    f"{span.note}</text:note-citation><text:note-body>{note}</text:note-body></text:note>"
                )
                continue
            text = escape(span.text).replace("\n", "<text:line-break/>")
            name = "Source_20_Text" if span.code else f"T{span.bold:d}{span.italic:d}{span.strike:d}"
            piece = f'<text:span text:style-name="{name}">{text}</text:span>'
            if span.href:
                piece = f'<text:a xlink:type="simple" xlink:href="{escape(span.href)}">{piece}</text:a>'
            pieces.append(piece)
        return "".join(pieces)


def _kinds(block: ListBlock, level: int = 1) -> dict[int, tuple[bool, int]]:
    kinds = {level: (block.is_ordered, block.start)}
    for item in block.items:
        for part in item:
            if isinstance(part, ListBlock):
                kinds = _kinds(part, level + 1) | kinds
    return kinds
