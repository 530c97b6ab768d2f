"""Copying a whole database while it is in use, judging a copy, and putting one in its place.

SQLite by its own backup interface under one read transaction, so that a copy is of one moment however much
is written meanwhile; PostgreSQL by pg_dump and pg_restore on an exported snapshot.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from forum.domain.backups import BackupFailed, Contents
from forum.search.postgres_engine_tables import SCHEMA
from forum.services.backup_archives import Progress, check_room

PAGES = 2000
"""SQLite pages copied between two reports of progress."""

NO_SCHEMA = "The database has no schema of this forum: run `forum init`."

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"

_OWN_FUNCTIONS = """
    SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = current_schema()
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
"""The functions of a PostgreSQL database that belong to no extension: those of our triggers."""

ASIDE = ".before-restore"

Migrate = Callable[[sa.Engine], object]


class Store(Protocol):
    """A database as backups see it."""

    engine_name: str

    def copy_to(self, copy: Path, progress: Progress) -> Contents:
        """Write the database of this moment to a file; BackupFailed where there is nothing to copy."""

    def find_faults(self, copy: Path, contents: Contents) -> list[str]:
        """Say what is wrong with a copy."""

    def holds_anything(self) -> bool:
        """Whether there is a database that a restore would replace."""

    def is_in_use(self) -> bool:
        """Whether anybody but this process has it open."""

    def replace(self, copy: Path, contents: Contents, migrate: Migrate | None, aside: Path) -> list[Path]:
        """Put a copy in its place, all of it or nothing; gives the files that keep what was there.

        `aside` is the folder for those files where the database is not a file itself.
        """


def store_for(engine: sa.Engine) -> Store:
    """Give the store of a database; BackupFailed for a kind that has none."""
    if engine.dialect.name == "postgresql":
        return PostgresStore(engine)
    name = engine.url.database
    if engine.dialect.name == "sqlite" and name and name != ":memory:":
        return SqliteStore(Path(name))
    raise BackupFailed("Only SQLite files and PostgreSQL can be backed up.")


def free_name(path: Path) -> Path:
    """Give the name under which what was there is kept; an older one is never overwritten."""
    kept = path.with_name(path.name + ASIDE)
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.name}{ASIDE}-{number}")
    return kept


class SqliteStore:
    """A database file."""

    engine_name = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path

    def copy_to(self, copy: Path, progress: Progress) -> Contents:
        """Copy the file page by page under one read transaction; writers are not held up."""
        if not self.holds_anything():
            raise BackupFailed("The database is empty: there is nothing to back up.")

        def report(_status: int, remaining: int, total: int) -> None:
            progress("Copying the database", total - remaining, total)

        try:
            with closing(self._connect()) as source, closing(sqlite3.connect(copy)) as target:
                source.execute("BEGIN")
                source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the moment that is copied
                source.backup(target, pages=PAGES, progress=report, sleep=0)
                source.execute("ROLLBACK")
            copy.chmod(0o600)
            return _sqlite_contents(copy)
        except sqlite3.Error as error:
            raise BackupFailed("The database could not be copied: %(why)s.", why=error) from None

    def find_faults(self, copy: Path, contents: Contents) -> list[str]:
        """Run SQLite's own checks and count the rows."""
        try:
            with _open_copy(copy) as connection:
                said = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
                faults = [f"database: {line}" for line in said if line != "ok"]
                broken = connection.execute("PRAGMA foreign_key_check").fetchmany(5)
                faults += [f"database: row {row[1]} of {row[0]} points at nothing" for row in broken]
            return faults or _compare(_sqlite_contents(copy), contents)
        except sqlite3.Error as error:
            return [f"database: {error}"]
        except BackupFailed as error:
            return [f"database: {error}"]

    def holds_anything(self) -> bool:
        """Whether the file has tables; one that cannot be read may hold anything."""
        if not self.path.exists() or not self.path.stat().st_size:
            return False
        if not self._is_database():
            return True
        try:
            with closing(self._connect()) as connection:
                return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
        except sqlite3.Error:
            return True

    def is_in_use(self) -> bool:
        """Ask for the file alone, which SQLite refuses while any other connection is open.

        Write-ahead entries of a process that was killed are put into the file on the way.
        """
        if not self.path.exists() or not self._is_database():
            return False
        try:
            with closing(sqlite3.connect(self.path, timeout=0, isolation_level=None)) as connection:
                connection.execute("PRAGMA locking_mode=EXCLUSIVE")
                connection.execute("BEGIN EXCLUSIVE")
                connection.execute("COMMIT")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as error:
            return "locked" in str(error) or "busy" in str(error)
        except sqlite3.DatabaseError:
            pass  # not a database any more: that is why it is replaced
        return False

    def replace(self, copy: Path, contents: Contents, migrate: Migrate | None, aside: Path) -> list[Path]:
        """Migrate the copy where it lies, then swap the files."""
        if migrate is not None:
            engine = sa.create_engine(f"sqlite:///{copy}")
            try:
                migrate(engine)
            finally:
                engine.dispose()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        kept = []
        if self.path.exists():
            name = free_name(self.path)
            self.path.rename(name)
            kept.append(name)
        try:
            for tail in ("-wal", "-shm"):  # of a file that is no database any more
                rest = self.path.with_name(self.path.name + tail)
                if rest.exists():
                    rest.rename(kept[0].with_name(kept[0].name + tail) if kept else free_name(rest))
            copy.rename(self.path)
        except OSError:
            for name in kept:
                name.rename(self.path)
            raise
        _sync(self.path.parent)
        return kept

    def _is_database(self) -> bool:
        """Look at the head alone: SQLite would throw away the journal of what it does not recognise."""
        with self.path.open("rb") as file:
            return file.read(16) in {b"SQLite format 3\0", b""}

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=15, isolation_level=None)


