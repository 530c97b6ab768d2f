"""What is put on record of a role, a seat, a mandate, an account: the facts of each, one function a noun."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import AccessRequest, AccessToken, Account
from forum.domain.audit import AuditAction
from forum.domain.consultations import Consultation
from forum.domain.groups import Group, Membership, Seat
from forum.domain.organisations import Mandate, Organisation
from forum.domain.papers import Paper
from forum.policy import Actor
from forum.services.audit import record
from forum.services.chatham import is_sealed


def record_membership(
    session: Session, by: Actor | None, action: AuditAction, membership: Membership, now: datetime
) -> None:
    """Append what happened to a person's role in a group."""
    seat = session.get(Seat, membership.seat_id) if membership.seat_id is not None else None
    record(
        session,
        by,
        action,
        now=now,
        subject_kind="account",
        subject=session.get_one(Account, membership.account_id).public_id,
        group=session.get_one(Group, membership.group_id),
        role=membership.role.value,
        seat=seat.public_id if seat else None,
        is_alternate=membership.is_alternate,
    )


def record_seat(session: Session, by: Actor | None, action: AuditAction, seat: Seat, now: datetime) -> None:
    """Append what happened to a seat."""
    group = session.get_one(Group, seat.group_id)
    body = session.get(Organisation, seat.organisation_id) if seat.organisation_id is not None else None
    facts = {"kind": seat.kind.value, "body": body.public_id if body else None, "country": seat.country}
    record(session, by, action, now=now, subject_kind="seat", subject=seat.public_id, group=group, **facts)


def record_account(
    session: Session, by: Actor | None, action: AuditAction, account: Account, now: datetime
) -> None:
    """Append what happened to an account, with the role it has now."""
    role = account.platform_role.value
    record(session, by, action, now=now, subject_kind="account", subject=account.public_id, role=role)


def record_mandate(
    session: Session, by: Actor | None, action: AuditAction, mandate: Mandate, now: datetime
) -> None:
    """Append what happened to the right to speak for a body; the person is the subject."""
    record(
        session,
        by,
        action,
        now=now,
        subject_kind="account",
        subject=session.get_one(Account, mandate.account_id).public_id,
        body=session.get_one(Organisation, mandate.organisation_id).public_id,
        may_publish=mandate.may_publish,
        starts_on=mandate.starts_on.isoformat(),
        ends_on=mandate.ends_on.isoformat() if mandate.ends_on else None,
    )


def record_organisation(
    session: Session,
    by: Actor | None,
    action: AuditAction,
    organisation: Organisation,
    now: datetime,
    **facts: Any,
) -> None:
    """Append what happened to what is recorded of a body."""
    record(
        session,
        by,
        action,
        now=now,
        subject_kind="organisation",
        subject=organisation.public_id,
        **facts,
    )


def record_group(session: Session, by: Actor | None, group: Group, now: datetime) -> None:
    """Append that a group was made, and how open it is."""
    record(
        session,
        by,
        AuditAction.GROUP_ADDED,
        now=now,
        subject_kind="group",
        subject=group.public_id,
        group=group,
        ceiling=group.ceiling.value,
        is_listed=group.is_listed,
    )


def record_export(session: Session, by: Actor | None, group: Group, form: str, now: datetime) -> None:
    """Append that a group's contributions were given out as a file."""
    record(
        session,
        by,
        AuditAction.EXPORTED,
        now=now,
        subject_kind="group",
        subject=group.public_id,
        group=group,
        format=form,
    )


def record_token(
    session: Session, by: Actor | None, action: AuditAction, token: AccessToken, now: datetime
) -> None:
    """Append what happened to an access token; its person is the subject, never the token itself."""
    record(
        session,
        by,
        action,
        now=now,
        subject_kind="account",
        subject=session.get_one(Account, token.account_id).public_id,
        token=token.public_id,
        scopes=list(token.scopes),
        expires=token.expires_at.date().isoformat() if token.expires_at else None,
    )


def record_request(session: Session, by: Actor, request: AccessRequest, now: datetime) -> None:
    """Append what was decided about a request for an account or a seat."""
    account = session.get(Account, request.account_id) if request.account_id is not None else None
    record(
        session,
        by,
        AuditAction.REQUEST_GRANTED if request.is_granted else AuditAction.REQUEST_REFUSED,
        now=now,
        subject_kind="request",
        subject=request.public_id,
        group=session.get(Group, request.group_id) if request.group_id is not None else None,
        kind=request.kind.value,
        account=account.public_id if account else None,
    )


def record_coauthor(
    session: Session,
    by: Actor | None,
    action: AuditAction,
    paper: Paper,
    account_id: int,
    now: datetime,
) -> None:
    """Append who may read and write a paper's drafts from now on, or no more; unnamed where authors are."""
    group = session.get_one(Group, paper.group_id)
    public_id = session.scalar(sa.select(Account.public_id).where(Account.id == account_id))
    record(
        session,
        by,
        action,
        now=now,
        subject_kind="paper",
        subject=paper.public_id,
        group=group,
        account=None if is_sealed(group) else public_id,
    )


def record_consultation(
    session: Session,
    by: Actor | None,
    action: AuditAction,
    group: Group,
    consultation: Consultation,
    now: datetime,
) -> None:
    """Append what happened to a consultation; its dates and who reads its answers are facts."""
    closes_at = consultation.closes_at
    record(
        session,
        by,
        action,
        now=now,
        subject_kind="consultation",
        subject=consultation.public_id,
        group=group,
        state=consultation.state.value,
        answers_visible=consultation.answers_visible.value,
        tlp=consultation.tlp.value,
        closes_at=closes_at.isoformat(timespec="seconds") if closes_at else None,
    )
