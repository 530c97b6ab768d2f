"""From contributions to search documents: what of them may be found, and by whom.

A document carries only what the widest reader of its audience may be shown: an anonymous visitor for what
is public, a signed-in stranger otherwise. So filters and facets, which act on documents, are no oracle.
Under the Chatham House Rule it is the text and the day alone.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.accounts import Account
from forum.domain.answers import Answer
from forum.domain.attachments import Attachment, AttachmentPage, AttachmentState
from forum.domain.attribution import SubjectKind
from forum.domain.consultations import Consultation
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.papers import Paper, PaperVersion
from forum.domain.register_entries import RegisterEntry
from forum.domain.threads import Post, Thread
from forum.policy import Actor
from forum.policy.actor import ANONYMOUS
from forum.policy.labels import PUBLIC
from forum.policy.sql import MODEL_OF
from forum.search.protocol import Add, Change, Remove, SearchDocument
from forum.services import attachment_owners
from forum.services.attribution import ATTRIBUTED, author_columns, join_author, present
from forum.services.chatham import is_sealed
from forum.services.indexed_groups import ballot_text, ballots, meetings, minutes_of
from forum.services.outbox import enqueue_index
from forum.services.signatures import signed_slugs

Subjects = Sequence[tuple[SubjectKind, int]]

DOCUMENT_KINDS = ("post", "paper", "attachment", "consultation", "answer", "entry", "meeting", "decision")
"""What a document can be: the values of the filter `kind:`."""
INDEXED_KINDS = (
    SubjectKind.POST,
    SubjectKind.VERSION,
    SubjectKind.ATTACHMENT,
    SubjectKind.CONSULTATION,
    SubjectKind.ANSWER,
    SubjectKind.ENTRY,
    SubjectKind.MEETING,
    SubjectKind.BALLOT,
)
OF_GROUPS = frozenset({SubjectKind.CONSULTATION, SubjectKind.ENTRY, SubjectKind.MEETING, SubjectKind.BALLOT})
"""What a group says as a group: no author of it is shown."""
STRANGER = Actor(account_id=0)
"""Somebody signed in whom nothing ties to any group: the widest reader of all that is not public."""

READABLE_FILES = (AttachmentState.CLEAN, AttachmentState.TEXT_ONLY)
PAGE_BREAK = "\n\n"
SUMMARY_BREAK = "\n\n"
_BATCH = 200
_PREFIX = {
    SubjectKind.POST: "post",
    SubjectKind.VERSION: "version",
    SubjectKind.ATTACHMENT: "attachment",
    SubjectKind.CONSULTATION: "consultation",
    SubjectKind.ANSWER: "answer",
    SubjectKind.ENTRY: "entry",
    SubjectKind.MEETING: "meeting",
    SubjectKind.BALLOT: "ballot",
}


def document_id(kind: SubjectKind, public_id: str) -> str:
    """Give the id under which the index knows a contribution."""
    return f"{_PREFIX[kind]}:{public_id}"


def read_document_id(id_: str) -> tuple[SubjectKind, str]:
    """Give the kind and public id behind a document's id."""
    prefix, _, public_id = id_.partition(":")
    return SubjectKind(prefix), public_id


def documents_for(session: Session, subjects: Subjects) -> list[Change]:
    """Give what the index must hold of these contributions, and of those that change with them.

    A discussion stands for its opening post, which carries its title; with a version come those before it,
    which it supersedes. The number of statements does not depend on how many subjects there are.
    """
    ids: dict[SubjectKind, set[int]] = defaultdict(set)
    for kind, subject_id in subjects:
        ids[kind].add(subject_id)
    if threads := ids.pop(SubjectKind.THREAD, None):
        opening = sa.select(Post.id).where(Post.thread_id.in_(threads), Post.number == 1)
        ids[SubjectKind.POST].update(session.scalars(opening))
    if versions := ids[SubjectKind.VERSION]:
        versions.update(_superseded_by(session, versions))
    return [
        change for kind in INDEXED_KINDS if ids[kind] for change in _load(session, kind, sorted(ids[kind]))
    ]


