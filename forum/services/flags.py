"""Flags: a reader asks a moderator to look."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.moderation import MODERATED, Flag, FlagReason, checked_explanation
from forum.domain.papers import Paper, PaperVersion
from forum.errors import Conflict, NotFound
from forum.policy import Action, Actor
from forum.services.audit import record
from forum.services.subjects import get_subject


def flag(
    session: Session,
    actor: Actor,
    *,
    kind: SubjectKind,
    public_id: str,
    reason: FlagReason,
    explanation: str = "",
    now: datetime,
) -> Flag:
    """Put a contribution before a moderator; Conflict while an earlier flag of this person is open."""
    if kind not in MODERATED:
        raise NotFound
    subject = get_subject(session, actor, kind, public_id, Action.FLAG)
    if has_open_flag(session, actor, kind, subject.row.id):
        raise Conflict("You have flagged this already; a moderator will look at it.")
    made = Flag(
        group_id=subject.group.id,
        subject_kind=kind,
        subject_id=subject.row.id,
        reporter_id=actor.account_id,
        reason=reason,
        explanation=checked_explanation(reason, explanation),
        created_at=now,
    )
    session.add(made)
    session.flush()
    record(
        session,
        actor,
        AuditAction.FLAGGED,
        now=now,
        subject_kind=kind.value,
        subject=public_id,
        group=subject.group,
        reason=reason.value,
    )
    return made


def has_open_flag(session: Session, actor: Actor, kind: SubjectKind, subject_id: int) -> bool:
    """Whether this person's flag on a contribution still waits."""
    statement = sa.select(Flag.id).where(
        Flag.subject_kind == kind,
        Flag.subject_id == subject_id,
        Flag.reporter_id == actor.account_id,
        Flag.closed_at.is_(None),
    )
    return session.scalar(statement) is not None


def get_own_flag(session: Session, actor: Actor, public_id: str) -> Flag:
    """Give a flag to the person who raised it; NotFound for anybody else."""
    found = session.scalars(
        sa.select(Flag).where(Flag.public_id == public_id, Flag.reporter_id == actor.account_id)
    ).first()
    if found is None:
        raise NotFound
    return found


def get_version_id(session: Session, paper_public_id: str, number: int) -> str:
    """Give the public id of a paper's n-th version, by the numbers of its lasting address."""
    public_id = session.scalar(
        sa.select(PaperVersion.public_id)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .where(Paper.public_id == paper_public_id, PaperVersion.number == number)
    )
    if public_id is None:
        raise NotFound
    return public_id
