"""Passages marked in the HTML of a paragraph."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.marking import Passage, mark
from forum.domain.paragraphs import plain_text, split_blocks
from forum.richtext import render

SOURCE = """# A heading with *stress*

One **bold & br*ave*** word[^1] and `x < y` and [a link](https://example.org) here.

- first entry
- second\u00a0entry
  with a line more

| a | b c |
|---|-----|
| d | e f |

    code  with   room
    and lines

> Quoted words.

[^1]: The note.
"""
BLOCKS = list(split_blocks(render(SOURCE, profile="paper").html))
_MARKS = re.compile(r'</?mark[^>]*>|<span id="c-[a-z]+"></span>')


def letters(text: str) -> str:
    return "".join(text.split())


def marked_words(html: str) -> str:
    return letters(
        "".join(plain_text(part) for part in re.findall(r"<mark[^>]*>(.*?)</mark>", html, re.DOTALL))
    )


@given(st.sampled_from(BLOCKS), st.data())
def test_marks_wrap_the_passage_and_change_nothing_else(block: str, data: st.DataObject) -> None:
    """Without the marks the block is what it was; within stand all letters of the passage."""
    text = plain_text(block)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    html = mark(block, [Passage(start, end, "c-a")])
    assert _MARKS.sub("", html) == block
    assert marked_words(html) == letters(text[start:end])
    assert html.count('id="c-a"') == bool(letters(text[start:end]))


@given(st.sampled_from(BLOCKS), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=5))
def test_overlapping_passages_never_nest(block: str, places: list[tuple[int, int]]) -> None:
    """Marks follow each other, none within another; every passage that has letters has its id once."""
    text = plain_text(block)
    passages = [
        Passage(min(one, two), max(one, two), f"c-{'abcde'[number]}")
        for number, (one, two) in enumerate(places)
    ]
    html = mark(block, passages)
    assert _MARKS.sub("", html) == block
    assert not re.search(r"<mark[^>]*>[^/]*<mark", html)
    covered = {
        index for one in passages for index in range(one.start, one.end) if text[index : index + 1].strip()
    }
    assert marked_words(html) == "".join(text[index] for index in sorted(covered))
    for one in passages:
        assert html.count(f'id="{one.id}"') == bool(letters(text[one.start : one.end]))


@pytest.mark.parametrize("place", [(0, 0), (5, 5), (400, 500)], ids=["nothing", "empty", "outside"])
def test_no_letters_no_mark(place: tuple[int, int]) -> None:
    """A place without letters leaves the block as it is."""
    assert mark(BLOCKS[1], [Passage(*place, "c-a")]) == BLOCKS[1]
