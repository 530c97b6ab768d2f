"""Passkeys (WebAuthn): adding one, and proving oneself with one, as second factor or alone.

A challenge is signed, says what it is for, and works once: the form key table remembers those that were
used. The library is loaded when the first challenge is made.
"""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus, SubmissionKey
from forum.domain.audit import AuditAction
from forum.domain.base import table_of
from forum.domain.second_factors import MAX_PASSKEYS, Passkey, checked_key_name
from forum.errors import Conflict, Invalid
from forum.policy import Actor
from forum.services.login_sessions import hash_token
from forum.services.second_factors import note_factor
from forum.services.security_mail import Happened

VALID_FOR = timedelta(minutes=5)
MAX_ANSWER = 20_000
"""Characters of what a browser answers; the longest keys need a tenth."""

_FAILED = "The passkey was not accepted. Try again, or use another way."


@dataclass(frozen=True, slots=True)
class Site:
    """For whom passkeys are: the host, and the address in the browser."""

    host: str
    origin: str
    name: str
    secret: bytes


@dataclass(frozen=True, slots=True)
class Question:
    """What the page asks the browser: its options as JSON, and the state that comes back signed."""

    options: str
    state: str


def _user_handle(account: Account) -> bytes:
    return account.public_id.encode()


def _sign(site: Site, challenge: bytes, purpose: str, now: datetime) -> str:
    serializer = URLSafeSerializer(site.secret, salt="passkey")
    until = int((now + VALID_FOR).timestamp())
    return str(serializer.dumps([base64.urlsafe_b64encode(challenge).decode(), purpose, until]))


def _take_challenge(session: Session, site: Site, state: str, purpose: str, now: datetime) -> bytes:
    """Give the challenge of a signed state and use it up; Invalid for any other."""
    try:
        text, meant_for, until = URLSafeSerializer(site.secret, salt="passkey").loads(state[:2000])
    except BadData:
        raise Invalid(_FAILED) from None
    if not hmac.compare_digest(str(meant_for).encode(), purpose.encode()) or until < now.timestamp():
        raise Invalid("That took too long. Try again.")
    values = {
        "key": hash_token(f"passkey:{text}"),
        "account_id": None,
        "created_at": now,
        "location": "",
        "digest": "",
    }
    try:
        with session.begin_nested():
            session.execute(sa.insert(table_of(SubmissionKey)), values)
    except IntegrityError:
        raise Invalid("That took too long. Try again.") from None
    return base64.urlsafe_b64decode(text)


def ask_for_new_key(
    session: Session, site: Site, account: Account, *, session_id: str, now: datetime
) -> Question:
    """Give the question with which a browser makes a key; bound to the account and its session."""
    import webauthn
    from webauthn.helpers import structs

    challenge = secrets.token_bytes(32)
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_name=account.email or account.handle,
        user_id=_user_handle(account),
        user_display_name=account.name,
        challenge=challenge,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_descriptors(session, account.id),
    )
    purpose = f"new:{account.id}:{session_id}"
    return Question(webauthn.options_to_json(options), _sign(site, challenge, purpose, now))


def add_key(
    session: Session,
    site: Site,
    actor: Actor,
    account: Account,
    *,
    session_id: str,
    name: str,
    state: str,
    answer: str,
    now: datetime,
) -> Passkey:
    """Keep the key that a browser made; Invalid where it does not answer our question."""
    import webauthn

    name = checked_key_name(name)
    challenge = _take_challenge(session, site, state, f"new:{account.id}:{session_id}", now)
    try:
        verified = webauthn.verify_registration_response(
            credential=_read(answer),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
        )
    except _refusals():
        raise Invalid(_FAILED) from None
    credential = _text(verified.credential_id)
    count = session.scalar(sa.select(sa.func.count()).where(Passkey.account_id == account.id)) or 0
    if count >= MAX_PASSKEYS:
        raise Invalid("You have %(most)d passkeys: take one off first.", most=MAX_PASSKEYS)
    if session.scalar(sa.select(Passkey.id).where(Passkey.credential == credential)) is not None:
        raise Conflict("This passkey is there already.")
    key = Passkey(
        account_id=account.id,
        name=name,
        credential=credential,
        public_key=_text(verified.credential_public_key),
        sign_count=verified.sign_count,
        transports=_transports(answer),
        created_at=now,
    )
    session.add(key)
    session.flush()
    note_factor(session, actor, AuditAction.FACTOR_ADDED, Happened.PASSKEY_ADDED, account, now=now)
    return key


