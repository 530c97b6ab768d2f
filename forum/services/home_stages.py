"""Home: what blocks the procedures that one runs, and the assessments that one's seats still owe."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus
from forum.domain.answers import Answer
from forum.domain.assessments import StageSeat
from forum.domain.charters import StageKind
from forum.domain.consultations import Asked, Consultation, ConsultationState
from forum.domain.groups import Group, GroupRole, Membership, Seat, Stage
from forum.domain.labels import Status
from forum.domain.organisations import Organisation
from forum.policy import Actor
from forum.services.addresses import assessment_path, stages_path
from forum.services.stage_seats import attends_only

MOST = 10


@dataclass(frozen=True, slots=True)
class ProcedureLine:
    """The stage a procedure is in, for who runs it; None where nothing is counted."""

    group: Group
    title: str
    path: str
    is_begun: bool
    closes_at: datetime | None
    is_late: bool
    """The deadline has passed, and nobody has gone on."""
    asked: int | None
    missing: int | None
    empty: int


@dataclass(frozen=True, slots=True)
class ToAssess:
    """An open assessment that a seat of one's own has not given."""

    group: Group
    title: str
    path: str
    seat: str
    closes_at: datetime | None


def list_procedures(session: Session, actor: Actor, *, now: datetime) -> list[ProcedureLine]:
    """Give the current stage of each group that the actor runs, the next deadline first; four statements."""
    managed = sorted(actor.groups_with(GroupRole.CHAIR, GroupRole.SECRETARIAT))
    if not managed or actor.is_suspended:
        return []
    rows = session.execute(
        sa.select(Stage, Group)
        .join(Group, Group.id == Stage.group_id)
        .where(Stage.group_id.in_(managed), Stage.ended_at.is_(None))
        .order_by(Stage.group_id, Stage.position)
    )
    current: dict[int, tuple[Stage, Group]] = {}
    for stage, group in rows:
        current.setdefault(group.id, (stage, group))
    if not current:
        return []
    stages = [stage for stage, _ in current.values()]
    seats, empty = _count_seats(session, [stage.group_id for stage in stages])
    done = _count_done(session, [stage.id for stage in stages])
    lines = [
        _line(stage, group, seats.get(group.id, 0), empty.get(group.id, 0), done, now)
        for stage, group in current.values()
    ]
    never = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(lines, key=lambda line: line.closes_at or never)[:MOST]


def _line(
    stage: Stage, group: Group, seats: int, empty: int, done: dict[int, int], now: datetime
) -> ProcedureLine:
    is_begun = stage.started_at is not None
    is_counted = is_begun and (stage.kind == StageKind.ASSESSMENT or stage.id in done)
    return ProcedureLine(
        group=group,
        title=stage.title,
        path=f"{stages_path(group.slug)}manage",
        is_begun=is_begun,
        closes_at=stage.closes_at,
        is_late=is_begun and stage.closes_at is not None and stage.closes_at <= now,
        asked=seats if is_counted else None,
        missing=max(0, seats - done.get(stage.id, 0)) if is_counted else None,
        empty=empty if is_counted else 0,
    )


def _count_seats(session: Session, groups: list[int]) -> tuple[dict[int, int], dict[int, int]]:
    """Give by group how many seats decide, and how many of them nobody can act for."""
    acts = sa.exists(
        sa.select(sa.literal(1))
        .select_from(Membership)
        .join(Account, Account.id == Membership.account_id)
        .where(
            Membership.seat_id == Seat.id,
            Membership.ended_at.is_(None),
            Membership.role != GroupRole.OBSERVER,
            Account.status == AccountStatus.ACTIVE,
        )
    )
    rows = session.execute(
        sa.select(Seat.group_id, sa.func.count(), sa.func.sum(sa.case((acts, 0), else_=1)))
        .where(Seat.group_id.in_(groups), Seat.ended_at.is_(None), ~attends_only())
        .group_by(Seat.group_id)
    ).all()
    return {row[0]: row[1] for row in rows}, {row[0]: int(row[2] or 0) for row in rows}


def _count_done(session: Session, stages: list[int]) -> dict[int, int]:
    """Give by stage how many seats have assessed, or, where it asks all seats, have answered."""
    assessed = sa.select(StageSeat.stage_id, sa.func.count().label("done")).where(
        StageSeat.stage_id.in_(stages)
    )
    answered = (
        sa.select(Consultation.stage_id, sa.func.count(Answer.id).label("done"))
        .select_from(Consultation)
        .outerjoin(
            Answer, sa.and_(Answer.consultation_id == Consultation.id, Answer.status != Status.WITHDRAWN)
        )
        .where(
            Consultation.stage_id.in_(stages),
            Consultation.state == ConsultationState.OPEN,
            Consultation.asked == Asked.SEATS,
        )
    )
    both = sa.union_all(
        assessed.group_by(StageSeat.stage_id), answered.group_by(Consultation.stage_id, Consultation.id)
    ).subquery()
    rows = session.execute(sa.select(both.c.stage_id, sa.func.min(both.c.done)).group_by(both.c.stage_id))
    return {stage_id: int(done) for stage_id, done in rows}


def list_to_assess(session: Session, actor: Actor) -> list[ToAssess]:
    """Give what the actor's seats have not assessed yet, by deadline; one statement."""
    if not actor.group_roles or actor.is_suspended:
        return []
    rows = session.execute(
        sa.select(Stage, Group, Seat, Organisation.name.label("body"))
        .join(Group, Group.id == Stage.group_id)
        .join(Seat, Seat.group_id == Group.id)
        .join(Membership, Membership.seat_id == Seat.id)
        .outerjoin(Organisation, Organisation.id == Seat.organisation_id)
        .where(
            Stage.kind == StageKind.ASSESSMENT.value,
            Stage.started_at.is_not(None),
            Stage.ended_at.is_(None),
            Seat.ended_at.is_(None),
            Membership.account_id == actor.account_id,
            Membership.ended_at.is_(None),
            Membership.role != GroupRole.OBSERVER,
            Group.id.not_in(sorted(actor.suspended_in)),
            ~sa.exists().where(StageSeat.stage_id == Stage.id, StageSeat.seat_id == Seat.id),
        )
        .order_by(Stage.closes_at, Stage.id)
        .limit(MOST)
    )
    return [
        ToAssess(
            group,
            stage.title,
            f"{assessment_path(group.slug, stage.catalogue_key)}mine",
            body or seat.title or seat.country or actor.name,
            stage.closes_at,
        )
        for stage, group, seat, body in rows
    ]
