"""Statements of reasons: built with the restriction they are about, shown to its author, and given out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.base import new_public_id
from forum.domain.groups import Group
from forum.domain.moderation import UNDO_SPAN, Flag, FlagReason, ModerationDecision
from forum.domain.moderation import Action as Decision
from forum.domain.papers import PaperVersion
from forum.domain.statement_schema import MAX_BATCH
from forum.domain.statements import SourceType, Statement, StatementOfReasons
from forum.domain.threads import Post
from forum.errors import NotFound
from forum.policy import Action, Actor, can, require
from forum.policy.rules import is_writer
from forum.policy.sql import base_label_of
from forum.policy.subjects import Subject
from forum.services.chatham import is_sealed
from forum.services.decisions import was_overturned, was_undone
from forum.services.groups import rule_text
from forum.services.paging import checked_place
from forum.services.statement_rules import statement_rules
from forum.services.subjects import find_subject

_WHAT = {
    "thread": "An opening post of a discussion",
    "post": "A post in a discussion",
    "version": "A paper",
    "answer": "An answer to a consultation",
    "assessment": "An assessment of a seat",
    "entry": "An entry of a register",
    "account": "An account",
}


def add_statement(
    session: Session,
    decision: ModerationDecision,
    subject: Subject | None,
    flags: Sequence[Flag] = (),
    *,
    until: date | None = None,
) -> Statement:
    """Store the statement of a restriction (`subject` None: of an account); Invalid if none can be made."""
    puid = new_public_id()
    value = _build(puid, decision, subject, flags, until)
    statement = Statement(
        public_id=puid,
        decision_id=decision.id,
        group_id=decision.group_id,
        fields=value.fields(),
        created_at=decision.decided_at,
    )
    session.add(statement)
    return statement


def _build(
    puid: str,
    decision: ModerationDecision,
    subject: Subject | None,
    flags: Sequence[Flag],
    until: date | None,
) -> StatementOfReasons:
    rules = statement_rules()
    meaning = rules.meaning_of(decision.rule)
    group = subject.group if subject else None
    effect = rules.effect_of(decision.action, is_platform=subject is None, until=until)
    day = decision.decided_at.date()
    sent = subject.row.created_at.date() if subject else day
    return StatementOfReasons(
        puid=puid,
        ground=rules.ground_of(
            decision.rule, rule_text(group, decision.rule) if group else None, decision.reason
        ),
        restrictions=effect.restrictions,
        category=meaning.category,
        additions=meaning.additions,
        specification=meaning.specification,
        facts=_facts(decision, subject, len(flags), sent, effect.done),
        source=_source(flags),
        content_date=min(sent, day),
        application_date=day,
        language=_language(subject),
    )


def _facts(decision: ModerationDecision, subject: Subject | None, notices: int, sent: date, done: str) -> str:
    kind = decision.subject_kind.value
    if subject is not None and kind == "post" and subject.row.number == 1:
        kind = "thread"
    when = f", sent on {sent.isoformat()}," if subject is not None else ""
    asked = {0: "No reader had flagged it.", 1: "One reader had flagged it."}
    notified = asked.get(notices, f"{notices} readers had flagged it.") if subject else ""
    return f"{_WHAT[kind]}{when} {done}. A person decided, no machine. {notified}".strip()


def _source(flags: Sequence[Flag]) -> SourceType:
    if any(flag.reason is FlagReason.ILLEGAL for flag in flags):
        return SourceType.ARTICLE_16
    return SourceType.OTHER_NOTIFICATION if flags else SourceType.VOLUNTARY


def _language(subject: Subject | None) -> str | None:
    """Under the Chatham House Rule the language could tell who wrote."""
    if subject is None or is_sealed(subject.group):
        return None
    language = str(
        (subject.paper or subject.row).language if subject.thread is None else subject.row.language
    )
    return language if len(language) == 2 and language.isascii() and language.isalpha() else None


@dataclass(frozen=True, slots=True)
class StatementView:
    """A statement as its author or a moderator reads it."""

    public_id: str
    fields: dict[str, Any]
    decision: ModerationDecision
    subject: Subject | None
    group: Group | None
    rule: str | None
    is_author: bool
    is_overturned: bool


def get_statement(session: Session, actor: Actor, public_id: str, *, now: datetime) -> StatementView:
    """Give a statement to whoever wrote what it is about, or to a moderator of the group; else NotFound.

    Its author finds it once the decision can no longer be taken back, from a group they have left too.
    """
    row = session.execute(
        sa.select(Statement, ModerationDecision, was_overturned(ModerationDecision.id).label("is_overturned"))
        .join(ModerationDecision, ModerationDecision.id == Statement.decision_id)
        .where(Statement.public_id == public_id, ~was_undone(ModerationDecision.id))
    ).first()
    if row is None:
        raise NotFound
    statement, decision = row.Statement, row.ModerationDecision
    subject = find_subject(session, decision.subject_kind, decision.subject_id)
    is_author = _is_author(actor, decision, subject) and now - decision.decided_at >= UNDO_SPAN
    if not is_author and not _may_see(actor, subject):
        raise NotFound
    group = session.get(Group, decision.group_id) if decision.group_id is not None else None
    return StatementView(
        public_id=public_id,
        fields=statement.fields,
        decision=decision,
        subject=subject if subject is not None and can(actor, Action.READ, subject) else None,
        group=group if group is not None and can(actor, Action.SEE_LISTING, group) else None,
        rule=rule_text(group, decision.rule) if group else None,
        is_author=is_author,
        is_overturned=bool(row.is_overturned),
    )


def _is_author(actor: Actor, decision: ModerationDecision, subject: Subject | None) -> bool:
    if subject is not None:
        return actor.is_signed_in and is_writer(actor, subject)
    return actor.is_signed_in and decision.subject_id == actor.account_id


def _may_see(actor: Actor, subject: Subject | None) -> bool:
    """A moderator of what it is about; of an account, whoever may suspend one."""
    if subject is None:
        return can(actor, Action.MANAGE_PEOPLE)
    return can(actor, Action.MODERATE, subject)


@dataclass(frozen=True, slots=True)
class Batch:
    """Up to a hundred statements as the schema takes them, oldest first."""

    statements: Sequence[dict[str, Any]]
    next_after: str | None
    """Pass as `after` for what follows; None at the end."""


def list_statements(
    session: Session,
    actor: Actor | None,
    *,
    now: datetime,
    after: str | None = None,
    limit: int = MAX_BATCH,
    since: date | None = None,
    until: date | None = None,
    group_slug: str | None = None,
) -> Batch:
    """Give a batch of the statements that stand: to the platform's secretariat and administrators.

    Only of what the actor could read were it published, as in the public log; the operator (None) gets all.
    What can still be taken back is not among them; `since` and `until` are days of the decision (UTC).
    """
    statement = _standing(now)
    if actor is not None:
        require(actor, Action.EXPORT_STATEMENTS)
        statement = statement.where(_known_to(actor))
    if group_slug is not None:
        statement = statement.where(Group.slug == group_slug)
    if since is not None:
        statement = statement.where(Statement.fields["application_date"].as_string() >= since.isoformat())
    if until is not None:
        statement = statement.where(Statement.fields["application_date"].as_string() <= until.isoformat())
    if after is not None:
        place = session.scalar(statement.with_only_columns(Statement.id).where(Statement.public_id == after))
        statement = statement.where(Statement.id > checked_place(place))
    limit = max(1, min(limit, MAX_BATCH))
    rows = session.scalars(statement.order_by(Statement.id).limit(limit + 1)).all()
    shown = rows[:limit]
    return Batch([one.fields for one in shown], shown[-1].public_id if len(rows) > limit else None)


def get_fields(session: Session, actor: Actor | None, public_id: str, *, now: datetime) -> dict[str, Any]:
    """Give one statement as the schema takes it, to whom list_statements() would give it; else NotFound."""
    statement = _standing(now).where(Statement.public_id == public_id)
    if actor is not None:
        require(actor, Action.EXPORT_STATEMENTS)
        statement = statement.where(_known_to(actor))
    found = session.scalars(statement).first()
    if found is None:
        raise NotFound
    return found.fields


def _standing(now: datetime) -> sa.Select[Statement]:
    of = ModerationDecision
    return (
        sa.select(Statement)
        .join(of, of.id == Statement.decision_id)
        .outerjoin(Group, Group.id == of.group_id)
        .outerjoin(Post, sa.and_(of.subject_kind == "post", Post.id == of.subject_id))
        .outerjoin(PaperVersion, sa.and_(of.subject_kind == "version", PaperVersion.id == of.subject_id))
        .where(of.action != Decision.UNDO, ~was_undone(of.id), of.decided_at <= now - UNDO_SPAN)
    )


def _known_to(actor: Actor) -> sa.ColumnElement[bool]:
    clearances = sorted(actor.clearances)
    base = sa.case(
        (ModerationDecision.subject_kind == "version", base_label_of(PaperVersion)),
        else_=base_label_of(Post),
    )
    in_a_group = sa.and_(Group.is_listed, Group.audience.in_(clearances), base.in_(clearances))
    return sa.or_(ModerationDecision.group_id.is_(None), in_a_group)
