"""Hits of a search, loaded through the policy: at most one statement a kind, and a stale hit is dropped.

What a hit shows comes from the database as it is now, for this reader: an index that lags behind can
neither leak nor say what is no longer true.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.answers import Answer
from forum.domain.attachments import Attachment, AttachmentPage
from forum.domain.attribution import ShownAs, SubjectKind
from forum.domain.ballots import Ballot
from forum.domain.consultations import Consultation
from forum.domain.labels import Status, Tlp
from forum.domain.meetings import Meeting
from forum.domain.organisations import Organisation
from forum.domain.papers import Paper, PaperVersion, TranslationKind
from forum.domain.register_entries import RegisterEntry
from forum.domain.threads import Post, Thread
from forum.policy import Actor, visible_to
from forum.policy.rules import title_may_leave
from forum.search.analysis import QueryTerms
from forum.search.protocol import Hit
from forum.search.snippets import Segments, extract_snippet, mark_hits
from forum.services import attachment_owners
from forum.services.addresses import (
    answer_path,
    attachment_path,
    ballot_path,
    consultation_path,
    entry_path,
    meeting_path,
    paper_path,
    post_path,
    thread_path,
    version_path,
)
from forum.services.attribution import ATTRIBUTED, Byline, author_columns, join_author, present
from forum.services.indexed_groups import ballot_text, minutes_of
from forum.services.indexing import (
    PAGE_BREAK,
    READABLE_FILES,
    SUMMARY_BREAK,
    analysed_language,
    consultation_text,
    document_id,
    entry_text,
    group_language,
    is_day_only,
    join_summary,
    read_document_id,
    start_of_day,
)

_FOUND = (Status.PUBLISHED, Status.RECEIVED)
_WINDOW = 400_000
"""Characters of a text in which the best passage is looked for."""


@dataclass(frozen=True, slots=True)
class Newer:
    """The newest version of the same paper that the reader may read."""

    number: int
    url: str


@dataclass(frozen=True, slots=True)
class Found:
    """One result as this reader may see it."""

    kind: str
    """post, paper, attachment, consultation, answer or entry."""
    public_id: str
    url: str
    """Path to the passage."""
    cite: str
    """Path that lasts."""
    title: str
    """Of the discussion, the paper's version, the attachment or the consultation."""
    title_segments: Segments
    """The title in pieces (text, whether it is a hit)."""
    is_reply: bool
    group_slug: str
    group_title: str
    byline: Byline | None
    """None where the group itself speaks."""
    shown_as: ShownAs | None
    at: datetime
    is_day_only: bool
    status: Status
    tlp: Tlp
    language: str
    title_may_leave: bool
    """Whether a mail or a feed may carry the title."""
    passage: Segments
    """The best passage in pieces; empty where passages were not asked for, or there is no text."""
    paragraph: int | None = None
    """Number of the paper's paragraph that the passage begins in."""
    page: int | None = None
    """Page of the attachment."""
    version: int | None = None
    translation: TranslationKind | None = None
    newer: Newer | None = None
    container_url: str = ""
    """Path of the discussion or paper that this is a part of."""
    container_id: str | None = None
    """Public id of that discussion, paper or consultation."""
    score: float = 0.0
    subject_id: int = 0
    """Key of the contribution: never leaves the process."""

    @property
    def id(self) -> str:
        """The id of its document."""
        return document_id(_SUBJECTS[self.kind], self.public_id)


