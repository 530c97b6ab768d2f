"""Server-side sessions: started at sign-in, touched at most once a minute, revocable at once."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus, LoginSession
from forum.domain.base import new_public_id

TOUCH_INTERVAL = timedelta(minutes=1)


def hash_token(token: str) -> str:
    """Give the stored form of a random token (256 bits need no salt)."""
    return hashlib.sha256(token.encode()).hexdigest()


PENDING_FOR = timedelta(minutes=10)
"""How long a second factor is awaited."""


def start_session(
    session: Session,
    account: Account,
    *,
    now: datetime,
    hours: int,
    browser: str = "",
    has_second_factor: bool = False,
    is_pending: bool = False,
    goes_on: LoginSession | None = None,
    is_proven: bool = True,
) -> str:
    """Open a session and give its id, which only the cookie holds; a pending one opens nothing yet.

    One that `goes_on` under a new id ends no later than it would have.
    """
    token = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            id_hash=hash_token(token),
            public_id=new_public_id(),
            account_id=account.id,
            created_at=goes_on.created_at if goes_on else now,
            last_seen_at=now,
            expires_at=goes_on.expires_at
            if goes_on
            else now + (PENDING_FOR if is_pending else timedelta(hours=hours)),
            browser=browser[:120],
            is_pending=is_pending,
            has_second_factor=has_second_factor,
            proven_at=now if goes_on is None or is_proven else goes_on.proven_at,
        )
    )
    return token


# Built once: every signed-in request asks it, and to build it costs more than to execute it.
_LIVE_SESSION = (
    sa.select(LoginSession, Account)
    .join(Account, Account.id == LoginSession.account_id)
    .where(
        LoginSession.id_hash == sa.bindparam("id_hash"),
        LoginSession.revoked_at.is_(None),
        LoginSession.is_pending == sa.bindparam("is_pending"),
        LoginSession.expires_at > sa.bindparam("now"),
        LoginSession.last_seen_at > sa.bindparam("idle_since"),
        Account.status == AccountStatus.ACTIVE,
    )
)


def find_session(
    session: Session, token: str, *, now: datetime, idle_minutes: int, is_pending: bool = False
) -> tuple[LoginSession, Account] | None:
    """Give the live session of a cookie and its account, in one statement; None once it has ended.

    `is_pending` asks for one that awaits a second factor instead.
    """
    idle_since = now - timedelta(minutes=idle_minutes)
    parameters = {
        "id_hash": hash_token(token),
        "now": now,
        "idle_since": idle_since,
        "is_pending": is_pending,
    }
    row = session.execute(_LIVE_SESSION, parameters).first()
    return (row[0], row[1]) if row else None


def list_sessions(
    session: Session, account_id: int, *, now: datetime, idle_minutes: int
) -> Sequence[LoginSession]:
    """Give the live sessions of a person, the one used last first."""
    return session.scalars(
        sa.select(LoginSession)
        .where(
            LoginSession.account_id == account_id,
            LoginSession.is_pending.is_(False),
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > now,
            LoginSession.last_seen_at > now - timedelta(minutes=idle_minutes),
        )
        .order_by(LoginSession.last_seen_at.desc(), LoginSession.public_id)
    ).all()


def needs_touch(login: LoginSession, *, now: datetime) -> bool:
    """Whether the last activity on record is over a minute old."""
    return now - login.last_seen_at >= TOUCH_INTERVAL


def touch_session(session: Session, id_hash: str, *, now: datetime) -> None:
    """Record activity."""
    session.execute(sa.update(LoginSession).where(LoginSession.id_hash == id_hash).values(last_seen_at=now))


def revoke_session(session: Session, account_id: int, public_id: str, *, now: datetime) -> bool:
    """End one session of a person; tell whether there was such a one."""
    result = session.execute(
        sa.update(LoginSession)
        .where(
            LoginSession.public_id == public_id,
            LoginSession.account_id == account_id,
            LoginSession.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def revoke_everybodys_sessions(session: Session, *, now: datetime) -> int:
    """End every session of everybody and tell how many: keys or a machine may be in others' hands."""
    result = session.execute(
        sa.update(LoginSession).where(LoginSession.revoked_at.is_(None)).values(revoked_at=now)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def revoke_all_sessions(session: Session, account_id: int, *, now: datetime) -> None:
    """End every session of a person: at sign-out everywhere, disabling, and a change of rights."""
    session.execute(
        sa.update(LoginSession)
        .where(LoginSession.account_id == account_id, LoginSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )
