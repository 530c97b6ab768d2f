"""Deciding on contributions: what becomes of them, and taking a decision back before anybody is told."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.moderation import (
    FURTHER,
    MODERATED,
    NOT_CHOSEN,
    TRANSITIONS,
    UNDO_SPAN,
    Flag,
    ModerationDecision,
    checked_reason,
    checked_rule,
    next_status,
)
from forum.domain.moderation import Action as Decision
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, can, require
from forum.policy.subjects import Subject
from forum.services.claims import end_claim
from forum.services.decision_records import make_decision, put_on_record, tell
from forum.services.decisions import find_last_decision
from forum.services.further_decisions import NO_TERMS, Terms, decide_further
from forum.services.groups import list_offered_rules
from forum.services.personal_names import refuse_names
from forum.services.reversals import reverse_decision
from forum.services.statuses import change_status
from forum.services.subjects import find_subject, get_subject

NOTHING_SEEN = ""
"""The token of a case on which nobody has decided yet."""


def decide(
    session: Session,
    actor: Actor,
    *,
    kind: SubjectKind,
    public_id: str,
    action: Decision,
    rule: str = "",
    reason: str = "",
    seen: str | None = None,
    terms: Terms = NO_TERMS,
    now: datetime,
) -> ModerationDecision:
    """Decide on a contribution; its flags are closed, its author and whoever flagged it are told.

    `seen` is the public id of the last decision the moderator saw (NOTHING_SEEN: none); if another
    has come in between, Conflict. Invalid for what the status does not allow, or a missing reason.
    """
    if kind not in MODERATED:
        raise NotFound
    subject = get_subject(session, actor, kind, public_id, Action.MODERATE)
    return decide_on(session, actor, subject, action, rule, reason, seen=seen, terms=terms, now=now)


def decide_on(
    session: Session,
    actor: Actor,
    subject: Subject,
    action: Decision,
    rule: str,
    reason: str,
    *,
    seen: str | None = None,
    terms: Terms = NO_TERMS,
    now: datetime,
    grounds: tuple[str | None, str] | None = None,
) -> ModerationDecision:
    """Decide on a contribution for which MODERATE was asked; checked `grounds` are not checked again."""
    end_claim(session, actor, subject, now=now)
    last = find_last_decision(session, subject.kind, subject.row.id)
    if seen is not None and seen != (last.public_id if last else NOTHING_SEEN):
        raise _already_decided(session, last)
    rule_key, words = grounds or checked_grounds(session, subject.group, action, rule, reason)
    if action in FURTHER:
        decision = decide_further(
            session, actor, subject, action, terms, rule=rule_key, reason=words, now=now
        )
        flags = []
    else:
        flags = _open_flags(session, subject)
        _check_transition(session, subject, action, flags, last)
        decision = _change(session, actor, subject, action, rule_key, words, flags, now=now)
    tell(session, decision, has_flags=bool(flags), now=now)
    put_on_record(
        session, actor, AuditAction.DECIDED, decision, subject=subject.row.public_id, group=subject.group
    )
    return decision


def checked_grounds(
    session: Session, group: Group, action: Decision, rule: str, reason: str
) -> tuple[str | None, str]:
    """Give rule and reason as they are written down; Invalid if one is missing or names a person."""
    # A group without rules of its own rests on the terms of use, or on a law.
    keys = [key for key, _ in list_offered_rules(group)] if rule or group.rules else []
    key = checked_rule(action, rule, keys)
    words = checked_reason(action, reason)
    if reason.strip():
        refuse_names(session, group, words)
    return key, words


def undo_decision(session: Session, actor: Actor, public_id: str, *, now: datetime) -> ModerationDecision:
    """Take back one's own decision of the last minute, before anyone is told; gives the reversal."""
    statement = sa.select(ModerationDecision).where(ModerationDecision.public_id == public_id)
    decision = session.scalars(statement).first()
    subject = find_subject(session, decision.subject_kind, decision.subject_id) if decision else None
    if decision is None or subject is None:
        raise NotFound
    require(actor, Action.MODERATE, subject)
    if decision.decided_by_id != actor.account_id:
        raise NotAllowed("Only the moderator who decided can take a decision back.")
    if decision.action is Decision.OVERTURN or "appeal" in decision.details:
        raise Conflict("What was decided on appeal stands.")
    if now - decision.decided_at > UNDO_SPAN:
        raise Conflict("The letter has left, so this can no longer be taken back. Decide anew instead.")
    last = find_last_decision(session, subject.kind, subject.row.id)
    is_last = last is not None and last.id == decision.id and decision.action is not Decision.UNDO
    if not is_last or subject.status is not decision.status_after:
        raise Conflict("Something has happened since, so this can no longer be taken back.")
    reverse_decision(session, decision, subject, now=now)
    if decision.status_before is Status.PENDING and decision.status_after is not Status.PENDING:
        subject.row.held_because = decision.details.get("held_because") or str(subject.group.holding_rule)
        subject.row.published_at = None
    reversal = make_decision(
        session,
        actor,
        subject,
        Decision.UNDO,
        after=decision.status_before,
        rule=None,
        reason=checked_reason(Decision.UNDO, ""),
        now=now,
        reverses=decision,
    )
    reversal.status_before = decision.status_after
    _reopen_flags(session, decision)
    session.flush()
    put_on_record(
        session, actor, AuditAction.UNDONE, reversal, subject=subject.row.public_id, group=subject.group
    )
    return reversal


