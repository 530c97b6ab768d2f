"""Loading the demonstration's assessments: of rounds that ended, of the one that is open, of countries."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.assessments import Assessment, Catalogue, StageSeat
from forum.domain.attribution import ShownAs, SubjectKind
from forum.domain.catalogues import cell_key
from forum.domain.demonstration_assessments import AssessmentOf
from forum.domain.groups import Group, GroupRole, Membership, Seat, Stage
from forum.domain.labels import Status
from forum.domain.organisations import Organisation
from forum.services.chatham import is_sealed
from forum.services.demonstration import Places
from forum.services.labels import relabel
from forum.services.respondents import stored_key
from forum.services.round_ends import end_round
from forum.services.sealing import seat_key
from forum.services.subjects import record_authorship


def assessment_sources(assessments: Sequence[AssessmentOf]) -> Iterator[tuple[str, str]]:
    """Give every (profile, source) that has to be rendered before the transaction."""
    for one in assessments:
        yield "post", ""
        for text in (*one.reasons.values(), *one.evidence.values()):
            yield "post", text


def load_assessments(
    session: Session, group: Group, assessments: Sequence[AssessmentOf], places: Places
) -> None:
    """Write the assessments, then end the rounds whose stage has ended: aliases come with the end."""
    catalogues = {
        row.key: row for row in session.scalars(sa.select(Catalogue).where(Catalogue.group_id == group.id))
    }
    stages = session.scalars(
        sa.select(Stage).where(Stage.group_id == group.id).order_by(Stage.position)
    ).all()
    for content in assessments:
        rounds = [stage for stage in stages if stage.catalogue_key == content.catalogue]
        stage = rounds[content.round - 1] if content.round else None
        _load(session, group, catalogues[content.catalogue], stage, content, places)
    for stage in stages:
        if stage.catalogue_key and stage.ended_at is not None:
            end_round(session, group, stage, now=stage.ended_at, sealing_secret=places.sealing_secret)


def _load(
    session: Session,
    group: Group,
    catalogue: Catalogue,
    stage: Stage | None,
    content: AssessmentOf,
    places: Places,
) -> None:
    seat = _seat(session, group, places.people[content.by].id)
    body = session.get(Organisation, seat.organisation_id) if seat.organisation_id is not None else None
    key = stored_key(group, seat_key(seat.id), places.sealing_secret)
    sealed = is_sealed(group)
    at = stage.started_at if stage is not None and stage.started_at is not None else None
    at = at or places.ago(content.days_ago)
    before = session.scalars(
        sa.select(Assessment)
        .where(
            Assessment.catalogue_id == catalogue.id,
            Assessment.writer_key == key,
            Assessment.round == content.round,
            Assessment.described_country == content.country,
        )
        .order_by(Assessment.number.desc())
    ).first()
    row = Assessment(
        catalogue_id=catalogue.id,
        group_id=group.id,
        stage_id=stage.id if stage is not None else None,
        round=content.round,
        writer_key=key,
        seat_id=None if sealed else seat.id,
        described_country=content.country,
        number=before.number + 1 if before is not None else 1,
        title=catalogue.title,
        values=_values(catalogue, content, places),
        received_at=at,
        created_at=at,
        edited_at=at,
        text="\n\n".join(content.reasons.values()),
        status=Status.RECEIVED if stage is not None else Status.PUBLISHED,
        tlp=content.tlp,
        published_at=None if stage is not None else at,
        organisation_id=body.id if body is not None and not sealed else None,
        stakeholder_type=body.type if body is not None and not sealed else None,
        country=body.country if body is not None and not sealed else None,
        shown_as=ShownAs.ORGANISATION,
        audience="",
        own="",
    )
    if before is not None:
        before.superseded_at = at
    session.add(row)
    session.flush()
    record_authorship(session, SubjectKind.ASSESSMENT, row.id, [key])
    relabel(session, group, row, now=places.now)
    if stage is not None:
        session.add(StageSeat(stage_id=stage.id, seat_id=seat.id))
        session.flush()


def _seat(session: Session, group: Group, account_id: int) -> Seat:
    return session.scalars(
        sa.select(Seat)
        .join(Membership, Membership.seat_id == Seat.id)
        .where(
            Seat.group_id == group.id,
            Membership.account_id == account_id,
            Membership.role != GroupRole.OBSERVER,
        )
        .order_by(Membership.is_alternate, Membership.id)
        .limit(1)
    ).one()


def _values(catalogue: Catalogue, content: AssessmentOf, places: Places) -> dict[str, object]:
    values: dict[str, object] = {}
    for solution, ratings in content.ratings.items():
        for criterion, rating in zip(catalogue.criteria, ratings, strict=True):
            reason = content.reasons.get(solution) or content.reasons.get(criterion["key"], "")
            evidence = content.evidence.get(solution) or content.evidence.get(criterion["key"], "")
            texts = places.rendered["post", reason], places.rendered["post", evidence]
            values[cell_key(solution, criterion["key"])] = {
                "rating": rating or None,
                "confidence": content.confidence,
                "reason": texts[0].source,
                "html": texts[0].html,
                "evidence": texts[1].source,
                "evidence_html": texts[1].html,
            }
    return values
