"""A group's home: its procedure, what is new in it, who sits at the table and who looks after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole, Membership, MembersVisible, Seat, SeatKind, Stage
from forum.domain.organisations import Organisation, StakeholderType
from forum.domain.stages import current_of
from forum.domain.threads import ThreadKind
from forum.policy import Action, Actor, can
from forum.services.ballot_lists import BallotLine, DecidedText, find_agreed_text, list_decided
from forum.services.meetings import MeetingLine, list_next_meetings
from forum.services.recent import (
    ConsultationLine,
    DiscussionLine,
    PaperLine,
    list_open_consultations,
    list_recent_discussions,
    list_recent_papers,
)
from forum.services.stages import Opened, list_opened, list_stages

TENDING_ROLES = (GroupRole.CHAIR, GroupRole.RAPPORTEUR, GroupRole.MODERATOR, GroupRole.SECRETARIAT)


@dataclass(frozen=True, slots=True)
class SeatCount:
    """How many seats one kind of stakeholder has; `vacant` ones have nobody on them."""

    kind: SeatKind
    stakeholder_type: StakeholderType | None
    seats: int
    vacant: int


@dataclass(frozen=True, slots=True)
class RoleLine:
    """Those who hold one role: names with their profiles, and how many this reader may not see by name."""

    role: GroupRole
    people: list[tuple[str, str]]
    unnamed: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What a group's home shows one reader; outsiders of a listed group get empty lists and numbers."""

    is_inside: bool
    stages: Sequence[Stage]
    current_stage: Stage | None
    opened: list[Opened]
    """What the current stage opens, as far as this reader may read it."""
    papers: list[PaperLine]
    discussions: list[DiscussionLine]
    consultations: list[ConsultationLine]
    seats: list[SeatCount]
    people: int
    role_lines: list[RoleLine]
    bodies: list[tuple[str, str]]
    """Name and slug of the organisations with a seat, where the group shows them to this reader."""
    meetings: list[MeetingLine]
    """The next ones."""
    decided: list[BallotLine]
    agreed_text: DecidedText | None
    """Of the last decision that adopted one."""


def load_overview(session: Session, actor: Actor, group: Group, *, now: datetime) -> Overview:
    """Give the home of a group that the actor may see listed; at most twelve statements."""
    is_inside = can(actor, Action.READ, group)
    stages = list_stages(session, group.id) if is_inside else ()
    current = current_of(stages)
    is_open = current is not None and current.started_at is not None
    decided = list_decided(session, actor, group) if is_inside else []
    return Overview(
        is_inside=is_inside,
        stages=stages,
        current_stage=current,
        opened=list_opened(session, actor, group, [current])[current.id] if current and is_open else [],
        papers=list_recent_papers(session, actor, group_id=group.id) if is_inside else [],
        discussions=_list_discussions(session, actor, group) if is_inside else [],
        consultations=list_open_consultations(session, actor, group_id=group.id) if is_inside else [],
        seats=count_seats(session, group),
        people=_count_people(session, group),
        role_lines=_list_roles(session, actor, group, is_inside=is_inside),
        bodies=_list_bodies(session, group, is_inside=is_inside),
        meetings=list_next_meetings(session, actor, now=now, group_id=group.id, limit=2) if is_inside else [],
        decided=decided,
        agreed_text=find_agreed_text(session, actor, group) if decided else None,
    )


def _list_discussions(session: Session, actor: Actor, group: Group) -> list[DiscussionLine]:
    return list_recent_discussions(session, actor, group_id=group.id, kinds=tuple(ThreadKind))


def _current(model: Any, group: Group) -> sa.ColumnElement[bool]:
    return sa.and_(model.group_id == group.id, model.ended_at.is_(None))


def count_seats(session: Session, group: Group) -> list[SeatCount]:
    """Numbers by kind of stakeholder: the one thing that every charter shows."""
    is_filled = sa.exists().where(Membership.seat_id == Seat.id, Membership.ended_at.is_(None))
    rows = session.execute(
        sa.select(
            Seat.kind,
            Organisation.type,
            sa.func.count(),
            sa.func.sum(sa.case((is_filled, 0), else_=1)),
        )
        .select_from(Seat)
        .outerjoin(Organisation, Organisation.id == Seat.organisation_id)
        .where(_current(Seat, group))
        .group_by(Seat.kind, Organisation.type)
    )
    counts = [SeatCount(*row) for row in rows]
    return sorted(counts, key=lambda count: (-count.seats, count.kind, count.stakeholder_type or ""))


def _count_people(session: Session, group: Group) -> int:
    people = sa.select(sa.func.count(sa.distinct(Membership.account_id))).where(_current(Membership, group))
    return session.scalar(people) or 0


def _list_roles(session: Session, actor: Actor, group: Group, *, is_inside: bool) -> list[RoleLine]:
    rows = session.execute(
        sa.select(Membership.role, Account.name, Account.public_id, Account.name_is_public)
        .join(Account, Account.id == Membership.account_id)
        .where(_current(Membership, group), Membership.role.in_(TENDING_ROLES))
        .order_by(Account.name, Account.id)
    ).all()
    # To people who are not signed in a name is shown only by the person's own choice.
    names_shown = actor.is_signed_in and (is_inside or group.members_visible is MembersVisible.NAMES)
    lines = []
    for role in TENDING_ROLES:
        holders = [row for row in rows if row.role is role]
        people = [(row.name, row.public_id) for row in holders if names_shown or row.name_is_public]
        if holders:
            lines.append(RoleLine(role, people, len(holders) - len(people)))
    return lines


def _list_bodies(session: Session, group: Group, *, is_inside: bool) -> list[tuple[str, str]]:
    """For people outside only: inside, the members page has them."""
    if is_inside or group.members_visible is MembersVisible.NUMBERS:
        return []
    rows = session.execute(
        sa.select(Organisation.name, Organisation.slug)
        .join(Seat, Seat.organisation_id == Organisation.id)
        .where(_current(Seat, group))
        .distinct()
        .order_by(Organisation.name)
    )
    return [(name, slug) for name, slug in rows]
