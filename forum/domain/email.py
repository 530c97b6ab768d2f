"""E-mail addresses: one spelling for each, so that one person has one account."""

import unicodedata

from forum.errors import Invalid

MAX_EMAIL = 254


def fold_email(text: str) -> str:
    """Give the spelling that is stored and compared, without judging the address."""
    return unicodedata.normalize("NFC", text.strip()).lower()


def parse_email(text: str, *, field: str = "email") -> str:
    """Give a checked address in its stored spelling; Invalid where no mail could reach it."""
    from email_validator import EmailNotValidError, validate_email  # slow to load; few pages check an address

    folded = fold_email(text)
    try:
        if len(folded) > MAX_EMAIL:
            raise EmailNotValidError
        # Names in the part before the @ of other scripts are left: they are addresses like others.
        return fold_email(validate_email(folded, check_deliverability=False).normalized)
    except EmailNotValidError:
        raise Invalid("Write an e-mail address such as name@body.example.", field=field) from None
