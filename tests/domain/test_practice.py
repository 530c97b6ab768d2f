"""The terms of meetings and decisions."""

from datetime import UTC, datetime

import pytest

from forum.domain.practice import DeclarationsVisible, Practice, add_months, check_practice, read_practice
from forum.errors import Invalid


def test_what_is_stored_is_read_again() -> None:
    practice = Practice(30, 14, 60, 24, DeclarationsVisible.LISTED)
    assert read_practice(practice.to_json()) == practice


def test_a_group_without_terms_has_no_lead_times() -> None:
    """Lead times come from configuration alone: the product assumes none."""
    assert (read_practice({}).invitation_days, read_practice({"other": 1}).document_days) == (0, 0)


@pytest.mark.parametrize(
    ("practice", "field"),
    [
        (Practice(invitation_days=-1), "invitation_days"),
        (Practice(document_days=181), "document_days"),
        (Practice(quorum_percent=0), "quorum_percent"),
        (Practice(quorum_percent=101), "quorum_percent"),
        (Practice(renewal_months=61), "renewal_months"),
    ],
)
def test_numbers_that_make_no_sense_are_refused_at_their_field(practice: Practice, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_practice(practice)
    assert caught.value.field == field


def test_a_month_on_from_the_last_day_is_the_last_day() -> None:
    assert add_months(datetime(2024, 1, 31, tzinfo=UTC), 1) == datetime(2024, 2, 29, tzinfo=UTC)
    assert add_months(datetime(2024, 2, 29, tzinfo=UTC), 12) == datetime(2025, 2, 28, tzinfo=UTC)
