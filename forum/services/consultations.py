"""Consultations: prepared out of sight, announced, open, closed; and what they received."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.consultations import (
    MAX_REMINDER_DAYS,
    MAX_REMINDERS,
    AnswersVisible,
    AnswerUnit,
    Asked,
    Consultation,
    ConsultationState,
    SubmitBy,
)
from forum.domain.groups import Group
from forum.domain.labels import Status, Tlp
from forum.domain.outbox import Topic
from forum.domain.questionnaires import Question
from forum.domain.text import checked_title
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, require, visible_to
from forum.policy.subjects import Subject
from forum.richtext import Rendered
from forum.services.asked_organisations import check_asked, write_asked
from forum.services.groups import get_group
from forum.services.labels import relabel
from forum.services.linked_documents import OF_CONSULTATIONS, write_documents
from forum.services.outbox import enqueue
from forum.services.received import publish_received
from forum.services.recording import record_consultation
from forum.services.sealing import account_key
from forum.services.subjects import get_subject, record_authorship
from forum.services.threads import default_tlp, tlp_choices

CLOSED_PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class ConsultationLine:
    """A consultation as a list shows it."""

    public_id: str
    group_slug: str
    group_title: str
    title: str
    state: ConsultationState
    status: Status
    tlp: Tlp
    opens_at: datetime | None
    closes_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConsultationList:
    """The consultations that one reader may read, by where they are in their life."""

    open: list[ConsultationLine]
    coming: list[ConsultationLine]
    closed: list[ConsultationLine]
    prepared: list[ConsultationLine]
    """Not announced yet: read by the group's chair and secretariat alone."""
    page: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class ConsultationText:
    """What a consultation's form holds."""

    title: str
    rendered: Rendered
    what_happens: str = ""
    answers_visible: AnswersVisible = AnswersVisible.AT_ONCE
    tlp: Tlp | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    time_zone: str = "Europe/Brussels"
    asked: Asked = Asked.SEATS
    answer_unit: AnswerUnit = AnswerUnit.BODY
    submit_by: SubmitBy = SubmitBy.PUBLISHER
    reminder_days: tuple[int, ...] = ()
    organisations: tuple[str, ...] = ()
    """Slugs of the bodies asked by name."""
    documents: str = ""
    """Addresses of papers of this site, one a line."""


def list_consultations(
    session: Session, actor: Actor, *, group: Group | None = None, page: int = 1
) -> ConsultationList:
    """Give open, coming and closed consultations; the closed ones by pages. Two statements."""
    columns = (
        Consultation.public_id,
        Group.slug,
        Group.short_title,
        Consultation.title,
        Consultation.state,
        Consultation.status,
        Consultation.tlp,
        Consultation.opens_at,
        Consultation.closes_at,
        Consultation.closed_at,
    )
    statement = (
        sa.select(*columns)
        .join(Group, Group.id == Consultation.group_id)
        .where(Consultation.status.in_([Status.DRAFT, Status.PUBLISHED]), visible_to(actor, Consultation))
    )
    if group is not None:
        statement = statement.where(Consultation.group_id == group.id)
    is_closed = Consultation.state == ConsultationState.CLOSED
    live = [
        ConsultationLine(*row)  # type: ignore[call-arg]
        for row in session.execute(
            statement.where(~is_closed).order_by(
                Consultation.closes_at.is_(None), Consultation.closes_at, Consultation.id
            )
        )
    ]
    closed = [
        ConsultationLine(*row)  # type: ignore[call-arg]
        for row in session.execute(
            statement.where(is_closed)
            .order_by(Consultation.closed_at.desc(), Consultation.id.desc())
            .limit(CLOSED_PER_PAGE + 1)
            .offset((page - 1) * CLOSED_PER_PAGE)
        )
    ]
    announced = [line for line in live if line.status is Status.PUBLISHED]
    return ConsultationList(
        open=[line for line in announced if line.state is ConsultationState.OPEN],
        coming=[line for line in announced if line.state is ConsultationState.DRAFT],
        closed=closed[:CLOSED_PER_PAGE],
        prepared=[line for line in live if line.status is Status.DRAFT],
        page=page,
        has_next=len(closed) > CLOSED_PER_PAGE,
    )


def get_consultation(
    session: Session, actor: Actor, slug: str, public_id: str, action: Action = Action.READ
) -> Subject:
    """Give a consultation of this group; NotFound where it is another group's.

    `action` MANAGE_CONSULTATIONS is asked of its group.
    """
    subject = get_subject(session, actor, SubjectKind.CONSULTATION, public_id)
    if subject.group.slug != slug:
        raise NotFound
    if action is not Action.READ:
        require(actor, action, subject.group)
    return subject


