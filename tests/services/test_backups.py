"""Backups: of one moment while others write, verified, and refused when anything about them is wrong."""

import os
import random
import shutil
import sqlite3
import threading
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import sessionmaker

from forum.database import prepare_engine, writing
from forum.domain.backups import MANIFEST, BackupFailed, Damaged
from forum.domain.outbox import OutboxEntry, Topic
from forum.services.backup_archives import check_room
from forum.services.backup_databases import SqliteStore, store_for
from forum.services.backups import Backup, Restored, make_backup, restore_backup
from tests.archives import flip, forged, manifest_of, packed, place_of, unpacked
from tests.conftest import StoppedClock

DATABASE = "database/forum.sqlite3"
CLOCK = StoppedClock()


def silent(_label: str, _done: int, _total: int) -> None:
    pass


def back_up(instance: Path, path: Path) -> Backup:
    store = SqliteStore(instance / "forum.db")
    return make_backup(store, instance, path, version="0.1.0", now=CLOCK(), progress=silent)


def never(_engine: sa.Engine) -> None:
    raise AssertionError("nothing is to be migrated")


def restore(
    path: Path,
    instance: Path,
    *,
    force: bool = False,
    known: frozenset[str] = frozenset({"0001"}),
    migrate: Callable[[sa.Engine], object] = never,
) -> Restored:
    return restore_backup(
        SqliteStore(instance / "forum.db"),
        instance,
        path,
        known_schemas=known,
        newest_schema=max(known),
        migrate=migrate,
        is_forced=force,
        progress=silent,
    )


@pytest.fixture
def instance(empty_database: Path, tmp_path: Path) -> Path:
    """A migrated instance with two attachments, one in a folder."""
    folder = tmp_path / "instance"
    (folder / "attachments" / "ab").mkdir(parents=True)
    shutil.copy(empty_database, folder / "forum.db")
    (folder / "attachments" / "one").write_bytes(b"%PDF-1.7 one" * 50)
    (folder / "attachments" / "ab" / "two").write_bytes(os.urandom(5000))
    return folder


@pytest.fixture
def archive(instance: Path, tmp_path: Path) -> Path:
    path = tmp_path / "good.zip"
    back_up(instance, path)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """An empty instance."""
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file with its content, hidden ones too."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_everything_comes_back_byte_for_byte(instance: Path, archive: Path, target: Path) -> None:
    """Database and attachments; nothing else is left beside them."""
    done = restore(archive, target)
    got = files_of(target)
    assert got.pop("forum.db") == unpacked(archive)[DATABASE]
    assert got == {name: text for name, text in files_of(instance).items() if name != "forum.db"}
    assert (done.kept, done.was_migrated) == ([], False)
    assert done.manifest.contents.schema == "0001"
    assert done.manifest.contents.rows["alembic_version"] == 1


