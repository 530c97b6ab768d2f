"""A new password for who has forgotten theirs, and a change of address, each proved by a mailed link.

The token is an HMAC of purpose and public id, as an invitation's: the outbox holds no secret. To ask for a
new password does the same work for every address: whether it is anybody's is asked by the worker.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.account_links import VALID_FOR, AccountLink, LinkPurpose
from forum.domain.accounts import Account, AccountStatus
from forum.domain.audit import AuditAction
from forum.domain.base import new_public_id
from forum.domain.outbox import Topic
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Actor
from forum.services.access_tokens import revoke_all_tokens
from forum.services.accounts import find_account, own_account, set_password
from forum.services.login_sessions import hash_token, revoke_all_sessions
from forum.services.outbox import enqueue
from forum.services.recording import record_account

PATHS = {
    LinkPurpose.PASSWORD: "/accounts/reset/",
    LinkPurpose.EMAIL: "/accounts/address/",
    LinkPurpose.EMAIL_UNDO: "/accounts/address/undo/",
}


def link_token(secret: bytes, link: AccountLink) -> str:
    """Give the token of a link; bound to its purpose."""
    text = f"account-link:{link.purpose.value}:{link.public_id}"
    digest = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _make(
    session: Session,
    purpose: LinkPurpose,
    email: str,
    *,
    account_id: int | None,
    secret: bytes,
    now: datetime,
) -> AccountLink:
    link = AccountLink(
        public_id=new_public_id(),
        purpose=purpose,
        token_hash="",
        email=email,
        account_id=account_id,
        created_at=now,
        expires_at=now + VALID_FOR[purpose],
    )
    link.token_hash = hash_token(link_token(secret, link))
    session.add(link)
    session.flush()
    enqueue(session, Topic.MAIL, {"mail": "link", "link_id": link.id}, now=now)
    return link


def ask_for_password(session: Session, email: str, *, secret: bytes, now: datetime) -> None:
    """Have a link for a new password mailed, if the folded address is somebody's; nothing tells here."""
    _make(session, LinkPurpose.PASSWORD, email, account_id=None, secret=secret, now=now)


def find_link(
    session: Session, token: str, purpose: LinkPurpose, *, secret: bytes, now: datetime, to_use: bool = False
) -> tuple[AccountLink, Account]:
    """Give the live link of a token and its account, consuming nothing; `to_use` locks it.

    NotFound for a token that is none, or one for another purpose; Conflict once it is used or over.
    """
    statement = sa.select(AccountLink).where(AccountLink.token_hash == hash_token(token))
    link = session.scalars(statement.with_for_update() if to_use else statement).first()
    if (
        link is None
        or link.purpose is not purpose
        or not hmac.compare_digest(token.encode(), link_token(secret, link).encode())
    ):
        raise NotFound
    account = _account_of(session, link)
    if link.used_at is not None or link.expires_at <= now or account is None:
        raise Conflict("This link can no longer be used. Ask for a new one.")
    return link, account


def _account_of(session: Session, link: AccountLink) -> Account | None:
    """Give the active account that a link is about now; None where it is moot."""
    if link.account_id is None:
        account = find_account(session, link.email)
    else:
        account = session.get(Account, link.account_id, populate_existing=True)
    if account is None or account.status is not AccountStatus.ACTIVE:
        return None
    if link.purpose is LinkPurpose.PASSWORD:
        return account
    holder = find_account(session, link.email)
    return account if holder is None or holder.id == account.id else None


def reset_password(
    session: Session, token: str, password_hash: str, *, secret: bytes, now: datetime
) -> Account:
    """Use a link up and store the new password; every session of the account ends."""
    link, account = find_link(session, token, LinkPurpose.PASSWORD, secret=secret, now=now, to_use=True)
    link.used_at = now
    session.flush()
    set_password(session, account, password_hash, now=now)
    return account


def ask_for_address(session: Session, actor: Actor, email: str, *, secret: bytes, now: datetime) -> None:
    """Have a link mailed to the actor's new address; until it is confirmed nothing changes.

    Whether the address is somebody else's is not told: the link is then never sent.
    """
    account = own_account(session, actor)
    if email == account.email:
        raise Invalid("That is your address already.", field="email")
    session.execute(
        sa.delete(AccountLink).where(
            AccountLink.account_id == account.id, AccountLink.purpose == LinkPurpose.EMAIL
        )
    )
    _make(session, LinkPurpose.EMAIL, email, account_id=account.id, secret=secret, now=now)


