"""Statements of reasons: whatever can be built is valid, and what would not be cannot be built."""

import copy
import itertools
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from forum.domain.moderation import RESTRICTIONS, Action
from forum.domain.statement_rules import StatementRules, load_statement_rules
from forum.domain.statement_schema import codes, find_faults
from forum.domain.statements import (
    AccountRestriction,
    Category,
    Illegal,
    Incompatible,
    Provision,
    Restrictions,
    SourceType,
    StatementOfReasons,
    Visibility,
)
from forum.errors import Invalid

DAY = date(2026, 3, 2)
RULES: StatementRules = load_statement_rules(config.CONFIG_DIR / "statements.toml")
EFFECTS = [(action, is_platform) for action in sorted(RESTRICTIONS) for is_platform in (False, True)]
EXPLANATION = "It repeats the same claim without a source."


def make(**changes: Any) -> StatementOfReasons:
    values: dict[str, Any] = {
        "puid": "abcdefghijklm",
        "ground": Incompatible("Rule of the working group: Argue with the point.", EXPLANATION),
        "restrictions": Restrictions(frozenset({Visibility.DISABLED})),
        "category": Category.OTHER_TERMS,
        "facts": "A post was removed from view.",
        "source": SourceType.VOLUNTARY,
        "content_date": DAY,
        "application_date": DAY,
    }
    return StatementOfReasons(**(values | changes))


@pytest.mark.parametrize(
    ("ours", "name"),
    [
        (Category, "category"),
        (Visibility, "decision_visibility"),
        (Provision, "decision_provision"),
        (AccountRestriction, "decision_account"),
        (SourceType, "source_type"),
    ],
)
def test_our_names_are_the_schemas(ours: Any, name: str) -> None:
    """No code is missing, and none is ours alone."""
    assert {member.value for member in ours} == codes(name)


def test_every_rule_and_decision_of_the_configuration_makes_a_valid_statement() -> None:
    """Each rule, law and unknown key x each restriction x each source, with and without an end."""
    keys = [None, "a-rule-of-the-web", *RULES.rules, *RULES.laws]
    count = 0
    for key, (action, is_platform), source, days in itertools.product(
        keys, EFFECTS, SourceType, (None, 0, 90)
    ):
        until = DAY + timedelta(days=days) if days is not None and action is Action.SUSPEND else None
        effect = RULES.effect_of(action, is_platform=is_platform, until=until)
        meaning = RULES.meaning_of(key)
        statement = make(
            ground=RULES.ground_of(key, "Argue with the point.", EXPLANATION),
            restrictions=effect.restrictions,
            category=meaning.category,
            additions=meaning.additions,
            specification=meaning.specification,
            facts=f"A post {effect.done}.",
            source=source,
        )
        assert find_faults(statement.fields()) == []
        count += 1
    assert count > 400


DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))
TEXTS = st.text("abc déß\n,.", min_size=1, max_size=600)
GROUNDS = st.one_of(
    st.builds(Illegal, TEXTS, TEXTS),
    st.builds(Incompatible, TEXTS, TEXTS, st.sampled_from([None, True, False])),
)