def test_only_its_owner_may_read_it(archive: Path, target: Path) -> None:
    """The archive, and what is unpacked from it."""
    restore(archive, target)
    for path in (archive, target / "forum.db", target / "attachments" / "one"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_nothing_is_left_beside_the_archive(archive: Path) -> None:
    """No staging folder, no journal."""
    assert sorted(path.name for path in archive.parent.iterdir()) == ["good.zip", "instance"]


def test_links_and_hidden_files_stay_out(instance: Path, tmp_path: Path) -> None:
    """A link could lead to the keys."""
    (instance / "secrets.json").write_text("{}")
    (instance / "attachments" / "link").symlink_to(instance / "secrets.json")
    (instance / "attachments" / ".half").write_text("unfinished")
    made = back_up(instance, tmp_path / "b.zip")
    assert sorted(made.manifest.attachments) == ["attachments/ab/two", "attachments/one"]


def test_a_copy_is_of_one_moment_while_four_write(instance: Path, tmp_path: Path) -> None:
    """Each writer adds pairs in a transaction: no backup has half of one, none misses an acknowledged one.

    The same on PostgreSQL is in tests/deploy/test_drill.py.
    """
    engine = sa.create_engine(f"sqlite:///{instance / 'forum.db'}")
    prepare_engine(engine, synchronous="OFF")
    store = store_for(engine)
    sessions = sessionmaker(engine)
    stop, started = threading.Event(), threading.Barrier(5)
    acknowledged: list[str] = []

    def write(writer: int) -> None:
        number = 0
        while not stop.is_set():
            key = f"{writer}-{number}"
            with sessions() as session, writing(session):
                for _half in range(2):
                    session.add(
                        OutboxEntry(
                            topic=Topic.INDEX,
                            payload={"key": key, "filler": "x" * 2000},
                            created_at=CLOCK(),
                            available_at=CLOCK(),
                        )
                    )
                    session.flush()
            acknowledged.append(key)
            number += 1
            if number == 3:
                started.wait()

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    started.wait()
    grown = []
    try:
        for number in range(4):
            before = set(acknowledged)
            path = tmp_path / f"{number}.zip"
            make_backup(store, tmp_path, path, version="0", now=CLOCK(), progress=silent)
            grown.append(len(acknowledged) - len(before))
            place = tmp_path / f"restored-{number}"
            place.mkdir()
            restore(path, place)
            with closing(sqlite3.connect(place / "forum.db")) as connection:
                rows = connection.execute("SELECT json_extract(payload, '$.key') FROM outbox_entry")
                counts = Counter(row[0] for row in rows)
            assert set(counts.values()) == {2}
            assert before <= set(counts)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        engine.dispose()
    assert sum(grown) > 0, "nobody wrote during the backups, so this shows nothing"


@pytest.mark.parametrize("name", [DATABASE, "attachments/one", "attachments/ab/two", MANIFEST])
def test_a_flipped_byte_in_a_member_is_found(archive: Path, tmp_path: Path, target: Path, name: str) -> None:
    """Whichever member it is in; nothing of the archive arrives."""
    bad = flip(archive, tmp_path / "bad.zip", place_of(archive, name))
    with pytest.raises(Damaged) as caught:
        restore(bad, target)
    assert name.split("/")[-1] in str(caught.value) or "bad.zip" in str(caught.value)
    assert files_of(target) == {}


def test_a_flipped_byte_anywhere_is_found_or_harmless(archive: Path, tmp_path: Path) -> None:
    """In a header that nobody reads it changes nothing; everywhere else it is refused."""
    rng = random.Random(7)
    size = archive.stat().st_size
    tail = range(size - 600, size)  # the central directory, where a ZIP is most fragile
    refused = 0
    for number, position in enumerate([*rng.sample(range(size), 60), *rng.sample(tail, 60)]):
        place = tmp_path / f"t{number}"
        place.mkdir()
        try:
            restore(flip(archive, tmp_path / "bad.zip", position), place)
        except Damaged:
            refused += 1
            assert files_of(place) == {}
        else:
            wanted = {name.removeprefix("database/"): text for name, text in unpacked(archive).items()}
            del wanted[MANIFEST]
            wanted["forum.db"] = wanted.pop("forum.sqlite3")
            assert files_of(place) == wanted
    assert refused > 80


@pytest.mark.parametrize("part", [0, 1, 0.5, 0.999])
def test_a_cut_off_archive_is_refused(archive: Path, tmp_path: Path, target: Path, part: float) -> None:
    """A copy that stopped on the way, or an empty file."""
    bad = tmp_path / "bad.zip"
    content = archive.read_bytes()
    bad.write_bytes(content[: int(len(content) * part) if part < 1 else -1])
    with pytest.raises(Damaged, match="is not a whole ZIP archive"):
        restore(bad, target)


def test_a_missing_member_is_named(archive: Path, tmp_path: Path, target: Path) -> None:
    """It is in the manifest alone."""
    members = unpacked(archive)
    del members["attachments/one"]
    with pytest.raises(Damaged, match="'attachments/one': is missing"):
        restore(packed(tmp_path / "bad.zip", members), target)


def test_an_extra_member_is_named(archive: Path, tmp_path: Path, target: Path) -> None:
    """It is in no manifest, wherever it would go."""
    members = unpacked(archive) | {"../../evil": b"x", "attachments/more": b"y"}
    with pytest.raises(Damaged) as caught:
        restore(packed(tmp_path / "bad.zip", members), target)
    assert caught.value.faults == [
        "'../../evil': is not in the manifest",
        "'attachments/more': is not in the manifest",
    ]


def test_no_manifest_no_backup(archive: Path, tmp_path: Path, target: Path) -> None:
    """Any other ZIP is none."""
    members = unpacked(archive)
    del members[MANIFEST]
    with pytest.raises(Damaged, match=r"manifest\.json: is missing"):
        restore(packed(tmp_path / "bad.zip", members), target)


def test_a_member_that_is_there_twice_is_refused(archive: Path, tmp_path: Path, target: Path) -> None:
    """Readers of ZIP archives differ in which of the two they take."""
    pairs = [*unpacked(archive).items(), ("attachments/one", b"another")]
    with pytest.raises(Damaged, match="'attachments/one': is there 2 times"):
        restore(packed(tmp_path / "bad.zip", pairs), target)


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "attachments/../../evil", "attachments/a\\..\\b"])
def test_no_member_leads_out_of_the_instance(archive: Path, tmp_path: Path, target: Path, name: str) -> None:
    """Also where the manifest agrees with it."""
    bad = forged(tmp_path / "bad.zip", unpacked(archive) | {name: b"evil"})
    with pytest.raises(Damaged, match="a name that no backup has"):
        restore(bad, target)
    assert not list(tmp_path.rglob("evil"))


