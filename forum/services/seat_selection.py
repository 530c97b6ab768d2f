"""Selecting among those who applied for a seat: what each would change in the balance, by one or by two."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import AccessRequest, Account, RequestKind
from forum.domain.audit import AuditAction
from forum.domain.groups import Group, GroupRole, MembersVisible, Seat, SeatKind
from forum.domain.organisations import Organisation, StakeholderType, match_key
from forum.domain.practice import read_practice
from forum.domain.seat_calls import SeatCall
from forum.errors import Invalid, NotFound
from forum.policy import Action, Actor, require
from forum.services.access_requests import close_request, get_request, is_own, list_barred
from forum.services.audit import record
from forum.services.group_overview import SeatCount, count_seats
from forum.services.memberships import OF_BODIES, add_membership, create_seat, find_seat_of_body
from forum.services.organisations import find_by_name
from forum.services.seat_calls import get_call
from forum.services.seat_names import is_inside


@dataclass(frozen=True, slots=True)
class Balance:
    """The seats of a group by kind of stakeholder and by country, and what has none."""

    seats: list[SeatCount]
    missing: list[StakeholderType]
    countries: list[tuple[str, int]]
    """Code and seats, most first; empty for readers whom the charter shows numbers alone."""
    missing_countries: list[str]
    """Of those that the caller asked about."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a seat for an applicant would change: the seats that its type and its country have now."""

    stakeholder_type: StakeholderType | None
    of_type: int
    country: str | None
    of_country: int


@dataclass(frozen=True, slots=True)
class ApplicationLine:
    """An application for those who select; `is_barred` where it is their own body's, or their own."""

    request: AccessRequest
    account: Account | None
    is_barred: bool
    effect: Effect
    proposed_by: str | None = None
    """Who of two has said what is to be decided, where it has not been decided yet."""
    is_own_proposal: bool = False


def load_balance(session: Session, actor: Actor, group: Group, countries: Iterable[str] = ()) -> Balance:
    """Give how a group is composed, and which types and which of these countries have no seat in it."""
    counts = count_seats(session, group)
    held = {count.stakeholder_type for count in counts}
    shows_countries = group.members_visible != MembersVisible.NUMBERS or is_inside(actor, group)
    by_country = _count_countries(session, group) if shows_countries else Counter()
    return Balance(
        counts,
        [one for one in StakeholderType if one not in held],
        sorted(by_country.items(), key=lambda one: (-one[1], one[0])),
        [code for code in countries if code not in by_country] if shows_countries else [],
    )


def _count_countries(session: Session, group: Group) -> Counter[str]:
    country = sa.func.coalesce(Seat.country, Organisation.country)
    rows = session.execute(
        sa.select(country, sa.func.count())
        .select_from(Seat)
        .outerjoin(Organisation, Organisation.id == Seat.organisation_id)
        .where(Seat.group_id == group.id, Seat.ended_at.is_(None), country.is_not(None))
        .group_by(country)
    )
    return Counter({str(code): number for code, number in rows})


def list_applications(
    session: Session, actor: Actor, group: Group, call: SeatCall, *, now: datetime
) -> list[ApplicationLine]:
    """Give the applications under a call, open ones first; in a fixed number of statements."""
    require(actor, Action.MANAGE_MEETINGS, group)
    proposer = sa.orm.aliased(Account)
    rows = session.execute(
        sa.select(AccessRequest, Account, proposer.name)
        .outerjoin(Account, Account.id == AccessRequest.account_id)
        .outerjoin(proposer, proposer.id == AccessRequest.proposed_by_id)
        .where(AccessRequest.kind == RequestKind.SEAT, AccessRequest.call_id == call.id)
        .order_by(AccessRequest.decided_at.is_not(None), AccessRequest.created_at, AccessRequest.id)
    ).all()
    barred = list_barred(session, actor, now=now)
    effects = _find_effects(session, group, [request for request, _, _ in rows])
    return [
        ApplicationLine(
            request,
            account,
            is_own(actor, request) or request.account_id in barred,
            effects[request.id],
            proposed_by=name if request.decided_at is None else None,
            is_own_proposal=request.proposed_by_id == actor.account_id,
        )
        for request, account, name in rows
    ]


