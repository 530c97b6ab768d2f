"""Twenty documents for the way through the formats: together they hold every structure that is promised."""

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
)

SENTENCES = {
    "bg": "Всички доклади се преброяват: ѝ, щ, ю.",
    "cs": "Příliš žluťoučký kůň úpěl ďábelské ódy.",
    "da": "Høj bly gom vandt fræk sexquiz på wc: æ, ø, å.",
    "de": "Falsches Üben von Xylophonmusik quält jeden größeren Zwerg.",
    "el": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία: ά, ή, ώ, ΐ.",
    "en": "Every report is counted once.",
    "es": "El pingüino Wenceslao hizo kilómetros: ñ, á, ¿y?",
    "et": "Põdur Zagrebi tšellomängija ciskus: õ, ä, ö, ü, š, ž.",
    "fi": "Törkylempijävongahdus: ä, ö, å.",
    "fr": "Portez ce vieux whisky au juge blond qui fume : œ, ç, ê, ÿ.",
    "ga": "D’fhuascail Íosa Úrmhac na hÓighe Beannaithe: á, é, í, ó, ú.",
    "hr": "Gojazni đačić s biciklom drži hmelj: č, ć, ž, š.",
    "hu": "Árvíztűrő tükörfúrógép: ő, ű.",
    "it": "Qualche vago ione tipo zolfo: à, è, ù.",
    "lt": "Įlinkdama fechtuotojo špaga: ą, č, ę, ė, į, š, ų, ū, ž.",
    "lv": "Glāžšķūņa rūķīši dzērumā: ā, č, ē, ģ, ī, ķ, ļ, ņ, š, ū, ž.",
    "mt": "Il-ħaddiema għandhom żewġ ċwievet: ċ, ġ, għ, ħ, ż, à.",
    "nl": "Pa’s wijze lynx bezag vroom het fikse aquaduct: ë, ï, ij.",
    "pl": "Zażółć gęślą jaźń: ą, ć, ę, ł, ń, ó, ś, ź, ż.",
    "pt": "À noite, vovô Kowalsky vê o ímã: ã, õ, ç.",
    "ro": "Muzicologă în bej vând whisky: ă, â, î, ș, ț.",
    "sk": "Kŕdeľ šťastných ďatľov: ľ, ĺ, ŕ, ô, ä.",
    "sl": "Hišničin bratec vzgaja polže pod fikusom: č, š, ž.",
    "sv": "Flygande bäckasiner söka hwila på mjuka tuvor: å, ä, ö.",
}
"""A sentence in each official language of the Union, with the letters that set it apart."""


def p(*spans: str | Span) -> Paragraph:
    return Paragraph(tuple(Span(span) if isinstance(span, str) else span for span in spans))


def h(level: int, text: str) -> Heading:
    return Heading(level, (Span(text),))


def items(*entries: str | tuple[Block, ...]) -> tuple[tuple[Block, ...], ...]:
    return tuple((p(entry),) if isinstance(entry, str) else entry for entry in entries)


def bullets(*entries: str | tuple[Block, ...]) -> ListBlock:
    return ListBlock(items(*entries))


def numbers(*entries: str | tuple[Block, ...], start: int = 1) -> ListBlock:
    return ListBlock(items(*entries), True, start)


def table(*rows: tuple[str | Span, ...], sides: tuple[str, ...] = ()) -> Table:
    cells = tuple(
        tuple(((Span(cell),) if cell else ()) if isinstance(cell, str) else (cell,) for cell in row)
        for row in rows
    )
    return Table(cells, sides or ("",) * len(rows[0]))  # type: ignore[arg-type]


BOLD, ITALIC = Span("bold", bold=True), Span("italic", italic=True)
LINK = Span("a link", href="https://forum.example/a?b=c&d=(e)")

STRUCTURES: dict[str, Document] = {
    "headings": Document(
        (h(1, "One"), p("A."), h(2, "Two"), h(3, "Three"), h(4, "Four"), h(5, "Five"), p("B."))
    ),
    "marks": Document((p("Some ", BOLD, ", ", ITALIC, " and ", Span("both", bold=True, italic=True), "."),)),
    "marks within words": Document(
        (p("un", Span("believ", bold=True), "able, ", Span("(so)", italic=True), "x."),)
    ),
    "struck out": Document((p("It was ", Span("never", strike=True), " always so."),)),
    "code within text": Document((p("Call ", Span("forum init", code=True), " once."),)),
    "links": Document((p("See ", LINK, " or ", Span("write", href="mailto:desk@forum.example"), "."),)),
    "breaks": Document((p("First line\nsecond line"), p("After."))),
    "a list": Document((p("Before."), bullets("one", "two", "three"), p("After."))),
    "a numbered list": Document((numbers("one", "two", "three"), p("After."))),
    "a list that begins at five": Document((p("Go on:"), numbers("five", "six", start=5))),
    "lists in lists": Document((bullets("a", (p("b"), bullets("b1", (p("b2"), bullets("deep")))), "c"),)),
    "numbers in bullets": Document((bullets((p("a"), numbers("first", "second")), "b"),)),
    "bullets in numbers": Document((numbers((p("a"), bullets("x", "y")), "b"), p("After."))),
    "entries of several paragraphs": Document((bullets((p("a"), p("more of a")), "b"), p("After."))),
    "a table": Document((table(("Name", "Size"), ("small", "1"), ("large", "2")), p("After."))),
    "a table with sides, marks and empty cells": Document(
        (table(("A", "B", "C"), ("x", BOLD, ""), ("y", LINK, "z"), sides=("", "center", "right")),)
    ),
    "footnotes": Document(
        (p("A claim", Span(note=1), " and another", Span(note=2), "."), bullets("entry")),
        ((p("Its source."),), (p("See ", LINK, "."),)),
    ),
    "quotations, code and lines": Document(
        (
            Quote((p("Quoted once."), p("And again."))),
            Code("if x:\n    print(x)"),
            Rule(),
            p("After * the _ line_, 3 < 4 & 5 > 2 | #1."),
        )
    ),
    "four scripts": Document(
        (h(1, "Ελληνικά και български"), p("Latin, Ελληνικά, Български, עברית."), bullets("Ωμέγα", "Живот"))
    ),
    "all languages": Document(
        (h(1, "Languages"), *(p(text) for text in SENTENCES.values()), numbers(*SENTENCES.values()))
    ),
}
