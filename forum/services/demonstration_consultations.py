"""Loading the demonstration's consultations: what is asked, what came back, and what was done with it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from forum.domain import demonstration as demo
from forum.domain.answers import Answer, AnswerDraft, AnswerReceipt, Publication, canonical_form, content_hash
from forum.domain.attribution import SubjectKind
from forum.domain.consultations import AnswersVisible, Consultation, ConsultationState
from forum.domain.demonstration_questionnaires import AnswerOf
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.organisations import Organisation
from forum.domain.questionnaires import Question, Section, plain_text
from forum.services.chatham import is_sealed
from forum.services.consultations import enqueue_dates
from forum.services.demonstration import Places
from forum.services.labels import label_columns, relabel
from forum.services.sealing import account_key, organisation_key
from forum.services.subjects import record_authorship


def load_consultation(
    session: Session, group: Group, content: demo.Consultation, places: Places, stages: Mapping[str, int]
) -> Consultation:
    """Write a consultation with its questions and answers; nothing is sent in a Chatham House group."""
    why = places.rendered["post", content.why]
    closes_at = places.deadline(content.closes_in_days)
    row = Consultation(
        group_id=group.id,
        stage_id=stages.get(content.stage),
        title=content.title,
        source=why.source,
        html=why.html,
        text=why.text,
        what_happens=content.what_happens,
        state=ConsultationState.OPEN if content.is_open else ConsultationState.CLOSED,
        answers_visible=content.answers_visible,
        reminder_days=list(content.questionnaire.reminder_days),
        opens_at=places.ago(content.opened_days_ago),
        closes_at=closes_at,
        closed_at=None if content.is_open else closes_at,
        created_by_id=places.people[content.by].id,
        created_at=places.ago(content.opened_days_ago),
        **label_columns(group, Status.PUBLISHED, content.tlp),
    )
    if content.questionnaire.synopsis:
        synopsis = places.rendered["post", content.questionnaire.synopsis]
        row.synopsis_source, row.synopsis_html = synopsis.source, synopsis.html
        row.synopsis_text, row.concluded_at = synopsis.text, closes_at
    if content.questionnaire.outcome:
        outcome = places.rendered["post", content.questionnaire.outcome]
        row.outcome_source, row.outcome_html, row.outcome_text = outcome.source, outcome.html, outcome.text
    session.add(row)
    session.flush()
    questions = _questions(session, row, content)
    if not is_sealed(group):
        for answer in content.questionnaire.answers:
            (_draft if answer.is_draft else _answer)(session, group, row, questions, answer, places)
    if content.is_open:
        enqueue_dates(session, row, now=places.now)
    return row


def _questions(session: Session, row: Consultation, content: demo.Consultation) -> list[Question]:
    questions = []
    for position, part in enumerate(content.questionnaire.sections, 1):
        section = Section(consultation_id=row.id, position=position, title=part.title, intro=part.intro)
        session.add(section)
        session.flush()
        questions += [
            Question(consultation_id=row.id, section_id=section.id, **columns) for columns in part.questions
        ]
    session.add_all(questions)
    session.flush()
    return questions


def _body(content: AnswerOf, places: Places) -> Organisation | None:
    return places.organisations[content.speaking_for] if content.speaking_for else None


def _key(content: AnswerOf, places: Places) -> str:
    body = _body(content, places)
    return organisation_key(body.id) if body else account_key(places.people[content.by].id)


def _status(row: Consultation, content: AnswerOf) -> Status:
    is_waiting = row.state is ConsultationState.OPEN and row.answers_visible is not AnswersVisible.AT_ONCE
    if content.publication is Publication.CONFIDENTIAL or is_waiting:
        return Status.RECEIVED
    return Status.PUBLISHED


def _published_at(row: Consultation, status: Status, received_at: datetime) -> datetime | None:
    if status is not Status.PUBLISHED:
        return None
    return received_at if row.answers_visible is AnswersVisible.AT_ONCE else row.closed_at


def _answer(
    session: Session,
    group: Group,
    row: Consultation,
    questions: list[Question],
    content: AnswerOf,
    places: Places,
) -> None:
    author, body, at = places.people[content.by], _body(content, places), places.ago(content.days_ago)
    canonical = canonical_form(row.public_id, "en", content.values)
    status = _status(row, content)
    answer = Answer(
        consultation_id=row.id,
        group_id=group.id,
        writer_key=_key(content, places),
        title=row.title,
        publication=content.publication,
        content_hash=content_hash(canonical),
        values=dict(content.values),
        text=plain_text(questions, content.values),
        status=status,
        tlp=row.tlp,
        audience="",
        own="",
        author_id=author.id,
        organisation_id=body.id if body else None,
        stakeholder_type=body.type if body else places.personal[content.by].personal_type,
        country=body.country if body else places.personal[content.by].country or None,
        shown_as=content.shown_as,
        is_testimony=bool(body and body.represents_survivors),
        received_at=at,
        created_at=at,
        edited_at=at,
        published_at=_published_at(row, status, at),
    )
    session.add(answer)
    session.flush()
    session.add(
        AnswerReceipt(
            answer_id=answer.id,
            number=1,
            received_at=at,
            content_hash=answer.content_hash,
            submitted_by_id=author.id,
            canonical=canonical,
        )
    )
    record_authorship(session, SubjectKind.ANSWER, answer.id, [account_key(author.id), answer.writer_key])
    relabel(session, group, answer, now=places.now)


def _draft(
    session: Session,
    _group: Group,
    row: Consultation,
    _questions: list[Question],
    content: AnswerOf,
    places: Places,
) -> None:
    at = places.ago(content.days_ago)
    by = places.people[content.by].public_id
    entries = {
        key: {"value": value, "version": 1, "by": by, "at": at.isoformat()}
        for key, value in content.values.items()
    }
    session.add(
        AnswerDraft(
            consultation_id=row.id,
            writer_key=_key(content, places),
            entries=entries,
            created_at=at,
            edited_at=at,
        )
    )
