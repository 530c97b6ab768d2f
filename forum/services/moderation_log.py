"""The public log of decisions: roles not people, nothing closed.

A reader finds a decision there only if they could read the contribution were it published, since both
the line and its reason speak of it. Unlisted groups are in nobody's log.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer
from forum.domain.assessments import Assessment
from forum.domain.attribution import SubjectKind
from forum.domain.base import UtcDateTime
from forum.domain.consultations import Consultation
from forum.domain.groups import Group
from forum.domain.labels import Ceiling, Status
from forum.domain.moderation import Action as Decision
from forum.domain.moderation import ModerationDecision
from forum.domain.papers import Paper, PaperVersion
from forum.domain.register_entries import RegisterEntry
from forum.domain.threads import Post
from forum.policy import Actor
from forum.policy.labels import PUBLIC
from forum.policy.sql import base_label_of
from forum.services.addresses import answer_path, assessment_link, entry_path, post_path, version_path
from forum.services.decisions import was_undone
from forum.services.groups import rule_text

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class LogLine:
    """One decision as the log shows it; who decided is 'a moderator'."""

    public_id: str
    day: date
    group_title: str
    group_slug: str
    kind: SubjectKind
    action: Decision
    rule: str | None
    reason: str
    is_undone: bool
    path: str | None
    """Where the contribution stands, if the actor reads it there now."""


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of the log, newest first."""

    lines: Sequence[LogLine]
    next_before: str | None
    """Pass as `before` for older lines; None on the last page."""


_NEWEST_FIRST = (ModerationDecision.decided_at.desc(), ModerationDecision.id.desc())


def list_log(
    session: Session,
    actor: Actor,
    *,
    before: str | None = None,
    group_slug: str | None = None,
    kind: SubjectKind | None = None,
    action: Decision | None = None,
    limit: int = PAGE_SIZE,
) -> LogPage:
    """Give a page of the decisions that the actor may know of."""
    statement = select_decisions().where(_known_to(actor)).order_by(*_NEWEST_FIRST).limit(limit + 1)
    if group_slug is not None:
        statement = statement.where(Group.slug == group_slug)
    if kind is not None:
        statement = statement.where(ModerationDecision.subject_kind == kind)
    if action is not None:
        statement = statement.where(ModerationDecision.action == action)
    if before is not None:
        place = sa.select(ModerationDecision.decided_at, ModerationDecision.id)
        after = session.execute(place.where(ModerationDecision.public_id == before)).first()
        if after is not None:
            older = sa.tuple_(ModerationDecision.decided_at, ModerationDecision.id)
            place_of_last = sa.tuple_(sa.literal(after.decided_at, UtcDateTime()), sa.literal(after.id))
            statement = statement.where(older < place_of_last)
    rows = session.execute(statement).all()
    lines = [_line(actor, row) for row in rows[:limit]]
    return LogPage(lines, lines[-1].public_id if len(rows) > limit else None)


def list_log_groups(session: Session, actor: Actor) -> list[tuple[str, str]]:
    """Give address and name of the groups of which the actor finds decisions in the log, by name."""
    places = (
        select_decisions()
        .with_only_columns(Group.slug, Group.short_title)
        .where(_known_to(actor))
        .distinct()
        .order_by(Group.short_title)
    )
    return [(slug, title) for slug, title in session.execute(places)]


def is_public_decision() -> sa.ColumnElement[bool]:
    """Give the condition, on select_decisions(), that everybody finds a decision in the log."""
    return sa.and_(Group.is_listed, Group.ceiling == Ceiling.PUBLIC, _base() == PUBLIC)


_DECIDED: tuple[Any, ...] = (Post, PaperVersion, Answer, Assessment, RegisterEntry)


