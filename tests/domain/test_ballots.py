"""Quorum, consensus and the majority of seats; the odd cases by property."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.ballots import (
    Ballot,
    BallotState,
    Choice,
    Outcome,
    Tally,
    find_outcome,
    is_open_for_votes,
    needed_for_majority,
    needed_for_quorum,
    tally_votes,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tally", "percent", "outcome"),
    [
        pytest.param(Tally(10, agree=5), 50, Outcome.CONSENSUS, id="nobody objects and quorum is there"),
        pytest.param(Tally(10, agree=4), 50, Outcome.NO_QUORUM, id="one seat short of the quorum"),
        pytest.param(Tally(9, agree=4), 50, Outcome.NO_QUORUM, id="half of an odd number is rounded up"),
        pytest.param(Tally(10, abstain=6), 50, Outcome.NOT_ADOPTED, id="where all abstain nobody agrees"),
        pytest.param(
            Tally(10, agree=1, abstain=9), 50, Outcome.CONSENSUS, id="abstention stops no consensus"
        ),
        pytest.param(
            Tally(10, agree=6, against=1), 50, Outcome.MAJORITY, id="an objection asks for a majority"
        ),
        pytest.param(Tally(10, agree=5, against=5), 50, Outcome.NOT_ADOPTED, id="a tie is no majority"),
        pytest.param(Tally(10, agree=5, against=1), 50, Outcome.NOT_ADOPTED, id="of seats, not of votes"),
        pytest.param(
            Tally(10, agree=6, agree_if_changed=1),
            50,
            Outcome.MAJORITY,
            id="wanting a change is an objection",
        ),
        pytest.param(Tally(3, silent=2), 50, Outcome.CONSENSUS, id="silence at a meeting agrees"),
        pytest.param(
            Tally(3, silent=2, against=1), 50, Outcome.NOT_ADOPTED, id="silence carries no majority"
        ),
        pytest.param(Tally(0), 50, Outcome.NO_QUORUM, id="a group whose seats all ended decides nothing"),
    ],
)
def test_outcome(tally: Tally, percent: int, outcome: Outcome) -> None:
    assert find_outcome(tally, percent) is outcome


SEATS = st.frozensets(st.integers(1, 40), max_size=40)
VOTES = st.dictionaries(st.integers(1, 60), st.sampled_from(Choice), max_size=60)


@given(votes=VOTES, entitled=SEATS, present=SEATS, percent=st.integers(1, 100))
def test_majority_and_quorum_are_of_the_seats_entitled(
    votes: dict[int, Choice], entitled: frozenset[int], present: frozenset[int], percent: int
) -> None:
    """Whatever is sent, nothing counts twice, nobody from outside counts, and half is never enough."""
    tally = tally_votes(votes, entitled, present)
    assert tally.taking_part <= tally.entitled == len(entitled)
    outcome = find_outcome(tally, percent)
    if outcome is Outcome.MAJORITY:
        assert tally.in_favour * 2 > len(entitled)
        assert tally.objections
    if outcome is Outcome.CONSENSUS:
        assert tally.objections == 0
    if outcome is not Outcome.NO_QUORUM:
        assert tally.taking_part * 100 >= percent * len(entitled)
    outsiders = dict.fromkeys(range(100, 140), Choice.AGREE)
    assert tally_votes(votes | outsiders, entitled, present) == tally


@given(votes=VOTES, entitled=SEATS, percent=st.integers(1, 100), seat=st.integers(1, 40))
def test_one_more_seat_in_favour_never_undoes_what_was_adopted(
    votes: dict[int, Choice], entitled: frozenset[int], percent: int, seat: int
) -> None:
    before = find_outcome(tally_votes(votes, entitled, frozenset()), percent)
    after = find_outcome(tally_votes(votes | {seat: Choice.AGREE}, entitled, frozenset()), percent)
    if before in {Outcome.CONSENSUS, Outcome.MAJORITY}:
        assert after in {Outcome.CONSENSUS, Outcome.MAJORITY}


@given(entitled=st.integers(1, 500))
def test_two_opposite_majorities_are_impossible(entitled: int) -> None:
    assert needed_for_majority(entitled) * 2 > entitled
    assert needed_for_quorum(entitled, 100) == entitled


@given(entitled=st.integers(1, 500), percent=st.integers(1, 100))
def test_a_quorum_is_the_least_number_of_seats_that_reaches_the_percentage(
    entitled: int, percent: int
) -> None:
    """One seat fewer would not; it is never none, and never more than there are."""
    needed = needed_for_quorum(entitled, percent)
    assert 1 <= needed <= entitled
    assert needed * 100 >= entitled * percent > (needed - 1) * 100


def test_the_closing_time_is_the_last_moment_and_not_when_the_worker_comes() -> None:
    ballot = Ballot(state=BallotState.OPEN, closes_at=NOW)
    assert is_open_for_votes(ballot, NOW)
    assert not is_open_for_votes(ballot, NOW + timedelta(microseconds=1))
    ballot.state = BallotState.CLOSED
    assert not is_open_for_votes(ballot, NOW)
