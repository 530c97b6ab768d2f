"""What proves a person beside the password: one-time codes, passkeys, recovery codes."""

import base64
import hmac
import secrets
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, PublicId
from forum.errors import Invalid

STEP = 30
"""Seconds for which a one-time code stands."""
DRIFT = 1
"""Steps by which a telephone's clock may be wrong, to either side."""
RECOVERY_CODES = 10
MAX_PASSKEYS = 10
MAX_NAME = 60


class OneTimeCode(Base):
    """The secret shared with an app that shows codes; sealed, so that the table alone makes no code."""

    __tablename__ = "one_time_code"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    secret: Mapped[str | None]
    """Sealed; null until the first code was right."""
    pending: Mapped[str | None]
    """Sealed: a secret that is shown to be set up, and takes the place of the other once a code is right."""
    last_step: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    """The step of the last code that was taken: no code works twice."""
    confirmed_at: Mapped[datetime | None]


class Passkey(PublicId, Base):
    """A key kept by a device; the public half is here."""

    __tablename__ = "passkey"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(MAX_NAME))
    credential: Mapped[str] = mapped_column(sa.String(1400), unique=True)
    """Its id, base64url."""
    public_key: Mapped[str]
    """COSE, base64url."""
    sign_count: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    transports: Mapped[list[str]]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code for the day on which the telephone is lost: shown once, works once."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    code_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """Of the account and the code together; 120 random bits need no slow hash."""
    used_at: Mapped[datetime | None]


def new_secret() -> str:
    """Give 160 random bits as an app takes them: base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def matching_step(secret: str, code: str, *, now: datetime, after: int) -> int | None:
    """Give the step a code belongs to; None for a wrong one, or one no newer than the step `after`."""
    import pyotp

    digits = "".join(code.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    current = int(now.timestamp()) // STEP
    found = None
    for step in range(current - DRIFT, current + DRIFT + 1):
        expected = pyotp.HOTP(secret).at(step)
        if hmac.compare_digest(expected, digits) and step > after:
            found = step
    return found


def setup_address(secret: str, *, email: str, site_name: str) -> str:
    """Give what the QR code holds: an otpauth address with the secret, for which account, of which site."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=site_name)


def new_recovery_code() -> str:
    """Give 120 random bits to be written down: six groups of four letters and digits."""
    text = base64.b32encode(secrets.token_bytes(15)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, 24, 4))


def fold_recovery_code(text: str) -> str | None:
    """Give the one spelling of a recovery code as typed; None for what is none."""
    letters = "".join(c for c in text.lower() if c.isalnum())
    # Base32 has neither 0, 1 nor 8: whoever reads one off paper means a letter.
    letters = letters.translate(str.maketrans("018", "olb"))
    if len(letters) != 24 or not letters.isascii():
        return None
    return "-".join(letters[at : at + 4] for at in range(0, 24, 4))


def checked_key_name(name: str) -> str:
    """Give a passkey's name on one line; Invalid for none."""
    name = " ".join("".join(c for c in name if c.isprintable() or c.isspace()).split())
    if not name:
        raise Invalid("Write a name by which you will know this passkey again.", field="name")
    if len(name) > MAX_NAME:
        raise Invalid("Use at most %(most)d characters.", field="name", most=MAX_NAME)
    return name
