"""Letting go of personal data whose time is over: counted first, then done, and put on record as numbers."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import AccessRequest, Invitation, LoginSession, SubmissionKey
from forum.domain.answers import Answer
from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction, AuditEntry
from forum.domain.base import Base
from forum.domain.erasures import Erasure
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.notices import Notice
from forum.domain.papers import PaperVersion
from forum.domain.retention import Retention
from forum.domain.threads import Post, PostRevision
from forum.services.audit import record
from forum.services.erasures import forget_address, old_addresses
from forum.services.outbox import enqueue_index

EVERY = timedelta(hours=23)
"""How often it runs by itself: once a day, by whichever worker comes first."""


def is_due(session: Session, *, now: datetime) -> bool:
    """Whether a day has passed since it ran, as the record says."""
    last = session.scalar(
        sa.select(sa.func.max(AuditEntry.recorded_at)).where(
            AuditEntry.action == AuditAction.RETENTION_RAN.value
        )
    )
    return last is None or last <= now - EVERY


def apply_retention(
    session: Session, periods: Retention, *, now: datetime, is_trial: bool = False
) -> dict[str, int]:
    """Delete or blank what is over its time; gives how many of each kind. A trial only counts.

    Call it inside a write transaction. What is removed from a text stays removed from index and exports:
    both read the row. The audit entry holds numbers alone.
    """
    counts = {
        "sessions": _delete(session, LoginSession, _ended_sessions(periods, now), is_trial),
        "requests": _delete(session, AccessRequest, _old_requests(periods, now), is_trial),
        "invitations": _delete(session, Invitation, _old_invitations(periods, now), is_trial),
        "notices": _delete(session, Notice, _before(Notice.created_at, periods.notices, now), is_trial),
        "forms": _delete(
            session, SubmissionKey, _before(SubmissionKey.created_at, periods.forms, now), is_trial
        ),
        "addresses": _forget_addresses(session, now, is_trial),
        "withdrawn": 0,
        "rejected": 0,
    }
    for group in session.scalars(sa.select(Group).order_by(Group.id)):
        own = periods.texts_of(group.retention_days)
        counts["withdrawn"] += _forget_withdrawn(session, group, own.withdrawn, now, is_trial)
        counts["rejected"] += _blank_rejected(session, group, own.rejected, now, is_trial)
    if not is_trial:
        record(session, None, AuditAction.RETENTION_RAN, now=now, **counts)  # type: ignore[arg-type]
    return counts


def _before(column: Any, kept: int, now: datetime) -> sa.ColumnElement[bool]:
    """What is older than its period; nothing where it is kept without end."""
    return column < now - timedelta(days=kept) if kept else sa.false()


def _ended_sessions(periods: Retention, now: datetime) -> sa.ColumnElement[bool]:
    ended = sa.func.coalesce(LoginSession.revoked_at, LoginSession.expires_at)
    return _before(sa.type_coerce(ended, LoginSession.expires_at.type), periods.sessions, now)


def _old_requests(periods: Retention, now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        AccessRequest.decided_at.is_not(None), _before(AccessRequest.decided_at, periods.requests, now)
    )


def _old_invitations(periods: Retention, now: datetime) -> sa.ColumnElement[bool]:
    ended = sa.func.coalesce(Invitation.accepted_at, Invitation.revoked_at, Invitation.expires_at)
    return _before(sa.type_coerce(ended, Invitation.expires_at.type), periods.invitations, now)


def _delete(session: Session, model: type[Base], old: sa.ColumnElement[bool], is_trial: bool) -> int:
    count = session.scalar(sa.select(sa.func.count()).select_from(model).where(old)) or 0
    if count and not is_trial:
        session.execute(sa.delete(model).where(old).execution_options(synchronize_session=False))
    return count


def _forget_addresses(session: Session, now: datetime, is_trial: bool) -> int:
    """Forget the last addresses of erased people whose letter could never be sent."""
    old = session.scalars(sa.select(Erasure.id).where(old_addresses(now))).all()
    for erasure_id in [] if is_trial else old:
        forget_address(session, erasure_id)
    return len(old)


def _forget_withdrawn(session: Session, group: Group, kept: int, now: datetime, is_trial: bool) -> int:
    """Forget the last texts of withdrawn posts."""
    withdrawn = (
        sa.select(Post.id)
        .where(
            Post.group_id == group.id,
            Post.status == Status.WITHDRAWN,
            _before(Post.withdrawn_at, kept, now),
        )
        .scalar_subquery()
    )
    return _delete(session, PostRevision, PostRevision.post_id.in_(withdrawn), is_trial)


_TEXTS: dict[SubjectKind, tuple[type[Any], Callable[[Any], dict[str, Any]]]] = {
    SubjectKind.POST: (Post, lambda _: {"source": "", "html": "", "text": ""}),
    SubjectKind.VERSION: (
        PaperVersion,
        lambda _: {
            "source": "", "html": "", "text": "", "abstract": "", "abstract_translated": "", "paragraphs": [],
        },
    ),
    SubjectKind.ANSWER: (Answer, lambda _: {"values": {}, "text": ""}),
}  # fmt: skip
"""Where the text of a rejected contribution stands, and what takes its place."""


def _blank_rejected(session: Session, group: Group, kept: int, now: datetime, is_trial: bool) -> int:
    """Blank the texts of what was rejected; that it was, by which rule and why stays on record."""
    count = 0
    for kind, (model, blank) in _TEXTS.items():
        rows = session.scalars(
            sa.select(model).where(
                model.group_id == group.id,
                model.status == Status.REJECTED,
                _before(sa.func.coalesce(model.edited_at, model.created_at), kept, now),
                model.text != "",
            )
        ).all()
        count += len(rows)
        for row in [] if is_trial else rows:
            for name, value in blank(row).items():
                setattr(row, name, value)
            enqueue_index(session, kind, row.id, now=now)
    return count
