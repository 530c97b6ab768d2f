"""Who is asked by a consultation: as whom an actor may answer, and the bodies and people that are awaited."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.accounts import Account, AccountStatus
from forum.domain.answers import Answer
from forum.domain.consultations import (
    OPEN_TO_ALL,
    AnswerUnit,
    Asked,
    AskedOrganisation,
    Consultation,
    SubmitBy,
)
from forum.domain.groups import Group, GroupRole, Membership, Seat, SeatKind
from forum.domain.labels import Status
from forum.domain.organisations import Mandate, Organisation, StakeholderType
from forum.errors import NotAllowed
from forum.policy import Action, Actor, can
from forum.policy.actor import SpokenFor
from forum.policy.subjects import AnswerRights
from forum.services.chatham import is_sealed
from forum.services.sealing import account_key, organisation_key, sealed_key, seat_key

OWN = "-"
"""The name, in an address, of answering in one's own capacity; never the slug of a body."""
_SEATED_AS_ITSELF = (SeatKind.MEMBER_STATE, SeatKind.COMMON_INTEREST)


@dataclass(frozen=True, slots=True)
class Respondent:
    """As whom an actor may answer: a body, a seat, or themselves."""

    slug: str
    """In addresses: of the organisation, the public id of a seat, or OWN."""
    key: str
    """The writer key whose answer it is, never sealed; a person's where each person gives an answer."""
    name: str
    organisation_id: int | None = None
    type: StakeholderType | None = None
    country: str | None = None
    may_submit: bool = True


@dataclass(frozen=True, slots=True)
class Awaited:
    """A body, seat or person that is asked, and the accounts to be reminded."""

    key: str
    name: str
    organisation_slug: str | None
    people: tuple[int, ...]


def list_respondents(
    session: Session, actor: Actor, group: Group, consultation: Consultation
) -> list[Respondent]:
    """Give as whom the actor may answer, bodies first; empty where they are not asked. Two statements."""
    if not actor.is_signed_in or actor.is_suspended:
        return []
    assert actor.account_id is not None
    held = _seats_of(session, actor.account_id, group.id)
    asked_bodies = _asked_bodies(session, consultation)
    own = account_key(actor.account_id)
    is_each = consultation.answer_unit is AnswerUnit.PERSON
    found = [
        Respondent(
            slug=mandate.slug,
            key=own if is_each else organisation_key(mandate.organisation_id),
            name=mandate.name,
            organisation_id=mandate.organisation_id,
            type=mandate.type,
            country=mandate.country,
            may_submit=_may_submit(consultation.submit_by, mandate, held),
        )
        for mandate in actor.mandates
        if asked_bodies is None or mandate.organisation_id in asked_bodies
    ]
    if consultation.asked is Asked.SEATS:
        found += [_of_seat(seat, own if is_each else None) for seat in held if _is_seat_itself(seat)]
        if any(_is_own(seat) for seat in held):
            found.append(Respondent(OWN, own, actor.name))
    elif consultation.asked in OPEN_TO_ALL:
        found.append(Respondent(OWN, own, actor.name))
    rights = AnswerRights(group, consultation, frozenset(one.key for one in found))
    return found if can(actor, Action.ANSWER, rights) else []


def get_respondent(
    session: Session, actor: Actor, group: Group, consultation: Consultation, slug: str | None
) -> Respondent:
    """Give the respondent of that name, or the first; NotAllowed where the actor is not asked as that."""
    for respondent in list_respondents(session, actor, group, consultation):
        if slug in (None, "", respondent.slug):
            return respondent
    raise NotAllowed("This consultation does not ask you, or not in that name.")


def stored_key(group: Group, key: str, sealing_secret: bytes) -> str:
    """Give a respondent's key as it is stored: sealed under the Chatham House Rule."""
    return sealed_key(sealing_secret, key) if is_sealed(group) else key


