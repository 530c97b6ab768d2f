"""Second factors of a person: setting up one-time codes, using a code, recovery codes, taking factors off.

Passkeys are in services/passkeys.py. Whoever adds or takes off a factor is told by mail, and every session
but the one that did it ends: the caller rotates that one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, PlatformRole
from forum.domain.audit import AuditAction
from forum.domain.second_factors import (
    RECOVERY_CODES,
    OneTimeCode,
    Passkey,
    RecoveryCode,
    fold_recovery_code,
    matching_step,
    new_recovery_code,
    new_secret,
)
from forum.errors import Invalid, NotFound
from forum.policy import Action, Actor, require
from forum.services.accounts import get_account
from forum.services.login_sessions import hash_token, revoke_all_sessions
from forum.services.recording import record_account
from forum.services.sealing import box, unbox
from forum.services.security_mail import Happened, enqueue_security_mail

WRONG = "That code is not right, or was used already. Wait for the next one."


@dataclass(frozen=True, slots=True)
class Factors:
    """What a person has set up."""

    has_codes: bool
    passkeys: Sequence[Passkey]
    recovery_left: int
    has_recovery: bool
    """Whether recovery codes were ever made."""

    @property
    def are_there(self) -> bool:
        """Whether there is a second factor; recovery codes alone are none."""
        return self.has_codes or bool(self.passkeys)


def get_factors(session: Session, account_id: int) -> Factors:
    """Give what a person has set up, passkeys oldest first."""
    row = session.get(OneTimeCode, account_id)
    keys = session.scalars(sa.select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id))
    made, left = session.execute(
        sa.select(
            sa.func.count(), sa.func.coalesce(sa.func.sum(sa.case((RecoveryCode.used_at.is_(None), 1))), 0)
        ).where(RecoveryCode.account_id == account_id)
    ).one()
    return Factors(row is not None and row.secret is not None, keys.all(), int(left), made > 0)


def has_factor(session: Session, account_id: int) -> bool:
    """Whether a person has a second factor; one statement."""
    codes = sa.select(OneTimeCode.account_id).where(
        OneTimeCode.account_id == account_id, OneTimeCode.secret.is_not(None)
    )
    keys = sa.select(Passkey.account_id).where(Passkey.account_id == account_id)
    return session.scalar(sa.union_all(codes, keys).limit(1)) is not None


def _purpose(account_id: int) -> str:
    return f"one-time code of {account_id}"


def begin_codes(session: Session, account: Account, *, sealing_secret: bytes) -> None:
    """Make a secret to be set up in an app; codes that are in force stay so until it is confirmed."""
    row = _row(session, account.id) or OneTimeCode(account_id=account.id, last_step=0)
    session.add(row)
    row.pending = box(sealing_secret, _purpose(account.id), new_secret())


def pending_secret(session: Session, account: Account, *, sealing_secret: bytes) -> str:
    """Give the secret that is to be set up; NotFound where none is."""
    row = session.get(OneTimeCode, account.id)
    if row is None or row.pending is None:
        raise NotFound
    return unbox(sealing_secret, _purpose(account.id), row.pending)


def confirm_codes(
    session: Session, actor: Actor, account: Account, code: str, *, sealing_secret: bytes, now: datetime
) -> None:
    """Put the new secret in force, since a code of it was right; Invalid at `code` otherwise."""
    row = _row(session, account.id)
    if row is None or row.pending is None:
        raise NotFound
    secret = unbox(sealing_secret, _purpose(account.id), row.pending)
    step = matching_step(secret, code, now=now, after=0)
    if step is None:
        raise Invalid("That code is not right. Look whether the clock of your device is.", field="code")
    row.secret, row.pending, row.last_step, row.confirmed_at = row.pending, None, step, now
    note_factor(session, actor, AuditAction.FACTOR_ADDED, Happened.CODES_ADDED, account, now=now)


def use_code(session: Session, account_id: int, code: str, *, sealing_secret: bytes, now: datetime) -> bool:
    """Take a one-time code, which then works no more; tell whether it was right."""
    row = _row(session, account_id)
    if row is None or row.secret is None:
        return False
    secret = unbox(sealing_secret, _purpose(account_id), row.secret)
    step = matching_step(secret, code, now=now, after=row.last_step)
    if step is None:
        return False
    row.last_step = step
    return True


def reseal_codes(session: Session, old: bytes, new: bytes) -> None:
    """Seal every secret with another key."""
    for row in session.scalars(sa.select(OneTimeCode)):
        purpose = _purpose(row.account_id)
        row.secret, row.pending = (
            box(new, purpose, unbox(old, purpose, boxed)) if boxed is not None else None
            for boxed in (row.secret, row.pending)
        )


def _row(session: Session, account_id: int) -> OneTimeCode | None:
    return session.scalars(
        sa.select(OneTimeCode).where(OneTimeCode.account_id == account_id).with_for_update()
    ).first()


def make_recovery_codes(session: Session, actor: Actor, account: Account, *, now: datetime) -> list[str]:
    """Give new recovery codes, to be shown this once; the old ones work no more."""
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
    session.add_all(
        RecoveryCode(account_id=account.id, code_hash=_code_hash(account.id, code)) for code in codes
    )
    record_account(session, actor, AuditAction.RECOVERY_CODES_MADE, account, now)
    return codes


def _code_hash(account_id: int, code: str) -> str:
    return hash_token(f"recovery:{account_id}:{code}")


def use_recovery_code(session: Session, account: Account, text: str, *, now: datetime) -> bool:
    """Use a recovery code up; tell whether it was one."""
    code = fold_recovery_code(text)
    if code is None:
        return False
    result = session.execute(
        sa.update(RecoveryCode)
        .where(RecoveryCode.code_hash == _code_hash(account.id, code), RecoveryCode.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    if not result.rowcount:  # type: ignore[attr-defined]
        return False
    note_factor(session, None, AuditAction.RECOVERY_CODE_USED, Happened.RECOVERY_CODE_USED, account, now=now)
    return True


def remove_codes(session: Session, actor: Actor, account: Account, *, now: datetime) -> None:
    """Take one-time codes off an account."""
    row = _row(session, account.id)
    if row is None or row.secret is None:
        raise NotFound
    session.delete(row)
    _forget_recovery(session, account.id)
    note_factor(session, actor, AuditAction.FACTOR_REMOVED, Happened.CODES_REMOVED, account, now=now)


def _forget_recovery(session: Session, account_id: int) -> None:
    """Forget the recovery codes with the last factor."""
    session.flush()
    if not has_factor(session, account_id):
        session.execute(sa.delete(RecoveryCode).where(RecoveryCode.account_id == account_id))


def remove_passkey(session: Session, actor: Actor, account: Account, public_id: str, *, now: datetime) -> str:
    """Take a passkey off an account; gives its name."""
    key = session.scalars(
        sa.select(Passkey).where(Passkey.account_id == account.id, Passkey.public_id == public_id)
    ).first()
    if key is None:
        raise NotFound
    session.delete(key)
    _forget_recovery(session, account.id)
    note_factor(session, actor, AuditAction.FACTOR_REMOVED, Happened.PASSKEY_REMOVED, account, now=now)
    return key.name


def remove_all_factors(session: Session, actor: Actor | None, public_id: str, *, now: datetime) -> Account:
    """Take every factor off somebody else's account, who has lost them; its sessions end.

    For those who manage people (an administrator's only by an administrator), and the operator (None).
    """
    account = get_account(session, public_id)
    if actor is not None:
        require(actor, Action.MANAGE_PEOPLE)
        if account.platform_role is not PlatformRole.MEMBER:
            require(actor, Action.ADMINISTER)
        if account.id == actor.account_id:
            raise Invalid("Your own factors are under Settings.")
    for model in (OneTimeCode, Passkey, RecoveryCode):
        session.execute(sa.delete(model).where(model.account_id == account.id))
    revoke_all_sessions(session, account.id, now=now)
    note_factor(session, actor, AuditAction.FACTOR_REMOVED, Happened.FACTORS_REMOVED, account, now=now)
    return account


def note_factor(
    session: Session,
    by: Actor | None,
    action: AuditAction,
    happened: Happened,
    account: Account,
    *,
    now: datetime,
) -> None:
    """Put on record what happened to a factor, and tell the person by mail."""
    record_account(session, by, action, account, now)
    enqueue_security_mail(session, account, happened, now=now)
