"""Reminders: who has not answered, what mail would go to whom, and the rounds that went out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus
from forum.domain.answers import Answer, AnswerDraft, Reminder
from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.consultations import Consultation, ConsultationState
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.notices import MailPreference, Notice, NoticeKind
from forum.domain.organisations import Mandate
from forum.errors import Invalid
from forum.policy import Action, Actor, can
from forum.policy.subjects import Subject
from forum.services.actors import load_actor
from forum.services.audit import record
from forum.services.chatham import is_sealed
from forum.services.consultations import get_consultation
from forum.services.letters import Letter, write_letter
from forum.services.outbox import enqueue_notice
from forum.services.respondents import Awaited, list_awaited
from forum.services.sealing import account_key, organisation_key
from forum.services.subjects import subject_of

MAX_LETTERS = 25
"""Letters shown whole in a preview; of the others the names."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody who is asked stands."""

    awaited: Awaited
    status: Status | None
    """Of their answer; None where nothing was sent."""
    received_at: datetime | None
    is_late: bool
    answer_id: str | None
    """Public id, where the reader may read the answer."""


@dataclass(frozen=True, slots=True)
class Standings:
    """Who was asked, and who has answered: for the group's chair and secretariat."""

    asked: list[Standing] | None
    """None where everybody may answer, and under the Chatham House Rule, where only numbers are told."""
    asked_count: int
    answered_count: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who would be reminded, and how."""

    account_id: int
    name: str
    gets_mail: bool
    """False where they stopped this mail or have no address: then the notice alone."""
    letter: Letter | None
    """The mail as it would be; None where none goes."""


def get_standings(session: Session, actor: Actor, subject: Subject, *, now: datetime) -> Standings:
    """Give who was asked and who has answered; the caller asked MANAGE_CONSULTATIONS."""
    consultation, group = subject.row, subject.group
    awaited = list_awaited(session, group, consultation, now=now)
    answers = {
        answer.writer_key: answer
        for answer in session.scalars(
            sa.select(Answer).where(
                Answer.consultation_id == consultation.id, Answer.status != Status.WITHDRAWN
            )
        )
    }
    if awaited is None or is_sealed(group):
        return Standings(None, len(awaited or ()), len(answers))
    lines = []
    for one in awaited:
        answer = answers.get(one.key)
        lines.append(
            Standing(
                awaited=one,
                status=answer.status if answer else None,
                received_at=answer.received_at if answer else None,
                is_late=bool(answer and answer.late_reason),
                answer_id=answer.public_id if answer and answer.audience in actor.clearances else None,
            )
        )
    return Standings(lines, len(lines), sum(line.status is not None for line in lines))


def list_recipients(
    session: Session, subject: Subject, *, now: datetime, sealing_secret: bytes
) -> list[Recipient]:
    """Give whom a round of reminders would reach now, with each one's mail as it would go, by name."""
    consultation, group = subject.row, subject.group
    people = _to_remind(session, group, consultation, now)
    if not people:
        return []
    stopped = sa.select(MailPreference.account_id).where(
        MailPreference.kind == NoticeKind.REMINDED, MailPreference.is_wanted.is_(False)
    )
    rows = session.execute(
        sa.select(Account.id, Account.name, Account.email, Account.id.in_(stopped).label("is_stopped"))
        .where(Account.id.in_(people), Account.status == AccountStatus.ACTIVE)
        .order_by(Account.name, Account.id)
    ).all()
    found: list[Recipient] = []
    for row in rows:
        reader = load_actor(session, row.id, now=now, sealing_secret=sealing_secret)
        if not can(reader, Action.READ, subject):
            continue
        gets_mail = row.email is not None and not row.is_stopped
        letter = None
        if gets_mail and len(found) < MAX_LETTERS:
            letter = write_letter(
                session, _unsent(consultation, row.id), now=now, sealing_secret=sealing_secret
            )
        found.append(Recipient(row.id, row.name, gets_mail, letter))
    return found


def _unsent(consultation: Consultation, account_id: int) -> Notice:
    """A notice that is never stored, to see what its mail would say."""
    return Notice(
        public_id="preview",
        account_id=account_id,
        kind=NoticeKind.REMINDED,
        group_id=consultation.group_id,
        subject_kind=SubjectKind.CONSULTATION,
        subject_id=consultation.id,
        occasion="reminder:0",
    )


