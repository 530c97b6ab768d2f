"""Seats and roles in a group: who sits for whom, and what ends with a role."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus
from forum.domain.attribution import NamedList, NamedReader
from forum.domain.audit import AuditAction
from forum.domain.groups import Group, GroupRole, Membership, MembersVisible, Seat, SeatKind
from forum.domain.organisations import Organisation
from forum.domain.papers import Paper, PaperAuthor
from forum.errors import Invalid, NotFound
from forum.policy import Action, Actor, require
from forum.policy.labels import COMMUNITY, group_label
from forum.services.recording import record_membership, record_seat

OF_BODIES = frozenset({SeatKind.ORGANISATION, SeatKind.PUBLIC_ENTITY})
"""Seats that belong to a body."""
MANAGING_ROLES = frozenset({GroupRole.CHAIR, GroupRole.SECRETARIAT})


@dataclass(slots=True)
class MemberLine:
    """A person of a group with the roles held, and the seat if one is filled."""

    account: Account
    roles: list[GroupRole] = field(default_factory=list)
    seat_id: int | None = None
    is_alternate: bool = False
    suspended_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SeatLine:
    """A seat with its body, its representative and alternates."""

    seat: Seat
    organisation: Organisation | None
    holders: list[MemberLine]

    @property
    def representatives(self) -> list[MemberLine]:
        """Who represents the seat: one person, or nobody."""
        return [line for line in self.holders if not line.is_alternate]

    @property
    def alternates(self) -> list[MemberLine]:
        """Who stands in."""
        return [line for line in self.holders if line.is_alternate]


@dataclass(frozen=True, slots=True)
class Members:
    """Everybody in a group: by seat, and those who sit on none."""

    seats: list[SeatLine]
    unseated: list[MemberLine]

    @property
    def people(self) -> int:
        """How many people there are."""
        lines = [line for seat in self.seats for line in seat.holders] + self.unseated
        return len({line.account.id for line in lines})


def load_members(session: Session, group: Group) -> Members:
    """Give seats and people of a group in two statements; who may see what is the view's next question."""
    lines: dict[tuple[int, int | None], MemberLine] = {}
    rows = session.execute(
        sa.select(Membership, Account)
        .join(Account, Account.id == Membership.account_id)
        .where(Membership.group_id == group.id, Membership.ended_at.is_(None))
        .order_by(Account.name, Account.id)
    )
    for membership, account in rows:
        line = lines.setdefault(
            (account.id, membership.seat_id), MemberLine(account, seat_id=membership.seat_id)
        )
        line.roles.append(membership.role)
        line.is_alternate = line.is_alternate or membership.is_alternate
        line.suspended_until = membership.suspended_until
    holders: dict[int | None, list[MemberLine]] = defaultdict(list)
    for line in _roles_beside_seats(lines):
        line.roles.sort(key=list(GroupRole).index)
        holders[line.seat_id].append(line)
    seats = session.execute(
        sa.select(Seat, Organisation)
        .outerjoin(Organisation, Organisation.id == Seat.organisation_id)
        .where(Seat.group_id == group.id, Seat.ended_at.is_(None))
        .order_by(Seat.kind, Organisation.match_key, Seat.country, Seat.title, Seat.id)
    )
    seat_lines = [SeatLine(seat, organisation, holders.pop(seat.id, [])) for seat, organisation in seats]
    unseated = sorted(
        (line for rest in holders.values() for line in rest), key=lambda line: line.account.name.casefold()
    )
    return Members(seat_lines, unseated)


@dataclass(frozen=True, slots=True)
class MembersShown:
    """The members of a group as one reader may see them."""

    level: MembersVisible
    members: Members
    named: frozenset[int]
    """The accounts whose names may be shown."""
    has_own_titles: bool = True
    """Whether seats in somebody's own capacity are called by their title, which may be a name."""


def show_members(session: Session, actor: Actor, group: Group) -> MembersShown:
    """Give seats and people as this reader may see them.

    Members see everybody; people outside what the charter says, and visitors who are not signed in the
    names of those who chose that.
    """
    is_inside = group_label(group.id) in actor.clearances
    level = MembersVisible.NAMES if is_inside else group.members_visible
    members = load_members(session, group)
    lines = [line for seat in members.seats for line in seat.holders] + members.unseated
    may_name = level is MembersVisible.NAMES
    named = {
        line.account.id
        for line in lines
        if may_name and (is_inside or COMMUNITY in actor.clearances or line.account.name_is_public)
    }
    has_own_titles = may_name and (is_inside or COMMUNITY in actor.clearances)
    return MembersShown(level, members, frozenset(named), has_own_titles)


