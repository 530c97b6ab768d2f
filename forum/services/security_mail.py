"""Mail about a person's own account: what happened to it, so that they notice what was not theirs to do.

It cannot be switched off. It says what happened and when, never a secret; undoing a change of address has
a link of its own (services/account_links.py).
"""

import enum
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.outbox import Topic
from forum.services.outbox import enqueue


class Happened(enum.StrEnum):
    """What a person is told of."""

    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    CODES_ADDED = "codes_added"
    CODES_REMOVED = "codes_removed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    FACTORS_REMOVED = "factors_removed"
    RECOVERY_CODE_USED = "recovery_code_used"
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_UNLINKED = "identity_unlinked"
    EMAIL_CHANGED = "email_changed"
    WRONG_CODES = "wrong_codes"


@dataclass(frozen=True, slots=True)
class SecurityLetter:
    """The facts of a mail about somebody's account."""

    name: str
    email: str
    language: str
    time_zone: str
    happened: Happened
    at: datetime


def enqueue_security_mail(session: Session, account: Account, happened: Happened, *, now: datetime) -> None:
    """Have a person told what happened to their account; nothing where there is no address yet."""
    if account.email is not None:
        payload = {
            "mail": "security",
            "account_id": account.id,
            "happened": happened.value,
            "at": now.isoformat(),
        }
        enqueue(session, Topic.MAIL, payload, now=now)


def get_security_letter(session: Session, account_id: int, happened: str, at: str) -> SecurityLetter | None:
    """Give what the mail says; None for whoever has no address any more."""
    account = session.get(Account, account_id)
    if account is None or account.email is None:
        return None
    return SecurityLetter(
        account.name,
        account.email,
        account.language,
        account.time_zone,
        Happened(happened),
        datetime.fromisoformat(at),
    )
