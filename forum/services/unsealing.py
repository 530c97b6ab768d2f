"""Unsealing: one person asks with a reason, another of another body approves, and the author is told.

Who wrote it is stored nowhere: the sealed keys of a contribution are compared with those of every account
and body each time the two look, and each look is on record.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.accounts import Account
from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.groups import Group
from forum.domain.moderation import MODERATED
from forum.domain.notices import NoticeKind
from forum.domain.organisations import Mandate, Organisation
from forum.domain.unsealing import LAPSES_AFTER, Unsealing, UnsealingState, checked_reason
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, can, require
from forum.policy.rules import UNSEALING_ROLES
from forum.policy.subjects import Subject
from forum.services.addresses import subject_path
from forum.services.audit import record
from forum.services.outbox import enqueue_notice
from forum.services.sealing import account_key, organisation_key, sealed_key
from forum.services.subjects import find_subject, get_subject


@dataclass(frozen=True, slots=True)
class UnsealingLine:
    """A request as those with the right see it."""

    unsealing: Unsealing
    group: Group
    asked_by: str
    decided_by: str | None
    state: UnsealingState
    is_mine: bool
    """Whether the actor is one of the two."""
    may_decide: bool
    may_read: bool
    path: str | None
    """Where the contribution stands, if the actor reads it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a person is told of an unsealing of theirs; by whom it was asked they are not."""

    alias: str
    reason: str
    decided_at: datetime
    read_count: int
    path: str | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who wrote a contribution, as far as accounts and bodies that are still there tell."""

    people: Sequence[str]
    organisations: Sequence[str]


def get_sealed_subject(session: Session, actor: Actor, kind: SubjectKind, public_id: str) -> Subject:
    """Give a contribution whose author the actor may ask for; Invalid where no author is sealed."""
    if kind not in MODERATED:
        raise NotFound
    subject = get_subject(session, actor, kind, public_id)
    require(actor, Action.UNSEAL, subject)
    if not any(key.startswith("sealed:") for key in subject.writer_keys):
        raise Invalid("This was not written under the Chatham House Rule: nothing is sealed here.")
    return subject


def request_unsealing(
    session: Session, actor: Actor, kind: SubjectKind, public_id: str, *, reason: str, now: datetime
) -> Unsealing:
    """Ask to be told who wrote something; Conflict while an earlier request about it waits."""
    subject = get_sealed_subject(session, actor, kind, public_id)
    assert actor.account_id is not None
    waiting = sa.select(Unsealing.id).where(
        Unsealing.subject_kind == kind,
        Unsealing.subject_id == subject.row.id,
        Unsealing.is_approved.is_(None),
        Unsealing.asked_at >= now - LAPSES_AFTER,
    )
    if session.scalar(waiting.limit(1)) is not None:
        raise Conflict("Somebody has asked this already; a second person has not decided yet.")
    alias = subject.paper.alias if kind is SubjectKind.VERSION and subject.paper else subject.row.alias
    made = Unsealing(
        group_id=subject.group.id,
        subject_kind=kind,
        subject_id=subject.row.id,
        alias=alias or "",
        reason=checked_reason(reason),
        asked_by_id=actor.account_id,
        asked_at=now,
    )
    session.add(made)
    session.flush()
    _put_on_record(session, actor, AuditAction.UNSEALING_ASKED, made, subject, now)
    return made


def decide_unsealing(
    session: Session,
    actor: Actor,
    public_id: str,
    *,
    is_approved: bool,
    answer: str = "",
    now: datetime,
    tell_after: timedelta,
) -> Unsealing:
    """Approve or refuse a request of somebody of another body; approved, the author is told later."""
    unsealing, subject = _get(session, actor, public_id)
    require(actor, Action.UNSEAL, subject)
    if unsealing.asked_by_id == actor.account_id:
        raise NotAllowed("Unsealing takes two people: somebody else has to decide about your request.")
    if unsealing.is_approved is not None:
        raise Conflict("This was already decided. Nothing was changed by you.")
    if unsealing.state_at(now) is UnsealingState.LAPSED:
        raise Conflict("Nobody decided in time, so this request has lapsed. Ask anew.")
    if not _is_of_another_body(session, actor, unsealing, now):
        raise NotAllowed("Unsealing takes two people of different bodies: you are of the same one.")
    if not is_approved:
        answer = checked_reason(answer, field="answer")
    unsealing.is_approved, unsealing.answer = is_approved, answer.strip()
    unsealing.decided_by_id, unsealing.decided_at = actor.account_id, now
    session.flush()
    if is_approved:
        unsealing.tells_at = now + tell_after
        enqueue_notice(
            session,
            NoticeKind.UNSEALED,
            now=now,
            at=unsealing.tells_at,
            subject_kind=unsealing.subject_kind,
            subject_id=unsealing.subject_id,
            occasion=f"unsealing:{unsealing.id}",
        )
    action = AuditAction.UNSEALING_APPROVED if is_approved else AuditAction.UNSEALING_REFUSED
    _put_on_record(session, actor, action, unsealing, subject, now)
    return unsealing


def read_identity(
    session: Session, actor: Actor, public_id: str, *, now: datetime, sealing_secret: bytes
) -> Identity:
    """Give one of the two who wrote it, and put on record that they looked."""
    unsealing, subject = _get(session, actor, public_id)
    require(actor, Action.UNSEAL, subject)
    if actor.account_id not in {unsealing.asked_by_id, unsealing.decided_by_id}:
        raise NotAllowed("Only the two people who agreed on this may look.")
    if not unsealing.is_approved:
        raise NotAllowed("Nobody is unsealed until a second person of another body approves.")
    if not unsealing.is_readable_at(now):
        raise NotAllowed("The time to look is over. It takes a new request.")
    unsealing.read_count += 1
    _put_on_record(session, actor, AuditAction.UNSEALED, unsealing, subject, now)
    return find_identity(session, subject.writer_keys, sealing_secret)


