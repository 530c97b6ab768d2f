"""Late entries: asking to be heard after the closing, and the chair's decision with its reason, recorded."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.answers import LateEntry
from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.consultations import Consultation, ConsultationState
from forum.domain.groups import Group
from forum.domain.moderation import is_sentence
from forum.domain.notices import NoticeKind
from forum.domain.text import normalise
from forum.errors import Conflict, Invalid, NotFound
from forum.policy import Action, Actor
from forum.services.audit import record
from forum.services.chatham import is_sealed
from forum.services.consultations import get_consultation
from forum.services.indexing import start_of_day
from forum.services.outbox import enqueue_notice
from forum.services.respondents import Respondent, get_respondent, list_awaited, stored_key

MAX_MESSAGE = 1_000
MAX_DAYS = 60


def ask_late(
    session: Session,
    actor: Actor,
    slug: str,
    consultation_id: str,
    respondent_slug: str | None,
    *,
    message: str,
    now: datetime,
    sealing_secret: bytes,
) -> LateEntry:
    """Ask the chair to take an answer after the closing; Conflict where that was asked before."""
    subject = get_consultation(session, actor, slug, consultation_id)
    consultation, group = subject.row, subject.group
    if consultation.state is not ConsultationState.CLOSED:
        raise Invalid("This consultation has not closed.")
    respondent = get_respondent(session, actor, group, consultation, respondent_slug)
    if find_late_entry(session, group, consultation, respondent, sealing_secret) is not None:
        raise Conflict("That was asked already.")
    message = normalise(message).strip()
    if not is_sentence(message):
        raise Invalid("Say in a sentence why it comes late.", field="message")
    if len(message) > MAX_MESSAGE:
        raise Invalid(
            "Up to %(limit)d characters are accepted here. Shorten it.", field="message", limit=MAX_MESSAGE
        )
    entry = LateEntry(
        consultation_id=consultation.id,
        writer_key=stored_key(group, respondent.key, sealing_secret),
        name="" if is_sealed(group) else respondent.name,
        message=message,
        asked_at=start_of_day(now) if is_sealed(group) else now,
        asked_by_id=None if is_sealed(group) else actor.account_id,
    )
    session.add(entry)
    session.flush()
    return entry


def find_late_entry(
    session: Session, group: Group, consultation: Consultation, respondent: Respondent, sealing_secret: bytes
) -> LateEntry | None:
    """Give what a respondent asked for and what was decided; the caller asked who they are."""
    key = stored_key(group, respondent.key, sealing_secret)
    return session.scalars(
        sa.select(LateEntry).where(LateEntry.consultation_id == consultation.id, LateEntry.writer_key == key)
    ).first()


def list_late_entries(session: Session, consultation: Consultation) -> Sequence[LateEntry]:
    """Give all requests and decisions, those that wait first; for chair and secretariat."""
    return session.scalars(
        sa.select(LateEntry)
        .where(LateEntry.consultation_id == consultation.id)
        .order_by(LateEntry.is_admitted.is_not(None), LateEntry.id)
    ).all()


def decide_late(
    session: Session,
    actor: Actor,
    slug: str,
    consultation_id: str,
    entry_id: str,
    *,
    is_admitted: bool,
    reason: str,
    days: int,
    now: datetime,
) -> LateEntry:
    """Decide about a request; the chair's alone, with a reason that is shown with the answer."""
    subject = get_consultation(session, actor, slug, consultation_id, Action.ADMIT_LATE)
    entry = session.scalars(
        sa.select(LateEntry).where(
            LateEntry.public_id == entry_id, LateEntry.consultation_id == subject.row.id
        )
    ).first()
    if entry is None:
        raise NotFound
    _decide(session, actor, subject.group, subject.row, entry, is_admitted, reason, days, now)
    return entry


def offer_late(
    session: Session,
    actor: Actor,
    slug: str,
    consultation_id: str,
    *,
    key: str,
    reason: str,
    days: int,
    now: datetime,
) -> LateEntry:
    """Take the answer of somebody who was asked and has not answered, though they did not ask for it."""
    subject = get_consultation(session, actor, slug, consultation_id, Action.ADMIT_LATE)
    consultation, group = subject.row, subject.group
    if consultation.state is not ConsultationState.CLOSED:
        raise Invalid("This consultation has not closed.")
    awaited = {one.key: one for one in list_awaited(session, group, consultation, now=now) or ()}
    if key not in awaited or is_sealed(group):
        raise Invalid("Choose somebody who was asked.")
    entry = session.scalars(
        sa.select(LateEntry).where(LateEntry.consultation_id == consultation.id, LateEntry.writer_key == key)
    ).first()
    if entry is None:
        entry = LateEntry(consultation_id=consultation.id, writer_key=key, name=awaited[key].name)
        session.add(entry)
    _decide(session, actor, group, consultation, entry, True, reason, days, now)
    return entry


def _decide(
    session: Session,
    actor: Actor,
    group: Group,
    consultation: Consultation,
    entry: LateEntry,
    is_admitted: bool,
    reason: str,
    days: int,
    now: datetime,
) -> None:
    reason = normalise(reason).strip()
    if not is_sentence(reason):
        raise Invalid(
            "Give the reason in at least one sentence: it is shown with the answer.", field="reason"
        )
    if len(reason) > MAX_MESSAGE:
        raise Invalid(
            "Up to %(limit)d characters are accepted here. Shorten it.", field="reason", limit=MAX_MESSAGE
        )
    if not 1 <= days <= MAX_DAYS:
        raise Invalid("From 1 to %(limit)d days.", field="days", limit=MAX_DAYS)
    entry.is_admitted, entry.reason = is_admitted, reason
    entry.until = now + timedelta(days=days) if is_admitted else None
    entry.decided_at, entry.decided_by_id = now, actor.account_id
    session.flush()
    asker = session.get(Account, entry.asked_by_id) if entry.asked_by_id is not None else None
    if asker is not None:
        enqueue_notice(
            session,
            NoticeKind.LATE_DECIDED,
            now=now,
            subject_kind=SubjectKind.CONSULTATION,
            subject_id=consultation.id,
            account_id=asker.id,
            occasion=f"late:{entry.id}:{int(is_admitted)}",
        )
    record(
        session,
        actor,
        AuditAction.LATE_DECIDED,
        now=now,
        subject_kind="consultation",
        subject=consultation.public_id,
        group=group,
        entry=entry.public_id,
        is_admitted=is_admitted,
        until=entry.until.isoformat() if entry.until else None,
    )
