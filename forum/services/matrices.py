"""What an ended round came to: the matrix of solutions and criteria, and the reasons behind each cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.assessments import Assessment, SolutionThread
from forum.domain.catalogues import Cell, cells_of
from forum.domain.groups import Group, Seat, SeatKind
from forum.domain.labels import Status, Tlp
from forum.domain.ratings import Summary, rating_of, summarise
from forum.domain.threads import Thread
from forum.policy import Actor, visible_to
from forum.services.addresses import thread_path
from forum.services.attribution import Byline, author_columns, join_author, present
from forum.services.catalogues import Assessed
from forum.services.chatham import is_sealed


@dataclass(frozen=True, slots=True)
class AssessmentLine:
    """One seat's assessment as a reader may see it."""

    public_id: str
    byline: Byline
    seat_title: str
    """Of a common interest, which has neither body nor country."""
    values: Mapping[str, Any]
    earlier: Mapping[str, Any]
    """What the same seat gave in the round before."""
    country: str
    number: int
    tlp: Tlp
    at: datetime
    is_newest: bool
    may_flag: bool = False
    is_carried: bool = False
    """Given in an earlier round: the seat gave nothing in this one."""

    def rating(self, cell: str) -> int | None:
        """Give the rating of a cell; None for no view or where it was left out."""
        return rating_of(self.values.get(cell))

    def has(self, cell: str) -> bool:
        """Whether the seat said something of a cell."""
        return cell in self.values

    def change(self, cell: str) -> tuple[int | None, int | None] | None:
        """Give a cell's rating before and now, where it was given before and is another now."""
        if cell not in self.earlier or cell not in self.values:
            return None
        before, now = rating_of(self.earlier[cell]), self.rating(cell)
        return (before, now) if before != now else None


@dataclass(frozen=True, slots=True)
class Matrix:
    """A round: the assessments that the reader reads, and what they come to, cell by cell."""

    cells: Sequence[Cell]
    lines: Sequence[AssessmentLine]
    summaries: Mapping[str, Summary]
    discussions: Mapping[str, str]
    """Solution -> the address of the discussion of its differences, where the reader reads it."""


def load_matrix(session: Session, actor: Actor, assessed: Assessed, number: int) -> Matrix:
    """Give what a round that has ended came to, for one reader; NotFound for any other. Three statements.

    A seat that gave nothing in it stands by what it gave in the round before.
    """
    assessed.get_round(number)
    by_seat: dict[str, list[Any]] = {}
    of_rounds = sa.and_(Assessment.round <= number, Assessment.round > 0)
    for row in _rows(session, actor, assessed, of_rounds):
        by_seat.setdefault(row.Assessment.writer_key, []).append(row)
    lines = sorted((_newest(actor, assessed.group, rows, number) for rows in by_seat.values()), key=_order)
    cells = cells_of(assessed.catalogue)
    return Matrix(
        cells=cells,
        lines=lines,
        summaries={cell.key: _summary(lines, cell.key) for cell in cells},
        discussions=_discussions(session, actor, assessed, number),
    )


def _newest(actor: Actor, group: Group, rows: Sequence[Any], number: int) -> AssessmentLine:
    """A seat's newest assessment, with what it gave before.

    Under the Chatham House Rule nothing says that it is of an earlier round: chair and secretariat know which
    seats were missing, and would know by it whose alias it is.
    """
    newest, *before = sorted(rows, key=lambda row: -row.Assessment.round)
    is_carried = newest.Assessment.round < number
    earlier = before[0].Assessment.values if before and not is_carried else {}
    line = _line(actor, group, newest, earlier)
    return replace(line, is_carried=is_carried and not is_sealed(group))


def _order(line: AssessmentLine) -> tuple[str, str]:
    """By what readers are shown: an order of time or of ids would say who came first."""
    byline = line.byline
    return (byline.alias or byline.organisation or line.seat_title or byline.country or "").casefold(), ""


