"""The mapping from rules and decisions to statements: complete for our charters, its faults named."""

from pathlib import Path

import pytest

import config
from forum.domain.charters import load_charters
from forum.domain.datafile import DataFileError
from forum.domain.moderation import Action
from forum.domain.statement_rules import load_statement_rules
from forum.domain.statements import Category, Illegal, Incompatible

FILE = config.CONFIG_DIR / "statements.toml"


def test_no_key_of_a_charter_is_a_law() -> None:
    """A group's rule and a law never share a key, and every listed rule is in a charter."""
    rules = load_statement_rules(FILE)
    keys = {
        rule.key for charter in load_charters(config.CONFIG_DIR / "groups.toml") for rule in charter.rules
    }
    assert not keys & set(rules.laws)
    assert set(rules.rules) <= keys


def test_a_law_is_an_illegal_ground_and_a_rule_is_not() -> None:
    """A rule that a chair added on the web counts as any other breach of the terms."""
    rules = load_statement_rules(FILE)
    law = next(iter(rules.laws))
    assert isinstance(rules.ground_of(law, "whatever", "It is so."), Illegal)
    ours = rules.ground_of("of-the-web", "Be brief.", "It is not.")
    assert isinstance(ours, Incompatible)
    assert ours.ground == "Rule of the working group: Be brief."
    assert rules.meaning_of("of-the-web").category is Category.OTHER_TERMS
    assert rules.effect_of(Action.SUSPEND, is_platform=True, until=None).restrictions.account


def test_a_rule_with_an_address_in_it_is_named_by_its_key() -> None:
    """What the chair wrote into a rule does not make a decision impossible; a long one is cut."""
    rules = load_statement_rules(FILE)
    ground = rules.ground_of("ask", "Ask chair@members.example first.", "It was not asked.")
    assert isinstance(ground, Incompatible)
    assert ground.ground == "Rule of the working group: “ask”"
    long = rules.ground_of("long", "word " * 300, "It is so.")
    assert isinstance(long, Incompatible)
    assert len(long.ground) == 500


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('category = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"', 'category = "NONE"', "must be one of"),
        ('specification = ["KEYWORD_HATE_SPEECH"]', 'specification = ["NONE"]', "must be one of"),
        ('key = "law-hatred"', 'key = "civil"', "used twice"),
        ('account = "DECISION_ACCOUNT_SUSPENDED"\n', "", "restricts nothing"),
        ('other = "Moved, with its discussion, to another working group."\n', "", "says in words"),
        ("[decisions.lock]", "[decisions.unlock]", "decisions: lock: is missing"),
        ('done = "was not published"', "", "done: is missing"),
        ('done = "was not published"', 'done = "x"\nfine = 3', "fine: is not a key"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    """File, place and key."""
    path = tmp_path / "statements.toml"
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataFileError, match=words):
        load_statement_rules(path)
