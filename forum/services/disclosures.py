"""Flags on texts that no moderator of the group reads: one passage, shown to one of them, on record.

It is disclosed for the flag and ends with it. Whoever it is shown to reads nothing else of the text: no
title, no neighbours, no other version; where a moderator reads it already, it is in their queue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session

from forum.domain.attribution import NamedReader, SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.groups import Group, GroupRole, Membership
from forum.domain.labels import Status
from forum.domain.moderation import Action as Decision
from forum.domain.moderation import Disclosure, Flag, ModerationDecision
from forum.domain.papers import PaperVersion
from forum.domain.threads import Post
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, can
from forum.policy.rules import is_writer
from forum.policy.subjects import Subject
from forum.richtext import blocks_of, to_markup
from forum.services.audit import record
from forum.services.moderation import decide_on
from forum.services.moderation_cases import FlagView, flag_records, flag_view
from forum.services.moderation_queue import list_moderated_groups
from forum.services.subjects import find_subject

DECISIONS = (Decision.KEEP, Decision.HIDE)


@dataclass(frozen=True, slots=True)
class Undisclosed:
    """A flag on a text that the actor cannot read, and whether it was disclosed to them."""

    public_id: str
    group: Group
    since: datetime
    is_mine: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """What is disclosed: the flag, and once it is disclosed the passage alone."""

    public_id: str
    group: Group
    flag: FlagView
    kind: SubjectKind
    html: Markup | None
    """None until it is disclosed to the actor."""
    language: str


def list_undisclosed(session: Session, actor: Actor) -> list[Undisclosed]:
    """Give the open flags on closed texts of the actor's groups that no moderator there reads."""
    groups = {group.id: group for group in list_moderated_groups(session, actor)}
    if not groups:
        return []
    rows = session.execute(
        sa.select(Flag, Disclosure.account_id)
        .outerjoin(Disclosure, Disclosure.flag_id == Flag.id)
        .outerjoin(Post, sa.and_(Flag.subject_kind == SubjectKind.POST, Post.id == Flag.subject_id))
        .outerjoin(
            PaperVersion,
            sa.and_(Flag.subject_kind == SubjectKind.VERSION, PaperVersion.id == Flag.subject_id),
        )
        .where(
            Flag.group_id.in_(sorted(groups)),
            Flag.closed_at.is_(None),
            sa.func.coalesce(Post.named_list_id, PaperVersion.named_list_id).is_not(None),
            sa.or_(Disclosure.account_id.is_(None), Disclosure.account_id == actor.account_id),
        )
        .order_by(Flag.id)
    ).all()
    found = []
    for flag, account_id in rows:  # closed texts that are flagged are few
        subject = find_subject(session, flag.subject_kind, flag.subject_id)
        if subject is not None and _is_for(session, actor, flag, subject):
            is_mine = account_id is not None
            found.append(Undisclosed(flag.public_id, groups[flag.group_id], flag.created_at, is_mine))
    return found


def _is_for(session: Session, actor: Actor, flag: Flag, subject: Subject) -> bool:
    """A moderator who cannot read it, neither wrote nor flagged it, where no other moderator reads it."""
    may = can(actor, Action.MODERATE, subject.group) and subject.status is Status.PUBLISHED
    is_party = is_writer(actor, subject) or flag.reporter_id == actor.account_id
    if not may or is_party or can(actor, Action.READ, subject):
        return False
    return not _has_reading_moderator(session, subject)


def _has_reading_moderator(session: Session, subject: Subject) -> bool:
    """Whether a moderator of the group is a named reader and did not write it."""
    keys = [f"account:{one}" for one in _named_moderators(session, subject)]
    return bool(set(keys) - subject.writer_keys)


def _named_moderators(session: Session, subject: Subject) -> Sequence[int]:
    return session.scalars(
        sa.select(Membership.account_id)
        .join(NamedReader, NamedReader.account_id == Membership.account_id)
        .where(
            Membership.group_id == subject.group.id,
            Membership.role == GroupRole.MODERATOR,
            Membership.ended_at.is_(None),
            NamedReader.list_id == subject.row.named_list_id,
        )
    ).all()


def get_passage(session: Session, actor: Actor, public_id: str) -> Passage:
    """Give a flag on a closed text to whom it may be disclosed, with the passage once it was."""
    flag, subject, disclosure = _load(session, actor, public_id)
    html, language = None, "en"
    if disclosure is not None:
        html, language = _passage(flag, subject)
    return Passage(
        public_id,
        subject.group,
        flag_view(flag, flag_records(session, {flag.reporter_id})),
        subject.kind,
        html,
        language,
    )


def _load(session: Session, actor: Actor, public_id: str) -> tuple[Flag, Subject, Disclosure | None]:
    flag = session.scalars(
        sa.select(Flag).where(Flag.public_id == public_id, Flag.closed_at.is_(None))
    ).first()
    subject = find_subject(session, flag.subject_kind, flag.subject_id) if flag else None
    if flag is None or subject is None or not _is_for(session, actor, flag, subject):
        raise NotFound
    disclosure = session.scalars(sa.select(Disclosure).where(Disclosure.flag_id == flag.id)).first()
    if disclosure is not None and disclosure.account_id != actor.account_id:
        raise NotAllowed("This passage was disclosed to another moderator, and to nobody else.")
    return flag, subject, disclosure


def _passage(flag: Flag, subject: Subject) -> tuple[Markup, str]:
    if subject.kind is SubjectKind.POST:
        return to_markup(subject.row.html), str(subject.row.language)
    assert subject.paper is not None
    blocks = (html for anchor, html in blocks_of(subject.row.html) if anchor == flag.paragraph)
    return next(blocks, to_markup("")), str(subject.paper.language)


def disclose(session: Session, actor: Actor, public_id: str, *, now: datetime) -> None:
    """Have a flagged passage shown to oneself; that it was is put on record."""
    flag, subject, disclosure = _load(session, actor, public_id)
    if disclosure is not None:
        raise Conflict("This passage is disclosed to you already.")
    assert actor.account_id is not None
    session.add(Disclosure(flag_id=flag.id, account_id=actor.account_id, disclosed_at=now))
    session.flush()
    record(
        session,
        actor,
        AuditAction.DISCLOSED,
        now=now,
        subject_kind=subject.kind.value,
        subject=subject.row.public_id,
        group=subject.group,
        flag=flag.public_id,
        paragraph=flag.paragraph,
    )


def decide_disclosed(
    session: Session,
    actor: Actor,
    public_id: str,
    *,
    action: Decision,
    rule: str = "",
    reason: str = "",
    now: datetime,
) -> ModerationDecision:
    """Keep a text or remove it from view, having read the disclosed passage; the disclosure ends with it."""
    _, subject, disclosure = _load(session, actor, public_id)
    if disclosure is None:
        raise NotAllowed("Have the passage disclosed to you first.")
    if action not in DECISIONS:
        raise Invalid("Choose one of the decisions below.")
    return decide_on(session, actor, subject, action, rule, reason, now=now)
