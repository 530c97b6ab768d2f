"""Questionnaires: reading the sections and questions of a consultation, and changing them before it opens."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.consultations import Consultation, ConsultationState
from forum.domain.questionnaires import (
    MAX_OPTIONS,
    MAX_PROMPT,
    MAX_QUESTIONS,
    MAX_ROWS,
    MAX_SECTIONS,
    MAX_TEXT_ANSWER,
    WITH_OPTIONS,
    Question,
    QuestionKind,
    Section,
    read_lines,
)
from forum.domain.text import checked_title, normalise
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor
from forum.policy.subjects import Subject
from forum.services.consultations import get_consultation


@dataclass(frozen=True, slots=True)
class SectionOf:
    """A section with its questions, in their order."""

    section: Section
    questions: list[Question]


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """All that a consultation asks."""

    sections: list[SectionOf]

    @property
    def questions(self) -> list[Question]:
        """Every question, in order."""
        return [question for part in self.sections for question in part.questions]

    @property
    def pages(self) -> list[SectionOf]:
        """The sections that have questions: a page each."""
        return [part for part in self.sections if part.questions]


@dataclass(frozen=True, slots=True)
class QuestionText:
    """What a question's form holds."""

    section: str
    """Public id of the section."""
    kind: QuestionKind
    prompt: str
    help: str = ""
    is_required: bool = False
    options: str = ""
    """One a line."""
    rows: str = ""
    low: int = 1
    high: int = 5
    low_words: str = ""
    high_words: str = ""
    limit: int = 4_000


def load_questionnaire(session: Session, consultation_id: int) -> Questionnaire:
    """Give sections and questions, for whoever may read the consultation; two statements."""
    sections = session.scalars(
        sa.select(Section).where(Section.consultation_id == consultation_id).order_by(Section.position)
    ).all()
    if not sections:
        return Questionnaire([])
    questions = session.scalars(
        sa.select(Question).where(Question.consultation_id == consultation_id).order_by(Question.position)
    ).all()
    return Questionnaire(
        [SectionOf(one, [q for q in questions if q.section_id == one.id]) for one in sections]
    )


def get_editable(session: Session, actor: Actor, slug: str, consultation_id: str) -> Subject:
    """Give a consultation whose questions the actor may change; NotAllowed once it takes answers."""
    subject = get_consultation(session, actor, slug, consultation_id, Action.MANAGE_CONSULTATIONS)
    if subject.row.state is not ConsultationState.DRAFT:
        raise NotAllowed("Questions are fixed once a consultation is open: answers rest on them.")
    return subject


def add_section(
    session: Session, actor: Actor, slug: str, consultation_id: str, *, title: str, intro: str = ""
) -> Section:
    """Add a section at the end."""
    consultation: Consultation = get_editable(session, actor, slug, consultation_id).row
    count = _count(session, Section, consultation)
    if count >= MAX_SECTIONS:
        raise Invalid("At most %(limit)d sections.", limit=MAX_SECTIONS)
    section = Section(
        consultation_id=consultation.id,
        position=_next_position(session, Section, consultation),
        title=checked_title(title),
        intro=_checked(intro, "intro"),
    )
    session.add(section)
    session.flush()
    return section


def edit_section(
    session: Session, actor: Actor, slug: str, consultation_id: str, public_id: str, *, title: str, intro: str
) -> Section:
    """Change a section's title and introduction."""
    consultation: Consultation = get_editable(session, actor, slug, consultation_id).row
    section = find_section(session, consultation, public_id)
    section.title, section.intro = checked_title(title), _checked(intro, "intro")
    session.flush()
    return section


def add_question(
    session: Session, actor: Actor, slug: str, consultation_id: str, text: QuestionText
) -> Question:
    """Add a question at the end of its section; its key is never given anew."""
    consultation: Consultation = get_editable(session, actor, slug, consultation_id).row
    if _count(session, Question, consultation) >= MAX_QUESTIONS:
        raise Invalid("At most %(limit)d questions.", limit=MAX_QUESTIONS)
    keys = session.scalars(sa.select(Question.key).where(Question.consultation_id == consultation.id))
    last = max((int(key[1:]) for key in keys), default=0)
    question = Question(
        consultation_id=consultation.id,
        key=f"q{last + 1}",
        position=_next_position(session, Question, consultation),
    )
    _write(session, consultation, question, text)
    session.add(question)
    session.flush()
    return question


def edit_question(
    session: Session, actor: Actor, slug: str, consultation_id: str, key: str, text: QuestionText
) -> Question:
    """Change a question of a consultation that is not open yet."""
    consultation: Consultation = get_editable(session, actor, slug, consultation_id).row
    question = find_question(session, consultation, key)
    _write(session, consultation, question, text)
    session.flush()
    return question