def _summary(lines: Sequence[AssessmentLine], cell: str) -> Summary:
    given = [line for line in lines if line.has(cell)]
    return summarise(
        [line.rating(cell) for line in given], changed=sum(line.change(cell) is not None for line in given)
    )


def _rows(
    session: Session, actor: Actor, assessed: Assessed, condition: sa.ColumnElement[bool]
) -> Sequence[Any]:
    """Assessments that were published, and that the actor reads, with what their bylines need."""
    columns = (Assessment, Seat.title.label("seat_title"), Seat.kind.label("seat_kind"), *author_columns())
    statement = join_author(
        sa.select(*columns).select_from(Assessment).outerjoin(Seat, Seat.id == Assessment.seat_id),
        Assessment,
    )
    return session.execute(
        statement.where(
            Assessment.catalogue_id == assessed.catalogue.id,
            Assessment.status == Status.PUBLISHED,
            condition,
            visible_to(actor, Assessment),
        ).order_by(Assessment.received_at.desc(), Assessment.id.desc())
    ).all()


def _line(actor: Actor, group: Group, row: Any, earlier: Mapping[str, Any]) -> AssessmentLine:
    assessment: Assessment = row.Assessment
    is_titled = row.seat_kind in {SeatKind.COMMON_INTEREST, SeatKind.PERSONAL}
    return AssessmentLine(
        public_id=assessment.public_id,
        byline=present(actor, group, assessment, row),
        seat_title=row.seat_title or "" if is_titled else "",
        values=assessment.values,
        earlier=earlier,
        country=assessment.described_country,
        number=assessment.number,
        tlp=assessment.tlp,
        at=assessment.received_at,
        is_newest=assessment.superseded_at is None,
        may_flag=actor.is_signed_in
        and not actor.is_suspended
        and assessment.writer_key not in actor.writer_keys,
    )


def _discussions(session: Session, actor: Actor, assessed: Assessed, number: int) -> dict[str, str]:
    rows = session.execute(
        sa.select(SolutionThread.solution_key, Thread.public_id)
        .join(Thread, Thread.id == SolutionThread.thread_id)
        .where(
            SolutionThread.catalogue_id == assessed.catalogue.id,
            SolutionThread.round == number,
            visible_to(actor, Thread),
        )
    )
    return {key: thread_path(assessed.group.slug, public_id) for key, public_id in rows}


@dataclass(frozen=True, slots=True)
class CountryRow:
    """A country by its newest descriptions: one of each seat that described it."""

    country: str
    lines: Sequence[AssessmentLine]

    def ratings(self, cell: str) -> list[int]:
        """Give the ratings of a cell by those who gave one, lowest first."""
        return sorted(rating for line in self.lines if (rating := line.rating(cell)) is not None)

    @property
    def at(self) -> datetime:
        """When it was last described."""
        return max(line.at for line in self.lines)


def list_countries(session: Session, actor: Actor, assessed: Assessed) -> list[CountryRow]:
    """Give each country described, by code, with the newest description of each seat; one statement."""
    rows = _rows(session, actor, assessed, Assessment.superseded_at.is_(None))
    found: dict[str, list[AssessmentLine]] = {}
    for row in rows:
        line = _line(actor, assessed.group, row, {})
        found.setdefault(line.country, []).append(line)
    return [CountryRow(country, sorted(found[country], key=_order)) for country in sorted(found)]


def list_history(session: Session, actor: Actor, assessed: Assessed, country: str) -> list[AssessmentLine]:
    """Give all descriptions of a country, the newest first, each with what its seat said before."""
    rows = _rows(session, actor, assessed, Assessment.described_country == country)
    by_seat: dict[str, list[Any]] = {}
    for row in rows:
        by_seat.setdefault(row.Assessment.writer_key, []).append(row)
    lines = []
    for row in rows:
        same = by_seat[row.Assessment.writer_key]
        older = [one.Assessment for one in same if one.Assessment.number < row.Assessment.number]
        before = max(older, key=lambda one: one.number).values if older else {}
        lines.append(_line(actor, assessed.group, row, before))
    return lines
