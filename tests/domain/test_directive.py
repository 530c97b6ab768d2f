"""The board's data and what may be written on it: words, States that are bound, articles, sources."""

from pathlib import Path

import pytest

import config
from forum.domain.datafile import DataFileError
from forum.domain.directive import (
    MAX_NOTE,
    MAX_SOURCE,
    check_cell,
    checked_note,
    checked_source,
    load_board,
)
from forum.domain.registers import Tone
from forum.errors import Invalid
from tests.services.registering import strategy

FILE = config.CONFIG_DIR / "directive.toml"
DIRECTIVE = strategy().directive


def test_the_board_has_words_that_differ_and_ten_working_days() -> None:
    """Each with a mark that is short enough for a cell, and none twice."""
    board = load_board(FILE)
    assert board.working_days == 10
    marks = [one.mark for one in board.statuses]
    assert len(set(marks)) == len(marks) > 1
    assert all(0 < len(mark) <= 4 for mark in marks)
    assert any(one.is_offered for one in board.statuses)


def test_a_word_that_the_data_has_lost_is_shown_by_its_key() -> None:
    """What was said with it stays readable, and is not offered any more."""
    board = load_board(FILE)
    lost = board.find_status("abandoned")
    assert (lost.title, lost.mark, lost.tone, lost.is_offered) == ("abandoned", "aba", Tone.PLAIN, False)
    assert board.confidence_title("abandoned") == "abandoned"
    for one in board.statuses:
        assert board.find_status(one.key) is one
    for grade in board.confidence:
        assert board.confidence_title(grade.key) == grade.title


TOP = 'group = "g"\nworking_days = 1\n'
STATUS = '[[statuses]]\nkey = "{}"\nmark = "x"\ntitle = "X"\n'
SURE = '[[confidence]]\nkey = "high"\ntitle = "High"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(STATUS.format("a") + SURE, "group", id="no group"),
        pytest.param('group = "g"\n' + STATUS.format("a") + SURE, "working_days", id="no time"),
        pytest.param(TOP.replace("1", "0") + STATUS.format("a") + SURE, "working_days", id="no day"),
        pytest.param(TOP + SURE, "statuses", id="no words"),
        pytest.param(TOP + STATUS.format("a"), "confidence", id="no grades"),
        pytest.param(TOP + STATUS.format("a") * 2 + SURE, "statuses", id="a word twice"),
        pytest.param(
            TOP + STATUS.format("a") + 'tone = "loud"\n' + SURE,
            "tone",
            id="a tone of no list",
        ),
        pytest.param(
            TOP + "days = 2\n" + STATUS.format("a") + SURE,
            "days",
            id="a misspelling",
        ),
    ],
)
def test_a_fault_of_the_data_names_file_and_key(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "board.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataFileError, match=words) as caught:
        load_board(file)
    assert "board.toml" in str(caught.value)


def test_each_article_of_each_state_that_is_bound_has_a_cell() -> None:
    """26 States, and neither a blank nor Denmark among them."""
    assert len(DIRECTIVE.bound) == 26
    assert not set(DIRECTIVE.bound) & {"", "DK"}
    for country in DIRECTIVE.bound:
        for article in DIRECTIVE.articles:
            check_cell(DIRECTIVE, country, article.number)


@pytest.mark.parametrize(
    ("country", "article", "field", "words"),
    [
        pytest.param("DK", "15", "country", "DK is not bound by", id="a State that is not bound"),
        pytest.param("XX", "15", "country", "no State XX", id="a State that there is not"),
        pytest.param("mt", "15", "country", "no State mt", id="small letters"),
        pytest.param("MT", "999", "article", "no article 999", id="an article that is not followed"),
    ],
)
def test_a_cell_that_there_is_not_is_refused_by_name(
    country: str, article: str, field: str, words: str
) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        check_cell(DIRECTIVE, country, article)
    assert caught.value.field == field


def test_a_note_may_be_empty_and_a_remark_may_not() -> None:
    assert checked_note(" \n ", field="note") == ""
    assert checked_note("  Two lines\nstay.  ", field="note") == "Two lines\nstay."
    with pytest.raises(Invalid, match="Write your remark") as caught:
        checked_note("  ", field="remark", is_needed=True)
    assert caught.value.field == "remark"
    assert len(checked_note("x" * MAX_NOTE, field="note")) == MAX_NOTE
    with pytest.raises(Invalid, match="Up to 4000"):
        checked_note("x" * (MAX_NOTE + 1), field="note")


def test_a_status_says_where_it_comes_from_on_one_line() -> None:
    assert checked_source(" The register\n of acts ") == "The register of acts"
    with pytest.raises(Invalid, match="where this comes from"):
        checked_source(" \n")
    with pytest.raises(Invalid, match="Up to 500"):
        checked_source("x" * (MAX_SOURCE + 1))
