"""Reminding the seats that are missing in a stage: who would get which mail, and the rounds that went out."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus
from forum.domain.audit import AuditAction
from forum.domain.groups import Group, Stage, StageReminder
from forum.domain.notices import MailPreference, Notice, NoticeKind
from forum.domain.stages import Act, check_act
from forum.policy import Action, Actor
from forum.services.audit import record
from forum.services.letters import write_letter
from forum.services.outbox import enqueue_notice
from forum.services.reminders import MAX_LETTERS, Recipient
from forum.services.stage_seats import get_standing
from forum.services.stages import get_stage


def list_stage_recipients(
    session: Session, group: Group, stage: Stage, *, now: datetime, sealing_secret: bytes
) -> list[Recipient]:
    """Give whom a round of reminders would reach now, with each one's mail as it would go, by name."""
    people = _to_remind(session, group, stage, now)
    stopped = sa.select(MailPreference.account_id).where(
        MailPreference.kind == NoticeKind.SEAT_REMINDED, MailPreference.is_wanted.is_(False)
    )
    rows = session.execute(
        sa.select(Account.id, Account.name, Account.email, Account.id.in_(stopped).label("is_stopped"))
        .where(Account.id.in_(people), Account.status == AccountStatus.ACTIVE)
        .order_by(Account.name, Account.id)
    )
    found: list[Recipient] = []
    for row in rows.all():
        gets_mail = row.email is not None and not row.is_stopped
        letter = None
        if gets_mail and len(found) < MAX_LETTERS:
            notice = Notice(
                public_id="preview",
                account_id=row.id,
                kind=NoticeKind.SEAT_REMINDED,
                group_id=group.id,
                occasion=f"stage:{stage.id}",
            )
            letter = write_letter(session, notice, now=now, sealing_secret=sealing_secret)
        found.append(Recipient(row.id, row.name, gets_mail, letter))
    return found


def remind_seats(session: Session, actor: Actor, slug: str, key: str, *, now: datetime) -> StageReminder:
    """Write to everybody who can act for a seat that is missing; Invalid unless the stage is open."""
    group, stage = get_stage(session, actor, slug, key, Action.RUN_PROCEDURE)
    check_act(stage, Act.REMIND)
    people = sorted(_to_remind(session, group, stage, now))
    reminder = StageReminder(stage_id=stage.id, sent_at=now, sent_by_id=actor.account_id, people=len(people))
    session.add(reminder)
    session.flush()
    for account_id in people:
        # The round is part of the key: each is told again.
        enqueue_notice(
            session,
            NoticeKind.SEAT_REMINDED,
            now=now,
            group_id=group.id,
            account_id=account_id,
            occasion=f"stage:{stage.id}:{reminder.id}",
        )
    record(
        session,
        actor,
        AuditAction.SEATS_REMINDED,
        now=now,
        subject_kind="group",
        subject=group.public_id,
        group=group,
        stage=stage.key,
        people=reminder.people,
    )
    return reminder


def list_stage_reminders(session: Session, stage_id: int) -> Sequence[StageReminder]:
    """Give the rounds that went out in a stage, the last one first."""
    return session.scalars(
        sa.select(StageReminder)
        .where(StageReminder.stage_id == stage_id)
        .order_by(StageReminder.sent_at.desc(), StageReminder.id.desc())
    ).all()


def _to_remind(session: Session, group: Group, stage: Stage, now: datetime) -> set[int]:
    standing = get_standing(session, group, stage, now=now)
    return {person for seat in standing.missing or () for person in seat.people}
