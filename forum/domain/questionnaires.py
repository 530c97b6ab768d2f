"""Questionnaires: the questions of a consultation, in sections, and what an answer to each may be."""

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, PublicId
from forum.domain.text import normalise, one_line
from forum.domain.uploads import MAX_NAME
from forum.errors import Invalid

MAX_QUESTIONS = 100
MAX_SECTIONS = 20
MAX_OPTIONS = 40
MAX_ROWS = 40
MAX_PROMPT = 1_000
MAX_OPTION = 300
MAX_TEXT_ANSWER = 20_000
"""Characters of one free text at most; a question may ask for fewer."""
MAX_ANSWER = 120_000
"""Characters of a whole answer at most."""
DEFAULT_LIMIT = 4_000

Value = str | int | list[str] | dict[str, str]
"""An answer to one question as it is stored: text, key of an option, keys, number, row -> option, or of a
file its name and SHA-256."""


class QuestionKind(enum.StrEnum):
    """How a question is answered."""

    TEXT = "text"
    ONE = "one"
    SEVERAL = "several"
    SCALE = "scale"
    MATRIX = "matrix"
    FILE = "file"


WITH_OPTIONS = frozenset({QuestionKind.ONE, QuestionKind.SEVERAL, QuestionKind.MATRIX})


class Section(PublicId, Base):
    """A page of the questionnaire."""

    __tablename__ = "questionnaire_section"

    consultation_id: Mapped[int] = mapped_column(sa.ForeignKey("consultation.id"), index=True)
    position: Mapped[int]
    title: Mapped[str]
    intro: Mapped[str] = mapped_column(default="")


class Question(PublicId, Base):
    """One question; fixed once the consultation is open, for answers and their hashes rest on it."""

    __tablename__ = "question"
    __table_args__ = (sa.UniqueConstraint("consultation_id", "key"),)

    consultation_id: Mapped[int] = mapped_column(sa.ForeignKey("consultation.id"))
    section_id: Mapped[int] = mapped_column(sa.ForeignKey("questionnaire_section.id"), index=True)
    key: Mapped[str] = mapped_column(sa.String(12))
    """q1, q2 …: its name in answers, exports and the API; never given anew."""
    position: Mapped[int]
    kind: Mapped[QuestionKind]
    prompt: Mapped[str]
    help: Mapped[str] = mapped_column(default="")
    is_required: Mapped[bool] = mapped_column(default=False)
    options: Mapped[list[Any]] = mapped_column(default=list)
    """[[key, words]]: the choices, or a matrix's columns."""
    rows: Mapped[list[Any]] = mapped_column(default=list)
    """[[key, words]] of a matrix."""
    low: Mapped[int] = mapped_column(default=1)
    high: Mapped[int] = mapped_column(default=5)
    low_words: Mapped[str] = mapped_column(default="")
    high_words: Mapped[str] = mapped_column(default="")
    limit: Mapped[int] = mapped_column(default=DEFAULT_LIMIT)
    """Characters of a free text."""

    @property
    def scale(self) -> range:
        """The numbers of a scale."""
        return range(self.low, self.high + 1)


def read_lines(text: str, prefix: str, *, most: int, field: str) -> list[list[str]]:
    """Give the choices written one a line, as [[key, words]]; Invalid for none, too many or two alike."""
    lines = [" ".join(line.split()) for line in normalise(text).splitlines()]
    lines = [line for line in lines if line]
    if len(lines) < (2 if field == "options" else 1):
        raise Invalid("Write one a line, at least two choices or one row.", field=field)
    if len(lines) > most:
        raise Invalid("At most %(limit)d are taken here.", field=field, limit=most)
    if len({line.casefold() for line in lines}) < len(lines):
        raise Invalid("Two of them are the same.", field=field)
    if any(len(line) > MAX_OPTION for line in lines):
        raise Invalid("Up to %(limit)d characters a line.", field=field, limit=MAX_OPTION)
    return [[f"{prefix}{number}", line] for number, line in enumerate(lines, 1)]


def read_value(question: Question, raw: Any) -> Value | None:
    """Give an answer to a question in its stored form, None for no answer; Invalid for a wrong one."""
    match question.kind:
        case QuestionKind.TEXT:
            return _read_text(question, raw)
        case QuestionKind.ONE:
            return _read_one(question, raw)
        case QuestionKind.SEVERAL:
            return _read_several(question, raw)
        case QuestionKind.SCALE:
            return _read_scale(question, raw)
        case QuestionKind.MATRIX:
            return _read_matrix(question, raw)
        case QuestionKind.FILE:
            return _read_file(question, raw)