def list_awaited(
    session: Session, group: Group, consultation: Consultation, *, now: datetime
) -> list[Awaited] | None:
    """Give everybody who is asked, by name; None where everybody with an account may answer."""
    if consultation.asked in OPEN_TO_ALL:
        return None
    found = (
        _awaited_bodies(session, consultation, now)
        if consultation.asked is Asked.NAMED
        else _awaited_seats(session, group)
    )
    if consultation.answer_unit is AnswerUnit.PERSON:
        found = _each_person(session, found)
    return sorted(found, key=lambda one: one.name.casefold())


def answered_keys(session: Session, consultation_id: int) -> frozenset[str]:
    """Give the stored keys of those whose answer stands."""
    statement = sa.select(Answer.writer_key).where(
        Answer.consultation_id == consultation_id, Answer.status != Status.WITHDRAWN
    )
    return frozenset(session.scalars(statement))


def _seats_of(session: Session, account_id: int, group_id: int) -> Sequence[Any]:
    """The actor's memberships in the group that may answer, with their seats."""
    return session.execute(
        sa.select(
            Membership.role,
            Membership.is_alternate,
            Seat.id,
            Seat.public_id,
            Seat.kind,
            Seat.title,
            Seat.country,
            Seat.organisation_id,
        )
        .select_from(Membership)
        .outerjoin(Seat, Seat.id == Membership.seat_id)
        .where(
            Membership.account_id == account_id,
            Membership.group_id == group_id,
            Membership.ended_at.is_(None),
            Membership.role != GroupRole.OBSERVER,
            Seat.ended_at.is_(None),
        )
        .order_by(Membership.id)
    ).all()


def _asked_bodies(session: Session, consultation: Consultation) -> frozenset[int] | None:
    """The organisations that are asked; None for all."""
    match consultation.asked:
        case Asked.SEATS:
            statement = sa.select(Seat.organisation_id).where(
                Seat.group_id == consultation.group_id,
                Seat.ended_at.is_(None),
                Seat.organisation_id.is_not(None),
                ~_attends_only(Seat),
            )
        case Asked.NAMED:
            statement = sa.select(AskedOrganisation.organisation_id).where(
                AskedOrganisation.consultation_id == consultation.id
            )
        case _:
            return None
    return frozenset(one for one in session.scalars(statement) if one is not None)


def _attends_only(seat: Any) -> sa.ColumnElement[bool]:
    """The condition that a seat has observers and nobody else on it."""
    held = aliased(Membership)
    on_it = sa.select(sa.literal(1)).where(held.seat_id == seat.id, held.ended_at.is_(None))
    return sa.and_(
        on_it.where(held.role == GroupRole.OBSERVER).exists(),
        ~on_it.where(held.role != GroupRole.OBSERVER).exists(),
    )


def _may_submit(by: SubmitBy, mandate: SpokenFor, held: Sequence[Any]) -> bool:
    match by:
        case SubmitBy.MANDATE:
            return True
        case SubmitBy.PUBLISHER:
            return mandate.may_publish
        case SubmitBy.REPRESENTATIVE:
            on_seat = [seat for seat in held if seat.organisation_id == mandate.organisation_id]
            # A body without a seat here has no representative: then the mandate counts.
            return any(not seat.is_alternate for seat in on_seat) if on_seat else mandate.may_publish


def _is_seat_itself(seat: Any) -> bool:
    return seat.kind in _SEATED_AS_ITSELF


def _is_own(seat: Any) -> bool:
    """Whether somebody is a member in their own capacity: by a personal seat, or with none at all."""
    return seat.kind is SeatKind.PERSONAL or (seat.kind is None and seat.role is GroupRole.MEMBER)


def _of_seat(seat: Any, own: str | None) -> Respondent:
    return Respondent(
        slug=seat.public_id,
        key=own or seat_key(seat.id),
        name=_seat_name(seat),
        type=StakeholderType.PUBLIC_AUTHORITY if seat.kind is SeatKind.MEMBER_STATE else None,
        country=seat.country,
    )


