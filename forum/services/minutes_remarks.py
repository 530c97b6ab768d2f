"""Corrections to circulated minutes: proposed until a date, answered one by one, kept with them."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.audit import AuditAction
from forum.domain.groups import Membership, Seat
from forum.domain.meetings import (
    AgendaPoint,
    Meeting,
    MinutesRemark,
    MinutesState,
    RemarkAnswer,
    takes_remarks,
)
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, can, require
from forum.policy.subjects import Subject
from forum.richtext import Rendered, to_markup
from forum.services.audit import record
from forum.services.chatham import is_sealed
from forum.services.meetings import get_meeting
from forum.services.minutes import may_read_minutes
from forum.services.seat_names import SeatName, is_inside, load_seat_names


@dataclass(frozen=True, slots=True)
class RemarkLine:
    """A proposed correction as one reader may see it."""

    public_id: str
    point_id: int
    seat: SeatName | None
    """Whose it is; None where the reader may not be told, and for somebody without a seat."""
    name: str
    """Of somebody without a seat, inside the group alone."""
    html: Markup
    given_at: datetime
    answer: RemarkAnswer | None
    answer_html: Markup | None


def may_remark(actor: Actor, subject: Subject, *, received_at: datetime) -> bool:
    """Whether somebody can propose a correction now: a member who may write, until the date."""
    inside = is_inside(actor, subject.group) and can(actor, Action.WRITE, subject.group)
    return inside and takes_remarks(subject.row, received_at)


def list_remarks(session: Session, actor: Actor, subject: Subject) -> list[RemarkLine]:
    """Give the corrections proposed to minutes that the actor may read, in their order.

    Outside the group whose they are is told as far as the charter shows seats, and never a name; under the
    Chatham House Rule nobody is told.
    """
    if not may_read_minutes(actor, subject):
        return []
    rows = session.execute(
        sa.select(MinutesRemark, Account.name)
        .outerjoin(Account, Account.id == MinutesRemark.account_id)
        .where(MinutesRemark.meeting_id == subject.row.id)
        .order_by(MinutesRemark.id)
    ).all()
    if not rows:
        return []
    names = load_seat_names(session, actor, subject.group)
    shows_seats = (names.is_inside or names.may_list) and not is_sealed(subject.group)
    return [
        RemarkLine(
            public_id=row.public_id,
            point_id=row.point_id,
            seat=names.seats.get(row.seat_id) if shows_seats and row.seat_id is not None else None,
            name=name or "" if names.is_inside and row.seat_id is None else "",
            html=to_markup(row.html),
            given_at=row.given_at,
            answer=row.answer,
            answer_html=to_markup(row.answer_html) if row.answer_html else None,
        )
        for row, name in rows
    ]


def give_remark(
    session: Session,
    actor: Actor,
    slug: str,
    public_id: str,
    *,
    point_id: str,
    rendered: Rendered,
    received_at: datetime,
    now: datetime,
) -> MinutesRemark:
    """Propose a correction to the minutes of one point; Invalid says why not: too late, adopted, no words."""
    subject = get_meeting(session, actor, slug, public_id)
    meeting: Meeting = subject.row
    if not is_inside(actor, subject.group):
        raise NotAllowed("Members of the group propose corrections to its minutes.")
    require(actor, Action.WRITE, subject.group)
    if not takes_remarks(meeting, received_at):
        raise Invalid("These minutes take no corrections any more.")
    point = session.scalars(
        sa.select(AgendaPoint).where(AgendaPoint.public_id == point_id, AgendaPoint.meeting_id == meeting.id)
    ).first()
    if point is None:
        raise Invalid("The agenda has no such point any more. Reload the page.", field="point")
    if not rendered.text.strip():
        raise Invalid("Write what should stand there instead.", field="body")
    sealed = is_sealed(subject.group)
    remark = MinutesRemark(
        meeting_id=meeting.id,
        point_id=point.id,
        seat_id=None if sealed else _seat_of(session, actor, subject.group.id),
        account_id=None if sealed else actor.account_id,
        source=rendered.source,
        html=rendered.html,
        text=rendered.text,
        # Under the Chatham House Rule no time that could be held against who was there.
        given_at=(meeting.minutes_circulated_at or now) if sealed else now,
    )
    session.add(remark)
    session.flush()
    _put_on_record(session, None if sealed else actor, subject, AuditAction.MINUTES_REMARKED, now)
    return remark


def _seat_of(session: Session, actor: Actor, group_id: int) -> int | None:
    return session.scalar(
        sa.select(Seat.id)
        .join(Membership, Membership.seat_id == Seat.id)
        .where(
            Seat.group_id == group_id,
            Seat.ended_at.is_(None),
            Membership.account_id == actor.account_id,
            Membership.ended_at.is_(None),
        )
        .order_by(Seat.id)
        .limit(1)
    )


def answer_remark(
    session: Session,
    actor: Actor,
    slug: str,
    public_id: str,
    remark_id: str,
    *,
    answer: RemarkAnswer,
    rendered: Rendered,
    now: datetime,
) -> None:
    """Answer a proposed correction, or answer it otherwise, until the minutes are adopted; for the chair."""
    subject = get_meeting(session, actor, slug, public_id, Action.MANAGE_MEETINGS)
    meeting: Meeting = subject.row
    remark = session.scalars(
        sa.select(MinutesRemark).where(
            MinutesRemark.public_id == remark_id, MinutesRemark.meeting_id == meeting.id
        )
    ).first()
    if remark is None:
        raise NotFound
    if meeting.minutes_state is MinutesState.ADOPTED:
        raise Invalid("These minutes were adopted: they stay as they are.")
    if answer is not RemarkAnswer.TAKEN_UP and not rendered.text.strip():
        raise Invalid("Write why it is not taken up as it stands.", field="body")
    remark.answer, remark.answered_at = answer, now
    remark.answer_source, remark.answer_html = rendered.source, rendered.html
    session.flush()
    _put_on_record(session, actor, subject, AuditAction.REMARK_ANSWERED, now, answer=answer.value)


def _put_on_record(
    session: Session,
    by: Actor | None,
    subject: Subject,
    action: AuditAction,
    now: datetime,
    **facts: str,
) -> None:
    record(
        session,
        by,
        action,
        now=now,
        subject_kind="meeting",
        subject=subject.row.public_id,
        group=subject.group,
        **facts,
    )