@contextmanager
def _open_copy(copy: Path) -> Iterator[sqlite3.Connection]:
    """Read a copy without changing a byte of it, or leaving files beside it."""
    uri = f"{copy.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        yield connection


def _sqlite_contents(copy: Path) -> Contents:
    with _open_copy(copy) as connection:
        names = [row[0] for row in connection.execute(_TABLES)]
        if "alembic_version" not in names:
            raise BackupFailed(NO_SCHEMA)
        schema = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        rows = {}
        for name in names:
            quoted = name.replace('"', '""')
            count = f'SELECT count(*) FROM "{quoted}"'  # noqa: S608  (a quoted name, not a value)
            rows[name] = connection.execute(count).fetchone()[0]
    if schema is None:
        raise BackupFailed(NO_SCHEMA)
    return Contents(str(schema[0]), rows)


def _compare(found: Contents, wanted: Contents) -> list[str]:
    faults = []
    if found.schema != wanted.schema:
        faults.append(f"database: its schema is {found.schema}, the manifest says {wanted.schema}")
    for name in sorted({*found.rows, *wanted.rows}):
        if found.rows.get(name) != wanted.rows.get(name):
            faults.append(
                f"database: {found.rows.get(name)} rows in {name}, the manifest says {wanted.rows.get(name)}"
            )
    for name, fingerprint in sorted(wanted.fingerprints.items()):
        if found.fingerprints.get(name, fingerprint) != fingerprint:
            faults.append(f"database: the rows in {name} are not those that were copied")
    return faults


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_DUMP = (
    "--format=custom",
    "--no-owner",
    "--no-privileges",
    f"--exclude-schema={SCHEMA}",
    "--extension=plpgsql",
)
"""Without the search index, and the extension that only it uses: both are made anew."""


