"""Answers as XLSX, CSV and JSON Lines: what the reader may read, with its authors as they may see them."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer
from forum.domain.consultations import Consultation
from forum.domain.groups import Group
from forum.domain.questionnaires import Question, QuestionKind, words_of
from forum.domain.spreadsheets import safe_cell
from forum.policy import Actor, visible_to
from forum.services.answer_files import AnswerFile, has_files, list_answer_files
from forum.services.answers import SHOWN, AnswerLine, line_of
from forum.services.attribution import author_columns, join_author
from forum.services.chatham import is_sealed
from forum.services.questionnaires import load_questionnaire

FORMATS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
}
"""The formats and their media types."""

_FACTS = (
    "id", "status", "version", "received_at", "late", "author", "organisation", "organisation_type",
    "country", "alias", "shown_as", "label", "confidential", "language", "hash",
)  # fmt: skip


def export_answers(
    session: Session, actor: Actor, group: Group, consultation: Consultation, form: str, *, base_url: str = ""
) -> bytes:
    """Give all answers that the actor may read in one of FORMATS; a file by its name and its address."""
    questions = load_questionnaire(session, consultation.id).questions
    records = list(_records(session, actor, group, consultation))
    if has_files(questions):
        files = list_answer_files(session, actor, [line.public_id for _, line in records])
        records = [
            (facts, _with_links(line, files.get(line.public_id, {}), base_url.rstrip("/")))
            for facts, line in records
        ]
    match form:
        case "jsonl":
            return b"".join(
                json.dumps(facts | {"answers": dict(line.values)}, ensure_ascii=False).encode() + b"\n"
                for facts, line in records
            )
        case "csv":
            return _csv(questions, records)
        case _:
            return _xlsx(questions, records)


def _with_links(line: AnswerLine, files: Mapping[str, AnswerFile], base_url: str) -> AnswerLine:
    """Add to each file's value where it is read, once it is checked."""
    urls = {key: {"url": base_url + file.url} for key, file in files.items() if file.url}
    values = {key: value | urls[key] if key in urls else value for key, value in line.values.items()}
    return replace(line, values=values)


def _records(
    session: Session, actor: Actor, group: Group, consultation: Consultation
) -> Iterator[tuple[dict[str, Any], AnswerLine]]:
    statement = (
        join_author(sa.select(Answer, *author_columns()), Answer)
        .where(Answer.consultation_id == consultation.id, Answer.status.in_(SHOWN), visible_to(actor, Answer))
        .order_by(Answer.id)
    )
    for row in session.execute(statement):
        line = line_of(actor, group, row)
        yield _facts(group, line), line


def _facts(group: Group, line: AnswerLine) -> dict[str, Any]:
    byline = line.byline
    at = line.received_at
    values = (
        line.public_id,
        line.status.value,
        line.number,
        at.date().isoformat() if is_sealed(group) else at.isoformat(),
        line.is_late,
        byline.name,
        byline.organisation,
        byline.stakeholder_type.value if byline.stakeholder_type else None,
        byline.country,
        byline.alias,
        line.shown_as.value if line.shown_as else None,
        line.tlp.value,
        line.publication.value == "confidential",
        line.language,
        line.content_hash,
    )
    return dict(zip(_FACTS, values, strict=True))


def _heads(questions: Sequence[Question]) -> list[str]:
    """A column a question, of a matrix one a row."""
    heads = []
    for question in questions:
        if question.kind is QuestionKind.MATRIX:
            heads += [f"{question.key} {question.prompt} [{words}]" for _, words in question.rows]
        else:
            heads.append(f"{question.key} {question.prompt}")
    return heads


def _cells(questions: Sequence[Question], line: AnswerLine) -> list[Any]:
    cells: list[Any] = []
    for question in questions:
        value = line.values.get(question.key)
        if question.kind is QuestionKind.MATRIX:
            options = dict(question.options)
            cells += [options.get((value or {}).get(row)) for row, _ in question.rows]
        elif value is None or question.kind is QuestionKind.SCALE:
            cells.append(value)
        elif question.kind is QuestionKind.FILE:
            cells.append(" ".join(filter(None, (value["name"], value.get("url")))))
        else:
            cells.append("; ".join(words_of(question, value)))
    return cells


def _table(
    questions: Sequence[Question], records: Sequence[tuple[dict[str, Any], AnswerLine]]
) -> Iterator[list[Any]]:
    yield [safe_cell(head) for head in (*_FACTS, *_heads(questions))]
    for facts, line in records:
        yield [safe_cell(cell) for cell in (*facts.values(), *_cells(questions, line))]


def _csv(questions: Sequence[Question], records: Sequence[tuple[dict[str, Any], AnswerLine]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(_table(questions, records))
    return text.getvalue().encode("utf-8-sig")


def _xlsx(questions: Sequence[Question], records: Sequence[tuple[dict[str, Any], AnswerLine]]) -> bytes:
    from openpyxl import Workbook  # for those who ask

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Answers")
    for row in _table(questions, records):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
