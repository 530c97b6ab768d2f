"""Papers as PDF: tagged, in every language of the Union, and with words that are never code."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from forum.domain.documents import Document, Heading, Paragraph, Span, Table, to_data
from forum.office.front import Front
from forum.office.limited import print_paper
from forum.office.pdf_writing import write_pdf
from tests.office.samples import written
from tests.office.structures import SENTENCES, STRUCTURES, bullets, h, p

FRONT = Front(
    title="Position on reporting",
    label="TLP:AMBER · Organisations",
    running="Position on reporting, version 2",
    address="https://forum.example/papers/abc/v/2",
    language="en",
    facts=(("Bodies", "Example Body\nOther Body"), ("Version", "2")),
    abstract=("In short.",),
    authors=("Mara Example",),
)


def printed(tmp_path: Path, document: Document, front: Front = FRONT) -> PdfReader:
    return PdfReader(written(tmp_path, print_paper(document, front), "paper.pdf"))


def text_of(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def is_accessible(reader: PdfReader) -> bool:
    """Whether the file says of itself that it is PDF/UA-1, and has what that needs."""
    root = reader.trailer["/Root"].get_object()
    claims = b"pdfuaid:part>1<" in root["/Metadata"].get_object().get_data()
    return claims and "/StructTreeRoot" in root and root["/MarkInfo"]["/Marked"] and "/Lang" in root


def kinds_of_tags(reader: PdfReader) -> set[str]:
    found: set[str] = set()

    def walk(item: object) -> None:
        item = item.get_object() if hasattr(item, "get_object") else item
        if isinstance(item, list):
            for part in item:
                walk(part)
        elif isinstance(item, dict):
            found.add(str(item.get("/S", "")))
            walk(item.get("/K"))

    walk(reader.trailer["/Root"].get_object()["/StructTreeRoot"])
    return found


@pytest.mark.parametrize("name", STRUCTURES)
def test_every_structure_becomes_accessible_pdf(tmp_path: Path, name: str) -> None:
    """PDF/UA-1, with the words in their order."""
    reader = printed(tmp_path, STRUCTURES[name])
    assert is_accessible(reader)
    assert "/Title" in (reader.metadata or {})


def test_structure_is_tagged(tmp_path: Path) -> None:
    """Headings, lists, tables with their headers, notes and links say what they are."""
    document = Document(
        tuple(
            block
            for name in ("headings", "a list", "a table", "links", "footnotes", "quotations, code and lines")
            for block in STRUCTURES[name].blocks
        ),
        STRUCTURES["footnotes"].notes,
    )
    assert kinds_of_tags(printed(tmp_path, document)) >= {
        "/H1", "/H2", "/L", "/LI", "/Table", "/TH", "/TD", "/Link", "/Note", "/BlockQuote", "/P",
    }  # fmt: skip


@pytest.mark.parametrize("language", SENTENCES)
def test_every_language_of_the_union_can_be_read(tmp_path: Path, language: str) -> None:
    """No letter is missing, in the text, in bold, as a heading and in the title."""
    sentence = SENTENCES[language]
    front = Front(sentence, FRONT.label, sentence, FRONT.address, language)
    body = p(sentence, Span(f" {sentence}", bold=True), Span(f" {sentence}", italic=True))
    reader = printed(tmp_path, Document((h(1, sentence), body)), front)
    assert is_accessible(reader)
    letters = "".join(text_of(reader).split()).replace("-", "")
    assert letters.count("".join(sentence.split()).replace("-", "")) >= 4
    assert reader.trailer["/Root"].get_object()["/Lang"] == language


def test_a_paper_in_four_scripts(tmp_path: Path) -> None:
    """In one paragraph; Hebrew runs the other way."""
    reader = printed(tmp_path, STRUCTURES["four scripts"])
    text = text_of(reader)
    assert is_accessible(reader)
    assert all(word in text for word in ("Latin", "Ελληνικά", "Български", "עברית"))


def test_a_letter_that_no_font_has_is_no_reason_to_refuse(tmp_path: Path) -> None:
    """The file is tagged still; it does not claim the standard, and everything else is there."""
    data = {
        "title": "T", "authors": [], "language": "en", "label": "L", "running": "R", "address": "A",
        "facts": [], "abstract": [], "words": {"summary": "S", "contents": "C"},
        **to_data(Document((p("Words \u0378 after."),))),
    }  # fmt: skip
    assert write_pdf(data, tmp_path / "paper.pdf") is False
    reader = PdfReader(tmp_path / "paper.pdf")
    assert "Words" in text_of(reader)
    assert "/StructTreeRoot" in reader.trailer["/Root"].get_object()


def test_label_and_place_are_on_every_page(tmp_path: Path) -> None:
    """With title page, bodies, version and the numbers of paragraphs."""
    blocks = tuple(Paragraph((Span("A sentence. " * 60),), number) for number in range(1, 30))
    reader = printed(tmp_path, Document(blocks))
    pages = [page.extract_text() for page in reader.pages]
    assert len(pages) > 5
    for number, page in enumerate(pages, 1):
        assert FRONT.label in page
        assert FRONT.address in page
        assert f"{number} / {len(pages)}" in page
    assert all(
        words in pages[0] for words in ("Position on reporting", "Example Body", "Other Body", "In short.")
    )
    assert "29" in pages[-1]


def test_a_table_of_two_thousand_rows(tmp_path: Path) -> None:
    """Over many pages, each with the header."""
    row = lambda n: ((Span(f"row {n}"),), (Span("some words"),))  # noqa: E731
    table = Table((((Span("Name"),), (Span("Words"),)), *(row(n) for n in range(2_000))), ("", ""), 1)
    reader = printed(tmp_path, Document((table,)))
    pages = [page.extract_text() for page in reader.pages[1:]]
    assert "row 1999" in pages[-1]
    assert all("Name" in page for page in pages)


def test_headings_that_skip_a_level_are_evened(tmp_path: Path) -> None:
    """A reader that goes by headings meets no gap."""
    document = Document((h(3, "Third first"), h(1, "One"), h(4, "Four"), p("x")))
    assert is_accessible(printed(tmp_path, document))


def test_a_heading_inside_a_list_is_strong_text(tmp_path: Path) -> None:
    """It would lead nowhere."""
    document = Document((bullets((Heading(2, (Span("Inside"),)), p("x"))),))
    assert is_accessible(printed(tmp_path, document))


CODE = st.sampled_from(
    [
        '#read("/etc/hostname")', "#import", "$ x $", "*b*", "_i_", "@label", "<label>", "`raw`", "= h", "\\",
        "#{", "}", "]", "[", '"', "//", "/*", "*/", "#panic()", '#eval("1")', "\n", "~", "--", "...",
        "#set page()",
    ]
)  # fmt: skip
TEXTS = st.lists(
    st.one_of(CODE, st.text("abc #$*_@<>\\`=-/[]{}()\"'\n", max_size=6)), min_size=1, max_size=6
).map("".join)


@settings(max_examples=60)
@given(TEXTS, TEXTS, st.booleans())
def test_words_are_never_code(text: str, title: str, is_code: bool) -> None:
    """Whatever is typed comes out as it was typed: nothing runs, nothing is read, nothing fails."""
    words = " ".join(text.split())
    document = Document((Paragraph((Span(f"a{words}z", code=is_code),)),), ())
    data = {
        "title": f"t{' '.join(title.split())}", "authors": [title], "language": "en", "label": text,
        "running": title, "address": text, "facts": [[title, text]], "abstract": [text],
        "words": {"summary": title, "contents": text}, **to_data(document),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        assert write_pdf(data, Path(folder) / "paper.pdf")
        shown = text_of(PdfReader(Path(folder) / "paper.pdf"))
    assert "".join(f"a{words}z".split()) in "".join(shown.split())
