"""Whose account somebody from the OpenID provider has: known by subject, else by a verified address."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus, Invitation, InvitationPurpose
from forum.domain.audit import AuditAction
from forum.domain.external_identities import ExternalIdentity
from forum.errors import Conflict, Invalid, NotFound
from forum.policy import ANONYMOUS, Actor
from forum.services.accounts import create_account, find_account
from forum.services.invitations import accept_invitation, invitation_token
from forum.services.second_factors import note_factor
from forum.services.security_mail import Happened

NOBODY = "There is no account and no invitation for you here. Ask for access, or sign in with your password."


def find_identity(session: Session, account_id: int, issuer: str) -> ExternalIdentity | None:
    """Give the identity of an account at an issuer."""
    return session.scalars(
        sa.select(ExternalIdentity).where(
            ExternalIdentity.account_id == account_id, ExternalIdentity.issuer == issuer
        )
    ).first()


def account_for(
    session: Session,
    *,
    issuer: str,
    subject: str,
    email: str | None,
    name: str,
    may_register: bool,
    secret: bytes,
    now: datetime,
) -> Account:
    """Give the active account of whom the provider has named; Invalid where there is none.

    By subject; else, only with an address that the provider has verified, by account or open invitation.
    An account that is known to the provider under another subject is not given away by its address.
    """
    known = session.scalars(
        sa.select(ExternalIdentity).where(
            ExternalIdentity.issuer == issuer, ExternalIdentity.subject == subject
        )
    ).first()
    if known is not None:
        account = session.get(Account, known.account_id, populate_existing=True)
        if account is None or account.status is not AccountStatus.ACTIVE:
            raise Invalid(NOBODY)
        known.last_used_at = now
        return account
    if email is None:
        raise Invalid(NOBODY)
    account = find_account(session, email)
    if account is None or account.status is AccountStatus.PLACEHOLDER:
        account = _invited(session, email, name, secret, now)
        if account is None and may_register and find_account(session, email) is None:
            account = create_account(session, email=email, name=name or email.partition("@")[0], now=now)
            account.status = AccountStatus.ACTIVE
    if account is None or account.status is not AccountStatus.ACTIVE:
        raise Invalid(NOBODY)
    link(session, None, account, issuer=issuer, subject=subject, now=now)
    return account


def _invited(session: Session, email: str, name: str, secret: bytes, now: datetime) -> Account | None:
    """Accept the newest open invitation of an address, which the provider has verified."""
    waiting = session.scalars(
        sa.select(Invitation)
        .where(
            Invitation.email == email,
            Invitation.purpose != InvitationPurpose.PASSWORD,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > now,
        )
        .order_by(Invitation.id.desc())
    ).all()
    for invitation in waiting:
        try:
            return accept_invitation(
                session,
                ANONYMOUS,
                invitation_token(secret, invitation),
                secret=secret,
                now=now,
                name=invitation.name or name or email.partition("@")[0],
                needs_password=False,
            )
        except (Conflict, NotFound):
            continue
    return None


def link(
    session: Session, actor: Actor | None, account: Account, *, issuer: str, subject: str, now: datetime
) -> None:
    """Let an account be signed in to from the provider; Invalid where either is linked to another."""
    taken = session.scalar(
        sa.select(ExternalIdentity.account_id).where(
            ExternalIdentity.issuer == issuer, ExternalIdentity.subject == subject
        )
    )
    if taken is not None or find_identity(session, account.id, issuer) is not None:
        raise Invalid("That sign-in, or this account, is linked already.")
    session.add(
        ExternalIdentity(
            account_id=account.id, issuer=issuer, subject=subject, created_at=now, last_used_at=now
        )
    )
    session.flush()
    note_factor(session, actor, AuditAction.IDENTITY_LINKED, Happened.IDENTITY_LINKED, account, now=now)


def unlink(session: Session, actor: Actor, account: Account, *, issuer: str, now: datetime) -> None:
    """Take the provider's sign-in off an account."""
    found = find_identity(session, account.id, issuer)
    if found is None:
        raise NotFound
    session.delete(found)
    note_factor(session, actor, AuditAction.IDENTITY_UNLINKED, Happened.IDENTITY_UNLINKED, account, now=now)
