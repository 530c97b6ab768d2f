"""Documents as Markdown: whatever the words are, they come out of cmark as they went in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.document_html import read_html
from forum.domain.document_markdown import count_tables, to_markdown
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
    Table,
    outline,
    plain_spans,
    tidy,
)
from forum.domain.text import normalise
from forum.richtext import render

TEXT = st.text(
    alphabet=st.sampled_from(list("ab é.,;:!?*_`~[]()<>#+-=|\\&1\n\t\"'/@ωЖ")), min_size=1, max_size=12
)
ADDRESSES = st.sampled_from(["", "", "", "https://x.example/a_(b)"])
SPAN = st.builds(
    Span,
    text=TEXT,
    bold=st.booleans(),
    italic=st.booleans(),
    strike=st.booleans(),
    code=st.booleans(),
    href=ADDRESSES,
)
SPANS = (
    st.lists(SPAN, min_size=1, max_size=5)
    .map(tidy)
    .filter(lambda spans: bool(spans and normalise(plain_spans(spans)).strip()))
)
SIMPLE = st.one_of(
    st.builds(Paragraph, SPANS),
    st.builds(Heading, st.integers(1, 5), SPANS),
    st.builds(Code, TEXT.filter(lambda text: bool(text.strip())).map(lambda text: text.strip("\n"))),
    st.just(Rule()),
)


def lists_and_quotes(blocks: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    items = st.lists(st.lists(blocks, min_size=1, max_size=2).map(tuple), min_size=1, max_size=3).map(tuple)
    quotes = st.builds(Quote, st.lists(blocks, min_size=1, max_size=2).map(tuple))
    return st.one_of(st.builds(ListBlock, items, st.booleans(), st.integers(1, 9)), quotes)


def rows(width: int) -> st.SearchStrategy[Table]:
    row = st.lists(SPANS, min_size=width, max_size=width).map(tuple)
    return st.lists(row, min_size=2, max_size=3).map(lambda found: Table(tuple(found), ("",) * width))


BLOCK = st.one_of(st.recursive(SIMPLE, lists_and_quotes, max_leaves=4), st.integers(1, 3).flatmap(rows))


def again(document: Document) -> Document:
    return read_html(render(to_markdown(document), profile="paper").html)


@given(st.lists(BLOCK, min_size=1, max_size=4))
def test_no_word_is_lost_to_syntax(blocks: list[Block]) -> None:
    """Structure and words of any document come back."""
    found = again(Document(tuple(blocks)))
    before, after = outline(blocks), outline(found.blocks)
    assert [kind for kind, _ in after] == [kind for kind, _ in before]
    assert " ".join(" ".join(text for _, text in after).split()) == " ".join(
        " ".join(normalise(text) for _, text in before).split()
    )


@pytest.mark.parametrize(
    "text",
    [
        "# no heading",
        "1. no list",
        "- no list",
        "> no quotation",
        "---",
        "2011/93/EU * not italic * a_b_c",
        "[no](link) ![no](picture) <b>no tag</b> &amp; &#35;",
        "| no | table |",
        "~~~ no fence",
        "[^1] no note",
        "ends with a backslash\\",
        "=====",
    ],
)
def test_what_looks_like_markdown_stays_words(text: str) -> None:
    """At the start of a line and within it."""
    document = Document((Paragraph((Span("Before."),)), Paragraph((Span(text),))))
    assert outline(again(document).blocks) == outline(document.blocks)


def test_plain_text_stays_plain() -> None:
    """An author goes on writing it: nothing is escaped that need not be."""
    text = 'Directive 2011/93/EU, Article 5(2) - as amended: "all" 50% of a.b@c... (see p. 3)!'
    assert to_markdown(Document((Paragraph((Span(text),)),))) == f"{text}\n"


def test_a_table_of_two_thousand_rows_is_written_as_several() -> None:
    """Each with the header; none has more parts than a paper takes."""
    row = tuple((Span(word),) for word in ("one", "two", "three"))
    table = Table((row,) * 2_001, ("",) * 3)
    document = again(Document((table,)))
    assert len(document.blocks) == count_tables(table) > 1
    assert all(isinstance(block, Table) and block.rows[0] == row for block in document.blocks)
    assert sum(len(block.rows) - 1 for block in document.blocks if isinstance(block, Table)) == 2_000


def test_footnotes_follow_the_text() -> None:
    """With more than one paragraph each, where they have it."""
    notes = ((Paragraph((Span("One."),)), Paragraph((Span("More."),))), (Paragraph((Span("Two."),)),))
    document = Document((Paragraph((Span("A"), Span(note=1), Span(" b"), Span(note=2))),), notes)
    found = again(document)
    assert [outline(note) for note in found.notes] == [outline(note) for note in notes]
    assert found.blocks[0].spans == document.blocks[0].spans  # type: ignore[union-attr]
