"""Whom an event concerns: from a NOTIFY entry to the notices that are to be written.

Rights are asked of each person's own Actor at the time the worker comes to it. Where authorship is
sealed, a notice to the author names no contribution, carries a keyed hash and only the day: the table
of notices must not undo the seal.
"""

import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus
from forum.domain.appeals import Appeal, AppealState
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.ballots import EntitledSeat
from forum.domain.groups import GroupRole, Membership, Seat
from forum.domain.labels import Status
from forum.domain.moderation import Action as Decision
from forum.domain.moderation import Flag, ModerationDecision
from forum.domain.notices import MailPreference, Notice, NoticeKind
from forum.domain.outbox import Topic
from forum.domain.threads import OPENING_KEY, Post
from forum.policy import Action, Actor, can
from forum.policy.subjects import Subject
from forum.richtext import mentions
from forum.services.actors import load_actor
from forum.services.appeal_rights import list_deciders
from forum.services.decisions import is_undone
from forum.services.outbox import enqueue
from forum.services.sealing import account_key, sealed_key, seat_key
from forum.services.subjects import find_subject, writer_keys_of

_OF_APPEALS = frozenset({NoticeKind.APPEAL_FILED, NoticeKind.APPEAL_ANSWERED})
_NEVER_MIND_READING = frozenset({NoticeKind.FLAG_ANSWERED, NoticeKind.UNSEALED}) | _OF_APPEALS
"""What was hidden after a flag is read no more by whoever flagged it; that it was is still told.

So is who wrote something that was unsealed, whether or not they are a member by then.
"""


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice about to be written."""

    account_id: int
    kind: NoticeKind
    key: str
    created_at: datetime
    is_mail_wanted: bool
    group_id: int | None = None
    subject_kind: SubjectKind | None = None
    subject_id: int | None = None
    decision_id: int | None = None
    occasion: str | None = None
    saved_search_id: int | None = None


@dataclass(frozen=True, slots=True)
class Writers:
    """The accounts that wrote something, and whether that is sealed."""

    account_ids: frozenset[int]
    is_sealed: bool = False


@dataclass(frozen=True, slots=True)
class _Event:
    """A NOTIFY payload with what it points at, loaded."""

    kind: NoticeKind
    subject: Subject | None
    decision: ModerationDecision | None
    account_id: int | None
    group_id: int | None
    occasion: str | None = None


def list_new_notices(
    session: Session, payload: Mapping[str, Any], *, now: datetime, sealing_secret: bytes
) -> list[NewNotice]:
    """Work out who is to be told of an event; empty where it has become moot."""
    event = _load(session, payload)
    if event is None:
        return []
    if event.kind in _OF_APPEALS:
        concerned = _concerned_by_appeal(session, event, now, sealing_secret)
    else:
        concerned = _concerned(session, event, sealing_secret)
    notices = []
    for account_id in sorted(concerned.account_ids):
        actor = load_actor(session, account_id, now=now, sealing_secret=sealing_secret)
        if actor.is_signed_in and _is_to_be_told(actor, event):
            notices.append(_notice(session, event, actor, concerned.is_sealed, now, sealing_secret))
    return notices


def create_notice(session: Session, new: NewNotice, *, now: datetime) -> Notice | None:
    """Write a notice and have it mailed where wanted; None if this event notified this person before."""
    if session.scalar(sa.select(Notice.id).where(Notice.key == new.key)) is not None:
        return None
    notice = Notice(
        account_id=new.account_id,
        kind=new.kind,
        group_id=new.group_id,
        subject_kind=new.subject_kind,
        subject_id=new.subject_id,
        decision_id=new.decision_id,
        occasion=new.occasion,
        saved_search_id=new.saved_search_id,
        key=new.key,
        created_at=new.created_at,
    )
    session.add(notice)
    session.flush()
    if new.is_mail_wanted:
        enqueue(session, Topic.MAIL, {"mail": "notice", "notice_id": notice.id}, now=now)
    return notice


def wants_mail(session: Session, account_id: int, kind: NoticeKind) -> bool:
    """Whether a person can be mailed and has not stopped this kind of mail."""
    row = session.execute(
        sa.select(Account.email, MailPreference.is_wanted)
        .outerjoin(
            MailPreference, sa.and_(MailPreference.account_id == Account.id, MailPreference.kind == kind)
        )
        .where(Account.id == account_id, Account.status == AccountStatus.ACTIVE)
    ).first()
    return row is not None and row.email is not None and row.is_wanted is not False


def find_writers(session: Session, keys: Collection[str], sealing_secret: bytes) -> Writers:
    """Give the accounts behind writer keys; sealed ones are found by sealing every account's key."""
    prefix, seat = account_key(0)[:-1], seat_key(0)[:-1]
    plain = frozenset(int(key.removeprefix(prefix)) for key in keys if key.startswith(prefix))
    seats = {int(key.removeprefix(seat)) for key in keys if key.startswith(seat)}
    if not any(key.startswith("sealed:") for key in keys):
        return Writers(plain | _holders(session, seats))
    active = session.scalars(sa.select(Account.id).where(Account.status == AccountStatus.ACTIVE))
    sealed = (one for one in active if sealed_key(sealing_secret, account_key(one)) in keys)
    held = session.scalars(sa.select(Seat.id).where(Seat.ended_at.is_(None)))
    seats |= {one for one in held if sealed_key(sealing_secret, seat_key(one)) in keys}
    return Writers(plain | frozenset(sealed) | _holders(session, seats), is_sealed=True)