def confirm_address(session: Session, actor: Actor, token: str, *, secret: bytes, now: datetime) -> Account:
    """Put the actor's new address in force; the old one is told, with a way to take it back."""
    link, account = find_link(session, token, LinkPurpose.EMAIL, secret=secret, now=now, to_use=True)
    if account.id != actor.account_id:
        raise NotAllowed("This link is for another account than the one you are signed in with.")
    link.used_at = now
    old, account.email = account.email, link.email
    _void(session, account.id, old)
    session.flush()
    revoke_all_sessions(session, account.id, now=now)
    record_account(session, actor, AuditAction.EMAIL_CHANGED, account, now)
    if old is not None:
        _make(session, LinkPurpose.EMAIL_UNDO, old, account_id=account.id, secret=secret, now=now)
    return account


def undo_address(session: Session, token: str, *, secret: bytes, now: datetime) -> Account:
    """Give an account its old address back: all sessions and tokens end, and a new password is due.

    Every later change is void with its links, so that whoever took the account cannot take it again.
    """
    link, account = find_link(session, token, LinkPurpose.EMAIL_UNDO, secret=secret, now=now, to_use=True)
    link.used_at = now
    taken = account.email
    account.email = link.email
    _void(session, account.id, taken)
    session.execute(
        sa.delete(AccountLink).where(AccountLink.account_id == account.id, AccountLink.id > link.id)
    )
    account.password_hash = None
    session.flush()
    revoke_all_sessions(session, account.id, now=now)
    revoke_all_tokens(session, account.id, now=now)
    record_account(session, None, AuditAction.EMAIL_CHANGED, account, now)
    ask_for_password(session, link.email, secret=secret, now=now)
    return account


def _void(session: Session, account_id: int, email: str | None) -> None:
    """Make moot what was asked for by or for an address that is the account's no more."""
    session.execute(
        sa.delete(AccountLink).where(
            AccountLink.used_at.is_(None),
            sa.or_(
                sa.and_(AccountLink.account_id == account_id, AccountLink.purpose == LinkPurpose.EMAIL),
                sa.and_(AccountLink.email == email, AccountLink.purpose == LinkPurpose.PASSWORD),
            ),
        )
    )


def prune_links(session: Session, *, now: datetime) -> None:
    """Forget links that are over; addresses that somebody typed are not kept."""
    session.execute(sa.delete(AccountLink).where(AccountLink.expires_at < now))


@dataclass(frozen=True, slots=True)
class LinkLetter:
    """The facts of a mail that carries a link."""

    public_id: str
    purpose: LinkPurpose
    email: str
    name: str
    language: str
    time_zone: str
    path: str
    expires_at: datetime


MOST_LINKS = 5
"""Links of one kind that may wait in a mailbox; each of them works, so whoever asks for more has enough."""


def _has_enough(session: Session, link: AccountLink, now: datetime) -> bool:
    """Say whether a mailbox has enough of these: limits by network do not stop many who ask for one."""
    if link.purpose is LinkPurpose.EMAIL_UNDO:
        return False  # whoever lost an address has to hear of it
    waiting = sa.select(sa.func.count()).where(
        AccountLink.email == link.email,
        AccountLink.purpose == link.purpose,
        AccountLink.id < link.id,
        AccountLink.used_at.is_(None),
        AccountLink.expires_at > now,
    )
    return (session.scalar(waiting) or 0) >= MOST_LINKS


def get_link_letter(session: Session, link_id: int, *, secret: bytes, now: datetime) -> LinkLetter | None:
    """Give what the mail says; None where the address is nobody's, has enough, or the link is over."""
    link = session.get(AccountLink, link_id)
    if link is None or link.used_at is not None or link.expires_at <= now:
        return None
    account = _account_of(session, link)
    if account is None or _has_enough(session, link, now):
        return None
    path = PATHS[link.purpose] + link_token(secret, link)
    return LinkLetter(
        link.public_id,
        link.purpose,
        link.email,
        account.name,
        account.language,
        account.time_zone,
        path,
        link.expires_at,
    )
