"""Meetings: prepared out of sight, convened, changed and cancelled; whom that is told; the lists of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.ballots import Ballot
from forum.domain.groups import Group, Stage
from forum.domain.labels import Status, Tlp
from forum.domain.languages import LANGUAGES
from forum.domain.meetings import (
    MAX_PLACE,
    MAX_POINTS,
    AgendaPoint,
    Meeting,
    MeetingDocument,
    MinutesRemark,
    MinutesState,
)
from forum.domain.notices import NoticeKind
from forum.domain.text import checked_title, one_line
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, require, visible_to
from forum.policy.subjects import Subject
from forum.richtext import Rendered
from forum.services.audit import record
from forum.services.groups import get_group
from forum.services.labels import relabel
from forum.services.linked_documents import OF_MEETINGS, write_documents
from forum.services.outbox import enqueue_index, enqueue_notice
from forum.services.subjects import get_subject
from forum.services.threads import default_tlp, tlp_choices

PAST_PER_PAGE = 20
MOST_COMING = 50


@dataclass(frozen=True, slots=True)
class MeetingLine:
    """A meeting as a list shows it."""

    public_id: str
    group_slug: str
    group_title: str
    title: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    place: str
    status: Status
    tlp: Tlp
    minutes_state: MinutesState
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True)
class MeetingList:
    """The meetings of a group that one reader may read."""

    prepared: list[MeetingLine]
    """Not convened yet: read by chair and secretariat alone."""
    coming: list[MeetingLine]
    past: list[MeetingLine]
    page: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class MeetingText:
    """What a meeting's form holds; times are moments, `agenda` one point a line."""

    title: str
    rendered: Rendered
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    agenda: str
    place: str = ""
    language: str = "en"
    documents: str = ""
    tlp: Tlp | None = None
    stage_key: str = ""


_COLUMNS = (
    Meeting.public_id,
    Group.slug,
    Group.short_title,
    Meeting.title,
    Meeting.starts_at,
    Meeting.ends_at,
    Meeting.time_zone,
    Meeting.place,
    Meeting.status,
    Meeting.tlp,
    Meeting.minutes_state,
    Meeting.cancelled_at,
)


def _lines(actor: Actor) -> Any:
    return (
        sa.select(*_COLUMNS)
        .join(Group, Group.id == Meeting.group_id)
        .where(Meeting.status.in_([Status.DRAFT, Status.PUBLISHED]), visible_to(actor, Meeting))
    )


def list_meetings(
    session: Session, actor: Actor, group: Group, *, now: datetime, page: int = 1
) -> MeetingList:
    """Give the meetings of a group: coming ones, the next first, and past ones by pages. Two statements."""
    statement = _lines(actor).where(Meeting.group_id == group.id)
    is_past = sa.and_(Meeting.ends_at < now, Meeting.status == Status.PUBLISHED)
    live = session.execute(
        statement.where(~is_past).order_by(Meeting.starts_at, Meeting.id).limit(MOST_COMING)
    )
    lines = [MeetingLine(*row) for row in live]
    past = session.execute(
        statement.where(is_past)
        .order_by(Meeting.starts_at.desc(), Meeting.id.desc())
        .limit(PAST_PER_PAGE + 1)
        .offset((page - 1) * PAST_PER_PAGE)
    )
    before = [MeetingLine(*row) for row in past]
    return MeetingList(
        prepared=[line for line in lines if line.status is Status.DRAFT],
        coming=[line for line in lines if line.status is Status.PUBLISHED],
        past=before[:PAST_PER_PAGE],
        page=page,
        has_next=len(before) > PAST_PER_PAGE,
    )


def list_next_meetings(
    session: Session, actor: Actor, *, now: datetime, group_id: int | None = None, limit: int = 5
) -> list[MeetingLine]:
    """Give the next meetings of the actor's groups, or those of one group that they may read."""
    own = sorted(actor.group_roles)
    if group_id is None and not own:
        return []
    statement = _lines(actor).where(
        Meeting.status == Status.PUBLISHED, Meeting.cancelled_at.is_(None), Meeting.ends_at >= now
    )
    where = Meeting.group_id == group_id if group_id is not None else Meeting.group_id.in_(own)
    rows = session.execute(statement.where(where).order_by(Meeting.starts_at, Meeting.id).limit(limit))
    return [MeetingLine(*row) for row in rows]


def get_meeting(
    session: Session, actor: Actor, slug: str, public_id: str, action: Action = Action.READ
) -> Subject:
    """Give a meeting of this group; NotFound where it is another group's or not to be read.

    Another action than READ is asked of its group.
    """
    subject = get_subject(session, actor, SubjectKind.MEETING, public_id)
    if subject.group.slug != slug:
        raise NotFound
    if action is not Action.READ:
        require(actor, action, subject.group)
    return subject


