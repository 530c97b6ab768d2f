"""Answers that were sent: reading one, listing them, withdrawing; submissions.py takes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer, AnswerReceipt, Publication, canonical_form
from forum.domain.attribution import ShownAs, SubjectKind
from forum.domain.consultations import Consultation
from forum.domain.groups import Group
from forum.domain.labels import Status, Tlp
from forum.domain.threads import WITHDRAWN_TITLE
from forum.errors import NotFound
from forum.policy import Action, Actor, visible_to
from forum.policy.subjects import Subject
from forum.services.answer_files import release_files
from forum.services.attribution import Byline, author_columns, join_author, present
from forum.services.chatham import is_sealed
from forum.services.paging import checked_place
from forum.services.questionnaires import Questionnaire, load_questionnaire
from forum.services.respondents import Respondent, stored_key
from forum.services.statuses import change_answer
from forum.services.subjects import get_subject

PER_PAGE = 50
SHOWN = (Status.RECEIVED, Status.PENDING, Status.PUBLISHED, Status.WITHDRAWN)
"""The statuses of answers in lists; what moderators removed has its page for its writers alone."""


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """An answer as a list shows it to one reader."""

    public_id: str
    byline: Byline
    shown_as: ShownAs | None
    status: Status
    tlp: Tlp
    publication: Publication
    number: int
    received_at: datetime
    is_late: bool
    language: str
    answered: int
    content_hash: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AnswerList:
    """One page of answers, the first received first."""

    lines: list[AnswerLine]
    page: int
    has_next: bool
    is_day_only: bool


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """One answer with what it answers."""

    answer: Answer
    subject: Subject
    consultation: Consultation
    questionnaire: Questionnaire
    byline: Byline
    is_day_only: bool


def withdraw_answer(
    session: Session, actor: Actor, slug: str, consultation_id: str, public_id: str, *, now: datetime
) -> Answer:
    """Withdraw an answer before it is published (first-person testimony at any time): its text goes."""
    page = get_answer(session, actor, slug, consultation_id, public_id, action=Action.WITHDRAW)
    empty_answer(session, page.subject.group, page.answer, now=now)
    return page.answer


def empty_answer(session: Session, group: Group, answer: Answer, *, now: datetime) -> None:
    """Take the text of an answer, its files and what its receipts say; the caller has asked who may."""
    answer.title = WITHDRAWN_TITLE
    answer.values, answer.text = {}, ""
    release_files(session, group, answer, now=now)
    session.execute(sa.update(AnswerReceipt).where(AnswerReceipt.answer_id == answer.id).values(canonical=""))
    change_answer(session, group, answer, Status.WITHDRAWN, now=now)


def get_answer(
    session: Session,
    actor: Actor,
    slug: str,
    consultation_id: str,
    public_id: str,
    *,
    action: Action = Action.READ,
) -> AnswerPage:
    """Give an answer of this consultation; NotFound where it may not be read or belongs elsewhere."""
    subject = get_subject(session, actor, SubjectKind.ANSWER, public_id, action)
    answer: Answer = subject.row
    consultation = subject.consultation
    assert consultation is not None
    if subject.group.slug != slug or consultation.public_id != consultation_id:
        raise NotFound
    author = session.execute(
        join_author(sa.select(*author_columns()).select_from(Answer), Answer).where(Answer.id == answer.id)
    ).one()
    return AnswerPage(
        answer=answer,
        subject=subject,
        consultation=consultation,
        questionnaire=load_questionnaire(session, consultation.id),
        byline=present(actor, subject.group, answer, author),
        is_day_only=is_sealed(subject.group) or answer.alias is not None,
    )


def count_answers(session: Session, actor: Actor, consultation: Consultation) -> int:
    """Give how many answers list_answers() has for the actor."""
    statement = sa.select(sa.func.count()).select_from(Answer)
    return (
        session.scalar(
            statement.where(
                Answer.consultation_id == consultation.id, Answer.status.in_(SHOWN), visible_to(actor, Answer)
            )
        )
        or 0
    )


def canonical_of(answer: Answer, consultation: Consultation) -> str:
    """Give the text that an answer's hash is of; of a withdrawn one NotFound, for its text is gone."""
    if answer.status is Status.WITHDRAWN:
        raise NotFound
    return canonical_form(consultation.public_id, answer.language, answer.values)


def find_own_answer(
    session: Session, group: Group, consultation: Consultation, respondent: Respondent, sealing_secret: bytes
) -> Answer | None:
    """Give what a respondent has sent, if anything; the caller asked who they are."""
    key = stored_key(group, respondent.key, sealing_secret)
    return session.scalars(
        sa.select(Answer).where(Answer.consultation_id == consultation.id, Answer.writer_key == key)
    ).first()


def list_answers(
    session: Session,
    actor: Actor,
    group: Group,
    consultation: Consultation,
    *,
    page: int = 1,
    per_page: int = PER_PAGE,
    after: str | None = None,
) -> AnswerList:
    """Give a page of the answers that the actor may read; one statement, one more for `after`."""
    statement = (
        join_author(sa.select(Answer, *author_columns()), Answer)
        .where(
            Answer.consultation_id == consultation.id,
            Answer.status.in_(SHOWN),
            visible_to(actor, Answer),
        )
        .order_by(Answer.id)
    )
    if after is not None:
        place = checked_place(
            session.scalar(
                sa.select(Answer.id).where(
                    Answer.public_id == after,
                    Answer.consultation_id == consultation.id,
                    visible_to(actor, Answer),
                )
            )
        )
        statement, page = statement.where(Answer.id > place), 1
    rows = session.execute(statement.limit(per_page + 1).offset((max(page, 1) - 1) * per_page)).all()
    lines = [line_of(actor, group, row) for row in rows[:per_page]]
    return AnswerList(lines, page, len(rows) > per_page, is_sealed(group))


def find_line(
    session: Session, actor: Actor, group: Group, consultation: Consultation, public_id: str
) -> AnswerLine:
    """Give one answer as a list shows it; NotFound where it may not be read."""
    row = session.execute(
        join_author(sa.select(Answer, *author_columns()), Answer).where(
            Answer.public_id == public_id,
            Answer.consultation_id == consultation.id,
            visible_to(actor, Answer),
        )
    ).first()
    if row is None:
        raise NotFound
    return line_of(actor, group, row)


def line_of(actor: Actor, group: Group, row: Any) -> AnswerLine:
    """Give an answer, selected with its author_columns(), as a list shows it."""
    answer: Answer = row.Answer
    return AnswerLine(
        public_id=answer.public_id,
        byline=present(actor, group, answer, row),
        shown_as=None if answer.alias is not None else answer.shown_as,
        status=answer.status,
        tlp=answer.tlp,
        publication=answer.publication,
        number=answer.number,
        received_at=answer.received_at,
        is_late=bool(answer.late_reason),
        language=answer.language,
        answered=len(answer.values),
        content_hash=answer.content_hash,
        values=answer.values,
    )