def _superseded_by(session: Session, versions: set[int]) -> set[int]:
    """For each version, the newest before it in each audience: they may be superseded now, or no longer."""
    papers = sa.select(PaperVersion.paper_id).where(PaperVersion.id.in_(versions))
    rows = session.execute(
        sa.select(PaperVersion.paper_id, PaperVersion.number, PaperVersion.audience, PaperVersion.id)
        .where(
            PaperVersion.paper_id.in_(papers),
            sa.or_(PaperVersion.status == Status.PUBLISHED, PaperVersion.id.in_(versions)),
            PaperVersion.number.is_not(None),
        )
        .order_by(PaperVersion.paper_id, PaperVersion.number)
    )
    newest: dict[tuple[int, str], int] = {}
    found: set[int] = set()
    for paper_id, _, audience, version_id in rows:
        if version_id in versions:
            found.update(before for (paper, _), before in newest.items() if paper == paper_id)
        newest[paper_id, audience] = version_id
    return found


def enqueue_author(session: Session, account_id: int, *, now: datetime) -> None:
    """Have everything indexed anew that a person wrote: what is shown of them has changed."""
    enqueue_written(session, Post.author_id == account_id, Paper.author_id == account_id, now=now)
    enqueue_answers(session, Answer.author_id == account_id, now=now)


def enqueue_answers(session: Session, condition: sa.ColumnElement[bool], *, now: datetime) -> None:
    """Have the answers that meet a condition indexed anew, with their files."""
    files = sa.select(Attachment.id).join(Answer, Answer.id == Attachment.answer_id)
    for kind, statement in (
        (SubjectKind.ANSWER, sa.select(Answer.id)),
        (SubjectKind.ATTACHMENT, files),
    ):
        for subject_id in session.scalars(statement.where(condition)).all():
            enqueue_index(session, kind, subject_id, now=now)


def enqueue_written(
    session: Session, posts: sa.ColumnElement[bool], papers: sa.ColumnElement[bool], *, now: datetime
) -> None:
    """Have the posts, and the versions and attachments of the papers, that meet a condition indexed anew."""
    chosen = sa.select(Paper.id).where(papers)
    for kind, statement in (
        (SubjectKind.POST, sa.select(Post.id).where(posts)),
        (SubjectKind.VERSION, sa.select(PaperVersion.id).where(PaperVersion.paper_id.in_(chosen))),
        (SubjectKind.ATTACHMENT, sa.select(Attachment.id).where(Attachment.paper_id.in_(chosen))),
    ):
        for subject_id in session.scalars(statement).all():
            enqueue_index(session, kind, subject_id, now=now)


def all_subjects(session: Session) -> Iterator[tuple[SubjectKind, int]]:
    """Give every contribution of a kind that is indexed, whether or not it may be found."""
    for kind in INDEXED_KINDS:
        model, last = MODEL_OF[kind], 0
        while ids := session.scalars(
            sa.select(model.id).where(model.id > last).order_by(model.id).limit(_BATCH)
        ).all():
            yield from ((kind, id_) for id_ in ids)
            last = ids[-1]


def count_subjects(session: Session) -> int:
    """Give how many contributions all_subjects() has."""
    counts = [
        sa.select(sa.func.count()).select_from(MODEL_OF[kind]).scalar_subquery() for kind in INDEXED_KINDS
    ]
    return int(session.scalar(sa.select(sum(counts[1:], counts[0]))) or 0)


def all_documents(session: Session) -> Iterator[SearchDocument]:
    """Give every document that the index must hold, a batch of contributions in memory at a time."""
    batch: list[int] = []
    current: SubjectKind | None = None
    for kind, subject_id in all_subjects(session):
        if batch and (kind is not current or len(batch) == _BATCH):
            yield from _documents(session, current, batch)
            batch = []
        current = kind
        batch.append(subject_id)
    if batch:
        yield from _documents(session, current, batch)


