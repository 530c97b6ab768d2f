"""The only door from user text to HTML."""

import re
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from forum import richtext
from forum.domain.marking import Passage
from forum.domain.text import normalise
from forum.errors import Invalid
from forum.richtext import MAX_BYTES, blocks_of, outline_of, render, render_plain, source_lines, to_markup
from tests.xss import PAYLOADS, violations

PROFILES = ("post", "paper")


def test_the_corpus_is_large_enough() -> None:
    assert len(set(PAYLOADS)) >= 150


@pytest.mark.parametrize("profile", PROFILES)
def test_no_attempt_of_the_corpus_gets_through(profile: richtext.Profile) -> None:
    """Alone, and after and before innocent text, nothing unlisted comes out."""
    for payload in PAYLOADS:
        for source in (payload, f"Good day.\n\n{payload}\n\nThank you.", f"*a {payload} b* | c"):
            assert violations(render(source, profile=profile).html) == [], payload


@pytest.mark.parametrize("profile", PROFILES)
def test_what_was_rendered_is_still_safe_when_it_is_written_again(profile: richtext.Profile) -> None:
    """HTML or plain words that came out, copied into the composer, do no harm either."""
    for payload in PAYLOADS:
        first = render(payload, profile=profile)
        assert violations(render(first.html, profile=profile).html) == [], payload
        assert violations(render(first.text, profile=profile).html) == [], payload


PIECES = st.sampled_from([
    *"*_~`<>[]()!|#-+=:\"'\\&\n \t^@/",
    "<script>", "</script>", "<img src=x onerror=", "javascript:", "https://h.example/", "](", "![", "[^1]",
    "[^1]: ", "\n\n", "> ", "- ", "1. ", "    ", "```", "|-|-|", "a", "&lt;", "&#60;", "&quot;", "\ufdd0",
    "<a href=", "<!--", "-->", "<![CDATA[", "]]>", "www.h.example", "x@h.example", "<https://h.example>",
    "onclick=alert(1)", "style=", "\u202e", "\x00", "é", "\ud800", "[x]: ", "\\<", "<p id=p1>",
])  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join), st.sampled_from(PROFILES))
@settings(max_examples=600)
def test_no_mixture_gets_through(source: str, profile: richtext.Profile) -> None:
    rendered = render(source, profile=profile)
    assert violations(rendered.html) == []
    if profile == "paper":
        assert outline_of(rendered.html) == (rendered.text, rendered.paragraphs)
    else:
        assert not re.search("<[^>]* id=", rendered.html)


@given(st.text(st.characters(codec=None), max_size=400), st.sampled_from(PROFILES))
def test_any_text_renders_and_its_paragraphs_point_into_it(source: str, profile: richtext.Profile) -> None:
    rendered = render(source, profile=profile)
    assert rendered.source == normalise(source)
    assert len(rendered.content_hash) == 64
    for number, paragraph in enumerate(rendered.paragraphs, 1):
        words = rendered.text[paragraph.start : paragraph.end]
        assert paragraph.number == number
        assert words == words.strip() != ""


