"""The texts of a person who is erased: which stay under "former member", which go, which were never sent.

What was written for an organisation stays with it. What stands under the Chatham House Rule stays too: it
names nobody, and to take it away on the day on which somebody is erased would say who wrote it. What was
decided against (rejected, removed from view) is kept as evidence for as long as the decision can be
contested, and what is locked as suspected material is nobody's to delete.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer
from forum.domain.attachments import Attachment
from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.comments import Suggestion
from forum.domain.erasures import FormerTexts, TextsChoice
from forum.domain.labels import Status
from forum.domain.papers import Paper, PaperAuthor, PaperOwner, PaperVersion, Purpose
from forum.domain.protected import ProtectedCase
from forum.domain.threads import Post, PostRevision
from forum.policy.subjects import Subject
from forum.services.answers import empty_answer
from forum.services.chatham import is_sealed
from forum.services.drafts import drop_draft
from forum.services.indexing import document_id
from forum.services.posts import empty_post
from forum.services.subjects import subject_of
from forum.services.versions import empty_version

_MODELS: dict[SubjectKind, type[Post | PaperVersion | Answer]] = {
    SubjectKind.POST: Post,
    SubjectKind.VERSION: PaperVersion,
    SubjectKind.ANSWER: Answer,
}
_SENT = frozenset({Status.PUBLISHED, Status.HIDDEN, Status.REJECTED, Status.RECEIVED})


@dataclass(slots=True)
class ErasedTexts:
    """What a person wrote, by what becomes of it."""

    subjects: list[tuple[SubjectKind, int]]
    """Everything that the person wrote, those of bodies and sealed ones too."""
    withdrawn: list[Subject]
    held: list[Subject]
    """Nobody decided on them yet: they are withdrawn unread."""
    drafts: list[PaperVersion]
    """Of papers that nobody else writes."""
    kept: int = 0
    of_bodies: int = 0

    def withdraw(self, session: Session, *, now: datetime) -> None:
        """Take the texts that go, and throw away the drafts."""
        for version in self.drafts:
            drop_draft(session, session.get_one(Paper, version.paper_id), version, now=now)
        for subject in [*self.held, *self.withdrawn]:
            if subject.row.status is not Status.WITHDRAWN:  # a translation may have gone with its original
                _withdraw(session, subject, now)

    def document_ids(self, session: Session) -> frozenset[str]:
        """Give the ids under which the index, and files of searches, know what the person wrote."""
        by_kind = _by_kind(self.subjects)
        found = {
            document_id(kind, public_id)
            for kind, model in _MODELS.items()
            for public_id in session.scalars(sa.select(model.public_id).where(model.id.in_(by_kind[kind])))
        }
        papers = sa.select(PaperVersion.paper_id).where(PaperVersion.id.in_(by_kind[SubjectKind.VERSION]))
        files = sa.select(Attachment.public_id).where(
            sa.or_(Attachment.paper_id.in_(papers), Attachment.answer_id.in_(by_kind[SubjectKind.ANSWER]))
        )
        return frozenset(found | {document_id(SubjectKind.ATTACHMENT, one) for one in session.scalars(files)})

    def count_naming(self, session: Session, names: Iterable[str]) -> int:
        """Count the published texts, by whomever, in which one of the names stands: a person has to look."""
        total = 0
        for model in _MODELS.values():
            text = sa.func.lower(model.text)
            named = sa.or_(sa.false(), *(text.contains(name, autoescape=True) for name in names))
            going = [s.row.id for s in [*self.withdrawn, *self.held] if isinstance(s.row, model)]
            statement = sa.select(sa.func.count()).where(
                named, model.status == Status.PUBLISHED, model.id.not_in(going)
            )
            total += session.scalar(statement) or 0
        return total


def find_texts(session: Session, account_id: int, keys: tuple[str, ...], choice: TextsChoice) -> ErasedTexts:
    """Sort what somebody wrote by what becomes of it, under a choice and the terms of each group."""
    subjects = [
        (SubjectKind(kind), subject_id)
        for kind, subject_id in session.execute(
            sa.select(Authorship.subject_kind, Authorship.subject_id)
            .where(Authorship.writer_key.in_(keys))
            .order_by(Authorship.subject_kind, Authorship.subject_id)
        )
        if SubjectKind(kind) in _MODELS
    ]
    found = ErasedTexts(subjects, [], [], _own_drafts(session, account_id))
    locked = _locked(session)
    for kind, ids in _by_kind(subjects).items():
        model = _MODELS[kind]
        for row in session.scalars(sa.select(model).where(model.id.in_(ids)).order_by(model.id)):
            _sort(session, found, subject_of(session, row), keys, choice, locked)
    return found


def _sort(
    session: Session,
    found: ErasedTexts,
    subject: Subject,
    keys: tuple[str, ...],
    choice: TextsChoice,
    locked: frozenset[tuple[SubjectKind, int]],
) -> None:
    row, group = subject.row, subject.group
    if is_sealed(group):
        return
    is_own = subject.writer_keys <= set(keys)
    is_locked = (subject.kind, row.id) in locked
    if row.status is Status.PENDING and is_own and not is_locked:
        found.held.append(subject)
    elif row.status in _SENT and not is_own:
        found.of_bodies += 1
    elif row.status in _SENT:
        goes = choice is TextsChoice.WITHDRAWN or group.former_texts is FormerTexts.WITHDRAWN
        if goes and not is_locked and row.status in {Status.PUBLISHED, Status.RECEIVED}:
            found.withdrawn.append(subject)
        else:
            found.kept += 1


def _by_kind(subjects: Iterable[tuple[SubjectKind, int]]) -> dict[SubjectKind, list[int]]:
    found: dict[SubjectKind, list[int]] = defaultdict(list)
    for kind, subject_id in subjects:
        found[kind].append(subject_id)
    return found


def _own_drafts(session: Session, account_id: int) -> list[PaperVersion]:
    """Drafts of positions that no organisation owns and nobody else writes."""
    another = sa.select(PaperAuthor.paper_id).where(
        PaperAuthor.account_id != account_id, PaperAuthor.ended_at.is_(None)
    )
    statement = (
        sa.select(PaperVersion)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .join(PaperAuthor, PaperAuthor.paper_id == Paper.id)
        .where(
            PaperAuthor.account_id == account_id,
            PaperVersion.status == Status.DRAFT,
            Paper.purpose == Purpose.POSITION,
            Paper.organisation_id.is_(None),
            Paper.id.not_in(sa.select(PaperOwner.paper_id)),
            Paper.id.not_in(another),
        )
    )
    return list(session.scalars(statement))


def _locked(session: Session) -> frozenset[tuple[SubjectKind, int]]:
    open_cases = sa.select(ProtectedCase.subject_kind, ProtectedCase.subject_id).where(
        ProtectedCase.released_at.is_(None)
    )
    return frozenset((SubjectKind(kind), subject_id) for kind, subject_id in session.execute(open_cases))


def _withdraw(session: Session, subject: Subject, now: datetime) -> None:
    row: Any = subject.row
    match subject.kind:
        case SubjectKind.POST:
            session.execute(sa.delete(PostRevision).where(PostRevision.post_id == row.id))
            if row.number == 1:
                session.execute(
                    sa.update(Suggestion)
                    .where(Suggestion.thread_id == row.thread_id)
                    .values(replacement="", words="")
                )
            empty_post(session, subject, now=now)
        case SubjectKind.VERSION:
            empty_version(session, subject, now=now)
        case SubjectKind.ANSWER:
            empty_answer(session, subject.group, row, now=now)