@given(
    ground=GROUNDS,
    visibility=st.frozensets(st.sampled_from(Visibility)),
    other=st.sampled_from(["", "Moved to another place."]),
    provision=st.none() | st.sampled_from(Provision),
    account=st.none() | st.sampled_from(AccountRestriction),
    until=st.none() | DAYS,
    category=st.sampled_from(Category),
    additions=st.frozensets(st.sampled_from(Category), max_size=3),
    specification=st.frozensets(st.sampled_from(sorted(codes("category_specification"))), max_size=3),
    source=st.sampled_from(SourceType),
    content_date=st.dates(date(1990, 1, 1), date(2030, 1, 1)),
    application_date=DAYS,
    language=st.sampled_from([None, "en", "de", "el"]),
    facts=TEXTS,
)
def test_what_can_be_built_is_valid(
    other: str, visibility: Any, provision: Any, account: Any, until: Any, **values: Any
) -> None:
    """Any combination of values: either refused with a sentence, or taken by the schema."""
    try:
        restrictions = Restrictions(visibility, other, provision, account, until)
        fields = make(restrictions=restrictions, **values).fields()
    except Invalid:
        return
    assert find_faults(fields) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"puid": ""}, "puid"),
        ({"puid": "no spaces allowed"}, "puid"),
        ({"facts": " "}, "decision_facts"),
        ({"facts": "x" * 5001}, "decision_facts is too long"),
        ({"ground": Incompatible("A rule.", " ")}, "incompatible_content_explanation"),
        ({"ground": Incompatible("A rule.", "x" * 2001)}, "too long"),
        ({"ground": Incompatible("", EXPLANATION)}, "incompatible_content_ground"),
        ({"ground": Illegal("", EXPLANATION)}, "illegal_content_legal_ground"),
        ({"ground": Illegal("A law.", "")}, "illegal_content_explanation"),
        ({"ground": Incompatible("A rule.", "Write to jo@members.example.")}, "e-mail address"),
        ({"facts": "Said by @jo-doe in a discussion."}, "handle"),
        ({"specification": frozenset({"KEYWORD_NONE"})}, "no keyword"),
        ({"additions": frozenset({Category.OTHER_TERMS})}, "not added to itself"),
        ({"application_date": date(2039, 1, 1)}, "application_date"),
        ({"language": "eng"}, "content_language"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else str(value),
)
def test_an_invalid_statement_cannot_be_built(changes: dict[str, Any], words: str) -> None:
    """Each with a sentence that says what is wrong."""
    with pytest.raises(Invalid, match=words):
        make(**changes)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"visibility": frozenset({Visibility.OTHER})},
        {"visibility": frozenset({Visibility.DISABLED}), "visibility_other": "Something else."},
    ],
)
def test_restrictions_that_restrict_nothing_cannot_be_built(values: dict[str, Any]) -> None:
    """Nor another one without words, nor words without another one."""
    with pytest.raises(Invalid):
        Restrictions(**values)


@pytest.mark.parametrize("until", [date(2026, 3, 1), date(2039, 1, 1)])
def test_a_restriction_ends_after_it_begins(until: date) -> None:
    """Not before, and within what the schema knows."""
    with pytest.raises(Invalid, match="ends after it begins"):
        make(restrictions=Restrictions(account=AccountRestriction.SUSPENDED, until=until))


VALID = make(
    ground=Incompatible("A rule.", EXPLANATION, is_also_illegal=False),
    restrictions=Restrictions(
        frozenset({Visibility.OTHER}), "Moved.", provision=Provision.PARTIAL_SUSPENSION, until=DAY
    ),
    language="en",
    specification=frozenset({"KEYWORD_OTHER"}),
).fields()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        *[({name: None}, f"{name} is missing") for name in ("category", "puid", "automated_detection")],
        ({"category": "SOMETHING"}, "category cannot be"),
        ({"decision_visibility": "DECISION_VISIBILITY_OTHER"}, "must be a list"),
        ({"category": ["STATEMENT_CATEGORY_VIOLENCE"]}, "must be one value"),
        ({"decision_visibility": [1]}, "must be text"),
        ({"decision_visibility_other": None}, "is needed with DECISION_VISIBILITY_OTHER"),
        ({"decision_monetary_other": "Something."}, "only for DECISION_MONETARY_OTHER"),
        ({"illegal_content_explanation": "It is."}, "only for DECISION_GROUND_ILLEGAL_CONTENT"),
        ({"incompatible_content_ground": None}, "is needed with DECISION_GROUND_INCOMPATIBLE"),
        ({"decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT"}, "incompatible_content_illegal is only"),
        ({"source_identity": "A body"}, "source_identity is only"),
        ({"content_date": "soon"}, "must be a day"),
        ({"content_date": "1999-12-31"}, "outside"),
        ({"end_date_account_restriction": "2026-04-01"}, "needs decision_account"),
        ({"decision_ground_reference_url": "not a URL"}, "must be a URL"),
        ({"author": "Somebody"}, "no field of the schema"),
        ({"decision_visibility": None, "decision_provision": None}, "is needed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_schema_finds_every_fault(changes: dict[str, Any], words: str) -> None:
    """A valid statement with one thing changed (None: taken out)."""
    assert find_faults(VALID) == []
    fields = copy.deepcopy(VALID) | changes
    fields = {name: value for name, value in fields.items() if value is not None}
    assert any(words in fault for fault in find_faults(fields)), find_faults(fields)
