"""Writer keys: how an authorship names its writer, openly or sealed under the Chatham House Rule."""

import hashlib
import hmac


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
