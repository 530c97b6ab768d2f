"""The archive of a backup: written with a manifest, read back, and every doubt about it named."""

import hashlib
import io
import lzma
import os
import shutil
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from forum.domain.backups import (
    ATTACHMENTS,
    MANIFEST,
    MAX_MANIFEST,
    BackupFailed,
    Damaged,
    Manifest,
    Member,
    parse_manifest,
)

Progress = Callable[[str, int, int], None]
"""Told what is being done (a gettext-free label), how much of it is done, and of how much."""

CHUNK = 1024 * 1024

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)
"""What zipfile raises over a file that is no archive, or a damaged one."""


def find_attachments(folder: Path) -> list[tuple[str, Path]]:
    """Give member names and paths of the attachments in a folder, without links and hidden files."""
    found: list[tuple[str, Path]] = []
    for directory, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(directory) / name
            if not name.startswith(".") and path.is_file() and not path.is_symlink():
                found.append((f"{ATTACHMENTS}/{path.relative_to(folder).as_posix()}", path))
    return found


def write_members(
    archive: zipfile.ZipFile, files: list[tuple[str, Path]], progress: Progress
) -> dict[str, Member]:
    """Put files into the archive; gives what went in. A file that vanished meanwhile is left out."""
    total = sum(path.stat().st_size for _, path in files if path.exists())
    done = 0
    members: dict[str, Member] = {}
    for name, path in files:
        try:
            source = path.open("rb")
        except FileNotFoundError:
            continue  # erased since the folder was listed
        with source, archive.open(_entry(name), "w", force_zip64=True) as target:
            digest, size = hashlib.sha256(), 0
            for chunk in _chunks(source):
                target.write(chunk)
                digest.update(chunk)
                size += len(chunk)
                done += len(chunk)
                progress("Writing the archive", done, total)
        members[name] = Member(digest.hexdigest(), size)
    return members


def _entry(name: str) -> str | zipfile.ZipInfo:
    """A dump of PostgreSQL is compressed already."""
    return zipfile.ZipInfo(name) if name.endswith(".dump") else name


def _chunks(source: IO[bytes]) -> Iterator[bytes]:
    while chunk := source.read(CHUNK):
        yield chunk


def read_manifest(path: Path) -> Manifest:
    """Read an archive's manifest and hold the list of its members to it; Damaged names every doubt.

    No member is unpacked: sizes, names and doubles are looked at before anything is written.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if MANIFEST not in archive.namelist():
                raise Damaged([f"{MANIFEST}: is missing"])
            with archive.open(MANIFEST) as source:
                text = source.read(MAX_MANIFEST + 1)
    except PermissionError as error:
        raise BackupFailed("%(file)s cannot be read: %(why)s.", file=path, why=error.strerror) from None
    except _BROKEN as error:
        raise Damaged([f"{path.name}: is not a whole ZIP archive ({_first_line(error)})"]) from None
    if len(text) > MAX_MANIFEST:
        raise Damaged([f"{MANIFEST}: is too large"])
    manifest = parse_manifest(text)
    faults = _structural_faults(manifest, entries, path.stat().st_size)
    if faults:
        raise Damaged(faults)
    return manifest


def _structural_faults(manifest: Manifest, entries: list[zipfile.ZipInfo], size: int) -> list[str]:
    names = Counter(entry.filename for entry in entries)
    faults = [f"{name!r}: is there {count} times" for name, count in names.items() if count > 1]
    faults += [
        f"{name!r}: is not in the manifest" for name in names if name not in {MANIFEST, *manifest.members}
    ]
    faults += [f"{name!r}: is missing" for name in manifest.members if name not in names]
    for entry in entries:
        member = manifest.members.get(entry.filename)
        if member is not None and entry.file_size != member.size:
            faults.append(f"{entry.filename!r}: has {entry.file_size} bytes instead of {member.size}")
        if entry.flag_bits & 1 or entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            faults.append(f"{entry.filename!r}: is packed in a way that no backup is")
    if sum(entry.compress_size for entry in entries) > size:
        faults.append("the members overlap")
    return faults


def check_room(folder: Path, needed: int) -> None:
    """Raise BackupFailed where a folder's disk has no room for so many bytes."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise BackupFailed(
            "%(needed)s MB are needed in %(folder)s, %(free)s MB are free.",
            needed=f"{needed // 2**20 + 1:,}",
            folder=folder,
            free=f"{free // 2**20:,}",
        )


def read_members(
    path: Path, manifest: Manifest, target: Path, is_kept: Callable[[str], bool], progress: Progress
) -> None:
    """Read every member and compare its hash, unpacking those that are kept under `target`.

    Damaged names each member that differs; what was unpacked is then worth nothing.
    """
    faults: list[str] = []
    done = 0
    with zipfile.ZipFile(path) as archive:
        for name, member in manifest.members.items():
            place = target / name
            place.parent.mkdir(parents=True, exist_ok=True)
            with _place(place) if is_kept(name) else io.BytesIO() as out:
                fault = _read_member(archive, name, member, out if is_kept(name) else None)
            if fault:
                faults.append(f"{name!r}: {fault}")
            done += member.size
            progress("Reading it back", done, manifest.size)
    if faults:
        raise Damaged(faults)


def _place(path: Path) -> IO[bytes]:
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _read_member(archive: zipfile.ZipFile, name: str, member: Member, out: IO[bytes] | None) -> str | None:
    """Give what is wrong with a member, or None. Stops at the size that the manifest names."""
    digest, size = hashlib.sha256(), 0
    try:
        with archive.open(name) as source:
            for chunk in _chunks(source):
                size += len(chunk)
                if size > member.size:
                    return "is larger than the manifest says"
                digest.update(chunk)
                if out is not None:
                    _write(out, chunk)
    except _BROKEN as error:
        return f"cannot be read ({_first_line(error)})"
    return None if digest.hexdigest() == member.sha256 else "its checksum is wrong"


def _write(out: IO[bytes], chunk: bytes) -> None:
    """Write; a full disk is no fault of the archive."""
    try:
        out.write(chunk)
    except OSError as error:
        raise BackupFailed("The archive could not be unpacked: %(why)s.", why=error.strerror) from None


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:120] or type(error).__name__