def create_consultation(
    session: Session, actor: Actor, slug: str, text: ConsultationText, *, now: datetime
) -> Consultation:
    """Prepare a consultation: until it is announced the group's chair and secretariat alone read it."""
    group = get_group(session, actor, slug, Action.MANAGE_CONSULTATIONS)
    assert actor.account_id is not None
    consultation = Consultation(
        group_id=group.id,
        state=ConsultationState.DRAFT,
        status=Status.DRAFT,
        tlp=default_tlp(group),
        created_by_id=actor.account_id,
        created_at=now,
        audience="",
        own="",
    )
    _write_text(group, consultation, text)
    session.add(consultation)
    session.flush()
    record_authorship(session, SubjectKind.CONSULTATION, consultation.id, [account_key(actor.account_id)])
    relabel(session, group, consultation, now=now)
    _write_parts(session, actor, group, consultation, text, now)
    enqueue_dates(session, consultation, now=now)
    record_consultation(session, actor, AuditAction.CONSULTATION_MADE, group, consultation, now)
    return consultation


def edit_consultation(
    session: Session, actor: Actor, slug: str, public_id: str, text: ConsultationText, *, now: datetime
) -> Consultation:
    """Change a consultation that has not closed; when answers are read is fixed once it is open."""
    subject = get_consultation(session, actor, slug, public_id, Action.MANAGE_CONSULTATIONS)
    consultation: Consultation = subject.row
    if consultation.state is ConsultationState.CLOSED:
        raise NotAllowed("This consultation has closed: it cannot be changed any more.")
    if (
        consultation.state is ConsultationState.OPEN
        and text.answers_visible is not consultation.answers_visible
    ):
        raise Invalid(
            "Answers were promised to be read as it says now: that stays while it is open.",
            field="answers_visible",
        )
    if (
        consultation.state is ConsultationState.OPEN
        and text.answer_unit is not consultation.answer_unit
        and has_questions(session, consultation)
    ):
        raise Invalid("Whether bodies or people answer stays as it is while it is open.", field="answer_unit")
    _write_text(subject.group, consultation, text)
    session.flush()
    relabel(session, subject.group, consultation, now=now)
    _write_parts(session, actor, subject.group, consultation, text, now)
    enqueue_dates(session, consultation, now=now)
    record_consultation(session, actor, AuditAction.CONSULTATION_CHANGED, subject.group, consultation, now)
    return consultation


def announce_consultation(
    session: Session, actor: Actor, slug: str, public_id: str, *, now: datetime
) -> Consultation:
    """Let its audience read a prepared consultation; it opens by itself when its opening time comes."""
    subject = get_consultation(session, actor, slug, public_id, Action.MANAGE_CONSULTATIONS)
    consultation: Consultation = subject.row
    if consultation.status is not Status.DRAFT:
        raise Invalid("This consultation was announced already.")
    consultation.status = Status.PUBLISHED
    relabel(session, subject.group, consultation, now=now)
    record_consultation(session, actor, AuditAction.CONSULTATION_ANNOUNCED, subject.group, consultation, now)
    keep_dates(session, consultation.id, now=now)
    return consultation


def open_consultation(
    session: Session, actor: Actor, slug: str, public_id: str, *, now: datetime
) -> Consultation:
    """Take answers from now on (a closed one is opened again by the chair's decision)."""
    subject = get_consultation(session, actor, slug, public_id, Action.MANAGE_CONSULTATIONS)
    consultation: Consultation = subject.row
    if consultation.state is ConsultationState.OPEN:
        raise Invalid("This consultation is open already.")
    if consultation.state is ConsultationState.CLOSED:
        raise Invalid("This consultation has closed: prepare another one.")
    if consultation.closes_at is not None and consultation.closes_at <= now:
        raise Invalid("Its closing time has passed. Set a later one first.", field="closes_at")
    start_consultation(session, subject.group, consultation, now=now, by=actor)
    return consultation


def start_consultation(
    session: Session, group: Group, consultation: Consultation, *, now: datetime, by: Actor | None = None
) -> None:
    """Open a consultation for whoever decided or for the clock; the caller asked the policy."""
    consultation.state, consultation.status = ConsultationState.OPEN, Status.PUBLISHED
    consultation.opens_at = now
    relabel(session, group, consultation, now=now)
    record_consultation(session, by, AuditAction.CONSULTATION_OPENED, group, consultation, now)


def keep_dates(session: Session, consultation_id: int, *, now: datetime) -> None:
    """Open an announced consultation, or close an open one, whose time has come; safe to repeat.

    What is taken until the closing time is taken: it closes after that time, not at it.
    """
    consultation = session.get(Consultation, consultation_id)
    if consultation is None or consultation.status is not Status.PUBLISHED:
        return
    group = session.get_one(Group, consultation.group_id)
    is_over = consultation.closes_at is not None and consultation.closes_at < now
    if consultation.state is ConsultationState.OPEN and is_over:
        end_consultation(session, group, consultation, now=now)
    is_due = consultation.opens_at is not None and consultation.opens_at <= now and not is_over
    if consultation.state is ConsultationState.DRAFT and is_due:
        start_consultation(session, group, consultation, now=now)


