"""Where files are kept: bytes under random keys. A folder here; anything that can do the same elsewhere."""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, BinaryIO, Protocol

from forum.errors import NotFound

_KEY = re.compile(r"[0-9a-f]{32}")
_CHUNK = 1024 * 1024


class Storage(Protocol):
    """Keeps files; every key comes from new_key() and is written once."""

    def put(self, key: str, source: IO[bytes]) -> None:
        """Keep what the stream holds: all of it, or nothing if the disk fails."""
        ...

    def open(self, key: str) -> BinaryIO:
        """Give a file to read; NotFound without one."""
        ...

    def delete(self, key: str) -> None:
        """Forget a file; nothing happens where there is none."""
        ...

    def list_keys(self) -> Iterator[tuple[str, datetime]]:
        """Give every key with the moment at which its file was written."""
        ...


def new_key() -> str:
    """Give a key that nobody can guess: 128 random bits."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class FolderStorage:
    """Files in one folder, which backups take along; what is half written has a hidden name."""

    folder: Path

    def put(self, key: str, source: IO[bytes]) -> None:
        """See `Storage.put`."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self.folder / f".{key}.{os.getpid()}"
        try:
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                shutil.copyfileobj(source, file, _CHUNK)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path(key))
        finally:
            fresh.unlink(missing_ok=True)

    def open(self, key: str) -> BinaryIO:
        """See `Storage.open`."""
        try:
            return self._path(key).open("rb")
        except FileNotFoundError:
            raise NotFound from None

    def delete(self, key: str) -> None:
        """See `Storage.delete`."""
        self._path(key).unlink(missing_ok=True)

    def list_keys(self) -> Iterator[tuple[str, datetime]]:
        """See `Storage.list_keys`."""
        if not self.folder.is_dir():
            return
        for path in sorted(self.folder.iterdir()):
            if _KEY.fullmatch(path.name):
                yield path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC)

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise NotFound
        return self.folder / key
