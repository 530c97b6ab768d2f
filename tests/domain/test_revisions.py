"""The schemas that this code knows."""

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from forum import MIGRATIONS
from forum.domain.revisions import read_revisions


def write(folder: Path, **revisions: str | None) -> Path:
    """Write migrations that only name themselves and what they follow."""
    (folder / "versions").mkdir()
    for name, follows in revisions.items():
        text = f'"""x"""\n\nrevision = "{name}"\ndown_revision = {follows!r}\n'
        (folder / "versions" / f"{name}.py").write_text(text)
    return folder


def test_what_is_read_is_what_alembic_reads() -> None:
    """The short way and Alembic's own agree about the migrations of this code."""
    script = ScriptDirectory(str(MIGRATIONS))
    found = read_revisions(MIGRATIONS)
    assert found.newest == script.get_current_head()
    assert found.known == {revision.revision for revision in script.walk_revisions()}


def test_the_newest_is_what_nothing_follows(tmp_path: Path) -> None:
    """The newest schema is the one that no other migration follows, whatever the names sort like."""
    assert read_revisions(write(tmp_path, z1=None, b2="z1", m3="b2")).newest == "m3"


def test_two_ends_are_refused(tmp_path: Path) -> None:
    """Migrations that branched are a mistake, and are said to be."""
    with pytest.raises(ValueError, match="2 schemas"):
        read_revisions(write(tmp_path, a=None, b="a", c="a"))


def test_a_file_without_a_name_is_refused(tmp_path: Path) -> None:
    """A file that names no revision is said by its name."""
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "stray.py").write_text("x = 1\n")
    with pytest.raises(ValueError, match=r"stray\.py"):
        read_revisions(tmp_path)
