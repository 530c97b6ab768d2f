"""Stored HTML as blocks, with the numbers that the page shows."""

from forum.domain.document_html import read_html
from forum.domain.documents import ListBlock, Paragraph, Quote, Span, Table, outline
from forum.richtext import render


def read(source: str):  # type: ignore[no-untyped-def]
    return read_html(render(source, profile="paper").html)


def test_numbers_are_those_of_the_paragraphs() -> None:
    """Top-level blocks have theirs, what is inside them has none."""
    rendered = render("# A\n\n- b\n- c\n\n> d\n\n***\n\ne", profile="paper")
    document = read_html(rendered.html)
    assert [block.number for block in document.blocks] == [1, 2, 3, 0, 4]
    assert len(rendered.paragraphs) == 4
    inner = document.blocks[1]
    assert isinstance(inner, ListBlock)
    assert inner.items[0][0].number == 0


def test_marks_links_and_breaks() -> None:
    """As the page shows them."""
    (block,) = read("A **b *c*** `d` [e](https://x.example/) ~~f~~\\\ng").blocks
    assert isinstance(block, Paragraph)
    assert block.spans == (
        Span("A "),
        Span("b ", bold=True),
        Span("c", bold=True, italic=True),
        Span(" "),
        Span("d", code=True),
        Span(" "),
        Span("e", href="https://x.example/"),
        Span(" "),
        Span("f", strike=True),
        Span("\ng"),
    )


def test_tables_have_sides() -> None:
    """And cells in their rows."""
    (block,) = read("| a | b |\n|:--|--:|\n| 1 | |").blocks
    assert isinstance(block, Table)
    assert block.sides == ("left", "right")
    assert block.rows == (((Span("a"),), (Span("b"),)), ((Span("1"),), ()))


def test_footnotes_stand_apart() -> None:
    """With the paragraph of footnotes taking no block of its own, and no arrows back."""
    document = read("A[^x] b[^y].\n\n[^x]: One.\n\n[^y]: Two\n\n    more.")
    assert [span.note for span in document.blocks[0].spans] == [0, 1, 0, 2, 0]  # type: ignore[union-attr]
    assert [outline(note) for note in document.notes] == [
        [("paragraph", "One.")],
        [("paragraph", "Two"), ("paragraph", "more.")],
    ]


def test_lists_in_quotations_in_lists() -> None:
    """Nesting is kept however deep."""
    (block,) = read("- a\n  > b\n  > 1. c").blocks
    assert isinstance(block, ListBlock)
    quote = block.items[0][1]
    assert isinstance(quote, Quote)
    assert outline(quote.blocks) == [("paragraph", "b"), ("ordered [paragraph]", "c")]
