"""Appeals: filed by the author or by whoever flagged, taken and decided by somebody else; upheld undoes."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.appeals import (
    APPEAL_DAYS,
    APPEALABLE,
    Appeal,
    AppealState,
    Side,
    Step,
    appealable_until,
    checked_answer,
    checked_appeal,
    next_state,
)
from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.moderation import UNDO_SPAN, Flag, ModerationDecision
from forum.domain.moderation import Action as Decision
from forum.domain.notices import NoticeKind
from forum.domain.working_days import promised_by
from forum.errors import Conflict, NotAllowed, NotFound
from forum.policy import Action, Actor, can
from forum.policy.rules import is_writer
from forum.policy.subjects import AppealRights, Subject
from forum.services.appeal_rights import load_rights
from forum.services.audit import record
from forum.services.chatham import is_sealed
from forum.services.decision_records import make_decision, tell
from forum.services.decisions import is_overturned, is_undone
from forum.services.further_decisions import account_decision
from forum.services.moderation import checked_grounds
from forum.services.outbox import enqueue_notice
from forum.services.personal_names import refuse_names
from forum.services.reversals import restore_published, reverse_decision
from forum.services.sealing import account_key, sealed_key
from forum.services.statuses import change_status
from forum.services.subjects import find_subject


@dataclass(frozen=True, slots=True)
class Contested:
    """A decision with what it was about, and the side from which the actor may appeal against it."""

    decision: ModerationDecision
    subject: Subject | None
    group: Group | None
    side: Side


def find_contested(session: Session, actor: Actor, decision: ModerationDecision) -> Contested | None:
    """Give a decision to the author of what it was about, or to whoever flagged that; else None."""
    if not actor.is_signed_in or is_undone(session, decision.id):
        return None
    subject = find_subject(session, decision.subject_kind, decision.subject_id)
    group = session.get(Group, decision.group_id) if decision.group_id is not None else None
    is_own = decision.subject_kind is SubjectKind.ACCOUNT and decision.subject_id == actor.account_id
    if is_own or (subject is not None and is_writer(actor, subject)):
        return Contested(decision, subject, group, Side.AUTHOR)
    flag = session.scalar(
        sa.select(Flag.id).where(Flag.decision_id == decision.id, Flag.reporter_id == actor.account_id)
    )
    return Contested(decision, subject, group, Side.FLAGGER) if flag is not None else None


def get_contested(session: Session, actor: Actor, public_id: str, *, now: datetime) -> Contested:
    """Give a decision that the actor is a party to, once they were told of it; else NotFound."""
    decision = session.scalars(
        sa.select(ModerationDecision).where(ModerationDecision.public_id == public_id)
    ).first()
    found = find_contested(session, actor, decision) if decision is not None else None
    if found is None or now - found.decision.decided_at < UNDO_SPAN:
        raise NotFound
    return found


def find_own_appeal(session: Session, contested: Contested) -> Appeal | None:
    """Give the appeal that stands from this side against a decision."""
    return session.scalars(
        sa.select(Appeal).where(
            Appeal.decision_id == contested.decision.id,
            Appeal.side == contested.side,
            Appeal.state != AppealState.WITHDRAWN,
        )
    ).first()


def why_no_appeal(session: Session, contested: Contested, *, now: datetime) -> str | None:
    """Give the sentence that says why a party cannot appeal; None where they can."""
    decision = contested.decision
    if decision.action not in APPEALABLE[contested.side]:
        return "Against this decision there is no appeal."
    if is_overturned(session, decision.id):
        return "This decision was overturned already."
    if now > appealable_until(decision.decided_at):
        return "The six months in which an appeal can be made are over."
    if find_own_appeal(session, contested) is not None:
        return "An appeal against this decision has been made already."
    return None


def file_appeal(
    session: Session, actor: Actor, public_id: str, *, reason: str, sealing_secret: bytes, now: datetime
) -> Appeal:
    """Appeal against a decision; suspended people may. Those who may decide it are told."""
    contested = get_contested(session, actor, public_id, now=now)
    why = why_no_appeal(session, contested, now=now)
    if why is not None:
        raise Conflict(why)
    assert actor.account_id is not None
    key, filed_at = account_key(actor.account_id), now
    hides = contested.side is Side.AUTHOR and contested.group is not None and is_sealed(contested.group)
    if hides:
        key = sealed_key(sealing_secret, key)
        filed_at = now.replace(hour=0, minute=0, second=0, microsecond=0)
    appeal = Appeal(
        decision_id=contested.decision.id,
        group_id=contested.decision.group_id,
        side=contested.side,
        appellant_key=key,
        reason=checked_appeal(reason),
        filed_at=filed_at,
        due_at=promised_by(now, APPEAL_DAYS),
        state=AppealState.FILED,
    )
    session.add(appeal)
    session.flush()
    _tell(session, NoticeKind.APPEAL_FILED, appeal, now)
    _put_on_record(session, None if hides else actor, AuditAction.APPEALED, appeal, now)
    return appeal


def get_appeal(session: Session, public_id: str) -> Appeal:
    """Give an appeal, without asking the policy: every use here asks it."""
    appeal = session.scalars(sa.select(Appeal).where(Appeal.public_id == public_id)).first()
    if appeal is None:
        raise NotFound
    return appeal


def is_appellant(actor: Actor, appeal: Appeal) -> bool:
    """Whether the actor made an appeal."""
    return appeal.appellant_key in actor.writer_keys


def require_decider(
    session: Session, actor: Actor, appeal: Appeal, *, sealing_secret: bytes, now: datetime
) -> AppealRights:
    """Raise unless the actor may decide an appeal: NotFound to who has no part in it, else NotAllowed."""
    rights = load_rights(session, [appeal], now=now, sealing_secret=sealing_secret)[appeal.id]
    if can(actor, Action.DECIDE_APPEAL, rights):
        return rights
    knows = rights.group is not None and (
        can(actor, Action.MODERATE, rights.group) or can(actor, Action.MANAGE_GROUP, rights.group)
    )
    if not knows and not is_appellant(actor, appeal):
        raise NotFound
    raise NotAllowed(
        "An appeal is decided by somebody else than who decided first, of another body, and no party to it."
    )


def take_appeal(
    session: Session, actor: Actor, public_id: str, *, sealing_secret: bytes, now: datetime
) -> Appeal:
    """Take an appeal to oneself: from then on one reads what it is about, and that is on record."""
    appeal = get_appeal(session, public_id)
    require_decider(session, actor, appeal, sealing_secret=sealing_secret, now=now)
    if appeal.state is AppealState.TAKEN and appeal.taken_by_id != actor.account_id:
        raise Conflict("Somebody else has taken this appeal. Nothing was changed by you.")
    _step(session, appeal, Step.TAKE)
    appeal.taken_by_id, appeal.taken_at = actor.account_id, now
    session.flush()
    _put_on_record(session, actor, AuditAction.APPEAL_TAKEN, appeal, now)
    return appeal


def give_back_appeal(session: Session, actor: Actor, public_id: str, *, now: datetime) -> Appeal:
    """Leave an appeal that one has taken to somebody else."""
    appeal = _get_taken(session, actor, public_id)
    _step(session, appeal, Step.GIVE_BACK)
    appeal.taken_by_id = appeal.taken_at = None
    session.flush()
    _put_on_record(session, actor, AuditAction.APPEAL_GIVEN_BACK, appeal, now)
    return appeal


def withdraw_appeal(session: Session, actor: Actor, public_id: str, *, now: datetime) -> Appeal:
    """Take one's own appeal back while nobody has decided it."""
    appeal = get_appeal(session, public_id)
    if not is_appellant(actor, appeal):
        raise NotFound
    _step(session, appeal, Step.WITHDRAW)
    session.flush()
    hides = appeal.appellant_key.startswith("sealed:")
    _put_on_record(session, None if hides else actor, AuditAction.APPEAL_WITHDRAWN, appeal, now)
    return appeal


