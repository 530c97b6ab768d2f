"""Votes: one a seat, by its representative or an alternate, changed until it closes; what was said before."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session

from forum.domain.attribution import Attribution
from forum.domain.audit import AuditAction
from forum.domain.ballots import (
    ANNEXED,
    OBJECTIONS,
    Ballot,
    BallotState,
    Choice,
    EntitledSeat,
    FormerVote,
    Procedure,
    Tally,
    Vote,
    is_open_for_votes,
    tally_votes,
)
from forum.domain.groups import Group, GroupRole, Membership, Seat
from forum.errors import Invalid, NotAllowed
from forum.policy import Action, Actor, require
from forum.richtext import Rendered, to_markup
from forum.services.attendance import list_attending
from forum.services.audit import record
from forum.services.ballots import get_ballot, lock_ballot
from forum.services.chatham import is_sealed
from forum.services.seat_names import SeatName, SeatNames, load_seat_names


@dataclass(frozen=True, slots=True)
class VoteLine:
    """What one seat says; `choice` is None where it has said nothing."""

    seat: SeatName
    choice: Choice | None
    reason: Markup | None
    changes: int
    given_at: datetime | None
    source: str = ""
    is_annexed: bool = True


@dataclass(frozen=True, slots=True)
class Statement:
    """A reasoned dissent or abstention that is annexed to what was adopted."""

    seat: SeatName | None
    """None where the reader may not be told whose it is."""
    choice: Choice
    reason: Markup


@dataclass(frozen=True, slots=True)
class Votes:
    """A ballot's votes as one reader may see them."""

    tally: Tally
    lines: list[VoteLine]
    """By seat: only inside the group, and not under the Chatham House Rule."""
    annex: list[Statement]
    mine: list[VoteLine]
    """Those of the seats that the actor may vote for."""
    own_former: list[FormerVote]


def load_votes(session: Session, actor: Actor, group: Group, ballot: Ballot) -> Votes:
    """Give the votes of a ballot that the actor may read; a handful of statements."""
    names = load_seat_names(session, actor, group)
    entitled = list_entitled(session, ballot)
    votes = {
        vote.seat_id: vote for vote in session.scalars(sa.select(Vote).where(Vote.ballot_id == ballot.id))
    }
    own = set(list_own_seats(session, actor, group)) & entitled
    lines = [_line(seat, votes.get(key)) for key, seat in names.seats.items() if key in entitled]
    shows_seats = names.is_inside and not is_sealed(group)
    former = sa.select(FormerVote).where(FormerVote.ballot_id == ballot.id, FormerVote.seat_id.in_(own))
    return Votes(
        tally=_tally(session, names, ballot, votes, entitled),
        lines=lines if shows_seats else [],
        annex=_annex(names, group, ballot, votes),
        mine=[line for line in lines if line.seat.seat_id in own],
        own_former=list(session.scalars(former.order_by(FormerVote.number))) if own else [],
    )


def _line(seat: SeatName, vote: Vote | None) -> VoteLine:
    if vote is None:
        return VoteLine(seat, None, None, 0, None)
    reason = to_markup(vote.reason_html) if vote.reason_html else None
    return VoteLine(
        seat, vote.choice, reason, vote.changes, vote.given_at, vote.reason_source, vote.is_annexed
    )


def _tally(
    session: Session, names: SeatNames, ballot: Ballot, votes: dict[int, Vote], entitled: frozenset[int]
) -> Tally:
    """The figures as they were counted, or as they stand."""
    if ballot.state is BallotState.CLOSED:
        return Tally(**ballot.tally)
    present: frozenset[int] = frozenset()
    if ballot.procedure is Procedure.MEETING and ballot.meeting_id is not None:
        present = list_attending(session, ballot.meeting_id)
    live = frozenset(seat_id for seat_id in entitled if not names.seats[seat_id].is_ended)
    return tally_votes({seat_id: vote.choice for seat_id, vote in votes.items()}, live, present)


def _annex(names: SeatNames, group: Group, ballot: Ballot, votes: dict[int, Vote]) -> list[Statement]:
    """Reasons of dissent and abstention, where the seat wants them annexed: read with the outcome.

    Whose they are is told outside as far as the charter shows seats; under the Chatham House Rule to nobody.
    """
    if ballot.state is not BallotState.CLOSED:
        return []
    shows_seats = names.may_list and group.attribution is not Attribution.CHATHAM_HOUSE
    return [
        Statement(
            names.seats[vote.seat_id] if shows_seats else None, vote.choice, to_markup(vote.reason_html)
        )
        for vote in sorted(votes.values(), key=lambda vote: list(names.seats).index(vote.seat_id))
        if vote.is_annexed and vote.reason_html and not names.seats[vote.seat_id].is_ended
    ]


def list_entitled(session: Session, ballot: Ballot) -> frozenset[int]:
    """Give the seats that have a vote in a ballot, ended ones too."""
    return frozenset(
        session.scalars(sa.select(EntitledSeat.seat_id).where(EntitledSeat.ballot_id == ballot.id))
    )