def list_points(session: Session, meeting_id: int) -> Sequence[AgendaPoint]:
    """Give the points of an agenda in their order; the caller has asked for the meeting."""
    return session.scalars(
        sa.select(AgendaPoint)
        .where(AgendaPoint.meeting_id == meeting_id)
        .order_by(AgendaPoint.position, AgendaPoint.id)
    ).all()


def prepare_meeting(
    session: Session, actor: Actor, slug: str, text: MeetingText, *, now: datetime
) -> Meeting:
    """Prepare a meeting: until it is convened chair and secretariat alone read it."""
    group = get_group(session, actor, slug, Action.MANAGE_MEETINGS)
    meeting = Meeting(
        group_id=group.id,
        status=Status.DRAFT,
        tlp=default_tlp(group),
        created_by_id=actor.account_id,
        created_at=now,
        changed_at=now,
        audience="",
        own="",
    )
    _write_text(session, group, meeting, text)
    session.add(meeting)
    session.flush()
    _write_points(session, meeting, text.agenda)
    relabel(session, group, meeting, now=now)
    write_documents(session, actor, OF_MEETINGS, meeting.id, text.documents, now=now)
    return meeting


def change_meeting(
    session: Session, actor: Actor, slug: str, public_id: str, text: MeetingText, *, now: datetime
) -> Meeting:
    """Change a meeting; once it is convened calendars learn of it and its people are told."""
    subject = get_meeting(session, actor, slug, public_id, Action.MANAGE_MEETINGS)
    meeting: Meeting = subject.row
    if meeting.cancelled_at is not None:
        raise NotAllowed("This meeting was cancelled: it cannot be changed any more.")
    if meeting.minutes_state is MinutesState.ADOPTED:
        raise NotAllowed("The minutes of this meeting were adopted: it cannot be changed any more.")
    _write_text(session, subject.group, meeting, text)
    _write_points(session, meeting, text.agenda)
    meeting.changed_at = now
    session.flush()
    relabel(session, subject.group, meeting, now=now)
    write_documents(session, actor, OF_MEETINGS, meeting.id, text.documents, now=now)
    if meeting.status is Status.PUBLISHED:
        meeting.sequence += 1
        _tell(session, actor, subject.group, meeting, NoticeKind.MEETING_CHANGED, now)
    return meeting


def convene_meeting(session: Session, actor: Actor, slug: str, public_id: str, *, now: datetime) -> Meeting:
    """Let the group know of a meeting: from now on its audience reads it, and its people are told."""
    subject = get_meeting(session, actor, slug, public_id, Action.MANAGE_MEETINGS)
    meeting: Meeting = subject.row
    if meeting.status is not Status.DRAFT:
        raise Invalid("This meeting is convened already.")
    meeting.status, meeting.convened_at, meeting.changed_at = Status.PUBLISHED, now, now
    relabel(session, subject.group, meeting, now=now)
    _tell(session, actor, subject.group, meeting, NoticeKind.MEETING_CONVENED, now)
    return meeting


def cancel_meeting(
    session: Session, actor: Actor, slug: str, public_id: str, *, reason: str, now: datetime
) -> Meeting:
    """Cancel a convened meeting: it stays readable as cancelled, with the reason, and calendars drop it."""
    subject = get_meeting(session, actor, slug, public_id, Action.MANAGE_MEETINGS)
    meeting: Meeting = subject.row
    if meeting.status is not Status.PUBLISHED or meeting.cancelled_at is not None:
        raise Invalid("Only a meeting that is convened can be cancelled.")
    if meeting.starts_at <= now:
        raise Invalid("This meeting has begun: say in its minutes what became of it.")
    reason = " ".join(reason.split())
    if not reason:
        raise Invalid("Write why, for those who were to come.", field="reason")
    if len(reason) > MAX_PLACE:
        raise Invalid("Write at most %(limit)d characters.", field="reason", limit=MAX_PLACE)
    meeting.cancelled_at, meeting.cancel_reason, meeting.changed_at = now, reason, now
    meeting.sequence += 1
    session.flush()
    enqueue_index(session, SubjectKind.MEETING, meeting.id, now=now)
    _tell(session, actor, subject.group, meeting, NoticeKind.MEETING_CANCELLED, now)
    return meeting


