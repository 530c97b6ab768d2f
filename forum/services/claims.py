"""Taking a case, so that two moderators do not decide on it at once: it lapses by itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.moderation import MODERATED
from forum.domain.moderators import CLAIM_SPAN, ModerationClaim
from forum.errors import Conflict, NotFound
from forum.policy import Action, Actor
from forum.policy.subjects import Subject
from forum.services.subjects import get_subject


@dataclass(frozen=True, slots=True)
class Claim:
    """Until when a case is taken, and whether by the reader; who else it is does not matter."""

    until: datetime
    is_mine: bool


def take(
    session: Session,
    actor: Actor,
    kind: SubjectKind,
    public_id: str,
    *,
    over: bool = False,
    now: datetime,
) -> Claim:
    """Take a case, or take it on for longer; Conflict while a colleague has it, unless taken `over`."""
    subject = _get(session, actor, kind, public_id)
    row = session.get(ModerationClaim, (kind, subject.row.id))
    if row is None:
        row = ModerationClaim(subject_kind=kind, subject_id=subject.row.id, account_id=actor.account_id)
        session.add(row)
    elif row.account_id != actor.account_id and row.until > now and not over:
        raise _taken()
    assert actor.account_id is not None
    row.account_id, row.until = actor.account_id, now + CLAIM_SPAN
    session.flush()
    return Claim(row.until, True)


def give_back(session: Session, actor: Actor, kind: SubjectKind, public_id: str) -> None:
    """Leave a case that one has taken to the colleagues again."""
    subject = _get(session, actor, kind, public_id)
    session.execute(
        sa.delete(ModerationClaim).where(
            ModerationClaim.subject_kind == kind,
            ModerationClaim.subject_id == subject.row.id,
            ModerationClaim.account_id == actor.account_id,
        )
    )


def end_claim(session: Session, actor: Actor, subject: Subject, *, now: datetime) -> None:
    """End the claim on what is decided now; Conflict while a colleague has it."""
    row = session.get(ModerationClaim, (subject.kind, subject.row.id))
    if row is None:
        return
    if row.account_id != actor.account_id and row.until > now:
        raise _taken()
    session.delete(row)


def find_claims(
    session: Session, actor: Actor, places: Iterable[tuple[SubjectKind, int]], *, now: datetime
) -> dict[tuple[SubjectKind, int], Claim]:
    """Give the claims that hold now, by kind and key; one statement."""
    wanted = set(places)
    if not wanted:
        return {}
    rows = session.scalars(_HELD, {"now": now, "ids": [id_ for _, id_ in wanted]})
    return {
        (row.subject_kind, row.subject_id): Claim(row.until, row.account_id == actor.account_id)
        for row in rows
        if (row.subject_kind, row.subject_id) in wanted
    }


_HELD = sa.select(ModerationClaim).where(
    ModerationClaim.until > sa.bindparam("now"),
    ModerationClaim.subject_id.in_(sa.bindparam("ids", expanding=True)),
)


def _get(session: Session, actor: Actor, kind: SubjectKind, public_id: str) -> Subject:
    if kind not in MODERATED:
        raise NotFound
    return get_subject(session, actor, kind, public_id, Action.MODERATE)


def _taken() -> Conflict:
    return Conflict("A colleague has taken this case just now. Take it over first, if it cannot wait.")