def send_reminders(
    session: Session, actor: Actor, slug: str, consultation_id: str, *, now: datetime, sealing_secret: bytes
) -> Reminder:
    """Remind everybody who has not answered, by the decision of chair or secretariat."""
    subject = get_consultation(session, actor, slug, consultation_id, Action.MANAGE_CONSULTATIONS)
    if subject.row.state is not ConsultationState.OPEN:
        raise Invalid("Only an open consultation can be reminded of.")
    reminder = _send(session, subject, due=now, by=actor.account_id, now=now, sealing_secret=sealing_secret)
    record(
        session,
        actor,
        AuditAction.REMINDED,
        now=now,
        subject_kind="consultation",
        subject=consultation_id,
        group=subject.group,
        people=reminder.people,
    )
    return reminder


def send_due_reminder(
    session: Session, consultation_id: int, *, due: datetime, now: datetime, sealing_secret: bytes
) -> None:
    """Remind by itself before the closing; nothing where the dates were changed, or it went out before."""
    consultation = session.get(Consultation, consultation_id)
    if (
        consultation is None
        or consultation.state is not ConsultationState.OPEN
        or consultation.closes_at is None
        or consultation.closes_at <= now
        or not any(
            (consultation.closes_at - due).total_seconds() == days * 86_400
            for days in consultation.reminder_days
        )
    ):
        return
    known = sa.select(Reminder.id).where(Reminder.consultation_id == consultation.id, Reminder.due_at == due)
    if session.scalar(known) is None:
        subject = subject_of(session, consultation)
        _send(session, subject, due=due, by=None, now=now, sealing_secret=sealing_secret)


def list_reminders(session: Session, consultation_id: int) -> Sequence[Reminder]:
    """Give the rounds that went out, the last one first; for chair and secretariat."""
    return session.scalars(
        sa.select(Reminder)
        .where(Reminder.consultation_id == consultation_id)
        .order_by(Reminder.sent_at.desc())
    ).all()


def _send(
    session: Session,
    subject: Subject,
    *,
    due: datetime,
    by: int | None,
    now: datetime,
    sealing_secret: bytes,
) -> Reminder:
    people = sorted(_to_remind(session, subject.group, subject.row, now))
    reminder = Reminder(
        consultation_id=subject.row.id, due_at=due, sent_at=now, sent_by_id=by, people=len(people)
    )
    session.add(reminder)
    session.flush()
    for account_id in people:
        enqueue_notice(
            session,
            NoticeKind.REMINDED,
            now=now,
            subject_kind=SubjectKind.CONSULTATION,
            subject_id=subject.row.id,
            account_id=account_id,
            occasion=f"reminder:{reminder.id}",
        )
    return reminder


def _to_remind(session: Session, group: Group, consultation: Consultation, now: datetime) -> set[int]:
    """The accounts of those who have not answered.

    Under the Chatham House Rule everybody who is asked, for who gets no mail would have answered. Where
    everybody may answer, those who have begun and not sent.
    """
    answered = set(
        session.scalars(
            sa.select(Answer.writer_key).where(
                Answer.consultation_id == consultation.id, Answer.status != Status.WITHDRAWN
            )
        )
    )
    awaited = list_awaited(session, group, consultation, now=now)
    if awaited is not None:
        missing = [one for one in awaited if is_sealed(group) or one.key not in answered]
        return {person for one in missing for person in one.people}
    if is_sealed(group):
        return set()
    begun = session.scalars(
        sa.select(AnswerDraft.writer_key).where(AnswerDraft.consultation_id == consultation.id)
    )
    return _accounts_of(session, set(begun) - answered, now)


def _accounts_of(session: Session, keys: Iterable[str], now: datetime) -> set[int]:
    person, body = account_key(0)[:-1], organisation_key(0)[:-1]
    people = {int(key.removeprefix(person)) for key in keys if key.startswith(person)}
    bodies = {int(key.removeprefix(body)) for key in keys if key.startswith(body)}
    today = now.date()
    holders = session.scalars(
        sa.select(Mandate.account_id).where(
            Mandate.organisation_id.in_(bodies),
            Mandate.starts_on <= today,
            sa.or_(Mandate.ends_on.is_(None), Mandate.ends_on >= today),
        )
    )
    return people | set(holders)
