"""What a question takes for an answer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.questionnaires import (
    MAX_ANSWER,
    MAX_OPTIONS,
    Question,
    QuestionKind,
    find_missing,
    plain_text,
    read_lines,
    read_value,
    read_values,
    words_of,
)
from forum.errors import Invalid

OPTIONS = [["o1", "Yes"], ["o2", "No"]]
FILE = {"name": "Annual figures.pdf", "sha256": "a1" * 32}
ROWS = [["r1", "Cost"], ["r2", "Effect"]]


def question(kind: QuestionKind, key: str = "q1", **columns: Any) -> Question:
    columns = {"options": OPTIONS, "rows": ROWS, "low": 1, "high": 5, "limit": 100} | columns
    return Question(key=key, kind=kind, prompt="What?", is_required=True, **columns)


@pytest.mark.parametrize(
    ("kind", "raw", "value", "words"),
    [
        (QuestionKind.TEXT, "  A word. \r\nAnother.\n", "A word.\nAnother.", ["A word.\nAnother."]),
        (QuestionKind.TEXT, "   ", None, None),
        (QuestionKind.ONE, "o2", "o2", ["No"]),
        (QuestionKind.ONE, "", None, None),
        (QuestionKind.SEVERAL, ["o2", "o1", "o2"], ["o1", "o2"], ["Yes", "No"]),
        (QuestionKind.SEVERAL, [], None, None),
        (QuestionKind.SCALE, "3", 3, ["3"]),
        (QuestionKind.SCALE, 5, 5, ["5"]),
        (QuestionKind.SCALE, "", None, None),
        (QuestionKind.MATRIX, {"r2": "o1", "r1": ""}, {"r2": "o1"}, ["Effect: Yes"]),
        (QuestionKind.MATRIX, {"r1": "", "r2": ""}, None, None),
        (QuestionKind.FILE, FILE, FILE, ["Annual figures.pdf"]),
        (QuestionKind.FILE, {}, None, None),
    ],
    ids=str,
)
def test_answers_have_one_form(kind: QuestionKind, raw: Any, value: Any, words: list[str] | None) -> None:
    """As it is stored, hashed and exported, whatever was sent; and back into words."""
    asked = question(kind)
    assert read_value(asked, raw) == value
    if words is not None:
        assert words_of(asked, value) == words


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (QuestionKind.TEXT, "x" * 101),
        (QuestionKind.TEXT, ["a list"]),
        (QuestionKind.ONE, "o9"),
        (QuestionKind.ONE, {"o1": "o1"}),
        (QuestionKind.SEVERAL, ["o1", "o9"]),
        (QuestionKind.SEVERAL, "o1"),
        (QuestionKind.SEVERAL, [["o1"]]),
        (QuestionKind.SCALE, "6"),
        (QuestionKind.SCALE, "0"),
        (QuestionKind.SCALE, "3.5"),
        (QuestionKind.SCALE, True),
        (QuestionKind.SCALE, "9" * 5000),
        (QuestionKind.MATRIX, {"r9": "o1"}),
        (QuestionKind.MATRIX, {"r1": "o9"}),
        (QuestionKind.MATRIX, {"r1": ["o1"]}),
        (QuestionKind.MATRIX, "o1"),
        (QuestionKind.FILE, "Annual figures.pdf"),
        (QuestionKind.FILE, {"name": "a.pdf"}),
        (QuestionKind.FILE, FILE | {"url": "https://example.org/"}),
        (QuestionKind.FILE, FILE | {"sha256": "A" * 64}),
        (QuestionKind.FILE, FILE | {"sha256": 1}),
        (QuestionKind.FILE, FILE | {"name": ""}),
        (QuestionKind.FILE, FILE | {"name": "two\nlines.pdf"}),
        (QuestionKind.FILE, FILE | {"name": "x" * 200}),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_a_question_does_not_offer_is_refused_at_it(kind: QuestionKind, raw: Any) -> None:
    """The complaint names the question."""
    with pytest.raises(Invalid) as caught:
        read_value(question(kind), raw)
    assert caught.value.field == "q1"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(["o1", "o2", "r1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(list(QuestionKind)), _JSON)
def test_anything_is_read_or_refused(kind: QuestionKind, raw: Any) -> None:
    """Whatever JSON is sent, it is an answer, none, or Invalid; and reading it again changes nothing."""
    asked = question(kind)
    try:
        value = read_value(asked, raw)
    except Invalid:
        return
    assert read_value(asked, value) == value


def test_an_answer_names_known_questions_alone() -> None:
    """A key that no question has is refused, not dropped."""
    with pytest.raises(Invalid):
        read_values([question(QuestionKind.TEXT)], {"q7": "x"})


def test_a_whole_answer_has_a_length() -> None:
    """However many questions there are."""
    many = [question(QuestionKind.TEXT, f"q{n}", limit=20_000) for n in range(10)]
    with pytest.raises(Invalid):
        read_values(many, {f"q{n}": "x" * (MAX_ANSWER // 9) for n in range(10)})


def test_a_required_table_needs_every_row() -> None:
    """Half a table is missing as much as none."""
    asked = question(QuestionKind.MATRIX)
    assert find_missing([asked], {"q1": {"r1": "o1"}}) == [asked]
    assert find_missing([asked], {"q1": {"r1": "o1", "r2": "o2"}}) == []
    assert find_missing([asked], {}) == [asked]


def test_plain_text_has_questions_and_answers() -> None:
    """For search and moderation; what was not answered is left out."""
    asked = [question(QuestionKind.ONE), question(QuestionKind.TEXT, "q2")]
    assert plain_text(asked, {"q1": "o1"}) == "What?\nYes"


@pytest.mark.parametrize(
    "text", ["One", "One\none", "\n".join(str(n) for n in range(MAX_OPTIONS + 1)), "a\n" + "x" * 301]
)
def test_choices_are_few_different_and_short(text: str) -> None:
    """At least two, none twice."""
    with pytest.raises(Invalid):
        read_lines(text, "o", most=MAX_OPTIONS, field="options")