def _find_effects(session: Session, group: Group, requests: Sequence[AccessRequest]) -> dict[int, Effect]:
    """What each of them would change; two statements more than the counts."""
    # Somebody in their own capacity may have named where they work: their seat would not be that body's.
    keys = {one.id: match_key(one.organisation_name) for one in requests if one.seat_kind in OF_BODIES}
    bodies = {
        body.match_key: body
        for body in session.scalars(
            sa.select(Organisation).where(Organisation.match_key.in_(sorted(set(keys.values()))))
        )
    }
    types: Counter[StakeholderType | None] = Counter()
    for count in count_seats(session, group):
        types[count.stakeholder_type] += count.seats
    countries = _count_countries(session, group)
    effects = {}
    for one in requests:
        body = bodies.get(keys.get(one.id, ""))
        kind = body.type if body is not None else None
        if one.seat_kind == SeatKind.MEMBER_STATE:
            kind = StakeholderType.PUBLIC_AUTHORITY
        country = one.country or (body.country if body is not None else None)
        effects[one.id] = Effect(kind, types[kind] if kind else 0, country, countries[country or ""])
    return effects


def decide_application(
    session: Session,
    actor: Actor,
    slug: str,
    call_id: str,
    request_id: str,
    *,
    is_granted: bool,
    reason: str,
    now: datetime,
) -> bool:
    """Select or decline with reasons, which the applicant reads; gives whether it is decided by that.

    Nobody decides about themselves or a body that they speak for. Where the charter asks for two people,
    the first one's word is a proposal: it is decided when somebody else says the same, with their reasons.
    """
    group, call = get_call(session, actor, slug, call_id, Action.MANAGE_MEETINGS)
    request = get_request(session, actor, request_id, group, call_id=call.id, now=now)
    session.refresh(request, with_for_update=True)
    if request.decided_at is not None:
        raise NotFound
    if not reason.strip():
        raise Invalid("Write why, by the criteria of the call: the applicant reads it.", field="reason")
    if read_practice(group.practice).selectors > 1 and not _is_agreed(session, actor, request, is_granted):
        _propose(session, actor, group, request, is_granted, reason, now)
        return False
    if is_granted:
        _give_seat(session, actor, group, request, now)
    close_request(session, actor, request, is_granted=is_granted, now=now, reason=reason)
    return True


def _is_agreed(session: Session, actor: Actor, request: AccessRequest, is_granted: bool) -> bool:
    """Whether somebody else has said the same, who still has an account."""
    if request.proposed_by_id in {None, actor.account_id} or request.proposed_grant is not is_granted:
        return False
    return session.get(Account, request.proposed_by_id) is not None


def _propose(
    session: Session,
    actor: Actor,
    group: Group,
    request: AccessRequest,
    is_granted: bool,
    reason: str,
    now: datetime,
) -> None:
    """Keep the word of the first of two; whoever disagrees with it puts theirs in its place."""
    request.proposed_by_id, request.proposed_grant = actor.account_id, is_granted
    request.proposed_reason = reason.strip()
    record(
        session,
        actor,
        AuditAction.SEAT_PROPOSED,
        now=now,
        subject_kind="request",
        subject=request.public_id,
        group=group,
        granted=is_granted,
    )


def _give_seat(session: Session, actor: Actor, group: Group, request: AccessRequest, now: datetime) -> None:
    account = session.get(Account, request.account_id) if request.account_id is not None else None
    if account is None:
        raise NotFound
    kind = SeatKind(request.seat_kind or SeatKind.PERSONAL)
    body = find_by_name(session, request.organisation_name) if kind in OF_BODIES else None
    if kind in OF_BODIES and body is None:
        raise Invalid(
            "“%(name)s” is not recorded as an organisation yet: have it added first.",
            name=request.organisation_name,
        )
    seat = find_seat_of_body(session, group, body) if body is not None else None
    if seat is None:
        title = request.organisation_name if kind is SeatKind.COMMON_INTEREST else ""
        seat = create_seat(
            session,
            group,
            kind,
            organisation=body,
            country=request.country,
            title=title,
            now=now,
            by=actor,
        )
    add_membership(session, group, account, GroupRole.MEMBER, now=now, seat=seat, by=actor)
