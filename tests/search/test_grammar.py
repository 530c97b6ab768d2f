"""The grammar of the search box: what is syntax, what is words, and that nothing breaks it."""

from datetime import date

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from forum.search.grammar import MAX_NEARS, MAX_OPERANDS, MAX_PREFIXES, Parsed, parse
from forum.search.grammar_writing import write_query
from forum.search.query import (
    EVERYTHING,
    Filter,
    Filters,
    Group,
    Near,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Word,
    iterate_operands,
)

A, B, C, D = Word("a1"), Word("b2"), Word("c3"), Word("d4")


@pytest.mark.parametrize(
    ("text", "query"),
    [
        pytest.param("", EVERYTHING, id="nothing asks for everything"),
        pytest.param("scanning", Word("scanning"), id="one word is itself"),
        pytest.param("a1 b2", Group((A, B)), id="words stand together"),
        pytest.param("client-side", Word("client-side"), id="a hyphen within a word excludes nothing"),
        pytest.param('"age limit"', Phrase(("age", "limit")), id="quotes make a phrase"),
        pytest.param("„age limit“", Phrase(("age", "limit")), id="typographic quotes make a phrase too"),
        pytest.param("a1 -b2", Group((A, Not(B))), id="a minus excludes"),
        pytest.param("a1 NOT b2", Group((A, Not(B))), id="NOT excludes"),
        pytest.param('a1 -"b2 c3"', Group((A, Not(Phrase(("b2", "c3"))))), id="a phrase can be excluded"),
        pytest.param("a1 - b2", Group((A, B)), id="a minus that stands alone excludes nothing"),
        pytest.param("a1 OR b2", Or((A, B)), id="OR joins"),
        pytest.param("a1 or b2", Group((A, Word("or"), B)), id="or in small letters is a word"),
        pytest.param("a1 OR b2 c3", Group((Or((A, B)), C)), id="OR binds closer than a space"),
        pytest.param("a1 (b2 OR c3)", Group((A, Or((B, C)))), id="parentheses group an OR"),
        pytest.param("(a1 b2) OR c3", Or((Group((A, B)), C)), id="parentheses group words for an OR"),
        pytest.param("a1 OR (b2 c3)", Or((A, Group((B, C)))), id="also behind the OR"),
        pytest.param("a1 OR b2 OR c3", Or((A, B, C)), id="ORs chain"),
        pytest.param("((a1)) (b2)", Group((A, B)), id="parentheses around a word mean nothing"),
        pytest.param("-(a1 OR b2)", Not(Or((A, B))), id="a group can be excluded"),
        pytest.param("a1 OR -b2", Group((A, Not(B))), id="an exclusion always holds, OR or not"),
        pytest.param("a1 AND b2", Group((A, B)), id="AND is what a space means"),
        pytest.param("a1 near b2", Near(A, B), id="near needs two neighbours"),
        pytest.param("a1 NEAR/3 b2", Near(A, B, 3), id="near takes a distance"),
        pytest.param("a1 near b2 near c3", Group((Near(A, B), Near(B, C))), id="nears chain"),
        pytest.param(
            " near ".join(["a1"] * (MAX_NEARS + 3)),
            Group((*[Near(A, A)] * MAX_NEARS, A, A)),
            id="behind the tenth near are words",
        ),
        pytest.param(
            "abc* " * MAX_PREFIXES + "-abc* xyz*",
            Group((*[Prefix("abc")] * MAX_PREFIXES, Not(Word("abc")), Word("xyz"))),
            id="behind the fifth prefix are words",
        ),
        pytest.param("near a1", Group((Word("near"), A)), id="near without a left neighbour is a word"),
        pytest.param("a1 OR b2 near c3", Or((A, Near(B, C))), id="near binds closer than OR"),
        pytest.param("encrypt*", Prefix("encrypt"), id="a star asks for any ending"),
        pytest.param("en*", Word("en"), id="a star needs three letters"),
        pytest.param("*crypt", Word("crypt"), id="a star in front is nothing"),
        pytest.param("a1 -NEAR/3", Group((A, Not(Word("near/3")))), id="an excluded near is a word"),
        pytest.param("OR a1", Group((Word("or"), A)), id="OR without a left neighbour is a word"),
        pytest.param("a1 OR", Group((A, Word("or"))), id="OR without a right neighbour is a word"),
        pytest.param('a1 "b2 c3', Group((A, B, C)), id="a quote that is never closed is none"),
        pytest.param("a1) (b2", Group((A, B)), id="a parenthesis without a partner is none"),
        pytest.param('a1 "" () !!', A, id="what holds no letter is nothing"),
        pytest.param("audience:group:7", Word("audience:group:7"), id="an unknown field is words"),
        pytest.param("http://example.org/x", Word("http://example.org/x"), id="an address is words"),
        pytest.param("lang:english", Word("lang:english"), id="a language that is no code is words"),
        pytest.param("after:soon", Word("after:soon"), id="a date that is none is words"),
        pytest.param("after:2021-02-30", Word("after:2021-02-30"), id="a day that never was is words"),
        pytest.param("a\u00ad1 b\u00002", Group((A, Word("b"), Word("2"))), id="control characters vanish"),
    ],
)
def test_query(text: str, query: Query) -> None:
    assert parse(text) == Parsed(query, Filters())


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        pytest.param("group:lab", Filters((Filter("group", ("lab",)),)), id="one value"),
        pytest.param("group:lab,net", Filters((Filter("group", ("lab", "net")),)), id="several values"),
        pytest.param("group:lab group:net", Filters((Filter("group", ("lab", "net")),)), id="said twice"),
        pytest.param("-kind:post", Filters((Filter("kind", ("post",), True),)), id="excluded"),
        pytest.param("NOT kind:post", Filters((Filter("kind", ("post",), True),)), id="excluded by NOT"),
        pytest.param('author:"Ada  Byron"', Filters((Filter("author", ("ada byron",)),)), id="quoted"),
        pytest.param("author:“Ada Byron”", Filters((Filter("author", ("ada byron",)),)), id="typographic"),
        pytest.param("type:ngo", Filters((Filter("organisation_type", ("ngo",)),)), id="respondent type"),
        pytest.param("COUNTRY:MT", Filters((Filter("country", ("mt",)),)), id="capitals do not matter"),
        pytest.param("lang:de,el", Filters((Filter("language", ("de", "el")),)), id="languages"),
        pytest.param("year:2020 label:a", Filters().choose("year", "2020").choose("label", "a"), id="two"),
        pytest.param("after:2020", Filters(after=date(2020, 1, 1)), id="since a year"),
        pytest.param("before:2021-06", Filters(before=date(2021, 6, 1)), id="until a month"),
        pytest.param("-after:2020-03-15", Filters(before=date(2020, 3, 15)), id="not since is before"),
        pytest.param("-before:2020-03-15", Filters(after=date(2020, 3, 15)), id="not before is since"),
        pytest.param("after:2019 after:2020", Filters(after=date(2020, 1, 1)), id="the narrower date counts"),
        pytest.param("versions:current", Filters(versions="current"), id="current versions"),
    ],
)  # fmt: skip
def test_filter(text: str, filters: Filters) -> None:
    assert parse(text) == Parsed(EVERYTHING, filters)


