"""Home: what needs this person first. Each list is one statement, whatever the number of groups."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.papers import Paper, PaperVersion
from forum.domain.register_entries import RegisterEntry
from forum.domain.threads import Post, Thread, ThreadKind
from forum.domain.working_days import Bucket
from forum.policy import Action, Actor, can, visible_to
from forum.policy.sql import writes_drafts_of, written_by
from forum.services.addresses import draft_path, entry_path, paper_path, post_path, unread_path, version_path
from forum.services.ballot_lists import BallotLine, list_open_ballots
from forum.services.home_stages import ProcedureLine, ToAssess, list_procedures, list_to_assess
from forum.services.meetings import MeetingLine, list_next_meetings
from forum.services.moderation_queue import QueueFilters, list_waiting
from forum.services.reading import read_at_of
from forum.services.recent import (
    ConsultationLine,
    DiscussionLine,
    PaperLine,
    list_open_consultations,
    list_recent_discussions,
    list_recent_papers,
)
from forum.services.registers import EntryLine, list_own_due
from forum.services.signatures import SigningLine, list_to_sign

MOST_MEETINGS = 3
MOST = 10
"""Longer lists are cut: home says what comes first, the pages behind it have the rest."""


@dataclass(frozen=True, slots=True)
class OwnLine:
    """Something of one's own that is not published: a draft, or what waits for a moderator."""

    title: str
    path: str
    group: Group
    at: datetime


@dataclass(frozen=True, slots=True)
class UnreadLine:
    """A group with something new: how many discussions, and the one with the newest contribution."""

    group: Group
    discussions: int
    title: str
    path: str


@dataclass(frozen=True, slots=True)
class ModerationState:
    """What waits for a moderator; `next_due` is the nearest promise, None if nothing waits."""

    overdue: int
    today: int
    later: int
    next_due: datetime | None


@dataclass(frozen=True, slots=True)
class News:
    """What everybody may read of what is new."""

    consultations: list[ConsultationLine]
    papers: list[PaperLine]
    discussions: list[DiscussionLine]


@dataclass(frozen=True, slots=True)
class Desk:
    """What needs a signed-in person; None where their roles have no such thing."""

    drafts: list[OwnLine]
    to_sign: list[SigningLine]
    pending: list[OwnLine]
    unread: list[UnreadLine]
    moderation: ModerationState | None
    questions: list[DiscussionLine] | None
    procedures: list[ProcedureLine]
    """Of the groups that one chairs or keeps the secretariat of."""
    to_assess: list[ToAssess]
    meetings: list[MeetingLine]
    """The next of one's groups."""
    to_vote: list[BallotLine]
    """Decisions in which a seat of one's own has said nothing yet."""
    entries: list[EntryLine]
    """Of registers: one's own, or a body's one speaks for, in which something is left to do."""

    @property
    def is_clear(self) -> bool:
        """Whether nothing of one's own waits."""
        waits = self.moderation is not None and self.moderation.next_due is not None
        owes = self.to_assess or self.procedures
        asked = self.to_sign or self.to_vote or self.questions or self.entries
        return not (self.drafts or asked or self.pending or self.unread or waits or owes)


def load_news(session: Session, actor: Actor) -> News:
    """Give open consultations and what was published last, in three statements."""
    return News(
        consultations=list_open_consultations(session, actor, limit=MOST),
        papers=list_recent_papers(session, actor),
        discussions=list_recent_discussions(session, actor),
    )


def load_desk(
    session: Session, actor: Actor, *, now: datetime, finals: Sequence[tuple[str, str]] = ()
) -> Desk:
    """Give what needs a signed-in person, in nine statements and those of their roles.

    `finals` are the pairs (register, status) in which nothing is left to do.
    """
    has_desk = can(actor, Action.SEE_SECRETARIAT_DESK)
    return Desk(
        drafts=_list_drafts(session, actor),
        to_sign=list_to_sign(session, actor) if actor.mandates else [],
        pending=_list_pending(session, actor),
        unread=_list_unread(session, actor),
        moderation=_load_moderation(session, actor, now) if can(actor, Action.SEE_MODERATION) else None,
        questions=_list_open_questions(session, actor) if has_desk else None,
        procedures=list_procedures(session, actor, now=now),
        to_assess=list_to_assess(session, actor),
        meetings=list_next_meetings(session, actor, now=now, limit=MOST_MEETINGS),
        to_vote=list_open_ballots(session, actor, limit=MOST),
        entries=list_own_due(session, actor, finals=finals, limit=MOST),
    )


