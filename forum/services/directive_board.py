"""The Directive's board: as it stands or stood, proposing a status, the contact's remark, publication."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.directive import (
    ArticleStatus,
    Board,
    StateContact,
    check_cell,
    checked_note,
    checked_source,
)
from forum.domain.groups import Group, Membership
from forum.domain.labels import Status
from forum.domain.notices import NoticeKind
from forum.domain.outbox import Topic
from forum.domain.register_entries import ThreadTopic
from forum.domain.strategy import Directive
from forum.domain.threads import Thread
from forum.domain.working_days import promised_by
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, require, visible_to
from forum.policy.subjects import Subject
from forum.services.audit import record
from forum.services.groups import get_group
from forum.services.labels import relabel
from forum.services.outbox import enqueue, enqueue_notice
from forum.services.registers import Discussed, list_discussed
from forum.services.sealing import account_key
from forum.services.subjects import get_subject, record_authorship
from forum.services.threads import default_tlp

Cell = tuple[str, str]
"""State and article."""


@dataclass(frozen=True, slots=True)
class StatusFields:
    """What the form of a proposed status holds."""

    state: str
    confidence: str
    as_of: date | None
    source: str
    note: str = ""


def load_cells(
    session: Session, actor: Actor, group: Group, *, until: datetime | None = None
) -> dict[Cell, ArticleStatus]:
    """Give what stands on the board, or stood at a moment, by State and article. One statement."""
    statement = (
        sa.select(ArticleStatus)
        .where(
            ArticleStatus.group_id == group.id,
            ArticleStatus.status == Status.PUBLISHED,
            visible_to(actor, ArticleStatus),
        )
        .order_by(ArticleStatus.published_at, ArticleStatus.id)
    )
    if until is not None:
        statement = statement.where(ArticleStatus.published_at <= until)
    return {(row.country, row.article): row for row in session.scalars(statement)}


def list_history(
    session: Session, actor: Actor, group: Group, country: str, article: str
) -> Sequence[ArticleStatus]:
    """Give what was published of an article in a State, newest first."""
    return session.scalars(
        sa.select(ArticleStatus)
        .where(
            ArticleStatus.group_id == group.id,
            ArticleStatus.country == country,
            ArticleStatus.article == article,
            ArticleStatus.status == Status.PUBLISHED,
            visible_to(actor, ArticleStatus),
        )
        .order_by(ArticleStatus.published_at.desc(), ArticleStatus.id.desc())
    ).all()


def list_proposals(
    session: Session, actor: Actor, group: Group, *, country: str | None = None
) -> Sequence[ArticleStatus]:
    """Give the statuses that wait for their day, of what the actor may read: managers, and each contact's."""
    statement = sa.select(ArticleStatus).where(
        ArticleStatus.group_id == group.id,
        ArticleStatus.status == Status.RECEIVED,
        visible_to(actor, ArticleStatus),
    )
    if country is not None:
        statement = statement.where(ArticleStatus.country == country)
    return session.scalars(statement.order_by(ArticleStatus.due_at, ArticleStatus.id)).all()


def list_contacts(session: Session, group: Group) -> Mapping[str, Account]:
    """Give the contact of each State that has one. One statement."""
    rows = session.execute(
        sa.select(StateContact.country, Account)
        .join(Account, Account.id == StateContact.account_id)
        .where(StateContact.group_id == group.id, StateContact.ended_at.is_(None))
    )
    return {row.country: row.Account for row in rows}


def list_asked(session: Session, actor: Actor, group: Group, country: str) -> list[Discussed]:
    """Give the questions to a State that the actor may read, newest first."""
    return list_discussed(
        session, actor, sa.and_(ThreadTopic.country == country, Thread.group_id == group.id)
    )


def get_proposal(session: Session, actor: Actor, slug: str, public_id: str) -> Subject:
    """Give a status by its id; NotFound where it is another group's, or unreadable."""
    subject = get_subject(session, actor, SubjectKind.ARTICLE_STATUS, public_id)
    if subject.group.slug != slug:
        raise NotFound
    return subject


