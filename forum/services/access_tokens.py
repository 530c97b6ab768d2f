"""Personal access tokens for the API: shown once, stored as their hash, revocable at once."""

import enum
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import AccessToken, Account, AccountStatus
from forum.domain.audit import AuditAction
from forum.errors import Invalid, NotFound
from forum.policy import Actor
from forum.services.login_sessions import hash_token
from forum.services.recording import record_token

PREFIX = "forum_"
"""So that a token left in a file is recognised as one."""

TOUCH_INTERVAL = timedelta(minutes=1)
"""How often it is recorded that a token is in use."""


class Scope(enum.StrEnum):
    """What a token may be used for, within what its person may."""

    READ = "read"
    WRITE = "write"
    MODERATE = "moderate"
    SECRETARIAT = "secretariat"

    def is_covered_by(self, scopes: Collection[str]) -> bool:
        """Whether a token with these scopes may be used for this: who writes reads, who moderates writes."""
        return any(scope in scopes for scope in (self, *_WIDER[self]))


_WIDER: dict[Scope, tuple[Scope, ...]] = {
    Scope.READ: (Scope.WRITE, Scope.MODERATE, Scope.SECRETARIAT),
    Scope.WRITE: (Scope.MODERATE, Scope.SECRETARIAT),
    Scope.MODERATE: (),
    Scope.SECRETARIAT: (),
}


def create_token(
    session: Session,
    account: Account,
    *,
    name: str,
    scopes: Collection[Scope],
    now: datetime,
    expires_at: datetime | None = None,
    has_second_factor: bool = True,
    by: Actor | None = None,
) -> tuple[AccessToken, str]:
    """Make a token; the text given beside the row is never to be had again.

    `has_second_factor` tells whether whoever makes it has shown one, as the operator has.
    """
    name = " ".join(name.split())
    if not name:
        raise Invalid("Write what the token is for.", field="name")
    if not scopes:
        raise Invalid("Choose what the token may be used for.", field="scopes")
    text = PREFIX + secrets.token_urlsafe(32)
    token = AccessToken(
        token_hash=hash_token(text),
        account_id=account.id,
        name=name[:80],
        scopes=[scope.value for scope in Scope if scope in scopes],
        has_second_factor=has_second_factor,
        created_at=now,
        expires_at=expires_at,
    )
    session.add(token)
    session.flush()
    record_token(session, by, AuditAction.TOKEN_MADE, token, now)
    return token, text


def find_token(session: Session, text: str, *, now: datetime) -> tuple[AccessToken, Account] | None:
    """Give the live token and its active account for what a request carries, in one statement."""
    if not text.startswith(PREFIX):
        return None
    row = session.execute(
        sa.select(AccessToken, Account)
        .join(Account, Account.id == AccessToken.account_id)
        .where(
            AccessToken.token_hash == hash_token(text),
            AccessToken.revoked_at.is_(None),
            sa.or_(AccessToken.expires_at.is_(None), AccessToken.expires_at > now),
            Account.status == AccountStatus.ACTIVE,
        )
    ).first()
    return (row[0], row[1]) if row else None


def touch_token(session: Session, token_id: int, *, now: datetime) -> None:
    """Record that a token was used."""
    session.execute(sa.update(AccessToken).where(AccessToken.id == token_id).values(last_used_at=now))


def list_tokens(session: Session, account_id: int, *, now: datetime) -> Sequence[AccessToken]:
    """Give the tokens of a person that can be used, the newest first."""
    return session.scalars(
        sa.select(AccessToken)
        .where(
            AccessToken.account_id == account_id,
            AccessToken.revoked_at.is_(None),
            sa.or_(AccessToken.expires_at.is_(None), AccessToken.expires_at > now),
        )
        .order_by(AccessToken.created_at.desc(), AccessToken.id.desc())
    ).all()


def revoke_token(
    session: Session, account_id: int, public_id: str, *, now: datetime, by: Actor | None = None
) -> AccessToken:
    """End a token of a person; NotFound for somebody else's."""
    token = session.scalars(
        sa.select(AccessToken).where(
            AccessToken.public_id == public_id,
            AccessToken.account_id == account_id,
            AccessToken.revoked_at.is_(None),
        )
    ).first()
    if token is None:
        raise NotFound
    token.revoked_at = now
    record_token(session, by, AuditAction.TOKEN_REVOKED, token, now)
    return token


def revoke_all_tokens(session: Session, account_id: int, *, now: datetime) -> None:
    """End every token of a person."""
    session.execute(
        sa.update(AccessToken)
        .where(AccessToken.account_id == account_id, AccessToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )
