"""Which decision may follow which status, and what a decision must say."""

import itertools

import pytest

from forum.domain.labels import Status
from forum.domain.moderation import (
    DEFAULT_REASONS,
    RESTRICTIONS,
    TRANSITIONS,
    Action,
    FlagReason,
    allowed_actions,
    checked_explanation,
    checked_reason,
    checked_rule,
    next_status,
)
from forum.errors import Invalid

ALLOWED = {
    (Status.PENDING, Action.APPROVE): Status.PUBLISHED,
    (Status.PENDING, Action.REJECT): Status.REJECTED,
    (Status.PUBLISHED, Action.HIDE): Status.HIDDEN,
    (Status.PUBLISHED, Action.KEEP): Status.PUBLISHED,
    (Status.HIDDEN, Action.RESTORE): Status.PUBLISHED,
    (Status.REJECTED, Action.RESTORE): Status.PUBLISHED,
}
EVERY = list(itertools.product(Status, Action))


@pytest.mark.parametrize(("status", "action"), ALLOWED, ids=str)
def test_a_legal_decision_leads_where_it_should(status: Status, action: Action) -> None:
    """Each of the six transitions, written out a second time."""
    assert next_status(status, action) is ALLOWED[status, action]


@pytest.mark.parametrize(("status", "action"), [pair for pair in EVERY if pair not in ALLOWED], ids=str)
def test_every_other_decision_is_refused_in_a_sentence(status: Status, action: Action) -> None:
    """What is not in the table cannot be decided, and the sentence names the status."""
    with pytest.raises(Invalid, match=f"This contribution is {status.value}, so it cannot"):
        next_status(status, action)


def test_what_is_offered_is_what_is_allowed() -> None:
    """The buttons of a case are the transitions of its status; nothing is kept that nobody flagged."""
    for status in Status:
        legal = {action for (before, action) in TRANSITIONS if before is status}
        assert set(allowed_actions(status, is_flagged=True)) == legal
        assert set(allowed_actions(status, is_flagged=False)) == legal - {Action.KEEP}


@pytest.mark.parametrize("action", sorted(RESTRICTIONS))
@pytest.mark.parametrize("reason", ["", "  ", "No.", "Off topic", "aaaaaaaaaaaaaaaaaaaaaaaa", "one two"])
def test_a_restriction_needs_a_sentence(action: Action, reason: str) -> None:
    """Less than three words or twenty characters is no reason."""
    with pytest.raises(Invalid) as caught:
        checked_reason(action, reason)
    assert caught.value.field == "reason"


@pytest.mark.parametrize("action", sorted(set(Action) - RESTRICTIONS))
def test_other_decisions_have_a_reason_of_their_own(action: Action) -> None:
    """Without a reason typed, the default stands; a typed one wins."""
    assert checked_reason(action, " ") == DEFAULT_REASONS[action]
    assert checked_reason(action, " It fits. ") == "It fits."


def test_a_reason_has_a_limit() -> None:
    """Over 4,000 characters is refused."""
    with pytest.raises(Invalid, match="4000"):
        checked_reason(Action.HIDE, "word " * 801)


def test_a_rule_is_one_of_the_groups_own() -> None:
    """A foreign key is refused; a restriction names one where the group has any."""
    assert checked_rule(Action.HIDE, "civil", ["civil"]) == "civil"
    assert checked_rule(Action.APPROVE, "", ["civil"]) is None
    assert checked_rule(Action.HIDE, "", []) is None
    for action, rule in ((Action.HIDE, "other"), (Action.APPROVE, "other"), (Action.REJECT, "")):
        with pytest.raises(Invalid) as caught:
            checked_rule(action, rule, ["civil"])
        assert caught.value.field == "rule"


@pytest.mark.parametrize("reason", [FlagReason.ILLEGAL, FlagReason.OTHER])
def test_some_flags_must_be_explained(reason: FlagReason) -> None:
    """'Illegal' and 'other' say nothing by themselves."""
    with pytest.raises(Invalid) as caught:
        checked_explanation(reason, "bad")
    assert caught.value.field == "explanation"
    assert checked_explanation(reason, "This names a person who is a private individual.")
    assert checked_explanation(FlagReason.SPAM, "") == ""
