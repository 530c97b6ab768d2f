"""The data files of `config/`, read once a process, when they are first asked for or at the start."""

import functools

import config
from forum.domain.duty_of_care import DutyOfCare, load_duty_of_care
from forum.domain.glossary import GlossaryEntry, load_glossary
from forum.domain.registers import Register, load_registers
from forum.domain.strategy import Strategy
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
