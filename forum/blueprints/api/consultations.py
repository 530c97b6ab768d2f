"""Consultations: those of a group, one with its questions, the answers one may read, sending an answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from forum.blueprints.api.answers import (
    AUTHOR,
    HTML,
    ID,
    LABEL,
    LANGUAGE,
    LANGUAGE_SHOWN,
    SIGNING,
    SLUG,
    STATUS,
    URL,
    author_of,
)
from forum.blueprints.api.schemas import (
    component,
    fields,
    flag,
    many,
    maybe,
    moment,
    one_of,
    page_of,
    text,
    whole,
)
from forum.blueprints.api.support import PAGING, Asked, call, maybe_utc, once, url, utc
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.support import now, received_at
from forum.domain.answers import Publication
from forum.domain.attribution import ShownAs, SubjectKind
from forum.domain.consultations import AnswersVisible, AnswerUnit, Consultation, ConsultationState, is_in_time
from forum.domain.consultations import Asked as WhoIsAsked
from forum.domain.questionnaires import MAX_TEXT_ANSWER, Question, QuestionKind
from forum.domain.uploads import MAX_NAME
from forum.errors import Invalid
from forum.extensions import db
from forum.policy.subjects import Subject
from forum.services.addresses import answer_path, consultation_path
from forum.services.answer_files import AnswerFile, has_files, list_answer_files
from forum.services.answers import AnswerLine, find_line, list_answers
from forum.services.chatham import is_sealed
from forum.services.consultations import ConsultationLine, list_consultations
from forum.services.groups import get_group
from forum.services.paging import checked_place
from forum.services.questionnaires import Questionnaire, load_questionnaire
from forum.services.respondents import OWN
from forum.services.subjects import get_subject
from forum.services.submissions import Submission, submit_answer

MAX_REQUEST = 2 * 1024 * 1024

_LINE = {
    "id": ID,
    "group": SLUG,
    "title": text(),
    "state": one_of(ConsultationState),
    "label": LABEL,
    "opens_at": maybe(moment()),
    "closes_at": maybe(moment("Answers that arrive until then are in time.")),
    "url": URL,
}
LINE = component("ConsultationLine", fields(_LINE))
CHOICE = component("Choice", fields({"key": text("As answers name it."), "words": text()}))
QUESTION = component(
    "Question",
    fields(
        {
            "key": text("As answers name it: q1, q2 …"),
            "section": text(),
            "kind": one_of(QuestionKind),
            "prompt": text(),
            "help": text(),
            "is_required": flag(),
            "options": many(CHOICE, "Of one, several, and the columns of a matrix."),
            "rows": many(CHOICE, "Of a matrix."),
            "low": maybe(whole("Of a scale.")),
            "high": maybe(whole("Of a scale.")),
            "limit": maybe(whole("Of a free text, in characters.")),
        }
    ),
)
CONSULTATION = component(
    "Consultation",
    fields(
        _LINE
        | {
            "html": HTML,
            "what_happens": text("With the answers, and when."),
            "asked": one_of(WhoIsAsked, "Who is asked."),
            "answer_unit": one_of(AnswerUnit, "For whom there is one answer."),
            "answers_visible": one_of(AnswersVisible),
            "time_zone": text("Of the clock that the dates were set by."),
            "takes_answers": flag("Now, if you are asked."),
            "questions": many(QUESTION),
            "synopsis_html": text("What the answers said."),
            "outcome_html": text("What was done."),
        }
    ),
)
_ROW = fields({"row": text("", 12), "option": text("", 12)})
_FILE = fields(
    {"name": text("", MAX_NAME), "sha256": text("Of the file as it was sent.", 64)},
    {"url": text("Where it is read, once it is checked.")},
)
_VALUE = fields(
    {"question": text("Its key.", 12)},
    {
        "text": text("For text.", MAX_TEXT_ANSWER),
        "option": text("For one.", 12),
        "options": many(text("", 12), "For several."),
        "number": whole("For scale.", 0, 10),
        "rows": many(_ROW, "For matrix."),
        "file": _FILE,
    },
)
VALUE = component("AnswerToQuestion", _VALUE)
ANSWER = component(
    "Answer",
    fields(
        {
            "id": ID,
            "consultation": ID,
            "version": whole("How often it was sent.", 1),
            "status": STATUS,
            "label": LABEL,
            "author": AUTHOR,
            "language": LANGUAGE_SHOWN,
            "is_confidential": flag("Never published."),
            "is_late": flag("Taken after the closing by the chair's decision."),
            "received_at": moment("When it arrived: moderation never makes it late."),
            "hash": text("SHA-256 of its canonical text."),
            "answers": many(VALUE),
            "url": URL,
        }
    ),
)


@call(
    "GET",
    "/groups/{slug}/consultations",
    "The consultations of a group: open, coming, then closed ones",
    answer=page_of(LINE),
    query=PAGING,
)
def index(asked: Asked, slug: str) -> dict[str, Any]:
    """Give a page of a group's consultations that this person may read."""
    session, actor = db.session(), current_actor()
    group = get_group(session, actor, slug)
    lines: list[ConsultationLine] = []
    page = 1
    while True:
        found = list_consultations(session, actor, group=group, page=page)
        if page == 1:
            lines += [*found.open, *found.coming, *found.prepared]
        lines += found.closed
        if not found.has_next:
            break
        page += 1
    start = 0
    if asked.cursor is not None:
        start = checked_place(
            next((place for place, line in enumerate(lines, 1) if line.public_id == asked.cursor), None)
        )
    shown = lines[start : start + asked.limit]
    has_more = len(lines) > start + asked.limit
    return {
        "items": [_line(line, line.group_slug) for line in shown],
        "next": shown[-1].public_id if has_more else None,
    }


