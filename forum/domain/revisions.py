"""Which schemas this code knows: read from the migrations, without the machinery that runs them.

A server asks this at each readiness check, and Alembic would cost each of its processes 11 MB.
"""

import re
from dataclasses import dataclass
from pathlib import Path

_NAMES = re.compile(r"^(revision|down_revision)(?::[^=]+)? = (?:\"([^\"]+)\"|'([^']+)'|None)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Revisions:
    """The schemas that this code knows, and the newest of them."""

    known: frozenset[str]
    newest: str


def read_revisions(migrations: Path) -> Revisions:
    """Read the revisions of a migrations folder; ValueError unless they make one line."""
    followers: dict[str, str | None] = {}
    for path in sorted((migrations / "versions").glob("*.py")):
        names = {name: one or other or None for name, one, other in _NAMES.findall(path.read_text("utf-8"))}
        revision = names.get("revision")
        if revision is None:
            raise ValueError(f"{path.name} names no revision")
        followers[revision] = names.get("down_revision")
    heads = followers.keys() - set(followers.values())
    if len(heads) != 1:
        raise ValueError(f"the migrations end in {len(heads)} schemas, not in one")
    return Revisions(frozenset(followers), heads.pop())
