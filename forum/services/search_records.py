"""The ids under which found things were imported: for scripts that compare results with their sources."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.answers import Answer
from forum.domain.attachments import Attachment
from forum.domain.attribution import SubjectKind
from forum.domain.papers import Paper, PaperVersion
from forum.domain.records import ImportedRecord
from forum.domain.threads import Post
from forum.services.search_hits import Found


class SourceIds(NamedTuple):
    """The id of a record, and of the discussion, paper or consultation it was imported with."""

    own: str | None
    thread: str | None


_UNKNOWN = SourceIds(None, None)


def find_source_ids(session: Session, hits: Sequence[Found]) -> dict[str, SourceIds]:
    """Give, by hit id, what the things were imported under; at most one statement a kind.

    The thread is the one that the record named: the opening post of a discussion, the first version of a
    paper, the consultation that a paper answers. An attachment has that of its paper; an answer's file none.
    """
    keys: dict[str, dict[int, str]] = defaultdict(dict)
    for hit in hits:
        keys[hit.kind][hit.subject_id] = hit.id
    found: dict[str, SourceIds] = {}
    for kind, by_key in keys.items():
        if kind not in _STATEMENTS:
            continue  # meetings and decisions are not imported
        for key, own, extra, thread in session.execute(_STATEMENTS[kind](list(by_key))):
            found[by_key[key]] = SourceIds(own, (extra or {}).get("thread") or thread)
    return {hit.id: found.get(hit.id, _UNKNOWN) for hit in hits}


def _records(kind: SubjectKind) -> Any:
    """An alias of the imported records of one kind, to be joined by target_id."""
    return aliased(
        ImportedRecord,
        sa.select(ImportedRecord).where(ImportedRecord.target_kind == kind).subquery(),
    )


def _posts(keys: list[int]) -> Any:
    own, opening = _records(SubjectKind.POST), _records(SubjectKind.POST)
    first = aliased(Post)
    return (
        sa.select(Post.id, own.source_id, own.extra, opening.source_id)
        .join(first, sa.and_(first.thread_id == Post.thread_id, first.number == 1))
        .outerjoin(own, own.target_id == Post.id)
        .outerjoin(opening, opening.target_id == first.id)
        .where(Post.id.in_(keys))
    )


def _of_paper(model: Any, kind: SubjectKind, keys: list[int]) -> Any:
    own, opening = _records(kind), _records(SubjectKind.VERSION)
    asked = _records(SubjectKind.CONSULTATION)
    first = aliased(PaperVersion)
    return (
        sa.select(model.id, own.source_id, own.extra, sa.func.coalesce(asked.source_id, opening.source_id))
        .join(Paper, Paper.id == model.paper_id)
        .join(first, sa.and_(first.paper_id == model.paper_id, first.number == 1))
        .outerjoin(own, own.target_id == model.id)
        .outerjoin(opening, opening.target_id == first.id)
        .outerjoin(asked, asked.target_id == Paper.consultation_id)
        .where(model.id.in_(keys))
    )


def _consultations(keys: list[int]) -> Any:
    own = _records(SubjectKind.CONSULTATION)
    return sa.select(own.target_id, own.source_id, own.extra, own.source_id).where(own.target_id.in_(keys))


def _answers(keys: list[int]) -> Any:
    own, asked = _records(SubjectKind.ANSWER), _records(SubjectKind.CONSULTATION)
    return (
        sa.select(Answer.id, own.source_id, own.extra, asked.source_id)
        .outerjoin(own, own.target_id == Answer.id)
        .outerjoin(asked, asked.target_id == Answer.consultation_id)
        .where(Answer.id.in_(keys))
    )


def _entries(keys: list[int]) -> Any:
    own = _records(SubjectKind.ENTRY)
    return sa.select(own.target_id, own.source_id, own.extra, own.source_id).where(own.target_id.in_(keys))


_STATEMENTS: dict[str, Any] = {
    "post": _posts,
    "paper": lambda keys: _of_paper(PaperVersion, SubjectKind.VERSION, keys),
    "attachment": lambda keys: _of_paper(Attachment, SubjectKind.ATTACHMENT, keys),
    "consultation": _consultations,
    "answer": _answers,
    "entry": _entries,
}
