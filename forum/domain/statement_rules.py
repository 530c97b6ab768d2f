"""From a rule and a decision to what a statement of reasons says: read from `config/statements.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from forum.domain.datafile import Table, open_table, refuse_twice
from forum.domain.moderation import RESTRICTIONS, Action
from forum.domain.personal_data import find_personal_data
from forum.domain.statement_schema import codes
from forum.domain.statements import (
    AccountRestriction,
    Category,
    Illegal,
    Incompatible,
    Provision,
    Restrictions,
    Visibility,
)

MAX_GROUND = 500


@dataclass(frozen=True, slots=True)
class RuleMeaning:
    """What a breach of a rule is about, as the schema names it."""

    category: Category
    additions: frozenset[Category] = frozenset()
    specification: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Law:
    """A law that every group's form offers beside its own rules."""

    key: str
    text: str
    legal_ground: str
    meaning: RuleMeaning


@dataclass(frozen=True, slots=True)
class Effect:
    """What a decision restricts, and the words for what happened."""

    restrictions: Restrictions
    done: str


@dataclass(frozen=True, slots=True)
class StatementRules:
    """The whole mapping."""

    default: RuleMeaning
    rules: Mapping[str, RuleMeaning]
    laws: Mapping[str, Law]
    effects: Mapping[str, Effect]

    def meaning_of(self, key: str | None) -> RuleMeaning:
        """Give what a rule or law is about."""
        law = self.laws.get(key or "")
        return law.meaning if law else self.rules.get(key or "", self.default)

    def ground_of(self, key: str | None, rule: str | None, explanation: str) -> Illegal | Incompatible:
        """Give the ground that a rule (its key and words) or a law is."""
        law = self.laws.get(key or "")
        if law is not None:
            return Illegal(law.legal_ground, explanation)
        words = f"Rule of the working group: {rule}" if rule else "The terms of use of this forum."
        if find_personal_data(words) is not None:
            words = f"Rule of the working group: “{key}”"
        return Incompatible(words[:MAX_GROUND], explanation)

    def effect_of(self, action: Action, *, is_platform: bool, until: date | None) -> Effect:
        """Give what a restriction restricts, until when."""
        name = action.value
        if action is Action.SUSPEND:
            name = "suspend_platform" if is_platform else "suspend_group"
        effect = self.effects[name]
        if until is None:
            return effect
        one = effect.restrictions
        bounded = Restrictions(one.visibility, one.visibility_other, one.provision, one.account, until)
        return Effect(bounded, effect.done)


def load_statement_rules(path: Path) -> StatementRules:
    """Read and check the mapping; DataFileError names the file, the place and the key that is wrong."""
    with open_table(path) as top:
        default = top.table("default")
        rows, laws = top.tables("rules", "key"), top.tables("law", "key")
        found = {row.slug("key"): _meaning(row) for row in rows}
        refuse_twice([*rows, *laws], "key", [row.slug("key") for row in (*rows, *laws)])
        decisions = top.table("decisions")
        read = StatementRules(
            default=_meaning(default),
            rules=found,
            laws={row.slug("key"): _law(row) for row in laws},
            effects={name: _effect(decisions.table(name)) for name in _effect_names()},
        )
        for table in (default, *rows, *laws, decisions):
            table.finish()
    return read


def _effect_names() -> list[str]:
    names = [action.value for action in RESTRICTIONS - {Action.SUSPEND}]
    return sorted([*names, "suspend_group", "suspend_platform"])


def _meaning(row: Table) -> RuleMeaning:
    category = Category(row.choice("category", list(Category)))
    additions = row.texts("additions", allowed=list(Category))
    if category in additions:
        raise row.fault("additions", "names the category itself")
    keywords = row.texts("specification", allowed=codes("category_specification"))
    return RuleMeaning(category, frozenset(map(Category, additions)), frozenset(keywords))


def _law(row: Table) -> Law:
    legal_ground = row.text("legal_ground")
    if len(legal_ground) > MAX_GROUND:
        raise row.fault("legal_ground", f"must be at most {MAX_GROUND} characters")
    return Law(row.slug("key"), row.text("text"), legal_ground, _meaning(row))


def _effect(row: Table) -> Effect:
    visibility = frozenset(map(Visibility, row.texts("visibility", allowed=list(Visibility))))
    provision = row.choice("provision", list(Provision)) if "provision" in row else None
    account = row.choice("account", list(AccountRestriction)) if "account" in row else None
    other = row.text("other", "")
    if not (visibility or provision or account):
        raise row.fault("visibility", "restricts nothing: name visibility, provision or account")
    if (Visibility.OTHER in visibility) != bool(other):
        raise row.fault("other", "says in words what DECISION_VISIBILITY_OTHER stands for, and only that")
    effect = Effect(
        Restrictions(
            visibility,
            other,
            Provision(provision) if provision else None,
            AccountRestriction(account) if account else None,
        ),
        row.text("done"),
    )
    row.finish()
    return effect
