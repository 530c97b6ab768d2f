"""The data files of `config/`, read once a process, when they are first asked for or at the start."""

import functools

import config
from forum.domain.directive import Board, load_board
from forum.domain.duty_of_care import DutyOfCare, load_duty_of_care
from forum.domain.glossary import GlossaryEntry, load_glossary
from forum.domain.groups import SeatKind
from forum.domain.library import Document, documents_of, read_numbers
from forum.domain.registers import Register, load_registers
from forum.domain.seat_calls import load_letters
from forum.domain.strategy import Act, Strategy
from forum.domain.strategy import load as load_strategy


@functools.cache
def duty_of_care() -> DutyOfCare:
    """Give the contacts of the footer."""
    return load_duty_of_care(config.CONFIG_DIR / "duty_of_care.toml")


@functools.cache
def glossary() -> tuple[GlossaryEntry, ...]:
    """Give the glossary, sorted by term."""
    return load_glossary(config.CONFIG_DIR / "glossary.toml")


@functools.cache
def strategy() -> Strategy:
    """Give the strategy with its eight initiatives."""
    return load_strategy(config.CONFIG_DIR / "strategy.toml")


@functools.cache
def registers() -> tuple[Register, ...]:
    """Give the registers in the order of their file."""
    return load_registers(config.CONFIG_DIR / "registers.toml")


@functools.cache
def documents() -> tuple[Document, ...]:
    """Give the documents of the reference library that the data files name."""
    return documents_of(strategy())


def find_slug(act: Act) -> str | None:
    """Give the page in the library of an act that the strategy names; None where it has none."""
    _, keys = read_numbers(f"{act.reference}, {act.celex}")
    return next((one.slug for one in documents() if not set(keys).isdisjoint(one.keys)), None)


def seat_letters() -> dict[SeatKind, str]:
    """Give the letters by which kinds of member are known; empty for a kind that has none."""
    return load_letters(config.CONFIG_DIR / "seat_kinds.toml")


@functools.cache
def directive_board() -> Board:
    """Give the words of the Directive's board."""
    return load_board(config.CONFIG_DIR / "directive.toml")


def member_states() -> tuple[str, ...]:
    """Give the codes of the Member States, those included that are not bound by the Directive."""
    directive = strategy().directive
    return (*directive.bound, *directive.not_bound)
