"""Stances: what a person read in a passage about a topic; shown only with a text that the reader may read."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.labels import Status
from forum.domain.topics import MAX_NOTE, PassageStance, Stance
from forum.errors import Invalid, NotFound
from forum.policy import Action, Actor, visible_to
from forum.policy.sql import MODEL_OF
from forum.search.analysis import QueryTerms
from forum.search.snippets import find_marks
from forum.services.indexing import document_id
from forum.services.passage_texts import Passage, PassageText, load_texts
from forum.services.topics import TopicSubject, get_topic, record_topic

MOST_OFFERED = 40
"""Passages of one text among which one chooses."""
CODED_STATUSES = (Status.PUBLISHED, Status.RECEIVED)
"""Of a withdrawn text the stub can be read, and says nothing."""
CODED_KINDS = (SubjectKind.POST, SubjectKind.VERSION, SubjectKind.ATTACHMENT, SubjectKind.ANSWER)


@dataclass(frozen=True, slots=True)
class CodedLine:
    """A stance with who set it; its passage is loaded separately, by its place."""

    public_id: str
    document: str
    """Id of the document that the passage stands in."""
    place: str
    start: int
    end: int
    digest: str
    stance: Stance
    note: str
    by: str | None
    """Name of the person who set it."""
    at: datetime

    def find_passage(self, text: PassageText | None) -> Passage | None:
        """Give the passage as it stands there now; None where the text is not that long any more."""
        return text.at(self.start, self.end) if text is not None else None


def list_stances(session: Session, actor: Actor, topic_id: int) -> list[CodedLine]:
    """Give the stances on a topic whose texts the actor may read now. One statement."""
    parts = []
    for kind in CODED_KINDS:
        model = MODEL_OF[kind]
        parts.append(
            sa.select(PassageStance.id.label("id"), model.public_id.label("subject"))
            .join(model, model.id == PassageStance.subject_id)
            .where(
                PassageStance.topic_id == topic_id,
                PassageStance.subject_kind == kind,
                model.status.in_(CODED_STATUSES),
                visible_to(actor, model),
            )
        )
    readable = sa.union_all(*parts).subquery()
    rows = session.execute(
        sa.select(PassageStance, readable.c.subject, Account.name)
        .join(readable, readable.c.id == PassageStance.id)
        .outerjoin(Account, Account.id == PassageStance.coded_by_id)
        .order_by(PassageStance.id)
    )
    return [_line(row, subject, name) for row, subject, name in rows]


def _line(row: PassageStance, subject: str, name: str | None) -> CodedLine:
    return CodedLine(
        public_id=row.public_id,
        document=document_id(row.subject_kind, subject),
        place=row.place,
        start=row.start,
        end=row.end,
        digest=row.digest,
        stance=row.stance,
        note=row.note,
        by=name,
        at=row.coded_at,
    )


def by_document(lines: Iterable[CodedLine]) -> dict[str, list[CodedLine]]:
    """Give stances by the text they stand in, in the order of their places."""
    found: dict[str, list[CodedLine]] = defaultdict(list)
    for line in lines:
        found[line.document].append(line)
    return {document: sorted(own, key=lambda line: line.start) for document, own in found.items()}


def list_passages(text: PassageText, terms: QueryTerms, language: str) -> Sequence[Passage]:
    """Give the passages of a text that a topic's words stand in; all of it where they stand in none."""
    passages = list(text.passages())
    hits = [passage for passage in passages if find_marks(passage.words, terms, language)]
    return (hits or passages)[:MOST_OFFERED]


def set_stance(
    session: Session,
    actor: Actor,
    topic_id: str,
    document: str,
    *,
    start: int,
    end: int,
    stance: Stance,
    note: str,
    now: datetime,
) -> PassageStance:
    """Say what a passage's stance is, in place of what was said of it before; goes on record."""
    subject = get_topic(session, actor, topic_id, Action.WORK_ON_TOPIC)
    text = load_texts(session, actor, [document]).get(document)
    if text is None:
        raise NotFound
    passage = text.at(start, end)
    if passage is None:
        raise Invalid("Choose the passage again: the text has changed.", field="passage")
    note = " ".join(note.split())
    if len(note) > MAX_NOTE:
        raise Invalid("Keep the remark under %(limit)d characters.", field="note", limit=MAX_NOTE)
    row = _find(session, subject, text, start)
    before = row.stance.value if row is not None else None
    if row is None:
        row = PassageStance(
            topic_id=subject.topic.id, subject_kind=text.kind, subject_id=text.subject_id, start=start
        )
        session.add(row)
    row.end, row.place, row.digest = end, passage.place, passage.digest
    row.stance, row.note, row.coded_by_id, row.coded_at = stance, note, actor.account_id, now
    session.flush()
    facts = {"stance": stance.value, "before": before}
    _record(session, actor, AuditAction.STANCE_SET, subject, document, now, **facts)
    return row


def remove_stance(
    session: Session, actor: Actor, topic_id: str, document: str, stance_id: str, *, now: datetime
) -> None:
    """Take a stance back; goes on record."""
    subject = get_topic(session, actor, topic_id, Action.WORK_ON_TOPIC)
    text = load_texts(session, actor, [document]).get(document)
    if text is None:
        raise NotFound
    row = session.scalars(
        sa.select(PassageStance).where(
            PassageStance.public_id == stance_id,
            PassageStance.topic_id == subject.topic.id,
            PassageStance.subject_kind == text.kind,
            PassageStance.subject_id == text.subject_id,
        )
    ).first()
    if row is None:
        raise NotFound
    before = row.stance.value
    session.delete(row)
    session.flush()
    _record(session, actor, AuditAction.STANCE_REMOVED, subject, document, now, before=before)


def _find(session: Session, subject: TopicSubject, text: PassageText, start: int) -> PassageStance | None:
    return session.scalars(
        sa.select(PassageStance).where(
            PassageStance.topic_id == subject.topic.id,
            PassageStance.subject_kind == text.kind,
            PassageStance.subject_id == text.subject_id,
            PassageStance.start == start,
        )
    ).first()


def _record(
    session: Session,
    actor: Actor,
    action: AuditAction,
    subject: TopicSubject,
    document: str,
    now: datetime,
    **facts: Any,
) -> None:
    record_topic(session, actor, action, subject, now, passage=document, **facts)
