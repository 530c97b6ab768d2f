"""A person's notices: listed with their rights asked again, and marked read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer
from forum.domain.assessments import Assessment
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.ballots import Ballot
from forum.domain.consultations import Consultation
from forum.domain.directive import ArticleStatus
from forum.domain.groups import Group
from forum.domain.meetings import Meeting
from forum.domain.moderation import Action as Decision
from forum.domain.moderation import ModerationDecision
from forum.domain.notices import Notice, NoticeKind
from forum.domain.papers import Paper, PaperVersion
from forum.domain.register_entries import RegisterEntry
from forum.domain.saved_searches import SavedSearch
from forum.domain.statements import Statement
from forum.domain.threads import Post, Thread
from forum.errors import NotAllowed, NotFound
from forum.policy import Action, Actor, can, visible_to
from forum.services.addresses import (
    answer_path,
    appeal_path,
    assessment_link,
    ballot_path,
    consultation_path,
    declarations_path,
    entry_path,
    group_path,
    meeting_path,
    outcome_of_flag_path,
    paper_path,
    post_path,
    proposal_path,
    saved_search_path,
    stages_path,
    statement_path,
    thread_path,
    version_path,
)
from forum.services.attribution import ATTRIBUTED, Byline, author_columns, join_author, present
from forum.services.decisions import was_undone
from forum.services.groups import rule_text
from forum.services.letters import ALWAYS_TOLD, CONTRIBUTIONS_PATH, OF_APPLICANTS, OF_STAGES, RECORD_PATH

PAGE_SIZE = 30

_OF_OTHERS = frozenset({NoticeKind.REPLIED, NoticeKind.MENTIONED, NoticeKind.QUESTION_ANSWERED})
_OF_THE_WRITER = frozenset({NoticeKind.HELD, NoticeKind.DECIDED, NoticeKind.APPEAL_ANSWERED})


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One notice as its reader may see it now; what may no longer be read is None."""

    public_id: str
    kind: NoticeKind
    created_at: datetime
    is_read: bool
    is_sealed: bool
    """Under the Chatham House Rule: show the day alone."""
    is_readable: bool
    """False where what it was about can no longer be read: then nothing of it is set."""
    title: str | None = None
    group: str | None = None
    path: str | None = None
    byline: Byline | None = None
    """Whose reply, mention or answer it is."""
    decision: Decision | None = None
    rule: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class NoticePage:
    """A page of notices, newest first."""

    notices: Sequence[NoticeView]
    next_before: str | None
    """Pass as `before` for older ones; None on the last page."""
    unread: int


@dataclass(frozen=True, slots=True)
class _About:
    """What a notice is about, loaded because the reader may read it."""

    title: str | None
    path: str
    byline: Byline | None = None


