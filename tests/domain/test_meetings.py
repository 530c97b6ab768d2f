"""The lead times of a meeting, and until when its minutes take corrections."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.meetings import (
    ATTENDING,
    AttendanceState,
    Meeting,
    MinutesState,
    convene_by,
    documents_by,
    is_after,
    takes_remarks,
)
from forum.domain.practice import MAX_LEAD_DAYS, Practice

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


def test_without_lead_times_nothing_is_late() -> None:
    """The product assumes none: they come from the charter."""
    meeting = Meeting(starts_at=NINE)
    assert (convene_by(meeting, Practice()), documents_by(meeting, Practice())) == (None, None)
    assert not is_after(NINE, None)


@given(MOMENTS, st.integers(1, MAX_LEAD_DAYS), st.integers(1, MAX_LEAD_DAYS))
def test_lead_times_count_whole_days_back_from_the_beginning(
    starts_at: datetime, invitation: int, documents: int
) -> None:
    """The last moment is still in time; whichever is longer is due first."""
    practice = Practice(invitation_days=invitation, document_days=documents)
    meeting = Meeting(starts_at=starts_at)
    convene, papers = convene_by(meeting, practice), documents_by(meeting, practice)
    assert convene is not None
    assert papers is not None
    assert starts_at - convene == timedelta(days=invitation)
    assert (convene <= papers) == (invitation >= documents)
    assert not is_after(convene, convene)
    assert is_after(convene + timedelta(seconds=1), convene)


@pytest.mark.parametrize("state", list(MinutesState))
def test_only_circulated_minutes_take_corrections(state: MinutesState) -> None:
    meeting = Meeting(minutes_state=state, remarks_until=NINE)
    assert takes_remarks(meeting, NINE) == (state is MinutesState.CIRCULATED)


@given(MOMENTS)
def test_corrections_are_taken_until_the_last_moment_and_never_without_a_date(moment: datetime) -> None:
    meeting = Meeting(minutes_state=MinutesState.CIRCULATED, remarks_until=NINE)
    assert takes_remarks(meeting, moment) == (moment <= NINE)
    meeting.remarks_until = None
    assert not takes_remarks(meeting, moment)


def test_whoever_sent_an_alternate_was_there_and_who_watched_was_not() -> None:
    assert {AttendanceState.PRESENT, AttendanceState.ALTERNATE} == ATTENDING