def test_words_and_filters_may_stand_in_any_order() -> None:
    assert parse("a1 group:lab b2 after:2020") == parse("after:2020 group:lab a1 b2")


def test_understood_as_is_what_the_grammar_would_have_typed() -> None:
    text = parse('b2  OR  c3 a1 -"d4 e5" near:x author:"Ada Byron" -kind:post before:2021').text
    assert text == '(b2 OR c3) a1 -"d4 e5" near:x author:"ada byron" -kind:post before:2021-01-01'


OPERANDS = st.sampled_from([A, B, C, Prefix("abc"), Phrase(("a1", "b2")), Phrase(("c3",)), Word("near")])
NEARS = st.builds(
    Near,
    st.sampled_from([A, Phrase(("b2", "c3")), Word("near")]),
    st.sampled_from([B, Prefix("xyz"), Word("near")]),
    st.integers(1, 50),
)
PIECES = st.sampled_from(
    [
        "a1",
        "b2",
        "-",
        "(",
        ")",
        '"',
        " ",
        "  ",
        "OR",
        "AND",
        "NOT",
        "near",
        "NEAR/3",
        "*",
        "abc*",
        ",",
        ":",
        "group:",
        "lang:de",
        "after:2020",
        "author:",
        "versions:all",
        "'",
        "\xad",
        "é",
        "字",
        "\x00",
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200))
@example("a1(near(near-")
def test_every_text_is_a_query_and_its_understanding_means_the_same(text: str) -> None:
    parsed = parse(text)
    assert parse(parsed.text) == parsed


@given(st.lists(PIECES | st.just("near"), min_size=15, max_size=30).map(" a1 ".join))
def test_no_query_has_more_nears_than_ten_and_its_understanding_means_the_same(text: str) -> None:
    parsed = parse(text)
    assert count_nears(parsed.query) <= MAX_NEARS
    assert parse(parsed.text) == parsed


