"""What is decided beside the status: labels, locks, places of discussions, warnings and suspensions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus, PlatformRole
from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.groups import Group, GroupRole, Membership
from forum.domain.labels import Status, Tlp
from forum.domain.moderation import Action as Decision
from forum.domain.moderation import ModerationDecision, checked_reason, checked_until, further_actions
from forum.domain.suspensions import Suspension
from forum.domain.threads import Thread
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, can, labels, require, visible_to
from forum.policy.subjects import Subject
from forum.services.chatham import is_sealed
from forum.services.decision_records import make_decision, put_on_record, tell_account
from forum.services.groups import find_group
from forum.services.labels import relabel
from forum.services.personal_names import refuse_names
from forum.services.statements import add_statement
from forum.services.threads_move import move_thread, only_narrows, require_movable
from forum.services.threads_split import merge_thread, split_thread

_KEEPERS = frozenset({GroupRole.CHAIR, GroupRole.SECRETARIAT, GroupRole.MODERATOR})


@dataclass(frozen=True, slots=True)
class Terms:
    """What a decision takes beside rule and reason; each decision looks at its own."""

    tlp: Tlp | None = None
    until: date | None = None
    """The last day of a suspension."""
    target: str = ""
    """Move: the slug of a group. Merge: the public id of a discussion."""
    title: str = ""
    """Split: the title of the new discussion."""


NO_TERMS = Terms()


def list_further_actions(subject: Subject) -> list[Decision]:
    """Give what can be decided about a contribution beside its status."""
    is_post = subject.kind is SubjectKind.POST
    found = further_actions(
        subject.status,
        is_post=is_post,
        is_opening=is_post and subject.row.number == 1,
        is_locked=subject.thread is not None and subject.thread.locked_at is not None,
    )
    if is_sealed(subject.group):
        found = [one for one in found if one not in {Decision.SUSPEND, Decision.MERGE}]
    if subject.kind is SubjectKind.ENTRY:  # it speaks for its group: no author is named to be suspended
        found = [one for one in found if one is not Decision.SUSPEND]
    return found


def list_targets(session: Session, actor: Actor, subject: Subject) -> list[Group]:
    """Give the groups to which the actor could move a discussion."""
    if subject.thread is None:
        return []
    groups = session.scalars(
        sa.select(Group)
        .where(Group.id.in_(actor.groups_with(GroupRole.MODERATOR)), Group.id != subject.group.id)
        .order_by(Group.short_title)
    )
    return [
        group
        for group in groups
        if group.attribution is subject.group.attribution
        and only_narrows(subject.thread, subject.group, group)
    ]


def decide_further(
    session: Session,
    actor: Actor,
    subject: Subject,
    action: Decision,
    terms: Terms,
    *,
    rule: str | None,
    reason: str,
    now: datetime,
) -> ModerationDecision:
    """Decide, write it down and do it; the caller has asked for MODERATE and checked rule and reason."""
    if action not in list_further_actions(subject):
        raise Invalid(_why_not(subject, action))
    until = checked_until(terms.until, now.date()) if action is Decision.SUSPEND else None
    decision = make_decision(
        session, actor, subject, action, after=subject.status, rule=rule, reason=reason, now=now, until=until
    )
    decision.details = _DEEDS[action](_Case(session, actor, subject, decision, terms, now))
    session.flush()
    return decision


def _why_not(subject: Subject, action: Decision) -> str:
    if is_sealed(subject.group) and action is Decision.SUSPEND:
        return "Under the Chatham House Rule a suspension would say who wrote this: have it unsealed first."
    if is_sealed(subject.group) and action is Decision.MERGE:
        return (
            "Under the Chatham House Rule two discussions stay apart: one alias would stand for two people."
        )
    if action in {Decision.LOCK, Decision.UNLOCK, Decision.MOVE, Decision.MERGE, Decision.LABEL}:
        return "This is decided about a whole discussion, through its opening post, as it stands now."
    if action is Decision.SPLIT:
        return "Only a published reply can become a discussion of its own."
    return "This cannot be decided about a contribution as it stands now."


# --- the deeds: each gives what it takes to undo it ---------------------------------------------


@dataclass(frozen=True, slots=True)
class _Case:
    """What is decided: by whom, about what, on which terms."""

    session: Session
    actor: Actor
    subject: Subject
    decision: ModerationDecision
    terms: Terms
    now: datetime

    @property
    def thread(self) -> Thread:
        """The discussion; only what has one comes this far."""
        assert self.subject.thread is not None
        return self.subject.thread


_Deed = Callable[[_Case], dict[str, Any]]


def _nothing(case: _Case) -> dict[str, Any]:
    """A letter is all there is to it."""
    return {}


def _label(case: _Case) -> dict[str, Any]:
    row = case.subject.thread if case.subject.kind is SubjectKind.POST else case.subject.row
    assert row is not None
    order = list(Tlp)
    if case.terms.tlp is None or case.terms.tlp not in labels.tlp_choices(case.subject.group.ceiling):
        raise Invalid("Choose a label of the list.", field="tlp")
    if order.index(case.terms.tlp) <= order.index(row.tlp):
        raise Invalid(
            "Choose a narrower label: only its author can have a text read by more people.", field="tlp"
        )
    before, row.tlp = row.tlp, case.terms.tlp
    relabel(case.session, case.subject.group, row, now=case.now)
    return {"tlp_before": before.value, "tlp_after": case.terms.tlp.value}


def _lock(case: _Case) -> dict[str, Any]:
    case.thread.locked_at = case.now if case.decision.action is Decision.LOCK else None
    return {}


def _move(case: _Case) -> dict[str, Any]:
    """Takes a moderator of both groups."""
    target = find_group(case.session, case.terms.target)
    if target is None or not can(case.actor, Action.MODERATE, target):
        raise Invalid("Choose one of the groups that you moderate.", field="target")
    require_movable(case.thread, case.subject.group, target)
    move_thread(case.session, case.thread, target, now=case.now)
    return {"group_before": case.subject.group.public_id, "group_after": target.public_id}


def _split(case: _Case) -> dict[str, Any]:
    made, places = split_thread(
        case.session, case.subject.group, case.thread, case.subject.row, title=case.terms.title, now=case.now
    )
    return {"thread_before": case.thread.public_id, "thread_after": made.public_id, "places": places}


def _merge(case: _Case) -> dict[str, Any]:
    into = case.session.scalars(
        sa.select(Thread).where(
            Thread.public_id == case.terms.target.strip(),
            Thread.group_id == case.subject.group.id,
            visible_to(case.actor, Thread),
        )
    ).first()
    if into is None:
        raise Invalid("Choose a published discussion of this group.", field="target")
    places = merge_thread(case.session, case.subject.group, case.thread, into, now=case.now)
    return {"thread_before": case.thread.public_id, "thread_after": into.public_id, "places": places}


def _suspend(case: _Case) -> dict[str, Any]:
    attributed = case.subject.paper if case.subject.kind is SubjectKind.VERSION else case.subject.row
    account_id = attributed.author_id if attributed is not None else None
    if account_id is None:
        raise Invalid("Nobody is recorded as the author, so there is nobody to suspend.")
    held = case.session.scalars(
        sa.select(Membership.role).where(
            Membership.account_id == account_id,
            Membership.group_id == case.subject.group.id,
            Membership.ended_at.is_(None),
        )
    )
    if _KEEPERS & set(held):
        raise Invalid("Whoever chairs, moderates or keeps this group is not suspended: end their role first.")
    assert case.terms.until is not None
    return _add_suspension(
        case.session, account_id, case.subject.group, case.decision, case.terms.until, case.now
    )


_DEEDS: dict[Decision, _Deed] = {
    Decision.ASK_CHANGE: _nothing,
    Decision.WARN: _nothing,
    Decision.LABEL: _label,
    Decision.LOCK: _lock,
    Decision.UNLOCK: _lock,
    Decision.MOVE: _move,
    Decision.SPLIT: _split,
    Decision.MERGE: _merge,
    Decision.SUSPEND: _suspend,
}


# --- suspensions ---------------------------------------------------------------------------------


def _add_suspension(
    session: Session,
    account_id: int,
    group: Group | None,
    decision: ModerationDecision,
    until: date,
    now: datetime,
) -> dict[str, Any]:
    """A suspension lasts to the end of its last day (UTC), and then ends by itself."""
    ends_at = datetime.combine(until + timedelta(days=1), time(), tzinfo=UTC)
    session.add(
        Suspension(
            account_id=account_id,
            group_id=group.id if group else None,
            decision_id=decision.id,
            starts_at=now,
            ends_at=ends_at,
        )
    )
    return {"until": until.isoformat()}


def suspend_account(
    session: Session, actor: Actor, public_id: str, *, until: date | None, reason: str, now: datetime
) -> ModerationDecision:
    """Suspend a person from the whole forum until a day: they read as visitors do, at once, everywhere."""
    require(actor, Action.SUSPEND_ACCOUNT)
    account = _get_account(session, public_id)
    if account.id == actor.account_id:
        raise NotAllowed("Nobody suspends themselves.")
    if account.platform_role is not PlatformRole.MEMBER and not can(actor, Action.ADMINISTER):
        raise NotAllowed("Only an administrator suspends somebody who works for the platform.")
    if account.suspended_until is not None and account.suspended_until > now:
        raise Invalid("This person is suspended already.")
    until = checked_until(until, now.date())
    reason = checked_reason(Decision.SUSPEND, reason)
    refuse_names(session, None, reason)
    decision = account_decision(session, actor, account, Decision.SUSPEND, reason, now)
    decision.details = _add_suspension(session, account.id, None, decision, until, now)
    account.suspended_until = datetime.combine(until + timedelta(days=1), time(), tzinfo=UTC)
    add_statement(session, decision, None, until=until)
    session.flush()
    tell_account(session, decision, now=now)
    put_on_record(
        session, actor, AuditAction.DECIDED, decision,
        subject=account.public_id, group=None, until=until.isoformat(),
    )  # fmt: skip
    return decision


def lift_suspension(session: Session, actor: Actor, public_id: str, *, now: datetime) -> ModerationDecision:
    """End a person's suspension from the whole forum before its time."""
    require(actor, Action.SUSPEND_ACCOUNT)
    account = _get_account(session, public_id)
    if account.suspended_until is None or account.suspended_until <= now:
        raise Invalid("This person is not suspended.")
    end_suspensions(session, account, None, now=now)
    decision = account_decision(
        session, actor, account, Decision.LIFT, checked_reason(Decision.LIFT, ""), now
    )
    session.flush()
    tell_account(session, decision, now=now)
    put_on_record(session, actor, AuditAction.DECIDED, decision, subject=account.public_id, group=None)
    return decision


