"""The end of a round: in one transaction what was blind gets the label of the group."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.assessments import Assessment
from forum.domain.groups import Group, Seat, Stage
from forum.domain.labels import Status
from forum.domain.organisations import Organisation, StakeholderType
from forum.services.chatham import is_sealed, letters, type_name
from forum.services.labels import relabel
from forum.services.sealing import sealed_key, seat_key


def end_round(session: Session, group: Group, stage: Stage, *, now: datetime, sealing_secret: bytes) -> int:
    """Let the group read the assessments of a stage; gives how many that are. The caller asked the policy."""
    blind = session.scalars(
        sa.select(Assessment).where(Assessment.stage_id == stage.id, Assessment.status == Status.RECEIVED)
    ).all()
    if is_sealed(group) and blind:
        _name(session, group, blind, sealing_secret)
    for assessment in blind:
        assessment.status, assessment.published_at = Status.PUBLISHED, now
        relabel(session, group, assessment, now=now)
    return len(blind)


def _name(session: Session, group: Group, rows: Sequence[Assessment], sealing_secret: bytes) -> None:
    """Give aliases, the same in every round, in an order that says nothing of who came first."""
    named = sa.select(Assessment.writer_key, Assessment.alias).where(
        Assessment.catalogue_id == rows[0].catalogue_id, Assessment.alias.is_not(None)
    )
    known = {row.writer_key: row.alias for row in session.execute(named)}
    types = _types(session, group, sealing_secret)
    for row in sorted(rows, key=lambda one: one.writer_key):  # a keyed hash: as good as drawn
        if row.writer_key not in known:
            name = type_name(session, group, types.get(row.writer_key))
            known[row.writer_key] = f"{name} {letters(len(known))}"
        row.alias = known[row.writer_key]


def _types(session: Session, group: Group, sealing_secret: bytes) -> dict[str, StakeholderType]:
    """The kinds of stakeholder behind the sealed keys of a group's seats."""
    seats = session.execute(
        sa.select(Seat.id, Organisation.type)
        .join(Organisation, Organisation.id == Seat.organisation_id)
        .where(Seat.group_id == group.id)
    )
    return {sealed_key(sealing_secret, seat_key(seat_id)): kind for seat_id, kind in seats}
