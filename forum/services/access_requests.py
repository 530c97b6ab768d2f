"""Asking for an account, or for a seat in a group; and deciding what was asked.

Whoever asks for an account is answered the same whether the address is known or not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import AccessRequest, Account, RequestKind
from forum.domain.groups import Group, GroupRole, Membership, Seat
from forum.domain.notices import NoticeKind
from forum.domain.organisations import Mandate, match_key
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, can, require
from forum.services.memberships import add_membership
from forum.services.outbox import enqueue_notice
from forum.services.recording import record_request

MOST_OPEN = 3
"""Requests that one address may have open; more are answered the same and not kept."""


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request with what is known of whoever asks; for those who decide."""

    request: AccessRequest
    account: Account | None


def ask_for_account(
    session: Session, *, email: str, name: str, organisation_name: str, message: str, now: datetime
) -> None:
    """Keep a request for an account, unless the address has enough open ones. Gives nothing away."""
    if _count_open(session, RequestKind.ACCOUNT, AccessRequest.email == email) >= MOST_OPEN:
        return
    session.add(
        AccessRequest(
            kind=RequestKind.ACCOUNT,
            email=email,
            name=name,
            organisation_name=organisation_name,
            message=message,
            created_at=now,
        )
    )


def ask_for_seat(
    session: Session, actor: Actor, group: Group, *, organisation_name: str, message: str, now: datetime
) -> AccessRequest:
    """Keep a person's request for a seat in a group whose listing they see; gives it."""
    require(actor, Action.SEE_LISTING, group)
    if actor.account_id is None or actor.is_suspended:
        raise NotAllowed("Sign in first.")
    if actor.roles_in(group.id):
        raise Invalid("You are in this group already.")
    mine = sa.and_(AccessRequest.account_id == actor.account_id, AccessRequest.group_id == group.id)
    if _count_open(session, RequestKind.SEAT, mine):
        raise Invalid("You have asked already, and the group has not decided yet.")
    account = session.get_one(Account, actor.account_id)
    request = AccessRequest(
        kind=RequestKind.SEAT,
        email=account.email or "",
        name=account.name,
        organisation_name=organisation_name,
        account_id=account.id,
        group_id=group.id,
        message=message,
        created_at=now,
    )
    session.add(request)
    session.flush()
    return request


def _count_open(session: Session, kind: RequestKind, condition: sa.ColumnElement[bool]) -> int:
    statement = sa.select(sa.func.count()).where(
        AccessRequest.kind == kind, AccessRequest.decided_at.is_(None), condition
    )
    return session.scalar(statement) or 0


def list_account_requests(session: Session, actor: Actor) -> Sequence[RequestLine]:
    """Give the open requests for accounts, the oldest first, with the account that the address has."""
    require(actor, Action.MANAGE_PEOPLE)
    rows = session.execute(
        sa.select(AccessRequest, Account)
        .outerjoin(Account, Account.email == AccessRequest.email)
        .where(AccessRequest.kind == RequestKind.ACCOUNT, AccessRequest.decided_at.is_(None))
        .order_by(AccessRequest.created_at, AccessRequest.id)
    )
    return [RequestLine(*row) for row in rows]


def list_seat_requests(session: Session, actor: Actor, group: Group) -> Sequence[RequestLine]:
    """Give the open requests for seats in a group, the oldest first."""
    require(actor, Action.MANAGE_GROUP, group)
    rows = session.execute(
        sa.select(AccessRequest, Account)
        .outerjoin(Account, Account.id == AccessRequest.account_id)
        .where(
            AccessRequest.kind == RequestKind.SEAT,
            AccessRequest.group_id == group.id,
            AccessRequest.call_id.is_(None),  # those under a call are decided beside its criteria
            AccessRequest.decided_at.is_(None),
        )
        .order_by(AccessRequest.created_at, AccessRequest.id)
    )
    return [RequestLine(*row) for row in rows]