def end_suspensions(session: Session, account: Account, group_id: int | None, *, now: datetime) -> None:
    """End what suspends a person in a group (None: from the whole forum) now."""
    scope = Suspension.group_id.is_(None) if group_id is None else Suspension.group_id == group_id
    session.execute(
        sa.update(Suspension)
        .where(Suspension.account_id == account.id, scope, Suspension.ends_at > now)
        .values(ends_at=now)
    )
    if group_id is None:
        account.suspended_until = now


def _get_account(session: Session, public_id: str) -> Account:
    account = session.scalars(
        sa.select(Account).where(Account.public_id == public_id, Account.status == AccountStatus.ACTIVE)
    ).first()
    if account is None:
        raise NotFound
    return account


def account_decision(
    session: Session, actor: Actor, account: Account, action: Decision, reason: str, now: datetime
) -> ModerationDecision:
    """Write down what the platform decided about a person; flushes."""
    assert actor.account_id is not None
    decision = ModerationDecision(
        group_id=None,
        subject_kind=SubjectKind.ACCOUNT,
        subject_id=account.id,
        action=action,
        status_before=Status.PUBLISHED,
        status_after=Status.PUBLISHED,
        rule=None,
        reason=reason,
        decided_by_id=actor.account_id,
        decided_at=now,
        details={},
    )
    session.add(decision)
    session.flush()
    return decision
