"""An appeal as its parties and those who may decide it see it, and those that wait in the queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session

from forum.domain.appeals import OPEN, Appeal, AppealState, Side
from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group
from forum.domain.moderation import Flag, FlagReason, ModerationDecision
from forum.domain.statements import Statement
from forum.domain.working_days import Bucket, bucket_of
from forum.errors import NotFound
from forum.policy import Action, Actor, can
from forum.policy.sql import MODEL_OF
from forum.services.appeal_rights import load_rights
from forum.services.appeals import get_appeal, is_appellant
from forum.services.attribution import Byline, get_byline
from forum.services.chatham import is_sealed
from forum.services.groups import rule_text
from forum.services.subjects import find_subject, markup_of


@dataclass(frozen=True, slots=True)
class ContestedText:
    """What an appeal is about: shown to whoever has taken it, and to nobody else here."""

    kind: SubjectKind
    title: str
    html: Markup
    language: str
    byline: Byline
    flags: Sequence[tuple[FlagReason, str]]


@dataclass(frozen=True, slots=True)
class AppealView:
    """An appeal; what its reader may not know is None."""

    appeal: Appeal
    decision: ModerationDecision
    group: Group | None
    rule: str | None
    statement: str | None
    """The public id of the statement of reasons, for the author."""
    is_mine: bool
    may_decide: bool
    is_taken_by_me: bool
    is_day_only: bool
    bucket: Bucket
    text: ContestedText | None


def show_appeal(
    session: Session, actor: Actor, public_id: str, *, sealing_secret: bytes, now: datetime
) -> AppealView:
    """Give an appeal to whoever made it, to those who may decide it, and to the group's moderators."""
    appeal = get_appeal(session, public_id)
    rights = load_rights(session, [appeal], now=now, sealing_secret=sealing_secret)[appeal.id]
    is_mine = is_appellant(actor, appeal)
    may_decide = can(actor, Action.DECIDE_APPEAL, rights)
    decided = appeal.decided_by_id is not None and appeal.decided_by_id == actor.account_id
    is_told = appeal.state is AppealState.UPHELD and not actor.writer_keys.isdisjoint(rights.party_keys)
    if not (is_mine or may_decide or decided or is_told):
        raise NotFound
    decision = session.get_one(ModerationDecision, appeal.decision_id)
    group = rights.group
    is_taken = appeal.state is AppealState.TAKEN and appeal.taken_by_id == actor.account_id and may_decide
    statement = sa.select(Statement.public_id).where(Statement.decision_id == decision.id)
    return AppealView(
        appeal=appeal,
        decision=decision,
        group=group if group is not None and can(actor, Action.SEE_LISTING, group) else None,
        rule=rule_text(group, decision.rule) if group else None,
        statement=session.scalar(statement) if is_mine and appeal.side is Side.AUTHOR else None,
        is_mine=is_mine,
        may_decide=may_decide and appeal.state in OPEN,
        is_taken_by_me=is_taken,
        is_day_only=group is not None and is_sealed(group),
        bucket=bucket_of(appeal.due_at, now=now),
        text=_text(session, actor, decision) if is_taken else None,
    )


def _text(session: Session, actor: Actor, decision: ModerationDecision) -> ContestedText | None:
    """Read without asking READ: taking the appeal was put on record, and gives this text alone."""
    subject = find_subject(session, decision.subject_kind, decision.subject_id)
    if subject is None:
        return None
    is_version = subject.kind is SubjectKind.VERSION
    attributed = subject.paper if is_version else subject.row
    flags = session.execute(
        sa.select(Flag.reason, Flag.explanation).where(Flag.decision_id == decision.id).order_by(Flag.id)
    )
    return ContestedText(
        kind=subject.kind,
        title=subject.thread.title if subject.thread else subject.row.title,
        html=markup_of(subject),
        language=str((subject.paper or subject.row).language if is_version else subject.row.language),
        byline=get_byline(session, actor, subject.group, attributed),
        flags=[(row.reason, row.explanation) for row in flags],
    )


@dataclass(frozen=True, slots=True)
class WaitingAppeal:
    """An open appeal that the actor may decide and that nobody else has taken."""

    public_id: str
    kind: SubjectKind
    subject_id: int
    subject_public_id: str
    group_id: int
    since: datetime
    due: datetime


def list_waiting_appeals(
    session: Session,
    actor: Actor,
    groups: Mapping[int, Group],
    *,
    now: datetime,
    sealing_secret: bytes | None = None,
) -> list[WaitingAppeal]:
    """Give the open appeals of groups that the actor may decide; a fixed number of statements."""
    appeals = session.scalars(
        sa.select(Appeal)
        .where(
            Appeal.group_id.in_(sorted(groups)),
            Appeal.state.in_(sorted(OPEN)),
            sa.or_(Appeal.taken_by_id.is_(None), Appeal.taken_by_id == actor.account_id),
        )
        .order_by(Appeal.due_at, Appeal.id)
    ).all()
    if not appeals:
        return []
    rights = load_rights(session, appeals, now=now, sealing_secret=sealing_secret)
    mine = [one for one in appeals if can(actor, Action.DECIDE_APPEAL, rights[one.id])]
    places = _places(session, [one.decision_id for one in mine])
    return [
        WaitingAppeal(one.public_id, *places[one.decision_id], one.group_id, one.filed_at, one.due_at)
        for one in mine
        if one.group_id is not None and one.decision_id in places
    ]


def _places(session: Session, decision_ids: list[int]) -> dict[int, tuple[SubjectKind, int, str]]:
    found: dict[int, tuple[SubjectKind, int, str]] = {}
    for kind in (SubjectKind.POST, SubjectKind.VERSION):
        model = MODEL_OF[kind]
        rows = session.execute(
            sa.select(ModerationDecision.id, model.id.label("subject_id"), model.public_id)
            .join(model, model.id == ModerationDecision.subject_id)
            .where(ModerationDecision.id.in_(decision_ids), ModerationDecision.subject_kind == kind)
        )
        found |= {row.id: (kind, row.subject_id, row.public_id) for row in rows}
    return found