def is_own(actor: Actor, request: AccessRequest) -> bool:
    """Whether a request is the actor's own, or names a body they speak for."""
    if request.account_id is not None and request.account_id == actor.account_id:
        return True
    names = {match_key(mandate.name) for mandate in actor.mandates}
    return bool(request.organisation_name) and match_key(request.organisation_name) in names


def list_barred(session: Session, actor: Actor, *, now: datetime) -> frozenset[int]:
    """Give the accounts that speak for a body of the actor's today: others decide about their requests."""
    today = now.date()
    return frozenset(
        session.scalars(
            sa.select(Mandate.account_id).where(
                Mandate.organisation_id.in_(sorted(actor.organisation_ids)),
                Mandate.starts_on <= today,
                sa.or_(Mandate.ends_on.is_(None), Mandate.ends_on >= today),
            )
        )
    )


def get_request(
    session: Session,
    actor: Actor,
    public_id: str,
    group: Group | None = None,
    *,
    call_id: int | None = None,
    now: datetime,
) -> AccessRequest:
    """Give an open request that the actor may decide; NotFound for one of another group or another call.

    What was applied for under a call is decided under it, by as many as the charter says. A seat is not
    given by who asks for it, nor by who speaks for the same body.
    """
    request = session.scalars(
        sa.select(AccessRequest).where(
            AccessRequest.public_id == public_id,
            AccessRequest.decided_at.is_(None),
            AccessRequest.group_id == (group.id if group else None),
            AccessRequest.call_id == call_id,
        )
    ).first()
    if request is None:
        raise NotFound
    if group is not None:
        require(actor, Action.MANAGE_GROUP, group)
        if is_own(actor, request) or request.account_id in list_barred(session, actor, now=now):
            raise NotAllowed("Nobody decides about themselves or a body they speak for: somebody else does.")
    elif not can(actor, Action.MANAGE_PEOPLE):
        raise NotFound
    return request


def close_request(
    session: Session,
    actor: Actor,
    request: AccessRequest,
    *,
    is_granted: bool,
    now: datetime,
    reason: str = "",
) -> None:
    """Record the decision; a refusal needs a reason."""
    if not is_granted and not reason.strip():
        raise Invalid("Write why, for whoever asked.", field="reason")
    request.decided_at = now
    request.decided_by_id = actor.account_id
    request.is_granted = is_granted
    request.reason = reason.strip()
    record_request(session, actor, request, now)
    if request.account_id is not None and request.group_id is not None:
        enqueue_notice(
            session,
            NoticeKind.SEAT_DECIDED,
            now=now,
            account_id=request.account_id,
            group_id=request.group_id,
            occasion=f"application:{request.public_id}",
        )


def grant_seat(
    session: Session,
    actor: Actor,
    group: Group,
    request: AccessRequest,
    role: GroupRole,
    *,
    seat: Seat | None,
    is_alternate: bool,
    now: datetime,
) -> Membership:
    """Give the person who asked a role, on a seat if one is named."""
    account = session.get(Account, request.account_id)
    if account is None:
        raise NotFound
    membership = add_membership(
        session, group, account, role, now=now, seat=seat, is_alternate=is_alternate, by=actor
    )
    close_request(session, actor, request, is_granted=True, now=now)
    return membership


def find_own_request(session: Session, actor: Actor, group: Group) -> AccessRequest | None:
    """Give the latest request of the actor for a seat in a group, with what was decided."""
    if actor.account_id is None:
        return None
    return session.scalars(
        sa.select(AccessRequest)
        .where(AccessRequest.account_id == actor.account_id, AccessRequest.group_id == group.id)
        .order_by(AccessRequest.created_at.desc(), AccessRequest.id.desc())
    ).first()


def count_account_requests(session: Session) -> int:
    """Give how many requests for accounts wait."""
    return _count_open(session, RequestKind.ACCOUNT, sa.true())