_SUBJECTS = {
    "post": SubjectKind.POST,
    "paper": SubjectKind.VERSION,
    "attachment": SubjectKind.ATTACHMENT,
    "consultation": SubjectKind.CONSULTATION,
    "answer": SubjectKind.ANSWER,
    "entry": SubjectKind.ENTRY,
    "meeting": SubjectKind.MEETING,
    "decision": SubjectKind.BALLOT,
}


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who reads, what they look for, and the groups they may read, by key."""

    actor: Actor
    terms: QueryTerms
    groups: Mapping[int, Any]
    with_passages: bool

    def passage(self, text: str, language: str) -> tuple[Segments, int | None]:
        """Give the best passage and where its first hit is; nothing where none is wanted."""
        if not self.with_passages or not text:
            return (), None
        snippet = extract_snippet(text[:_WINDOW], self.terms, language)
        return snippet.segments, snippet.offset if snippet.has_hit else None

    def marked(self, title: str, language: str) -> Segments:
        """Give a title in pieces."""
        return mark_hits(title, self.terms, language) if self.with_passages else ((title, False),)


def load_hits(
    session: Session,
    actor: Actor,
    hits: Sequence[Hit],
    *,
    terms: QueryTerms,
    groups: Mapping[int, Any],
    with_passages: bool = True,
) -> list[Found]:
    """Give the hits that the actor may read now, in their order. At most one statement a kind.

    `groups` holds the groups that the actor may read by key, with the columns that present() wants.
    """
    wanted: dict[SubjectKind, list[str]] = defaultdict(list)
    for hit in hits:
        kind, public_id = read_document_id(hit.id)
        wanted[kind].append(public_id)
    reader = _Reader(actor, terms, groups, with_passages)
    found: dict[str, Found] = {}
    for kind, ids in wanted.items():
        for line in _LOADERS[kind](session, reader, ids):
            found[line.id] = line
    return [replace(found[hit.id], score=hit.score) for hit in hits if hit.id in found]


def _columns(model: Any) -> tuple[Any, ...]:
    return (model.id, model.public_id, model.group_id, model.status, model.tlp, model.named_list_id)


def _author(model: Any) -> tuple[Any, ...]:
    columns = (getattr(model, name) for name in ATTRIBUTED)
    return (*columns, *author_columns(), Organisation.represents_survivors)


def _readable(reader: _Reader, model: Any, ids: Sequence[str]) -> tuple[Any, ...]:
    return (
        model.public_id.in_(ids),
        model.status.in_(_FOUND),
        model.group_id.in_(list(reader.groups)),
        visible_to(reader.actor, model),
    )


def _common(reader: _Reader, row: Any, moment: datetime, language: str) -> dict[str, Any]:
    """Give what every kind shows in the same way."""
    group = reader.groups[row.group_id]
    day_only = is_day_only(group, row)
    return {
        "public_id": row.public_id,
        "subject_id": row.id,
        "title": row.title,
        "title_segments": reader.marked(row.title, language),
        "group_slug": group.slug,
        "group_title": group.short_title,
        "at": start_of_day(moment) if day_only else moment,
        "is_day_only": day_only,
        "status": row.status,
        "tlp": row.tlp,
        "language": language,
        "title_may_leave": title_may_leave(
            row.tlp, row.named_list_id, is_of_survivors=bool(getattr(row, "represents_survivors", False))
        ),
    }


def _load_posts(session: Session, reader: _Reader, ids: Sequence[str]) -> list[Found]:
    statement = (
        sa.select(
            *_columns(Post),
            *_author(Post),
            Post.number,
            Post.language,
            Post.published_at,
            Post.created_at,
            Post.text if reader.with_passages else sa.literal("").label("text"),
            Thread.title,
            Thread.public_id.label("thread_public_id"),
        )
        .select_from(Post)
        .join(Thread, Thread.id == Post.thread_id)
        .where(*_readable(reader, Post, ids))
    )
    lines = []
    for row in session.execute(join_author(statement, Post)):
        group = reader.groups[row.group_id]
        language = analysed_language(group, row, row.language)
        passage, _ = reader.passage(row.text, language)
        lines.append(
            Found(
                **_common(reader, row, row.published_at or row.created_at, language),
                kind="post",
                url=post_path(row.public_id),
                cite=post_path(row.public_id),
                is_reply=row.number != 1,
                byline=present(reader.actor, group, row, row),
                shown_as=None if is_day_only(group, row) else row.shown_as,
                passage=passage,
                container_url=thread_path(group.slug, row.thread_public_id),
                container_id=row.thread_public_id,
            )
        )
    return lines


def _load_versions(session: Session, reader: _Reader, ids: Sequence[str]) -> list[Found]:
    later = aliased(PaperVersion)
    newest = (
        sa.select(sa.func.max(later.number))
        .where(
            later.paper_id == PaperVersion.paper_id,
            later.number > PaperVersion.number,
            later.status == Status.PUBLISHED,
            visible_to(reader.actor, later),
        )
        .correlate(PaperVersion)
        .scalar_subquery()
    )
    texts = (PaperVersion.text, PaperVersion.abstract, PaperVersion.paragraphs)
    statement = (
        sa.select(
            *_columns(PaperVersion),
            *_author(Paper),
            PaperVersion.number,
            PaperVersion.title,
            PaperVersion.published_at,
            PaperVersion.created_at,
            *(texts if reader.with_passages else ()),
            Paper.language,
            Paper.translation_kind,
            Paper.public_id.label("paper_public_id"),
            newest.label("newest"),
        )
        .select_from(PaperVersion)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .where(*_readable(reader, PaperVersion, ids))
    )
    return [_version(reader, row) for row in session.execute(join_author(statement, Paper))]


def _version(reader: _Reader, row: Any) -> Found:
    group = reader.groups[row.group_id]
    language = analysed_language(group, row, row.language)
    passage: Segments = ()
    offset: int | None = None
    if reader.with_passages:
        passage, offset = reader.passage(join_summary(row.text, row.abstract), language)
    paragraph = _find_paragraph(row.paragraphs, offset) if offset is not None else None
    anchor = f"#{paragraph[1]}" if paragraph else ""
    path = paper_path(group.slug, row.paper_public_id)
    newer = Newer(row.newest, f"{path}versions/{row.newest}") if row.newest is not None else None
    return Found(
        **_common(reader, row, row.published_at or row.created_at, language),
        kind="paper",
        url=f"{path}versions/{row.number}{anchor}",
        cite=version_path(row.paper_public_id, row.number) + anchor,
        is_reply=False,
        byline=present(reader.actor, group, row, row),
        shown_as=None if is_day_only(group, row) else row.shown_as,
        passage=passage,
        paragraph=paragraph[0] if paragraph else None,
        version=row.number,
        translation=row.translation_kind,
        newer=newer,
        container_url=path,
        container_id=row.paper_public_id,
    )


def _find_paragraph(rows: Sequence[Any], offset: int) -> tuple[int, str] | None:
    """Give number and anchor of the paragraph at a place; None beyond the text, in the summary."""
    place = bisect_right([row[3] for row in rows], offset) - 1
    if place < 0 or offset > rows[place][4]:
        return None
    return rows[place][0], rows[place][1]


def _load_attachments(session: Session, reader: _Reader, ids: Sequence[str]) -> list[Found]:
    pages = (AttachmentPage.number, AttachmentPage.text) if reader.with_passages else ()
    statement = (
        sa.select(
            *_columns(Attachment),
            *_author(attachment_owners.AUTHOR),
            *attachment_owners.COLUMNS,
            sa.func.coalesce(sa.func.nullif(Attachment.title, ""), Attachment.filename).label("title"),
            Attachment.language,
            Attachment.created_at,
            *pages,
        )
        .select_from(Attachment)
        .where(*_readable(reader, Attachment, ids), Attachment.state.in_(READABLE_FILES))
        .order_by(Attachment.id, *pages[:1])
    )
    if pages:
        statement = statement.outerjoin(AttachmentPage, AttachmentPage.attachment_id == Attachment.id)
    rows = session.execute(attachment_owners.join_owner(statement))
    return [_attachment(reader, list(parts)) for _, parts in groupby(rows, key=lambda row: row.id)]


def _attachment(reader: _Reader, rows: Sequence[Any]) -> Found:
    """Make a result of an attachment's rows, one a page."""
    row = rows[0]
    group = reader.groups[row.group_id]
    language = analysed_language(group, row, row.language)
    passage: Segments = ()
    page: int | None = None
    if reader.with_passages:
        texts = [part.text or "" for part in rows]
        passage, offset = reader.passage(PAGE_BREAK.join(texts), language)
        if offset is not None:
            page = _find_page(rows, offset)
    path = attachment_path(row.public_id)
    return Found(
        **_common(reader, row, row.received_at or row.created_at, language),
        kind="attachment",
        url=f"{path}/pages/{page or 1}",
        cite=f"{path}/pages/{page or 1}",
        is_reply=False,
        byline=present(reader.actor, group, row, row),
        shown_as=None if is_day_only(group, row) else row.shown_as,
        passage=passage,
        page=page,
        container_url=paper_path(group.slug, row.paper_public_id)
        if row.paper_public_id
        else consultation_path(group.slug, row.consultation_public_id),
        container_id=row.paper_public_id or row.consultation_public_id,
    )


