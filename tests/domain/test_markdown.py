"""Markdown source: what cmark is given, mentions and quotes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.markdown import escape, mentions, quote, untrusted_html
from forum.domain.paragraphs import plain_text, split_blocks
from forum.domain.text import normalise


@pytest.mark.parametrize(
    ("source", "handles"),
    [
        pytest.param("@ana-horvat and @Bo2, again @ana-horvat.", ("ana-horvat", "bo2"), id="each once"),
        pytest.param("(@ana) **@bo-li** @cy:", ("ana", "bo-li", "cy"), id="beside punctuation"),
        pytest.param("mail ana@horvat.example or <bo@li.example>", (), id="not in e-mail addresses"),
        pytest.param("`@ana` and\n\n    @bo\n\n```\n@cy\n```", (), id="not in code"),
        pytest.param("https://host.example/@ana [x](https://h.example/@bo)", (), id="not in addresses"),
        pytest.param("> @ana said\n\n@bo", ("bo",), id="not in quoted text"),
        pytest.param("@a @-x @ana- @ana_b @@ana @žana", (), id="not what is no handle"),
        pytest.param("@" + "a" * 61, (), id="not what is too long"),
        pytest.param(r"\@ana &#64;bo", ("ana", "bo"), id="as the reader sees it"),
        pytest.param("no at sign", (), id="none"),
    ],
)
def test_mentions(source: str, handles: tuple[str, ...]) -> None:
    assert mentions(source) == handles


def test_a_quote_is_led_by_who_said_it_and_leaves_room_to_answer() -> None:
    assert (
        quote("One.\n\nTwo\r\nlines.", "Ana Horvat:") == "> Ana Horvat\\:\n>\n> One.\n>\n> Two\n> lines.\n\n"
    )


@given(st.text(max_size=300))
def test_all_of_a_quote_is_in_the_quotation(text: str) -> None:
    html = untrusted_html(quote(normalise(text), "Ana") + "Answer")
    blocks = list(split_blocks(html))
    assert blocks[0].startswith("<blockquote")
    assert plain_text(blocks[-1]) == "Answer"
    assert len(blocks) == 2


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufdd0"), max_size=80))
def test_escaped_text_reads_as_it_was(text: str) -> None:
    text = normalise(text)
    html = untrusted_html("x" + escape(text) + "x")
    assert plain_text(html) == " ".join(f"x{' '.join(text.split())}x".split())


def test_rendering_gives_its_memory_back() -> None:
    """Two hundred large texts leave the process as small as twenty did."""

    def resident_megabytes() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

    source = "para *a* `b` [x](https://y.example)\n\n" * 1300
    for _ in range(20):
        untrusted_html(source)
    before = resident_megabytes()
    for _ in range(200):
        untrusted_html(source)
    assert resident_megabytes() - before < 60
