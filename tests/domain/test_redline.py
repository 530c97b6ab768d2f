"""Words that changed between two versions."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.domain import redline
from forum.domain.paragraphs import Paragraph, fingerprint
from forum.domain.redline import Kind, Redline, Status, compare, compare_words


def _version(texts: list[str]) -> tuple[str, list[Paragraph]]:
    paragraphs, position = [], 0
    for number, text in enumerate(texts, 1):
        paragraphs.append(Paragraph(number, "paragraph", position, position + len(text), fingerprint(text)))
        position += len(text) + 2
    return "\n\n".join(texts), paragraphs


def _compare(old: list[str], new: list[str]) -> Redline:
    return compare(*_version(old), *_version(new))


def _marked(old: str, new: str) -> str:
    marks = {Kind.EQUAL: "%s", Kind.DELETED: "[-%s-]", Kind.INSERTED: "{+%s+}"}
    return "".join(marks[run.kind] % run.text for run in compare_words(old, new))


@pytest.mark.parametrize(
    ("old", "new", "marked"),
    [
        ("It may be so.", "It must be so.", "It [-may-]{+must+} be so."),
        ("one two", "one", "one[- two-]"),
        ("", "new", "{+new+}"),
        ("old", "", "[-old-]"),
        ("same", "same", "same"),
        ("shall not apply", "does now apply", "[-shall not-]{+does now+} apply"),
        ("the provider's duty", "the providers’ duty", "the [-provider's-]{+providers’+} duty"),
        ("Of 1,140 people", "Of 1,084 people", "Of [-1,140-]{+1,084+} people"),
        ("Ευθύνη, 5 %", "Ευθύνη, 6 %", "Ευθύνη, [-5-]{+6+} %"),
    ],
)
def test_compare_words(old: str, new: str, marked: str) -> None:
    assert _marked(old, new) == marked


WORDS = st.lists(
    st.sampled_from(["law", "risk", "a", ",", ". ", "\n", " ", "\t", "é", "’", "x-y"]), max_size=60
)
TEXT = st.one_of(st.text(max_size=80), WORDS.map("".join))


@given(TEXT, TEXT)
@settings(max_examples=300)
def test_both_texts_can_be_rebuilt(old: str, new: str) -> None:
    runs = compare_words(old, new)
    assert "".join(run.text for run in runs if run.kind is not Kind.INSERTED) == old
    assert "".join(run.text for run in runs if run.kind is not Kind.DELETED) == new
    assert all(run.text for run in runs)
    assert all(one.kind is not two.kind for one, two in pairwise(runs))


@given(TEXT, TEXT)
def test_both_texts_can_be_rebuilt_piece_by_piece(old: str, new: str) -> None:
    """The same holds where a paragraph is too long to be compared at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redline, "WORDS_AT_ONCE", 2)
        patch.setattr(redline, "_PIECE_LETTERS", 5)
        test_both_texts_can_be_rebuilt.hypothesis.inner_test(old, new)  # type: ignore[attr-defined]


@given(st.lists(TEXT, max_size=8), st.lists(TEXT, max_size=8))
def test_every_paragraph_of_both_versions_is_there_once(old: list[str], new: list[str]) -> None:
    diff = _compare(old, new)
    of_old = {change.old: change.old_text for change in diff.changes if change.old}
    assert [of_old.pop(f"p{number}") for number in range(1, len(old) + 1)] == old
    assert of_old == {}
    assert [change.new_text for change in diff.changes if change.new] == new
    assert sum(diff.count(status) for status in Status) == len(diff.changes)
    assert [change for section in diff.sections() for change in section.changes] == list(diff.changes)
    assert diff.is_empty == (old == new)


def test_statuses_and_addresses() -> None:
    kept = "Nothing changes in this paragraph at all."
    moved = "This paragraph is moved to the end without any change."
    last = "The costs of it fall on small bodies first."
    diff = _compare(
        [kept, moved, "A risk assessment may be asked for.", "This goes.", last, "An end."],
        [kept, "A risk assessment must be asked for.", "Something quite new here.", last, "An end.", moved],
    )
    assert [(change.status, change.old, change.new) for change in diff.changes] == [
        (Status.UNCHANGED, "p1", "p1"),
        (Status.CHANGED, "p3", "p2"),
        (Status.REMOVED, "p4", ""),
        (Status.ADDED, "", "p3"),
        (Status.UNCHANGED, "p5", "p4"),
        (Status.UNCHANGED, "p6", "p5"),
        (Status.MOVED, "p2", "p6"),
    ]
    assert not diff.changes[6].is_reworded
    assert diff.count("moved") == 1


def test_a_removed_paragraph_stands_where_it_was() -> None:
    diff = _compare(
        ["One stays here.", "Two goes away.", "Three stays too."], ["One stays here.", "Three stays too."]
    )
    assert [change.status for change in diff.changes] == [Status.UNCHANGED, Status.REMOVED, Status.UNCHANGED]


def test_a_redline_survives_being_stored() -> None:
    diff = _compare(["a b c", "gone now"], ["a x c", "came here instead"])
    assert Redline.from_data(json.loads(json.dumps(diff.to_data()))) == diff


def test_a_long_paragraph_keeps_the_words_that_stayed() -> None:
    """Twelve thousand words in one paragraph with three changes: only those are marked."""
    words = [f"word{number}" for number in range(12_000)]
    changed = words.copy()
    changed[10], changed[6_000], changed[11_990] = "x", "y", "z"
    runs = compare_words(" ".join(words), " ".join(changed))
    assert [run.text for run in runs if run.kind is Kind.INSERTED] == ["x", "y", "z"]
