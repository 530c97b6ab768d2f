"""Registers as data: the file, what may follow what, and what a field takes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from forum.domain.datafile import DataFileError
from forum.domain.registers import (
    FieldKind,
    Register,
    RegisterField,
    Term,
    checked_article,
    checked_reason,
    load_registers,
    read_value,
)
from forum.errors import Invalid

REGISTERS = load_registers(config.CONFIG_DIR / "registers.toml")

MINIMAL = """
[[registers]]
key = "wishes"
title = "Wishes"
summary = "What is wished for."
entry = "Wish"
owner = "none"
raised_by = ["member"]
tended_by = ["chair"]
statuses = [{ key = "open", title = "Open", next = ["done"] }, { key = "done", title = "Done" }]
"""


def load(text: str, folder: Path) -> tuple[Register, ...]:
    path = folder / "registers.toml"
    path.write_text(text)
    return load_registers(path)


def test_a_register_is_a_table(tmp_path: Path) -> None:
    """With the fewest keys: every group may use it, and nothing falls due."""
    (wishes,) = load(MINIMAL, tmp_path)
    assert wishes.first.key == "open"
    assert wishes.is_for("any-group")
    assert wishes.concerns(4)
    assert [state.key for state in wishes.list_next("open")] == ["done"]
    assert wishes.check_transition("open", "done").title == "Done"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('next = ["done"]', 'next = ["gone"]', "'gone' is no status of this register"),
        ('owner = "none"', 'owner = "everybody"', "'everybody' must be one of"),
        ('["member"]', '["visitor"]', "'visitor' must be one of"),
        ('key = "wishes"', 'key = "My wishes"', "must be lower-case words"),
        ('entry = "Wish"', 'entry = "Wish"\ncolour = "red"', "colour: is not a key of this table"),
    ],
)
def test_a_fault_names_file_register_and_key(tmp_path: Path, old: str, new: str, fault: str) -> None:
    """So that whoever edits the file finds it."""
    with pytest.raises(DataFileError, match=r"registers\.toml: registers\[") as found:
        load(MINIMAL.replace(old, new), tmp_path)
    assert fault in str(found.value)


def test_where_an_entry_ends_nothing_follows(tmp_path: Path) -> None:
    """The sentence says so."""
    (wishes,) = load(MINIMAL, tmp_path)
    with pytest.raises(Invalid, match="“Done” is where an entry of this register ends"):
        wishes.check_transition("done", "open")


def test_an_entry_whose_status_the_data_has_lost_can_go_anywhere(tmp_path: Path) -> None:
    """It is not stuck, and shows the key."""
    (wishes,) = load(MINIMAL, tmp_path)
    assert wishes.check_transition("dreamt", "open").key == "open"
    assert wishes.state_title("dreamt") == "dreamt"


@given(st.sampled_from(REGISTERS), st.data())
def test_a_transition_is_allowed_exactly_where_the_file_says(register: Register, data: st.DataObject) -> None:
    """For every pair of statuses of every register that ships."""
    before = data.draw(st.sampled_from(register.states))
    after = data.draw(st.sampled_from(register.states))
    if after.key in before.next:
        assert register.check_transition(before.key, after.key) is after
    else:
        with pytest.raises(Invalid):
            register.check_transition(before.key, after.key)


@given(st.sampled_from(REGISTERS))
def test_every_status_can_be_reached(register: Register) -> None:
    """From the first one on."""
    reached, waiting = set(), [register.first.key]
    while waiting:
        key = waiting.pop()
        if key not in reached:
            reached.add(key)
            waiting += [state.key for state in register.list_next(key)]
    assert reached == {state.key for state in register.states}


@given(st.text(max_size=40))
def test_an_article_is_a_number_or_refused(text: str) -> None:
    """What is stored reads itself again."""
    try:
        number = checked_article(text)
    except Invalid:
        return
    assert number is None or checked_article(f"Article {number}") == number


def field(kind: FieldKind, *, required: bool = False) -> RegisterField:
    return RegisterField("when", "When", kind, "", required, (Term("a", "A"), Term("b", "B")))


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        (FieldKind.CHOICE, ["a"], ("a",)),
        (FieldKind.CHOICES, ["b", "a", "b"], ("b", "a")),
        (FieldKind.TEXT, ["  two\r\nlines "], ("two\nlines",)),
        (FieldKind.DATE, ["2027-03-31"], ("2027-03-31",)),
        (FieldKind.TEXT, ["  "], ()),
    ],
)
def test_a_field_keeps_what_was_meant(kind: FieldKind, typed: list[str], kept: tuple[str, ...]) -> None:
    """Each once, without blanks around it."""
    assert read_value(field(kind), typed) == kept


@pytest.mark.parametrize(
    ("kind", "typed", "sentence"),
    [
        (FieldKind.CHOICE, ["a", "b"], "choose from the list"),
        (FieldKind.CHOICES, ["c"], "choose from the list"),
        (FieldKind.DATE, ["soon"], "write the date as 2027-03-31"),
        (FieldKind.TEXT, ["x" * 3_000], "up to 2000 characters"),
        (FieldKind.TEXT, [""], "this is needed"),
    ],
)
def test_a_field_says_what_it_takes(kind: FieldKind, typed: list[str], sentence: str) -> None:
    """By its title."""
    with pytest.raises(Invalid, match=f"When: {sentence}"):
        read_value(field(kind, required=True), typed)


@pytest.mark.parametrize("reason", ["", "Yes.", "x " * 3_000])
def test_a_reason_is_a_sentence(reason: str) -> None:
    """Neither nothing, nor a word, nor an essay."""
    with pytest.raises(Invalid):
        checked_reason(reason)