def enqueue_dates(session: Session, consultation: Consultation, *, now: datetime) -> None:
    """Have the worker look at it when it opens and after it closes, as the dates are now."""
    payload: dict[str, Any] = {"consultation_id": consultation.id}
    if consultation.closes_at is not None:
        for days in consultation.reminder_days:
            due = consultation.closes_at - timedelta(days=days)
            if due > now:
                reminder = payload | {"reminder_due": due.isoformat()}
                enqueue(session, Topic.DEADLINE, reminder, now=now, at=due)
    closing = consultation.closes_at + timedelta(seconds=1) if consultation.closes_at else None
    for at in (consultation.opens_at, closing):
        if at is not None and at > now:
            enqueue(session, Topic.DEADLINE, payload, now=now, at=at)


def close_consultation(
    session: Session, actor: Actor, slug: str, public_id: str, *, now: datetime
) -> Consultation:
    """Take no more answers; what waited for the closing is published in the same transaction."""
    subject = get_consultation(session, actor, slug, public_id, Action.MANAGE_CONSULTATIONS)
    consultation: Consultation = subject.row
    if consultation.state is not ConsultationState.OPEN:
        raise Invalid("This consultation is not open.")
    end_consultation(session, subject.group, consultation, now=now, by=actor)
    return consultation


def end_consultation(
    session: Session, group: Group, consultation: Consultation, *, now: datetime, by: Actor | None = None
) -> None:
    """Close a consultation for whoever decided or for the clock; the caller asked the policy."""
    consultation.state, consultation.closed_at = ConsultationState.CLOSED, now
    session.flush()
    relabel(session, group, consultation, now=now)
    record_consultation(session, by, AuditAction.CONSULTATION_CLOSED, group, consultation, now)
    if consultation.answers_visible is AnswersVisible.AFTER_CLOSING:
        publish_received(session, consultation, now=now)


def publish_answers(session: Session, actor: Actor, slug: str, public_id: str, *, now: datetime) -> int:
    """Publish what a closed consultation received; gives how many answers that were."""
    subject = get_consultation(session, actor, slug, public_id, Action.MANAGE_CONSULTATIONS)
    consultation: Consultation = subject.row
    if consultation.state is not ConsultationState.CLOSED:
        raise Invalid("Close the consultation first.")
    record_consultation(session, actor, AuditAction.ANSWERS_PUBLISHED, subject.group, consultation, now)
    return publish_received(session, consultation, now=now)


def _write_text(group: Group, consultation: Consultation, text: ConsultationText) -> None:
    consultation.title = checked_title(text.title)
    if not text.rendered.text.strip():
        raise Invalid("Say what is asked, and why.", field="body")
    tlp = text.tlp or default_tlp(group)
    if tlp not in tlp_choices(group):
        raise Invalid("This group does not allow that label.", field="label")
    try:
        ZoneInfo(text.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Invalid("Choose a time zone of the list.", field="time_zone") from None
    if text.closes_at is not None and text.opens_at is not None and text.closes_at <= text.opens_at:
        raise Invalid("It closes before it opens.", field="closes_at")
    consultation.source, consultation.html = text.rendered.source, text.rendered.html
    consultation.text = text.rendered.text
    consultation.what_happens = text.what_happens.strip()
    consultation.answers_visible, consultation.tlp = text.answers_visible, tlp
    if consultation.state is not ConsultationState.OPEN:
        consultation.opens_at = text.opens_at
    consultation.closes_at, consultation.time_zone = text.closes_at, text.time_zone
    consultation.asked, consultation.answer_unit = text.asked, text.answer_unit
    consultation.submit_by = text.submit_by
    days = sorted(set(text.reminder_days), reverse=True)
    if len(days) > MAX_REMINDERS or any(not 0 < day <= MAX_REMINDER_DAYS for day in days):
        raise Invalid(
            "At most %(count)d reminders, each from 1 to %(days)d days before the closing.",
            field="reminder_days",
            count=MAX_REMINDERS,
            days=MAX_REMINDER_DAYS,
        )
    consultation.reminder_days = days
    check_asked(group, consultation)


def _write_parts(
    session: Session,
    actor: Actor,
    group: Group,
    consultation: Consultation,
    text: ConsultationText,
    now: datetime,
) -> None:
    """Write the bodies asked by name and the documents; the consultation has its key and label."""
    write_asked(session, group, consultation, text.organisations)
    write_documents(session, actor, OF_CONSULTATIONS, consultation.id, text.documents, now=now)


def has_questions(session: Session, consultation: Consultation) -> bool:
    """Whether a consultation asks questions, besides taking papers."""
    found = sa.select(Question.id).where(Question.consultation_id == consultation.id).limit(1)
    return session.scalar(found) is not None
