"""Attendance: which seats were there, in person or by an alternate, which excused themselves, who watched."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.audit import AuditAction
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Status
from forum.domain.meetings import ATTENDING, Attendance, AttendanceState, Meeting, MinutesState
from forum.errors import Invalid
from forum.policy import Action, Actor
from forum.services.audit import record
from forum.services.meetings import get_meeting
from forum.services.seat_names import Holder, SeatName, SeatNames, load_seat_names

OF_SEATS = (
    AttendanceState.PRESENT,
    AttendanceState.ALTERNATE,
    AttendanceState.EXCUSED,
    AttendanceState.ABSENT,
)


@dataclass(frozen=True, slots=True)
class AttendanceLine:
    """A seat with how it took part; None where nothing is recorded."""

    seat: SeatName
    state: AttendanceState | None


@dataclass(frozen=True, slots=True)
class AttendanceView:
    """Who was there, as one reader may see it: lines are empty where only numbers are shown."""

    lines: list[AttendanceLine]
    observers: list[tuple[Holder, bool]]
    """Observers without a seat, and whether they were there."""
    counts: dict[AttendanceState, int]
    is_recorded: bool


def load_attendance(
    session: Session, actor: Actor, group: Group, meeting: Meeting, names: SeatNames | None = None
) -> AttendanceView:
    """Give the attendance of a meeting that the actor may read."""
    names = names or load_seat_names(session, actor, group)
    rows = session.scalars(sa.select(Attendance).where(Attendance.meeting_id == meeting.id)).all()
    states = {row.seat_id: row.state for row in rows if row.seat_id is not None}
    watched = {row.account_id for row in rows if row.seat_id is None}
    lines = [
        AttendanceLine(seat, states.get(seat.seat_id))
        for seat in names.seats.values()
        if seat.seat_id in states or not seat.is_ended
    ]
    observers = [(one, one.account_id in watched) for one in names.unseated if one.role is GroupRole.OBSERVER]
    counts = {state: sum(row.state is state for row in rows) for state in AttendanceState}
    if not names.may_list:
        lines, observers = [], []
    return AttendanceView(lines, observers, counts, bool(rows))


def list_attending(session: Session, meeting_id: int) -> frozenset[int]:
    """Give the seats that were at a meeting, themselves or by an alternate."""
    return frozenset(
        seat_id
        for seat_id in session.scalars(
            sa.select(Attendance.seat_id).where(
                Attendance.meeting_id == meeting_id, Attendance.state.in_(sorted(ATTENDING))
            )
        )
        if seat_id is not None
    )


def record_attendance(
    session: Session,
    actor: Actor,
    slug: str,
    public_id: str,
    *,
    seats: Mapping[str, str],
    observers: frozenset[str],
    now: datetime,
) -> None:
    """Write down who was there: states by the public ids of seats, and the observers by theirs."""
    subject = get_meeting(session, actor, slug, public_id, Action.WRITE_MINUTES)
    meeting: Meeting = subject.row
    if meeting.status is not Status.PUBLISHED or meeting.cancelled_at is not None:
        raise Invalid("Only a meeting that was convened has an attendance.")
    if meeting.starts_at > now:
        raise Invalid("The meeting has not begun yet.")
    if meeting.minutes_state is MinutesState.ADOPTED:
        raise Invalid("The minutes were adopted: who was there stays as it is.")
    names = load_seat_names(session, actor, subject.group)
    known = {seat.public_id: seat for seat in names.seats.values()}
    rows = []
    for seat_public_id, state in seats.items():
        seat = known.get(seat_public_id)
        if seat is None or state not in {one.value for one in OF_SEATS}:
            raise Invalid("This group has no such seat.", field="seat")
        word = AttendanceState(state)
        if seat.is_observer and word in ATTENDING:
            word = AttendanceState.OBSERVER
        rows.append(Attendance(meeting_id=meeting.id, seat_id=seat.seat_id, state=word))
    for one in names.unseated:
        if one.role is GroupRole.OBSERVER and one.public_id in observers:
            rows.append(
                Attendance(meeting_id=meeting.id, account_id=one.account_id, state=AttendanceState.OBSERVER)
            )
    session.execute(sa.delete(Attendance).where(Attendance.meeting_id == meeting.id))
    session.add_all(rows)
    session.flush()
    record(
        session,
        actor,
        AuditAction.ATTENDANCE_RECORDED,
        now=now,
        subject_kind="meeting",
        subject=meeting.public_id,
        group=subject.group,
        seats=sum(row.state in ATTENDING for row in rows),
    )