def _line(row: ConsultationLine | Consultation, slug: str) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "group": slug,
        "title": row.title,
        "state": row.state,
        "label": row.tlp,
        "opens_at": maybe_utc(row.opens_at),
        "closes_at": maybe_utc(row.closes_at),
        "url": url(consultation_path(slug, row.public_id)),
    }


@call("GET", "/consultations/{consultation}", "A consultation with its questions", answer=CONSULTATION)
def show(_asked: Asked, consultation: str) -> dict[str, Any]:
    """Give a consultation."""
    subject = _subject(db.session(), consultation)
    row: Consultation = subject.row
    return _line(row, subject.group.slug) | {
        "html": row.html,
        "what_happens": row.what_happens,
        "asked": row.asked,
        "answer_unit": row.answer_unit,
        "answers_visible": row.answers_visible,
        "time_zone": row.time_zone,
        "takes_answers": row.state is ConsultationState.OPEN and is_in_time(row, received_at()),
        "questions": _questions(load_questionnaire(db.session(), row.id)),
        "synopsis_html": row.synopsis_html,
        "outcome_html": row.outcome_html,
    }


def _subject(session: Session, public_id: str) -> Subject:
    return get_subject(session, current_actor(), SubjectKind.CONSULTATION, public_id)


def _questions(questionnaire: Questionnaire) -> list[dict[str, Any]]:
    return [
        {
            "key": question.key,
            "section": part.section.title,
            "kind": question.kind,
            "prompt": question.prompt,
            "help": question.help,
            "is_required": question.is_required,
            "options": [{"key": key, "words": words} for key, words in question.options],
            "rows": [{"key": key, "words": words} for key, words in question.rows],
            "low": question.low if question.kind is QuestionKind.SCALE else None,
            "high": question.high if question.kind is QuestionKind.SCALE else None,
            "limit": question.limit if question.kind is QuestionKind.TEXT else None,
        }
        for part in questionnaire.sections
        for question in part.questions
    ]


@call(
    "GET",
    "/consultations/{consultation}/answers",
    "The answers that I may read, the first one first",
    answer=page_of(ANSWER),
    query=PAGING,
)
def answers(asked: Asked, consultation: str) -> dict[str, Any]:
    """Give a page of answers; before they are visible one's own, and to the secretariat all."""
    session = db.session()
    subject = _subject(session, consultation)
    found = list_answers(
        session, current_actor(), subject.group, subject.row, per_page=asked.limit, after=asked.cursor
    )
    questions = load_questionnaire(session, subject.row.id).questions
    return {
        "items": _answers(subject, found.lines, questions),
        "next": found.lines[-1].public_id if found.has_next else None,
    }


def _answers(
    subject: Subject, lines: Sequence[AnswerLine], questions: Sequence[Question]
) -> list[dict[str, Any]]:
    ids = [line.public_id for line in lines]
    files = list_answer_files(db.session(), current_actor(), ids) if has_files(questions) else {}
    return [_answer(subject, line, questions, files.get(line.public_id, {})) for line in lines]