def _find_page(rows: Sequence[Any], offset: int) -> int | None:
    end = 0
    for row in rows:
        end += len(row.text or "") + len(PAGE_BREAK)
        if offset < end:
            return int(row.number) if row.number is not None else None
    return None


def _load_consultations(session: Session, reader: _Reader, ids: Sequence[str]) -> list[Found]:
    rows = session.execute(
        sa.select(
            *_columns(Consultation),
            Consultation.title,
            Consultation.text,
            Consultation.what_happens,
            Consultation.synopsis_text,
            Consultation.outcome_text,
            Consultation.opens_at,
            Consultation.created_at,
        ).where(*_readable(reader, Consultation, ids))
    )
    lines = []
    for row in rows:
        group = reader.groups[row.group_id]
        language = group_language(group)
        path = consultation_path(group.slug, row.public_id)
        lines.append(
            Found(
                **_common(reader, row, row.opens_at or row.created_at, language),
                kind="consultation",
                url=path,
                cite=path,
                is_reply=False,
                byline=None,
                shown_as=None,
                passage=reader.passage(consultation_text(row), language)[0],
                container_url=path,
            )
        )
    return lines


def _load_answers(session: Session, reader: _Reader, ids: Sequence[str]) -> list[Found]:
    statement = (
        sa.select(
            *_columns(Answer),
            *_author(Answer),
            Answer.title,
            Answer.language,
            Answer.received_at,
            Answer.text if reader.with_passages else sa.literal("").label("text"),
            Consultation.public_id.label("asked"),
        )
        .select_from(Answer)
        .join(Consultation, Consultation.id == Answer.consultation_id)
        .where(*_readable(reader, Answer, ids))
    )
    lines = []
    for row in session.execute(join_author(statement, Answer)):
        group = reader.groups[row.group_id]
        language = analysed_language(group, row, row.language)
        path = answer_path(group.slug, row.asked, row.public_id)
        lines.append(
            Found(
                **_common(reader, row, row.received_at, language),
                kind="answer",
                url=path,
                cite=path,
                is_reply=False,
                byline=present(reader.actor, group, row, row),
                shown_as=None if is_day_only(group, row) else row.shown_as,
                passage=reader.passage(row.text, language)[0],
                container_url=consultation_path(group.slug, row.asked),
                container_id=row.asked,
            )
        )
    return lines


def _load_entries(session: Session, reader: _Reader, ids: Sequence[str]) -> list[Found]:
    rows = session.execute(
        sa.select(
            *_columns(RegisterEntry),
            RegisterEntry.title,
            RegisterEntry.text,
            RegisterEntry.act,
            RegisterEntry.language,
            RegisterEntry.register,
            RegisterEntry.created_at,
        ).where(*_readable(reader, RegisterEntry, ids))
    )
    lines = []
    for row in rows:
        path = entry_path(row.register, row.public_id)
        lines.append(
            Found(
                **_common(reader, row, row.created_at, row.language),
                kind="entry",
                url=path,
                cite=path,
                is_reply=False,
                byline=None,
                shown_as=None,
                passage=reader.passage(entry_text(row), row.language)[0],
                container_url=path,
            )
        )
    return lines


def _load_meetings(session: Session, reader: _Reader, ids: Sequence[str]) -> list[Found]:
    rows = session.execute(
        sa.select(*_columns(Meeting), Meeting.title, Meeting.text, Meeting.language, Meeting.starts_at).where(
            *_readable(reader, Meeting, ids)
        )
    ).all()
    minutes = minutes_of(session, [row.id for row in rows]) if reader.with_passages else {}
    lines = []
    for row in rows:
        path = meeting_path(reader.groups[row.group_id].slug, row.public_id)
        text = SUMMARY_BREAK.join(part for part in (row.text, minutes.get(row.id, "")) if part)
        passage = reader.passage(text, row.language)[0]
        lines.append(_of_group(reader, row, "meeting", row.starts_at, row.language, path, passage))
    return lines


def _load_ballots(session: Session, reader: _Reader, ids: Sequence[str]) -> list[Found]:
    rows = session.execute(
        sa.select(
            *_columns(Ballot),
            Ballot.title,
            Ballot.text,
            Ballot.outcome_text,
            Ballot.language,
            Ballot.opened_at,
            Ballot.closed_at,
            Ballot.created_at,
        ).where(*_readable(reader, Ballot, ids))
    )
    lines = []
    for row in rows:
        path = ballot_path(reader.groups[row.group_id].slug, row.public_id)
        passage = reader.passage(ballot_text(row), row.language)[0]
        at = row.closed_at or row.opened_at or row.created_at
        lines.append(_of_group(reader, row, "decision", at, row.language, path, passage))
    return lines


def _of_group(
    reader: _Reader, row: Any, kind: str, at: datetime, language: str, path: str, passage: Segments
) -> Found:
    """Give what a group says as a group: it has no author."""
    return Found(
        **_common(reader, row, at, language),
        kind=kind,
        url=path,
        cite=path,
        is_reply=False,
        byline=None,
        shown_as=None,
        passage=passage,
        container_url=path,
    )


_LOADERS = {
    SubjectKind.MEETING: _load_meetings,
    SubjectKind.BALLOT: _load_ballots,
    SubjectKind.ANSWER: _load_answers,
    SubjectKind.POST: _load_posts,
    SubjectKind.VERSION: _load_versions,
    SubjectKind.ATTACHMENT: _load_attachments,
    SubjectKind.CONSULTATION: _load_consultations,
    SubjectKind.ENTRY: _load_entries,
}