def list_notices(session: Session, actor: Actor, *, before: str | None = None) -> NoticePage:
    """Give a page of the actor's notices; a fixed number of statements, whatever they are about."""
    statement = (
        sa.select(Notice, Group, ModerationDecision, SavedSearch, Statement.public_id.label("statement"))
        .outerjoin(
            Statement,
            sa.and_(Statement.decision_id == Notice.decision_id, Notice.kind == NoticeKind.DECIDED),
        )
        .outerjoin(SavedSearch, SavedSearch.id == Notice.saved_search_id)
        .outerjoin(Group, Group.id == Notice.group_id)
        .outerjoin(ModerationDecision, ModerationDecision.id == Notice.decision_id)
        .where(Notice.account_id == actor.account_id, ~was_undone(Notice.decision_id))
        .order_by(Notice.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    if before is not None:
        cursor = sa.select(Notice.id).where(Notice.public_id == before, Notice.account_id == actor.account_id)
        statement = statement.where(Notice.id < cursor.scalar_subquery())
    rows = session.execute(statement).all()
    shown = rows[:PAGE_SIZE]
    about = _load_subjects(session, actor, [row.Notice for row in shown])
    views = [
        _search_view(row.Notice, row.SavedSearch)
        if row.SavedSearch is not None
        else _view(actor, row.Notice, row.Group, row.ModerationDecision, about, row.statement)
        for row in shown
    ]
    more = views[-1].public_id if len(rows) > PAGE_SIZE else None
    return NoticePage(views, more, count_unread(session, actor))


def count_unread(session: Session, actor: Actor) -> int:
    """Give how many of the actor's notices are unread."""
    statement = sa.select(sa.func.count()).select_from(Notice)
    return (
        session.scalar(statement.where(Notice.account_id == actor.account_id, Notice.read_at.is_(None))) or 0
    )


def mark_read(session: Session, actor: Actor, public_id: str, *, now: datetime) -> None:
    """Mark one of the actor's notices read; NotFound if it is none of theirs."""
    notice = session.scalars(
        sa.select(Notice).where(Notice.public_id == public_id, Notice.account_id == actor.account_id)
    ).first()
    if notice is None:
        raise NotFound
    notice.read_at = notice.read_at or now


def mark_all_read(session: Session, actor: Actor, *, now: datetime) -> None:
    """Mark all of the actor's notices read."""
    if actor.account_id is None:
        raise NotAllowed("Sign in to see your notices.")
    session.execute(
        sa.update(Notice)
        .where(Notice.account_id == actor.account_id, Notice.read_at.is_(None))
        .values(read_at=now)
    )


def _search_view(notice: Notice, saved: SavedSearch) -> NoticeView:
    return NoticeView(
        public_id=notice.public_id,
        kind=notice.kind,
        created_at=notice.created_at,
        is_read=notice.read_at is not None,
        is_sealed=False,
        is_readable=True,
        title=saved.name,
        path=saved_search_path(saved.public_id),
    )


def _view(
    actor: Actor,
    notice: Notice,
    group: Group | None,
    decision: ModerationDecision | None,
    about: dict[tuple[SubjectKind, int], _About],
    statement: str | None,
) -> NoticeView:
    found = None
    if notice.subject_kind is not None and notice.subject_id is not None:
        found = about.get((notice.subject_kind, notice.subject_id))
    knows_group = group is not None and can(actor, Action.SEE_LISTING, group)
    is_readable = found is not None if notice.subject_id is not None else group is None or knows_group
    if notice.kind is NoticeKind.UNSEALED:
        is_readable = True
    elif notice.kind in ALWAYS_TOLD or (decision is not None and decision.action is Decision.MOVE):
        is_readable = knows_group or group is None
    basics: dict[str, Any] = {
        "public_id": notice.public_id,
        "kind": notice.kind,
        "created_at": notice.created_at,
        "is_read": notice.read_at is not None,
        "is_sealed": group is not None and group.attribution is Attribution.CHATHAM_HOUSE,
        "is_readable": is_readable,
    }
    if not is_readable:
        return NoticeView(**basics)
    return NoticeView(
        **basics,
        title=found.title if found else None,
        group=group.short_title if group is not None and knows_group else None,
        path=_outcome_path(notice, decision, statement) or _path(actor, notice, group, found),
        byline=found.byline if found and notice.kind in _OF_OTHERS else None,
        decision=decision.action if decision else None,
        rule=rule_text(group, decision.rule) if group and decision and found else None,
        reason=decision.reason if decision and found else None,
    )


def _outcome_path(notice: Notice, decision: ModerationDecision | None, statement: str | None) -> str | None:
    """The page of the appeal, of what became of a flag, or of the statement; as letters.outcome_path()."""
    if (notice.occasion or "").startswith("appeal:"):
        return appeal_path(str(notice.occasion).removeprefix("appeal:"))
    if notice.kind is NoticeKind.FLAG_ANSWERED and decision is not None:
        return outcome_of_flag_path(decision.public_id)
    return statement_path(statement) if statement is not None else None


def _path(actor: Actor, notice: Notice, group: Group | None, found: _About | None) -> str | None:
    if notice.kind in _OF_THE_WRITER:
        return CONTRIBUTIONS_PATH
    if notice.kind is NoticeKind.UNSEALED:
        return RECORD_PATH
    if notice.kind in OF_APPLICANTS:
        assert group is not None
        is_own = notice.kind is NoticeKind.DECLARATION_ASKED
        return declarations_path(group.slug) if is_own else f"{group_path(group.slug)}members/"
    if found is not None:
        return found.path
    if group is not None and can(actor, Action.READ, group):
        return stages_path(group.slug) if notice.kind in OF_STAGES else group_path(group.slug)
    return None


def _load_subjects(
    session: Session, actor: Actor, notices: Sequence[Notice]
) -> dict[tuple[SubjectKind, int], _About]:
    """Load, in one statement a kind, what the actor may read of what the notices are about."""
    about: dict[tuple[SubjectKind, int], _About] = {}
    for kind, load in _LOADERS.items():
        ids = [one.subject_id for one in notices if one.subject_kind is kind and one.subject_id is not None]
        if ids:
            about |= {(kind, id_): found for id_, found in load(session, actor, ids)}
    return about


def _posts(session: Session, actor: Actor, ids: list[int]) -> list[tuple[int, _About]]:
    # A reply may be readable to its writer while its discussion is not: then the title stays out.
    title = sa.case((sa.or_(Post.number == 1, visible_to(actor, Thread)), Thread.title))
    columns = (Post.id, Post.public_id, *_shown_columns(Post))
    statement = (
        sa.select(*columns, title.label("title"), Group, *author_columns())
        .join(Thread, Thread.id == Post.thread_id)
        .join(Group, Group.id == Post.group_id)
        .where(Post.id.in_(ids), visible_to(actor, Post))
    )
    return [
        (row.id, _About(row.title, post_path(row.public_id), present(actor, row.Group, row, row)))
        for row in session.execute(join_author(statement, Post))
    ]


def _shown_columns(attributed: Any) -> tuple[Any, ...]:
    """What present() reads of an Attributed model."""
    return tuple(getattr(attributed, name) for name in ATTRIBUTED)


def _threads(session: Session, actor: Actor, ids: list[int]) -> list[tuple[int, _About]]:
    statement = sa.select(Thread, Group.slug).join(Group, Group.id == Thread.group_id)
    rows = session.execute(statement.where(Thread.id.in_(ids), visible_to(actor, Thread)))
    return [(thread.id, _About(thread.title, thread_path(slug, thread.public_id))) for thread, slug in rows]


def _versions(session: Session, actor: Actor, ids: list[int]) -> list[tuple[int, _About]]:
    columns = (PaperVersion.id, PaperVersion.number, PaperVersion.title, *_shown_columns(Paper))
    statement = (
        sa.select(*columns, Paper.public_id.label("paper_public_id"), Group, *author_columns())
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .join(Group, Group.id == PaperVersion.group_id)
        .where(PaperVersion.id.in_(ids), visible_to(actor, PaperVersion))
    )
    found = []
    for row in session.execute(join_author(statement, Paper)):
        if row.number is None:
            path = paper_path(row.Group.slug, row.paper_public_id)  # leads signatories to their own page
        else:
            path = version_path(row.paper_public_id, row.number)
        found.append((row.id, _About(row.title, path, present(actor, row.Group, row, row))))
    return found


def _consultations(session: Session, actor: Actor, ids: list[int]) -> list[tuple[int, _About]]:
    statement = sa.select(Consultation, Group.slug).join(Group, Group.id == Consultation.group_id)
    rows = session.execute(statement.where(Consultation.id.in_(ids), visible_to(actor, Consultation)))
    return [(row.id, _About(row.title, consultation_path(slug, row.public_id))) for row, slug in rows]


def _answers(session: Session, actor: Actor, ids: list[int]) -> list[tuple[int, _About]]:
    statement = (
        sa.select(
            Answer.id, Answer.public_id, Answer.title, Consultation.public_id.label("asked"), Group.slug
        )
        .join(Consultation, Consultation.id == Answer.consultation_id)
        .join(Group, Group.id == Answer.group_id)
    )
    rows = session.execute(statement.where(Answer.id.in_(ids), visible_to(actor, Answer)))
    return [(row.id, _About(row.title, answer_path(row.slug, row.asked, row.public_id))) for row in rows]


def _entries(session: Session, actor: Actor, ids: list[int]) -> list[tuple[int, _About]]:
    rows = session.scalars(
        sa.select(RegisterEntry).where(RegisterEntry.id.in_(ids), visible_to(actor, RegisterEntry))
    )
    return [(row.id, _About(row.title, entry_path(row.register, row.public_id))) for row in rows]


def _meetings(session: Session, actor: Actor, ids: list[int]) -> list[tuple[int, _About]]:
    statement = sa.select(Meeting, Group.slug).join(Group, Group.id == Meeting.group_id)
    rows = session.execute(statement.where(Meeting.id.in_(ids), visible_to(actor, Meeting)))
    return [(row.id, _About(row.title, meeting_path(slug, row.public_id))) for row, slug in rows]


def _ballots(session: Session, actor: Actor, ids: list[int]) -> list[tuple[int, _About]]:
    statement = sa.select(Ballot, Group.slug).join(Group, Group.id == Ballot.group_id)
    rows = session.execute(statement.where(Ballot.id.in_(ids), visible_to(actor, Ballot)))
    return [(row.id, _About(row.title, ballot_path(slug, row.public_id))) for row, slug in rows]


def _article_statuses(session: Session, actor: Actor, ids: list[int]) -> list[tuple[int, _About]]:
    statement = sa.select(ArticleStatus, Group.slug).join(Group, Group.id == ArticleStatus.group_id)
    rows = session.execute(statement.where(ArticleStatus.id.in_(ids), visible_to(actor, ArticleStatus)))
    return [
        (row.id, _About(f"{row.country} · {row.article}", proposal_path(slug, row.public_id)))
        for row, slug in rows
    ]


def _assessments(session: Session, actor: Actor, ids: list[int]) -> list[tuple[int, _About]]:
    rows = session.scalars(sa.select(Assessment).where(Assessment.id.in_(ids), visible_to(actor, Assessment)))
    return [(row.id, _About(row.title, assessment_link(row.public_id))) for row in rows]


_LOADERS = {
    SubjectKind.POST: _posts,
    SubjectKind.THREAD: _threads,
    SubjectKind.VERSION: _versions,
    SubjectKind.CONSULTATION: _consultations,
    SubjectKind.ANSWER: _answers,
    SubjectKind.ASSESSMENT: _assessments,
    SubjectKind.ENTRY: _entries,
    SubjectKind.MEETING: _meetings,
    SubjectKind.BALLOT: _ballots,
    SubjectKind.ARTICLE_STATUS: _article_statuses,
}