def _holders(session: Session, seats: Collection[int]) -> frozenset[int]:
    """The accounts that hold seats now, as representatives or alternates."""
    if not seats:
        return frozenset()
    held = sa.select(Membership.account_id).where(
        Membership.seat_id.in_(seats),
        Membership.ended_at.is_(None),
        Membership.role != GroupRole.OBSERVER,
    )
    return frozenset(session.scalars(held))


def _load(session: Session, payload: Mapping[str, Any]) -> _Event | None:
    kind = NoticeKind(payload["kind"])
    subject = decision = None
    if payload.get("subject_kind"):
        subject = find_subject(session, SubjectKind(payload["subject_kind"]), payload["subject_id"])
        if subject is None:
            return None
    if payload.get("decision_id"):
        decision = session.get(ModerationDecision, payload["decision_id"])
        if decision is None or is_undone(session, decision.id):
            return None
        subject = subject or find_subject(session, decision.subject_kind, decision.subject_id)
    return _Event(
        kind,
        subject,
        decision,
        payload.get("account_id"),
        payload.get("group_id"),
        payload.get("occasion"),
    )


def _concerned(session: Session, event: _Event, sealing_secret: bytes) -> Writers:
    """The people an event concerns, whoever may read it."""
    subject = event.subject
    if event.account_id is not None:
        return Writers(frozenset({event.account_id}), is_sealed=_names_a_sealed_author(event))
    nobody = Writers(frozenset())
    match event.kind:
        case _ if event.kind in _OF_GROUPS and subject is not None:
            return Writers(list_group_people(session, subject, event.kind))
        case NoticeKind.FLAG_ANSWERED if event.decision is not None:
            reporters = session.scalars(
                sa.select(Flag.reporter_id).where(Flag.decision_id == event.decision.id)
            )
            return Writers(frozenset(reporters))
        case NoticeKind.HELD if subject is not None and subject.status is Status.PENDING:
            return find_writers(session, subject.writer_keys, sealing_secret)
        case NoticeKind.DECIDED | NoticeKind.UNSEALED | NoticeKind.COMMENT_ANSWERED if subject is not None:
            return find_writers(session, subject.writer_keys, sealing_secret)
        case NoticeKind.REPLIED | NoticeKind.QUESTION_ANSWERED if subject is not None:
            answered = _answered(session, event.kind, subject)
            keys = writer_keys_of(session, SubjectKind.POST, answered) if answered is not None else ()
            return find_writers(session, keys, sealing_secret)
        case NoticeKind.MENTIONED if subject is not None:
            handles = mentions(subject.row.source)
            accounts = sa.select(Account.id).where(sa.func.lower(Account.handle).in_(handles))
            return Writers(frozenset(session.scalars(accounts)) if handles else frozenset())
    return nobody


_OF_GROUPS = frozenset(
    {
        NoticeKind.MEETING_CONVENED,
        NoticeKind.MEETING_CHANGED,
        NoticeKind.MEETING_CANCELLED,
        NoticeKind.MINUTES,
        NoticeKind.BALLOT_OPENED,
        NoticeKind.BALLOT_CLOSED,
    }
)
"""Events that concern everybody in a group, or on the seats that have a vote."""


def list_group_people(session: Session, subject: Subject, kind: NoticeKind) -> frozenset[int]:
    """Give the accounts that an event of a group concerns; whether they may read it is asked of each."""
    people = sa.select(Membership.account_id).where(
        Membership.group_id == subject.group.id, Membership.ended_at.is_(None)
    )
    if kind is NoticeKind.BALLOT_OPENED:
        entitled = sa.select(EntitledSeat.seat_id).where(EntitledSeat.ballot_id == subject.row.id)
        people = people.where(Membership.seat_id.in_(entitled), Membership.role != GroupRole.OBSERVER)
    return frozenset(session.scalars(people))


