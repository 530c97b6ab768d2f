"""What the sealing key seals: writer keys under the Chatham House Rule, and secrets kept for people."""

import base64
import hashlib
import hmac
import secrets
from typing import Any


def account_key(account_id: int) -> str:
    """Give the key of a person."""
    return f"account:{account_id}"


def organisation_key(organisation_id: int) -> str:
    """Give the key of an organisation's current mandate-holders."""
    return f"organisation:{organisation_id}"


def seat_key(seat_id: int) -> str:
    """Give the key of whoever sits on a seat of a Member State or a common interest now."""
    return f"seat:{seat_id}"


def sealed_key(secret: bytes, key: str) -> str:
    """Give the sealed form of a writer key: HMAC-SHA256, so that the table alone names nobody."""
    return "sealed:" + hmac.new(secret, key.encode(), hashlib.sha256).hexdigest()


def box(secret: bytes, purpose: str, text: str) -> str:
    """Encrypt a text that has to be read again (AES-256-GCM); `purpose` names what it belongs to."""
    nonce = secrets.token_bytes(12)
    sealed = _cipher(secret).encrypt(nonce, text.encode(), purpose.encode())
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def unbox(secret: bytes, purpose: str, boxed: str) -> str:
    """Give the text of a box; ValueError for one of another key or another purpose."""
    from cryptography.exceptions import InvalidTag

    raw = base64.urlsafe_b64decode(boxed)
    try:
        return str(_cipher(secret).decrypt(raw[:12], raw[12:], purpose.encode()).decode())
    except InvalidTag:
        raise ValueError("sealed with another key, or for another purpose") from None


def _cipher(secret: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # 4 MB, for those who need it

    return AESGCM(hmac.new(secret, b"box", hashlib.sha256).digest())
