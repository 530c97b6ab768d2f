"""Which kinds of mail a person wants, and the signed token in each mail that stops its kind."""

from collections.abc import Collection

import sqlalchemy as sa
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.notices import MailPreference, NoticeKind
from forum.errors import NotAllowed, NotFound
from forum.policy import Actor

_SALT = "stop one kind of mail"
"""Signs for this purpose alone: no other token of ours is taken here, nor this one elsewhere."""


def stop_token(secret_key: str, account_public_id: str, kind: NoticeKind) -> str:
    """Give the token that stops one kind of mail to one person; it never expires."""
    return str(URLSafeSerializer(secret_key, salt=_SALT).dumps([account_public_id, kind.value]))


def read_stop_token(secret_key: str, token: str) -> tuple[str, NoticeKind]:
    """Give the person's public id and the kind of mail; NotFound for anything we did not sign."""
    try:
        account_public_id, kind = URLSafeSerializer(secret_key, salt=_SALT).loads(token)
        return str(account_public_id), NoticeKind(kind)
    except (BadSignature, ValueError, TypeError):
        raise NotFound from None


def stop_mail(session: Session, secret_key: str, token: str) -> NoticeKind:
    """Stop the kind of mail that a token names; the token is the only right that is asked for."""
    account_public_id, kind = read_stop_token(secret_key, token)
    account_id = session.scalar(sa.select(Account.id).where(Account.public_id == account_public_id))
    if account_id is None:
        raise NotFound
    _write(session, account_id, kind, False)
    return kind


def list_wanted_mail(session: Session, actor: Actor) -> frozenset[NoticeKind]:
    """Give the kinds of mail that the actor wants."""
    stopped = session.scalars(
        sa.select(MailPreference.kind).where(
            MailPreference.account_id == actor.account_id, MailPreference.is_wanted.is_(False)
        )
    )
    return frozenset(NoticeKind) - frozenset(stopped)


def choose_mail(session: Session, actor: Actor, wanted: Collection[NoticeKind]) -> None:
    """Record which kinds of mail the actor wants from now on."""
    if actor.account_id is None:
        raise NotAllowed("Sign in to choose your mail.")
    for kind in NoticeKind:
        _write(session, actor.account_id, kind, kind in wanted)


def _write(session: Session, account_id: int, kind: NoticeKind, is_wanted: bool) -> None:
    row = session.get(MailPreference, (account_id, kind))
    if row is None:
        session.add(MailPreference(account_id=account_id, kind=kind, is_wanted=is_wanted))
    else:
        row.is_wanted = is_wanted
    session.flush()
