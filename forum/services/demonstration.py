"""Loading the demonstration: bodies, people, seats; its texts are in demonstration_texts.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain import demonstration as demo
from forum.domain.accounts import Account
from forum.domain.audit import AuditAction
from forum.domain.groups import Group, GroupRole, Membership, Seat, Stage
from forum.domain.organisations import FormerName, Mandate, MemberBody, Organisation, match_key
from forum.domain.text import latin
from forum.errors import NotFound
from forum.richtext import Rendered
from forum.services.recording import (
    record_account,
    record_mandate,
    record_membership,
    record_organisation,
    record_seat,
)


@dataclass
class Places:
    """Where the things of the demonstration went: their keys by the names used in the files."""

    now: datetime
    sealing_secret: bytes
    rendered: Mapping[tuple[str, str], Rendered]
    """(profile, source) -> rendered text; made before the transaction."""
    organisations: dict[str, Organisation] = field(default_factory=dict)
    people: dict[str, Account] = field(default_factory=dict)
    personal: dict[str, demo.Person] = field(default_factory=dict)

    def ago(self, days: float) -> datetime:
        """Give the moment so many days before the demonstration is loaded, on a whole second."""
        return (self.now - timedelta(days=days)).replace(microsecond=0)

    def deadline(self, in_days: float) -> datetime:
        """Give the hour at which something closes in so many days: an afternoon's end, as people set it."""
        at = self.ago(-in_days)
        hour = at.replace(hour=16, minute=0, second=0)
        is_open = at > self.now
        return hour if (hour > self.now) is is_open else at

    def day(self, days: float) -> date:
        """Give the day so many days ago."""
        return self.ago(days).date()


def is_loaded(session: Session) -> bool:
    """Whether the demonstration's people are here already."""
    return session.scalar(sa.select(sa.func.count(Account.id))) != 0


def load_bodies_and_people(
    session: Session, content: demo.Demonstration, places: Places, *, password_hash: str
) -> None:
    """Write organisations and people; everybody has the same password, which is printed at the start."""
    for body in content.organisations:
        places.organisations[body.key] = _organisation(body, places)
    session.add_all(places.organisations.values())
    session.flush()
    for organisation in places.organisations.values():
        record_organisation(session, None, AuditAction.ORGANISATION_ADDED, organisation, places.now)
    for body in content.organisations:
        target = places.organisations[body.key]
        for former in body.former_names:
            session.add(
                FormerName(
                    organisation_id=target.id,
                    name=former.name,
                    match_key=match_key(former.name),
                    until=places.day(former.until_days_ago),
                )
            )
        for umbrella in body.member_of:
            session.add(MemberBody(umbrella_id=places.organisations[umbrella].id, member_id=target.id))
    for person in content.people:
        places.people[person.key] = _account(person, places, password_hash)
        places.personal[person.key] = person
    session.add_all(places.people.values())
    session.flush()
    for account in places.people.values():
        record_account(session, None, AuditAction.ACCOUNT_ADDED, account, places.now)
    for person in content.people:
        for mandate in person.mandates:
            row = Mandate(
                account_id=places.people[person.key].id,
                organisation_id=places.organisations[mandate.organisation].id,
                title=mandate.title,
                may_publish=mandate.may_publish,
                starts_on=places.day(mandate.since_days_ago),
                ends_on=None if mandate.until_days_ago is None else places.day(mandate.until_days_ago),
            )
            session.add(row)
            record_mandate(session, None, AuditAction.MANDATE_GRANTED, row, places.now)


def _organisation(body: demo.Organisation, places: Places) -> Organisation:
    return Organisation(
        slug=body.key,
        name=body.name,
        latin_name=body.latin_name or (None if body.name.isascii() else latin(body.name)),
        match_key=match_key(body.name),
        type=body.type,
        country=body.country or None,
        register_id=body.register_id or None,
        size=body.size,
        scope=body.scope or None,
        governance_level=body.level or None,
        description=body.description,
        represents_survivors=body.represents_survivors,
        created_at=places.ago(1000),
    )


def _account(person: demo.Person, places: Places, password_hash: str) -> Account:
    return Account(
        email=person.email,
        name=person.name,
        latin_name=person.latin_name or None,
        handle=person.key,
        password_hash=password_hash,
        platform_role=person.platform_role,
        language="en",
        about=person.about,
        name_is_public=person.name_is_public,
        created_at=places.ago(900),
    )


def load_seats(session: Session, content: demo.Group, places: Places) -> Group:
    """Write the seats and roles of a group, and end the stages before its current one."""
    group = session.scalars(sa.select(Group).where(Group.slug == content.slug)).first()
    if group is None:
        raise NotFound("The charter of %(slug)s is not loaded.", slug=content.slug)
    for seat in content.seats:
        row = Seat(
            group_id=group.id,
            kind=seat.kind,
            organisation_id=places.organisations[seat.organisation].id if seat.organisation else None,
            country=seat.country or None,
            title=seat.title,
            created_at=places.ago(seat.since_days_ago),
        )
        session.add(row)
        session.flush()
        record_seat(session, None, AuditAction.SEAT_ADDED, row, places.now)
        role = GroupRole.OBSERVER if seat.is_observer else GroupRole.MEMBER
        for key, is_alternate in [(seat.representative, False), *((key, True) for key in seat.alternates)]:
            if key:
                membership = Membership(
                    group_id=group.id,
                    account_id=places.people[key].id,
                    role=role,
                    seat_id=row.id,
                    is_alternate=is_alternate,
                    started_at=places.ago(seat.since_days_ago),
                )
                _seat_person(session, membership, places)
    for holder in content.roles:
        membership = Membership(
            group_id=group.id,
            account_id=places.people[holder.person].id,
            role=holder.role,
            is_alternate=False,
            started_at=places.ago(holder.since_days_ago),
        )
        _seat_person(session, membership, places)
    _end_stages(session, group, content, places)
    return group


def _seat_person(session: Session, membership: Membership, places: Places) -> None:
    session.add(membership)
    record_membership(session, None, AuditAction.MEMBER_ADDED, membership, places.now)


def _end_stages(session: Session, group: Group, content: demo.Group, places: Places) -> None:
    """End the stages before the current one, ten days after each other, and give that one its deadline."""
    stages = session.scalars(
        sa.select(Stage).where(Stage.group_id == group.id).order_by(Stage.position)
    ).all()
    keys = [stage.key for stage in stages]
    if content.current_stage not in keys:
        return
    place = keys.index(content.current_stage)
    for before, stage in enumerate(stages[:place]):
        ended = 20 * (place - before)
        stage.started_at, stage.ended_at = places.ago(ended + 20), places.ago(ended)
    stages[place].started_at = places.ago(20)
    if content.stage_closes_in_days is not None:
        stages[place].closes_at = places.deadline(content.stage_closes_in_days)