def _roles_beside_seats(lines: dict[tuple[int, int | None], MemberLine]) -> list[MemberLine]:
    """Show a role without a seat beside the person's seat, where they have one."""
    seated = {account_id: line for (account_id, seat_id), line in lines.items() if seat_id is not None}
    for account_id, line in seated.items():
        loose = lines.pop((account_id, None), None)
        if loose is not None:
            line.roles += [role for role in loose.roles if role not in line.roles]
    return list(lines.values())


def add_membership(
    session: Session,
    group: Group,
    account: Account,
    role: GroupRole,
    *,
    now: datetime,
    seat: Seat | None = None,
    is_alternate: bool = False,
    by: Actor | None = None,
) -> Membership:
    """Give a person a role; Invalid where they hold it, or the seat has a representative.

    Whoever calls it has asked the policy.
    """
    if account.status not in {AccountStatus.ACTIVE, AccountStatus.PLACEHOLDER}:
        raise Invalid("This account is not in use.", field="email")
    held = session.scalar(
        sa.select(Membership.id)
        .where(
            Membership.group_id == group.id,
            Membership.account_id == account.id,
            Membership.ended_at.is_(None),
            Membership.role == role if seat is None else Membership.seat_id == seat.id,
        )
        .limit(1)
    )
    if held is not None and seat is None:
        raise Invalid("%(name)s has this role already.", field="role", name=account.name)
    if held is not None:
        raise Invalid("%(name)s sits there already.", field="seat", name=account.name)
    if seat is not None:
        _check_seat(session, group, seat, is_alternate)
    membership = Membership(
        group_id=group.id,
        account_id=account.id,
        role=role,
        seat_id=seat.id if seat else None,
        is_alternate=is_alternate and seat is not None,
        started_at=now,
    )
    session.add(membership)
    session.flush()
    record_membership(session, by, AuditAction.MEMBER_ADDED, membership, now)
    return membership


def _check_seat(session: Session, group: Group, seat: Seat, is_alternate: bool) -> None:
    if seat.group_id != group.id or seat.ended_at is not None:
        raise Invalid("This group has no such seat.", field="seat")
    if is_alternate:
        return
    holder = session.scalar(
        sa.select(Account.name)
        .join(Membership, Membership.account_id == Account.id)
        .where(
            Membership.seat_id == seat.id,
            Membership.ended_at.is_(None),
            Membership.is_alternate.is_(False),
        )
    )
    if holder is not None:
        raise Invalid(
            "The seat has a representative, %(name)s. Add an alternate, or end that role first.",
            field="seat",
            name=holder,
        )


def get_seat(session: Session, group: Group, public_id: str) -> Seat:
    """Give a seat of this group that is not ended."""
    seat = session.scalars(
        sa.select(Seat).where(Seat.public_id == public_id, Seat.group_id == group.id, Seat.ended_at.is_(None))
    ).first()
    if seat is None:
        raise Invalid("This group has no such seat.", field="seat")
    return seat


def find_seat_of_body(session: Session, group: Group, organisation: Organisation) -> Seat | None:
    """Give the seat that a body has in a group."""
    return session.scalars(
        sa.select(Seat).where(
            Seat.group_id == group.id,
            Seat.organisation_id == organisation.id,
            Seat.ended_at.is_(None),
        )
    ).first()


def create_seat(
    session: Session,
    group: Group,
    kind: SeatKind,
    *,
    now: datetime,
    organisation: Organisation | None = None,
    country: str | None = None,
    title: str = "",
    by: Actor | None = None,
) -> Seat:
    """Add a place at the table; Invalid where what it belongs to is missing, or has one already.

    Whoever calls it has asked the policy.
    """
    title = " ".join(title.split())
    if kind in OF_BODIES:
        if organisation is None or organisation.merged_into_id is not None:
            raise Invalid("Choose the organisation that the seat belongs to.", field="organisation")
        if find_seat_of_body(session, group, organisation) is not None:
            raise Invalid("%(name)s has a seat here.", field="organisation", name=organisation.name)
    elif kind is SeatKind.MEMBER_STATE and not country:
        raise Invalid("Choose the Member State.", field="country")
    elif kind is SeatKind.COMMON_INTEREST and not title:
        raise Invalid("Write which common interest the seat stands for.", field="title")
    seat = Seat(
        group_id=group.id,
        kind=kind,
        organisation_id=organisation.id if organisation and kind in OF_BODIES else None,
        country=country if kind is SeatKind.MEMBER_STATE else None,
        title=title,
        created_at=now,
    )
    session.add(seat)
    session.flush()
    record_seat(session, by, AuditAction.SEAT_ADDED, seat, now)
    return seat


