"""Files under random keys."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from forum.errors import NotFound
from forum.services.backup_archives import find_attachments
from forum.services.storage import FolderStorage, new_key


def test_a_file_comes_back_as_it_was(tmp_path: Path) -> None:
    """And is listed with its time."""
    storage, key = FolderStorage(tmp_path / "attachments"), new_key()
    storage.put(key, io.BytesIO(b"words"))
    with storage.open(key) as file:
        assert file.read() == b"words"
    ((found, written_at),) = storage.list_keys()
    assert found == key
    assert datetime.now(UTC) - written_at < timedelta(minutes=5)


def test_what_is_deleted_is_gone(tmp_path: Path) -> None:
    """Twice is once."""
    storage, key = FolderStorage(tmp_path), new_key()
    storage.put(key, io.BytesIO(b"words"))
    storage.delete(key)
    storage.delete(key)
    with pytest.raises(NotFound):
        storage.open(key)


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """Neither under the key nor beside it."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("the line went dead")

    storage = FolderStorage(tmp_path)
    with pytest.raises(OSError, match="line"):
        storage.put(new_key(), Broken())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", ["", "../secrets.json", "secrets.json", "/etc/passwd", "0" * 31, "G" * 32])
def test_what_is_no_key_of_ours_is_not_found(tmp_path: Path, key: str) -> None:
    """A key is never part of a path that somebody chose."""
    (tmp_path / "secrets.json").write_text("{}")
    with pytest.raises(NotFound):
        FolderStorage(tmp_path / "attachments").open(key)


def test_backups_take_the_files_along(tmp_path: Path) -> None:
    """Only whole ones, and only their owner may read them."""
    storage, key = FolderStorage(tmp_path / "attachments"), new_key()
    storage.put(key, io.BytesIO(b"words"))
    ((name, path),) = find_attachments(tmp_path / "attachments")
    assert name == f"attachments/{key}"
    assert path.stat().st_mode & 0o077 == 0
