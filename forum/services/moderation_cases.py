"""One case as its moderator sees it: the text, its neighbours, the rules, the record, what was decided."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.answers import Answer
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.moderation import (
    MODERATED,
    RESTRICTIONS,
    Flag,
    FlagReason,
    ModerationDecision,
    Why,
    allowed_actions,
)
from forum.domain.moderation import Action as Decision
from forum.domain.papers import Paper, PaperVersion
from forum.domain.threads import Post
from forum.domain.working_days import Bucket, bucket_of, promised_by
from forum.errors import NotFound
from forum.policy import Action, Actor, visible_to
from forum.policy.subjects import Subject
from forum.richtext import to_markup
from forum.services.addresses import consultation_path, post_path, subject_path, thread_path, version_path
from forum.services.attribution import Byline, author_columns, get_byline, join_author, present
from forum.services.decisions import was_overturned
from forum.services.groups import rule_text
from forum.services.moderation import NOTHING_SEEN
from forum.services.subjects import get_subject, markup_of


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What stands beside the text in question."""

    byline: Byline
    html: Markup
    path: str


@dataclass(frozen=True, slots=True)
class Record:
    """What the author's other contributions to this group came to."""

    published: int
    held: int
    rejected: int
    removed: int


@dataclass(frozen=True, slots=True)
class FlagView:
    """One open flag; who raised it is no matter for the decision, how their earlier ones ended may be."""

    reason: FlagReason
    explanation: str
    created_at: datetime
    paragraph: str | None = None
    location: str | None = None
    notifier: str | None = None
    """Name and address of who says that it is illegal, where the law asks for them."""
    earlier: int = 0
    """How many earlier flags of the same reader were answered, and how many of them were unfounded."""
    unfounded: int = 0


@dataclass(frozen=True, slots=True)
class DecisionView:
    """An earlier decision on the same text, as fellow moderators see it."""

    public_id: str
    action: Decision
    rule: str | None
    reason: str
    decided_at: datetime
    decided_by: str


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a moderator needs to decide."""

    subject: Subject
    title: str
    html: Markup
    language: str
    byline: Byline
    path: str
    """Where the text stands, or will."""
    context_path: str
    """The discussion, or the version before."""
    why: Why | None
    """None when nothing asks for a decision now."""
    since: datetime
    due: datetime
    bucket: Bucket
    flags: Sequence[FlagView]
    parent: Neighbour | None
    previous: Neighbour | None
    record: Record | None
    """None under the Chatham House Rule, or where no author is recorded."""
    decisions: Sequence[DecisionView]
    actions: Sequence[Decision]
    seen: str
    """The token that decide() takes, to notice a decision that came in between."""

    @property
    def group(self) -> Group:
        """The group whose rules apply."""
        return self.subject.group

    @property
    def is_sealed(self) -> bool:
        """Whether the Chatham House Rule holds: then times are days, and there is no record."""
        return self.group.attribution is Attribution.CHATHAM_HOUSE


def get_case(session: Session, actor: Actor, kind: SubjectKind, public_id: str, *, now: datetime) -> Case:
    """Give a case to one of its group's moderators; NotFound and NotAllowed as for MODERATE."""
    if kind not in MODERATED:
        raise NotFound
    subject = get_subject(session, actor, kind, public_id, Action.MODERATE)
    row, group = subject.row, subject.group
    attributed = subject.paper if kind is SubjectKind.VERSION else row
    flags = _flags(session, subject)
    decisions = _decisions(session, subject)
    written = row.created_at if kind is SubjectKind.POST else row.edited_at
    since = flags[0].created_at if flags else written
    due = promised_by(since, group.promised_days)
    return Case(
        subject=subject,
        title=subject.thread.title if subject.thread else row.title,
        html=markup_of(subject),
        language=(subject.paper or row).language if kind is SubjectKind.VERSION else row.language,
        byline=get_byline(session, actor, group, attributed),
        path=subject_path(subject),
        context_path=_context_path(subject),
        why=_why(subject, flags),
        since=since,
        due=due,
        bucket=bucket_of(due, now=now),
        flags=flags,
        parent=_parent(session, actor, subject),
        previous=_previous(session, actor, subject),
        record=_record(session, actor, subject, attributed),
        decisions=decisions,
        actions=sorted(
            allowed_actions(subject.status, is_flagged=bool(flags)), key=RESTRICTIONS.__contains__
        ),
        seen=decisions[-1].public_id if decisions else NOTHING_SEEN,
    )


def _why(subject: Subject, flags: Sequence[FlagView]) -> Why | None:
    if subject.status is Status.PENDING:
        return Why.HELD
    if not flags:
        return None
    return Why.ILLEGAL if any(flag.reason is FlagReason.ILLEGAL for flag in flags) else Why.FLAGGED