def remove_question(session: Session, actor: Actor, slug: str, consultation_id: str, key: str) -> None:
    """Take a question out."""
    consultation: Consultation = get_editable(session, actor, slug, consultation_id).row
    session.delete(find_question(session, consultation, key))
    session.flush()


def remove_section(session: Session, actor: Actor, slug: str, consultation_id: str, public_id: str) -> None:
    """Take an empty section out; Invalid while it has questions."""
    consultation: Consultation = get_editable(session, actor, slug, consultation_id).row
    section = find_section(session, consultation, public_id)
    if session.scalar(sa.select(Question.id).where(Question.section_id == section.id).limit(1)):
        raise Invalid("Take its questions out or move them first.")
    session.delete(section)
    session.flush()


def move_question(
    session: Session, actor: Actor, slug: str, consultation_id: str, key: str, *, up: bool
) -> None:
    """Put a question before the one above it (or after the one below) in its section."""
    consultation: Consultation = get_editable(session, actor, slug, consultation_id).row
    question = find_question(session, consultation, key)
    order = session.scalars(
        sa.select(Question).where(Question.section_id == question.section_id).order_by(Question.position)
    ).all()
    _swap(list(order), question, up)
    session.flush()


def move_section(
    session: Session, actor: Actor, slug: str, consultation_id: str, public_id: str, *, up: bool
) -> None:
    """Put a section before the one above it, or after the one below."""
    consultation: Consultation = get_editable(session, actor, slug, consultation_id).row
    section = find_section(session, consultation, public_id)
    order = session.scalars(
        sa.select(Section).where(Section.consultation_id == consultation.id).order_by(Section.position)
    ).all()
    _swap(list(order), section, up)
    session.flush()


def _swap(order: list[Any], one: Any, up: bool) -> None:
    place = order.index(one) + (-1 if up else 1)
    if 0 <= place < len(order):
        other = order[place]
        one.position, other.position = other.position, one.position


def find_section(session: Session, consultation: Consultation, public_id: str) -> Section:
    """Give a section of this consultation; NotFound where it has no such one."""
    section = session.scalars(
        sa.select(Section).where(Section.consultation_id == consultation.id, Section.public_id == public_id)
    ).first()
    if section is None:
        raise NotFound
    return section


def find_question(session: Session, consultation: Consultation, key: str) -> Question:
    """Give a question of this consultation; NotFound where it has no such one."""
    question = session.scalars(
        sa.select(Question).where(Question.consultation_id == consultation.id, Question.key == key)
    ).first()
    if question is None:
        raise NotFound
    return question


def _write(session: Session, consultation: Consultation, question: Question, text: QuestionText) -> None:
    try:
        section = find_section(session, consultation, text.section)
    except NotFound:
        raise Invalid("Choose one of the sections.", field="section") from None
    question.section_id, question.kind = section.id, text.kind
    question.prompt = _checked(text.prompt, "prompt")
    if not question.prompt:
        raise Invalid("Write the question.", field="prompt")
    question.help, question.is_required = _checked(text.help, "help"), text.is_required
    has_options = text.kind in WITH_OPTIONS
    question.options = read_lines(text.options, "o", most=MAX_OPTIONS, field="options") if has_options else []
    is_matrix = text.kind is QuestionKind.MATRIX
    question.rows = read_lines(text.rows, "r", most=MAX_ROWS, field="rows") if is_matrix else []
    if text.kind is QuestionKind.SCALE and not (0 <= text.low < text.high <= 10):
        raise Invalid("A scale begins at 0 or later, and ends at 10 or before.", field="high")
    question.low, question.high = text.low, text.high
    question.low_words, question.high_words = (
        _checked(text.low_words, "low_words"),
        _checked(text.high_words, "high_words"),
    )
    if not 50 <= text.limit <= MAX_TEXT_ANSWER:
        raise Invalid("From 50 to %(limit)d characters.", field="limit", limit=MAX_TEXT_ANSWER)
    question.limit = text.limit


def _checked(text: str, field: str) -> str:
    text = normalise(text).strip()
    if len(text) > MAX_PROMPT:
        raise Invalid(
            "Up to %(limit)d characters are accepted here. Shorten it.", field=field, limit=MAX_PROMPT
        )
    return text


def _count(session: Session, model: Any, consultation: Consultation) -> int:
    statement = sa.select(sa.func.count()).select_from(model)
    return session.scalar(statement.where(model.consultation_id == consultation.id)) or 0


def _next_position(session: Session, model: Any, consultation: Consultation) -> int:
    last = sa.select(sa.func.max(model.position)).where(model.consultation_id == consultation.id)
    return (session.scalar(last) or 0) + 1