def reject_appeal(
    session: Session, actor: Actor, public_id: str, *, answer: str, sealing_secret: bytes, now: datetime
) -> Appeal:
    """Reject an appeal that one has taken, with reasons; whoever appealed is told."""
    appeal = _get_taken(session, actor, public_id)
    rights = require_decider(session, actor, appeal, sealing_secret=sealing_secret, now=now)
    return _close(session, actor, appeal, rights, Step.REJECT, answer, now)


def uphold_appeal(
    session: Session,
    actor: Actor,
    public_id: str,
    *,
    answer: str,
    rule: str = "",
    sealing_secret: bytes,
    now: datetime,
) -> Appeal:
    """Uphold an appeal that one has taken: what the decision did is undone everywhere, both sides are told.

    Where whoever flagged was right, the text is removed from view instead: that takes a `rule`, and its
    author gets a statement of reasons.
    """
    appeal = _get_taken(session, actor, public_id)
    rights = require_decider(session, actor, appeal, sealing_secret=sealing_secret, now=now)
    decision = session.get_one(ModerationDecision, appeal.decision_id)
    subject = find_subject(session, decision.subject_kind, decision.subject_id)
    _close(session, actor, appeal, rights, Step.UPHOLD, answer, now)
    if subject is None:
        _overturn_about_account(session, actor, decision, appeal, now)
    elif appeal.side is Side.AUTHOR:
        _undo(session, decision, subject, now)
        _overturn(session, actor, decision, subject, appeal, now)
    else:
        if subject.status is not Status.PUBLISHED:
            raise Conflict("It is not in view any more, so nothing is left to decide: reject the appeal.")
        key, reason = checked_grounds(session, subject.group, Decision.HIDE, rule, appeal.answer)
        _overturn(session, actor, decision, subject, appeal, now)
        _hide(session, actor, decision, subject, appeal, key, reason, now)
    return appeal