def end_seat(
    session: Session, group: Group, public_id: str, *, now: datetime, by: Actor | None = None
) -> None:
    """Take a seat away, and the roles held on it."""
    seat = get_seat(session, group, public_id)
    held = session.scalars(
        sa.select(Membership).where(Membership.seat_id == seat.id, Membership.ended_at.is_(None))
    ).all()
    end_memberships(session, held, now=now, by=by)
    seat.ended_at = now
    record_seat(session, by, AuditAction.SEAT_ENDED, seat, now)


def end_role(
    session: Session,
    actor: Actor,
    group: Group,
    account_public_id: str,
    role: GroupRole,
    *,
    now: datetime,
    seat: Seat | None = None,
) -> Account:
    """End a role of a person, on one seat or wherever they have it in the group.

    The last who may manage the group stays, so that it is not orphaned.
    """
    require(actor, Action.MANAGE_GROUP, group)
    statement = (
        sa.select(Membership, Account)
        .join(Account, Account.id == Membership.account_id)
        .where(
            Membership.group_id == group.id,
            Membership.ended_at.is_(None),
            Membership.role == role,
            Account.public_id == account_public_id,
        )
    )
    if seat is not None:
        statement = statement.where(Membership.seat_id == seat.id)
    found = session.execute(statement).all()
    if not found:
        raise NotFound
    memberships = [row.Membership for row in found]
    account: Account = found[0].Account
    if role in MANAGING_ROLES and _count_managers(session, group) == len(memberships):
        raise Invalid("This is the last person who may manage the group: add another one first.")
    end_memberships(session, memberships, now=now, by=actor)
    return account


def _count_managers(session: Session, group: Group) -> int:
    return (
        session.scalar(
            sa.select(sa.func.count()).where(
                Membership.group_id == group.id,
                Membership.ended_at.is_(None),
                Membership.role.in_(sorted(MANAGING_ROLES)),
            )
        )
        or 0
    )


def remove_person(
    session: Session, group: Group, account: Account, *, now: datetime, by: Actor | None = None
) -> int:
    """End everything a person is in a group; give how many roles that were. The caller asked the policy."""
    held = session.scalars(
        sa.select(Membership).where(
            Membership.group_id == group.id,
            Membership.account_id == account.id,
            Membership.ended_at.is_(None),
        )
    ).all()
    end_memberships(session, held, now=now, by=by)
    return len(held)


def end_memberships(
    session: Session, memberships: Sequence[Membership], *, now: datetime, by: Actor | None = None
) -> None:
    """End roles at once. With a person's last role in a group end their drafts and named lists there."""
    for membership in memberships:
        membership.ended_at = now
    session.flush()
    for group_id, account_id in {(row.group_id, row.account_id) for row in memberships}:
        rest = session.scalar(
            sa.select(Membership.id)
            .where(
                Membership.group_id == group_id,
                Membership.account_id == account_id,
                Membership.ended_at.is_(None),
            )
            .limit(1)
        )
        if rest is None:
            _end_reading(session, group_id, account_id, now)
    for membership in memberships:
        record_membership(session, by, AuditAction.MEMBER_ENDED, membership, now)


def _end_reading(session: Session, group_id: int, account_id: int, now: datetime) -> None:
    papers = sa.select(Paper.id).where(Paper.group_id == group_id)
    session.execute(
        sa.update(PaperAuthor)
        .where(
            PaperAuthor.account_id == account_id,
            PaperAuthor.paper_id.in_(papers),
            PaperAuthor.ended_at.is_(None),
        )
        .values(ended_at=now),
        execution_options={"synchronize_session": "fetch"},
    )
    lists = sa.select(NamedList.id).where(NamedList.group_id == group_id)
    session.execute(
        sa.delete(NamedReader).where(NamedReader.account_id == account_id, NamedReader.list_id.in_(lists)),
        execution_options={"synchronize_session": "fetch"},
    )