def _documents(session: Session, kind: SubjectKind | None, ids: list[int]) -> Iterator[SearchDocument]:
    assert kind is not None
    for change in _load(session, kind, ids):
        if isinstance(change, Add):
            yield change.document


def _load(session: Session, kind: SubjectKind, ids: Sequence[int]) -> Iterable[Change]:
    match kind:
        case SubjectKind.POST:
            rows = session.execute(_posts(ids))
        case SubjectKind.VERSION:
            rows = session.execute(_versions(ids))
        case SubjectKind.ATTACHMENT:
            rows = session.execute(_attachments(ids))
        case SubjectKind.ANSWER:
            rows = session.execute(_answers(ids))
        case SubjectKind.ENTRY:
            rows = session.execute(_entries(ids))
        case SubjectKind.MEETING:
            rows = session.execute(meetings(ids))
        case SubjectKind.BALLOT:
            rows = session.execute(ballots(ids))
        case _:
            rows = session.execute(_consultations(ids))
    found = rows.all()
    groups = {
        group.id: group
        for group in session.scalars(sa.select(Group).where(Group.id.in_({row.group_id for row in found})))
    }
    pages = _join_pages(session, ids) if kind is SubjectKind.ATTACHMENT else {}
    if kind is SubjectKind.MEETING:
        pages = minutes_of(session, ids)
    signed = signed_slugs(session, ids) if kind is SubjectKind.VERSION else {}
    for row in found:
        yield _change(kind, groups[row.group_id], row, pages, signed)


def _join_pages(session: Session, ids: Sequence[int]) -> dict[int, str]:
    pages: dict[int, list[str]] = defaultdict(list)
    for attachment_id, text in session.execute(
        sa.select(AttachmentPage.attachment_id, AttachmentPage.text)
        .where(AttachmentPage.attachment_id.in_(ids))
        .order_by(AttachmentPage.attachment_id, AttachmentPage.number)
    ):
        pages[attachment_id].append(text)
    return {attachment_id: PAGE_BREAK.join(texts) for attachment_id, texts in pages.items()}


def _label_columns(model: Any) -> tuple[Any, ...]:
    return (
        model.id,
        model.public_id,
        model.group_id,
        model.status,
        model.audience,
        model.tlp,
        model.named_list_id,
        model.created_at,
    )


def _author_columns(model: Any) -> tuple[Any, ...]:
    return (
        *(getattr(model, name) for name in ATTRIBUTED),
        *author_columns(),
        Account.handle.label("author_handle"),
        Account.latin_name.label("author_latin_name"),
    )


def _posts(ids: Sequence[int]) -> Any:
    statement = (
        sa.select(
            *_label_columns(Post),
            *_author_columns(Post),
            Post.number,
            Post.text,
            Post.language,
            Post.published_at,
            Thread.title,
            Thread.public_id.label("thread_public_id"),
            Thread.status.label("thread_status"),
        )
        .select_from(Post)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Post.id.in_(ids))
        .order_by(Post.id)
    )
    return join_author(statement, Post)


def _versions(ids: Sequence[int]) -> Any:
    later = aliased(PaperVersion)
    is_superseded = (
        sa.select(sa.literal(1))
        .where(
            later.paper_id == PaperVersion.paper_id,
            later.number > PaperVersion.number,
            later.status == Status.PUBLISHED,
            later.audience == PaperVersion.audience,
        )
        .exists()
    )
    statement = (
        sa.select(
            *_label_columns(PaperVersion),
            *_author_columns(Paper),
            PaperVersion.title,
            PaperVersion.text,
            PaperVersion.abstract,
            PaperVersion.published_at,
            Paper.language,
            Paper.public_id.label("paper_public_id"),
            is_superseded.label("is_superseded"),
        )
        .select_from(PaperVersion)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .where(PaperVersion.id.in_(ids))
        .order_by(PaperVersion.id)
    )
    return join_author(statement, Paper)


