"""The seats of a group as a stage sees them: who can act for each, and which of them are missing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.accounts import Account, AccountStatus
from forum.domain.assessments import StageSeat
from forum.domain.charters import StageKind
from forum.domain.consultations import Consultation, ConsultationState
from forum.domain.groups import Group, GroupRole, Membership, Seat, Stage
from forum.domain.organisations import Organisation
from forum.domain.suspensions import Suspension
from forum.services.chatham import is_sealed
from forum.services.respondents import answered_keys, list_awaited


@dataclass(frozen=True, slots=True)
class SeatLine:
    """A seat by the name of its body, country or holder, and the accounts that can act for it now."""

    id: int
    public_id: str
    name: str
    people: tuple[int, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nobody can act for it: no holder, or only such as are suspended or disabled."""
        return not self.people


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a stage is: seats, never people; what they gave is not told."""

    asked: int = 0
    done: int = 0
    missing: tuple[SeatLine, ...] | None = ()
    """None where it may not be told which they are."""

    @property
    def missing_count(self) -> int:
        """Give how many seats are missing."""
        return max(0, self.asked - self.done)

    @property
    def empty(self) -> tuple[SeatLine, ...]:
        """Give the missing seats for which nobody can act."""
        return tuple(seat for seat in self.missing or () if seat.is_empty)


def attends_only() -> sa.ColumnElement[bool]:
    """Give the condition that a seat has observers on it and nobody else."""
    held = aliased(Membership)
    on_it = sa.select(sa.literal(1)).where(held.seat_id == Seat.id, held.ended_at.is_(None))
    return sa.and_(
        on_it.where(held.role == GroupRole.OBSERVER).exists(),
        ~on_it.where(held.role != GroupRole.OBSERVER).exists(),
    )


def list_seats(session: Session, group: Group, *, now: datetime) -> list[SeatLine]:
    """Give the seats that decide and assess, by name; those that only attend are left out. One statement."""
    suspended = sa.select(Suspension.account_id).where(
        Suspension.ends_at > now, sa.or_(Suspension.group_id.is_(None), Suspension.group_id == group.id)
    )
    may_act = sa.and_(
        Account.status == AccountStatus.ACTIVE,
        sa.or_(Account.suspended_until.is_(None), Account.suspended_until <= now),
        sa.or_(Membership.suspended_until.is_(None), Membership.suspended_until <= now),
        Account.id.not_in(suspended),
    )
    rows = session.execute(
        sa.select(
            Seat.id,
            Seat.public_id,
            Seat.title,
            Seat.country,
            Organisation.name.label("body"),
            Account.id.label("account_id"),
            Account.name.label("person"),
            may_act.label("may_act"),
        )
        .select_from(Seat)
        .outerjoin(Organisation, Organisation.id == Seat.organisation_id)
        .outerjoin(
            Membership,
            sa.and_(
                Membership.seat_id == Seat.id,
                Membership.ended_at.is_(None),
                Membership.role != GroupRole.OBSERVER,
            ),
        )
        .outerjoin(Account, Account.id == Membership.account_id)
        .where(Seat.group_id == group.id, Seat.ended_at.is_(None), ~attends_only())
        .order_by(Membership.is_alternate, Membership.id)
    )
    seats: dict[int, SeatLine] = {}
    for row in rows:
        name = row.body or row.title or row.country or row.person or "–"
        seat = seats.get(row.id) or SeatLine(row.id, row.public_id, name)
        if row.account_id is not None and row.may_act:
            seat = replace(seat, people=(*seat.people, row.account_id))
        seats[row.id] = seat
    return sorted(seats.values(), key=lambda seat: (seat.name.casefold(), seat.id))


def list_own_seats(session: Session, account_id: int, group: Group) -> Sequence[Seat]:
    """Give the seats of a group that a person holds, as representative or alternate."""
    return session.scalars(
        sa.select(Seat)
        .join(Membership, Membership.seat_id == Seat.id)
        .where(
            Seat.group_id == group.id,
            Seat.ended_at.is_(None),
            Membership.account_id == account_id,
            Membership.ended_at.is_(None),
            Membership.role != GroupRole.OBSERVER,
        )
        .order_by(Seat.id)
    ).all()


def seat_names(session: Session, seats: Sequence[Seat]) -> dict[int, str]:
    """Give the names of seats as their holders know them, by key; one statement."""
    bodies = [seat.organisation_id for seat in seats if seat.organisation_id is not None]
    rows = session.execute(sa.select(Organisation.id, Organisation.name).where(Organisation.id.in_(bodies)))
    names = {row.id: row.name for row in rows}
    return {
        seat.id: names.get(seat.organisation_id or 0) or seat.title or seat.country or "" for seat in seats
    }


def seats_done(session: Session, stage_id: int) -> frozenset[int]:
    """Give the seats that have given their assessment in a stage."""
    return frozenset(session.scalars(sa.select(StageSeat.seat_id).where(StageSeat.stage_id == stage_id)))


def get_standing(session: Session, group: Group, stage: Stage, *, now: datetime) -> Standing:
    """Give how far a stage is; the caller asked RUN_PROCEDURE."""
    if stage.started_at is None or stage.ended_at is not None:
        return Standing()
    if stage.kind == StageKind.ASSESSMENT:
        seats, done = list_seats(session, group, now=now), seats_done(session, stage.id)
        missing = tuple(seat for seat in seats if seat.id not in done)
        return Standing(len(seats), len(seats) - len(missing), missing)
    if stage.kind == StageKind.CONSULTATION:
        return _of_consultations(session, group, stage, now)
    return Standing()


def _of_consultations(session: Session, group: Group, stage: Stage, now: datetime) -> Standing:
    """Who has not answered the stage's open consultations; under the Chatham House Rule only how many."""
    asked = done = 0
    missing: list[SeatLine] = []
    open_ones = session.scalars(
        sa.select(Consultation).where(
            Consultation.stage_id == stage.id, Consultation.state == ConsultationState.OPEN
        )
    )
    for consultation in open_ones:
        awaited = list_awaited(session, group, consultation, now=now)
        if awaited is None:
            continue
        answered = answered_keys(session, consultation.id)
        asked += len(awaited)
        if is_sealed(group):
            done += len(answered)
            continue
        done += sum(one.key in answered for one in awaited)
        missing += [SeatLine(0, "", one.name, one.people) for one in awaited if one.key not in answered]
    return Standing(asked, done, None if is_sealed(group) and asked else tuple(missing))


def is_awaited(session: Session, group: Group, stage: Stage, account_id: int, *, now: datetime) -> bool:
    """Whether a stage still waits for a seat that this person can act for."""
    standing = get_standing(session, group, stage, now=now)
    return any(account_id in seat.people for seat in standing.missing or ())