def _read_text(question: Question, raw: Any) -> str | None:
    if raw is None:
        return None
    if not isinstance(raw, str):
        raise _wrong(question)
    text = re.sub(r"[ \t]+\n", "\n", normalise(raw)).strip()
    if len(text) > question.limit:
        raise Invalid(
            "Up to %(limit)d characters are accepted here. Shorten it.",
            field=question.key,
            limit=question.limit,
        )
    return text or None


def _read_one(question: Question, raw: Any) -> str | None:
    if raw in (None, ""):
        return None
    if not isinstance(raw, str) or raw not in keys_of(question.options):
        raise _wrong(question)
    return raw


def _read_several(question: Question, raw: Any) -> list[str] | None:
    if raw in (None, "", []):
        return None
    known = keys_of(question.options)
    if not isinstance(raw, list) or not all(isinstance(one, str) and one in known for one in raw):
        raise _wrong(question)
    return [key for key in known if key in raw]


def _read_scale(question: Question, raw: Any) -> int | None:
    if raw in (None, ""):
        return None
    if isinstance(raw, str) and re.fullmatch(r"-?[0-9]{1,4}", raw):
        raw = int(raw)
    if not isinstance(raw, int) or isinstance(raw, bool) or raw not in question.scale:
        raise _wrong(question)
    return raw


def _read_matrix(question: Question, raw: Any) -> dict[str, str] | None:
    if raw in (None, "", {}):
        return None
    rows, columns = keys_of(question.rows), keys_of(question.options)
    if not isinstance(raw, dict):
        raise _wrong(question)
    chosen = {row: column for row, column in raw.items() if column not in (None, "")}
    if not all(row in rows and column in columns for row, column in chosen.items()):
        raise _wrong(question)
    return {row: chosen[row] for row in rows if row in chosen} or None


def _read_file(question: Question, raw: Any) -> dict[str, str] | None:
    """A file is named as it was sent: who sent it can check its hash, and bodies that send one agree."""
    if raw in (None, "", {}):
        return None
    if not isinstance(raw, dict) or set(raw) != {"name", "sha256"}:
        raise _wrong(question)
    name, digest = raw["name"], raw["sha256"]
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME or name != one_line(name):
        raise _wrong(question)
    if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise _wrong(question)
    return {"name": name, "sha256": digest}


def _wrong(question: Question) -> Invalid:
    return Invalid("Choose from what the question offers.", field=question.key)


def keys_of(pairs: Iterable[Sequence[str]]) -> list[str]:
    """Give the keys of options or rows, in their order."""
    return [key for key, _ in pairs]


def read_values(questions: Sequence[Question], raw: Mapping[str, Any]) -> dict[str, Value]:
    """Give all answers in their stored form, in the order of the questions; Invalid for a wrong one."""
    unknown = set(raw) - {question.key for question in questions}
    if unknown:
        raise Invalid("There is no such question: %(key)s.", key=min(unknown)[:40])
    values: dict[str, Value] = {}
    for question in questions:
        value = read_value(question, raw.get(question.key))
        if value is not None:
            values[question.key] = value
    if sum(len(value) for value in values.values() if isinstance(value, str)) > MAX_ANSWER:
        raise Invalid("Up to %(limit)d characters are accepted in all.", limit=MAX_ANSWER)
    return values


def find_missing(questions: Sequence[Question], values: Mapping[str, Any]) -> list[Question]:
    """Give the questions that have to be answered and are not; of a matrix every row."""
    return [
        question
        for question in questions
        if question.is_required
        and (
            question.key not in values
            or (question.kind is QuestionKind.MATRIX and len(values[question.key]) < len(question.rows))
        )
    ]


def words_of(question: Question, value: Any) -> list[str]:
    """Give an answer in words, a line each: the text, the options chosen, the number, row by row,
    the name of the file.
    """
    options = dict(question.options)
    match question.kind:
        case QuestionKind.TEXT:
            return [str(value)]
        case QuestionKind.ONE:
            return [options.get(value, str(value))]
        case QuestionKind.SEVERAL:
            return [options.get(key, key) for key in value]
        case QuestionKind.SCALE:
            return [str(value)]
        case QuestionKind.MATRIX:
            rows = dict(question.rows)
            return [f"{rows.get(row, row)}: {options.get(key, key)}" for row, key in value.items()]
        case QuestionKind.FILE:
            return [str(value["name"])]


def plain_text(questions: Sequence[Question], values: Mapping[str, Any]) -> str:
    """Give a whole answer as plain text, to be searched: each question that was answered, then the answer."""
    parts = []
    for question in questions:
        if question.key in values:
            parts.append("\n".join([question.prompt, *words_of(question, values[question.key])]))
    return "\n\n".join(parts)
