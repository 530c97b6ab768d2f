"""Loading the Actor: every clearance and writer key of a person, worked out in one statement."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus, PlatformRole
from forum.domain.attribution import NamedList, NamedReader
from forum.domain.base import UtcDateTime
from forum.domain.consultations import Consultation
from forum.domain.groups import Group, GroupRole, Membership, Seat, SeatKind
from forum.domain.labels import Ceiling
from forum.domain.organisations import Mandate, Organisation, StakeholderType
from forum.domain.papers import Paper, PaperAuthor
from forum.domain.second_factors import OneTimeCode, Passkey
from forum.domain.signatures import Signatory
from forum.domain.suspensions import Suspension
from forum.policy.actor import ANONYMOUS, Actor, SpokenFor
from forum.policy.labels import (
    COMMUNITY,
    PUBLIC,
    authors_label,
    consultation_secretariat_label,
    group_label,
    managers_label,
    moderators_label,
    named_label,
    organisations_label,
    writers_label,
)
from forum.services.coauthors import is_coauthor_on
from forum.services.sealing import account_key, organisation_key, sealed_key, seat_key


def load_actor(session: Session, account_id: int | None, *, now: datetime, sealing_secret: bytes) -> Actor:
    """Give the actor for an account, or the anonymous visitor; suspended people read as visitors."""
    account = session.get(Account, account_id) if account_id is not None else None
    if account is None or account.status is not AccountStatus.ACTIVE:
        return ANONYMOUS
    return actor_for(session, account, now=now, sealing_secret=sealing_secret)


def actor_for(session: Session, account: Account, *, now: datetime, sealing_secret: bytes) -> Actor:
    """Give the actor for a loaded account: one statement whatever the number of groups."""
    mandates, roles, granted, suspended_in, seats, factor = _load_rights(session, account.id, now)
    is_needed = factor.is_needed or account.platform_role is not PlatformRole.MEMBER
    keys = [account_key(account.id), *(organisation_key(m.organisation_id) for m in mandates)]
    is_suspended = account.suspended_until is not None and account.suspended_until > now
    if is_suspended:
        roles, granted = {}, set()
    else:
        granted |= {COMMUNITY}
        keys += [seat_key(seat_id) for seat_id in seats]
    return Actor(
        account_id=account.id,
        public_id=account.public_id,
        name=account.name,
        handle=account.handle,
        language=account.language,
        time_zone=account.time_zone,
        theme=account.theme,
        is_suspended=is_suspended,
        platform_role=account.platform_role,
        clearances=frozenset(granted | {PUBLIC}),
        writer_keys=frozenset(keys) | {sealed_key(sealing_secret, key) for key in keys},
        group_roles=roles,
        mandates=mandates,
        suspended_in=suspended_in,
        needs_second_factor=is_needed,
        has_second_factor=factor.is_there,
    )


@dataclass(slots=True)
class _Factor:
    """What was found about a second factor."""

    is_needed: bool = False
    is_there: bool = False


_NEEDING = frozenset({GroupRole.CHAIR, GroupRole.MODERATOR, GroupRole.SECRETARIAT})
"""Who decides about others needs a second factor, in whatever group."""


def _load_rights(
    session: Session, account_id: int, now: datetime
) -> tuple[
    tuple[SpokenFor, ...], dict[int, frozenset[GroupRole]], set[str], frozenset[int], list[int], _Factor
]:
    """Mandates by name, roles by group, the labels that roles, seats, named lists, drafts and
    consultations grant, the groups in which the person is suspended,
    and the seats that the person holds: a seat's assessments, and whatever else it writes as itself.
    """
    mandates: list[SpokenFor] = []
    roles: dict[int, set[GroupRole]] = defaultdict(set)
    granted: set[str] = set()
    seats: list[int] = []
    named: list[tuple[int, int]] = []
    suspended_in: set[int] = set()
    factor = _Factor()
    parameters = {"account_id": account_id, "now": now, "today": now.date()}
    for kind, first, second, flag, slug, name, country in session.execute(_RIGHTS, parameters):
        match kind:
            case "mandate":
                mandates.append(SpokenFor(first, slug, name, StakeholderType(second), country, flag))
            case "role":
                # Suspended in a group: still reads, writes nothing.
                roles[first].add(GroupRole.OBSERVER if flag else GroupRole(second))
                granted |= {group_label(first), organisations_label(first)}
                factor.is_needed |= slug == Ceiling.MEMBERS or GroupRole(second) in _NEEDING
            case "colleague":
                granted.add(organisations_label(first))
                factor.is_needed |= slug == Ceiling.MEMBERS
            case "factor":
                factor.is_there = True
            case "named":
                granted.add(named_label(first))
                named.append((first, int(second)))
            case "author":
                granted |= {authors_label(first), writers_label(first)}
            case "signatory":
                granted.add(authors_label(first))
            case "consultation":
                granted.add(consultation_secretariat_label(first))
            case "seat":
                seats.append(first)
            case "suspended":
                suspended_in.add(first)
    for group_id in suspended_in & set(roles):
        roles[group_id] = {GroupRole.OBSERVER}
    for group_id, held in roles.items():
        if GroupRole.MODERATOR in held:
            granted.add(moderators_label(group_id))
        if held & {GroupRole.CHAIR, GroupRole.SECRETARIAT}:
            granted.add(managers_label(group_id))
    for list_id, group_id in named:
        if GroupRole.MODERATOR in roles.get(group_id, ()):
            granted.add(f"{named_label(list_id)}:moderators")
    mandates.sort(key=lambda mandate: mandate.name)
    held_roles = {group_id: frozenset(held) for group_id, held in roles.items()}
    return tuple(mandates), held_roles, granted, frozenset(suspended_in), seats, factor


def _rights_statement() -> Any:
    """One UNION ALL of (kind, id, detail, flag, slug, name, country): rights are few, trips dear."""
    text = sa.String()
    no = sa.literal(False)
    nothing = (sa.literal(""), sa.literal(""), sa.null())
    ceiling = (sa.cast(Group.ceiling, text), sa.literal(""), sa.null())
    account_id: Any = sa.bindparam("account_id")
    now: Any = sa.bindparam("now", type_=UtcDateTime())
    today: Any = sa.bindparam("today")
    current = sa.and_(Membership.account_id == account_id, Membership.ended_at.is_(None))
    mandated = sa.and_(
        Mandate.account_id == account_id,
        Mandate.starts_on <= today,
        sa.or_(Mandate.ends_on.is_(None), Mandate.ends_on >= today),
    )
    bodies = sa.select(Mandate.organisation_id).where(mandated)
    return sa.union_all(
        sa.select(
            sa.literal("mandate").label("kind"),
            Organisation.id.label("first"),
            sa.cast(Organisation.type, text).label("second"),
            Mandate.may_publish.label("flag"),
            Organisation.slug,
            Organisation.name,
            Organisation.country,
        )
        .join(Organisation, Organisation.id == Mandate.organisation_id)
        .where(mandated),
        sa.select(
            sa.literal("role"),
            Membership.group_id,
            sa.cast(Membership.role, text),
            sa.func.coalesce(Membership.suspended_until > now, no),
            *ceiling,
        )
        .join(Group, Group.id == Membership.group_id)
        .where(current),
        sa.select(sa.literal("named"), NamedReader.list_id, sa.cast(NamedList.group_id, text), no, *nothing)
        .join(NamedList, NamedList.id == NamedReader.list_id)
        .where(NamedReader.account_id == account_id),
        sa.select(sa.literal("author"), PaperAuthor.paper_id, sa.literal(""), no, *nothing)
        .join(Paper, Paper.id == PaperAuthor.paper_id)
        .where(PaperAuthor.account_id == account_id, is_coauthor_on(today)),
        sa.select(sa.literal("signatory"), Signatory.paper_id, sa.literal(""), no, *nothing).where(
            Signatory.organisation_id.in_(bodies), Signatory.ended_at.is_(None)
        ),
        sa.select(sa.literal("consultation"), Consultation.id, sa.literal(""), no, *nothing)
        .join(Membership, Membership.group_id == Consultation.group_id)
        .where(current, Membership.role == GroupRole.SECRETARIAT),
        sa.select(sa.literal("seat"), Seat.id, sa.literal(""), no, *nothing)
        .join(Membership, Membership.seat_id == Seat.id)
        .where(
            current,
            Seat.ended_at.is_(None),
            # Observers of a body's seat attend; what the seat writes is its representative's.
            sa.or_(
                Seat.kind.in_([SeatKind.MEMBER_STATE, SeatKind.COMMON_INTEREST]),
                Membership.role != GroupRole.OBSERVER,
            ),
        ),
        sa.select(sa.literal("colleague"), Seat.group_id, sa.literal(""), no, *ceiling)
        .join(Group, Group.id == Seat.group_id)
        .where(Seat.organisation_id.in_(bodies), Seat.ended_at.is_(None)),
        sa.select(sa.literal("suspended"), Suspension.group_id, sa.literal(""), no, *nothing).where(
            Suspension.account_id == account_id, Suspension.ends_at > now, Suspension.group_id.is_not(None)
        ),
        sa.select(sa.literal("factor"), OneTimeCode.account_id, sa.literal(""), no, *nothing).where(
            OneTimeCode.account_id == account_id, OneTimeCode.secret.is_not(None)
        ),
        sa.select(sa.literal("factor"), Passkey.id, sa.literal(""), no, *nothing).where(
            Passkey.account_id == account_id
        ),
    )


# Built once and kept: to build a statement costs more than to execute it.
_RIGHTS = _rights_statement()
