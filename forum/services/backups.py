"""Backups: one verified archive of database and attachments, made while the forum runs, and the way back."""

import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from forum.domain.backups import ATTACHMENTS, MANIFEST, BackupFailed, Damaged, Manifest
from forum.services.backup_archives import (
    CHUNK,
    Progress,
    check_room,
    find_attachments,
    read_manifest,
    read_members,
    write_members,
)
from forum.services.backup_databases import Migrate, Store, free_name

INDEX = "index"


@dataclass(frozen=True, slots=True)
class Backup:
    """An archive that was written and read back."""

    manifest: Manifest
    path: Path
    sha256: str
    size: int
    """Of the archive, in bytes."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore has done."""

    manifest: Manifest
    kept: list[Path]
    """Where the instance of before is kept."""
    was_migrated: bool


def make_backup(
    store: Store, instance: Path, path: Path, *, version: str, now: datetime, progress: Progress
) -> Backup:
    """Write database and attachments to an archive, read it back, and only then give it its name.

    The database is copied first: an attachment that came later is in it for nothing, none is missing.
    """
    with _staging(path.parent, ".forum-backup-") as staging:
        copy = staging / "database"
        contents = store.copy_to(copy, progress)
        draft = staging / "archive.zip"
        with zipfile.ZipFile(draft, "x", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            manifest = Manifest(version, now, store.engine_name, contents, {})
            files = [(manifest.database, copy), *find_attachments(instance / ATTACHMENTS)]
            members = write_members(archive, files, progress)
            manifest = Manifest(version, now, store.engine_name, contents, members)
            archive.writestr(MANIFEST, manifest.to_json())
        copy.unlink()
        _unpack(store, draft, staging, lambda name: name == manifest.database, progress)
        digest, size = _sync_and_hash(draft)
        draft.chmod(0o600)
        os.replace(draft, path)
        return Backup(manifest, path, digest, size)


def restore_backup(
    store: Store,
    instance: Path,
    path: Path,
    *,
    known_schemas: Set[str],
    newest_schema: str,
    migrate: Migrate,
    is_forced: bool,
    progress: Progress,
) -> Restored:
    """Put an archive in the place of the instance's database and attachments, all of it or nothing.

    Damaged for an archive that cannot be trusted; BackupFailed where the database is of another kind or of
    newer code, somebody uses the instance, or it is not empty and `is_forced` does not say to go on.
    """
    manifest = read_manifest(path)
    if manifest.engine != store.engine_name:
        raise BackupFailed(
            "This is a backup of %(theirs)s, and FORUM_DATABASE_URL names %(ours)s.",
            theirs=manifest.engine,
            ours=store.engine_name,
        )
    if manifest.contents.schema not in known_schemas:
        raise BackupFailed(
            "The backup is newer than this code (schema %(schema)s, version %(version)s):"
            " restore it with the code that it was made with.",
            schema=manifest.contents.schema,
            version=manifest.version,
        )
    attachments = instance / ATTACHMENTS
    if not is_forced and (store.holds_anything() or find_attachments(attachments)):
        raise BackupFailed("The instance is not empty: --force replaces it, and keeps what was there aside.")
    if store.is_in_use():
        raise BackupFailed("Somebody uses this database: stop `forum serve` and `forum worker` first.")
    with _staging(instance, ".restore-") as staging:
        check_room(staging, manifest.size)
        _unpack(store, path, staging, lambda name: True, progress)
        is_older = manifest.contents.schema != newest_schema
        kept = _swap(store, instance, staging, manifest, migrate if is_older else None)
    return Restored(manifest, kept, is_older)


def _unpack(
    store: Store, path: Path, staging: Path, is_kept: Callable[[str], bool], progress: Progress
) -> None:
    """Read a whole archive, and judge its database; Damaged where anything is wrong."""
    manifest = read_manifest(path)
    read_members(path, manifest, staging, is_kept, progress)
    faults = store.find_faults(staging / manifest.database, manifest.contents)
    if faults:
        raise Damaged(faults)


def _swap(
    store: Store, instance: Path, staging: Path, manifest: Manifest, migrate: Migrate | None
) -> list[Path]:
    """Move attachments and index aside, put the new ones in, then the database; undone if that fails."""
    moved: list[tuple[Path, Path]] = []
    is_placed = False
    try:
        for name in (ATTACHMENTS, INDEX):
            if (instance / name).exists():
                moved.append((instance / name, free_name(instance / name)))
                moved[-1][0].rename(moved[-1][1])
        if manifest.attachments:
            (staging / ATTACHMENTS).rename(instance / ATTACHMENTS)
            is_placed = True
        kept = store.replace(staging / manifest.database, manifest.contents, migrate, instance)
    except BaseException:
        if is_placed:
            shutil.rmtree(instance / ATTACHMENTS)
        for place, kept_as in moved:
            if kept_as.exists():
                kept_as.rename(place)
        raise
    return [*kept, *(name for _, name in moved)]


@contextmanager
def _staging(folder: Path, prefix: str) -> Iterator[Path]:
    """A private folder on the same disk, gone at the end whatever happens."""
    try:
        made = Path(tempfile.mkdtemp(prefix=prefix, dir=folder))
    except OSError as error:
        raise BackupFailed(
            "%(folder)s cannot be written: %(why)s.", folder=folder, why=error.strerror
        ) from None
    try:
        yield made
    except OSError as error:
        raise BackupFailed("The disk failed: %(why)s.", why=error.strerror or error) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _sync_and_hash(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
        os.fsync(file.fileno())
    return digest.hexdigest(), size