def ask_for_proof(session: Session, site: Site, account_id: int | None, *, now: datetime) -> Question:
    """Give the question that a passkey answers: one of a person's, or anybody's own at the sign-in.

    Written by hand, since every visit of the sign-in page asks it: the library is 20 MB.
    """
    challenge = secrets.token_bytes(32)
    allowed: list[dict[str, Any]] = []
    if account_id is not None:
        rows = session.execute(
            sa.select(Passkey.credential, Passkey.transports).where(Passkey.account_id == account_id)
        )
        allowed = [{"id": row.credential, "type": "public-key", "transports": row.transports} for row in rows]
    options = {
        "challenge": _text(challenge),
        "timeout": 60_000,
        "rpId": site.host,
        "allowCredentials": allowed,
        "userVerification": "required" if account_id is None else "preferred",
    }
    return Question(json.dumps(options), _sign(site, challenge, _proof(account_id), now))


def _proof(account_id: int | None) -> str:
    return f"proof:{account_id}" if account_id is not None else "sign-in"


def take_proof(
    session: Session, site: Site, account_id: int | None, *, state: str, answer: str, now: datetime
) -> Account:
    """Give the active account that a passkey proves; Invalid otherwise, with one sentence for every reason.

    Without `account_id` the passkey signs in by itself, for which the device must have asked for a finger,
    a face or a number.
    """
    import webauthn

    challenge = _take_challenge(session, site, state, _proof(account_id), now)
    credential = _read(answer)
    wanted = str(credential.get("id", ""))[:1400]
    key = session.scalars(sa.select(Passkey).where(Passkey.credential == wanted).with_for_update()).first()
    if key is None or (account_id is not None and key.account_id != account_id):
        raise Invalid(_FAILED)
    try:
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=_bytes(key.public_key),
            credential_current_sign_count=key.sign_count,
            require_user_verification=account_id is None,
        )
    except _refusals():
        raise Invalid(_FAILED) from None
    account = session.get(Account, key.account_id, populate_existing=True)
    if account is None or account.status is not AccountStatus.ACTIVE:
        raise Invalid(_FAILED)
    key.sign_count, key.last_used_at = verified.new_sign_count, now
    return account


def _descriptors(session: Session, account_id: int | None) -> list[Any]:
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    known = {transport.value for transport in AuthenticatorTransport}
    rows = session.execute(
        sa.select(Passkey.credential, Passkey.transports).where(Passkey.account_id == account_id)
    )
    return [
        PublicKeyCredentialDescriptor(
            id=_bytes(row.credential),
            transports=[AuthenticatorTransport(one) for one in row.transports if one in known] or None,
        )
        for row in rows
    ]


def _refusals() -> tuple[type[Exception], ...]:
    """What the library raises for an answer that is wrong or none at all."""
    from webauthn.helpers.exceptions import WebAuthnException

    return (WebAuthnException, ValueError, TypeError, KeyError)


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > MAX_ANSWER:
        raise Invalid(_FAILED)
    try:
        read = json.loads(answer)
    except (ValueError, RecursionError):
        raise Invalid(_FAILED) from None
    if not isinstance(read, dict):
        raise Invalid(_FAILED)
    return read


def _transports(answer: str) -> list[str]:
    named = _read(answer).get("response", {}).get("transports", [])
    known = ("usb", "nfc", "ble", "internal", "hybrid", "smart-card", "cable")
    return [one for one in known if isinstance(named, list) and one in named]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def session_mark(token: str) -> str:
    """Give what binds a question to a session without telling its id."""
    return hashlib.sha256(f"passkey:{token}".encode()).hexdigest()[:24]