def _attachments(ids: Sequence[int]) -> Any:
    statement = (
        sa.select(
            *_label_columns(Attachment),
            *_author_columns(attachment_owners.AUTHOR),
            *attachment_owners.COLUMNS,
            Attachment.title,
            Attachment.filename,
            Attachment.language,
            Attachment.state,
        )
        .select_from(Attachment)
        .where(Attachment.id.in_(ids))
        .order_by(Attachment.id)
    )
    return attachment_owners.join_owner(statement)


def _consultations(ids: Sequence[int]) -> Any:
    return (
        sa.select(
            *_label_columns(Consultation),
            Consultation.title,
            Consultation.text,
            Consultation.what_happens,
            Consultation.synopsis_text,
            Consultation.outcome_text,
            Consultation.opens_at,
        )
        .where(Consultation.id.in_(ids))
        .order_by(Consultation.id)
    )


def _entries(ids: Sequence[int]) -> Any:
    return (
        sa.select(
            *_label_columns(RegisterEntry),
            RegisterEntry.title,
            RegisterEntry.text,
            RegisterEntry.language,
            RegisterEntry.register,
            RegisterEntry.act,
        )
        .where(RegisterEntry.id.in_(ids))
        .order_by(RegisterEntry.id)
    )


def entry_text(row: Any) -> str:
    """Give all that an entry of a register says: its text, and the act that it names."""
    return join_summary(row.text, row.act or "")


def _answers(ids: Sequence[int]) -> Any:
    statement = (
        sa.select(
            *_label_columns(Answer),
            *_author_columns(Answer),
            Answer.title,
            Answer.text,
            Answer.language,
            Answer.received_at,
            Consultation.public_id.label("consultation_public_id"),
        )
        .select_from(Answer)
        .join(Consultation, Consultation.id == Answer.consultation_id)
        .where(Answer.id.in_(ids))
        .order_by(Answer.id)
    )
    return join_author(statement, Answer)


def _change(
    kind: SubjectKind, group: Group, row: Any, pages: dict[int, str], signed: dict[int, tuple[str, ...]]
) -> Change:
    id_ = document_id(kind, row.public_id)
    if not _is_findable(kind, row):
        return Remove(id_)
    values: dict[str, Any] = {
        "id": id_,
        "audience": row.audience,
        "group": group.slug,
        "label": row.tlp.value,
        "title": row.title,
        **_values_of(kind, id_, group, row, pages),
    }
    if kind not in OF_GROUPS:
        values |= _attribution(group, row)
    if kind is SubjectKind.VERSION and row.id in signed:
        values["signatories"] = signed[row.id]
    if is_day_only(group, row):
        values["date"] = start_of_day(values["date"])
    return Add(SearchDocument(version=_fingerprint(values), **values))


