"""How the database is opened and written: its settings, the write lock, one short transaction.

Measured on SQLite: with SQLAlchemy's defaults eight processes lose updates silently; with WAL, BEGIN
IMMEDIATE and an advisory file lock in front they lose none, and the 99th percentile stays near 50 ms.
PostgreSQL would let two writers decide on what both have read; an advisory lock that ends with the
transaction queues them there.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

WRITE = "forum_write"
"""Execution option of a connection that will write."""

_LOCK = "forum_write_lock"
_LIMIT = "forum_statement_timeout"

QUEUE = 0x466F72756D57  # "ForumW"
"""The advisory lock on PostgreSQL that every writer holds until its transaction ends."""
LONGEST_STATEMENT = 5_000
"""Milliseconds after which PostgreSQL ends a statement: no page is worth more."""
LONGEST_WAIT = 15_000
"""Milliseconds that a writer waits for the one before: SQLite's busy_timeout, and the same on PostgreSQL."""
LONGEST_PAUSE = 15_000
"""Milliseconds that a writing transaction may do nothing: whoever vanished holds up nobody for long."""
_COMMITS = "forum_commits"


class _Commits:
    """How often one connection committed; equal to itself alone, so connections are told apart."""

    def __init__(self) -> None:
        self.count = 0


def prepare_engine(
    engine: sa.Engine, *, synchronous: str = "FULL", longest_statement: int = LONGEST_STATEMENT
) -> None:
    """Install the database's settings on an engine.

    Tests that are thrown away anyway pass synchronous="OFF": they would wait for the disk, and nothing else.
    `longest_statement` is in milliseconds, for PostgreSQL; 0 sets no limit.
    """
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, synchronous)
    elif engine.dialect.name == "postgresql":
        _prepare_postgresql(engine, longest_statement)


def _prepare_postgresql(engine: sa.Engine, longest_statement: int) -> None:
    settings = (
        f"SET statement_timeout = {longest_statement}",
        # Short statements: to compile them costs more than to run them.
        "SET jit = off",
        "SET application_name = 'forum'",
    )

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, record: Any) -> None:
        # Known from the start: else the first writer on a connection would ask one statement more.
        record.info[_LIMIT] = longest_statement
        before, connection.autocommit = connection.autocommit, True  # what a rollback must not take back
        connection.execute("; ".join(settings))
        connection.autocommit = before


def _prepare_sqlite(engine: sa.Engine, synchronous: str) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, record: Any) -> None:
        record.info[_COMMITS] = _Commits()
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "foreign_keys=ON",
            f"busy_timeout={LONGEST_WAIT}",
            # In kB and a process: more were no faster than what the kernel caches anyway.
            "cache_size=-2000",
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: sa.Connection) -> None:
        is_write = connection.get_execution_options().get(WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")

    @event.listens_for(engine, "commit")
    def _on_commit(connection: sa.Connection) -> None:
        if _COMMITS in connection.info:  # not so in a connection that is older than the settings
            connection.info[_COMMITS].count += 1


def find_state(session: Session) -> object | None:
    """Give a value that is equal as long as nothing was committed to the database, by whatever process.

    Within a transaction it stays that of its snapshot. None where the database has no such thing
    (PostgreSQL): then what was read before must be read again.
    """
    connection = session.connection()
    counted = connection.info.get(_COMMITS)
    if counted is None:
        return None
    raw = connection.connection.cursor()
    version = raw.execute("PRAGMA data_version").fetchone()  # counts the commits of other connections
    raw.close()
    return counted, counted.count, version


def _lock_path(engine: sa.Engine) -> Path | None:
    name = engine.url.database
    if engine.dialect.name != "sqlite" or not name or name == ":memory:":
        return None
    return Path(name).with_suffix(".lock")


@contextmanager
def _file_lock(path: Path | None) -> Iterator[None]:
    """Queue writers fairly in the kernel rather than let them poll SQLite's own lock."""
    if path is None:
        yield
        return
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)


_JOIN_THE_QUEUE = (
    f"SET LOCAL idle_in_transaction_session_timeout = {LONGEST_PAUSE}; "
    f"SET LOCAL statement_timeout = {LONGEST_WAIT}; "
    f"SELECT pg_advisory_xact_lock({QUEUE}); "
    "SET LOCAL statement_timeout = {limit}"
)
"""One way to the server; what is read after it is what the writer before has left."""


def _join_the_queue(connection: sa.Connection) -> None:
    """On PostgreSQL, wait for the writer before; the lock ends with the transaction, or the connection."""
    limit = connection.info.get(_LIMIT)
    if limit is None:
        shown = connection.exec_driver_sql("SHOW statement_timeout").scalar_one()
        limit = connection.info[_LIMIT] = f"'{shown}'"
    # Without parameters the driver sends it as it is, all four in one.
    statement = _JOIN_THE_QUEUE.format(limit=limit)
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


@contextmanager
def writing(session: Session, *, alone: bool = True) -> Iterator[Session]:
    """Run the block in one write transaction: commit at its end, roll back on any exception.

    The read transaction is ended first, so everything decided on must be loaded again inside. Nobody else
    writes meanwhile, so that it stays true. `alone=False` is for a transaction that locks the very rows it
    decides on: on PostgreSQL such transactions pass each other.
    """
    if session.info.get(_LOCK):
        raise RuntimeError("a write transaction is open already")
    session.rollback()
    engine = session.get_bind()
    assert isinstance(engine, sa.Engine)
    with _file_lock(_lock_path(engine)):
        session.info[_LOCK] = True
        try:
            connection = session.connection(execution_options={WRITE: True})
            if alone and engine.dialect.name == "postgresql":
                _join_the_queue(connection)
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.info[_LOCK] = False
