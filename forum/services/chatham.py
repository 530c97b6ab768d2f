"""The Chatham House Rule: who said it stays unsaid. Aliases that are stable within one discussion only.

An alias is a stakeholder type and a letter in the order of first words: "Company A", "NGO B". A type
with fewer than three seats in the group would point at its only bodies, so it is "Participant".
"""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import Attribution
from forum.domain.groups import Group, Seat
from forum.domain.organisations import Organisation, StakeholderType
from forum.domain.threads import ThreadAlias

MIN_SEATS = 3
"""Seats a type must have in the group before an alias may name it."""

_NAMES: dict[StakeholderType, str] = {
    StakeholderType.ACADEMIC: "Research institution",
    StakeholderType.BUSINESS_ASSOCIATION: "Business association",
    StakeholderType.COMPANY: "Company",
    StakeholderType.CONSUMER: "Consumer organisation",
    StakeholderType.ENVIRONMENTAL: "Environmental organisation",
    StakeholderType.EU_CITIZEN: "Citizen",
    StakeholderType.NON_EU_CITIZEN: "Citizen",
    StakeholderType.NGO: "NGO",
    StakeholderType.PUBLIC_AUTHORITY: "Public authority",
    StakeholderType.TRADE_UNION: "Trade union",
}
_PARTICIPANT = "Participant"


def is_sealed(group: Group) -> bool:
    """Whether what is written in the group now is written under the Chatham House Rule."""
    return group.attribution is Attribution.CHATHAM_HOUSE


def alias_for(
    session: Session,
    group: Group,
    thread_id: int,
    writer_key: str,
    stakeholder_type: StakeholderType | None,
) -> str:
    """Give the alias of a sealed writer key in a discussion, the same at every call; new ones are stored."""
    known = session.get(ThreadAlias, (thread_id, writer_key))
    if known is not None:
        return known.alias
    taken = session.scalar(
        sa.select(sa.func.count()).select_from(ThreadAlias).where(ThreadAlias.thread_id == thread_id)
    )
    alias = f"{type_name(session, group, stakeholder_type)} {letters(taken or 0)}"
    session.add(ThreadAlias(thread_id=thread_id, writer_key=writer_key, alias=alias))
    session.flush()
    return alias


def letters(index: int) -> str:
    """Give A, B … Z, AA, AB … for 0, 1 …"""
    text = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        text = chr(ord("A") + letter) + text
    return text


def type_name(session: Session, group: Group, stakeholder_type: StakeholderType | None) -> str:
    """Give the word that an alias begins with: "Participant" where the type would point at somebody."""
    name = _NAMES.get(stakeholder_type) if stakeholder_type is not None else None
    if name is None:
        return _PARTICIPANT
    same_name = [kind for kind, other in _NAMES.items() if other == name]
    seats = session.scalar(
        sa.select(sa.func.count())
        .select_from(Seat)
        .join(Organisation, Organisation.id == Seat.organisation_id)
        .where(Seat.group_id == group.id, Seat.ended_at.is_(None), Organisation.type.in_(same_name))
    )
    return name if (seats or 0) >= MIN_SEATS else _PARTICIPANT
