"""Archives as an accident or an attacker would leave them: taken apart, changed, put together again."""

import hashlib
import json
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from forum.domain.backups import MANIFEST


def unpacked(archive: Path) -> dict[str, bytes]:
    """The members of an archive."""
    with zipfile.ZipFile(archive) as source:
        return {name: source.read(name) for name in source.namelist()}


def packed(path: Path, members: Mapping[str, bytes] | list[tuple[str, bytes]]) -> Path:
    """Write an archive of these members; a list may name one twice."""
    pairs = members if isinstance(members, list) else list(members.items())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of double names, which are wanted here
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
            for name, content in pairs:
                target.writestr(name, content)
    return path


def manifest_of(members: Mapping[str, bytes]) -> dict[str, Any]:
    """The manifest, to be changed."""
    return dict(json.loads(members[MANIFEST]))


def forged(path: Path, members: Mapping[str, bytes], **changes: Any) -> Path:
    """Write an archive whose manifest agrees with its members, whatever they are; `changes` at its top."""
    rest = {name: content for name, content in members.items() if name != MANIFEST}
    manifest = manifest_of(members) | changes
    manifest["members"] = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        for name, content in rest.items()
    }
    return packed(path, rest | {MANIFEST: json.dumps(manifest).encode()})


def flip(archive: Path, target: Path, position: int) -> Path:
    """Copy an archive with one byte changed."""
    content = bytearray(archive.read_bytes())
    content[position] ^= 0x5A
    target.write_bytes(content)
    return target


def place_of(archive: Path, name: str) -> int:
    """A position in the middle of a member's packed bytes."""
    with zipfile.ZipFile(archive) as source:
        entry = source.getinfo(name)
    header = archive.read_bytes()[entry.header_offset : entry.header_offset + 30]
    start = entry.header_offset + 30 + int.from_bytes(header[26:28], "little")
    start += int.from_bytes(header[28:30], "little")
    return start + entry.compress_size // 2
