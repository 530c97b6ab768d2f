"""What every decision leaves behind: its row with a statement of reasons, the record, and who is told."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.moderation import RESTRICTIONS, UNDO_SPAN, Flag, ModerationDecision
from forum.domain.moderation import Action as Decision
from forum.domain.notices import NoticeKind
from forum.policy import Actor
from forum.policy.subjects import Subject
from forum.services.audit import record
from forum.services.outbox import enqueue_notice
from forum.services.statements import add_statement


def make_decision(
    session: Session,
    actor: Actor,
    subject: Subject,
    action: Decision,
    *,
    after: Status,
    rule: str | None,
    reason: str,
    now: datetime,
    flags: Sequence[Flag] = (),
    details: dict[str, Any] | None = None,
    until: date | None = None,
    reverses: ModerationDecision | None = None,
) -> ModerationDecision:
    """Write a decision down, of a restriction with its statement; flushes. Invalid if none can be made."""
    assert actor.account_id is not None
    decision = ModerationDecision(
        group_id=subject.group.id,
        subject_kind=subject.kind,
        subject_id=subject.row.id,
        action=action,
        status_before=subject.status,
        status_after=after,
        rule=rule,
        reason=reason,
        decided_by_id=actor.account_id,
        decided_at=now,
        details=details or {},
        reverses_id=reverses.id if reverses else None,
    )
    session.add(decision)
    session.flush()
    if action in RESTRICTIONS:
        add_statement(session, decision, subject, flags, until=until)
    return decision


def put_on_record(
    session: Session,
    actor: Actor,
    action: AuditAction,
    decision: ModerationDecision,
    *,
    subject: str,
    group: Group | None,
    **facts: Any,
) -> None:
    """Append what was decided; `subject` is the public id of what it was about. Call it last."""
    record(
        session,
        actor,
        action,
        now=decision.decided_at,
        subject_kind=decision.subject_kind.value,
        subject=subject,
        group=group,
        decision=decision.public_id,
        decided=decision.action.value,
        before=decision.status_before.value,
        after=decision.status_after.value,
        rule=decision.rule,
        **facts,
    )


def tell(session: Session, decision: ModerationDecision, *, has_flags: bool, now: datetime) -> None:
    """Tell once the decision can no longer be taken back; what was kept concerns the flaggers alone."""
    kinds = [NoticeKind.DECIDED] if decision.action is not Decision.KEEP else []
    kinds += [NoticeKind.FLAG_ANSWERED] if has_flags else []
    for kind in kinds:
        enqueue_notice(
            session,
            kind,
            now=now,
            at=now + UNDO_SPAN,
            subject_kind=decision.subject_kind,
            subject_id=decision.subject_id,
            decision_id=decision.id,
        )


def tell_account(session: Session, decision: ModerationDecision, *, now: datetime) -> None:
    """Tell a person about whom the platform decided."""
    assert decision.subject_kind is SubjectKind.ACCOUNT
    enqueue_notice(
        session, NoticeKind.DECIDED, now=now, at=now, account_id=decision.subject_id, decision_id=decision.id
    )
