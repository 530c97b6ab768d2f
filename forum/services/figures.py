"""Figures: counts per question and by stakeholder type, over the answers that a reader may read alone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer
from forum.domain.consultations import Consultation
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.organisations import MemberBody, StakeholderType
from forum.domain.papers import Paper, PaperOwner, PaperVersion
from forum.domain.questionnaires import Question, QuestionKind
from forum.policy import Actor, visible_to
from forum.services.chatham import is_sealed
from forum.services.questionnaires import load_questionnaire
from forum.services.signatures import list_signing

_COUNTED = (Status.RECEIVED, Status.PUBLISHED)


@dataclass(frozen=True, slots=True)
class Row:
    """One choice (or number of a scale): how many chose it, and by type where types are shown."""

    words: str
    count: int
    share: int
    """Percent of those who answered the question, rounded."""
    by_type: Mapping[StakeholderType | None, int]


@dataclass(frozen=True, slots=True)
class QuestionFigures:
    """What a question was answered with."""

    question: Question
    answered: int
    rows: Sequence[Row] = ()
    tables: Sequence[tuple[str, Sequence[Row]]] = ()
    """Of a matrix: (row, its choices)."""
    mean: float | None = None
    """Of a scale."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of a consultation for one reader."""

    answers: int
    texts: int
    """Different texts: the same one sent by several bodies is one, of a coalition."""
    bodies: int
    umbrellas: int
    """Bodies that answered beside an umbrella of theirs."""
    papers: int
    paper_bodies: int
    types: Mapping[StakeholderType | None, int]
    questions: Sequence[QuestionFigures] = field(default_factory=tuple)
    with_types: bool = True
    """False under the Chatham House Rule, where types may point at somebody."""


def load_figures(session: Session, actor: Actor, group: Group, consultation: Consultation) -> Figures:
    """Give the figures over what the actor may read: nothing is counted that they may not know of."""
    rows = session.execute(
        sa.select(
            Answer.values, Answer.stakeholder_type, Answer.organisation_id, Answer.content_hash, Answer.id
        ).where(
            Answer.consultation_id == consultation.id,
            Answer.status.in_(_COUNTED),
            visible_to(actor, Answer),
        )
    ).all()
    bodies = {row.organisation_id for row in rows if row.organisation_id is not None}
    papers, owners = _papers(session, actor, consultation)
    questions = load_questionnaire(session, consultation.id).questions
    return Figures(
        answers=len(rows),
        texts=len({row.content_hash for row in rows}),
        bodies=len(bodies),
        umbrellas=_count_under_umbrellas(session, bodies | owners),
        papers=papers,
        paper_bodies=len(owners),
        types=_by_type(rows),
        questions=[_question(question, rows) for question in questions],
        with_types=not is_sealed(group),
    )


def _papers(session: Session, actor: Actor, consultation: Consultation) -> tuple[int, set[int]]:
    """How many papers answer it, and the bodies behind them: a joint position is one text of N bodies.

    Those that own a paper, and those that signed its newest version.
    """
    versions = (
        sa.select(Paper.id, PaperVersion.id)
        .join(PaperVersion, PaperVersion.paper_id == Paper.id)
        .where(
            Paper.consultation_id == consultation.id,
            PaperVersion.status.in_(_COUNTED),
            visible_to(actor, PaperVersion),
        )
        .order_by(PaperVersion.number)
    )
    newest = {paper_id: version_id for paper_id, version_id in session.execute(versions)}  # noqa: C416
    owners = session.scalars(sa.select(PaperOwner.organisation_id).where(PaperOwner.paper_id.in_(newest)))
    return len(newest), set(owners) | list_signing(session, list(newest.values()))


def _count_under_umbrellas(session: Session, bodies: set[int]) -> int:
    under = sa.select(sa.func.count(sa.distinct(MemberBody.member_id))).where(
        MemberBody.member_id.in_(bodies), MemberBody.umbrella_id.in_(bodies)
    )
    return session.scalar(under) or 0 if bodies else 0


def _by_type(rows: Sequence[Any]) -> dict[StakeholderType | None, int]:
    counts = Counter(row.stakeholder_type for row in rows)
    return dict(counts.most_common())


def _question(question: Question, rows: Sequence[Any]) -> QuestionFigures:
    given = [(row.values[question.key], row) for row in rows if question.key in row.values]
    if question.kind in {QuestionKind.TEXT, QuestionKind.FILE}:
        return QuestionFigures(question, len(given))
    if question.kind is QuestionKind.MATRIX:
        tables = []
        for key, words in question.rows:
            chosen = [([value[key]], row) for value, row in given if key in value]
            tables.append((words, _rows(question.options, chosen)))
        return QuestionFigures(question, len(given), tables=tables)
    options = (
        [[str(number), str(number)] for number in question.scale]
        if question.kind is QuestionKind.SCALE
        else question.options
    )
    chosen = [(value if question.kind is QuestionKind.SEVERAL else [str(value)], row) for value, row in given]
    mean = None
    if question.kind is QuestionKind.SCALE and given:
        mean = round(sum(value for value, _ in given) / len(given), 2)
    return QuestionFigures(question, len(given), rows=_rows(options, chosen), mean=mean)


def _rows(options: Sequence[Sequence[str]], chosen: Sequence[tuple[list[str], Any]]) -> list[Row]:
    found = []
    for key, words in options:
        mine = [row for keys, row in chosen if key in keys]
        share = round(100 * len(mine) / len(chosen)) if chosen else 0
        found.append(Row(words, len(mine), share, _by_type(mine)))
    return found