def _values_of(kind: SubjectKind, id_: str, group: Group, row: Any, pages: dict[int, str]) -> dict[str, Any]:
    """Give what each kind has in its own way."""
    match kind:
        case SubjectKind.POST:
            return {
                "kind": "post",
                "title": row.title if row.number == 1 else "",
                "text": row.text,
                "thread": f"thread:{row.thread_public_id}",
                "date": row.published_at or row.created_at,
            }
        case SubjectKind.VERSION:
            return {
                "kind": "paper",
                "text": join_summary(row.text, row.abstract),
                "thread": f"paper:{row.paper_public_id}",
                "date": row.published_at or row.created_at,
                "is_superseded": row.is_superseded,
            }
        case SubjectKind.ATTACHMENT:
            return {
                "kind": "attachment",
                "title": row.title or row.filename,
                "text": pages.get(row.id, ""),
                "thread": f"paper:{row.paper_public_id}"
                if row.paper_public_id
                else document_id(SubjectKind.CONSULTATION, row.consultation_public_id),
                "date": row.received_at or row.created_at,
            }
        case SubjectKind.ANSWER:
            return {
                "kind": "answer",
                "text": row.text,
                "thread": document_id(SubjectKind.CONSULTATION, row.consultation_public_id),
                "date": row.received_at,
            }
        case SubjectKind.ENTRY:
            return {
                "kind": "entry",
                "text": entry_text(row),
                "language": row.language,
                "thread": id_,
                "date": row.created_at,
            }
        case SubjectKind.MEETING:
            return {
                "kind": "meeting",
                "text": SUMMARY_BREAK.join(part for part in (row.text, pages.get(row.id, "")) if part),
                "language": row.language,
                "thread": id_,
                "date": row.starts_at,
            }
        case SubjectKind.BALLOT:
            return {
                "kind": "decision",
                "text": ballot_text(row),
                "language": row.language,
                "thread": id_,
                "date": row.closed_at or row.opened_at or row.created_at,
            }
        case _:
            return {
                "kind": "consultation",
                "text": consultation_text(row),
                "language": group_language(group),
                "thread": id_,
                "date": row.opens_at or row.created_at,
            }


def _is_findable(kind: SubjectKind, row: Any) -> bool:
    """Published and received things; what is for named people is not indexed."""
    if row.named_list_id is not None or row.status not in {Status.PUBLISHED, Status.RECEIVED}:
        return False
    if kind is SubjectKind.POST:
        return row.thread_status in {Status.PUBLISHED, Status.WITHDRAWN}
    return kind is not SubjectKind.ATTACHMENT or row.state in READABLE_FILES


def _attribution(group: Group, row: Any) -> dict[str, Any]:
    """Give what the widest reader of the audience may be shown of the author, and the language."""
    shown = present(ANONYMOUS if row.audience == PUBLIC else STRANGER, group, row, row)
    author = None
    if shown.name:
        # All that finds a person: `author:` looks for its words in any of these.
        author = " ".join(filter(None, (shown.name, row.author_latin_name, row.author_handle)))
    return {
        "author": author,
        "organisation": shown.organisation_slug,
        "organisation_type": shown.stakeholder_type.value if shown.stakeholder_type else None,
        "country": shown.country,
        "language": analysed_language(group, row, row.language),
    }


def is_day_only(group: Group, row: Any) -> bool:
    """Whether the Chatham House Rule covers a row: no time of day, language or origin is told of it."""
    return is_sealed(group) or getattr(row, "alias", None) is not None


def start_of_day(moment: datetime) -> datetime:
    """Give the midnight (UTC) before a moment."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def group_language(group: Group) -> str:
    """Give the language that a group works in first."""
    return group.languages[0] if group.languages else "en"


def analysed_language(group: Group, row: Any, language: str) -> str:
    """Give the language that a text is analysed and counted in: under the Chatham House Rule the group's.

    There a language of its own would point at its author, as a country would.
    """
    return group_language(group) if is_day_only(group, row) else language


def join_summary(text: str, summary: str) -> str:
    """Give text and summary as one, the text first, so that places in it stay what they are."""
    return f"{text}{SUMMARY_BREAK}{summary}" if summary else text


def consultation_text(row: Any) -> str:
    """Give all that a consultation says: what is asked, what happens next, synopsis and outcome."""
    parts = (row.text, row.what_happens, row.synopsis_text, row.outcome_text)
    return SUMMARY_BREAK.join(part for part in parts if part)


def _fingerprint(values: dict[str, Any]) -> str:
    digest = hashlib.blake2b(digest_size=12)
    for name in sorted(values):
        digest.update(f"{name}\0{values[name]}\0".encode())
    return digest.hexdigest()
