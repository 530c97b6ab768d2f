"""Accounts: making them, finding them, switching them on and off, and what people set themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.account_links import AccountLink, LinkPurpose
from forum.domain.accounts import Account, AccountStatus, PlatformRole, Theme
from forum.domain.audit import AuditAction
from forum.domain.slugs import free_slug
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, require
from forum.services.access_tokens import revoke_all_tokens
from forum.services.indexing import enqueue_author
from forum.services.login_sessions import revoke_all_sessions
from forum.services.recording import record_account
from forum.services.security_mail import Happened, enqueue_security_mail

PAGE = 50


def find_account(session: Session, email: str) -> Account | None:
    """Give the account with a folded address."""
    return session.scalars(sa.select(Account).where(Account.email == email)).first()


def find_by_handle(session: Session, handle: str) -> Account | None:
    """Give the account that is mentioned like this, with or without the @."""
    wanted = handle.strip().removeprefix("@").lower()
    return session.scalars(sa.select(Account).where(Account.handle == wanted)).first()


def get_account(session: Session, public_id: str) -> Account:
    """Give the account with this public id; the caller asks the policy."""
    account = session.scalars(sa.select(Account).where(Account.public_id == public_id)).first()
    if account is None:
        raise NotFound
    return account


def create_account(
    session: Session,
    *,
    email: str,
    name: str,
    now: datetime,
    password_hash: str | None = None,
    platform_role: PlatformRole = PlatformRole.MEMBER,
    language: str = "en",
    by: Actor | None = None,
) -> Account:
    """Add a person; without a password they cannot sign in until an invitation gives them one.

    `email` is parsed already. Whoever calls it has asked the policy. Invalid where the address is taken.
    """
    if find_account(session, email) is not None:
        raise Invalid("There is an account with the address %(email)s.", field="email", email=email)
    account = Account(
        email=email,
        name=checked_name(name),
        handle=free_handle(session, name),
        password_hash=password_hash,
        platform_role=platform_role,
        status=AccountStatus.ACTIVE if password_hash else AccountStatus.PLACEHOLDER,
        language=language,
        created_at=now,
    )
    session.add(account)
    session.flush()
    record_account(session, by, AuditAction.ACCOUNT_ADDED, account, now)
    return account


def has_administrator(session: Session) -> bool:
    """Whether somebody who can sign in administers the platform."""
    statement = sa.select(Account.id).where(
        Account.platform_role == PlatformRole.ADMINISTRATOR, Account.status == AccountStatus.ACTIVE
    )
    return session.scalar(statement.limit(1)) is not None


def checked_name(name: str, *, field: str = "name") -> str:
    """Give a name on one line; Invalid where there is none, or one that is no name."""
    name = " ".join("".join(c for c in name if c.isprintable() or c.isspace()).split())
    if not name:
        raise Invalid("Write your name.", field=field)
    if len(name) > 120:
        raise Invalid("Use at most %(most)d characters.", field=field, most=120)
    return name


def free_handle(session: Session, name: str) -> str:
    """Give the handle by which a person can be mentioned: of the name, with a number where it is taken."""
    base = free_slug(name, (), fallback="person")[:50].strip("-")
    taken = session.scalars(sa.select(Account.handle).where(Account.handle.startswith(base)))
    return free_slug(base, set(taken), fallback="person")


@dataclass(frozen=True, slots=True)
class ProfileFields:
    """What people set themselves."""

    name: str
    latin_name: str
    language: str
    time_zone: str
    theme: Theme
    name_is_public: bool
    about: str = ""


def edit_profile(session: Session, actor: Actor, fields: ProfileFields, *, now: datetime) -> Account:
    """Change what the actor's own account says."""
    account = own_account(session, actor)
    before = (account.name, account.latin_name, account.name_is_public)
    if fields.time_zone not in available_timezones():
        raise Invalid("There is no such time zone.", field="time_zone")
    account.name = checked_name(fields.name)
    account.latin_name = (
        checked_name(fields.latin_name, field="latin_name") if fields.latin_name.strip() else None
    )
    account.language = fields.language
    account.time_zone = fields.time_zone
    account.theme = fields.theme
    account.name_is_public = fields.name_is_public
    account.about = fields.about.strip()
    if before != (account.name, account.latin_name, account.name_is_public):
        enqueue_author(session, account.id, now=now)
    return account


def own_account(session: Session, actor: Actor) -> Account:
    """Give the actor's own account."""
    if actor.account_id is None:
        raise NotAllowed("Sign in first.")
    return session.get_one(Account, actor.account_id)