def list_own_seats(session: Session, actor: Actor, group: Group) -> list[int]:
    """Give the seats of a group on which a person sits now, as representative or alternate."""
    if actor.account_id is None:
        return []
    rows = session.scalars(
        sa.select(Membership.seat_id)
        .join(Seat, Seat.id == Membership.seat_id)
        .where(
            Membership.group_id == group.id,
            Membership.account_id == actor.account_id,
            Membership.ended_at.is_(None),
            Membership.role != GroupRole.OBSERVER,
            Seat.ended_at.is_(None),
        )
    )
    return [seat_id for seat_id in rows if seat_id is not None]


def give_vote(
    session: Session,
    actor: Actor,
    slug: str,
    public_id: str,
    *,
    seat_public_id: str,
    choice: Choice,
    reason: Rendered,
    is_annexed: bool,
    received_at: datetime,
    now: datetime,
) -> None:
    """Say something for a seat, or something else than before; one vote a seat, however often it is sent.

    Invalid or NotAllowed say why not: it has closed, the person is an observer, the seat is not theirs, it
    has no vote in this, an objection has no reasons.
    """
    subject = get_ballot(session, actor, slug, public_id)
    ballot, group = subject.row, subject.group
    lock_ballot(session, ballot)
    _check_voter(actor, group)
    require(actor, Action.VOTE, subject)
    if not is_open_for_votes(ballot, received_at):
        raise Invalid("This decision takes no votes any more: its time has passed.")
    seat = session.scalars(
        sa.select(Seat).where(Seat.public_id == seat_public_id, Seat.group_id == group.id)
    ).first()
    if seat is None or seat.id not in list_own_seats(session, actor, group):
        raise NotAllowed("You do not sit on that seat: its representative or an alternate votes for it.")
    _store(session, group, ballot, seat, choice, reason, is_annexed, actor, now)


def record_vote(
    session: Session,
    actor: Actor,
    slug: str,
    public_id: str,
    *,
    seat_public_id: str,
    choice: Choice,
    reason: Rendered,
    now: datetime,
) -> None:
    """Write down what a seat said at a meeting, by whoever records it for the group."""
    subject = get_ballot(session, actor, slug, public_id, Action.MANAGE_MEETINGS)
    ballot, group = subject.row, subject.group
    lock_ballot(session, ballot)
    if ballot.procedure is not Procedure.MEETING:
        raise Invalid("In a written procedure each seat votes itself.")
    if ballot.state is not BallotState.OPEN:
        raise Invalid("This decision takes no votes any more: its time has passed.")
    seat = session.scalars(
        sa.select(Seat).where(Seat.public_id == seat_public_id, Seat.group_id == group.id)
    ).first()
    if seat is None:
        raise Invalid("This group has no such seat.", field="seat")
    is_annexed = choice in ANNEXED and bool(reason.text.strip())
    _store(session, group, ballot, seat, choice, reason, is_annexed, actor, now)


def _check_voter(actor: Actor, group: Group) -> None:
    """Say the reason first that a person can do something about."""
    roles = actor.roles_in(group.id)
    if group.id in actor.suspended_in:
        raise NotAllowed("You are suspended in this group: you read, and do not vote.")
    if roles and roles <= {GroupRole.OBSERVER}:
        raise NotAllowed("Observers take part and do not vote.")


def _store(
    session: Session,
    group: Group,
    ballot: Ballot,
    seat: Seat,
    choice: Choice,
    reason: Rendered,
    is_annexed: bool,
    actor: Actor,
    now: datetime,
) -> None:
    """Write the vote of a seat in the place of what it said before, which stays as history."""
    entitled = session.get(EntitledSeat, {"ballot_id": ballot.id, "seat_id": seat.id})
    if entitled is None or seat.ended_at is not None:
        raise Invalid("This seat has no vote in it: it had no member when the decision was put to the vote.")
    if choice in OBJECTIONS and not reason.text.strip():
        raise Invalid("Write why: an objection stops consensus with its reasons.", field="reason")
    values = {
        "choice": choice,
        "reason_source": reason.source,
        "reason_html": reason.html,
        "is_annexed": is_annexed and choice in ANNEXED and bool(reason.text.strip()),
    }
    vote = session.get(Vote, {"ballot_id": ballot.id, "seat_id": seat.id})
    if vote is None:
        vote = Vote(ballot_id=ballot.id, seat_id=seat.id, given_at=now)
        session.add(vote)
    elif all(getattr(vote, name) == value for name, value in values.items()):
        return  # the same sent again
    else:
        vote.changes += 1
        session.add(
            FormerVote(
                ballot_id=ballot.id,
                seat_id=seat.id,
                number=vote.changes,
                choice=vote.choice,
                reason_html=vote.reason_html,
                given_at=vote.given_at,
            )
        )
    for name, value in values.items():
        setattr(vote, name, value)
    vote.given_at, vote.account_id = now, None if is_sealed(group) else actor.account_id
    session.flush()
    record(
        session,
        None if is_sealed(group) else actor,
        AuditAction.VOTE_GIVEN,
        now=now,
        subject_kind="ballot",
        subject=ballot.public_id,
        group=group,
        seat=None if is_sealed(group) else seat.public_id,
        changes=vote.changes,
    )
