"""Names in addresses: short, readable and free."""

import re
from collections.abc import Collection

from forum.domain.organisations import match_key

LIMIT = 60


def free_slug(name: str, taken: Collection[str], *, fallback: str = "body") -> str:
    """Give a name's form for addresses, with a number behind it where it is taken."""
    words = re.findall(r"[a-z0-9]+", match_key(name))
    base = "-".join(words)[:LIMIT].strip("-") or fallback
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug
