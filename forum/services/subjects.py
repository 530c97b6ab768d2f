"""Loading a contribution as the policy sees it: the row, its group and its authorships."""

import functools
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session

from forum.domain.answers import Answer
from forum.domain.attachments import Attachment
from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.base import table_of
from forum.domain.consultations import Consultation
from forum.domain.groups import Group
from forum.domain.papers import Paper, PaperVersion
from forum.domain.threads import Post, Thread
from forum.errors import NotFound
from forum.policy import Action, Actor, require
from forum.policy.sql import MODEL_OF, SUBJECT_OF
from forum.policy.subjects import Subject
from forum.richtext import render_plain, to_markup


def get_subject(
    session: Session, actor: Actor, kind: SubjectKind, public_id: str, action: Action = Action.READ
) -> Subject:
    """Give the contribution with this public id for an action; NotFound if absent or unreadable."""
    model = MODEL_OF.get(kind)
    if model is None:
        raise NotFound
    found = session.execute(_with_group_and_keys(kind), {"public_id": public_id}).first()
    if found is None:
        raise NotFound
    row, _group, keys = found
    subject = subject_of(session, row, frozenset((keys or "").split()))
    require(actor, action, subject)
    return subject


@functools.cache
def _with_group_and_keys(kind: SubjectKind) -> sa.Select[*tuple[Any, ...]]:
    """One statement for the row, its group (subject_of() finds it in the session) and its authorships."""
    model = MODEL_OF[kind]
    keys = (
        sa.select(sa.func.aggregate_strings(Authorship.writer_key, " "))
        .where(Authorship.subject_kind == kind, Authorship.subject_id == model.id)
        .scalar_subquery()
    )
    return (
        sa.select(model, Group, keys)
        .join(Group, Group.id == model.group_id)
        .where(model.public_id == sa.bindparam("public_id"))
    )


def find_subject(session: Session, kind: SubjectKind, subject_id: int) -> Subject | None:
    """Give the contribution with this key, without asking the policy: for the worker, which asks itself."""
    model = MODEL_OF.get(kind)
    row = session.get(model, subject_id) if model is not None else None
    return subject_of(session, row) if row is not None else None


def subject_of(session: Session, row: Any, writer_keys: frozenset[str] | None = None) -> Subject:
    """Give the subject of a loaded row, with its authorships where they are known."""
    kind = SUBJECT_OF[type(row)]
    thread: Thread | None = None
    paper: Paper | None = None
    if isinstance(row, Thread):
        thread = row
    elif isinstance(row, Post):
        thread = session.get_one(Thread, row.thread_id)
    answer: Answer | None = row if isinstance(row, Answer) else None
    if isinstance(row, Attachment) and row.answer_id is not None:
        answer = session.get_one(Answer, row.answer_id)
    if isinstance(row, PaperVersion) or (isinstance(row, Attachment) and row.paper_id is not None):
        paper = session.get_one(Paper, row.paper_id)
    elif thread is not None and thread.paper_id is not None:
        paper = session.get(Paper, thread.paper_id)
    return Subject(
        kind=kind,
        row=row,
        group=session.get_one(Group, row.group_id),
        writer_keys=writer_keys_of(session, kind, row.id) if writer_keys is None else writer_keys,
        thread=thread,
        paper=paper,
        consultation=session.get_one(Consultation, answer.consultation_id) if answer is not None else None,
        answer=answer,
    )


def markup_of(subject: Subject) -> Markup:
    """Give the text that is decided on, to be shown; an answer is plain text, paragraph by paragraph."""
    if subject.kind not in {SubjectKind.ANSWER, SubjectKind.ASSESSMENT}:
        return to_markup(subject.row.html)
    return render_plain([part.splitlines() for part in subject.row.text.split("\n\n")])


def writer_keys_of(session: Session, kind: SubjectKind, subject_id: int) -> frozenset[str]:
    """Give the authorships of a contribution."""
    return frozenset(session.scalars(_WRITER_KEYS, {"kind": kind, "subject_id": subject_id}))


_WRITER_KEYS = sa.select(Authorship.writer_key).where(
    Authorship.subject_kind == sa.bindparam("kind"), Authorship.subject_id == sa.bindparam("subject_id")
)


def record_authorship(session: Session, kind: SubjectKind, subject_id: int, keys: list[str]) -> None:
    """Write down who wrote a contribution, as writer keys (services.sealing)."""
    session.execute(
        sa.insert(table_of(Authorship)),
        [{"subject_kind": kind, "subject_id": subject_id, "writer_key": key} for key in dict.fromkeys(keys)],
    )
