"""Who is told of a meeting, a decision or minutes, and by which mail: shown before it goes."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus
from forum.domain.groups import Group
from forum.domain.notices import MailPreference, Notice, NoticeKind
from forum.policy.actor import Actor
from forum.policy.labels import base_label
from forum.policy.subjects import Subject
from forum.services.actors import load_actor
from forum.services.letters import write_letter
from forum.services.recipients import list_group_people
from forum.services.reminders import MAX_LETTERS, Recipient


def list_recipients(
    session: Session, subject: Subject, kind: NoticeKind, *, now: datetime, sealing_secret: bytes
) -> list[Recipient]:
    """Give whom a notice about a meeting or a decision would reach now, by name, with each one's mail.

    What is still prepared is shown as it will be once its audience reads it; nothing is written by this.
    """
    group = subject.group
    people = list_group_people(session, subject, kind)
    readers = [
        account
        for account in _accounts(session, people)
        if _will_read(load_actor(session, account.id, now=now, sealing_secret=sealing_secret), group, subject)
    ]
    stopped = set(
        session.scalars(
            sa.select(MailPreference.account_id).where(
                MailPreference.kind == kind, MailPreference.is_wanted.is_(False)
            )
        )
    )
    found: list[Recipient] = []
    for account in readers:
        gets_mail = account.email is not None and account.id not in stopped
        letter = None
        if gets_mail and len(found) < MAX_LETTERS:
            notice = _unsent(subject, kind, account.id)
            letter = write_letter(session, notice, now=now, sealing_secret=sealing_secret, will_read=subject)
        found.append(Recipient(account.id, account.name, gets_mail, letter))
    return found


def _accounts(session: Session, people: frozenset[int]) -> list[Account]:
    return list(
        session.scalars(
            sa.select(Account)
            .where(Account.id.in_(sorted(people)), Account.status == AccountStatus.ACTIVE)
            .order_by(Account.name, Account.id)
        )
    )


def _will_read(reader: Actor, group: Group, subject: Subject) -> bool:
    row = subject.row
    return base_label(group.ceiling, row.tlp, group.id, row.named_list_id) in reader.clearances


def _unsent(subject: Subject, kind: NoticeKind, account_id: int) -> Notice:
    """A notice that is never stored, to see what its mail would say."""
    return Notice(
        public_id="preview",
        account_id=account_id,
        kind=kind,
        group_id=subject.group.id,
        subject_kind=subject.kind,
        subject_id=subject.row.id,
        occasion="meeting:0",
    )
