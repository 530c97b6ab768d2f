"""Which decision may follow which status, and what a decision must say."""

import itertools
from datetime import date

import pytest

from forum.domain.labels import Status
from forum.domain.moderation import (
    DEFAULT_REASONS,
    FURTHER,
    MAX_EXPLANATION,
    REASONED,
    TRANSITIONS,
    Action,
    FlagReason,
    allowed_actions,
    checked_explanation,
    checked_reason,
    checked_rule,
    checked_until,
    further_actions,
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


@pytest.mark.parametrize("action", sorted(REASONED))
@pytest.mark.parametrize("reason", ["", "  ", "No.", "Off topic", "aaaaaaaaaaaaaaaaaaaaaaaa", "one two"])
def test_a_restriction_needs_a_sentence(action: Action, reason: str) -> None:
    """Less than three words or twenty characters is no reason."""
    with pytest.raises(Invalid) as caught:
        checked_reason(action, reason)
    assert caught.value.field == "reason"


@pytest.mark.parametrize("action", sorted(set(Action) - REASONED))
def test_other_decisions_have_a_reason_of_their_own(action: Action) -> None:
    """Without a reason typed, the default stands; a typed one wins."""
    assert checked_reason(action, " ") == DEFAULT_REASONS[action]
    assert checked_reason(action, " It fits. ") == "It fits."


def test_a_reason_has_a_limit() -> None:
    """Over 2,000 characters, which is what the schema of statements takes, is refused."""
    with pytest.raises(Invalid, match="2000"):
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


@pytest.mark.parametrize("reason", [FlagReason.SUSPECTED, FlagReason.VICTIM])
def test_what_may_not_be_shown_is_not_described(reason: FlagReason) -> None:
    """Whatever was written in explanation of such a flag is not kept."""
    assert checked_explanation(reason, "This names a person who is a private individual.") == ""


def test_an_explanation_has_a_limit() -> None:
    """One letter over it is refused."""
    most = ("word " * MAX_EXPLANATION)[:MAX_EXPLANATION].rstrip().ljust(MAX_EXPLANATION, "x")
    assert checked_explanation(FlagReason.OTHER, most) == most
    with pytest.raises(Invalid) as caught:
        checked_explanation(FlagReason.OTHER, most + "x")
    assert caught.value.field == "explanation"


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize(("is_post", "is_opening"), [(True, True), (True, False), (False, False)])
@pytest.mark.parametrize("is_locked", [False, True])
def test_what_is_offered_beside_the_status(
    status: Status, is_post: bool, is_opening: bool, is_locked: bool
) -> None:
    """What is about a discussion goes through its opening post; a reply alone is split off; nothing twice."""
    found = set(further_actions(status, is_post=is_post, is_opening=is_opening, is_locked=is_locked))
    assert all(status in FURTHER[action] for action in found)
    if not is_opening:
        assert not found & {Action.LOCK, Action.UNLOCK, Action.MOVE, Action.MERGE}
    assert (Action.SPLIT in found) == (status is Status.PUBLISHED and is_post and not is_opening)
    assert not {Action.LOCK, Action.UNLOCK} <= found
    if status in {Status.DRAFT, Status.RECEIVED, Status.WITHDRAWN}:
        assert not found


@pytest.mark.parametrize(
    ("until", "words"),
    [
        (None, "until which day"),
        (date(2026, 3, 1), "today at the earliest"),
        (date(2028, 1, 1), "within a year"),
    ],
    ids=["none", "past", "too far"],
)
def test_a_suspension_has_an_end_within_a_year(until: date | None, words: str) -> None:
    """Without a day, in the past or beyond a year it is refused at its field."""
    with pytest.raises(Invalid, match=words) as caught:
        checked_until(until, date(2026, 3, 2))
    assert caught.value.field == "until"
    assert checked_until(date(2026, 3, 2), date(2026, 3, 2)) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("Write to jo@members.example about this.", "e-mail address"),
        ("Call +32 2 555 01 23 about this text.", "telephone number"),
        ("What @jo-example wrote attacks a person.", "handle"),
    ],
)
def test_no_reason_holds_personal_data(reason: str, words: str) -> None:
    """Whatever the decision, since the public log shows it."""
    for action in (Action.HIDE, Action.APPROVE):
        with pytest.raises(Invalid, match=words) as caught:
            checked_reason(action, reason)
        assert caught.value.field == "reason"
