"""Requests to erase a person: asked for, looked at, decided with a reason, done, and told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus, PlatformRole
from forum.domain.audit import AuditAction
from forum.domain.erasures import (
    ADDRESS_KEPT,
    MAX_REASON,
    Erasure,
    ErasureState,
    TextsChoice,
)
from forum.domain.outbox import Topic
from forum.errors import Conflict, Invalid, NotFound
from forum.policy import Action, Actor, require
from forum.services.accounts import get_account, own_account
from forum.services.audit import record
from forum.services.erasing import count_erasure, erase, person_of
from forum.services.outbox import enqueue


@dataclass(frozen=True, slots=True)
class ErasureLine:
    """A request with the account that it is about."""

    erasure: Erasure
    account: Account


def find_own_erasure(session: Session, actor: Actor) -> Erasure | None:
    """Give the actor's request that waits, or the newest that was refused or taken back."""
    return session.scalars(
        sa.select(Erasure).where(Erasure.account_id == actor.account_id).order_by(Erasure.id.desc()).limit(1)
    ).first()


def ask_erasure(session: Session, actor: Actor, *, now: datetime) -> Erasure:
    """Ask to be erased; asking again while it waits changes nothing."""
    return _ask(session, actor, own_account(session, actor), now)


def record_request(session: Session, actor: Actor, account_public_id: str, *, now: datetime) -> Erasure:
    """Write down the request of somebody who asked the data protection contact."""
    require(actor, Action.ADMINISTER)
    return _ask(session, actor, get_account(session, account_public_id), now)


def _ask(session: Session, by: Actor, account: Account, now: datetime) -> Erasure:
    if account.status is AccountStatus.FORMER:
        raise Conflict("This person is erased already.")
    waiting = session.scalars(
        sa.select(Erasure).where(Erasure.account_id == account.id, Erasure.state == ErasureState.ASKED)
    ).first()
    if waiting is not None:
        return waiting
    erasure = Erasure(account_id=account.id, asked_at=now, asked_by_id=by.account_id)
    session.add(erasure)
    session.flush()
    _put_on_record(session, by, AuditAction.ERASURE_ASKED, account, now)
    return erasure


def take_back(session: Session, actor: Actor, *, now: datetime) -> None:
    """Take one's own request back, as long as it waits; Conflict afterwards."""
    erasure = find_own_erasure(session, actor)
    if erasure is None or erasure.state is not ErasureState.ASKED:
        raise Conflict("There is no request that waits.")
    erasure.state, erasure.decided_at = ErasureState.TAKEN_BACK, now
    _put_on_record(session, actor, AuditAction.ERASURE_TAKEN_BACK, own_account(session, actor), now)


def list_erasures(session: Session, actor: Actor) -> Sequence[ErasureLine]:
    """Give what waits, the oldest first, and then the last fifty that were answered."""
    require(actor, Action.ADMINISTER)
    statement = sa.select(Erasure, Account).join(Account, Account.id == Erasure.account_id)
    waiting = statement.where(Erasure.state == ErasureState.ASKED).order_by(Erasure.asked_at, Erasure.id)
    answered = (
        statement.where(Erasure.state != ErasureState.ASKED).order_by(Erasure.decided_at.desc()).limit(50)
    )
    return [ErasureLine(*row) for part in (waiting, answered) for row in session.execute(part)]


def count_waiting(session: Session) -> int:
    """Count the requests that wait for a decision."""
    return (
        session.scalar(
            sa.select(sa.func.count()).select_from(Erasure).where(Erasure.state == ErasureState.ASKED)
        )
        or 0
    )


def get_erasure(session: Session, actor: Actor, public_id: str) -> ErasureLine:
    """Give a request to an administrator."""
    require(actor, Action.ADMINISTER)
    row = session.execute(
        sa.select(Erasure, Account)
        .join(Account, Account.id == Erasure.account_id)
        .where(Erasure.public_id == public_id)
    ).first()
    if row is None:
        raise NotFound
    return ErasureLine(*row)


def preview_erasure(
    session: Session, line: ErasureLine, *, sealing_secret: bytes
) -> dict[TextsChoice, dict[str, int]]:
    """Give what each choice would touch now, by kind; nothing is changed."""
    person = person_of(line.account, sealing_secret)
    return {choice: count_erasure(session, person, choice) for choice in TextsChoice}


def refuse_erasure(session: Session, actor: Actor, public_id: str, reason: str, *, now: datetime) -> None:
    """Refuse a request with a reason, which the person is told."""
    line = _open(session, actor, public_id)
    erasure = line.erasure
    erasure.reason, erasure.state = _checked_reason(reason), ErasureState.REFUSED
    erasure.decided_at, erasure.decided_by_id = now, actor.account_id
    _keep_address(session, erasure, line.account, now)
    _put_on_record(session, actor, AuditAction.ERASURE_REFUSED, line.account, now)


def grant_erasure(
    session: Session,
    actor: Actor,
    public_id: str,
    reason: str,
    texts: TextsChoice,
    *,
    sealing_secret: bytes,
    now: datetime,
) -> dict[str, int]:
    """Grant a request and carry it out in this transaction; give what went.

    Nobody decides on their own request, and the last administrator is not erased.
    """
    line = _open(session, actor, public_id)
    reason = _checked_reason(reason)
    _check_administrators(session, line.account)
    line.erasure.decided_by_id = actor.account_id
    return _carry_out(session, actor, line, reason, texts, sealing_secret, now)


