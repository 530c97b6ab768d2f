"""When a declaration of interests has to be filed anew."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.declarations import DeclarationState, due_again, state_of
from forum.domain.practice import MAX_RENEWAL_MONTHS, Practice

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
MONTHS = st.integers(1, MAX_RENEWAL_MONTHS)


@given(MOMENTS, st.integers(0, MAX_RENEWAL_MONTHS))
def test_whoever_filed_none_is_missing_whatever_the_charter_says(now: datetime, months: int) -> None:
    assert state_of(None, Practice(renewal_months=months), now) is DeclarationState.MISSING


@given(MOMENTS, MOMENTS)
def test_without_a_renewal_a_declaration_stays_in_force(filed_at: datetime, now: datetime) -> None:
    practice = Practice(renewal_months=0)
    assert due_again(filed_at, practice) is None
    assert state_of(filed_at, practice, now) is DeclarationState.VALID


@given(MOMENTS, MONTHS)
def test_it_runs_out_at_the_moment_at_which_it_is_due(filed_at: datetime, months: int) -> None:
    """Not a second before."""
    practice = Practice(renewal_months=months)
    due = due_again(filed_at, practice)
    assert due is not None
    assert state_of(filed_at, practice, due - timedelta(seconds=1)) is DeclarationState.VALID
    assert state_of(filed_at, practice, due) is DeclarationState.EXPIRED


@given(MOMENTS, MONTHS)
def test_a_shorter_renewal_is_never_due_later(filed_at: datetime, months: int) -> None:
    sooner = due_again(filed_at, Practice(renewal_months=months))
    later = due_again(filed_at, Practice(renewal_months=months + 1))
    assert sooner is not None
    assert later is not None
    assert filed_at < sooner < later


@pytest.mark.parametrize(
    ("filed", "months", "due"),
    [
        pytest.param((2026, 3, 2), 12, (2027, 3, 2), id="a year on, the same day"),
        pytest.param((2026, 8, 31), 6, (2027, 2, 28), id="the last day of a shorter month"),
        pytest.param((2028, 2, 29), 12, (2029, 2, 28), id="from a leap day"),
    ],
)
def test_the_day_is_that_of_the_calendar(
    filed: tuple[int, int, int], months: int, due: tuple[int, int, int]
) -> None:
    filed_at = datetime(*filed, 9, 30, tzinfo=UTC)
    assert due_again(filed_at, Practice(renewal_months=months)) == datetime(*due, 9, 30, tzinfo=UTC)
