"""Catalogues: loaded from charters, found by address, and edited until seats assess by them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.assessments import Assessment, AssessmentDraft, Catalogue, Unit
from forum.domain.audit import AuditAction
from forum.domain.catalogues import MAX_CRITERIA, MAX_SCALE, MAX_SOLUTIONS, read_lines
from forum.domain.charters import Charter
from forum.domain.groups import Group, Stage
from forum.domain.stages import Act, StageState, check_act, state_of
from forum.domain.text import checked_title, one_line
from forum.errors import Conflict, Invalid, NotFound
from forum.policy import Action, Actor
from forum.services.audit import record
from forum.services.groups import get_group

_FIELDS = ("title", "summary", "unit", "parts", "solutions", "criteria", "scale")


@dataclass(frozen=True, slots=True)
class Round:
    """One stage that assesses a catalogue."""

    number: int
    stage: Stage

    @property
    def state(self) -> StageState:
        """Where its stage is."""
        return state_of(self.stage)


@dataclass(frozen=True, slots=True)
class Assessed:
    """A catalogue with its group and the stages that assess it, in their order."""

    group: Group
    catalogue: Catalogue
    rounds: tuple[Round, ...]

    @property
    def open_round(self) -> Round | None:
        """The round in which seats assess now."""
        return next((one for one in self.rounds if one.state is StageState.CURRENT), None)

    @property
    def ended(self) -> tuple[Round, ...]:
        """The rounds whose assessments the group reads."""
        return tuple(one for one in self.rounds if one.state is StageState.ENDED)

    def get_round(self, number: int) -> Round:
        """Give a round that has ended; NotFound for any other, begun or not."""
        found = next((one for one in self.ended if one.number == number), None)
        if found is None:
            raise NotFound
        return found


def load_catalogues(session: Session, group: Group, charter: Charter, *, now: datetime) -> list[str]:
    """Bring a group's catalogues to its charter; what was edited on the web, or assessed, stays."""
    held = {
        row.key: row for row in session.scalars(sa.select(Catalogue).where(Catalogue.group_id == group.id))
    }
    changed = []
    for wanted in charter.catalogues:
        values = {name: getattr(wanted, name) for name in _FIELDS}
        row = held.get(wanted.key)
        if row is None:
            session.add(Catalogue(group_id=group.id, key=wanted.key, created_at=now, **values))
        elif (
            row.is_edited
            or all(getattr(row, name) == value for name, value in values.items())
            or is_in_use(session, row)
        ):
            continue
        else:
            for name, value in values.items():
                setattr(row, name, value)
        changed.append(f"catalogue {wanted.key}")
    session.flush()
    return changed


def is_in_use(session: Session, catalogue: Catalogue) -> bool:
    """Whether a stage that assesses it has begun, or somebody has assessed by it."""
    begun = sa.select(Stage.id).where(
        Stage.group_id == catalogue.group_id,
        Stage.catalogue_key == catalogue.key,
        Stage.started_at.is_not(None),
    )
    written = sa.select(Assessment.id).where(Assessment.catalogue_id == catalogue.id)
    drafted = sa.select(AssessmentDraft.id).where(AssessmentDraft.catalogue_id == catalogue.id)
    return any(session.scalar(one.limit(1)) is not None for one in (begun, written, drafted))


def get_assessed(
    session: Session, actor: Actor, slug: str, key: str, action: Action = Action.READ
) -> Assessed:
    """Give a catalogue of a group for an action on the group; NotFound where there is none of that name."""
    group = get_group(session, actor, slug)
    if action is not Action.READ:
        group = get_group(session, actor, slug, action)
    catalogue = session.scalars(
        sa.select(Catalogue).where(Catalogue.group_id == group.id, Catalogue.key == key)
    ).first()
    if catalogue is None:
        raise NotFound
    stages = session.scalars(
        sa.select(Stage)
        .where(Stage.group_id == group.id, Stage.catalogue_key == key)
        .order_by(Stage.position)
    )
    return Assessed(group, catalogue, tuple(Round(n, stage) for n, stage in enumerate(stages, 1)))


def get_catalogue(session: Session, catalogue_id: int) -> Catalogue:
    """Give the catalogue of an assessment that the caller may read."""
    return session.get_one(Catalogue, catalogue_id)


def list_catalogues(session: Session, group_id: int) -> Sequence[Catalogue]:
    """Give what a group assesses, by title; the caller has asked to read the group."""
    return session.scalars(
        sa.select(Catalogue).where(Catalogue.group_id == group_id).order_by(Catalogue.title)
    ).all()


@dataclass(frozen=True, slots=True)
class CatalogueText:
    """A catalogue as its form gives it: lists as lines with bars between key, title and the rest."""

    title: str
    summary: str
    parts: str
    solutions: str
    criteria: str
    scale: str


def edit_catalogue(
    session: Session,
    actor: Actor,
    slug: str,
    key: str,
    text: CatalogueText,
    *,
    based_on: int,
    now: datetime,
) -> Catalogue:
    """Change what is assessed; from now on the web's.

    Invalid once a round has begun or a country was described, and where a line cannot be read; Conflict
    where somebody changed it since `based_on`.
    """
    found = get_assessed(session, actor, slug, key, Action.EDIT_CATALOGUE)
    catalogue = found.catalogue
    for one in found.rounds:
        check_act(one.stage, Act.EDIT_CATALOGUE)
    if catalogue.unit is Unit.COUNTRY and is_in_use(session, catalogue):
        raise Invalid("Countries were described by it: what is described stays as it is.")
    if catalogue.lock_version != based_on:
        raise Conflict("Somebody else changed it while you wrote. Open it again; nothing was changed.")
    values = _read(text)
    for name, value in values.items():
        setattr(catalogue, name, value)
    catalogue.is_edited = True
    session.flush()
    record(
        session,
        actor,
        AuditAction.CATALOGUE_CHANGED,
        now=now,
        subject_kind="group",
        subject=found.group.public_id,
        group=found.group,
        catalogue=catalogue.key,
        solutions=len(catalogue.solutions),
        criteria=len(catalogue.criteria),
    )
    return catalogue


def _read(text: CatalogueText) -> dict[str, object]:
    parts = read_lines(text.parts, "title", at="parts", most=MAX_SOLUTIONS)
    fields = ("part", "title", "summary")
    solutions = read_lines(text.solutions, *fields, at="solutions", most=MAX_SOLUTIONS)
    known = {part["key"] for part in parts}
    for solution in solutions:
        if solution["part"] not in known:
            raise Invalid("“%(key)s” is none of the headings.", field="solutions", key=solution["part"])
    scale = [one_line(line) for line in text.scale.splitlines() if line.strip()]
    if not 2 <= len(scale) <= MAX_SCALE:
        raise Invalid("Write 2 to %(most)d words, lowest first.", field="scale", most=MAX_SCALE)
    return {
        "title": checked_title(text.title),
        "summary": text.summary.strip(),
        "parts": parts,
        "solutions": solutions,
        "criteria": read_lines(text.criteria, "title", "question", at="criteria", most=MAX_CRITERIA),
        "scale": scale,
    }