def find_identity(session: Session, keys: Collection[str], sealing_secret: bytes) -> Identity:
    """Compare sealed keys with those of every account and body; whoever calls it has asked the policy."""
    people = session.execute(sa.select(Account.id, Account.name).order_by(Account.name))
    bodies = session.execute(sa.select(Organisation.id, Organisation.name).order_by(Organisation.name))
    return Identity(
        [name for one, name in people if sealed_key(sealing_secret, account_key(one)) in keys],
        [name for one, name in bodies if sealed_key(sealing_secret, organisation_key(one)) in keys],
    )


def list_unsealings(
    session: Session, actor: Actor, *, now: datetime, public_id: str | None = None
) -> list[UnsealingLine]:
    """Give the requests in the groups where the actor has the right, newest first; or the one asked for."""
    if actor.is_suspended or not actor.groups_with(*UNSEALING_ROLES):
        raise NotAllowed("Unsealing is for those who moderate or manage a group.")
    asked, decided = aliased(Account), aliased(Account)
    statement = (
        sa.select(Unsealing, Group, asked.name, decided.name)
        .join(Group, Group.id == Unsealing.group_id)
        .join(asked, asked.id == Unsealing.asked_by_id)
        .outerjoin(decided, decided.id == Unsealing.decided_by_id)
        .where(Unsealing.group_id.in_(sorted(actor.groups_with(*UNSEALING_ROLES))))
        .order_by(Unsealing.id.desc())
        .limit(200)
    )
    if public_id is not None:
        statement = statement.where(Unsealing.public_id == public_id)
    lines = [_line(session, actor, *row, now=now) for row in session.execute(statement)]
    return [line for line in lines if line is not None]


def get_unsealing(session: Session, actor: Actor, public_id: str, *, now: datetime) -> UnsealingLine:
    """Give one request to somebody with the right in its group; NotFound to anybody else."""
    lines = list_unsealings(session, actor, now=now, public_id=public_id)
    if not lines:
        raise NotFound
    return lines[0]


def list_told(session: Session, actor: Actor, *, now: datetime) -> list[Told]:
    """Give the unsealings of what the actor wrote that they are to know of by now, newest first."""
    sealed = {key for key in actor.writer_keys if key.startswith("sealed:")}
    rows = session.scalars(
        sa.select(Unsealing)
        .where(Unsealing.is_approved.is_(True), Unsealing.tells_at <= now)
        .order_by(Unsealing.id.desc())
    ).all()
    found = []
    for one in rows:
        subject = find_subject(session, one.subject_kind, one.subject_id)
        if subject is None or sealed.isdisjoint(subject.writer_keys):
            continue
        path = subject_path(subject) if can(actor, Action.READ, subject) else None
        assert one.decided_at is not None
        found.append(Told(one.alias, one.reason, one.decided_at, one.read_count, path))
    return found


def _line(
    session: Session,
    actor: Actor,
    unsealing: Unsealing,
    group: Group,
    asked_by: str,
    decided_by: str | None,
    *,
    now: datetime,
) -> UnsealingLine | None:
    """A request about what the actor wrote is none of those they see."""
    subject = find_subject(session, unsealing.subject_kind, unsealing.subject_id)
    if subject is None or not can(actor, Action.UNSEAL, subject):
        return None
    state = unsealing.state_at(now)
    is_mine = actor.account_id in {unsealing.asked_by_id, unsealing.decided_by_id}
    return UnsealingLine(
        unsealing=unsealing,
        group=group,
        asked_by=asked_by,
        decided_by=decided_by,
        state=state,
        is_mine=is_mine,
        may_decide=state is UnsealingState.ASKED
        and unsealing.asked_by_id != actor.account_id
        and _is_of_another_body(session, actor, unsealing, now),
        may_read=is_mine and unsealing.is_readable_at(now),
        path=subject_path(subject) if can(actor, Action.READ, subject) else None,
    )


def _get(session: Session, actor: Actor, public_id: str) -> tuple[Unsealing, Subject]:
    statement = sa.select(Unsealing).where(Unsealing.public_id == public_id).with_for_update()
    unsealing = session.scalars(statement).first()
    subject = find_subject(session, unsealing.subject_kind, unsealing.subject_id) if unsealing else None
    if unsealing is None or subject is None or not can(actor, Action.UNSEAL, subject):
        raise NotFound
    return unsealing, subject


def _is_of_another_body(session: Session, actor: Actor, unsealing: Unsealing, now: datetime) -> bool:
    """Four eyes of one house are two: people who speak for no body count as of one, the secretariat's."""
    theirs = set(
        session.scalars(
            sa.select(Mandate.organisation_id).where(
                Mandate.account_id == unsealing.asked_by_id,
                Mandate.starts_on <= now.date(),
                sa.or_(Mandate.ends_on.is_(None), Mandate.ends_on >= now.date()),
            )
        )
    )
    return not theirs & actor.organisation_ids and bool(theirs | actor.organisation_ids)


def _put_on_record(
    session: Session,
    actor: Actor,
    action: AuditAction,
    unsealing: Unsealing,
    subject: Subject,
    now: datetime,
) -> None:
    record(
        session,
        actor,
        action,
        now=now,
        subject_kind=subject.kind.value,
        subject=subject.row.public_id,
        group=subject.group,
        unsealing=unsealing.public_id,
    )