def name_contact(
    session: Session,
    actor: Actor,
    directive: Directive,
    slug: str,
    country: str,
    account_public_id: str,
    *,
    now: datetime,
) -> None:
    """Make a member of the group the one contact of a State; what waits for a remark goes to them now."""
    group = get_group(session, actor, slug, Action.KEEP_BOARD)
    check_cell(directive, country, directive.articles[0].number)
    account = session.scalars(
        sa.select(Account)
        .join(Membership, Membership.account_id == Account.id)
        .where(
            Account.public_id == account_public_id,
            Membership.group_id == group.id,
            Membership.ended_at.is_(None),
        )
    ).first()
    if account is None:
        raise Invalid("Choose a member of this group.", field="contact")
    current = session.scalars(
        sa.select(StateContact).where(
            StateContact.group_id == group.id,
            StateContact.country == country,
            StateContact.ended_at.is_(None),
        )
    ).first()
    if current is not None and current.account_id == account.id:
        return
    if current is not None:
        current.ended_at = now
        session.flush()
    session.add(StateContact(group_id=group.id, country=country, account_id=account.id, started_at=now))
    record(
        session,
        actor,
        AuditAction.CONTACT_NAMED,
        now=now,
        subject_kind="account",
        subject=account.public_id,
        group=group,
        country=country,
    )
    for row in session.scalars(
        sa.select(ArticleStatus).where(
            ArticleStatus.group_id == group.id,
            ArticleStatus.country == country,
            ArticleStatus.status == Status.RECEIVED,
        )
    ):
        _send_to(session, row, account.id, now)


def _send_to(session: Session, row: ArticleStatus, account_id: int, now: datetime) -> None:
    """Let the contact read a proposed status, and tell them; nobody else of the State reads it yet."""
    session.execute(
        sa.delete(Authorship).where(
            Authorship.subject_kind == SubjectKind.ARTICLE_STATUS, Authorship.subject_id == row.id
        )
    )
    row.contact_id = account_id
    record_authorship(session, SubjectKind.ARTICLE_STATUS, row.id, [account_key(account_id)])
    _tell(session, row, NoticeKind.STATUS_PROPOSED, account_id, now)


def propose_status(
    session: Session,
    actor: Actor,
    board: Board,
    directive: Directive,
    slug: str,
    country: str,
    article: str,
    fields: StatusFields,
    *,
    now: datetime,
) -> ArticleStatus:
    """Propose what the board says of an article in a State: its contact sees it first.

    It is published by itself when the time for a remark is over.
    """
    group = get_group(session, actor, slug, Action.KEEP_BOARD)
    check_cell(directive, country, article)
    contact = list_contacts(session, group).get(country)
    if contact is None:
        raise Invalid(
            "Name a contact of %(country)s first: a proposed status goes there before it is published.",
            field="country",
            country=country,
        )
    _queue_proposers(session, group, country)
    waiting = [
        one for one in list_proposals(session, actor, group, country=country) if one.article == article
    ]
    if waiting:
        raise Invalid("A status of this article waits for its day already. Withdraw it first.")
    row = ArticleStatus(
        group_id=group.id,
        country=country,
        article=article,
        status=Status.RECEIVED,
        tlp=default_tlp(group),
        proposed_by_id=actor.account_id,
        proposed_at=now,
        due_at=promised_by(now, board.working_days),
        contact_id=contact.id,
        audience="",
        own="",
        **_checked(board, fields, now),
    )
    session.add(row)
    session.flush()
    relabel(session, group, row, now=now)
    _send_to(session, row, contact.id, now)
    enqueue(session, Topic.DEADLINE, {"article_status_id": row.id}, now=now, at=row.due_at)
    _record(session, actor, AuditAction.STATUS_PROPOSED, group, row, now)
    return row


def _queue_proposers(session: Session, group: Group, country: str) -> None:
    """Let those who propose something about a State go one after the other: one status of a cell waits."""
    session.execute(
        sa.select(StateContact.id)
        .where(
            StateContact.group_id == group.id,
            StateContact.country == country,
            StateContact.ended_at.is_(None),
        )
        .with_for_update()
    )