def list_decided_together(session: Session, actor: Actor, public_id: str) -> list[str]:
    """Give the public ids of a decision and of those made with it on identical texts, newest first."""
    own = sa.select(ModerationDecision).where(ModerationDecision.public_id == public_id)
    decision = session.scalars(own).first()
    if decision is None:
        raise NotFound
    found = session.scalars(
        sa.select(ModerationDecision.public_id)
        .where(
            ModerationDecision.decided_by_id == actor.account_id,
            ModerationDecision.decided_at == decision.decided_at,
            ModerationDecision.action == decision.action,
            ModerationDecision.group_id == decision.group_id,
            ModerationDecision.subject_kind == decision.subject_kind,
        )
        .order_by(ModerationDecision.id.desc())
    ).all()
    return [public_id, *(one for one in found if one != public_id)]


def find_undoable(session: Session, actor: Actor, *, now: datetime) -> ModerationDecision | None:
    """Give the actor's newest decision, if it can still be taken back."""
    last = session.scalars(
        sa.select(ModerationDecision)
        .where(ModerationDecision.decided_by_id == actor.account_id)
        .order_by(ModerationDecision.id.desc())
        .limit(1)
    ).first()
    if last is None or last.action in NOT_CHOSEN or "appeal" in last.details:
        return None
    is_account = last.subject_kind not in MODERATED
    return last if now - last.decided_at <= UNDO_SPAN and not is_account else None


def get_decided_public_id(session: Session, decision: ModerationDecision) -> str:
    """Give the public id of the contribution that a decision was about."""
    subject = find_subject(session, decision.subject_kind, decision.subject_id)
    if subject is None:
        raise NotFound
    return str(subject.row.public_id)


def get_decision(session: Session, actor: Actor, public_id: str) -> tuple[ModerationDecision, Subject]:
    """Give a decision and what it was about to a moderator of its group; NotFound to anybody else."""
    decision = session.scalars(
        sa.select(ModerationDecision).where(ModerationDecision.public_id == public_id)
    ).first()
    subject = find_subject(session, decision.subject_kind, decision.subject_id) if decision else None
    if decision is None or subject is None or not can(actor, Action.MODERATE, subject):
        raise NotFound
    return decision, subject


_OPEN_FLAGS = sa.select(Flag).where(
    Flag.subject_kind == sa.bindparam("kind"),
    Flag.subject_id == sa.bindparam("subject_id"),
    Flag.closed_at.is_(None),
)


def _open_flags(session: Session, subject: Subject) -> list[Flag]:
    parameters = {"kind": subject.kind, "subject_id": subject.row.id}
    return list(session.scalars(_OPEN_FLAGS, parameters))


def _check_transition(
    session: Session, subject: Subject, action: Decision, flags: list[Flag], last: ModerationDecision | None
) -> None:
    if (subject.status, action) not in TRANSITIONS:
        if last is not None and last.status_after is subject.status:
            raise _already_decided(session, last)
        next_status(subject.status, action)
    if action is Decision.KEEP and not flags:
        if last is not None and last.action is Decision.KEEP:
            raise _already_decided(session, last)
        raise Invalid("Nobody has flagged this, so there is nothing to keep.")


def _already_decided(session: Session, last: ModerationDecision | None) -> Conflict:
    if last is None:
        return Conflict("Something has happened since you opened this. Look at it again.")
    who = session.get(Account, last.decided_by_id)
    return Conflict(
        "This was already decided by %(name)s. Nothing was changed by you.", name=who.name if who else "–"
    )


def _change(
    session: Session,
    actor: Actor,
    subject: Subject,
    action: Decision,
    rule: str | None,
    reason: str,
    flags: list[Flag],
    *,
    now: datetime,
) -> ModerationDecision:
    """Write a decision about the status down, change it, and close the flags."""
    before = subject.status
    after = next_status(before, action)
    decision = make_decision(
        session,
        actor,
        subject,
        action,
        after=after,
        rule=rule,
        reason=reason,
        now=now,
        flags=flags,
        details={"held_because": held} if (held := subject.row.held_because) else None,
    )
    if after is not before:
        change_status(session, subject, after, now=now)
    for flag in flags:
        flag.closed_at, flag.decision_id = now, decision.id
    session.flush()
    return decision


def _reopen_flags(session: Session, decision: ModerationDecision) -> None:
    """Open again what the decision closed, except where the same person has flagged anew since."""
    flags = session.scalars(sa.select(Flag).where(Flag.decision_id == decision.id)).all()
    reflagged = set(
        session.scalars(
            sa.select(Flag.reporter_id).where(
                Flag.subject_kind == decision.subject_kind,
                Flag.subject_id == decision.subject_id,
                Flag.closed_at.is_(None),
            )
        )
    )
    for flag in flags:
        if flag.reporter_id not in reflagged:
            flag.closed_at = flag.decision_id = None
