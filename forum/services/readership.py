"""Who would read it: people and organisations behind a label, said before anything is sent."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus
from forum.domain.attribution import NamedReader
from forum.domain.groups import Group, Membership, Seat
from forum.domain.labels import Ceiling, Tlp
from forum.domain.organisations import Mandate
from forum.policy.labels import effective_ceiling


@dataclass(frozen=True, slots=True)
class Readership:
    """How many read it; `is_public` where nobody can count them."""

    is_public: bool = False
    people: int = 0
    organisations: int = 0


def count_readers(
    session: Session, group: Group, tlp: Tlp, *, now: datetime, named_list_id: int | None = None
) -> Readership:
    """Give who reads what is published in a group under a label; one statement, none for the public."""
    if named_list_id is not None:
        named = sa.select(sa.func.count()).where(NamedReader.list_id == named_list_id)
        return Readership(people=session.scalar(named) or 0)
    ceiling = effective_ceiling(group.ceiling, tlp)
    if ceiling is Ceiling.PUBLIC:
        return Readership(is_public=True)
    if ceiling is Ceiling.COMMUNITY:
        active = sa.select(sa.func.count()).where(Account.status == AccountStatus.ACTIVE)
        return Readership(people=session.scalar(active) or 0)
    members = sa.select(Membership.account_id).where(
        Membership.group_id == group.id, Membership.ended_at.is_(None)
    )
    seats = sa.select(Seat.organisation_id).where(
        Seat.group_id == group.id, Seat.ended_at.is_(None), Seat.organisation_id.is_not(None)
    )
    people: sa.FromClause = members.distinct().subquery()
    if ceiling is Ceiling.ORGANISATIONS:
        today = now.date()
        colleagues = sa.select(Mandate.account_id).where(
            Mandate.organisation_id.in_(seats),
            Mandate.starts_on <= today,
            sa.or_(Mandate.ends_on.is_(None), Mandate.ends_on >= today),
        )
        people = sa.union(members, colleagues).subquery()
    row = session.execute(
        sa.select(
            sa.select(sa.func.count()).select_from(people).scalar_subquery(),
            sa.select(sa.func.count()).select_from(seats.distinct().subquery()).scalar_subquery(),
        )
    ).one()
    return Readership(people=row[0], organisations=row[1])
