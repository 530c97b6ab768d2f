"""What a backup holds: the manifest, which names its members may have, and what makes it a damaged one."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from forum.errors import ForumError

FORMAT = 1
"""Raised when an archive can no longer be read by older code."""

MANIFEST = "manifest.json"
ATTACHMENTS = "attachments"
DATABASES = {"sqlite": "database/forum.sqlite3", "postgresql": "database/forum.dump"}
"""The member that holds the database, for each kind of database."""

KEYS_APART = ("SECRET_KEY", "SEALING_KEY")
"""Secrets that no backup holds: whoever finds an archive must not be able to sign or to unseal."""

MAX_MANIFEST = 64 * 1024 * 1024
"""Bytes; some 400,000 attachments."""


class BackupFailed(ForumError):
    """A backup or a restore that did not happen; everything is as it was."""


class Damaged(BackupFailed):
    """An archive that cannot be trusted: one sentence for each fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(fault.replace("%", "%%") for fault in faults))
        self.faults = faults

    def __str__(self) -> str:
        """Give the faults in one line."""
        return "; ".join(self.faults)


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the archive as it was when it was written."""

    sha256: str
    size: int
    """In bytes, unpacked."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds: its schema's revision and the rows of each table."""

    schema: str
    rows: Mapping[str, int]
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    """Of each table's rows, in whatever order, on PostgreSQL; a SQLite file has its hash."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself."""

    version: str
    """The product version that made it."""
    made_at: datetime
    engine: str
    """A key of DATABASES."""
    contents: Contents
    members: Mapping[str, Member]
    """Every file but the manifest."""

    @property
    def database(self) -> str:
        """The name of the member that holds the database."""
        return DATABASES[self.engine]

    @property
    def size(self) -> int:
        """Bytes of everything unpacked."""
        return sum(member.size for member in self.members.values())

    @property
    def attachments(self) -> list[str]:
        """The names of the members that are attachments."""
        return [name for name in self.members if name != self.database]

    def to_json(self) -> bytes:
        """Write it down."""
        value = {
            "format": FORMAT,
            "product": "forum",
            "version": self.version,
            "made_at": self.made_at.isoformat(),
            "database": {
                "engine": self.engine,
                "schema": self.contents.schema,
                "rows": dict(self.contents.rows),
                "fingerprints": dict(self.contents.fingerprints),
            },
            "keys_not_included": list(KEYS_APART),
            "members": {name: asdict(member) for name, member in self.members.items()},
        }
        return json.dumps(value, ensure_ascii=False, indent=1).encode()


def parse_manifest(text: bytes) -> Manifest:
    """Read a manifest; Damaged where it is none, or contradicts itself."""
    try:
        value = json.loads(text)
        if value["product"] != "forum" or not isinstance(value["format"], int):
            raise ValueError
        if value["format"] > FORMAT:
            raise Damaged([f"{MANIFEST}: made by newer code (format {value['format']}, this reads {FORMAT})"])
        database = value["database"]
        manifest = Manifest(
            version=_text(value["version"]),
            made_at=datetime.fromisoformat(value["made_at"]),
            engine=_text(database["engine"]),
            contents=Contents(
                _text(database["schema"]),
                {_text(k): _count(v) for k, v in database["rows"].items()},
                {_text(k): _text(v) for k, v in database.get("fingerprints", {}).items()},
            ),
            members={
                _text(name): Member(_digest(member["sha256"]), _count(member["size"]))
                for name, member in value["members"].items()
            },
        )
        is_complete = manifest.database in manifest.members
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Damaged([f"{MANIFEST}: is not the manifest of a backup"]) from None
    faults = [f"{name!r}: a name that no backup has" for name in manifest.members if not _is_ours(name)]
    if not is_complete or len(set(manifest.members) & set(DATABASES.values())) != 1:
        faults.append(f"{MANIFEST}: names no database")
    if faults:
        raise Damaged(faults)
    return manifest


def _is_ours(name: str) -> bool:
    """Whether a member's name is one that a backup writes: no way out of its folder, no second spelling."""
    if name in DATABASES.values():
        return True
    path = PurePosixPath(name)
    return (
        len(path.parts) > 1
        and path.parts[0] == ATTACHMENTS
        and str(path) == name
        and ".." not in path.parts
        and name.isprintable()
        and "\\" not in name
        and ":" not in name
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError
    return value


def _digest(value: Any) -> str:
    if len(_text(value)) != 64 or set(value) - set("0123456789abcdef"):
        raise ValueError
    return str(value)