def list_accounts(
    session: Session, actor: Actor, *, words: str = "", after: str | None = None, limit: int = PAGE
) -> tuple[Sequence[Account], str | None]:
    """Give one page of people by name, found by a part of name, Latin form or address."""
    require(actor, Action.MANAGE_PEOPLE)
    statement = sa.select(Account)
    if words.strip():
        like = words.strip().lower()
        statement = statement.where(
            sa.or_(
                *(
                    sa.func.lower(column).contains(like, autoescape=True)
                    for column in (Account.name, Account.latin_name, Account.email, Account.handle)
                )
            )
        )
    if after:
        position = session.execute(
            sa.select(Account.name, Account.id).where(Account.public_id == after)
        ).first()
        if position is not None:
            statement = statement.where(sa.tuple_(Account.name, Account.id) > sa.tuple_(*position))
    found = session.scalars(statement.order_by(Account.name, Account.id).limit(limit + 1)).all()
    return found[:limit], found[limit - 1].public_id if len(found) > limit else None


def count_accounts(session: Session, actor: Actor) -> dict[AccountStatus, int]:
    """Give how many accounts there are of each status."""
    require(actor, Action.MANAGE_PEOPLE)
    rows = session.execute(sa.select(Account.status, sa.func.count()).group_by(Account.status))
    found = {row[0]: row[1] for row in rows}
    return {status: found.get(status, 0) for status in AccountStatus}


def disable_account(session: Session, actor: Actor, public_id: str, *, now: datetime) -> Account:
    """Switch an account off: its sessions and tokens end with it."""
    account = _managed_account(session, actor, public_id)
    if account.id == actor.account_id:
        raise Invalid("You cannot disable your own account.")
    account.status = AccountStatus.DISABLED
    account.feed_key = None
    revoke_all_sessions(session, account.id, now=now)
    revoke_all_tokens(session, account.id, now=now)
    session.execute(sa.delete(AccountLink).where(AccountLink.account_id == account.id))
    record_account(session, actor, AuditAction.ACCOUNT_DISABLED, account, now)
    return account


def enable_account(session: Session, actor: Actor, public_id: str, *, now: datetime) -> Account:
    """Switch an account on again; without a password it waits for an invitation."""
    account = _managed_account(session, actor, public_id)
    if account.status is not AccountStatus.DISABLED:
        raise Invalid("This account is not disabled.")
    account.status = AccountStatus.ACTIVE if account.password_hash else AccountStatus.PLACEHOLDER
    record_account(session, actor, AuditAction.ACCOUNT_ENABLED, account, now)
    return account


def change_platform_role(
    session: Session, actor: Actor, public_id: str, role: PlatformRole, *, now: datetime
) -> Account:
    """Give a person another role over the platform; administrators alone, and never to themselves."""
    require(actor, Action.ADMINISTER)
    account = get_account(session, public_id)
    _refuse_former(account)
    if account.id == actor.account_id:
        raise Invalid("You cannot change your own role.")
    if account.platform_role is not role:
        account.platform_role = role
        revoke_all_sessions(session, account.id, now=now)
        record_account(session, actor, AuditAction.ROLE_CHANGED, account, now)
    return account


def _managed_account(session: Session, actor: Actor, public_id: str) -> Account:
    """An account that the actor may switch on and off: administrators' only by an administrator."""
    require(actor, Action.MANAGE_PEOPLE)
    account = get_account(session, public_id)
    _refuse_former(account)
    if account.platform_role is not PlatformRole.MEMBER:
        require(actor, Action.ADMINISTER)
    return account


def _refuse_former(account: Account) -> None:
    if account.status is AccountStatus.FORMER:
        raise Invalid("This person was erased: there is nothing left to change.")


def set_password(
    session: Session, account: Account, password_hash: str, *, now: datetime, by: Actor | None = None
) -> None:
    """Store a password and end every session: whoever knew the old one is out; the person is told.

    Links for a new password that were mailed before are void.
    """
    is_first = account.password_hash is None
    account.password_hash = password_hash
    session.execute(
        sa.delete(AccountLink).where(
            AccountLink.email == account.email,
            AccountLink.purpose == LinkPurpose.PASSWORD,
            AccountLink.used_at.is_(None),
        )
    )
    if not is_first:
        enqueue_security_mail(session, account, Happened.PASSWORD_CHANGED, now=now)
    revoke_all_sessions(session, account.id, now=now)
    record_account(session, by, AuditAction.PASSWORD_CHANGED, account, now)
