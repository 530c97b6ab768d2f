"""Flags: a reader asks a moderator to look."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.moderation import MODERATED, Flag, FlagReason, ModerationDecision, checked_explanation
from forum.domain.moderation import Action as Decision
from forum.domain.notices_of_illegality import CoolingOff, LegalNotice, checked_notice
from forum.domain.papers import Paper, PaperVersion
from forum.domain.protected import LOCKING, Cause
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor
from forum.policy.subjects import Subject
from forum.richtext import blocks_of
from forum.services.audit import record
from forum.services.decisions import was_overturned
from forum.services.protected import lock
from forum.services.subjects import get_subject


def flag(
    session: Session,
    actor: Actor,
    *,
    kind: SubjectKind,
    public_id: str,
    reason: FlagReason,
    explanation: str = "",
    paragraph: str = "",
    notice: LegalNotice | None = None,
    cooling: CoolingOff | None = None,
    now: datetime,
) -> Flag:
    """Put a contribution before a moderator; Conflict while an earlier flag of this person is open.

    `paragraph` is an anchor of a version; `notice` goes with what is illegal. NotAllowed where too many
    flags of this person were unfounded lately; what is illegal can be flagged all the same.
    """
    if kind not in MODERATED:
        raise NotFound
    subject = get_subject(session, actor, kind, public_id, Action.FLAG)
    if has_open_flag(session, actor, kind, subject.row.id):
        raise Conflict("You have flagged this already; a moderator will look at it.")
    explanation = checked_explanation(reason, explanation)
    checked = checked_notice(notice) if reason is FlagReason.ILLEGAL else None
    if checked is None and cooling is not None:
        _refuse_while_cooling(session, actor, cooling, now)
    made = Flag(
        group_id=subject.group.id,
        subject_kind=kind,
        subject_id=subject.row.id,
        reporter_id=actor.account_id,
        reason=reason,
        explanation=explanation,
        paragraph=_checked_paragraph(subject, paragraph),
        location=checked.location if checked else None,
        notifier_name=(checked.name or None) if checked else None,
        notifier_email=(checked.email or None) if checked else None,
        concerns_children=checked is not None and checked.concerns_children,
        is_in_good_faith=checked is not None,
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
    if reason in LOCKING:
        lock(session, actor, subject, Cause.FLAG, now=now)
    return made


def _checked_paragraph(subject: Subject, paragraph: str) -> str | None:
    """Of a paper that named people read, one paragraph is disclosed: then it has to be said which."""
    paragraph = paragraph.strip()
    if subject.kind is not SubjectKind.VERSION:
        return None
    anchors = {anchor for anchor, _ in blocks_of(subject.row.html) if anchor}
    if paragraph and paragraph not in anchors:
        raise Invalid("There is no such paragraph in this version.", field="paragraph")
    if not paragraph and subject.row.named_list_id is not None:
        raise Invalid(
            "Say which paragraph: a moderator who cannot read this paper is shown that one alone.",
            field="paragraph",
        )
    return paragraph or None


def count_unfounded(session: Session, account_id: int, *, since: datetime) -> int:
    """Give how many flags of a person since a moment were answered by leaving the text as it was."""
    statement = (
        sa.select(sa.func.count())
        .select_from(Flag)
        .join(ModerationDecision, ModerationDecision.id == Flag.decision_id)
        .where(
            Flag.reporter_id == account_id,
            Flag.closed_at >= since,
            ModerationDecision.action == Decision.KEEP,
            ~was_overturned(ModerationDecision.id),
        )
    )
    return session.scalar(statement) or 0


def _refuse_while_cooling(session: Session, actor: Actor, cooling: CoolingOff, now: datetime) -> None:
    assert actor.account_id is not None
    unfounded = count_unfounded(session, actor.account_id, since=now - cooling.span)
    if cooling.is_due(unfounded):
        raise NotAllowed(
            "Moderators left what you flagged as it was %(count)d times in the last %(days)d days, so you "
            "cannot flag at present. What is illegal you can flag at any time.",
            count=unfounded,
            days=cooling.span.days,
        )


def has_open_flag(session: Session, actor: Actor, kind: SubjectKind, subject_id: int) -> bool:
    """Whether this person's flag on a contribution still waits."""
    statement = sa.select(Flag.id).where(
        Flag.subject_kind == kind,
        Flag.subject_id == subject_id,
        Flag.reporter_id == actor.account_id,
        Flag.closed_at.is_(None),
    )
    return session.scalar(statement) is not None


def own_address(session: Session, actor: Actor) -> str:
    """Give the e-mail address of the actor's own account, to begin a notice with."""
    account = session.get(Account, actor.account_id) if actor.account_id is not None else None
    return (account.email if account else None) or ""


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
