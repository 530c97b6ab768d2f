"""Decisions from preparing to counting: what is refused with which sentence, and two who count at once."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.database import writing
from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction, AuditEntry
from forum.domain.ballots import Ballot, BallotState, Choice, Outcome, Procedure
from forum.domain.labels import Ceiling
from forum.domain.outbox import OutboxEntry
from forum.errors import ForumError, Invalid, NotAllowed, NotFound
from forum.richtext import render
from forum.services import ballots
from forum.services.actors import load_actor
from forum.services.ballots import BallotText
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.services.conftest import Sessions
from tests.services.test_votes import House

QUESTION = render("Shall it be adopted?", profile="post")


@pytest.fixture
def house(session: Session, build: Builder) -> House:
    return House(session, build, build.group(Ceiling.PUBLIC))


def prepared(house: House, **columns: object) -> Ballot:
    """A decision that chair and secretariat alone know of."""
    now = house.build.clock()
    values = {"title": "Adopt it?", "rendered": QUESTION, "closes_at": now + timedelta(days=7)} | columns
    chair = house.build.actor(house.chair)
    row = ballots.prepare_ballot(
        house.session,
        chair,
        house.group.slug,
        BallotText(**values),  # type: ignore[arg-type]
        now=now,
    )
    house.session.commit()
    return row


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        pytest.param({"rendered": render(" ", profile="post")}, "what is to be decided", id="no question"),
        pytest.param({"closes_at": None}, "until when seats can vote", id="in writing without an end"),
        pytest.param({"procedure": Procedure.MEETING}, "Choose the meeting", id="at no meeting"),
        pytest.param({"meeting_id": "a" * 13}, "no such meeting", id="at a meeting that is not there"),
        pytest.param({"version": "/papers/aaaaaaaaaaaaa"}, "no published paper", id="about no paper"),
        pytest.param({"time_zone": "Mars/Base"}, "time zone", id="a time zone of nowhere"),
        pytest.param({"stage_key": "nowhere"}, "no such stage", id="in a stage that is not there"),
    ],
)
def test_what_is_wrong_with_a_decision_is_said(house: House, columns: dict[str, object], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        prepared(house, **columns)


def test_what_is_prepared_is_read_by_chair_and_secretariat_alone(house: House, session: Session) -> None:
    row = prepared(house)
    for person in (house.people[0], None):
        with pytest.raises(NotFound):
            ballots.get_ballot(session, house.build.actor(person), house.group.slug, row.public_id)
    with pytest.raises(NotFound):
        ballots.get_ballot(session, house.build.actor(house.chair), "elsewhere", row.public_id)


def test_members_neither_prepare_nor_open_nor_close(
    house: House, session: Session, clock: StoppedClock
) -> None:
    member, slug = house.build.actor(house.people[0]), house.group.slug
    text = BallotText(title="Mine?", rendered=QUESTION, closes_at=clock() + timedelta(days=1))
    with pytest.raises(ForumError):
        ballots.prepare_ballot(session, member, slug, text, now=clock())
    row = house.open()
    for step in (ballots.close_ballot, ballots.withdraw_ballot):
        with pytest.raises(NotAllowed):
            step(session, member, slug, row.public_id, now=clock())


def test_it_is_opened_once_and_not_after_its_end(house: House, session: Session, clock: StoppedClock) -> None:
    chair, slug = house.build.actor(house.chair), house.group.slug
    row = house.open()
    with pytest.raises(Invalid, match="already"):
        ballots.open_ballot(session, chair, slug, row.public_id, now=clock())
    late = prepared(house)
    clock.advance(days=8)
    with pytest.raises(Invalid, match="yet to come"):
        ballots.open_ballot(session, chair, slug, late.public_id, now=clock())


def test_a_group_without_seats_decides_nothing(session: Session, build: Builder, clock: StoppedClock) -> None:
    house = House(session, build, build.group(Ceiling.PUBLIC), seats=0)
    row = prepared(house)
    with pytest.raises(Invalid, match="nobody could vote"):
        ballots.open_ballot(session, build.actor(house.chair), house.group.slug, row.public_id, now=clock())


def test_what_was_put_to_the_vote_stays_as_it_is(house: House, session: Session, clock: StoppedClock) -> None:
    row = house.open()
    text = BallotText(title="Another?", rendered=QUESTION, closes_at=clock() + timedelta(days=9))
    chair = house.build.actor(house.chair)
    with pytest.raises(NotAllowed, match="stays as it is"):
        ballots.change_ballot(session, chair, house.group.slug, row.public_id, text, now=clock())


def test_a_withdrawn_decision_has_no_outcome_and_is_over(
    house: House, session: Session, clock: StoppedClock
) -> None:
    """It takes no votes, is not counted by the worker, and cannot be withdrawn again."""
    chair, slug = house.build.actor(house.chair), house.group.slug
    row = house.open()
    ballots.withdraw_ballot(session, chair, slug, row.public_id, now=clock())
    session.commit()
    assert (row.state, row.outcome) == (BallotState.WITHDRAWN, None)
    with pytest.raises(Invalid, match="its time has passed"):
        house.vote(row, 0, Choice.AGREE)
    session.rollback()
    assert house.close(row, clock).state is BallotState.WITHDRAWN
    with pytest.raises(Invalid, match="over already"):
        ballots.withdraw_ballot(session, chair, slug, row.public_id, now=clock())


def test_the_outcome_is_said_once_it_is_closed(house: House, session: Session, clock: StoppedClock) -> None:
    chair, slug = house.build.actor(house.chair), house.group.slug
    row = house.open()
    with pytest.raises(Invalid, match="once it has closed"):
        ballots.state_outcome(session, chair, slug, row.public_id, QUESTION, now=clock())
    house.close(row, clock)
    with pytest.raises(Invalid, match="a sentence or two"):
        ballots.state_outcome(session, chair, slug, row.public_id, render("", profile="post"), now=clock())
    ballots.state_outcome(session, chair, slug, row.public_id, QUESTION, now=clock())
    assert row.outcome_text == "Shall it be adopted?"


def test_each_step_is_on_record_with_figures_and_no_words(
    house: House, session: Session, clock: StoppedClock
) -> None:
    row = house.open()
    house.vote(row, 0, Choice.AGREE)
    house.vote(row, 1, Choice.AGREE)
    house.close(row, clock)
    rows = session.scalars(
        sa.select(AuditEntry).where(AuditEntry.subject == row.public_id).order_by(AuditEntry.number)
    ).all()
    actions = [one.action for one in rows]
    assert actions == [
        AuditAction.BALLOT_OPENED,
        AuditAction.VOTE_GIVEN,
        AuditAction.VOTE_GIVEN,
        AuditAction.BALLOT_CLOSED,
    ]
    assert "adopted?" not in str([one.facts for one in rows])


def test_two_who_close_at_once_count_once(real_sessions: Sessions, clock: StoppedClock) -> None:
    """The chair presses while the worker comes: one outcome, one entry on record, one notice."""
    with real_sessions() as session:
        house = House(session, Builder(session, clock), Builder(session, clock).group(), seats=2)
        row = house.open()
        for number in range(2):
            house.vote(row, number, Choice.AGREE)
        slug, public_id, key, chair = house.group.slug, row.public_id, row.id, house.chair.id
    clock.advance(days=8)
    barrier, refused = threading.Barrier(4), []

    def press() -> None:
        with real_sessions() as session:
            barrier.wait()
            try:
                with writing(session):
                    actor = load_actor(session, chair, now=clock(), sealing_secret=SEALING)
                    ballots.close_ballot(session, actor, slug, public_id, now=clock())
            except Invalid as error:
                refused.append(error.message)

    def come() -> None:
        with real_sessions() as session:
            barrier.wait()
            with writing(session):
                ballots.keep_closing(session, key, now=clock())

    threads = [threading.Thread(target=one) for one in (press, come, press, come)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(refused) == {"This decision is not open."}
    with real_sessions() as session:
        row = session.get_one(Ballot, key)
        assert (row.state, row.outcome) == (BallotState.CLOSED, Outcome.CONSENSUS)
        closed = sa.select(AuditEntry.number).where(AuditEntry.action == AuditAction.BALLOT_CLOSED)
        assert len(session.scalars(closed).all()) == 1
        told = [
            one.payload
            for one in session.scalars(sa.select(OutboxEntry))
            if one.payload.get("subject_kind") == SubjectKind.BALLOT
            and one.payload.get("occasion") == "ballot:closed"
        ]
        assert len(told) == 1