def _answer(
    subject: Subject, line: AnswerLine, questions: Sequence[Question], files: Mapping[str, AnswerFile]
) -> dict[str, Any]:
    slug, asked = subject.group.slug, subject.row.public_id
    return {
        "id": line.public_id,
        "consultation": asked,
        "version": line.number,
        "status": line.status,
        "label": line.tlp,
        "author": author_of(line.byline),
        "language": line.language,
        "is_confidential": line.publication is Publication.CONFIDENTIAL,
        "is_late": line.is_late,
        "received_at": utc(line.received_at, day_only=is_sealed(subject.group)),
        "hash": line.content_hash,
        "answers": _values(questions, line.values, files),
        "url": url(answer_path(slug, asked, line.public_id)),
    }


_FIELDS = {
    QuestionKind.TEXT: "text",
    QuestionKind.ONE: "option",
    QuestionKind.SEVERAL: "options",
    QuestionKind.SCALE: "number",
    QuestionKind.MATRIX: "rows",
    QuestionKind.FILE: "file",
}


def _values(
    questions: Sequence[Question], values: Mapping[str, Any], files: Mapping[str, AnswerFile]
) -> list[dict[str, Any]]:
    found = []
    for question in questions:
        if question.key not in values:
            continue
        value = values[question.key]
        if question.kind is QuestionKind.MATRIX:
            value = [{"row": row, "option": option} for row, option in value.items()]
        elif question.key in files and files[question.key].url:
            value = value | {"url": url(files[question.key].url)}
        found.append({"question": question.key, _FIELDS[question.kind]: value})
    return found


def _sent(questions: Sequence[Question], sent: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give what was sent as the services take it; Invalid at the question for the wrong kind of answer."""
    kinds = {question.key: question.kind for question in questions}
    values: dict[str, Any] = {}
    for part in sent:
        key = part["question"]
        if key not in kinds:
            raise Invalid("There is no such question: %(key)s.", field="answers", key=key)
        if key in values:
            raise Invalid("This question was answered twice: %(key)s.", field="answers", key=key)
        if set(part) - {"question"} != {_FIELDS[kinds[key]]}:
            raise Invalid("Choose from what the question offers.", field=key)
        value = part[_FIELDS[kinds[key]]]
        if kinds[key] is QuestionKind.MATRIX:
            value = {one["row"]: one["option"] for one in value}
        elif kinds[key] is QuestionKind.FILE:
            # The file itself comes through the draft's page; here it is named.
            value = {"name": value["name"], "sha256": value["sha256"]}
        values[key] = value
    return values


@call(
    "POST",
    "/consultations/{consultation}/answers",
    "Send an answer",
    answer=ANSWER,
    status=201,
    body=fields(
        {"answers": many(_VALUE, "To each question that is answered.")},
        {
            "language": LANGUAGE,
            "is_confidential": flag("Not published: read by the consultation's secretariat alone."),
            **SIGNING,
        },
    ),
    renamed={"speaking_for": "organisation"},
    max_size=MAX_REQUEST,
)
def submit(asked: Asked, consultation: str) -> dict[str, Any]:
    """Send an answer, or its next version; in time if the request arrived in time."""
    body = asked.body

    def make(session: Session, actor: Any) -> str:
        subject = get_subject(session, actor, SubjectKind.CONSULTATION, consultation)
        questions = load_questionnaire(session, subject.row.id).questions
        found = submit_answer(
            session,
            actor,
            subject.group.slug,
            consultation,
            body.get("organisation", OWN),
            Submission(
                _sent(questions, body["answers"]),
                body.get("language", "en"),
                ShownAs(body["shown_as"]) if "shown_as" in body else None,
                Publication.CONFIDENTIAL if body.get("is_confidential") else Publication.PUBLISH,
            ),
            received_at=received_at(),
            now=now(),
            sealing_secret=sealing_secret(),
        )
        return found.answer.public_id

    public_id = once(make)
    session = db.session()
    subject = _subject(session, consultation)
    line = find_line(session, current_actor(), subject.group, subject.row, public_id)
    return _answers(subject, [line], load_questionnaire(session, subject.row.id).questions)[0]