class PostgresStore:
    """A database on a PostgreSQL server; needs its client programs pg_dump and pg_restore."""

    engine_name = "postgresql"

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def copy_to(self, copy: Path, progress: Progress) -> Contents:
        """Dump what one exported snapshot shows; nobody is held up."""
        with self.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            contents = _postgres_contents(connection)
            snapshot = connection.scalar(sa.text("SELECT pg_export_snapshot()"))
            options = [*_DUMP, f"--snapshot={snapshot}"]
            self._run(
                ["pg_dump", *options, "--verbose", f"--file={copy}", f"--dbname={self._address()}"],
                _counting("dumping contents of table", "Copying the database", len(contents.rows), progress),
            )
        copy.chmod(0o600)
        return contents

    def find_faults(self, copy: Path, contents: Contents) -> list[str]:
        """Have pg_restore read the whole dump; its rows are counted once they are in."""
        try:
            self._run(["pg_restore", f"--file={os.devnull}", str(copy)])
        except BackupFailed as error:
            return [f"database: {error}"]
        return []

    def holds_anything(self) -> bool:
        """Whether the database has tables."""
        return bool(sa.inspect(self.engine).get_table_names())

    def is_in_use(self) -> bool:
        """Whether anybody but the server's own superusers has another connection to the database."""
        self.engine.dispose()
        with self.engine.connect() as connection:
            others = connection.scalar(
                sa.text(
                    "SELECT count(*) FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid"
                    " WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()"
                    " AND (NOT r.rolsuper OR r.rolname = current_user)"
                )
            )
        return bool(others)

    def replace(self, copy: Path, contents: Contents, migrate: Migrate | None, aside: Path) -> list[Path]:
        """Dump what is there, take it away and put the copy in; if that fails, what was there comes back."""
        kept: Path | None = None
        if self.holds_anything():
            kept = free_name(aside / "database.dump")
            check_room(aside, 0)
            self._run(["pg_dump", *_DUMP, f"--file={kept}", f"--dbname={self._address()}"])
            kept.chmod(0o600)
        try:
            self._fill(copy)
            with self.engine.connect() as connection:
                faults = _compare(_postgres_contents(connection), contents)
            if faults:
                raise BackupFailed("The restored database differs: %(what)s.", what="; ".join(faults))
            if migrate is not None:
                migrate(self.engine)
        except BaseException:
            self._fill(kept)
            if kept is not None:
                kept.unlink()
            raise
        finally:
            self.engine.dispose()
        return [kept] if kept else []

    def _fill(self, dump: Path | None) -> None:
        """Drop every table and function, then restore a dump in one transaction; None leaves it empty."""
        names = sa.inspect(self.engine).get_table_names()
        quote = self.engine.dialect.identifier_preparer.quote
        with self.engine.begin() as connection:
            for name in names:
                connection.exec_driver_sql(f"DROP TABLE IF EXISTS {quote(name)} CASCADE")
            for signature in connection.exec_driver_sql(_OWN_FUNCTIONS).scalars().all():
                connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {signature} CASCADE")
            for name in sa.inspect(connection).get_table_names(schema=SCHEMA):
                connection.exec_driver_sql(f"DROP TABLE IF EXISTS {quote(SCHEMA)}.{quote(name)} CASCADE")
        if dump is not None:
            options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
            self._run(["pg_restore", *options, f"--dbname={self._address()}", str(dump)])

    def _address(self) -> str:
        """The address for PostgreSQL's programs; the password goes by the environment instead."""
        url = self.engine.url
        return sa.URL.create(
            "postgresql", url.username, None, url.host, url.port, url.database, url.query
        ).render_as_string(hide_password=False)

    def _run(self, command: list[str], on_line: Callable[[str], None] | None = None) -> None:
        program = shutil.which(command[0])
        if program is None:
            raise BackupFailed(
                "%(name)s is not installed: it comes with PostgreSQL's client programs.", name=command[0]
            )
        environ = dict(os.environ)
        if self.engine.url.password:
            environ["PGPASSWORD"] = str(self.engine.url.password)
        last = ""
        with subprocess.Popen(
            [program, *command[1:]], env=environ, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            for line in process.stderr:
                last = line.strip() or last
                if on_line is not None:
                    on_line(line)
        if process.returncode:
            raise BackupFailed("%(what)s", what=last or f"{command[0]} failed")


def _counting(words: str, label: str, total: int, progress: Progress) -> Callable[[str], None]:
    """Report progress by the lines that a program writes for each table."""
    done = 0

    def on_line(line: str) -> None:
        nonlocal done
        if words in line:
            done += 1
            progress(label, min(done, total), total)

    return on_line


_FINGERPRINT = """
    SELECT count(*), coalesce(sum(('x' || substr(md5(one::text), 1, 16))::bit(64)::bigint), 0) FROM {} AS one
"""
"""The rows of a table and the sum of their hashes: it says whether the same rows are there, in any order."""


def _postgres_contents(connection: sa.Connection) -> Contents:
    """Count and fingerprint every table in the connection's transaction, however long it takes."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0; SET LOCAL TimeZone = 'UTC'")
    names = sorted(sa.inspect(connection).get_table_names())
    if "alembic_version" not in names:
        raise BackupFailed("The database is empty: there is nothing to back up.")
    schema = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    if schema is None:
        raise BackupFailed(NO_SCHEMA)
    quote = connection.dialect.identifier_preparer.quote
    found = {name: connection.exec_driver_sql(_FINGERPRINT.format(quote(name))).one() for name in names}
    return Contents(
        str(schema),
        {name: count for name, (count, _) in found.items()},
        {name: str(fingerprint) for name, (_, fingerprint) in found.items()},
    )
