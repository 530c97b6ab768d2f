"""Organisations: the directory, one body by its address, and changing what is recorded of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.audit import AuditAction
from forum.domain.organisations import (
    FormerName,
    Mandate,
    MemberBody,
    Organisation,
    OrganisationSize,
    StakeholderType,
    match_key,
)
from forum.domain.slugs import free_slug
from forum.errors import Invalid, NotFound
from forum.policy import Action, Actor, can, require
from forum.services.recording import record_organisation

PAGE = 50


@dataclass(frozen=True, slots=True)
class OrganisationFields:
    """What is recorded of a body, as a form or a command gives it."""

    name: str
    type: StakeholderType
    country: str | None = None
    latin_name: str | None = None
    register_id: str | None = None
    size: OrganisationSize | None = None
    scope: str | None = None
    governance_level: str | None = None
    description: str = ""
    represents_survivors: bool = False


def list_organisations(
    session: Session,
    *,
    words: str = "",
    type: StakeholderType | None = None,
    country: str | None = None,
    after: str | None = None,
    limit: int = PAGE,
) -> tuple[Sequence[Organisation], str | None]:
    """Give one page of bodies in the order of their folded names, and the cursor of the next page."""
    statement = sa.select(Organisation).where(Organisation.merged_into_id.is_(None))
    if type is not None:
        statement = statement.where(Organisation.type == type)
    if country:
        statement = statement.where(Organisation.country == country)
    if words.strip():
        statement = statement.where(_named_like(match_key(words)))
    if after:
        position = session.execute(
            sa.select(Organisation.match_key, Organisation.id).where(Organisation.public_id == after)
        ).first()
        if position is not None:
            here = sa.tuple_(Organisation.match_key, Organisation.id)
            statement = statement.where(here > sa.tuple_(*position))
    order = statement.order_by(Organisation.match_key, Organisation.id).limit(limit + 1)
    found = session.scalars(order).all()
    return found[:limit], found[limit - 1].public_id if len(found) > limit else None


def _named_like(key: str) -> sa.ColumnElement[bool]:
    former = sa.select(FormerName.organisation_id).where(FormerName.match_key.contains(key, autoescape=True))
    return sa.or_(
        Organisation.match_key.contains(key, autoescape=True),
        sa.func.lower(Organisation.latin_name).contains(key, autoescape=True),
        Organisation.id.in_(former),
    )


def get_organisation(session: Session, slug: str) -> Organisation:
    """Give the body at an address, merged or not (successor_of() tells where a merged one went)."""
    found = find_organisation(session, slug)
    if found is None:
        raise NotFound
    return found


def find_organisation(session: Session, slug: str) -> Organisation | None:
    """Give the body at an address, if there is one."""
    return session.scalars(sa.select(Organisation).where(Organisation.slug == slug)).first()


def find_by_name(session: Session, name: str, *, but: int | None = None) -> Organisation | None:
    """Give the body with this name or address, as people type it; None where several are meant by it.

    `but` is the id of one that is not meant.
    """
    if not name.strip():
        return None
    found = find_organisation(session, name.strip())
    if found is not None:
        return found if found.merged_into_id is None and found.id != but else None
    same = list_similar(session, name, but=but)
    candidates = [row for row in same if row.name == " ".join(name.split())] or same
    return candidates[0] if len(candidates) == 1 else None


def require_by_name(
    session: Session, name: str, *, field: str = "organisation", but: int | None = None
) -> Organisation:
    """Give the body with this name or address; Invalid where there is none, or more than one."""
    found = find_by_name(session, name, but=but)
    if found is None:
        raise Invalid(
            "No organisation, or more than one, is called “%(name)s”. "
            "Use the last part of its page's address instead.",
            field=field,
            name=" ".join(name.split()),
        )
    return found


def successor_of(session: Session, organisation: Organisation) -> Organisation | None:
    """Give the body that a merged one became part of, at the end of the chain; None if it was not merged."""
    current, seen = organisation, {organisation.id}
    while current.merged_into_id is not None and current.merged_into_id not in seen:
        current = session.get_one(Organisation, current.merged_into_id)
        seen.add(current.id)
    return current if current is not organisation else None


def list_similar(session: Session, name: str, *, but: int | None = None) -> Sequence[Organisation]:
    """Give the bodies whose present or former name folds to the same key: probably the same body."""
    key = match_key(name)
    former = sa.select(FormerName.organisation_id).where(FormerName.match_key == key)
    statement = sa.select(Organisation).where(
        Organisation.merged_into_id.is_(None),
        sa.or_(Organisation.match_key == key, Organisation.id.in_(former)),
    )
    if but is not None:
        statement = statement.where(Organisation.id != but)
    return session.scalars(statement.order_by(Organisation.name)).all()


def list_doubles(session: Session, *, limit: int = 20) -> list[tuple[Organisation, Organisation]]:
    """Give pairs of bodies whose names fold to the same key: probably one body each."""
    other = aliased(Organisation)
    rows = session.execute(
        sa.select(Organisation, other)
        .join(other, sa.and_(other.match_key == Organisation.match_key, other.id > Organisation.id))
        .where(Organisation.merged_into_id.is_(None), other.merged_into_id.is_(None))
        .order_by(Organisation.match_key, Organisation.id, other.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def count_organisations(session: Session) -> int:
    """Give how many bodies are recorded."""
    statement = sa.select(sa.func.count(Organisation.id)).where(Organisation.merged_into_id.is_(None))
    return session.scalar(statement) or 0


def create_organisation(
    session: Session,
    fields: OrganisationFields,
    *,
    now: datetime,
    slug: str | None = None,
    by: Actor | None = None,
) -> Organisation:
    """Add a body; Invalid where the address is taken. Whoever calls it has asked the policy."""
    if slug is not None and find_organisation(session, slug) is not None:
        raise Invalid("There is an organisation at the address “%(slug)s” already.", field="slug", slug=slug)
    taken = _slugs_like(session)
    organisation = Organisation(
        slug=slug or free_slug(fields.latin_name or fields.name, taken), created_at=now
    )
    _write(organisation, fields)
    session.add(organisation)
    session.flush()
    record_organisation(session, by, AuditAction.ORGANISATION_ADDED, organisation, now)
    return organisation


def _slugs_like(session: Session) -> set[str]:
    return set(session.scalars(sa.select(Organisation.slug)))


def edit_organisation(
    session: Session, actor: Actor, slug: str, fields: OrganisationFields, *, now: datetime
) -> Organisation:
    """Change what is recorded; a changed name is kept as a former name."""
    require(actor, Action.MANAGE_PEOPLE)
    organisation = get_organisation(session, slug)
    before = _values(organisation)
    if organisation.name != fields.name:
        _keep_name(session, organisation, organisation.name, until=now.date())
    _write(organisation, fields)
    changed = [name for name, value in _values(organisation).items() if before[name] != value]
    if changed:
        record_organisation(
            session, actor, AuditAction.ORGANISATION_CHANGED, organisation, now, changed=changed
        )
    return organisation


def _values(organisation: Organisation) -> dict[str, Any]:
    return {name: getattr(organisation, name) for name in OrganisationFields.__dataclass_fields__}


def _write(organisation: Organisation, fields: OrganisationFields) -> None:
    name = " ".join(fields.name.split())
    if not name:
        raise Invalid("Write the name of the organisation.", field="name")
    organisation.name = name
    organisation.match_key = match_key(name)
    organisation.latin_name = fields.latin_name or None
    organisation.type = fields.type
    organisation.country = fields.country or None
    organisation.register_id = fields.register_id or None
    organisation.size = fields.size
    organisation.scope = fields.scope or None
    organisation.governance_level = fields.governance_level or None
    organisation.description = fields.description
    organisation.represents_survivors = fields.represents_survivors


def add_former_name(
    session: Session, actor: Actor, slug: str, name: str, *, now: datetime, until: date | None = None
) -> FormerName:
    """Record a name that a body had; for those who speak for it, and those who manage people."""
    organisation = get_organisation(session, slug)
    if not can(actor, Action.MANAGE_PEOPLE):
        require(actor, Action.SPEAK_FOR, organisation)
    name = " ".join(name.split())
    if not name:
        raise Invalid("Write the former name.", field="name")
    if name == organisation.name:
        raise Invalid("That is the present name.", field="name")
    former = _keep_name(session, organisation, name, until=until)
    changed = ["former_names"]
    record_organisation(session, actor, AuditAction.ORGANISATION_CHANGED, organisation, now, changed=changed)
    return former


def _keep_name(session: Session, organisation: Organisation, name: str, *, until: date | None) -> FormerName:
    held = session.scalars(
        sa.select(FormerName).where(FormerName.organisation_id == organisation.id, FormerName.name == name)
    ).first()
    if held is not None:
        return held
    former = FormerName(organisation_id=organisation.id, name=name, match_key=match_key(name), until=until)
    session.add(former)
    session.flush()
    return former


def list_former_names(session: Session, organisation: Organisation) -> Sequence[FormerName]:
    """Give the names a body had, the latest first."""
    return session.scalars(
        sa.select(FormerName)
        .where(FormerName.organisation_id == organisation.id)
        .order_by(FormerName.until.is_(None), FormerName.until.desc(), FormerName.name)
    ).all()


def list_umbrellas(session: Session, organisation: Organisation) -> Sequence[Organisation]:
    """Give the bodies that this one is a member of."""
    return session.scalars(
        sa.select(Organisation)
        .join(MemberBody, MemberBody.umbrella_id == Organisation.id)
        .where(MemberBody.member_id == organisation.id)
        .order_by(Organisation.match_key)
    ).all()


def list_member_bodies(session: Session, organisation: Organisation) -> Sequence[Organisation]:
    """Give the bodies that are members of this one."""
    return session.scalars(
        sa.select(Organisation)
        .join(MemberBody, MemberBody.member_id == Organisation.id)
        .where(MemberBody.umbrella_id == organisation.id)
        .order_by(Organisation.match_key)
    ).all()


def add_member_body(
    session: Session, actor: Actor, umbrella_slug: str, member_slug: str, *, now: datetime
) -> None:
    """Record that a body belongs to an umbrella; Invalid for itself, or where it would go in a circle."""
    require(actor, Action.MANAGE_PEOPLE)
    umbrella = get_organisation(session, umbrella_slug)
    member = find_organisation(session, member_slug)
    if member is None or member.merged_into_id is not None:
        raise Invalid("There is no such organisation.", field="member")
    if member.id == umbrella.id or umbrella.id in _members_below(session, member.id):
        raise Invalid("An organisation cannot be a member of itself, directly or by others.", field="member")
    if session.get(MemberBody, (umbrella.id, member.id)) is None:
        session.add(MemberBody(umbrella_id=umbrella.id, member_id=member.id))
        action = AuditAction.MEMBER_BODY_ADDED
        record_organisation(session, actor, action, umbrella, now, body=member.public_id)


def remove_member_body(
    session: Session, actor: Actor, umbrella_slug: str, member_slug: str, *, now: datetime
) -> None:
    """Take a body out of an umbrella."""
    require(actor, Action.MANAGE_PEOPLE)
    umbrella, member = get_organisation(session, umbrella_slug), get_organisation(session, member_slug)
    held = session.get(MemberBody, (umbrella.id, member.id))
    if held is not None:
        session.delete(held)
        action = AuditAction.MEMBER_BODY_REMOVED
        record_organisation(session, actor, action, umbrella, now, body=member.public_id)


def _members_below(session: Session, organisation_id: int) -> set[int]:
    below: set[int] = set()
    edge = {organisation_id}
    while edge:
        rows = session.scalars(sa.select(MemberBody.member_id).where(MemberBody.umbrella_id.in_(edge)))
        edge = set(rows) - below
        below |= edge
    return below


def count_mandates(session: Session, organisation: Organisation, *, today: date) -> int:
    """Give how many people speak for a body today."""
    statement = sa.select(sa.func.count(sa.distinct(Mandate.account_id))).where(
        Mandate.organisation_id == organisation.id,
        Mandate.starts_on <= today,
        sa.or_(Mandate.ends_on.is_(None), Mandate.ends_on >= today),
    )
    return session.scalar(statement) or 0
