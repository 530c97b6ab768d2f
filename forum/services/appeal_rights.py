"""Who decides an appeal: somebody else than the first decider, of another body, and no party to it.

The moderators of the group; its secretariat where none of them is left; of what the platform decided about
an account, whoever may suspend one.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus, PlatformRole
from forum.domain.appeals import Appeal
from forum.domain.attribution import Authorship
from forum.domain.groups import Group, GroupRole, Membership
from forum.domain.moderation import Flag, ModerationDecision
from forum.domain.organisations import Mandate
from forum.policy import Action, can
from forum.policy.subjects import AppealRights
from forum.services.actors import load_actor
from forum.services.sealing import account_key


def load_rights(
    session: Session,
    appeals: Sequence[Appeal],
    *,
    now: datetime,
    sealing_secret: bytes | None = None,
) -> Mapping[int, AppealRights]:
    """Give what the policy looks at for each appeal; a fixed number of statements.

    With a secret it is found out where no moderator is left to decide; without, moderators alone may.
    """
    decisions = {
        one.id: one
        for one in session.scalars(
            sa.select(ModerationDecision).where(
                ModerationDecision.id.in_({appeal.decision_id for appeal in appeals})
            )
        )
    }
    bodies = _bodies(session, {one.decided_by_id for one in decisions.values()}, now.date())
    parties = _parties(session, list(decisions.values()))
    group_ids = {appeal.group_id for appeal in appeals if appeal.group_id is not None}
    groups = {one.id: one for one in session.scalars(sa.select(Group).where(Group.id.in_(group_ids)))}
    found = {}
    for appeal in appeals:
        decision = decisions[appeal.decision_id]
        rights = AppealRights(
            group=groups.get(appeal.group_id) if appeal.group_id is not None else None,
            decider_id=decision.decided_by_id,
            decider_bodies=bodies.get(decision.decided_by_id, frozenset()),
            party_keys=parties[decision.id] | {appeal.appellant_key},
        )
        if sealing_secret is not None and rights.group is not None:
            is_left = _list_able(session, rights, GroupRole.MODERATOR, now, sealing_secret)
            rights = rights.for_secretariat(is_needed=not is_left)
        found[appeal.id] = rights
    return found


def list_deciders(
    session: Session, appeal: Appeal, *, now: datetime, sealing_secret: bytes
) -> frozenset[int]:
    """Give the accounts that may decide an appeal now."""
    rights = load_rights(session, [appeal], now=now, sealing_secret=sealing_secret)[appeal.id]
    if rights.group is None:
        ids = session.scalars(
            sa.select(Account.id).where(
                Account.platform_role != PlatformRole.MEMBER, Account.status == AccountStatus.ACTIVE
            )
        )
        return frozenset(_able(session, rights, ids.all(), now, sealing_secret))
    role = GroupRole.SECRETARIAT if rights.is_secretariat_needed else GroupRole.MODERATOR
    return frozenset(_list_able(session, rights, role, now, sealing_secret))


def _list_able(
    session: Session, rights: AppealRights, role: GroupRole, now: datetime, sealing_secret: bytes
) -> list[int]:
    """The holders of a role in the group who may decide; they are few."""
    assert rights.group is not None
    ids = session.scalars(
        sa.select(Membership.account_id)
        .where(Membership.group_id == rights.group.id, Membership.role == role, Membership.ended_at.is_(None))
        .distinct()
    )
    return _able(session, rights, ids.all(), now, sealing_secret)


def _able(
    session: Session, rights: AppealRights, ids: Sequence[int], now: datetime, sealing_secret: bytes
) -> list[int]:
    actors = [load_actor(session, one, now=now, sealing_secret=sealing_secret) for one in ids]
    return [
        actor.account_id
        for actor in actors
        if actor.account_id is not None and can(actor, Action.DECIDE_APPEAL, rights)
    ]


def _bodies(session: Session, account_ids: set[int], today: date) -> dict[int, frozenset[int]]:
    """The organisations that the deciders speak for today."""
    found: dict[int, set[int]] = {}
    rows = session.execute(
        sa.select(Mandate.account_id, Mandate.organisation_id).where(
            Mandate.account_id.in_(account_ids),
            Mandate.starts_on <= today,
            sa.or_(Mandate.ends_on.is_(None), Mandate.ends_on >= today),
        )
    )
    for account_id, organisation_id in rows:
        found.setdefault(account_id, set()).add(organisation_id)
    return {account_id: frozenset(bodies) for account_id, bodies in found.items()}


def _parties(session: Session, decisions: list[ModerationDecision]) -> dict[int, frozenset[str]]:
    """Writer keys of the authors and of whoever flagged, by decision."""
    found: dict[int, set[str]] = {one.id: set() for one in decisions}
    places: dict[Any, list[int]] = {}
    for one in decisions:
        places.setdefault((one.subject_kind, one.subject_id), []).append(one.id)
        if one.subject_kind == "account":
            found[one.id].add(account_key(one.subject_id))
    kinds = sorted({kind for kind, _ in places})
    ids = sorted({subject_id for _, subject_id in places})
    authors = session.execute(
        sa.select(Authorship.subject_kind, Authorship.subject_id, Authorship.writer_key).where(
            Authorship.subject_kind.in_(kinds), Authorship.subject_id.in_(ids)
        )
    )
    for kind, subject_id, key in authors:
        for decision_id in places.get((kind, subject_id), ()):
            found[decision_id].add(key)
    flags = sa.select(Flag.decision_id, Flag.reporter_id).where(Flag.decision_id.in_(found))
    for row in session.execute(flags):
        found[row.decision_id].add(account_key(row.reporter_id))
    return {decision_id: frozenset(keys) for decision_id, keys in found.items()}