def _concerned_by_appeal(session: Session, event: _Event, now: datetime, sealing_secret: bytes) -> Writers:
    """Of a new one those who may decide it; of an answer whoever appealed, and of one upheld both sides."""
    public_id = (event.occasion or "").removeprefix("appeal:")
    appeal = session.scalars(sa.select(Appeal).where(Appeal.public_id == public_id)).first()
    if appeal is None or event.decision is None:
        return Writers(frozenset())
    if event.kind is NoticeKind.APPEAL_FILED:
        if appeal.state is not AppealState.FILED:
            return Writers(frozenset())
        return Writers(list_deciders(session, appeal, now=now, sealing_secret=sealing_secret))
    keys = {appeal.appellant_key}
    if appeal.state is AppealState.UPHELD:
        keys |= event.subject.writer_keys if event.subject else frozenset()
        flaggers = sa.select(Flag.reporter_id).where(Flag.decision_id == event.decision.id)
        keys |= {account_key(one) for one in session.scalars(flaggers)}
    return find_writers(session, [key for key in keys if not key.startswith("organisation:")], sealing_secret)


def _names_a_sealed_author(event: _Event) -> bool:
    """Whether telling this person of this post records that they wrote in a Chatham House discussion."""
    subject = event.subject
    return (
        subject is not None
        and subject.group.attribution is Attribution.CHATHAM_HOUSE
        and subject.kind in {SubjectKind.POST, SubjectKind.THREAD}
        and event.kind in _OF_AUTHORS
    )


def _answered(session: Session, kind: NoticeKind, subject: Subject) -> int | None:
    """The post that a reply answers: its parent, else the opening of the discussion."""
    if subject.thread is None:
        return None
    row = subject.row
    if kind is NoticeKind.REPLIED and subject.kind is SubjectKind.POST and row.parent_id is not None:
        return int(row.parent_id)
    opening = sa.select(Post.id).where(Post.thread_id == subject.thread.id, Post.order_key == OPENING_KEY)
    return session.scalars(opening).first()


_OF_AUTHORS = frozenset(
    {
        NoticeKind.HELD,
        NoticeKind.DECIDED,
        NoticeKind.REPLIED,
        NoticeKind.QUESTION_ANSWERED,
        NoticeKind.UNSEALED,
        NoticeKind.COMMENT_ANSWERED,
    }
)
"""Events told to people because of something they wrote."""

_OF_OTHERS = frozenset({NoticeKind.REPLIED, NoticeKind.MENTIONED, NoticeKind.QUESTION_ANSWERED})
"""Events caused by what somebody else published: nobody is told of their own."""


def _is_to_be_told(actor: Actor, event: _Event) -> bool:
    if event.subject is None or event.kind in _NEVER_MIND_READING:
        return True
    if event.decision is not None and event.decision.action is Decision.MOVE:
        return _wrote(actor, event.subject)  # they may no longer read it where it is now
    if not can(actor, Action.READ, event.subject):
        return False
    if event.kind not in _OF_OTHERS:
        return True
    return event.subject.status is Status.PUBLISHED and not _wrote(actor, event.subject)


def _wrote(actor: Actor, subject: Subject) -> bool:
    """Whether this very person wrote it; a colleague of the same body is told all the same."""
    sealed = {key for key in actor.writer_keys if key.startswith("sealed:")}
    own = {account_key(actor.account_id or 0)} | sealed
    return not own.isdisjoint(subject.writer_keys)


def _notice(
    session: Session, event: _Event, actor: Actor, is_sealed: bool, now: datetime, sealing_secret: bytes
) -> NewNotice:
    assert actor.account_id is not None
    subject, decision = event.subject, event.decision
    parts = [event.kind.value]
    parts += [f"{subject.kind.value}:{subject.row.id}"] if subject else [f"group:{event.group_id}"]
    parts += [f"decision:{decision.id}"] if decision else []
    parts += [event.occasion] if event.occasion else []
    key = ":".join([*parts, str(actor.account_id)])
    is_wanted = wants_mail(session, actor.account_id, event.kind)
    group_id = subject.group.id if subject else event.group_id
    if is_sealed:
        digest = hmac.new(sealing_secret, key.encode(), hashlib.sha256).hexdigest()
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return NewNotice(actor.account_id, event.kind, f"sealed:{digest}", day, is_wanted, group_id)
    return NewNotice(
        actor.account_id,
        event.kind,
        key,
        now,
        is_wanted,
        group_id,
        subject.kind if subject else None,
        subject.row.id if subject else None,
        decision.id if decision else None,
        event.occasion,
    )
