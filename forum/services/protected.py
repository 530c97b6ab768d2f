"""Locking what nobody may be shown, saying that a hotline was told, and releasing what was locked wrongly.

Nothing here gives a text, a title or an author to anybody, and nothing is mailed.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Status
from forum.domain.moderation import Action as Decision
from forum.domain.moderation import Flag, checked_reason
from forum.domain.protected import LOCKING, Cause, ProtectedCase, status_after_release
from forum.errors import Conflict, NotAllowed, NotFound
from forum.policy import Action, Actor, can
from forum.policy.subjects import Subject
from forum.services.audit import record
from forum.services.personal_names import refuse_names
from forum.services.statuses import change_status
from forum.services.subjects import find_subject, subject_of
from forum.services.translations import list_translating


@dataclass(frozen=True, slots=True)
class LockedCase:
    """What a moderator sees of a locked contribution: where, since when, and what was done."""

    case: ProtectedCase
    group: Group


def lock(
    session: Session, actor: Actor | None, subject: Subject, cause: Cause, *, now: datetime
) -> ProtectedCase:
    """Take a contribution away from everybody, its author and moderators too; with its translations."""
    before = subject.status
    if subject.kind is SubjectKind.VERSION:
        for translation in list_translating(session, subject.row):
            if translation.status not in {Status.LOCKED, Status.DRAFT, Status.WITHDRAWN}:
                lock(session, actor, subject_of(session, translation), cause, now=now)
    case = _open_case(session, subject, before, cause, now)
    if before is not Status.LOCKED:
        change_status(session, subject, Status.LOCKED, now=now)
    _put_on_record(session, actor, AuditAction.PROTECTED_LOCKED, case, subject, now, cause=cause.value)
    return case


def _open_case(
    session: Session, subject: Subject, before: Status, cause: Cause, now: datetime
) -> ProtectedCase:
    case = ProtectedCase(
        group_id=subject.group.id,
        subject_kind=subject.kind,
        subject_id=subject.row.id,
        cause=cause,
        status_before=Status.PENDING if before is Status.LOCKED else before,
        opened_at=now,
    )
    session.add(case)
    session.flush()
    return case


def list_locked(session: Session, actor: Actor) -> Sequence[LockedCase]:
    """Give the open cases of the groups that the actor moderates, oldest first; never of what they wrote."""
    groups = actor.groups_with(GroupRole.MODERATOR)
    if actor.is_suspended or not groups:
        return ()
    parameters = {"group_ids": list(groups), "keys": sorted(actor.writer_keys)}
    rows = session.execute(_locked_statement(), parameters)
    return [LockedCase(case, group) for case, group in rows]


@functools.cache
def _locked_statement() -> sa.Select[*tuple[Any, ...]]:
    own = (
        sa.select(sa.literal(1))
        .select_from(Authorship)
        .where(
            Authorship.subject_kind == ProtectedCase.subject_kind,
            Authorship.subject_id == ProtectedCase.subject_id,
            Authorship.writer_key.in_(sa.bindparam("keys", expanding=True)),
        )
        .exists()
    )
    return (
        sa.select(ProtectedCase, Group)
        .join(Group, Group.id == ProtectedCase.group_id)
        .where(
            ProtectedCase.group_id.in_(sa.bindparam("group_ids", expanding=True)),
            ProtectedCase.released_at.is_(None),
            ~own,
        )
        .order_by(ProtectedCase.opened_at, ProtectedCase.id)
    )


def get_locked(session: Session, actor: Actor, public_id: str) -> LockedCase:
    """Give an open case to a moderator of its group who did not write it; NotFound to anybody else."""
    case, subject = _get(session, actor, public_id)
    return LockedCase(case, subject.group)


def _get(session: Session, actor: Actor, public_id: str) -> tuple[ProtectedCase, Subject]:
    case = session.scalars(
        sa.select(ProtectedCase).where(
            ProtectedCase.public_id == public_id, ProtectedCase.released_at.is_(None)
        )
    ).first()
    subject = find_subject(session, case.subject_kind, case.subject_id) if case else None
    if case is None or subject is None or not can(actor, Action.MODERATE, subject.group):
        raise NotFound
    if not actor.writer_keys.isdisjoint(subject.writer_keys):
        raise NotFound
    return case, subject


def mark_reported(session: Session, actor: Actor, public_id: str, *, now: datetime) -> ProtectedCase:
    """Write down that the hotline or the police were told; Conflict where somebody said so already."""
    case, subject = _get(session, actor, public_id)
    if case.reported_at is not None:
        raise Conflict("A colleague has told them already.")
    case.reported_at, case.reported_by_id = now, actor.account_id
    _put_on_record(session, actor, AuditAction.PROTECTED_REPORTED, case, subject, now)
    return case


def release(session: Session, actor: Actor, public_id: str, reason: str, *, now: datetime) -> ProtectedCase:
    """Give it to the moderators to read and decide on, after the hotline or the police have answered.

    Conflict where nobody was told yet; NotAllowed to whoever flagged it: two people look at such a step.
    """
    case, subject = _get(session, actor, public_id)
    if case.reported_at is None:
        raise Conflict(
            "Tell the hotline or the police first: only what they have answered about is released."
        )
    flags = session.scalars(
        sa.select(Flag).where(
            Flag.subject_kind == case.subject_kind,
            Flag.subject_id == case.subject_id,
            Flag.closed_at.is_(None),
        )
    ).all()
    if any(flag.reporter_id == actor.account_id and flag.reason in LOCKING for flag in flags):
        raise NotAllowed("Whoever flagged it does not release it: ask another moderator.")
    words = checked_reason(Decision.WARN, reason)
    refuse_names(session, subject.group, words)
    case.released_at, case.released_by_id, case.reason = now, actor.account_id, words
    subject.row.held_because = "released"
    for flag in flags:
        if flag.reason in LOCKING:
            flag.closed_at = now
    change_status(session, subject, status_after_release(case.status_before), now=now)
    _put_on_record(session, actor, AuditAction.PROTECTED_RELEASED, case, subject, now)
    return case


def _put_on_record(
    session: Session, actor: Actor | None, action: AuditAction, case: ProtectedCase, subject: Subject,
    now: datetime, **facts: Any,
) -> None:  # fmt: skip
    record(
        session, actor, action, now=now, subject_kind=subject.kind.value, subject=subject.row.public_id,
        group=subject.group, case=case.public_id, **facts,
    )  # fmt: skip
