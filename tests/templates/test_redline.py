"""The redline as people see and hear it."""

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from forum.domain.redline import Redline, compare
from forum.richtext import render


@pytest.fixture
def macros(app: Flask) -> Any:
    with app.test_request_context():
        yield app.jinja_env.get_template("papers/_redline.html").module


def _compare(old: str, new: str) -> Redline:
    before, after = render(old, profile="paper"), render(new, profile="paper")
    return compare(before.text, before.paragraphs, after.text, after.paragraphs)


OLD = "# Aims\n\nFirst words.\n\nSecond words.\n\nProviders should act.\n\n- one\n- two\n\nGone <b>."
NEW = "# Aims\n\nFirst words.\n\nSecond words.\n\nProviders must act.\n\n- one\n- two\n\nCame [x]."


def test_old_and_new_wording_can_be_read_from_the_page(macros: Any) -> None:
    page = BeautifulSoup(str(macros.redline(_compare(OLD, NEW))), "html.parser")
    for hidden in page.select(".visually-hidden"):
        hidden.decompose()
    changed = page.select_one(".redline-changed .redline-text")
    assert changed is not None
    assert [(tag.name, tag.get_text()) for tag in changed.select("del, ins")] == [
        ("del", "should"),
        ("ins", "must"),
    ]
    assert [str(tag) for tag in page.select(".redline-removed del, .redline-added ins")] == [
        "<del>Gone &lt;b&gt;.</del>",
        "<ins>Came [x].</ins>",
    ]


def test_a_screen_reader_hears_where_a_deletion_begins_and_ends(macros: Any) -> None:
    page = BeautifulSoup(str(macros.redline(_compare(OLD, NEW))), "html.parser")
    changed = page.select_one(".redline-changed .redline-text")
    assert changed is not None
    assert "[deleted: should end of deleted]" in changed.get_text()
    assert "[inserted: must end of inserted]" in changed.get_text()


def test_unchanged_paragraphs_are_folded_but_those_beside_a_change(macros: Any) -> None:
    page = BeautifulSoup(str(macros.redline(_compare(OLD, NEW))), "html.parser")
    assert [summary.get_text() for summary in page.select("details > summary")] == ["2 unchanged paragraphs"]
    assert [text.get_text() for text in page.select("details .redline-text")] == ["Aims", "First words."]
    assert "<br/>" in str(page.select(".redline-unchanged")[-1])


def test_paragraphs_link_to_their_versions(macros: Any) -> None:
    diff = _compare("Alpha beta gamma delta.\n\nGone now entirely.", "New here.\n\nAlpha beta gamma epsilon.")
    html = str(macros.redline(diff, old_address="/papers/x/1", new_address="/papers/x/2"))
    assert '<a href="/papers/x/2#p2">paragraph 2</a>' in html
    assert '<a href="/papers/x/1#p1">paragraph 1 before</a>' in html


def test_the_summary_counts(macros: Any) -> None:
    words = re.sub(r"\s+", " ", str(macros.redline_summary(_compare(OLD, NEW)))).strip()
    assert words == "1 changed, 1 added, 1 removed, 0 moved"
    assert "No word differs" in str(macros.redline_summary(_compare(OLD, OLD)))
