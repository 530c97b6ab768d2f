"""Moderators who are away: who stands in for them, and by when a group usually answers."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole, Membership
from forum.domain.moderators import ModeratorAbsence, back_on, checked_absence
from forum.domain.working_days import OFFICE_ZONE, promised_by
from forum.errors import Invalid
from forum.policy import Action, Actor
from forum.services.groups import get_group


@dataclass(frozen=True, slots=True)
class Colleague:
    """A moderator who can stand in for another."""

    public_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Away:
    """Who is away from which group until when, and who stands in."""

    group: Group
    name: str
    deputy: str | None
    until: date
    is_me: bool
    i_stand_in: bool


def say_absent(
    session: Session, actor: Actor, slug: str, *, until: date | None, deputy: str, now: datetime
) -> ModeratorAbsence:
    """Be away from a group's queue until a day; `deputy` is a colleague's public id, or nothing.

    Invalid where the deputy does not moderate the group, or is away too.
    """
    group = get_group(session, actor, slug, Action.MODERATE)
    day = checked_absence(until, now.astimezone(OFFICE_ZONE).date())
    found = _find_deputy(session, actor, group, deputy, now) if deputy else None
    row = session.get(ModeratorAbsence, (group.id, actor.account_id))
    if row is None:
        row = ModeratorAbsence(group_id=group.id, account_id=actor.account_id)
        session.add(row)
    row.deputy_id, row.until, row.said_at = found, day, now
    session.flush()
    return row


def end_absence(session: Session, actor: Actor, slug: str) -> None:
    """Be back before the day that one named."""
    group = get_group(session, actor, slug, Action.MODERATE)
    session.execute(
        sa.delete(ModeratorAbsence).where(
            ModeratorAbsence.group_id == group.id, ModeratorAbsence.account_id == actor.account_id
        )
    )


def list_colleagues(session: Session, actor: Actor) -> Sequence[Colleague]:
    """Give the other moderators of the groups that the actor moderates, by name."""
    rows = session.execute(
        sa.select(Account.public_id, Account.name)
        .join(Membership, Membership.account_id == Account.id)
        .where(*_moderates(list(actor.groups_with(GroupRole.MODERATOR))), Account.id != actor.account_id)
        .distinct()
        .order_by(Account.name)
    )
    return [Colleague(row.public_id, row.name) for row in rows]


def list_away(session: Session, actor: Actor, *, now: datetime) -> Sequence[Away]:
    """Give the absences that hold today in the groups that the actor moderates; one statement."""
    groups = actor.groups_with(GroupRole.MODERATOR)
    if not groups:
        return ()
    rows = session.execute(_away_statement(), {"group_ids": list(groups), "today": _today(now)})
    return [
        Away(
            group,
            name,
            stands_in,
            row.until,
            is_me=row.account_id == actor.account_id,
            i_stand_in=row.deputy_id is not None and row.deputy_id == actor.account_id,
        )
        for row, group, name, stands_in in rows
    ]


@functools.cache
def _away_statement() -> sa.Select[*tuple[Any, ...]]:
    absent, deputy = aliased(Account), aliased(Account)
    return (
        sa.select(ModeratorAbsence, Group, absent.name, deputy.name)
        .join(Group, Group.id == ModeratorAbsence.group_id)
        .join(absent, absent.id == ModeratorAbsence.account_id)
        .outerjoin(deputy, deputy.id == ModeratorAbsence.deputy_id)
        .where(
            ModeratorAbsence.group_id.in_(sa.bindparam("group_ids", expanding=True)),
            ModeratorAbsence.until >= sa.bindparam("today"),
        )
        .order_by(Group.title, absent.name)
    )


def usually_answered_by(session: Session, group: Group, *, now: datetime) -> datetime:
    """Give by when something sent now is answered: from the first return where every moderator is away."""
    on_duty = sa.and_(
        ModeratorAbsence.group_id == group.id,
        ModeratorAbsence.account_id == Membership.account_id,
        ModeratorAbsence.until >= _today(now),
        ModeratorAbsence.deputy_id.is_(None),
    )
    rows = session.execute(
        sa.select(ModeratorAbsence.until)
        .select_from(Membership)
        .outerjoin(ModeratorAbsence, on_duty)
        .where(*_moderates([group.id]))
    ).all()
    returns = [row.until for row in rows]
    start = now
    if returns and None not in returns:
        start = max(now, back_on(min(returns)))
    return promised_by(start, group.promised_days)


def _find_deputy(session: Session, actor: Actor, group: Group, public_id: str, now: datetime) -> int:
    found = session.scalars(
        sa.select(Account.id)
        .join(Membership, Membership.account_id == Account.id)
        .where(*_moderates([group.id]), Account.public_id == public_id, Account.id != actor.account_id)
    ).first()
    if found is None:
        raise Invalid("Choose another moderator of this group.", field="deputy")
    away = session.get(ModeratorAbsence, (group.id, found))
    if away is not None and away.until >= _today(now):
        raise Invalid("That moderator is away too: choose another one.", field="deputy")
    return found


def _moderates(group_ids: list[int]) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Membership.group_id.in_(group_ids),
        Membership.role == GroupRole.MODERATOR,
        Membership.ended_at.is_(None),
    )


def _today(now: datetime) -> date:
    return now.astimezone(OFFICE_ZONE).date()
