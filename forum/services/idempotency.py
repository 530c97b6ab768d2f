"""Writes of programs that are sent twice, because the first answer was lost: made once, answered twice."""

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from forum.domain.accounts import IdempotencyKey
from forum.errors import Conflict, Invalid
from forum.services.sealing import sealed_key

KEPT = timedelta(days=1)
"""How long a key is remembered; afterwards it is as good as new."""

HEADER = "Idempotency-Key"


def make_once(
    session: Session,
    *,
    account_id: int,
    key: str,
    request: str,
    make: Callable[[], str],
    sealing_secret: bytes,
    now: datetime,
) -> str:
    """Give the reference to what `make` made, now or under the same key before; inside the transaction.

    `request` is everything that the caller asked for: under the same key it must be the same, or it is
    Invalid. Conflict while the first request with this key is still at work.
    """
    session.execute(sa.delete(IdempotencyKey).where(IdempotencyKey.created_at <= now - KEPT))
    sealed = sealed_key(sealing_secret, f"idempotency:{account_id}:{key}")
    digest = sealed_key(sealing_secret, f"request:{request}")
    known = session.get(IdempotencyKey, sealed)
    if known is not None:
        if known.digest != digest:
            raise Invalid("This key was used for another request. Send a new one.", field=HEADER)
        return known.reference
    row = IdempotencyKey(key=sealed, digest=digest, created_at=now)
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict("The first request with this key is still at work. Try again in a moment.") from None
    row.reference = make()
    session.flush()
    return row.reference
