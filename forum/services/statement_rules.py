"""The mapping from rules and decisions to statements of reasons, as the installation has it."""

import functools

import config
from forum.domain.statement_rules import StatementRules, load_statement_rules


@functools.cache
def statement_rules() -> StatementRules:
    """Give the mapping of `config/statements.toml`, read once a process."""
    return load_statement_rules(config.CONFIG_DIR / "statements.toml")
