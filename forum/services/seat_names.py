"""What a reader may be shown of a group's seats: the one place that meetings, decisions and declarations ask.

Inside a group everybody is named; outside it is as the charter says (members_visible): names, bodies or
numbers. A body is no name of a person; a seat in somebody's own capacity has no other name than theirs.
"""

from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole, Membership, MembersVisible, Seat, SeatKind
from forum.domain.organisations import Organisation
from forum.policy import Actor
from forum.policy.labels import COMMUNITY, group_label


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody on a seat, or in a group without one."""

    account_id: int
    public_id: str
    name: str
    is_named: bool
    """Whether this reader may be shown the name."""
    is_alternate: bool
    role: GroupRole


@dataclass(slots=True)
class SeatName:
    """A seat as one reader may see it."""

    seat_id: int
    public_id: str
    kind: SeatKind
    body: str | None
    body_slug: str | None
    country: str | None
    title: str
    """Empty where it could name a person whom the reader is not shown."""
    is_ended: bool = False
    holders: list[Holder] = field(default_factory=list)

    @property
    def members(self) -> list[Holder]:
        """Who sits on it and is no observer."""
        return [one for one in self.holders if one.role is not GroupRole.OBSERVER]

    @property
    def is_observer(self) -> bool:
        """Whether only observers sit on it."""
        return bool(self.holders) and not self.members

    @property
    def named(self) -> list[Holder]:
        """Those whose names the reader may be shown."""
        return [one for one in self.holders if one.is_named]


@dataclass(frozen=True, slots=True)
class SeatNames:
    """The seats of a group for one reader; under `numbers` none of them may be listed."""

    level: MembersVisible
    is_inside: bool
    seats: dict[int, SeatName]
    unseated: list[Holder]

    @property
    def may_list(self) -> bool:
        """Whether seats may be told apart at all."""
        return self.level is not MembersVisible.NUMBERS


def is_inside(actor: Actor, group: Group) -> bool:
    """Whether the actor reads as one of the group."""
    return group_label(group.id) in actor.clearances


def load_seat_names(session: Session, actor: Actor, group: Group) -> SeatNames:
    """Give all seats of a group, ended ones too, in two statements; names where this reader sees them."""
    inside = is_inside(actor, group)
    level = MembersVisible.NAMES if inside else group.members_visible
    shows_names = level is MembersVisible.NAMES
    knows = inside or COMMUNITY in actor.clearances
    rows = session.execute(
        sa.select(Seat, Organisation.name, Organisation.slug)
        .outerjoin(Organisation, Organisation.id == Seat.organisation_id)
        .where(Seat.group_id == group.id)
        .order_by(Seat.kind, Organisation.match_key, Seat.country, Seat.title, Seat.id)
    )
    seats = {
        seat.id: SeatName(
            seat_id=seat.id,
            public_id=seat.public_id,
            kind=seat.kind,
            body=name,
            body_slug=slug,
            country=seat.country,
            title="" if seat.kind is SeatKind.PERSONAL and not (shows_names and knows) else seat.title,
            is_ended=seat.ended_at is not None,
        )
        for seat, name, slug in rows
    }
    unseated: list[Holder] = []
    people = session.execute(
        sa.select(Membership, Account)
        .join(Account, Account.id == Membership.account_id)
        .where(Membership.group_id == group.id, Membership.ended_at.is_(None))
        .order_by(Membership.is_alternate, Account.name, Account.id)
    )
    for membership, account in people:
        holder = Holder(
            account_id=account.id,
            public_id=account.public_id,
            name=account.name,
            is_named=shows_names and (knows or account.name_is_public),
            is_alternate=membership.is_alternate,
            role=membership.role,
        )
        seat = seats.get(membership.seat_id) if membership.seat_id is not None else None
        (seat.holders if seat is not None else unseated).append(holder)
    return SeatNames(level, inside, seats, unseated)
