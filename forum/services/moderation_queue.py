"""The moderation queue: what waits in one's groups, why, since when, and by when an answer was promised.

Never what the actor or a body they speak for wrote, nor named text of which they are no named reader.
"""

import functools
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer
from forum.domain.assessments import Assessment
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Status
from forum.domain.moderation import MODERATED, Flag, FlagReason, Why
from forum.domain.papers import Paper, PaperVersion
from forum.domain.register_entries import RegisterEntry
from forum.domain.threads import Post, Thread
from forum.domain.working_days import OFFICE_ZONE, Bucket, bucket_of, promised_by
from forum.policy import Actor
from forum.policy.sql import MODEL_OF, may_decide, may_decide_reader, reader_parameters
from forum.services.addresses import appeal_path, case_path
from forum.services.appeal_views import list_waiting_appeals
from forum.services.attribution import ATTRIBUTED, Byline, author_columns, join_author, present
from forum.services.claims import Claim, find_claims
from forum.services.paging import checked_place

PAGE_SIZE = 20
EXCERPT = 240


@dataclass(frozen=True, slots=True)
class QueueFilters:
    """What part of the queue is asked for; None means all of it."""

    group: str | None = None
    """The slug of a group."""
    kind: SubjectKind | None = None
    why: Why | None = None
    bucket: Bucket | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing in the queue, before anything of it is shown."""

    kind: SubjectKind
    id: int
    public_id: str
    group: Group
    why: Why
    since: datetime
    due: datetime
    bucket: Bucket
    flags: Counter[FlagReason] = field(default_factory=Counter)
    appeal: str | None = None
    """The public id of the appeal, where it waits for one to be decided."""

    @property
    def path(self) -> str:
        """The page on which it is decided."""
        if self.appeal is not None:
            return appeal_path(self.appeal)
        return case_path(self.kind, self.public_id)

    @property
    def is_sealed(self) -> bool:
        """Whether the Chatham House Rule holds: then times are days."""
        return self.group.attribution is Attribution.CHATHAM_HOUSE


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One line of the queue."""

    waiting: Waiting
    title: str
    excerpt: str
    byline: Byline
    held_because: str | None
    claim: Claim | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of the queue, with what the filters offer."""

    entries: Sequence[QueueEntry]
    counts: Counter[Bucket]
    """How much there is under the filters, whatever the bucket."""
    total: int
    page: int
    pages: int
    groups: Sequence[Group]
    """The groups that the actor moderates."""


def list_queue(
    session: Session, actor: Actor, *, filters: QueueFilters, now: datetime, page: int = 1
) -> Queue:
    """Give a page of the queue: what is flagged as illegal first, then by the nearest promise."""
    groups = list_moderated_groups(session, actor)
    waiting = _list_waiting(session, actor, groups, filters=filters, now=now)
    counts = Counter(one.bucket for one in waiting)
    chosen = [one for one in waiting if filters.bucket in {None, one.bucket}]
    pages = max(1, -(-len(chosen) // PAGE_SIZE))
    page = min(max(page, 1), pages)
    shown = chosen[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    entries = _entries(session, actor, shown)
    claims = find_claims(session, actor, [(one.kind, one.id) for one in shown], now=now)
    entries = [replace(one, claim=claims.get((one.waiting.kind, one.waiting.id))) for one in entries]
    return Queue(entries, counts, len(chosen), page, pages, groups)


def list_queue_after(
    session: Session,
    actor: Actor,
    *,
    filters: QueueFilters,
    now: datetime,
    limit: int,
    after: tuple[SubjectKind, str] | None = None,
) -> tuple[Sequence[QueueEntry], bool]:
    """Give what follows a case (or the beginning) in the order of the queue, and whether there is more.

    Invalid where the case no longer waits.
    """
    waiting = list_waiting(session, actor, filters=filters, now=now)
    chosen = [one for one in waiting if filters.bucket in {None, one.bucket}]
    start = 0
    if after is not None:
        places = (place for place, one in enumerate(chosen, 1) if (one.kind, one.public_id) == after)
        start = checked_place(next(places, None))
    shown = chosen[start : start + limit]
    return _entries(session, actor, shown), len(chosen) > start + limit


def find_next(
    session: Session,
    actor: Actor,
    *,
    filters: QueueFilters,
    now: datetime,
    after: tuple[SubjectKind, str] | None = None,
) -> Waiting | None:
    """Give what comes next in the queue after a case (or first), round and round; None if it was the last."""
    waiting = [
        one
        for one in list_waiting(session, actor, filters=filters, now=now)
        if filters.bucket in {None, one.bucket}
    ]
    places = [(one.kind, one.public_id) for one in waiting]
    start = places.index(after) + 1 if after in places else 0
    rest = [
        one
        for one in waiting[start:] + waiting[:start]
        if one.appeal is not None or (one.kind, one.public_id) != after
    ]
    return rest[0] if rest else None


def list_moderated_groups(session: Session, actor: Actor) -> Sequence[Group]:
    """Give the groups in which the actor is a moderator, by title."""
    ids = actor.groups_with(GroupRole.MODERATOR)
    if not ids or actor.is_suspended:
        return ()
    return session.scalars(_GROUPS, {"group_ids": list(ids)}).all()


_GROUPS = (
    sa.select(Group).where(Group.id.in_(sa.bindparam("group_ids", expanding=True))).order_by(Group.title)
)


def list_waiting(session: Session, actor: Actor, *, filters: QueueFilters, now: datetime) -> list[Waiting]:
    """Give everything that waits under the filters (the bucket apart), gravest first."""
    moderated = list_moderated_groups(session, actor)
    return _list_waiting(session, actor, moderated, filters=filters, now=now)


def _list_waiting(
    session: Session, actor: Actor, moderated: Sequence[Group], *, filters: QueueFilters, now: datetime
) -> list[Waiting]:
    groups = {group.id: group for group in moderated if filters.group in {None, group.slug}}
    if not groups:
        return []
    waiting: list[Waiting] = []
    kinds = [kind for kind in MODERATED if filters.kind in {None, kind}]
    if filters.why in {None, Why.HELD}:
        for kind in kinds:
            waiting += _held(session, actor, kind, groups, now)
    if filters.why in {None, Why.APPEALED}:
        waiting += _appealed(session, actor, kinds, groups, now)
    if filters.why not in {Why.HELD, Why.APPEALED}:
        flagged = _flagged(session, actor, kinds, groups, now)
        waiting += [one for one in flagged if filters.why in {None, one.why}]
    return sorted(waiting, key=lambda one: (one.why is not Why.ILLEGAL, one.due, one.since, one.id))


def _held(
    session: Session, actor: Actor, kind: SubjectKind, groups: dict[int, Group], now: datetime
) -> list[Waiting]:
    rows = session.execute(_held_statement(kind), reader_parameters(actor) | {"group_ids": list(groups)})
    return [
        _waiting(kind, id_, public_id, groups[group_id], Why.HELD, moment, now)
        for id_, public_id, group_id, moment in rows
    ]


@functools.cache
def _held_statement(kind: SubjectKind) -> sa.Select[*tuple[Any, ...]]:
    """Built once a kind: to build it costs more than to execute it."""
    model = MODEL_OF[kind]
    since = model.created_at if kind is SubjectKind.POST else model.edited_at
    return sa.select(model.id, model.public_id, model.group_id, since).where(
        model.group_id.in_(sa.bindparam("group_ids", expanding=True)),
        model.status == Status.PENDING,
        may_decide_reader(model),
    )


def _flagged(
    session: Session, actor: Actor, kinds: list[SubjectKind], groups: dict[int, Group], now: datetime
) -> list[Waiting]:
    waiting = []
    parameters = {"group_ids": list(groups), "kinds": kinds}
    flags = session.execute(_OPEN_FLAGS, parameters).all()

    by_subject: dict[tuple[SubjectKind, int], list[Any]] = defaultdict(list)
    for flag in flags:
        by_subject[flag.subject_kind, flag.subject_id].append(flag)
    for kind in {kind for kind, _ in by_subject}:
        model = MODEL_OF[kind]
        rows = session.execute(
            sa.select(model.id, model.public_id, model.group_id).where(
                model.id.in_([id_ for of, id_ in by_subject if of is kind]),
                model.status == Status.PUBLISHED,
                may_decide(actor, model),
            )
        )
        for id_, public_id, group_id in rows:
            of_it = by_subject[kind, id_]
            reasons = Counter(flag.reason for flag in of_it)
            why = Why.ILLEGAL if FlagReason.ILLEGAL in reasons else Why.FLAGGED
            since = of_it[0].created_at
            waiting.append(_waiting(kind, id_, public_id, groups[group_id], why, since, now, reasons))
    return waiting


_OPEN_FLAGS = (
    sa.select(Flag.subject_kind, Flag.subject_id, Flag.reason, Flag.created_at)
    .where(
        Flag.group_id.in_(sa.bindparam("group_ids", expanding=True)),
        Flag.subject_kind.in_(sa.bindparam("kinds", expanding=True)),
        Flag.closed_at.is_(None),
    )
    .order_by(Flag.created_at)
)


def _appealed(
    session: Session, actor: Actor, kinds: list[SubjectKind], groups: dict[int, Group], now: datetime
) -> list[Waiting]:
    """Appeals that the actor may decide, promised on their own clock."""
    return [
        Waiting(
            one.kind,
            one.subject_id,
            one.subject_public_id,
            groups[one.group_id],
            Why.APPEALED,
            one.since,
            one.due,
            bucket_of(one.due, now=now),
            appeal=one.public_id,
        )
        for one in list_waiting_appeals(session, actor, groups, now=now)
        if one.kind in kinds
    ]


def _waiting(
    kind: SubjectKind,
    id_: int,
    public_id: str,
    group: Group,
    why: Why,
    since: datetime,
    now: datetime,
    flags: Counter[FlagReason] | None = None,
) -> Waiting:
    due = _promised_on(since.astimezone(OFFICE_ZONE).date(), group.promised_days)
    bucket = bucket_of(due, now=now)
    return Waiting(kind, id_, public_id, group, why, since, due, bucket, flags or Counter())


@functools.lru_cache(maxsize=1024)
def _promised_on(day: date, days: int) -> datetime:
    """What was sent on one day is promised for one day: worked out once, not once a line."""
    return promised_by(datetime.combine(day, time(), tzinfo=OFFICE_ZONE), days)


def _entries(session: Session, actor: Actor, shown: Sequence[Waiting]) -> list[QueueEntry]:
    details: dict[tuple[SubjectKind, int], Any] = {}
    for kind in MODERATED:
        ids = [one.id for one in shown if one.kind is kind]
        if ids:
            details |= {(kind, row.id): row for row in session.execute(_details(kind), {"ids": ids})}
    entries = []
    for one in shown:
        row = details[one.kind, one.id]
        # What is appealed against is read by whoever takes the appeal, and that is on record.
        excerpt = row.excerpt if one.appeal is None else ""
        title = row.title if one.appeal is None else ""
        is_shown = one.appeal is None and one.kind is not SubjectKind.ENTRY  # that speaks for its group
        byline = present(actor, one.group, row, row) if is_shown else Byline()
        entries.append(QueueEntry(one, title, excerpt, byline, row.held_because))
    return entries


@functools.cache
def _details(kind: SubjectKind) -> sa.Select[*tuple[Any, ...]]:
    """One statement a kind, built once; the long columns stay in the database."""
    ids: sa.BindParameter[int] = sa.bindparam("ids", expanding=True)
    if kind is SubjectKind.VERSION:
        paper = sa.select(*_columns(PaperVersion, PaperVersion.title, Paper))
        paper = paper.join(Paper, Paper.id == PaperVersion.paper_id)
        return join_author(paper, Paper).where(PaperVersion.id.in_(ids))
    if kind is SubjectKind.ANSWER:
        answer = sa.select(*_columns(Answer, Answer.title, Answer))
        return join_author(answer, Answer).where(Answer.id.in_(ids))
    if kind is SubjectKind.ASSESSMENT:
        assessment = sa.select(*_columns(Assessment, Assessment.title, Assessment))
        return join_author(assessment, Assessment).where(Assessment.id.in_(ids))
    if kind is SubjectKind.ENTRY:
        return sa.select(*_text_columns(RegisterEntry, RegisterEntry.title)).where(RegisterEntry.id.in_(ids))
    post = sa.select(*_columns(Post, Thread.title, Post)).join(Thread, Thread.id == Post.thread_id)
    return join_author(post, Post).where(Post.id.in_(ids))


def _text_columns(model: Any, title: Any) -> tuple[Any, ...]:
    return (
        model.id,
        model.held_because,
        title.label("title"),
        sa.func.substr(model.text, 1, EXCERPT).label("excerpt"),
    )


def _columns(model: Any, title: Any, attributed: Any) -> tuple[Any, ...]:
    """What a line of the queue shows, and what present() reads."""
    return (
        *_text_columns(model, title),
        *(getattr(attributed, name) for name in ATTRIBUTED),
        *author_columns(),
    )