def _seat_name(seat: Any) -> str:
    return seat.title or seat.country or "–"


def _awaited_seats(session: Session, group: Group) -> list[Awaited]:
    rows = session.execute(
        sa.select(
            Membership.account_id,
            Membership.role,
            Account.name.label("person"),
            Seat.id,
            Seat.kind,
            Seat.title,
            Seat.country,
            Seat.organisation_id,
            Organisation.name.label("body"),
            Organisation.slug,
        )
        .select_from(Membership)
        .join(Account, Account.id == Membership.account_id)
        .outerjoin(Seat, Seat.id == Membership.seat_id)
        .outerjoin(Organisation, Organisation.id == Seat.organisation_id)
        .where(
            Membership.group_id == group.id,
            Membership.ended_at.is_(None),
            Membership.role != GroupRole.OBSERVER,
            Seat.ended_at.is_(None),
        )
        .order_by(Membership.id)
    ).all()
    found: dict[str, Awaited] = {}
    for row in rows:
        if row.organisation_id is not None:
            one = Awaited(organisation_key(row.organisation_id), row.body, row.slug, (row.account_id,))
        elif _is_seat_itself(row):
            one = Awaited(seat_key(row.id), _seat_name(row), None, (row.account_id,))
        elif _is_own(row):
            one = Awaited(account_key(row.account_id), row.person, None, (row.account_id,))
        else:
            continue
        before = found.get(one.key)
        people = tuple(dict.fromkeys((*(before.people if before else ()), *one.people)))
        found[one.key] = Awaited(one.key, one.name, one.organisation_slug, people)
    return [*found.values(), *_empty_seats(session, group, found)]


def _empty_seats(session: Session, group: Group, found: Iterable[str]) -> list[Awaited]:
    """Bodies whose seat nobody fills now: they are asked, and somebody has to be found."""
    rows = session.execute(
        sa.select(Organisation.id, Organisation.name, Organisation.slug)
        .join(Seat, Seat.organisation_id == Organisation.id)
        .where(Seat.group_id == group.id, Seat.ended_at.is_(None), ~_attends_only(Seat))
    )
    known = set(found)
    return [
        Awaited(organisation_key(row.id), row.name, row.slug, ())
        for row in rows
        if organisation_key(row.id) not in known
    ]


def _awaited_bodies(session: Session, consultation: Consultation, now: datetime) -> list[Awaited]:
    today = now.date()
    holds = sa.and_(
        Mandate.organisation_id == Organisation.id,
        Mandate.starts_on <= today,
        sa.or_(Mandate.ends_on.is_(None), Mandate.ends_on >= today),
    )
    rows = session.execute(
        sa.select(Organisation.id, Organisation.name, Organisation.slug, Mandate.account_id)
        .select_from(AskedOrganisation)
        .join(Organisation, Organisation.id == AskedOrganisation.organisation_id)
        .outerjoin(Mandate, holds)
        .where(AskedOrganisation.consultation_id == consultation.id)
        .order_by(Mandate.id)
    )
    found: dict[int, Awaited] = {}
    for row in rows:
        before = found.get(row.id)
        people = before.people if before else ()
        if row.account_id is not None and row.account_id not in people:
            people = (*people, row.account_id)
        found[row.id] = Awaited(organisation_key(row.id), row.name, row.slug, people)
    return list(found.values())


def _each_person(session: Session, bodies: list[Awaited]) -> list[Awaited]:
    people = {person for body in bodies for person in body.people}
    names = dict(
        session.execute(
            sa.select(Account.id, Account.name).where(
                Account.id.in_(people), Account.status == AccountStatus.ACTIVE
            )
        ).all()
    )
    found: dict[int, Awaited] = {}
    for body in bodies:
        for person in body.people:
            if person in names:
                of = f" ({body.name})" if body.organisation_slug else ""
                name = f"{names[person]}{of}"
                found.setdefault(
                    person, Awaited(account_key(person), name, body.organisation_slug, (person,))
                )
    return list(found.values())
