"""Appeals: which step may follow which state, until when, and what must be said."""

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.appeals import (
    APPEALABLE,
    STEPS,
    AppealState,
    Side,
    Step,
    appealable_until,
    checked_answer,
    checked_appeal,
    next_state,
)
from forum.domain.moderation import RESTRICTIONS, Action
from forum.errors import Invalid

ALLOWED = {
    (AppealState.FILED, Step.TAKE): AppealState.TAKEN,
    (AppealState.TAKEN, Step.GIVE_BACK): AppealState.FILED,
    (AppealState.TAKEN, Step.UPHOLD): AppealState.UPHELD,
    (AppealState.TAKEN, Step.REJECT): AppealState.REJECTED,
    (AppealState.FILED, Step.WITHDRAW): AppealState.WITHDRAWN,
    (AppealState.TAKEN, Step.WITHDRAW): AppealState.WITHDRAWN,
}
EVERY = list(itertools.product(AppealState, Step))


@pytest.mark.parametrize(("state", "step"), ALLOWED, ids=str)
def test_a_legal_step_leads_where_it_should(state: AppealState, step: Step) -> None:
    """Each of the six, written out a second time."""
    assert next_state(state, step) is ALLOWED[state, step]


@pytest.mark.parametrize(("state", "step"), [pair for pair in EVERY if pair not in ALLOWED], ids=str)
def test_every_other_step_is_refused_in_a_sentence(state: AppealState, step: Step) -> None:
    """The sentence names the state; nothing leads out of what is closed."""
    with pytest.raises(Invalid, match=f"This appeal is {state.value}, so that cannot"):
        next_state(state, step)


def test_nothing_is_decided_that_nobody_took() -> None:
    """Both decisions come from TAKEN alone, and closed appeals stay closed."""
    assert {state for state, step in STEPS if step in {Step.UPHOLD, Step.REJECT}} == {AppealState.TAKEN}
    closed = {AppealState.UPHELD, AppealState.REJECTED, AppealState.WITHDRAWN}
    assert not {state for state, _ in STEPS} & closed


def test_against_what_each_side_appeals() -> None:
    """The author against every restriction; whoever flagged against nothing having been done."""
    assert APPEALABLE[Side.AUTHOR] >= RESTRICTIONS
    assert APPEALABLE[Side.FLAGGER] == {Action.KEEP}
    assert not APPEALABLE[Side.AUTHOR] & {Action.OVERTURN, Action.UNDO, Action.APPROVE}


@pytest.mark.parametrize(
    ("decided", "until"),
    [("2026-01-31", "2026-07-31"), ("2025-08-31", "2026-02-28"), ("2026-12-01", "2027-06-01")],
)
def test_six_months(decided: str, until: str) -> None:
    """The same day six months later, or the last of a shorter month."""
    assert appealable_until(datetime.fromisoformat(decided).replace(tzinfo=UTC)).date().isoformat() == until


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))
def test_six_months_are_about_half_a_year(decided: datetime) -> None:
    """Whatever the day."""
    assert 181 <= (appealable_until(decided) - decided).days <= 184


@pytest.mark.parametrize("reason", ["", "No.", "word " * 1000])
def test_an_appeal_is_at_least_a_sentence(reason: str) -> None:
    """And not a book; the complaint is at the field."""
    with pytest.raises(Invalid) as caught:
        checked_appeal(reason)
    assert caught.value.field == "reason"
    assert checked_appeal(" I did give a source. ") == "I did give a source."


@pytest.mark.parametrize("answer", ["", "No.", "word " * 500, "Write to jo@members.example for more."])
def test_an_answer_gives_reasons_and_no_personal_data(answer: str) -> None:
    """Both sides read it."""
    with pytest.raises(Invalid) as caught:
        checked_answer(answer)
    assert caught.value.field == "answer"
    assert checked_answer("The source is there, in the footnote.")
