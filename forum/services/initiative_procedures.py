"""The procedures of an initiative's groups, as far as a reader may read them: where each one stands."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.assessments import Catalogue
from forum.domain.groups import Group, Stage
from forum.domain.stages import current_of
from forum.policy import Action, Actor, can
from forum.services.addresses import assessment_path
from forum.services.groups import list_groups


@dataclass(frozen=True, slots=True)
class ProcedureOf:
    """A group with its stages and what it assesses; both are empty for whoever only finds it listed."""

    group: Group
    stages: Sequence[Stage] = ()
    assessments: Sequence[tuple[str, str]] = ()
    """Title and address."""

    @property
    def current(self) -> Stage | None:
        """The stage it is in."""
        return current_of(self.stages)


def list_procedures_of(session: Session, actor: Actor, initiative: int) -> list[ProcedureOf]:
    """Give the groups of an initiative that the actor may know of; three statements."""
    groups = [group for group in list_groups(session, actor) if group.initiative == initiative]
    inside = [group.id for group in groups if can(actor, Action.READ, group)]
    stages: dict[int, list[Stage]] = {}
    for stage in session.scalars(
        sa.select(Stage).where(Stage.group_id.in_(inside)).order_by(Stage.group_id, Stage.position)
    ):
        stages.setdefault(stage.group_id, []).append(stage)
    slugs = {group.id: group.slug for group in groups}
    found: dict[int, list[tuple[str, str]]] = {}
    for row in session.scalars(
        sa.select(Catalogue).where(Catalogue.group_id.in_(inside)).order_by(Catalogue.title)
    ):
        path = assessment_path(slugs[row.group_id], row.key)
        found.setdefault(row.group_id, []).append((row.title, path))
    return [ProcedureOf(group, stages.get(group.id, ()), found.get(group.id, ())) for group in groups]
