"""The bodies that a consultation asks by name."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.consultations import Asked, AskedOrganisation, Consultation
from forum.domain.groups import Group, Seat
from forum.domain.labels import Ceiling
from forum.domain.organisations import Organisation
from forum.errors import Invalid
from forum.policy.labels import effective_ceiling

MAX_ASKED = 200


def list_asked(session: Session, consultation_id: int) -> list[Organisation]:
    """Give the bodies asked by name, by name."""
    return list(
        session.scalars(
            sa.select(Organisation)
            .join(AskedOrganisation, AskedOrganisation.organisation_id == Organisation.id)
            .where(AskedOrganisation.consultation_id == consultation_id)
            .order_by(Organisation.name)
        )
    )


def check_asked(group: Group, consultation: Consultation) -> None:
    """Raise where people are asked who could not read the question."""
    ceiling = effective_ceiling(group.ceiling, consultation.tlp)
    is_too_narrow = (consultation.asked is Asked.PUBLIC and ceiling is not Ceiling.PUBLIC) or (
        consultation.asked is Asked.PARTICIPANTS and ceiling not in {Ceiling.PUBLIC, Ceiling.COMMUNITY}
    )
    if is_too_narrow:
        raise Invalid("Its label lets fewer people read it than are asked.", field="asked")


def write_asked(session: Session, group: Group, consultation: Consultation, slugs: Iterable[str]) -> None:
    """Write which bodies are asked; Invalid where one is unknown, or could not read the question."""
    wanted = list(dict.fromkeys(slugs)) if consultation.asked is Asked.NAMED else []
    if consultation.asked is Asked.NAMED and not 0 < len(wanted) <= MAX_ASKED:
        raise Invalid(
            "Name the organisations that are asked, at most %(limit)d.",
            field="organisations",
            limit=MAX_ASKED,
        )
    found = {
        body.slug: body
        for body in session.scalars(
            sa.select(Organisation).where(
                Organisation.slug.in_(wanted), Organisation.merged_into_id.is_(None)
            )
        )
    }
    unknown = [slug for slug in wanted if slug not in found]
    if unknown:
        raise Invalid(
            "There is no organisation at the address “%(slug)s”.", field="organisations", slug=unknown[0][:80]
        )
    _check_readable(session, group, consultation, found.values())
    session.execute(sa.delete(AskedOrganisation).where(AskedOrganisation.consultation_id == consultation.id))
    session.add_all(
        AskedOrganisation(consultation_id=consultation.id, organisation_id=found[slug].id) for slug in wanted
    )
    session.flush()


def _check_readable(
    session: Session, group: Group, consultation: Consultation, bodies: Iterable[Organisation]
) -> None:
    if effective_ceiling(group.ceiling, consultation.tlp) in {Ceiling.PUBLIC, Ceiling.COMMUNITY}:
        return
    seated = set(
        session.scalars(
            sa.select(Seat.organisation_id).where(Seat.group_id == group.id, Seat.ended_at.is_(None))
        )
    )
    for body in bodies:
        if body.id not in seated:
            raise Invalid(
                "%(name)s has no seat here, and this label lets only seats read.",
                field="organisations",
                name=body.name,
            )
