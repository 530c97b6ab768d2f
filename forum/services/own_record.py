"""A person's own log: what was recorded of their account, their roles and what they wrote.

It names no other person, and tells nothing early: flags show by the decision that answers them, and an
unsealing when its time to be told has come.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer
from forum.domain.appeals import Appeal
from forum.domain.assessments import Assessment
from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.audit import AuditAction, AuditEntry
from forum.domain.groups import Group
from forum.domain.papers import Paper, PaperVersion
from forum.domain.register_entries import RegisterEntry
from forum.domain.threads import Post
from forum.errors import NotAllowed
from forum.policy import Action, Actor, can, visible_to
from forum.services.addresses import post_path, version_path
from forum.services.chatham import is_sealed
from forum.services.groups import rule_text
from forum.services.signing import account_keys

PAGE_SIZE = 50

_OF_WRITING = frozenset({"post", "version", "answer", "appeal"})

_NOT_YET = (
    AuditAction.FLAGGED,
    AuditAction.DISCLOSED,
    AuditAction.UNSEALING_ASKED,
    AuditAction.UNSEALING_APPROVED,
    AuditAction.UNSEALING_REFUSED,
    AuditAction.UNSEALED,
)


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One thing that happened to a person, as they see it."""

    number: int
    action: str
    recorded_at: datetime
    is_day_only: bool
    """Under the Chatham House Rule."""
    is_own_doing: bool
    has_actor: bool
    """False: the system, its operator, or an author who is not named."""
    subject_kind: str | None
    facts: dict[str, Any]
    rule: str | None
    """The words of the rule that a decision rests on."""
    group_title: str | None
    """None where the person may not know of the group now."""
    group_slug: str | None
    path: str | None
    """Where the contribution stands, if the person reads it now."""


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A page of the log, newest first."""

    lines: Sequence[RecordLine]
    next_before: int | None


def list_own_record(
    session: Session, actor: Actor, *, sealing_secret: bytes, before: int | None = None
) -> RecordPage:
    """Give a page of what was recorded about the actor."""
    if actor.account_id is None:
        raise NotAllowed("Sign in first.")
    keys = account_keys(actor, sealing_secret)
    statement = (
        sa.select(AuditEntry, Group)
        .outerjoin(Group, Group.public_id == AuditEntry.group)
        .where(
            sa.or_(
                sa.and_(AuditEntry.subject_kind == "account", AuditEntry.subject == actor.public_id),
                AuditEntry.facts.contains(f'"account":"{actor.public_id}"', autoescape=True),
                sa.and_(AuditEntry.subject_kind == "appeal", AuditEntry.subject.in_(_own_appeals(keys))),
                *(_wrote(kind, model, keys) for kind, model in _WRITTEN),
            ),
            AuditEntry.action.not_in([action.value for action in _NOT_YET]),
        )
        .order_by(AuditEntry.number.desc())
        .limit(PAGE_SIZE + 1)
    )
    if before is not None:
        statement = statement.where(AuditEntry.number < before)
    rows = session.execute(statement).all()
    paths = _paths(session, actor, [row[0].subject for row in rows])
    lines = [_line(actor, entry, group, paths) for entry, group in rows[:PAGE_SIZE]]
    return RecordPage(lines, lines[-1].number if len(rows) > PAGE_SIZE else None)


_Written = type[Post | PaperVersion | Answer | Assessment | RegisterEntry]

_WRITTEN: tuple[tuple[SubjectKind, _Written], ...] = (
    (SubjectKind.POST, Post),
    (SubjectKind.VERSION, PaperVersion),
    (SubjectKind.ANSWER, Answer),
    (SubjectKind.ASSESSMENT, Assessment),
    (SubjectKind.ENTRY, RegisterEntry),
)


def _own_appeals(keys: tuple[str, ...]) -> Any:
    return sa.select(Appeal.public_id).where(Appeal.appellant_key.in_(keys))


def _wrote(kind: SubjectKind, model: _Written, keys: tuple[str, ...]) -> sa.ColumnElement[bool]:
    mine = (
        sa.select(model.public_id)
        .join(Authorship, sa.and_(Authorship.subject_kind == kind, Authorship.subject_id == model.id))
        .where(Authorship.writer_key.in_(keys))
    )
    return sa.and_(AuditEntry.subject_kind == kind.value, AuditEntry.subject.in_(mine))


def _paths(session: Session, actor: Actor, ids: Sequence[str | None]) -> dict[str, str]:
    """Give the addresses of those contributions that the actor reads now."""
    wanted = sorted({one for one in ids if one is not None})
    posts = sa.select(Post.public_id).where(Post.public_id.in_(wanted), visible_to(actor, Post))
    versions = (
        sa.select(PaperVersion.public_id, Paper.public_id, PaperVersion.number)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .where(
            PaperVersion.public_id.in_(wanted),
            PaperVersion.number.is_not(None),
            visible_to(actor, PaperVersion),
        )
    )
    found = {one: post_path(one) for one in session.scalars(posts)}
    return found | {one: version_path(paper, number or 0) for one, paper, number in session.execute(versions)}


def _line(actor: Actor, entry: AuditEntry, group: Group | None, paths: dict[str, str]) -> RecordLine:
    knows = group is not None and can(actor, Action.SEE_LISTING, group)
    facts = entry.read_facts()
    return RecordLine(
        number=entry.number,
        action=entry.action,
        recorded_at=entry.recorded_at,
        is_day_only=group is not None and is_sealed(group) and entry.subject_kind in _OF_WRITING,
        is_own_doing=entry.actor == actor.public_id or facts.get("by") == "author",
        has_actor=entry.actor is not None,
        subject_kind=entry.subject_kind,
        facts=facts,
        rule=rule_text(group, facts.get("rule")) if group is not None and knows else None,
        group_title=group.short_title if group is not None and knows else None,
        group_slug=group.slug if group is not None and knows else None,
        path=paths.get(entry.subject or ""),
    )
