"""The public log of decisions and the figures drawn from it: roles not people, nothing closed.

A reader finds a decision there only if they could read the contribution were it published, since both
the line and its reason speak of it. Unlisted groups are in nobody's log. The report is the same for
everybody: it counts what is public alone.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer
from forum.domain.attribution import SubjectKind
from forum.domain.base import UtcDateTime
from forum.domain.consultations import Consultation
from forum.domain.groups import Group
from forum.domain.labels import Ceiling, Status
from forum.domain.moderation import Action as Decision
from forum.domain.moderation import ModerationDecision
from forum.domain.papers import Paper, PaperVersion
from forum.domain.threads import Post
from forum.policy import Actor
from forum.policy.labels import PUBLIC
from forum.policy.sql import base_label_of
from forum.services.addresses import answer_path, post_path, version_path
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


@dataclass(frozen=True, slots=True)
class Month:
    """The decisions of one month."""

    month: str
    """As 2026-03."""
    by_action: Counter[Decision] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)
    """By the words of the group's rule; restrictions alone name one always."""


_NEWEST_FIRST = (ModerationDecision.decided_at.desc(), ModerationDecision.id.desc())


def list_log(
    session: Session, actor: Actor, *, before: str | None = None, group_slug: str | None = None
) -> LogPage:
    """Give a page of the decisions that the actor may know of."""
    statement = _decisions().where(_known_to(actor)).order_by(*_NEWEST_FIRST).limit(PAGE_SIZE + 1)
    if group_slug is not None:
        statement = statement.where(Group.slug == group_slug)
    if before is not None:
        place = sa.select(ModerationDecision.decided_at, ModerationDecision.id)
        after = session.execute(place.where(ModerationDecision.public_id == before)).first()
        if after is not None:
            older = sa.tuple_(ModerationDecision.decided_at, ModerationDecision.id)
            place_of_last = sa.tuple_(sa.literal(after.decided_at, UtcDateTime()), sa.literal(after.id))
            statement = statement.where(older < place_of_last)
    rows = session.execute(statement).all()
    lines = [_line(actor, row) for row in rows[:PAGE_SIZE]]
    return LogPage(lines, lines[-1].public_id if len(rows) > PAGE_SIZE else None)


def count_by_month(session: Session) -> list[Month]:
    """Count decisions that stand, on public contributions of public groups, newest month first."""
    rows = session.execute(
        _decisions().where(
            Group.is_listed,
            Group.ceiling == Ceiling.PUBLIC,
            _base() == PUBLIC,
            ModerationDecision.action != Decision.UNDO,
            ~was_undone(ModerationDecision.id),
        )
    )
    months: dict[str, Month] = {}
    for row in rows:
        decision = row.ModerationDecision
        key = decision.decided_at.strftime("%Y-%m")
        month = months.setdefault(key, Month(key))
        month.by_action[decision.action] += 1
        if decision.rule is not None:
            month.by_rule[rule_text(row.Group, decision.rule) or decision.rule] += 1
    return [months[key] for key in sorted(months, reverse=True)]


def _decisions() -> sa.Select[*tuple[Any, ...]]:
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
    return (
        sa.select(
            ModerationDecision,
            Group,
            Answer.public_id.label("answer_public_id"),
            Consultation.public_id.label("consultation_public_id"),
            Post.public_id.label("post_public_id"),
            PaperVersion.number.label("version_number"),
            Paper.public_id.label("paper_public_id"),
            sa.func.coalesce(Post.status, PaperVersion.status, Answer.status).label("status"),
            sa.func.coalesce(Post.audience, PaperVersion.audience, Answer.audience).label("audience"),
            was_undone(ModerationDecision.id).label("is_undone"),
        )
        .join(Group, Group.id == ModerationDecision.group_id)
        .outerjoin(Post, of_post)
        .outerjoin(PaperVersion, of_version)
        .outerjoin(Paper, Paper.id == PaperVersion.paper_id)
        .outerjoin(Answer, of_answer)
        .outerjoin(Consultation, Consultation.id == Answer.consultation_id)
    )


def _base() -> sa.ColumnElement[str]:
    """The label of the contribution were it published."""
    return sa.case(
        (ModerationDecision.subject_kind == SubjectKind.VERSION, base_label_of(PaperVersion)),
        (ModerationDecision.subject_kind == SubjectKind.ANSWER, base_label_of(Answer)),
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
