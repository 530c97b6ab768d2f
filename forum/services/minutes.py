"""Minutes, point by point: drafted, circulated to the members, adopted; others read them then."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.labels import Status
from forum.domain.meetings import AgendaPoint, Meeting, MinutesRemark, MinutesState
from forum.domain.notices import NoticeKind
from forum.errors import Invalid
from forum.policy import Action, Actor, can
from forum.policy.subjects import Subject
from forum.richtext import Rendered
from forum.services.audit import record
from forum.services.meetings import get_meeting, list_points
from forum.services.outbox import enqueue_index, enqueue_notice
from forum.services.seat_names import is_inside


def may_read_minutes(actor: Actor, subject: Subject) -> bool:
    """Whether minutes are shown: adopted ones with the meeting, circulated ones inside the group.

    A draft is read by those who write minutes: rapporteur, chair and secretariat.
    """
    meeting: Meeting = subject.row
    match meeting.minutes_state:
        case MinutesState.ADOPTED:
            return True
        case MinutesState.CIRCULATED:
            return is_inside(actor, subject.group)
        case MinutesState.DRAFT:
            return can(actor, Action.WRITE_MINUTES, subject.group)
        case MinutesState.NONE:
            return False


def write_minutes(
    session: Session,
    actor: Actor,
    slug: str,
    public_id: str,
    texts: Mapping[str, Rendered],
    *,
    now: datetime,
) -> None:
    """Write the minutes of a meeting, by the public ids of its points; until they are adopted."""
    subject = get_meeting(session, actor, slug, public_id, Action.WRITE_MINUTES)
    meeting: Meeting = subject.row
    if meeting.status is not Status.PUBLISHED or meeting.cancelled_at is not None:
        raise Invalid("Only a meeting that was convened has minutes.")
    if meeting.minutes_state is MinutesState.ADOPTED:
        raise Invalid("These minutes were adopted: they stay as they are.")
    points = {point.public_id: point for point in list_points(session, meeting.id)}
    for point_id, rendered in texts.items():
        point = points.get(point_id)
        if point is None:
            raise Invalid("The agenda has no such point any more. Reload the page.")
        point.minutes_source, point.minutes_html = rendered.source, rendered.html
        point.minutes_text = rendered.text
    if meeting.minutes_state is MinutesState.NONE:
        meeting.minutes_state = MinutesState.DRAFT
    session.flush()


def circulate_minutes(
    session: Session,
    actor: Actor,
    slug: str,
    public_id: str,
    *,
    remarks_until: datetime | None = None,
    now: datetime,
) -> None:
    """Show the draft to the members, who are told; it can still be changed, and is circulated again then.

    Until `remarks_until` they propose corrections; None takes none.
    """
    subject = get_meeting(session, actor, slug, public_id, Action.WRITE_MINUTES)
    meeting: Meeting = subject.row
    _require_words(session, meeting)
    if meeting.minutes_state is MinutesState.ADOPTED:
        raise Invalid("These minutes were adopted: they stay as they are.")
    if remarks_until is not None and remarks_until <= now:
        raise Invalid("Set a time for corrections that is yet to come.", field="remarks_until")
    meeting.minutes_state, meeting.minutes_circulated_at = MinutesState.CIRCULATED, now
    meeting.remarks_until = remarks_until
    _tell(session, actor, subject, AuditAction.MINUTES_CIRCULATED, now)


def adopt_minutes(session: Session, actor: Actor, slug: str, public_id: str, *, now: datetime) -> None:
    """Adopt circulated minutes: from now on whoever reads the meeting reads and finds them, unchanged."""
    subject = get_meeting(session, actor, slug, public_id, Action.MANAGE_MEETINGS)
    meeting: Meeting = subject.row
    if meeting.minutes_state is not MinutesState.CIRCULATED:
        raise Invalid("Circulate the minutes first: members see them before they are adopted.")
    if meeting.remarks_until is not None and now <= meeting.remarks_until:
        raise Invalid("Members propose corrections for some time yet: until then they cannot be adopted.")
    unanswered = sa.select(MinutesRemark.id).where(
        MinutesRemark.meeting_id == meeting.id, MinutesRemark.answer.is_(None)
    )
    if session.scalar(unanswered.limit(1)) is not None:
        raise Invalid("Answer each proposed correction first.")
    # Corrections are worked in after circulating, and a point may have come or lost its words by that.
    _require_words(session, meeting)
    meeting.minutes_state, meeting.minutes_adopted_at = MinutesState.ADOPTED, now
    enqueue_index(session, SubjectKind.MEETING, meeting.id, now=now)
    _tell(session, actor, subject, AuditAction.MINUTES_ADOPTED, now)


def _require_words(session: Session, meeting: Meeting) -> None:
    points = list_points(session, meeting.id)
    missing: AgendaPoint | None = next((point for point in points if not point.minutes_text.strip()), None)
    if missing is not None:
        raise Invalid("“%(title)s” has no minutes yet.", title=missing.title)


def _tell(session: Session, actor: Actor, subject: Subject, action: AuditAction, now: datetime) -> None:
    meeting: Meeting = subject.row
    session.flush()
    enqueue_notice(
        session,
        NoticeKind.MINUTES,
        now=now,
        subject_kind=SubjectKind.MEETING,
        subject_id=meeting.id,
        occasion=f"minutes:{int(now.timestamp())}",
    )
    record(
        session,
        actor,
        action,
        now=now,
        subject_kind="meeting",
        subject=meeting.public_id,
        group=subject.group,
    )
