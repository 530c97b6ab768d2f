"""A group's procedure: its stages, what each opens, and planning those to come."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.assessments import Catalogue
from forum.domain.audit import AuditAction
from forum.domain.charters import StageKind
from forum.domain.consultations import Consultation, ConsultationState
from forum.domain.groups import Group, Stage
from forum.domain.meetings import Meeting
from forum.domain.stages import Act, check_act
from forum.domain.threads import Thread
from forum.errors import Invalid, NotFound
from forum.policy import Action, Actor, visible_to
from forum.services.addresses import (
    assessment_path,
    consultation_path,
    meeting_path,
    round_path,
    thread_path,
)
from forum.services.audit import record
from forum.services.groups import get_group


@dataclass(frozen=True, slots=True)
class Opened:
    """Something that a stage opens, as one reader may see it."""

    kind: StageKind
    title: str
    path: str
    is_over: bool = False
    closes_at: datetime | None = None


def list_stages(session: Session, group_id: int) -> Sequence[Stage]:
    """Give the stages of a group in their order; the caller has asked to read the group."""
    return session.scalars(_STAGES, {"group_id": group_id}).all()


_STAGES = sa.select(Stage).where(Stage.group_id == sa.bindparam("group_id")).order_by(Stage.position)


def get_stage(
    session: Session, actor: Actor, slug: str, key: str, action: Action = Action.READ
) -> tuple[Group, Stage]:
    """Give a stage of a group for an action on the group; NotFound where the group has none of that name."""
    group = get_group(session, actor, slug)
    if action is not Action.READ:
        group = get_group(session, actor, slug, action)
    stage = session.scalars(sa.select(Stage).where(Stage.group_id == group.id, Stage.key == key)).first()
    if stage is None:
        raise NotFound
    return group, stage


def round_of(stages: Sequence[Stage], stage: Stage) -> int:
    """Give which round of its catalogue an assessment stage is, from 1."""
    same = [one.id for one in stages if one.catalogue_key == stage.catalogue_key]
    return same.index(stage.id) + 1


def list_opened(
    session: Session, actor: Actor, group: Group, stages: Sequence[Stage]
) -> dict[int, list[Opened]]:
    """Give by stage what it opens or opened, as far as the actor reads it. Four statements."""
    ids = [stage.id for stage in stages]
    opened: dict[int, list[Opened]] = defaultdict(list)
    for consultation in session.scalars(
        sa.select(Consultation)
        .where(Consultation.stage_id.in_(ids), visible_to(actor, Consultation))
        .order_by(Consultation.id)
    ):
        assert consultation.stage_id is not None
        opened[consultation.stage_id].append(
            Opened(
                StageKind.CONSULTATION,
                consultation.title,
                consultation_path(group.slug, consultation.public_id),
                consultation.state is ConsultationState.CLOSED,
                consultation.closes_at,
            )
        )
    threads = sa.select(Thread.stage_id, Thread.title, Thread.public_id).order_by(Thread.id)
    for linked, title, public_id in session.execute(
        threads.where(Thread.stage_id.in_(ids), visible_to(actor, Thread))
    ):
        assert linked is not None
        opened[linked].append(Opened(StageKind.DISCUSSION, title, thread_path(group.slug, public_id)))
    meetings = sa.select(Meeting).where(Meeting.stage_id.in_(ids), visible_to(actor, Meeting))
    for meeting in session.scalars(meetings.order_by(Meeting.starts_at)):
        assert meeting.stage_id is not None
        path = meeting_path(group.slug, meeting.public_id)
        opened[meeting.stage_id].append(Opened(StageKind.MEETING, meeting.title, path))
    _add_assessments(session, group, stages, opened)
    return opened


def _add_assessments(
    session: Session, group: Group, stages: Sequence[Stage], opened: dict[int, list[Opened]]
) -> None:
    titles = {
        row.key: row.title
        for row in session.execute(
            sa.select(Catalogue.key, Catalogue.title).where(Catalogue.group_id == group.id)
        )
    }
    for stage in stages:
        if stage.kind == StageKind.ASSESSMENT and stage.catalogue_key in titles:
            is_over = stage.ended_at is not None
            path = assessment_path(group.slug, stage.catalogue_key)
            if is_over:
                path = round_path(group.slug, stage.catalogue_key, round_of(stages, stage))
            title = titles[stage.catalogue_key]
            opened[stage.id].append(Opened(StageKind.ASSESSMENT, title, path, is_over, stage.closes_at))


def list_to_link(session: Session, group: Group, stage: Stage) -> Sequence[Consultation]:
    """Give the consultations that a stage can open: not closed, and of no other stage."""
    return session.scalars(
        sa.select(Consultation)
        .where(
            Consultation.group_id == group.id,
            Consultation.state != ConsultationState.CLOSED,
            sa.or_(Consultation.stage_id.is_(None), Consultation.stage_id == stage.id),
        )
        .order_by(Consultation.id.desc())
        .limit(50)
    ).all()


def plan_stage(
    session: Session,
    actor: Actor,
    slug: str,
    key: str,
    *,
    closes_at: datetime | None,
    time_zone: str,
    consultation_ids: Sequence[str],
    now: datetime,
) -> Stage:
    """Set a stage's deadline, and which prepared consultations open with it.

    Invalid at `closes_at` where the time has passed, and where the stage has ended.
    """
    group, stage = get_stage(session, actor, slug, key, Action.RUN_PROCEDURE)
    check_act(stage, Act.PLAN)
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Invalid("Choose a time zone of the list.", field="time_zone") from None
    if closes_at is not None and closes_at <= now and closes_at != stage.closes_at:
        raise Invalid("That time has passed.", field="closes_at")
    stage.closes_at, stage.time_zone = closes_at, time_zone
    if stage.kind == StageKind.CONSULTATION:
        for consultation in list_to_link(session, group, stage):
            stays = consultation.public_id in consultation_ids
            if stays or consultation.state is ConsultationState.DRAFT:
                consultation.stage_id = stage.id if stays else None
    session.flush()
    record(
        session,
        actor,
        AuditAction.STAGE_PLANNED,
        now=now,
        subject_kind="group",
        subject=group.public_id,
        group=group,
        stage=stage.key,
        closes_at=closes_at.isoformat(timespec="seconds") if closes_at else None,
    )
    return stage
