"""Reading the files of an index."""

import gc
from pathlib import Path

import pytest

from forum.search.whoosh_engine_leaf import Shared


def test_a_file_that_went_away_is_just_not_found(tmp_path: Path) -> None:
    """Another process's commit may take it between listing and opening; the search then tries again."""
    with pytest.raises(FileNotFoundError):
        Shared(tmp_path / "gone")
    gc.collect()  # letting go of it raises nothing more


def test_small_and_large_files_read_alike(tmp_path: Path) -> None:
    """By position, whether kept in memory or on disk."""
    for size in (10, 100_000):
        path = tmp_path / str(size)
        path.write_bytes(bytes(range(10)) * (size // 10))
        file = Shared(path)
        assert file.get(5, 3) == b"\x05\x06\x07"
        file.close()
