"""Undoing what a decision did, everywhere: taken back within the minute, or overturned on appeal."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group
from forum.domain.labels import Status, Tlp
from forum.domain.moderation import Action as Decision
from forum.domain.moderation import ModerationDecision
from forum.domain.suspensions import Suspension
from forum.domain.threads import Thread
from forum.errors import Conflict
from forum.policy.subjects import Subject
from forum.services.labels import relabel
from forum.services.statuses import change_status
from forum.services.threads_move import move_thread
from forum.services.threads_split import put_back

_GONE = "Something has happened since, so this can no longer be taken back."


def reverse_decision(
    session: Session, decision: ModerationDecision, subject: Subject | None, *, now: datetime
) -> None:
    """Undo what a decision did: status, label, lock, place or suspension, with counts, search and pages.

    Conflict where what it did is no longer so. `subject` is None for a decision about an account.
    """
    if decision.action is Decision.SUSPEND:
        _end_suspension(session, decision, now)
        return
    assert subject is not None
    if decision.status_before is not decision.status_after:
        if subject.status is not decision.status_after:
            raise Conflict(_GONE)
        change_status(session, subject, decision.status_before, now=now)
    match decision.action:
        case Decision.LABEL:
            _restore_label(session, decision, subject, now)
        case Decision.LOCK | Decision.UNLOCK:
            assert subject.thread is not None
            subject.thread.locked_at = now if decision.action is Decision.UNLOCK else None
        case Decision.MOVE:
            _move_back(session, decision, subject, now)
        case Decision.SPLIT | Decision.MERGE:
            before = _get_thread(session, decision.details["thread_before"])
            after = _get_thread(session, decision.details["thread_after"])
            put_back(session, subject.group, before, after, decision.details["places"], now=now)
    session.flush()


def restore_published(session: Session, subject: Subject, *, now: datetime) -> None:
    """Publish what a decision rejected or removed from view, wherever it stands."""
    if subject.status is not Status.PUBLISHED:
        change_status(session, subject, Status.PUBLISHED, now=now)


def _end_suspension(session: Session, decision: ModerationDecision, now: datetime) -> None:
    """Others that hold at the same time go on: the longest of them says until when."""
    one = session.scalars(sa.select(Suspension).where(Suspension.decision_id == decision.id)).first()
    if one is None:
        raise Conflict(_GONE)
    one.ends_at = min(one.ends_at, now)
    if one.group_id is None:
        session.flush()
        left = session.scalar(
            sa.select(sa.func.max(Suspension.ends_at)).where(
                Suspension.account_id == one.account_id, Suspension.group_id.is_(None)
            )
        )
        session.get_one(Account, one.account_id).suspended_until = left


def _restore_label(session: Session, decision: ModerationDecision, subject: Subject, now: datetime) -> None:
    row = subject.thread if subject.thread is not None else subject.row
    if row.tlp.value != decision.details["tlp_after"]:
        raise Conflict(_GONE)
    row.tlp = Tlp(decision.details["tlp_before"])
    relabel(session, subject.group, row, now=now)


def _move_back(session: Session, decision: ModerationDecision, subject: Subject, now: datetime) -> None:
    group = session.scalars(sa.select(Group).where(Group.public_id == decision.details["group_before"])).one()
    if subject.thread is None or subject.group.public_id != decision.details["group_after"]:
        raise Conflict(_GONE)
    move_thread(session, subject.thread, group, now=now)


def _get_thread(session: Session, public_id: str) -> Thread:
    return session.scalars(sa.select(Thread).where(Thread.public_id == public_id)).one()