@pytest.mark.parametrize(
    ("source", "html"),
    [
        pytest.param("a <b>c</b>", "<p>a &lt;b&gt;c&lt;/b&gt;</p>", id="raw HTML is shown as typed"),
        pytest.param("<div>\n*a*", "<p>&lt;div&gt;\n<em>a</em></p>", id="Markdown works within raw HTML"),
        pytest.param("`a <b>`", "<p><code>a &lt;b&gt;</code></p>", id="code shows its brackets"),
        pytest.param("# a\n## b\n### c\n#### d", "<h4>a</h4>\n<h5>b</h5>\n<h6>c</h6>\n<h6>d</h6>", id="h1"),
        pytest.param("[a](javascript:b)", "<p>a</p>", id="a forbidden link keeps its words"),
        pytest.param("[a](/b)", "<p>a</p>", id="so does a relative one"),
        pytest.param(
            "![a](https://h.example/b.png)",
            '<p><a href="https://h.example/b.png" rel="nofollow noopener ugc noreferrer">a</a></p>',
            id="an image becomes a link",
        ),
        pytest.param(
            "[![a](https://h.example/b.png) c](mailto:d@h.example)",
            '<p><a href="mailto:d@h.example" rel="nofollow noopener ugc noreferrer">a c</a></p>',
            id="an image in a link becomes its words",
        ),
        pytest.param(
            "<https://h.example/?a=b&c=d>",
            '<p><a href="https://h.example/?a=b&amp;c=d" rel="nofollow noopener ugc noreferrer">'
            "https://h.example/?a=b&amp;c=d</a></p>",
            id="explicit addresses are links",
        ),
        pytest.param("- [ ] a", "<ul>\n<li>[ ] a</li>\n</ul>", id="no boxes to tick"),
        pytest.param(
            "a[^1]\n\n[^1]: b",
            '<p>a<sup class="footnote-ref">1</sup></p>\n'
            '<section class="footnotes" role="doc-endnotes">\n'
            "<ol>\n<li>\n<p>b</p>\n</li>\n</ol>\n</section>",
            id="footnotes of posts have no addresses",
        ),
        pytest.param("~~a~~ **b** _c_", "<p><del>a</del> <strong>b</strong> <em>c</em></p>", id="emphasis"),
        pytest.param("4. a", '<ol start="4">\n<li>a</li>\n</ol>', id="lists start where they say"),
        pytest.param("a &#8238;b&#x202e;", "<p>a b</p>", id="overrides written as entities go"),
        pytest.param("```js\n1 < 2\n```", '<pre tabindex="0"><code>1 &lt; 2\n</code></pre>', id="code"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_posts(source: str, html: str) -> None:
    assert render(source, profile="post").html == html


def test_papers_have_numbered_paragraphs() -> None:
    """Each block with words has the number of its place; headings leave the h1 to the page."""
    source = "# A\n\nb\n\n---\n\n- c\n- d\n\n> e\n\n```\nf\n```"
    rendered = render(source, profile="paper")
    assert re.findall(r"<(\w+) id=\"(p\d)\"", rendered.html) == [
        ("h2", "p1"),
        ("p", "p2"),
        ("ul", "p3"),
        ("blockquote", "p4"),
        ("pre", "p5"),
    ]
    assert [(p.anchor, p.kind) for p in rendered.paragraphs] == [
        ("p1", "heading"),
        ("p2", "paragraph"),
        ("p3", "list"),
        ("p4", "quote"),
        ("p5", "code"),
    ]
    assert rendered.text == "A\n\nb\n\nc\nd\n\ne\n\nf"


def test_tables_scroll_in_a_region_that_the_keyboard_reaches() -> None:
    html = render("|a|b|\n|:-:|-:|\n|1|2|", profile="paper").html
    region = '<div id="p1" class="table-scroll" tabindex="0" role="region" aria-label="Table">'
    assert html.startswith(f'{region}<table class="table">')
    assert '<td class="text-center">1</td>' in html
    assert '<td class="text-end">2</td>' in html
    assert html.endswith("</table></div>")


def test_footnotes_are_numbered_whatever_their_labels() -> None:
    """Labels never become ids; two that would collide stay apart; marks are no part of the words."""
    rendered = render("a[^x] b[^x-2] c[^x]\n\n[^x]: one\n[^x-2]: two\n", profile="paper")
    assert re.findall(r' id="([^"]+)"', rendered.html) == [
        "p1", "fnref-1", "fnref-2", "fnref-1-2", "p2", "fn-1", "fn-2",
    ]  # fmt: skip
    assert re.findall(r'href="([^"]+)"', rendered.html) == [
        "#fn-1", "#fn-2", "#fn-1", "#fnref-1", "#fnref-1-2", "#fnref-2",
    ]  # fmt: skip
    assert rendered.text == "a b c\n\none\ntwo"
    assert rendered.paragraphs[-1].kind == "footnotes"


def test_a_paragraph_keeps_its_hash_when_its_neighbours_change() -> None:
    old = render("One.\n\nTwo *words*.\n", profile="paper").paragraphs[1]
    new = render("Zero.\n\nOne.\n\nTwo\nwords.", profile="paper").paragraphs[2]
    assert old.hash == new.hash
    assert old.hash != render("Two other words.", profile="paper").paragraphs[0].hash


def test_a_text_is_hashed_in_its_normal_form() -> None:
    composed, decomposed = render("é\n", profile="post"), render("e\u0301\r\n", profile="post")
    assert composed.content_hash == decomposed.content_hash
    assert composed.html == decomposed.html


@pytest.mark.parametrize(
    ("profile", "source"),
    [
        pytest.param("post", "é" * 25_001, id="a post over 50 kB of UTF-8"),
        pytest.param("post", "a" * 5_000_000, id="a post far over it"),
        pytest.param("paper", "字" * 333_334, id="a paper over 1 MB of UTF-8"),
        pytest.param("post", ">" * 65 + "a", id="65 levels of quotation"),
        pytest.param("post", ">" * 50_000, id="50,000 levels of quotation"),
        pytest.param("post", "".join(f"{'  ' * n}- a\n" for n in range(200)), id="200 levels of list"),
        pytest.param("post", "a\n\n" * 3_001, id="a post of 3,001 paragraphs"),
        pytest.param("post", "*a* " * 3_001, id="a post of 3,001 emphasised words"),
        pytest.param("paper", "|a|b|c|\n|-|-|-|\n" + "|1|2|3|\n" * 2_000, id="a table of 2,000 rows"),
        pytest.param("paper", "a\n\n" * 30_001, id="a paper of 30,001 paragraphs"),
        pytest.param("paper", "&" * 10_001, id="10,001 ampersands in a block"),
        pytest.param("post", "<\n\n" * 1_000 + "<" * 9_001, id="10,001 brackets in a post"),
        pytest.param(
            "paper",
            "".join(f"[^{n}] " for n in range(1000)) + "".join(f"\n\n[^{n}]: a" for n in range(1000)),
            id="footnotes of more than 3,000 parts",
        ),
    ],
)
def test_what_is_too_much_is_refused_with_a_sentence(profile: richtext.Profile, source: str) -> None:
    with pytest.raises(Invalid) as refusal:
        render(source, profile=profile)
    sentence = str(refusal.value)
    assert "%" not in sentence
    assert re.search(r"(?:Shorten|Split|Take out)", sentence)


@pytest.mark.parametrize(
    ("profile", "source"),
    [
        pytest.param("post", "é\r\n" * 16_666, id="line ends of browsers do not count against a post"),
        pytest.param("post", "a" * MAX_BYTES["post"], id="a post of exactly 50 kB"),
        pytest.param("post", ">" * 30 + "a", id="30 levels of quotation"),
        pytest.param("paper", "a *b* c\n\n" * 4_000, id="a paper of 8,000 elements"),
        pytest.param("post", "![" * 10_000, id="10,000 images that open"),
        pytest.param("post", "[" * 49_999, id="49,999 brackets"),
        pytest.param("post", "`" * 50_000, id="50,000 backticks"),
        pytest.param("paper", "`" * 100_000, id="100,000 backticks"),
        pytest.param("paper", "*a_ " * 100_000, id="emphasis that never closes"),
        pytest.param("post", " " * 49_999 + "a", id="49,999 spaces"),
        pytest.param("post", "a" + "\u0323\u0301" * 12_000, id="24,000 combining marks"),
    ],
)
def test_what_is_odd_but_allowed_is_rendered(profile: richtext.Profile, source: str) -> None:
    assert violations(render(source, profile=profile).html) == []


def test_forty_thousand_opening_tags_are_refused_or_shown() -> None:
    """The input that held bleach for twelve seconds is four times too many special characters."""
    with pytest.raises(Invalid, match="Split"):
        render("<a " * 40_000, profile="paper")
    assert render("<a " * 9_000, profile="post").html.count("&lt;a") == 9_000


def test_stored_html_becomes_markup_in_blocks_to_write_between() -> None:
    html = render("# A\n\n---\n\nb\n\n|a|\n|-|\n|1|", profile="paper").html
    blocks = blocks_of(html)
    assert [anchor for anchor, _ in blocks] == ["p1", "", "p2", "p3"]
    assert all(isinstance(block, Markup) for _, block in blocks)
    assert Markup("\n").join(block for _, block in blocks) == to_markup(html)


def test_threads_may_render_at_once() -> None:
    """bleach's parser has state; every thread gets the same HTML as one alone."""
    sources = [f"# {n}\n\n" + f"*a {n}* <b> [c](https://h.example/{n})\n\n" * 40 for n in range(8)]
    expected = [render(source, profile="paper").html for source in sources]
    found: dict[int, str] = {}

    def work(n: int) -> None:
        found[n] = render(sources[n] + "\n\nend", profile="paper").html

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[n].rpartition("\n")[0] for n in range(8)] == expected


@pytest.mark.parametrize("profile", ["post", "paper"])
def test_a_reference_in_double_brackets_leads_into_the_library(profile: richtext.Profile) -> None:
    """However it was typed; its words are those of the number, without the brackets."""
    found = render("See [[com/2020/607]].", profile=profile)
    assert '<a href="/library/com-2020-607">COM(2020) 607</a>' in found.html
    assert found.text == "See COM(2020) 607."
    assert outline_of(found.html)[0] == found.text


@pytest.mark.parametrize(
    "source",
    [
        "[[no number]]",
        "`[[COM(2020) 607]]`",
        "[a [[COM(2020) 607]]](https://forum.example)",
        "[COM(2020) 607]",
    ],
)
def test_what_is_no_reference_stays_as_it_is(source: str) -> None:
    """Other words, code, and what is a link already."""
    assert "/library/" not in render(source, profile="post").html


def test_paragraphs_know_their_lines() -> None:
    """First and last line in the source; a heading and a footnote have none."""
    source = "# Title\n\nOne\ntwo.\n\n- three\n- four[^n]\n\nFive.\n\n[^n]: A note.\n"
    lines = source_lines(source)
    text = source.splitlines()
    rendered = {paragraph.anchor for paragraph in render(source, profile="paper").paragraphs}
    assert set(lines) <= rendered
    found = ["\n".join(text[first - 1 : last]).rstrip() for first, last in lines.values()]
    assert "One\ntwo." in found
    assert "Five." in found
    assert not any("A note" in words for words in found)


def test_plain_text_is_escaped() -> None:
    """Paragraphs of lines; nothing in them is Markdown or HTML."""
    assert render_plain([["<b>one</b>", "*two*"], ["three"]]) == (
        "<p>&lt;b&gt;one&lt;/b&gt;<br>*two*</p><p>three</p>"
    )
    assert render_plain([]) == ""


@pytest.mark.parametrize("words", ["five little words of text", "word " * 2_000], ids=["short", "long"])
def test_passages_are_marked_in_their_block(words: str) -> None:
    """Whatever its length; other blocks stay as they are, and so does a block without an anchor."""
    html = render(f"# Title\n\n{words}\n\nAnother.", profile="paper").html
    anchor = next(anchor for anchor, block in blocks_of(html) if words.split()[0] in block)
    marked = blocks_of(html, {anchor: [Passage(0, 4, "m1")], "": [Passage(0, 4, "m2")]})
    assert [anchor for anchor, block in marked if "<mark" in block] == [anchor]
    assert blocks_of(html, {}) == blocks_of(html)
    for _ in range(2):
        assert blocks_of(html, {anchor: [Passage(0, 4, "m1")]}) == blocks_of(
            html, {anchor: [Passage(0, 4, "m1")]}
        )


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The block used longest ago goes first; two that cleaned the same one at once keep it once."""
    memo = richtext._Memo()
    monkeypatch.setattr(richtext._Memo, "LIMIT", 10)
    for key in (b"a", b"a", b"b"):
        memo.put(key, "12345")
    assert memo.get(b"a") == memo.get(b"b") == "12345"
    memo.get(b"a")
    memo.put(b"c", "12345")
    assert (memo.get(b"a"), memo.get(b"b"), memo.get(b"c")) == ("12345", None, "12345")
