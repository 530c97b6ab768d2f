"""Lists of formal decisions: of a group, for its home, for a person's own, and those about a text."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.ballots import ADOPTED, Ballot, BallotState, EntitledSeat, Outcome, Procedure, Vote
from forum.domain.groups import Group, GroupRole, Membership, Seat
from forum.domain.labels import Status, Tlp
from forum.domain.meetings import Meeting
from forum.domain.papers import Paper, PaperVersion
from forum.policy import Actor, visible_to
from forum.services.addresses import version_path

CLOSED_PER_PAGE = 20
MOST_OPEN = 50


@dataclass(frozen=True, slots=True)
class BallotLine:
    """A decision as a list shows it."""

    public_id: str
    group_slug: str
    group_title: str
    title: str
    procedure: Procedure
    state: BallotState
    tlp: Tlp
    closes_at: datetime | None
    closed_at: datetime | None
    outcome: Outcome | None
    version_id: int | None


@dataclass(frozen=True, slots=True)
class BallotList:
    """The decisions of a group that one reader may read."""

    prepared: list[BallotLine]
    open: list[BallotLine]
    closed: list[BallotLine]
    page: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class DecidedText:
    """The version that is decided on, where the reader may read it."""

    title: str
    number: int
    path: str
    language: str


_COLUMNS = (
    Ballot.public_id,
    Group.slug,
    Group.short_title,
    Ballot.title,
    Ballot.procedure,
    Ballot.state,
    Ballot.tlp,
    Ballot.closes_at,
    Ballot.closed_at,
    Ballot.outcome,
    Ballot.version_id,
)


def _lines(actor: Actor) -> Any:
    return (
        sa.select(*_COLUMNS)
        .join(Group, Group.id == Ballot.group_id)
        .where(Ballot.status.in_([Status.DRAFT, Status.PUBLISHED]), visible_to(actor, Ballot))
    )


def list_ballots(session: Session, actor: Actor, group: Group, *, page: int = 1) -> BallotList:
    """Give the decisions of a group: prepared and open ones, and closed ones by pages. Two statements."""
    statement = _lines(actor).where(Ballot.group_id == group.id)
    is_over = Ballot.state.in_([BallotState.CLOSED, BallotState.WITHDRAWN])
    live = session.execute(
        statement.where(~is_over)
        .order_by(Ballot.closes_at.is_(None), Ballot.closes_at, Ballot.id)
        .limit(MOST_OPEN)
    )
    lines = [BallotLine(*row) for row in live]
    over = session.execute(
        statement.where(is_over)
        .order_by(Ballot.closed_at.desc(), Ballot.id.desc())
        .limit(CLOSED_PER_PAGE + 1)
        .offset((page - 1) * CLOSED_PER_PAGE)
    )
    before = [BallotLine(*row) for row in over]
    return BallotList(
        prepared=[line for line in lines if line.state is BallotState.DRAFT],
        open=[line for line in lines if line.state is BallotState.OPEN],
        closed=before[:CLOSED_PER_PAGE],
        page=page,
        has_next=len(before) > CLOSED_PER_PAGE,
    )


def list_decided(session: Session, actor: Actor, group: Group, *, limit: int = 3) -> list[BallotLine]:
    """Give the last decisions of a group that came to an outcome, for its home. One statement."""
    rows = session.execute(
        _lines(actor)
        .where(Ballot.group_id == group.id, Ballot.state == BallotState.CLOSED)
        .order_by(Ballot.closed_at.desc(), Ballot.id.desc())
        .limit(limit)
    )
    return [BallotLine(*row) for row in rows]


def list_open_ballots(session: Session, actor: Actor, *, limit: int = 10) -> list[BallotLine]:
    """Give the open decisions in which a seat of the actor has a vote and has not said anything."""
    if not actor.group_roles:
        return []
    seats = own_seats(actor)
    waits = (
        sa.select(sa.literal(1))
        .where(
            EntitledSeat.ballot_id == Ballot.id,
            EntitledSeat.seat_id.in_(seats),
            # By the entitled seat alone: two levels down the ballot would be any ballot.
            ~sa.exists().where(
                Vote.ballot_id == EntitledSeat.ballot_id, Vote.seat_id == EntitledSeat.seat_id
            ),
        )
        .exists()
    )
    rows = session.execute(
        _lines(actor)
        .where(Ballot.state == BallotState.OPEN, waits)
        .order_by(Ballot.closes_at.is_(None), Ballot.closes_at, Ballot.id)
        .limit(limit)
    )
    return [BallotLine(*row) for row in rows]


def own_seats(actor: Actor) -> Any:
    """Give the statement of the seats on which a person sits now, not as an observer."""
    return (
        sa.select(Seat.id)
        .join(Membership, Membership.seat_id == Seat.id)
        .where(
            Membership.account_id == actor.account_id,
            Membership.ended_at.is_(None),
            Membership.role != GroupRole.OBSERVER,
            Seat.ended_at.is_(None),
        )
    )


def find_decided_text(session: Session, actor: Actor, ballot: Ballot) -> DecidedText | None:
    """Give the version that is decided on, if the actor may read it."""
    if ballot.version_id is None:
        return None
    row = session.execute(
        sa.select(PaperVersion.title, PaperVersion.number, Paper.public_id, Paper.language)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .where(PaperVersion.id == ballot.version_id, visible_to(actor, PaperVersion))
    ).first()
    if row is None or row.number is None:
        return None
    return DecidedText(row.title, row.number, version_path(row.public_id, row.number), row.language)


def list_ballots_on(session: Session, actor: Actor, version_id: int) -> list[BallotLine]:
    """Give what was decided about a version of a paper, the newest first, where the actor may read it."""
    rows = session.execute(
        _lines(actor)
        .where(Ballot.version_id == version_id, Ballot.state.in_([BallotState.OPEN, BallotState.CLOSED]))
        .order_by(Ballot.opened_at.desc(), Ballot.id.desc())
    )
    return [BallotLine(*row) for row in rows]


def find_agreed_text(session: Session, actor: Actor, group: Group) -> DecidedText | None:
    """Give the text of the last decision that adopted one, if the actor may read both."""
    row = session.execute(
        sa.select(PaperVersion.title, PaperVersion.number, Paper.public_id, Paper.language)
        .join(Ballot, Ballot.version_id == PaperVersion.id)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .where(
            Ballot.group_id == group.id,
            Ballot.state == BallotState.CLOSED,
            Ballot.outcome.in_(sorted(ADOPTED)),
            visible_to(actor, Ballot),
            visible_to(actor, PaperVersion),
        )
        .order_by(Ballot.closed_at.desc(), Ballot.id.desc())
        .limit(1)
    ).first()
    if row is None or row.number is None:
        return None
    return DecidedText(row.title, row.number, version_path(row.public_id, row.number), row.language)


def list_ballots_at(session: Session, actor: Actor, meeting_id: int) -> list[BallotLine]:
    """Give the decisions taken at a meeting that the actor may read, in their order."""
    rows = session.execute(_lines(actor).where(Ballot.meeting_id == meeting_id).order_by(Ballot.id))
    return [BallotLine(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class MeetingOf:
    """The meeting at which something is decided."""

    public_id: str
    title: str
    starts_at: datetime


def find_meeting_of(session: Session, actor: Actor, ballot: Ballot) -> MeetingOf | None:
    """Give the meeting at which it is decided, if the actor may read of it."""
    if ballot.meeting_id is None:
        return None
    row = session.execute(
        sa.select(Meeting.public_id, Meeting.title, Meeting.starts_at).where(
            Meeting.id == ballot.meeting_id, visible_to(actor, Meeting)
        )
    ).first()
    return MeetingOf(*row) if row is not None else None