def _checked(board: Board, fields: StatusFields, now: datetime) -> dict[str, object]:
    if fields.state not in {one.key for one in board.statuses if one.is_offered}:
        raise Invalid("Choose a status of the list.", field="state")
    if fields.confidence not in {one.key for one in board.confidence}:
        raise Invalid("Say how sure this is.", field="confidence")
    if fields.as_of is None or fields.as_of > now.date():
        raise Invalid("Give the day that it speaks of; it is not in the future.", field="as_of")
    return {
        "state": fields.state,
        "confidence": fields.confidence,
        "as_of": fields.as_of,
        "source": checked_source(fields.source),
        "note": checked_note(fields.note, field="note"),
    }


def remark_on(
    session: Session, actor: Actor, slug: str, public_id: str, remark: str, *, now: datetime
) -> ArticleStatus:
    """Write the State's remark on a proposed status; it is published with it."""
    subject = get_proposal(session, actor, slug, public_id)
    row: ArticleStatus = subject.row
    if row.status is not Status.RECEIVED:
        raise NotAllowed("The time for a remark on this status is over.")
    require(actor, Action.REMARK, subject)
    row.remark, row.remarked_at = checked_note(remark, field="remark", is_needed=True), now
    session.flush()
    _record(session, actor, AuditAction.STATUS_REMARKED, subject.group, row, now)
    if row.proposed_by_id is not None:
        _tell(session, row, NoticeKind.STATUS_REMARKED, row.proposed_by_id, now)
    return row


def publish_status(
    session: Session, actor: Actor, slug: str, public_id: str, *, now: datetime
) -> ArticleStatus:
    """Publish a proposed status before its day: once the State has written its remark."""
    subject = get_proposal(session, actor, slug, public_id)
    require(actor, Action.KEEP_BOARD, subject.group)
    row: ArticleStatus = subject.row
    _refuse_settled(row)
    if row.remarked_at is None:
        raise Invalid("The State has until the end of its days for a remark. It is published by itself then.")
    _publish(session, subject.group, row, now, by=actor)
    return row


def withdraw_proposal(
    session: Session, actor: Actor, slug: str, public_id: str, *, now: datetime
) -> ArticleStatus:
    """Take a proposed status back, to propose another one."""
    subject = get_proposal(session, actor, slug, public_id)
    require(actor, Action.KEEP_BOARD, subject.group)
    row: ArticleStatus = subject.row
    _refuse_settled(row)
    row.status = Status.WITHDRAWN
    relabel(session, subject.group, row, now=now)
    _record(session, actor, AuditAction.STATUS_WITHDRAWN, subject.group, row, now)
    return row


def keep_proposal(session: Session, status_id: int, *, now: datetime) -> None:
    """Publish a proposed status whose time for a remark is over, with or without one; safe to repeat."""
    row = session.get(ArticleStatus, status_id)
    if row is None or row.status is not Status.RECEIVED or row.due_at > now:
        return
    _publish(session, session.get_one(Group, row.group_id), row, now, by=None)


def _refuse_settled(row: ArticleStatus) -> None:
    if row.status is not Status.RECEIVED:
        raise NotAllowed("This status does not wait any more.")


def _publish(session: Session, group: Group, row: ArticleStatus, now: datetime, *, by: Actor | None) -> None:
    row.status, row.published_at = Status.PUBLISHED, now
    relabel(session, group, row, now=now)
    _record(session, by, AuditAction.STATUS_PUBLISHED, group, row, now)
    for account_id in dict.fromkeys((row.contact_id, row.proposed_by_id)):
        if account_id is not None and (by is None or account_id != by.account_id):
            _tell(session, row, NoticeKind.STATUS_PUBLISHED, account_id, now)


def _tell(session: Session, row: ArticleStatus, kind: NoticeKind, account_id: int, now: datetime) -> None:
    session.flush()
    enqueue_notice(
        session,
        kind,
        now=now,
        subject_kind=SubjectKind.ARTICLE_STATUS,
        subject_id=row.id,
        account_id=account_id,
        occasion=f"at:{now.timestamp():.0f}",
    )


def _record(
    session: Session,
    by: Actor | None,
    action: AuditAction,
    group: Group,
    row: ArticleStatus,
    now: datetime,
) -> None:
    record(
        session,
        by,
        action,
        now=now,
        subject_kind="article_status",
        subject=row.public_id,
        group=group,
        country=row.country,
        article=row.article,
        state=row.state,
        has_remark=row.remarked_at is not None,
    )
