"""The demonstration's meetings and decisions in one group, made by the services that people use."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.ballots import Ballot, Choice
from forum.domain.groups import Group, GroupRole, Membership, Seat, SeatKind
from forum.domain.meetings import Meeting, RemarkAnswer
from forum.policy import Actor
from forum.richtext import render
from forum.services import (
    attendance,
    ballots,
    declarations,
    meetings,
    minutes,
    minutes_remarks,
    seat_calls,
    votes,
)
from forum.services.actors import load_actor
from forum.services.ballots import BallotText
from forum.services.demonstration import Places
from forum.services.meetings import MeetingText
from forum.services.seat_calls import Application, CallText

GROUP = "prevention-network"
_AGENDA = "Welcome and agenda\nWhat programmes have in common\nNext steps"
_MINUTES = (
    "The chair welcomed the members. The agenda was adopted.",
    "Members compared how programmes are evaluated. They agreed that a description needs its setting, its "
    "target group and its follow-up time.",
    "The rapporteur drafts a common description form. Members send remarks within three weeks.",
)
_DISSENT = (
    "The form asks for a follow-up of two years. Small programmes cannot pay for that and would be left out."
)


def load_meetings(session: Session, places: Places) -> None:
    """Add a past meeting with minutes, one to come, two decisions, a declaration and an application."""
    group = session.scalars(sa.select(Group).where(Group.slug == GROUP)).first()
    if group is None:
        return
    session.flush()
    chair = _holder(session, group, GroupRole.CHAIR, places)
    if chair is None:
        return
    _past(session, group, chair, places)
    _coming(session, group, chair, places)
    _decided(session, group, chair, places)
    _open(session, group, chair, places)
    _call(session, group, chair, places)


def _actor(session: Session, account_id: int, places: Places) -> Actor:
    return load_actor(session, account_id, now=places.now, sealing_secret=places.sealing_secret)


def _holder(session: Session, group: Group, role: GroupRole, places: Places) -> Actor | None:
    account_id = session.scalar(
        sa.select(Membership.account_id).where(
            Membership.group_id == group.id, Membership.role == role, Membership.ended_at.is_(None)
        )
    )
    return _actor(session, account_id, places) if account_id is not None else None


def _sitting(session: Session, group: Group) -> list[tuple[Seat, int]]:
    rows = session.execute(
        sa.select(Seat, Membership.account_id)
        .join(Membership, Membership.seat_id == Seat.id)
        .where(
            Seat.group_id == group.id,
            Seat.ended_at.is_(None),
            Membership.ended_at.is_(None),
            Membership.role != GroupRole.OBSERVER,
            Membership.is_alternate.is_(False),
        )
        .order_by(Seat.id)
    )
    return [(seat, account_id) for seat, account_id in rows]


def _text(title: str, starts_at: datetime, place: str) -> MeetingText:
    return MeetingText(
        title=title,
        rendered=render("Members who cannot come name their alternate.", profile="post"),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=3),
        time_zone="Europe/Brussels",
        agenda=_AGENDA,
        place=place,
    )


def _past(session: Session, group: Group, chair: Actor, places: Places) -> None:
    slug, starts_at = group.slug, places.deadline(-40)
    row = meetings.prepare_meeting(
        session, chair, slug, _text("First meeting of the year", starts_at, "Room 3"), now=places.ago(75)
    )
    meetings.convene_meeting(session, chair, slug, row.public_id, now=places.ago(75))
    states = ("present", "present", "alternate", "excused")
    seats = {seat.public_id: states[n % 4] for n, (seat, _) in enumerate(_sitting(session, group))}
    attendance.record_attendance(
        session, chair, slug, row.public_id, seats=seats, observers=frozenset(), now=places.ago(38)
    )
    texts = {
        point.public_id: render(text, profile="post")
        for point, text in zip(meetings.list_points(session, row.id), _MINUTES, strict=True)
    }
    minutes.write_minutes(session, chair, slug, row.public_id, texts, now=places.ago(35))
    minutes.circulate_minutes(
        session, chair, slug, row.public_id, remarks_until=places.ago(24), now=places.ago(34)
    )
    _remark(session, group, chair, row, places)
    minutes.adopt_minutes(session, chair, slug, row.public_id, now=places.ago(20))


def _remark(session: Session, group: Group, chair: Actor, row: Meeting, places: Places) -> None:
    sitting = _sitting(session, group)
    if not sitting:
        return
    remark = minutes_remarks.give_remark(
        session,
        _actor(session, sitting[0][1], places),
        group.slug,
        row.public_id,
        point_id=meetings.list_points(session, row.id)[1].public_id,
        rendered=render("A description also needs its costs: that was agreed too.", profile="post"),
        received_at=places.ago(30),
        now=places.ago(30),
    )
    said = render("Costs were mentioned, and not agreed. They are on the next agenda.", profile="post")
    minutes_remarks.answer_remark(
        session,
        chair,
        group.slug,
        row.public_id,
        remark.public_id,
        answer=RemarkAnswer.NOT_TAKEN_UP,
        rendered=said,
        now=places.ago(22),
    )


def _coming(session: Session, group: Group, chair: Actor, places: Places) -> None:
    text = _text("Second meeting of the year", places.deadline(35), "Room 3, or by video call")
    row = meetings.prepare_meeting(session, chair, group.slug, text, now=places.ago(3))
    meetings.convene_meeting(session, chair, group.slug, row.public_id, now=places.ago(3))


def _ballot(session: Session, group: Group, chair: Actor, text: BallotText, opened_at: datetime) -> Ballot:
    row = ballots.prepare_ballot(session, chair, group.slug, text, now=opened_at)
    ballots.open_ballot(session, chair, group.slug, row.public_id, now=opened_at)
    return row


def _vote(
    session: Session,
    group: Group,
    row: Ballot,
    places: Places,
    choices: dict[int, Choice],
    at: datetime,
) -> None:
    for number, (seat, account_id) in enumerate(_sitting(session, group)):
        if number not in choices:
            continue
        is_against = choices[number] is Choice.AGAINST
        votes.give_vote(
            session,
            _actor(session, account_id, places),
            group.slug,
            row.public_id,
            seat_public_id=seat.public_id,
            choice=choices[number],
            reason=render(_DISSENT if is_against else "", profile="post"),
            is_annexed=is_against,
            received_at=at,
            now=at,
        )


def _decided(session: Session, group: Group, chair: Actor, places: Places) -> None:
    text = BallotText(
        title="Adopt the common form for describing programmes?",
        rendered=render("Shall the network use one form for all programmes it lists?", profile="post"),
        closes_at=places.deadline(-10),
    )
    row = _ballot(session, group, chair, text, places.ago(25))
    choices = dict.fromkeys(range(8), Choice.AGREE) | {2: Choice.AGAINST, 3: Choice.NO_OBJECTION}
    _vote(session, group, row, places, choices, places.ago(15))
    ballots.end_ballot(session, group, row, now=places.deadline(-10) + timedelta(seconds=1))
    said = render(
        "The form is adopted. One seat asked for a shorter follow-up; see the annex.", profile="post"
    )
    ballots.state_outcome(session, chair, group.slug, row.public_id, said, now=places.ago(9))


def _open(session: Session, group: Group, chair: Actor, places: Places) -> None:
    text = BallotText(
        title="Publish the list of programmes every quarter?",
        rendered=render("Shall the list be published at the end of each quarter?", profile="post"),
        closes_at=places.deadline(12),
    )
    row = _ballot(session, group, chair, text, places.ago(2))
    _vote(session, group, row, places, {0: Choice.AGREE, 1: Choice.NO_OBJECTION}, places.ago(1))


def _call(session: Session, group: Group, chair: Actor, places: Places) -> None:
    sitting = _sitting(session, group)
    if sitting:
        member = _actor(session, sitting[0][1], places)
        nothing = render("", profile="post")
        declarations.file_declaration(
            session, member, group.slug, has_interests=False, rendered=nothing, now=places.ago(30)
        )
    text = CallText(
        title="One seat for an expert in their own capacity",
        rendered=render("The network looks for an expert in the evaluation of prevention.", profile="post"),
        criteria="Experience with evaluation\nIndependence\nTime for four meetings a year",
        seat_kinds=(SeatKind.PERSONAL,),
        needs_register_id=False,
        closes_at=places.deadline(20),
        time_zone="Europe/Brussels",
    )
    call = seat_calls.prepare_call(session, chair, group.slug, text, now=places.ago(10))
    seat_calls.open_call(session, chair, group.slug, call.public_id, now=places.ago(10))
    for account in places.people.values():
        applicant = _actor(session, account.id, places)
        if applicant.is_signed_in and not applicant.roles_in(group.id) and not applicant.mandates:
            application = Application(
                kind=SeatKind.PERSONAL, motivation="Twelve years of evaluating programmes in three countries."
            )
            seat_calls.apply_for_seat(
                session,
                applicant,
                group.slug,
                call.public_id,
                application,
                received_at=places.ago(4),
                now=places.ago(4),
            )
            return