def select_decisions() -> sa.Select[*tuple[Any, ...]]:
    """Every decision with its group and the post, version or answer it was about."""
    of_post = sa.and_(
        ModerationDecision.subject_kind == SubjectKind.POST, Post.id == ModerationDecision.subject_id
    )
    of_version = sa.and_(
        ModerationDecision.subject_kind == SubjectKind.VERSION,
        PaperVersion.id == ModerationDecision.subject_id,
    )
    of_answer = sa.and_(
        ModerationDecision.subject_kind == SubjectKind.ANSWER, Answer.id == ModerationDecision.subject_id
    )
    of_assessment = sa.and_(
        ModerationDecision.subject_kind == SubjectKind.ASSESSMENT,
        Assessment.id == ModerationDecision.subject_id,
    )
    of_entry = sa.and_(
        ModerationDecision.subject_kind == SubjectKind.ENTRY,
        RegisterEntry.id == ModerationDecision.subject_id,
    )
    return (
        sa.select(
            ModerationDecision,
            Group,
            Assessment.public_id.label("assessment_public_id"),
            RegisterEntry.public_id.label("entry_public_id"),
            RegisterEntry.register.label("register"),
            Answer.public_id.label("answer_public_id"),
            Consultation.public_id.label("consultation_public_id"),
            Post.public_id.label("post_public_id"),
            PaperVersion.number.label("version_number"),
            Paper.public_id.label("paper_public_id"),
            sa.func.coalesce(*(model.status for model in _DECIDED)).label("status"),
            sa.func.coalesce(*(model.audience for model in _DECIDED)).label("audience"),
            sa.func.coalesce(
                Post.created_at,
                PaperVersion.edited_at,
                Answer.received_at,
                Assessment.received_at,
                RegisterEntry.edited_at,
            ).label("sent_at"),
            was_undone(ModerationDecision.id).label("is_undone"),
        )
        .join(Group, Group.id == ModerationDecision.group_id)
        .outerjoin(Post, of_post)
        .outerjoin(PaperVersion, of_version)
        .outerjoin(Paper, Paper.id == PaperVersion.paper_id)
        .outerjoin(Answer, of_answer)
        .outerjoin(Assessment, of_assessment)
        .outerjoin(RegisterEntry, of_entry)
        .outerjoin(Consultation, Consultation.id == Answer.consultation_id)
    )


def _base() -> sa.ColumnElement[str]:
    """The label of the contribution were it published."""
    return sa.case(
        (ModerationDecision.subject_kind == SubjectKind.VERSION, base_label_of(PaperVersion)),
        (ModerationDecision.subject_kind == SubjectKind.ANSWER, base_label_of(Answer)),
        (ModerationDecision.subject_kind == SubjectKind.ASSESSMENT, base_label_of(Assessment)),
        (ModerationDecision.subject_kind == SubjectKind.ENTRY, base_label_of(RegisterEntry)),
        else_=base_label_of(Post),
    )


def _known_to(actor: Actor) -> sa.ColumnElement[bool]:
    clearances = sorted(actor.clearances)
    return sa.and_(Group.is_listed, Group.audience.in_(clearances), _base().in_(clearances))


def _line(actor: Actor, row: Any) -> LogLine:
    decision, group = row.ModerationDecision, row.Group
    path = None
    if row.status == Status.PUBLISHED and row.audience in actor.clearances:
        if row.post_public_id is not None:
            path = post_path(row.post_public_id)
        elif row.version_number is not None:
            path = version_path(row.paper_public_id, row.version_number)
        elif row.answer_public_id is not None:
            path = answer_path(group.slug, row.consultation_public_id, row.answer_public_id)
        elif row.assessment_public_id is not None:
            path = assessment_link(row.assessment_public_id)
        elif row.entry_public_id is not None:
            path = entry_path(row.register, row.entry_public_id)
    return LogLine(
        public_id=decision.public_id,
        day=decision.decided_at.date(),
        group_title=group.short_title,
        group_slug=group.slug,
        kind=decision.subject_kind,
        action=decision.action,
        rule=rule_text(group, decision.rule),
        reason=decision.reason,
        is_undone=bool(row.is_undone),
        path=path,
    )