def _context_path(subject: Subject) -> str:
    if subject.thread is not None:
        return thread_path(subject.group.slug, subject.thread.public_id)
    if subject.consultation is not None:
        return consultation_path(subject.group.slug, subject.consultation.public_id)
    if subject.paper is None:
        return subject_path(subject)
    if subject.row.number and subject.row.number > 1:
        return version_path(subject.paper.public_id, subject.row.number - 1)
    return subject_path(subject)


def _flags(session: Session, subject: Subject) -> list[FlagView]:
    flags = session.scalars(
        sa.select(Flag)
        .where(Flag.subject_kind == subject.kind, Flag.subject_id == subject.row.id, Flag.closed_at.is_(None))
        .order_by(Flag.created_at)
    ).all()
    records = flag_records(session, {flag.reporter_id for flag in flags}) if flags else {}
    return [flag_view(flag, records) for flag in flags]


def flag_view(flag: Flag, records: Mapping[int, tuple[int, int]]) -> FlagView:
    """Give a flag as a moderator sees it."""
    notifier = None
    if flag.notifier_name:
        notifier = f"{flag.notifier_name} <{flag.notifier_email}>"
    earlier, unfounded = records.get(flag.reporter_id, (0, 0))
    return FlagView(
        flag.reason,
        flag.explanation,
        flag.created_at,
        flag.paragraph,
        flag.location,
        notifier,
        earlier,
        unfounded,
    )


def flag_records(session: Session, reporter_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Give, by reader, how many of their flags were answered and how many of those were unfounded."""
    is_unfounded = sa.and_(ModerationDecision.action == Decision.KEEP, ~was_overturned(ModerationDecision.id))
    rows = session.execute(
        sa.select(Flag.reporter_id, sa.func.count(), sa.func.sum(sa.case((is_unfounded, 1), else_=0)))
        .join(ModerationDecision, ModerationDecision.id == Flag.decision_id)
        .where(Flag.reporter_id.in_(sorted(reporter_ids)))
        .group_by(Flag.reporter_id)
    )
    return {reporter_id: (answered, int(unfounded or 0)) for reporter_id, answered, unfounded in rows}


def _decisions(session: Session, subject: Subject) -> list[DecisionView]:
    rows = session.execute(
        sa.select(ModerationDecision, Account.name)
        .join(Account, Account.id == ModerationDecision.decided_by_id)
        .where(
            ModerationDecision.subject_kind == subject.kind, ModerationDecision.subject_id == subject.row.id
        )
        .order_by(ModerationDecision.id)
    )
    return [
        DecisionView(
            row.public_id, row.action, rule_text(subject.group, row.rule), row.reason, row.decided_at, name
        )
        for row, name in rows
    ]


def _parent(session: Session, actor: Actor, subject: Subject) -> Neighbour | None:
    if subject.kind is not SubjectKind.POST or subject.row.parent_id is None:
        return None
    return _neighbour(session, actor, subject.group, Post.id == subject.row.parent_id)


def _previous(session: Session, actor: Actor, subject: Subject) -> Neighbour | None:
    """The post above in reading order; the parent is shown already."""
    if subject.kind is not SubjectKind.POST:
        return None
    row = subject.row
    above = sa.and_(Post.thread_id == row.thread_id, Post.order_key < row.order_key)
    if row.parent_id is not None:
        above = sa.and_(above, Post.id != row.parent_id)
    return _neighbour(session, actor, subject.group, above)


def _neighbour(
    session: Session, actor: Actor, group: Group, where: sa.ColumnElement[bool]
) -> Neighbour | None:
    statement = join_author(sa.select(Post, *author_columns()), Post)
    row = session.execute(
        statement.where(where, visible_to(actor, Post), Post.status != Status.WITHDRAWN)
        .order_by(Post.order_key.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    post = row.Post
    return Neighbour(present(actor, group, post, row), to_markup(post.html), post_path(post.public_id))


def _record(session: Session, actor: Actor, subject: Subject, attributed: Any) -> Record | None:
    """Count the author's other contributions to this group that the actor reads."""
    author_id = attributed.author_id if subject.kind is not SubjectKind.ENTRY else None
    if subject.group.attribution is Attribution.CHATHAM_HOUSE or author_id is None:
        return None
    counts: dict[Status, int] = {}
    posts = sa.select(Post.status, sa.func.count()).where(Post.author_id == author_id)
    versions = (
        sa.select(PaperVersion.status, sa.func.count())
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .where(Paper.author_id == author_id)
    )
    answers = sa.select(Answer.status, sa.func.count()).where(Answer.author_id == author_id)
    for model, statement in ((Post, posts), (PaperVersion, versions), (Answer, answers)):
        mine = statement.where(model.group_id == subject.group.id, visible_to(actor, model))
        if model is type(subject.row):
            mine = mine.where(model.id != subject.row.id)
        for status, count in session.execute(mine.group_by(model.status)):
            counts[status] = counts.get(status, 0) + count
    return Record(
        published=counts.get(Status.PUBLISHED, 0),
        held=counts.get(Status.PENDING, 0),
        rejected=counts.get(Status.REJECTED, 0),
        removed=counts.get(Status.HIDDEN, 0),
    )