def test_a_member_larger_than_promised_is_not_unpacked(archive: Path, tmp_path: Path, target: Path) -> None:
    """A bomb: the directory says what the manifest says, the packed bytes hold a thousand times that."""
    members = unpacked(archive) | {"attachments/one": bytes(8 * 2**20)}
    bad = packed(tmp_path / "bad.zip", members)
    with pytest.raises(Damaged, match=r"'attachments/one': has 8388608 bytes instead of 600"):
        restore(bad, target)
    content = bad.read_bytes().replace((8 * 2**20).to_bytes(4, "little"), (600).to_bytes(4, "little"))
    bad.write_bytes(content)
    with zipfile.ZipFile(bad) as lying:
        assert lying.getinfo("attachments/one").file_size == 600
    with pytest.raises(Damaged, match="'attachments/one': "):
        restore(bad, target)
    assert files_of(target) == {}


def test_what_does_not_fit_on_the_disk_is_not_begun(tmp_path: Path) -> None:
    """The figures are in the sentence."""
    with pytest.raises(BackupFailed, match="MB are needed in"):
        check_room(tmp_path, 10**18)


def test_a_consistent_archive_with_a_broken_database_is_refused(
    archive: Path, tmp_path: Path, target: Path
) -> None:
    """SQLite's own checks run before anything is replaced."""
    members = unpacked(archive)
    content = bytearray(members[DATABASE])
    content[4096 * 5 : 4096 * 9] = os.urandom(4096 * 4)
    with pytest.raises(Damaged, match="database: "):
        restore(forged(tmp_path / "bad.zip", members | {DATABASE: bytes(content)}), target)
    with pytest.raises(Damaged, match="database: file is not a database"):
        restore(forged(tmp_path / "bad.zip", members | {DATABASE: b"no database" * 500}), target)
    assert files_of(target) == {}


def change_database(members: dict[str, bytes], tmp_path: Path, *statements: str) -> dict[str, bytes]:
    """The members, with another database."""
    path = tmp_path / "changed.db"
    path.write_bytes(members[DATABASE])
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = path.read_bytes()
    path.unlink()
    return members | {DATABASE: content}


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (
            "INSERT INTO named_reader (list_id, account_id) VALUES (1, 1)",
            "database: row 1 of named_reader points at nothing",
        ),
        ("DELETE FROM alembic_version", "database: The database has no schema"),
        ("UPDATE alembic_version SET version_num = '0000'", "database: its schema is 0000"),
        ("CREATE TABLE more (id INTEGER)", "database: 0 rows in more, the manifest says None"),
    ],
)
def test_a_database_that_contradicts_the_manifest_is_refused(
    archive: Path, tmp_path: Path, target: Path, statement: str, fault: str
) -> None:
    """References, schema and rows of each table."""
    members = change_database(unpacked(archive), tmp_path, statement)
    with pytest.raises(Damaged, match=fault):
        restore(forged(tmp_path / "bad.zip", members), target)
    assert files_of(target) == {}


def test_a_backup_of_another_database_is_refused(archive: Path, tmp_path: Path, target: Path) -> None:
    """A dump of PostgreSQL does not go into SQLite."""
    members = unpacked(archive)
    database = manifest_of(members)["database"] | {"engine": "postgresql"}
    members["database/forum.dump"] = members.pop(DATABASE)
    with pytest.raises(BackupFailed, match="This is a backup of postgresql"):
        restore(forged(tmp_path / "bad.zip", members, database=database), target)


