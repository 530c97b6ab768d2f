"""Votes by seat: who gives one, what counts, and what is refused with which sentence."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.database import writing
from forum.domain.accounts import Account
from forum.domain.attribution import Attribution
from forum.domain.ballots import Ballot, BallotState, Choice, FormerVote, Outcome, Vote
from forum.domain.groups import Group, GroupRole, Membership, Seat
from forum.domain.labels import Ceiling, Tlp
from forum.errors import Invalid, NotAllowed, NotFound
from forum.richtext import render
from forum.services import ballots, votes
from forum.services.actors import load_actor
from forum.services.ballots import BallotText
from forum.services.labels import relabel
from forum.services.memberships import end_memberships, end_seat
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.services.conftest import Sessions

WHY = "It leaves out **small** services."


class House:
    """A group with a chair and some seats of organisations, each with a representative."""

    def __init__(self, session: Session, build: Builder, group: Group, seats: int = 4) -> None:
        self.session, self.build, self.group = session, build, group
        self.chair = build.member(group, role=GroupRole.CHAIR)
        self.seats: list[Seat] = []
        self.people: list[Account] = []
        for number in range(seats):
            seat = build.seat(group, build.organisation(f"Example Body of seat {number}"))
            self.seats.append(seat)
            self.people.append(build.member(group, seat=seat))

    def open(self, **columns: object) -> Ballot:
        """A decision that is open for a week."""
        now = self.build.clock()
        values = {
            "title": "Adopt the opinion?",
            "rendered": render("Shall it be adopted?", profile="post"),
            "closes_at": now + timedelta(days=7),
        } | columns
        chair = self.build.actor(self.chair)
        text = BallotText(**values)  # type: ignore[arg-type]
        row = ballots.prepare_ballot(self.session, chair, self.group.slug, text, now=now)
        ballots.open_ballot(self.session, chair, self.group.slug, row.public_id, now=now)
        self.session.commit()
        return row

    def vote(
        self,
        ballot: Ballot,
        number: int,
        choice: Choice,
        *,
        person: Account | None = None,
        reason: str = "",
        is_annexed: bool = True,
    ) -> None:
        """A seat says something, by its representative or somebody else."""
        actor = self.build.actor(person or self.people[number])
        votes.give_vote(
            self.session,
            actor,
            self.group.slug,
            ballot.public_id,
            seat_public_id=self.seats[number].public_id,
            choice=choice,
            reason=render(reason, profile="post"),
            is_annexed=is_annexed,
            received_at=self.build.clock(),
            now=self.build.clock(),
        )
        self.session.commit()

    def close(self, ballot: Ballot, clock: StoppedClock) -> Ballot:
        """The worker comes after the closing time."""
        clock.advance(days=8)
        ballots.keep_closing(self.session, ballot.id, now=clock())
        self.session.commit()
        return ballot


@pytest.fixture
def house(session: Session, build: Builder) -> House:
    return House(session, build, build.group(Ceiling.PUBLIC))


def test_silence_beyond_the_quorum_is_consensus_where_nobody_objects(
    house: House, clock: StoppedClock
) -> None:
    ballot = house.open()
    house.vote(ballot, 0, Choice.AGREE)
    house.vote(ballot, 1, Choice.NO_OBJECTION)
    assert house.close(ballot, clock).outcome is Outcome.CONSENSUS


def test_an_objection_with_reasons_stops_consensus_and_is_annexed(
    house: House, clock: StoppedClock, session: Session
) -> None:
    """A majority of the seats still carries it; dissent and abstention stand beside it for every reader."""
    ballot = house.open()
    for number in range(3):
        house.vote(ballot, number, Choice.AGREE)
    house.vote(ballot, 3, Choice.AGAINST, reason=WHY)
    assert house.close(ballot, clock).outcome is Outcome.MAJORITY
    seen = votes.load_votes(session, house.build.actor(None), house.group, ballot)
    [statement] = seen.annex
    assert statement.choice is Choice.AGAINST
    assert "<strong>small</strong>" in statement.reason
    assert seen.lines == []
    assert statement.seat is not None
    assert statement.seat.named == []


def test_reasons_that_a_seat_does_not_want_annexed_stay_in_the_group(
    house: House, clock: StoppedClock, session: Session
) -> None:
    ballot = house.open()
    house.vote(ballot, 0, Choice.AGAINST, reason=WHY, is_annexed=False)
    house.close(ballot, clock)
    assert votes.load_votes(session, house.build.actor(None), house.group, ballot).annex == []
    inside = votes.load_votes(session, house.build.actor(house.people[1]), house.group, ballot)
    assert any(line.reason for line in inside.lines)


def test_a_quorum_that_is_not_reached_decides_nothing(house: House, clock: StoppedClock) -> None:
    ballot = house.open()
    house.vote(ballot, 0, Choice.AGREE)
    assert house.close(ballot, clock).outcome is Outcome.NO_QUORUM


def test_a_vote_after_the_closing_time_is_refused_though_the_worker_has_not_come(
    house: House, clock: StoppedClock
) -> None:
    ballot = house.open()
    clock.advance(days=7, seconds=1)
    with pytest.raises(Invalid, match="its time has passed"):
        house.vote(ballot, 0, Choice.AGREE)


def test_an_objection_needs_reasons(house: House) -> None:
    ballot = house.open()
    for choice in (Choice.AGAINST, Choice.AGREE_IF_CHANGED):
        with pytest.raises(Invalid, match="Write why") as caught:
            house.vote(ballot, 0, choice)
        assert caught.value.field == "reason"


def test_observers_do_not_vote(house: House, build: Builder, session: Session) -> None:
    """Neither one without a seat nor one on a seat; such a seat has no vote."""
    seat = build.seat(house.group, build.organisation())
    on_seat = build.member(house.group, role=GroupRole.OBSERVER, seat=seat)
    loose = build.member(house.group, role=GroupRole.OBSERVER)
    ballot = house.open()
    assert len(votes.list_entitled(session, ballot)) == 4
    for person in (on_seat, loose):
        with pytest.raises(NotAllowed, match="Observers take part and do not vote"):
            house.vote(ballot, 0, Choice.AGREE, person=person)


def test_nobody_votes_for_a_seat_of_others(house: House, build: Builder) -> None:
    """Not another representative, not the chair, not a colleague of the body without a role."""
    ballot = house.open()
    colleague = build.account()
    organisation_id = house.seats[0].organisation_id
    assert organisation_id is not None
    build.mandate(colleague, house.session.get_one(type(build.organisation()), organisation_id))
    for person in (house.people[1], house.chair, colleague):
        with pytest.raises(NotAllowed):
            house.vote(ballot, 0, Choice.AGREE, person=person)


def test_an_alternate_votes_for_the_seat_and_there_is_one_vote(
    house: House, build: Builder, session: Session
) -> None:
    """Whoever comes last; what the seat said before is kept as history."""
    alternate = build.member(house.group, seat=house.seats[0], is_alternate=True)
    ballot = house.open()
    house.vote(ballot, 0, Choice.AGREE)
    house.vote(ballot, 0, Choice.ABSTAIN, person=alternate, reason="Not enough time.")
    [vote] = session.scalars(sa.select(Vote)).all()
    assert (vote.choice, vote.changes, vote.account_id) == (Choice.ABSTAIN, 1, alternate.id)
    [former] = session.scalars(sa.select(FormerVote)).all()
    assert former.choice is Choice.AGREE


def test_a_seat_that_lost_its_representative_keeps_its_vote_and_counts(
    house: House, clock: StoppedClock, session: Session
) -> None:
    """What was said for it stands; it counts for quorum and majority, and nobody changes its vote."""
    ballot = house.open()
    house.vote(ballot, 0, Choice.AGREE)
    house.vote(ballot, 1, Choice.AGREE)
    held = session.scalars(sa.select(Membership).where(Membership.account_id == house.people[0].id)).all()
    end_memberships(session, held, now=clock())
    session.commit()
    with pytest.raises(NotAllowed):
        house.vote(ballot, 0, Choice.AGAINST, reason=WHY)
    house.close(ballot, clock)
    assert (ballot.tally["entitled"], ballot.tally["agree"]) == (4, 2)
    assert ballot.outcome is Outcome.CONSENSUS


def test_a_seat_that_ended_counts_neither_for_nor_against(
    house: House, clock: StoppedClock, session: Session
) -> None:
    ballot = house.open()
    house.vote(ballot, 0, Choice.AGAINST, reason=WHY)
    house.vote(ballot, 1, Choice.AGREE)
    house.vote(ballot, 2, Choice.AGREE)
    end_seat(session, house.group, house.seats[0].public_id, now=clock())
    session.commit()
    house.close(ballot, clock)
    assert (ballot.tally["entitled"], ballot.tally["against"]) == (3, 0)
    assert ballot.outcome is Outcome.CONSENSUS
    assert votes.load_votes(session, house.build.actor(None), house.group, ballot).annex == []


def test_a_seat_given_after_the_opening_has_no_vote(house: House, build: Builder) -> None:
    ballot = house.open()
    house.seats.append(build.seat(house.group, build.organisation()))
    house.people.append(build.member(house.group, seat=house.seats[4]))
    with pytest.raises(Invalid, match="no vote in it"):
        house.vote(ballot, 4, Choice.AGREE)


def test_a_written_procedure_is_not_cut_short(house: House, session: Session, clock: StoppedClock) -> None:
    """Before its time it closes only when every seat has voted."""
    ballot = house.open()
    chair = house.build.actor(house.chair)
    with pytest.raises(Invalid, match="until the closing time"):
        ballots.close_ballot(session, chair, house.group.slug, ballot.public_id, now=clock())
    session.rollback()
    for number in range(4):
        house.vote(ballot, number, Choice.AGREE)
    ballots.close_ballot(session, chair, house.group.slug, ballot.public_id, now=clock())
    assert ballot.state is BallotState.CLOSED


def test_closing_twice_changes_nothing(house: House, session: Session, clock: StoppedClock) -> None:
    """The worker may come twice: the first count stands."""
    ballot = house.close(house.open(), clock)
    closed_at = ballot.closed_at
    clock.advance(days=1)
    ballots.keep_closing(session, ballot.id, now=clock())
    assert ballot.closed_at == closed_at


def test_the_result_is_read_by_whoever_reads_the_text(
    house: House, build: Builder, session: Session, clock: StoppedClock
) -> None:
    """A decision that members took is published with the opinion, and follows its label later."""
    version = build.paper(house.group, house.people[0], title="Opinion", tlp=Tlp.CLEAR)
    address = session.scalar(sa.text("SELECT public_id FROM paper"))
    ballot = house.open(version=f"/papers/{address}/v/1", tlp=Tlp.RED)
    visitor = build.actor(None)
    with pytest.raises(NotFound):
        ballots.get_ballot(session, visitor, house.group.slug, ballot.public_id)
    house.vote(ballot, 0, Choice.AGREE)
    house.close(ballot, clock)
    assert ballots.get_ballot(session, visitor, house.group.slug, ballot.public_id).row is ballot
    version.tlp = Tlp.AMBER
    relabel(session, house.group, version, now=clock())
    with pytest.raises(NotFound):
        ballots.get_ballot(session, visitor, house.group.slug, ballot.public_id)


def test_under_the_chatham_house_rule_nobody_is_told_which_seat_said_what(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """Neither the page, nor the stored account, nor the record says it; a dissent is annexed unnamed."""
    house = House(session, build, build.group(Ceiling.PUBLIC, attribution=Attribution.CHATHAM_HOUSE))
    ballot = house.open()
    house.vote(ballot, 0, Choice.AGAINST, reason=WHY)
    house.vote(ballot, 1, Choice.AGREE)
    house.close(ballot, clock)
    for reader in (house.chair, house.people[2], None):
        seen = votes.load_votes(session, build.actor(reader), house.group, ballot)
        assert seen.lines == []
        assert [one.seat for one in seen.annex] == [None]
    assert set(session.scalars(sa.select(Vote.account_id))) == {None}
    rows = session.execute(
        sa.text("SELECT actor, facts FROM audit_entry WHERE action = 'ballot.vote_given'")
    ).all()
    assert rows
    for actor, facts in rows:
        assert actor is None
        assert all(seat.public_id not in facts for seat in house.seats)


def test_a_double_vote_in_twenty_parallel_requests_is_one_vote(
    real_sessions: Sessions, clock: StoppedClock
) -> None:
    """Representative and alternate press at once, ten times each: one row, counted once."""
    with real_sessions() as session:
        build = Builder(session, clock)
        house = House(session, build, build.group(), seats=2)
        alternate = build.member(house.group, seat=house.seats[0], is_alternate=True)
        ballot = house.open()
        people = [house.people[0].id, alternate.id] * 10
        slug, ballot_id, seat = house.group.slug, ballot.public_id, house.seats[0].public_id
    barrier = threading.Barrier(len(people))
    done: list[int] = []

    def press(person: int, number: int) -> None:
        with real_sessions() as session:
            barrier.wait()
            with writing(session):
                actor = load_actor(session, person, now=clock(), sealing_secret=SEALING)
                votes.give_vote(
                    session,
                    actor,
                    slug,
                    ballot_id,
                    seat_public_id=seat,
                    choice=(Choice.AGREE, Choice.NO_OBJECTION)[number % 2],
                    reason=render("", profile="post"),
                    is_annexed=False,
                    received_at=clock(),
                    now=clock(),
                )
            done.append(number)

    threads = [threading.Thread(target=press, args=(one, n)) for n, one in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == len(people)
    with real_sessions() as session:
        [vote] = session.scalars(sa.select(Vote)).all()
        assert session.scalar(sa.select(sa.func.count()).select_from(FormerVote)) == vote.changes
        row = session.scalars(sa.select(Ballot)).one()
        clock.advance(days=8)
        ballots.keep_closing(session, row.id, now=clock())
        assert row.tally["agree"] + row.tally["no_objection"] == 1