@given(
    st.lists(st.sampled_from(["abc*", "AND*", "near", "near*", "OR", "(", ")", "-xyz*", "a1"]), max_size=60)
)
def test_no_query_has_more_prefixes_than_five_and_its_understanding_means_the_same(pieces: list[str]) -> None:
    text = " ".join(pieces)
    parsed = parse(text)
    assert count_prefixes(parsed.query) <= MAX_PREFIXES
    if "near" not in pieces:
        assert parsed.text.count("*") == min(MAX_PREFIXES, text.count("*"))
    assert parse(parsed.text) == parsed


def count_prefixes(query: Query) -> int:
    return sum(isinstance(operand, Prefix) for operand in iterate_operands(query, excluded=True))


def count_nears(query: Query) -> int:
    match query:
        case Near():
            return 1
        case Not(node):
            return count_nears(node)
        case Or(nodes) | Group(nodes):
            return sum(map(count_nears, nodes))
    return 0


@given(st.lists(OPERANDS | NEARS, min_size=1, max_size=5), st.data())
def test_written_trees_are_read_back(nodes: list[Query], data: st.DataObject) -> None:
    alternatives = Or((Group((A, D)), B, *data.draw(st.lists(NEARS, max_size=2))))
    tree = Group((C, *nodes, alternatives, Not(alternatives), Not(Group((A, B))), Not(C)))
    assume(count_prefixes(tree) <= MAX_PREFIXES)
    assert parse(write_query(tree)).query == tree


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("(" * 3000 + "a1" + ")" * 3000, id="three thousand parentheses"),
        pytest.param("(a1 OR " * 3000, id="open parentheses and ORs"),
        pytest.param("a1 near " * 2500, id="nears"),
        pytest.param('"' * 20_001, id="quotes"),
        pytest.param('group:"' * 3000, id="filters that are never closed"),
        pytest.param("a" * 20_000, id="one long word"),
        pytest.param("a," * 10_000, id="commas"),
        pytest.param("group:" + "a," * 10_000, id="a filter of ten thousand values"),
        pytest.param("-" * 20_000, id="minuses"),
        pytest.param("abc* " * 4000, id="stars"),
        pytest.param("".join(map(chr, range(32))) * 600, id="control characters"),
        pytest.param("a1 Ωμέγα язык كلمة מילה 字 शब्द คำ 단어 ბგ " * 300, id="ten scripts"),
    ],
)
def test_hostile_text_is_read_and_kept_small(text: str) -> None:
    parsed = parse(text)
    assert len(list(iterate_operands(parsed.query, excluded=True))) <= 2 * MAX_OPERANDS
    assert parse(parsed.text) == parsed


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        pytest.param("before:9999-12-31", Filters(before=date(9999, 12, 31)), id="the last day there is"),
        pytest.param("after:0001", Filters(after=date(1, 1, 1)), id="the first year there is"),
        pytest.param("topic:a,b", Filters(topics=("a", "b")), id="several topics"),
        pytest.param('-topic:"a b"', Filters(other_topics=("a b",)), id="a topic can be excluded"),
        pytest.param('without:"a b"', Filters(without=("a b",)), id="a term can be left aside"),
    ],
)
def test_a_filter_means_what_it_says(text: str, filters: Filters) -> None:
    parsed = parse(text)
    assert (parsed.query, parsed.filters) == (EVERYTHING, filters)
    assert parse(parsed.text) == parsed


def test_there_is_no_year_nought() -> None:
    assert parse("after:0000").query == Word("after:0000")


@pytest.mark.parametrize(
    ("text", "query"),
    [
        pytest.param('author:" " a1', Group((Word("author:"), A)), id="a filter without a value is words"),
        pytest.param("after:2020,2021", Word("after:2020,2021"), id="there is one day to begin with"),
        pytest.param("versions:some", Word("versions:some"), id="versions are all or current"),
        pytest.param("a1 -(-b2)", A, id="leaving out what leaves out says nothing"),
        pytest.param("-(-b2)", EVERYTHING, id="also where there is nothing else"),
    ],
)
def test_what_makes_no_sense_is_harmless(text: str, query: Query) -> None:
    parsed = parse(text)
    assert parsed == Parsed(query, Filters())
    assert parse(parsed.text) == parsed


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        pytest.param("a1 versions:current", "a1 versions:current", id="which versions"),
        pytest.param("-(a1 or b2) c3", "-(a1 or b2) c3", id="a group that is left out"),
        pytest.param("-(a1 OR b2)", "-(a1 OR b2)", id="one of several that are left out"),
        pytest.param("near near/3 b2", "near- NEAR/3 b2", id="the word near beside the operator"),
        pytest.param("a1 near:b", "a1 near:b", id="a colon makes no filter"),
    ],
)
def test_what_was_understood_can_be_typed(text: str, understood: str) -> None:
    assert parse(text).text == understood
    assert parse(understood) == parse(text)