def test_a_newer_database_is_refused(instance: Path, tmp_path: Path, target: Path) -> None:
    """This code would not know what to do with it."""
    with closing(sqlite3.connect(instance / "forum.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0009'")
        connection.commit()
    back_up(instance, tmp_path / "newer.zip")
    with pytest.raises(BackupFailed, match=r"newer than this code \(schema 0009, version 0.1.0\)"):
        restore(tmp_path / "newer.zip", target)
    assert files_of(target) == {}


def test_an_instance_that_is_not_empty_is_left_alone(archive: Path, instance: Path, target: Path) -> None:
    """A database or attachments alone are enough; with force they are kept aside, however often."""
    before = files_of(instance)
    with pytest.raises(BackupFailed, match="not empty: --force"):
        restore(archive, instance)
    assert files_of(instance) == before
    (target / "attachments").mkdir()
    (target / "attachments" / "x").write_text("x")
    with pytest.raises(BackupFailed, match="not empty"):
        restore(archive, target)
    first = restore(archive, instance, force=True)
    assert [path.name for path in first.kept] == ["forum.db.before-restore", "attachments.before-restore"]
    assert (instance / "forum.db.before-restore").read_bytes() == before["forum.db"]
    second = restore(archive, instance, force=True)
    assert [path.name for path in second.kept] == [
        "forum.db.before-restore-2",
        "attachments.before-restore-2",
    ]


def test_the_old_index_goes_aside_with_the_old_database(archive: Path, instance: Path) -> None:
    """It belongs to what was there, and would answer for texts that are no more."""
    (instance / "index").mkdir()
    (instance / "index" / "segment").write_text("words")
    done = restore(archive, instance, force=True)
    assert instance / "index.before-restore" in done.kept
    assert not (instance / "index").exists()


def test_a_file_that_is_no_database_any_more_can_be_replaced(archive: Path, instance: Path) -> None:
    """That is what a backup is for; with what was left of its journal."""
    (instance / "forum.db").write_bytes(b"garbage" * 1000)
    (instance / "forum.db-wal").write_bytes(b"rest")
    with pytest.raises(BackupFailed, match="not empty"):
        restore(archive, instance)
    restore(archive, instance, force=True)
    assert (instance / "forum.db").read_bytes() == unpacked(archive)[DATABASE]
    assert (instance / "forum.db.before-restore-wal").read_bytes() == b"rest"


def test_nothing_is_replaced_under_a_running_forum(archive: Path, instance: Path) -> None:
    """One open connection is enough, also one that does nothing."""
    with closing(sqlite3.connect(instance / "forum.db")) as connection:
        connection.execute("SELECT count(*) FROM account").fetchone()
        before = files_of(instance)
        with pytest.raises(BackupFailed, match="stop `forum serve`"):
            restore(archive, instance, force=True)
        assert files_of(instance) == before
    restore(archive, instance, force=True)


def test_a_failing_migration_leaves_everything_as_it_was(archive: Path, instance: Path) -> None:
    """Attachments and index too."""
    before = files_of(instance)

    def fail(_engine: sa.Engine) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        restore(archive, instance, force=True, known=frozenset({"0001", "0002"}), migrate=fail)
    assert files_of(instance) == before


def test_an_empty_database_is_not_backed_up(target: Path, tmp_path: Path) -> None:
    """An archive of nothing would only look like a backup."""
    with pytest.raises(BackupFailed, match="empty"):
        back_up(target, tmp_path / "b.zip")
    sqlite3.connect(target / "forum.db").close()
    with closing(sqlite3.connect(target / "forum.db")) as connection:
        connection.execute("CREATE TABLE other (id INTEGER)")
        connection.commit()
    with pytest.raises(BackupFailed, match="no schema of this forum"):
        back_up(target, tmp_path / "b.zip")
    assert not (tmp_path / "b.zip").exists()


def test_a_failed_backup_leaves_the_one_before(instance: Path, archive: Path) -> None:
    """The name changes hands only once the new archive has been verified."""
    before = archive.read_bytes()
    with (instance / "forum.db").open("r+b") as file:
        file.seek(4096 * 5)
        file.write(os.urandom(4096 * 4))
    with pytest.raises((BackupFailed, Damaged)):
        back_up(instance, archive)
    assert archive.read_bytes() == before
    assert sorted(path.name for path in archive.parent.iterdir()) == ["good.zip", "instance"]
