"""The demonstration's questionnaires and their answers: nouns, and reading them from a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forum.domain.answers import Publication
from forum.domain.attribution import ShownAs
from forum.domain.datafile import Table
from forum.domain.questionnaires import (
    MAX_OPTIONS,
    MAX_ROWS,
    WITH_OPTIONS,
    Question,
    QuestionKind,
    find_missing,
    read_lines,
    read_values,
)
from forum.errors import Invalid


@dataclass(frozen=True)
class SectionOf:
    """One page of questions; their keys are q1, q2 … through the whole questionnaire."""

    title: str
    intro: str
    questions: tuple[Mapping[str, Any], ...]
    """The columns of each question."""


@dataclass(frozen=True)
class AnswerOf:
    """What a body or a person sent. `speaking_for` is empty where somebody speaks in their own capacity.

    `is_draft` where it was begun and not sent.
    """

    by: str
    speaking_for: str
    shown_as: ShownAs
    publication: Publication
    days_ago: float
    is_draft: bool
    values: Mapping[str, Any]


@dataclass(frozen=True)
class QuestionnaireOf:
    """What a consultation asks, and what came back."""

    sections: tuple[SectionOf, ...] = ()
    answers: tuple[AnswerOf, ...] = ()
    synopsis: str = ""
    outcome: str = ""
    reminder_days: tuple[int, ...] = ()

    def questions(self) -> list[Question]:
        """Give the questions as rows, which belong to no consultation yet."""
        return [Question(**columns) for section in self.sections for columns in section.questions]


def read_questionnaire(table: Table, shown_as: ShownAs, mandates: Mapping[str, str]) -> QuestionnaireOf:
    """Read sections, answers, synopsis and outcome from a consultation's table; faults name file and place.

    `shown_as` is what the charter offers first, `mandates` the first body of each person.
    """
    sections: list[SectionOf] = []
    number = 0
    for row in table.tables("sections", "title"):
        questions = []
        for part in row.tables("questions", "prompt", required=True):
            number += 1
            questions.append(_question(part, number))
        sections.append(SectionOf(row.text("title"), row.text("intro", ""), tuple(questions)))
        row.finish()
    found = QuestionnaireOf(
        sections=tuple(sections),
        synopsis=table.text("synopsis", ""),
        outcome=table.text("outcome", ""),
        reminder_days=table.wholes("reminder_days") if "reminder_days" in table else (),
    )
    asked = found.questions()
    answers = tuple(_answer(row, asked, shown_as, mandates) for row in table.tables("answers", "by"))
    return QuestionnaireOf(found.sections, answers, found.synopsis, found.outcome, found.reminder_days)


def _question(table: Table, number: int) -> dict[str, Any]:
    # Made-up answers bring no files.
    kinds = [one.value for one in QuestionKind if one is not QuestionKind.FILE]
    kind = QuestionKind(table.choice("kind", kinds))
    columns: dict[str, Any] = {
        "key": f"q{number}",
        "position": number,
        "kind": kind,
        "prompt": table.text("prompt"),
        "help": table.text("help", ""),
        "is_required": table.flag("required", False),
        "options": [],
        "rows": [],
        "low": table.whole("low", 1),
        "high": table.whole("high", 5),
        "low_words": table.text("low_words", ""),
        "high_words": table.text("high_words", ""),
        "limit": table.whole("limit", 4000),
    }
    try:
        if kind in WITH_OPTIONS:
            lines = "\n".join(table.texts("options", required=True))
            columns["options"] = read_lines(lines, "o", most=MAX_OPTIONS, field="options")
        if kind is QuestionKind.MATRIX:
            lines = "\n".join(table.texts("rows", required=True))
            columns["rows"] = read_lines(lines, "r", most=MAX_ROWS, field="rows")
    except Invalid as error:
        raise table.fault(error.field or "kind", error.message) from None
    table.finish()
    return columns


def _answer(table: Table, asked: list[Question], shown_as: ShownAs, mandates: Mapping[str, str]) -> AnswerOf:
    by = table.slug("by")
    is_draft = table.flag("draft", False)
    try:
        values = read_values(asked, table.table("values").everything())
    except Invalid as error:
        raise table.fault("values", f"{error.field or ''} {error.message}".strip()) from None
    missing = [] if is_draft else find_missing(asked, values)
    if missing:
        raise table.fault("values", f"lack {missing[0].key}, which has to be answered")
    answer = AnswerOf(
        by=by,
        speaking_for=table.slug("speaking_for", mandates.get(by, "")),
        shown_as=ShownAs(table.choice("shown_as", [one.value for one in ShownAs], shown_as.value)),
        publication=Publication(
            table.choice("publication", [one.value for one in Publication], Publication.PUBLISH.value)
        ),
        days_ago=table.number("days_ago"),
        is_draft=is_draft,
        values=values,
    )
    table.finish()
    return answer