def _step(session: Session, appeal: Appeal, step: Step) -> None:
    appeal.state = next_state(appeal.state, step)


def _get_taken(session: Session, actor: Actor, public_id: str) -> Appeal:
    appeal = get_appeal(session, public_id)
    if appeal.taken_by_id is None or appeal.taken_by_id != actor.account_id:
        raise NotAllowed("Take the appeal first: whoever has taken it decides it.")
    return appeal


def _close(
    session: Session,
    actor: Actor,
    appeal: Appeal,
    rights: AppealRights,
    step: Step,
    answer: str,
    now: datetime,
) -> Appeal:
    _step(session, appeal, step)
    appeal.answer = checked_answer(answer)
    refuse_names(session, rights.group, appeal.answer, field="answer")
    appeal.decided_by_id, appeal.decided_at = actor.account_id, now
    session.flush()
    _tell(session, NoticeKind.APPEAL_ANSWERED, appeal, now)
    _put_on_record(session, actor, AuditAction.APPEAL_DECIDED, appeal, now)
    return appeal


def _undo(session: Session, decision: ModerationDecision, subject: Subject, now: datetime) -> None:
    """What was rejected or removed is published; what no longer holds needs no undoing."""
    if decision.action in {Decision.REJECT, Decision.HIDE}:
        if subject.status in {Status.REJECTED, Status.HIDDEN}:
            restore_published(session, subject, now=now)
    elif decision.action not in {Decision.WARN, Decision.ASK_CHANGE}:
        reverse_decision(session, decision, subject, now=now)


def _overturn(
    session: Session,
    actor: Actor,
    decision: ModerationDecision,
    subject: Subject,
    appeal: Appeal,
    now: datetime,
) -> None:
    made = make_decision(
        session,
        actor,
        subject,
        Decision.OVERTURN,
        after=subject.status,
        rule=None,
        reason=appeal.answer,
        now=now,
        details={"appeal": appeal.public_id},
        reverses=decision,
    )
    made.status_before = decision.status_after


def _overturn_about_account(
    session: Session, actor: Actor, decision: ModerationDecision, appeal: Appeal, now: datetime
) -> None:
    reverse_decision(session, decision, None, now=now)
    account = session.get_one(Account, decision.subject_id)
    made = account_decision(session, actor, account, Decision.OVERTURN, appeal.answer, now)
    made.reverses_id, made.details = decision.id, {"appeal": appeal.public_id}


def _hide(
    session: Session,
    actor: Actor,
    decision: ModerationDecision,
    subject: Subject,
    appeal: Appeal,
    rule: str | None,
    reason: str,
    now: datetime,
) -> None:
    """Its author can appeal against this in turn."""
    flags = session.scalars(sa.select(Flag).where(Flag.decision_id == decision.id)).all()
    made = make_decision(
        session,
        actor,
        subject,
        Decision.HIDE,
        after=Status.HIDDEN,
        rule=rule,
        reason=reason,
        now=now,
        flags=flags,
        details={"appeal": appeal.public_id},
    )
    change_status(session, subject, Status.HIDDEN, now=now)
    tell(session, made, has_flags=False, now=now)


def _tell(session: Session, kind: NoticeKind, appeal: Appeal, now: datetime) -> None:
    """The worker finds out whom it concerns: an account in the outbox would name a sealed author."""
    enqueue_notice(
        session,
        kind,
        now=now,
        decision_id=appeal.decision_id,
        group_id=appeal.group_id,
        occasion=f"appeal:{appeal.public_id}",
    )


def _put_on_record(
    session: Session, actor: Actor | None, action: AuditAction, appeal: Appeal, now: datetime
) -> None:
    group = session.get(Group, appeal.group_id) if appeal.group_id is not None else None
    decision = session.get_one(ModerationDecision, appeal.decision_id)
    record(
        session,
        actor,
        action,
        now=appeal.filed_at if action is AuditAction.APPEALED else now,
        subject_kind="appeal",
        subject=appeal.public_id,
        group=group,
        decision=decision.public_id,
        side=appeal.side.value,
        state=appeal.state.value,
    )