def _carry_out(
    session: Session,
    by: Actor | None,
    line: ErasureLine,
    reason: str,
    texts: TextsChoice,
    sealing_secret: bytes,
    now: datetime,
    *,
    is_told: bool = True,
) -> dict[str, int]:
    erasure, account = line.erasure, line.account
    erasure.reason, erasure.texts = reason, texts
    erasure.state, erasure.decided_at = ErasureState.DONE, now
    if is_told:
        _keep_address(session, erasure, account, now)
    counts = erase(session, person_of(account, sealing_secret), texts, now=now)
    erasure.counts = dict(counts)
    _put_on_record(session, by, AuditAction.ERASED, account, now, texts=texts.value, **counts)
    return counts


def _open(session: Session, actor: Actor, public_id: str) -> ErasureLine:
    line = get_erasure(session, actor, public_id)
    if line.erasure.state is not ErasureState.ASKED:
        raise Conflict("This request has been answered already.")
    if line.account.id == actor.account_id:
        raise Invalid("Somebody else decides on your own request.")
    return line


def _checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise Invalid("Write why: the person is told.", field="reason")
    if len(reason) > MAX_REASON:
        raise Invalid("Use at most %(most)d characters.", field="reason", most=MAX_REASON)
    return reason


def _check_administrators(session: Session, account: Account) -> None:
    others = sa.select(Account.id).where(
        Account.id != account.id,
        Account.platform_role == PlatformRole.ADMINISTRATOR,
        Account.status == AccountStatus.ACTIVE,
    )
    if account.platform_role is PlatformRole.ADMINISTRATOR and session.scalar(others.limit(1)) is None:
        raise Invalid("This is the last administrator: somebody else has to be one first.")


def _keep_address(session: Session, erasure: Erasure, account: Account, now: datetime) -> None:
    """Keep name and address beside the request until the letter has gone."""
    if account.email is not None and account.status is not AccountStatus.PLACEHOLDER:
        erasure.name, erasure.email, erasure.language = account.name, account.email, account.language
        session.flush()
        enqueue(session, Topic.MAIL, {"mail": "erasure", "erasure_id": erasure.id}, now=now)


def forget_address(session: Session, erasure_id: int) -> None:
    """Let go of name and address: the letter has gone."""
    session.execute(sa.update(Erasure).where(Erasure.id == erasure_id).values(name="", email=None))


def old_addresses(now: datetime) -> sa.ColumnElement[bool]:
    """Which requests have an address whose letter never went."""
    return sa.and_(Erasure.email.is_not(None), Erasure.decided_at < now - ADDRESS_KEPT)


@dataclass(frozen=True, slots=True)
class ErasureLetter:
    """What the last letter says."""

    public_id: str
    name: str
    email: str
    language: str
    is_granted: bool
    reason: str
    texts: TextsChoice | None


def get_erasure_letter(session: Session, erasure_id: int) -> ErasureLetter | None:
    """Give what the letter about a request says; None where it has gone."""
    erasure = session.get(Erasure, erasure_id)
    if erasure is None or erasure.email is None:
        return None
    return ErasureLetter(
        erasure.public_id,
        erasure.name,
        erasure.email,
        erasure.language,
        erasure.state is ErasureState.DONE,
        erasure.reason,
        erasure.texts,
    )


def list_erased(session: Session) -> list[tuple[str, TextsChoice, datetime]]:
    """Give the public ids of everybody who was erased, for what is restored from before."""
    rows = session.execute(
        sa.select(Account.public_id, Erasure.texts, Erasure.decided_at)
        .join(Account, Account.id == Erasure.account_id)
        .where(Erasure.state == ErasureState.DONE)
        .order_by(Erasure.decided_at, Erasure.id)
    )
    return [(public_id, texts or TextsChoice.TERMS, at) for public_id, texts, at in rows if at is not None]


def replay_erasures(
    session: Session, erased: Iterable[tuple[str, TextsChoice]], *, sealing_secret: bytes, now: datetime
) -> int:
    """Erase again whom a restored backup has brought back; give how many. Nobody is told."""
    done = 0
    for public_id, texts in erased:
        account = session.scalars(sa.select(Account).where(Account.public_id == public_id)).first()
        if account is None or account.status is AccountStatus.FORMER:
            continue
        erasure = session.scalars(
            sa.select(Erasure).where(Erasure.account_id == account.id, Erasure.state == ErasureState.ASKED)
        ).first() or Erasure(account_id=account.id, asked_at=now)
        session.add(erasure)
        session.flush()
        line = ErasureLine(erasure, account)
        reason = "Erased before; done again after a backup was restored."
        _carry_out(session, None, line, reason, texts, sealing_secret, now, is_told=False)
        done += 1
    return done


def _put_on_record(
    session: Session,
    by: Actor | None,
    action: AuditAction,
    account: Account,
    now: datetime,
    **facts: Any,
) -> None:
    record(session, by, action, now=now, subject_kind="account", subject=account.public_id, **facts)