def _list_drafts(session: Session, actor: Actor) -> list[OwnLine]:
    rows = session.execute(
        sa.select(PaperVersion.title, PaperVersion.public_id, PaperVersion.edited_at, Group)
        .join(Group, Group.id == PaperVersion.group_id)
        .where(
            PaperVersion.status == Status.DRAFT,
            visible_to(actor, PaperVersion),
            writes_drafts_of(actor, PaperVersion),
        )
        .order_by(PaperVersion.edited_at.desc())
        .limit(MOST)
    )
    return [
        OwnLine(title, draft_path(group.slug, public_id), group, at) for title, public_id, at, group in rows
    ]


def _list_pending(session: Session, actor: Actor) -> list[OwnLine]:
    """Posts, versions and entries of one's own that wait for a moderator, the longest waiting first."""
    posts = session.execute(
        sa.select(Thread.title, Post.public_id, Post.created_at, Group)
        .join(Thread, Thread.id == Post.thread_id)
        .join(Group, Group.id == Post.group_id)
        .where(*_waits(actor, Post))
        .order_by(Post.created_at)
        .limit(MOST)
    )
    versions = session.execute(
        sa.select(PaperVersion.title, PaperVersion.number, PaperVersion.edited_at, Paper.public_id, Group)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .join(Group, Group.id == PaperVersion.group_id)
        .where(*_waits(actor, PaperVersion))
        .order_by(PaperVersion.edited_at)
        .limit(MOST)
    )
    entries = session.execute(
        sa.select(
            RegisterEntry.title,
            RegisterEntry.register,
            RegisterEntry.public_id,
            RegisterEntry.edited_at,
            Group,
        )
        .join(Group, Group.id == RegisterEntry.group_id)
        .where(*_waits(actor, RegisterEntry))
        .order_by(RegisterEntry.edited_at)
        .limit(MOST)
    )
    lines = [
        OwnLine(title, entry_path(register, public_id), group, at)
        for title, register, public_id, at, group in entries
    ]
    lines += [OwnLine(title, post_path(public_id), group, at) for title, public_id, at, group in posts]
    lines += [
        OwnLine(title, version_path(paper, number) if number else paper_path(group.slug, paper), group, at)
        for title, number, at, paper, group in versions
    ]
    return sorted(lines, key=lambda line: line.at)[:MOST]


def _waits(actor: Actor, model: Any) -> tuple[sa.ColumnElement[bool], ...]:
    return model.status == Status.PENDING, written_by(actor, model), visible_to(actor, model)


def _list_unread(session: Session, actor: Actor) -> list[UnreadLine]:
    """The groups that the actor has a role in, those with the newest contributions first."""
    if not actor.group_roles:
        return []
    read_at = read_at_of(actor.account_id)
    newest_first = Thread.last_published_at.desc(), Thread.id.desc()
    unread = (
        sa.select(
            Thread.group_id,
            Thread.public_id,
            Thread.title,
            Thread.last_published_at.label("at"),
            sa.func.count().over(partition_by=Thread.group_id).label("discussions"),
            sa.func.row_number().over(partition_by=Thread.group_id, order_by=newest_first).label("place"),
        )
        .where(
            Thread.group_id.in_(sorted(actor.group_roles)),
            Thread.status == Status.PUBLISHED,
            visible_to(actor, Thread),
            sa.or_(read_at.is_(None), Thread.last_published_at > read_at),
        )
        .subquery()
    )
    rows = session.execute(
        sa.select(unread.c.public_id, unread.c.title, unread.c.discussions, Group)
        .join(Group, Group.id == unread.c.group_id)
        .where(unread.c.place == 1)
        .order_by(unread.c.at.desc())
    )
    return [
        UnreadLine(group, discussions, title, unread_path(group.slug, public_id))
        for public_id, title, discussions, group in rows
    ]


def _load_moderation(session: Session, actor: Actor, now: datetime) -> ModerationState:
    waiting = list_waiting(session, actor, filters=QueueFilters(), now=now)
    counts = Counter(one.bucket for one in waiting)
    return ModerationState(
        overdue=counts[Bucket.OVERDUE],
        today=counts[Bucket.TODAY],
        later=counts[Bucket.LATER],
        next_due=min((one.due for one in waiting), default=None),
    )


def _list_open_questions(session: Session, actor: Actor) -> list[DiscussionLine]:
    return list_recent_discussions(
        session, actor, kinds=(ThreadKind.QUESTION,), is_answered=False, limit=MOST
    )
