"""Going on to the next stage: what stands in the way, what it grants and takes away, and the step itself."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.assessments import Assessment, Catalogue, SolutionThread
from forum.domain.audit import AuditAction
from forum.domain.charters import StageKind
from forum.domain.consultations import Consultation, ConsultationState
from forum.domain.groups import Group, Membership, Stage
from forum.domain.labels import Status
from forum.domain.notices import NoticeKind
from forum.domain.stages import (
    HARD,
    Act,
    Blocker,
    check_act,
    check_expected,
    current_of,
    next_after,
)
from forum.domain.text import TITLE_LENGTH
from forum.domain.threads import Thread
from forum.errors import Conflict, Invalid
from forum.policy import Action, Actor
from forum.richtext import Rendered
from forum.services.audit import record
from forum.services.consultations import end_consultation, start_consultation
from forum.services.groups import get_group
from forum.services.outbox import enqueue_notice
from forum.services.round_ends import end_round
from forum.services.stage_seats import Standing, get_standing
from forum.services.stages import list_stages, round_of
from forum.services.threads import open_thread


class Effect(enum.StrEnum):
    """What going on grants, or takes away."""

    ASSESSMENTS_READ = "assessments_read"
    """The group reads what was blind."""
    NO_MORE_ASSESSMENTS = "no_more_assessments"
    CONSULTATION_CLOSES = "consultation_closes"
    CONSULTATION_OPENS = "consultation_opens"
    SEATS_ASSESS = "seats_assess"
    CATALOGUE_FIXED = "catalogue_fixed"
    DISCUSSION_OPENS = "discussion_opens"
    MEETING = "meeting"
    MEMBERS_TOLD = "members_told"
    PROCEDURE_ENDS = "procedure_ends"


GRANTS = frozenset(
    {
        Effect.ASSESSMENTS_READ,
        Effect.CONSULTATION_OPENS,
        Effect.SEATS_ASSESS,
        Effect.DISCUSSION_OPENS,
        Effect.MEETING,
        Effect.MEMBERS_TOLD,
    }
)


@dataclass(frozen=True, slots=True)
class Consequence:
    """One thing that going on does; `count` and `title` as far as its sentence has them."""

    effect: Effect
    count: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """A discussion that a stage opens, with its first post as Markdown."""

    title: str
    source: str
    solution_key: str = ""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the chair is shown before the step."""

    current: Stage | None
    upcoming: Stage | None
    """The stage that would open; the current one itself while it has not begun; None at the end."""
    standing: Standing
    blockers: tuple[Blocker, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    openings: tuple[Opening, ...] = ()

    @property
    def ends_stage(self) -> bool:
        """Whether the step ends a stage, rather than begin the procedure."""
        return self.current is not None and self.current.started_at is not None

    @property
    def is_stopped(self) -> bool:
        """Whether something cannot be passed over."""
        return not HARD.isdisjoint(self.blockers)


@dataclass
class _Parts:
    """What hangs on the two stages of a step."""

    ending: Sequence[Consultation] = ()
    opening: Sequence[Consultation] = ()
    blind: int = 0
    catalogue: Catalogue | None = None
    """Of the stage that opens, or, for a discussion, of the assessment before it."""
    round: int = 0
    has_threads: bool = False
    people: int = 0
    stages: Sequence[Stage] = field(default_factory=tuple)


def load_outlook(session: Session, actor: Actor, group: Group, *, now: datetime) -> Outlook:
    """Give what the next step of a procedure would do; the caller asked RUN_PROCEDURE."""
    stages = list_stages(session, group.id)
    current = current_of(stages)
    if current is None:
        return Outlook(None, None, Standing())
    upcoming = next_after(stages, current)
    standing = get_standing(session, group, current, now=now)
    parts = _load_parts(session, actor, group, stages, current, upcoming)
    openings = _openings(group, upcoming, parts)
    return Outlook(
        current,
        upcoming,
        standing,
        _blockers(current, upcoming, standing, parts, now),
        _consequences(current, upcoming, standing, parts, openings),
        openings,
    )


def _load_parts(
    session: Session,
    actor: Actor,
    group: Group,
    stages: Sequence[Stage],
    current: Stage,
    upcoming: Stage | None,
) -> _Parts:
    parts = _Parts(stages=stages)
    wanted = Consultation.stage_id == current.id, Consultation.state == ConsultationState.OPEN
    if current.started_at is not None:
        parts.ending = session.scalars(sa.select(Consultation).where(*wanted)).all()
        blind = sa.select(sa.func.count()).select_from(Assessment)
        blind = blind.where(Assessment.stage_id == current.id, Assessment.status == Status.RECEIVED)
        parts.blind = session.scalar(blind) or 0
    if upcoming is not None:
        wanted = Consultation.stage_id == upcoming.id, Consultation.state == ConsultationState.DRAFT
        parts.opening = session.scalars(sa.select(Consultation).where(*wanted)).all()
        held = sa.select(Thread.id).where(Thread.stage_id == upcoming.id).limit(1)
        parts.has_threads = session.scalar(held) is not None
        _add_catalogue(session, group, stages, upcoming, parts)
    parts.people = len(_members(session, actor, group))
    return parts


def _add_catalogue(
    session: Session, group: Group, stages: Sequence[Stage], upcoming: Stage, parts: _Parts
) -> None:
    stage: Stage | None = upcoming
    if upcoming.kind == StageKind.DISCUSSION:
        before = [one for one in stages if one.position < upcoming.position]
        stage = before[-1] if before and before[-1].kind == StageKind.ASSESSMENT else None
    if stage is not None and stage.catalogue_key:
        parts.round = round_of(stages, stage)
        parts.catalogue = session.scalars(
            sa.select(Catalogue).where(Catalogue.group_id == group.id, Catalogue.key == stage.catalogue_key)
        ).first()


def _members(session: Session, actor: Actor, group: Group) -> Sequence[int]:
    """Everybody with a role in the group but the one who acts: they are told."""
    return session.scalars(
        sa.select(Membership.account_id)
        .where(
            Membership.group_id == group.id,
            Membership.ended_at.is_(None),
            Membership.account_id != (actor.account_id or 0),
        )
        .distinct()
        .order_by(Membership.account_id)
    ).all()


def _blockers(
    current: Stage, upcoming: Stage | None, standing: Standing, parts: _Parts, now: datetime
) -> tuple[Blocker, ...]:
    found = []
    if current.started_at is not None:
        if standing.missing_count:
            found.append(Blocker.SEATS_MISSING)
        if standing.empty:
            found.append(Blocker.SEATS_EMPTY)
        if current.closes_at is not None and current.closes_at > now:
            found.append(Blocker.BEFORE_DEADLINE)
    if upcoming is None:
        return tuple(found)
    if upcoming.kind == StageKind.ASSESSMENT:
        catalogue = parts.catalogue
        if catalogue is None or not catalogue.solutions or not catalogue.criteria:
            found.append(Blocker.NOTHING_TO_ASSESS)
        if upcoming.closes_at is None:
            found.append(Blocker.NO_DEADLINE)
    if upcoming.kind == StageKind.CONSULTATION and not parts.opening:
        found.append(Blocker.NOTHING_PREPARED)
    if upcoming.closes_at is not None and upcoming.closes_at <= now:
        found.append(Blocker.DEADLINE_PASSED)
    return tuple(found)


def _consequences(
    current: Stage,
    upcoming: Stage | None,
    standing: Standing,
    parts: _Parts,
    openings: Sequence[Opening],
) -> tuple[Consequence, ...]:
    found = []
    if current.started_at is not None and current.kind == StageKind.ASSESSMENT:
        found.append(Consequence(Effect.ASSESSMENTS_READ, parts.blind, current.title))
        found.append(Consequence(Effect.NO_MORE_ASSESSMENTS, standing.missing_count, current.title))
    found += [Consequence(Effect.CONSULTATION_CLOSES, title=one.title) for one in parts.ending]
    if upcoming is None:
        found.append(Consequence(Effect.PROCEDURE_ENDS))
    else:
        found += [Consequence(Effect.CONSULTATION_OPENS, title=one.title) for one in parts.opening]
        if upcoming.kind == StageKind.ASSESSMENT:
            found.append(Consequence(Effect.SEATS_ASSESS, title=upcoming.title))
            found.append(Consequence(Effect.CATALOGUE_FIXED))
        found += [Consequence(Effect.DISCUSSION_OPENS, title=one.title) for one in openings]
        if upcoming.kind == StageKind.MEETING:
            found.append(Consequence(Effect.MEETING, title=upcoming.title))
    found.append(Consequence(Effect.MEMBERS_TOLD, parts.people))
    return tuple(found)


def _openings(group: Group, upcoming: Stage | None, parts: _Parts) -> tuple[Opening, ...]:
    """The discussions that a stage of discussion opens: one a solution after an assessment, else its own."""
    if upcoming is None or upcoming.kind != StageKind.DISCUSSION or parts.has_threads:
        return ()
    if parts.catalogue is None:
        return (Opening(upcoming.title[:TITLE_LENGTH], upcoming.summary or upcoming.title),)
    path = f"/groups/{group.slug}/assessments/{parts.catalogue.key}/rounds/{parts.round}/"
    return tuple(
        Opening(
            f"{upcoming.title}: {solution['title']}"[:TITLE_LENGTH],
            f"The seats' assessments of “{solution['title']}” can be compared: [ratings and reasons]"
            f"({path}#{solution['key']}).\n\nWhere they lie apart, say which assumption, which evidence or "
            "which reading of the criterion makes the difference.",
            str(solution["key"]),
        )
        for solution in parts.catalogue.solutions
    )


def advance_stage(
    session: Session,
    actor: Actor,
    slug: str,
    *,
    expected_key: str,
    expects_begun: bool,
    is_confirmed: bool,
    rendered: Mapping[str, Rendered],
    now: datetime,
    sealing_secret: bytes,
) -> Stage | None:
    """End the current stage and open the next, or begin the first: all of it, or nothing.

    Gives the stage that is open now, None where the procedure has ended. `expected_key` and
    `expects_begun` are what the chair was shown: Conflict where somebody took the step before. `rendered`
    has the first posts of the discussions that open, by their Markdown. Invalid where something cannot be
    passed over, and at `confirm` where something can and that was not confirmed.
    """
    group = get_group(session, actor, slug, Action.RUN_PROCEDURE)
    # PostgreSQL would let two of them pass.
    session.execute(sa.select(Stage.id).where(Stage.group_id == group.id).with_for_update()).all()
    session.expire_all()
    outlook = load_outlook(session, actor, group, now=now)
    current = check_expected(outlook.current, expected_key, is_begun=expects_begun)
    check_act(current, Act.END if outlook.ends_stage else Act.BEGIN)
    if outlook.is_stopped:
        raise Invalid("Something stands in the way that cannot be passed over. It is named below.")
    if outlook.blockers and not is_confirmed:
        raise Invalid("Confirm that you go on although something is missing.", field="confirm")
    ended = current if outlook.ends_stage else None
    count = _end(session, actor, group, ended, now, sealing_secret) if ended is not None else 0
    upcoming = outlook.upcoming
    if upcoming is not None:
        _begin(session, actor, group, upcoming, outlook.openings, rendered, now, sealing_secret)
    session.flush()
    record(
        session,
        actor,
        AuditAction.STAGE_ADVANCED,
        now=now,
        subject_kind="group",
        subject=group.public_id,
        group=group,
        ended=ended.key if ended else None,
        begun=upcoming.key if upcoming else None,
        assessments=count,
    )
    for account_id in _members(session, actor, group) if upcoming is not None else ():
        assert upcoming is not None
        enqueue_notice(
            session,
            NoticeKind.STAGE_OPENED,
            now=now,
            group_id=group.id,
            account_id=account_id,
            occasion=f"stage:{upcoming.id}",
        )
    return upcoming


def _end(
    session: Session, actor: Actor, group: Group, stage: Stage, now: datetime, sealing_secret: bytes
) -> int:
    """End a stage with what it opened; gives how many assessments the group reads from now on."""
    stage.ended_at = now
    for consultation in session.scalars(
        sa.select(Consultation).where(
            Consultation.stage_id == stage.id, Consultation.state == ConsultationState.OPEN
        )
    ).all():
        end_consultation(session, group, consultation, now=now, by=actor)
    return end_round(session, group, stage, now=now, sealing_secret=sealing_secret)


def _begin(
    session: Session,
    actor: Actor,
    group: Group,
    stage: Stage,
    openings: Sequence[Opening],
    rendered: Mapping[str, Rendered],
    now: datetime,
    sealing_secret: bytes,
) -> None:
    stage.started_at = now
    for consultation in session.scalars(
        sa.select(Consultation).where(
            Consultation.stage_id == stage.id, Consultation.state == ConsultationState.DRAFT
        )
    ).all():
        if consultation.closes_at is None:
            consultation.closes_at, consultation.time_zone = stage.closes_at, stage.time_zone
        if consultation.closes_at is not None and consultation.closes_at <= now:
            raise Invalid("The closing time of “%(title)s” has passed.", title=consultation.title)
        start_consultation(session, group, consultation, now=now, by=actor)
    for opening in openings:
        text = rendered.get(opening.source)
        if text is None:
            raise Conflict("What this stage opens was changed just now. Look at it again.")
        thread = open_thread(
            session,
            actor,
            group,
            title=opening.title,
            rendered=text,
            sealing_secret=sealing_secret,
            now=now,
            stage_id=stage.id,
        ).row
        if opening.solution_key:
            _tie(session, group, stage, opening.solution_key, thread)


def _tie(session: Session, group: Group, stage: Stage, solution_key: str, thread: Thread) -> None:
    """Note that a discussion is about a solution of the assessment before the stage."""
    stages = list_stages(session, group.id)
    assessed = [one for one in stages if one.position < stage.position][-1]
    catalogue_id = session.scalar(
        sa.select(Catalogue.id).where(Catalogue.group_id == group.id, Catalogue.key == assessed.catalogue_key)
    )
    session.add(
        SolutionThread(
            catalogue_id=catalogue_id,
            round=round_of(stages, assessed),
            solution_key=solution_key,
            thread_id=thread.id,
        )
    )