def drop_meeting(session: Session, actor: Actor, slug: str, public_id: str) -> None:
    """Delete a meeting that was never convened: nobody but chair and secretariat knew of it."""
    subject = get_meeting(session, actor, slug, public_id, Action.MANAGE_MEETINGS)
    meeting: Meeting = subject.row
    if meeting.status is not Status.DRAFT:
        raise Invalid("This meeting was convened: cancel it.")
    if session.scalar(sa.select(Ballot.id).where(Ballot.meeting_id == meeting.id).limit(1)) is not None:
        raise Invalid("A decision was prepared for it: that comes first.")
    for part in (AgendaPoint, MeetingDocument):
        session.execute(sa.delete(part).where(part.meeting_id == meeting.id))
    session.delete(meeting)


_ACTIONS = {
    NoticeKind.MEETING_CONVENED: AuditAction.MEETING_CONVENED,
    NoticeKind.MEETING_CHANGED: AuditAction.MEETING_CHANGED,
    NoticeKind.MEETING_CANCELLED: AuditAction.MEETING_CANCELLED,
}


def _tell(
    session: Session, actor: Actor, group: Group, meeting: Meeting, kind: NoticeKind, now: datetime
) -> None:
    """Tell everybody in the group who may read it, and put it on record."""
    enqueue_notice(
        session,
        kind,
        now=now,
        subject_kind=SubjectKind.MEETING,
        subject_id=meeting.id,
        occasion=f"meeting:{meeting.sequence}",
    )
    record(
        session,
        actor,
        _ACTIONS[kind],
        now=now,
        subject_kind="meeting",
        subject=meeting.public_id,
        group=group,
        starts_at=meeting.starts_at.isoformat(timespec="seconds"),
        tlp=meeting.tlp.value,
        sequence=meeting.sequence,
    )


def _write_text(session: Session, group: Group, meeting: Meeting, text: MeetingText) -> None:
    meeting.title = checked_title(text.title)
    try:
        ZoneInfo(text.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Invalid("Choose a time zone of the list.", field="time_zone") from None
    if text.ends_at <= text.starts_at:
        raise Invalid("It ends before it begins.", field="ends_at")
    place = one_line(text.place)
    if len(place) > MAX_PLACE:
        raise Invalid("Write at most %(limit)d characters.", field="place", limit=MAX_PLACE)
    if text.language not in LANGUAGES:
        raise Invalid("Choose a language of the list.", field="language")
    tlp = text.tlp or default_tlp(group)
    if tlp not in tlp_choices(group):
        raise Invalid("This group does not allow that label.", field="label")
    meeting.starts_at, meeting.ends_at, meeting.time_zone = text.starts_at, text.ends_at, text.time_zone
    meeting.place, meeting.language, meeting.tlp = place, text.language, tlp
    meeting.source, meeting.html, meeting.text = text.rendered.source, text.rendered.html, text.rendered.text
    meeting.stage_id = find_stage(session, group, text.stage_key)


def find_stage(session: Session, group: Group, key: str) -> int | None:
    """Give the stage of a group's procedure by its key; Invalid for one that it does not have."""
    if not key:
        return None
    stage_id = session.scalar(sa.select(Stage.id).where(Stage.group_id == group.id, Stage.key == key))
    if stage_id is None:
        raise Invalid("This group's procedure has no such stage.", field="stage")
    return stage_id


def list_stages(session: Session, group: Group) -> Sequence[Stage]:
    """Give the stages of a group's procedure, which a meeting or a decision can belong to."""
    return session.scalars(sa.select(Stage).where(Stage.group_id == group.id).order_by(Stage.position)).all()


def _has_remarks(session: Session, point: AgendaPoint) -> bool:
    found = sa.select(MinutesRemark.id).where(MinutesRemark.point_id == point.id).limit(1)
    return session.scalar(found) is not None


def _write_points(session: Session, meeting: Meeting, agenda: str) -> None:
    """Write the agenda; a point keeps its address and minutes while its words or its place stay."""
    titles = [checked_title(line, field="agenda") for line in agenda.splitlines() if line.strip()]
    if not titles:
        raise Invalid("Write at least one point of the agenda.", field="agenda")
    if len(titles) > MAX_POINTS:
        raise Invalid("At most %(limit)d points.", field="agenda", limit=MAX_POINTS)
    left = list(list_points(session, meeting.id))
    kept: dict[int, AgendaPoint] = {}
    for number, title in enumerate(titles, 1):
        same = next((point for point in left if point.title == title), None)
        if same is not None:
            left.remove(same)
            kept[number] = same
    for number, title in enumerate(titles, 1):
        point = kept.get(number) or next((one for one in left if one.position == number), None)
        if point is None:
            point = AgendaPoint(meeting_id=meeting.id)
            session.add(point)
        elif point in left:
            left.remove(point)
        point.position, point.title = number, title
    for point in left:
        if point.minutes_text or _has_remarks(session, point):
            raise Invalid("“%(title)s” has minutes: keep it.", field="agenda", title=point.title)
        session.delete(point)
    session.flush()
