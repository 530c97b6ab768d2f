"""Signing in: a delay for each failure that holds across processes, and nothing that tells accounts apart.

An attempt is claimed in the database before its password is looked at, so that a hundred guesses sent
at once are a hundred failures; success gives the claim back.
"""

import math
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus, SignInThrottle
from forum.errors import TooSoon
from forum.services.login_sessions import hash_token
from forum.services.upserts import upsert_of

LONGEST_DELAY = 30
"""Seconds. A delay, never a lock: whoever guesses must not be able to shut the owner out."""
FORGOTTEN_AFTER = timedelta(days=1)
FREE = (1, 20)
"""Failures that cost nothing, on an account and from an address: a person mistypes, many share an address."""
SENTENCE = "Too many tries in a row. Try again in %(seconds)d s."


def claim_attempt(session: Session, *, email: str, address: str, now: datetime, delay: int) -> int:
    """Count an attempt as failed before it is made; TooSoon while the delay of the last one runs.

    `email` is folded (or another key of what is guessed at), `delay` is in seconds for each failure in a row.
    Same statements for every address. Gives the failures on the account, this one included.
    """
    session.execute(
        sa.delete(SignInThrottle).where(SignInThrottle.last_tried_at < now - FORGOTTEN_AFTER),
        execution_options={"synchronize_session": False},
    )
    account_key, address_key = attempt_keys(email, address)
    rows = _rows_for_update(session, (account_key, address_key), now)
    wait = max((_seconds_left(row, now) for row in rows.values()), default=0)
    if wait:
        raise TooSoon(SENTENCE, seconds=wait)
    for key, free in zip((account_key, address_key), FREE, strict=True):
        row = rows[key]
        row.failures += 1
        row.last_tried_at = now
        seconds = min(LONGEST_DELAY, delay * max(0, row.failures - free))
        row.not_before = now + timedelta(seconds=seconds)
    session.flush()
    return rows[account_key].failures


def attempt_keys(email: str, address: str) -> tuple[str, str]:
    """Give the keys under which an account and a network address are counted."""
    return hash_token(f"account:{email}"), hash_token(f"address:{address}")


def _rows_for_update(session: Session, keys: tuple[str, str], now: datetime) -> dict[str, SignInThrottle]:
    insert = upsert_of(session)
    fresh = [{"key": key, "failures": 0, "last_tried_at": now} for key in keys]
    session.execute(insert(SignInThrottle).values(fresh).on_conflict_do_nothing())
    found = session.scalars(sa.select(SignInThrottle).where(SignInThrottle.key.in_(keys)).with_for_update())
    return {row.key: row for row in found}


def _seconds_left(row: SignInThrottle, now: datetime) -> int:
    if row.not_before is None or row.not_before <= now:
        return 0
    return math.ceil((row.not_before - now).total_seconds())


def release_attempt(session: Session, *, email: str, address: str) -> None:
    """Give the claim back after a success: the account begins anew, the address loses this one failure."""
    account_key, address_key = attempt_keys(email, address)
    session.execute(sa.delete(SignInThrottle).where(SignInThrottle.key == account_key))
    session.execute(
        sa.update(SignInThrottle)
        .where(SignInThrottle.key == address_key, SignInThrottle.failures > 0)
        .values(failures=SignInThrottle.failures - 1)
    )


def find_password(session: Session, email: str) -> tuple[int, str] | None:
    """Give id and stored password of the active account with a folded address; one statement always."""
    row = session.execute(
        sa.select(Account.id, Account.password_hash, Account.status).where(Account.email == email)
    ).first()
    if row is None or row.status is not AccountStatus.ACTIVE or row.password_hash is None:
        return None
    return row.id, row.password_hash


def get_active_account(session: Session, account_id: int) -> Account | None:
    """Give the account if it may sign in now."""
    account = session.get(Account, account_id, populate_existing=True)
    return account if account is not None and account.status is AccountStatus.ACTIVE else None
