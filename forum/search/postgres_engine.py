"""The engine for several machines: an index in tables of the PostgreSQL database, beside the forum's own.

It analyses, weighs and ranks as the embedded engine does, so that results agree; PostgreSQL does the set
work: hits, total and facets of a search come from one statement, and so of one moment. One process writes
at a time (an advisory lock); all may read meanwhile. postgres_engine_tables says what is stored.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from psycopg import errors
from sqlalchemy.exc import DBAPIError

from forum.search.postgres_engine_build import IndexBuilder, clear, find_trigrams, make_home, sweep
from forum.search.postgres_engine_chunks import LiveChunks, Run
from forum.search.postgres_engine_collect import Moved, collect
from forum.search.postgres_engine_plan import Planner
from forum.search.postgres_engine_shelf import Shelf, Swapped
from forum.search.postgres_engine_suggest import TableVocabulary, complete_word
from forum.search.postgres_engine_tables import SCHEMA, SCHEMA_VERSION, Tables
from forum.search.postgres_engine_tidy import find_worn, pack_chunk
from forum.search.postgres_engine_write import DocumentWriter, clean
from forum.search.protocol import (
    Add,
    Change,
    EngineState,
    Indexed,
    IndexUnusable,
    Results,
    SearchBusy,
    SearchDocument,
    SearchRequest,
)
from forum.search.query import FACETS, Query
from forum.search.suggestions import suggest_query

LOCK_TIMEOUT = 20.0
OPTIONS = "-c jit=off -c max_parallel_workers_per_gather=0 -c work_mem=16MB -c statement_timeout=5000"
"""What short statements want of every connection: compiling or sharing them costs more than running them."""
_RETRIES = 5
_KEY = "hashtext('forum search index'), hashtext(%(schema)s)"
_Seen = TypeVar("_Seen")
_GONE = (errors.UndefinedTable, errors.InvalidSchemaName)


class _Reader:
    """A connection, and the build that is thought to be live."""

    def __init__(self, connection: sa.Connection, shelf: Shelf) -> None:
        self.connection, self.shelf = connection, shelf

    def run(self, statement: str, parameters: dict[str, Any] | None = None) -> list[Any]:
        """Execute a statement over the build's tables and give its rows, as the driver makes them."""
        result = self.connection.exec_driver_sql(self.shelf.tables.sql(statement), parameters)
        with closing(result):
            return list(result.cursor.fetchall()) if result.cursor else []


def _ask_for_binary(driver: Any, _record: object) -> None:
    """Have numbers and bytes sent as they are: their digits cost as much as the server's own work."""
    driver.cursor_factory = _BinaryCursor


class _BinaryCursor(psycopg.Cursor[Any]):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.format = psycopg.pq.Format.BINARY


class PostgresEngine:
    """A `SearchEngine` in a schema of a PostgreSQL database, with connections of its own."""

    schema_version = SCHEMA_VERSION

    def __init__(self, url: str | sa.URL, schema: str = SCHEMA, lock_timeout: float = LOCK_TIMEOUT) -> None:
        self.schema = schema
        self._live = Tables(schema, "none")
        self._lock_timeout = lock_timeout
        self._engine = sa.create_engine(
            sa.make_url(url).set(drivername="postgresql+psycopg"),
            pool_size=2,
            max_overflow=30,
            isolation_level="AUTOCOMMIT",
            connect_args={"options": OPTIONS, "application_name": "forum-search"},
        )
        sa.event.listen(self._engine, "connect", _ask_for_binary)
        self._shelf: Shelf | None = None

    # Reading

    def _read(self, look: Callable[[_Reader], _Seen], otherwise: _Seen) -> _Seen:
        """What is seen of the live build; `otherwise` where there is none.

        No transaction: every statement that counts is one, and each further one costs a way to the server.
        Where writers never pause, the last attempt is one, which sees nothing of what they write meanwhile.
        """
        for _ in range(_RETRIES):
            try:
                with self._engine.connect() as connection:
                    shelf = self._shelf = self._shelf or self._find_build(connection)
                    return look(_Reader(connection, shelf)) if shelf else otherwise
            except Moved:
                continue
            except Swapped:
                self._shelf = None
            except DBAPIError as error:
                # Another process swapped just now and took the tables away, or the server was restarted.
                self._shelf = None
                if not isinstance(error.orig, _GONE) and not error.connection_invalidated:
                    raise
        return self._read_snapshot(look, otherwise)

    def _read_snapshot(self, look: Callable[[_Reader], _Seen], otherwise: _Seen) -> _Seen:
        """What is seen at one moment, with a shelf of its own: the shared one may know what came later."""
        connecting = self._engine.connect().execution_options(isolation_level="REPEATABLE READ")
        with connecting as connection, connection.begin():
            shelf = self._find_build(connection)
            return look(_Reader(connection, shelf)) if shelf else otherwise

    def _find_build(self, connection: sa.Connection) -> Shelf | None:
        row = self._find_current(connection)
        if row is None or row.schema_version != self.schema_version:
            return None
        return Shelf(Tables(self.schema, row.build), self.schema_version)

    def _find_current(self, connection: sa.Connection) -> Any:
        """The row of the live build, or None where there is none."""
        try:
            select = "SELECT build, schema_version, generation FROM @current"
            return connection.exec_driver_sql(self._live.sql(select)).first()
        except DBAPIError as error:
            if not isinstance(error.orig, _GONE):
                raise
            return None

    def search(self, request: SearchRequest) -> Results:
        """See `SearchEngine.search`."""

        def look(reader: _Reader) -> Results | None:
            shelf = reader.shelf
            view = shelf.look(reader.run, map(clean, request.clearances))
            if not view.documents:
                return None
            planner = Planner(reader.run, shelf, view, request.languages)
            plan = planner.plan(request.query)
            found = collect(reader.run, request, planner, plan, shelf, view)
            return replace(found, widened=planner.widened)

        return self._read(look, None) or Results(0, (), dict.fromkeys(FACETS, ()), frozenset())

    def suggest(self, request: SearchRequest) -> Query | None:
        """See `SearchEngine.suggest`."""

        def look(reader: _Reader) -> Query | None:
            view = reader.shelf.look(reader.run, map(clean, request.clearances))
            planner = Planner(reader.run, reader.shelf, view, request.languages)
            vocabulary = TableVocabulary(
                reader.run, list(view.labels), find_trigrams(reader.connection, may_install=False)
            )
            return suggest_query(request.query, vocabulary, planner.languages)

        return self._read(look, None)

    def complete(self, start: str, clearances: frozenset[str], limit: int = 10) -> tuple[str, ...]:
        """See `SearchEngine.complete`."""

        def look(reader: _Reader) -> tuple[str, ...]:
            view = reader.shelf.look(reader.run, map(clean, clearances))
            return complete_word(reader.run, start, list(view.labels), limit)

        return self._read(look, ())

    def inventory(self) -> Iterator[Indexed]:
        """See `SearchEngine.inventory`."""

        def look(reader: _Reader) -> list[Any]:
            return reader.run(
                "SELECT d.id, a.label, d.version FROM @doc d JOIN @audience a ON a.number = d.audience"
            )

        none: list[Any] = []
        for row in self._read(look, none):
            yield Indexed(*row)

    def state(self) -> EngineState:
        """See `SearchEngine.state`."""

        def look(reader: _Reader) -> EngineState | None:
            row, count = self._find_current(reader.connection), reader.run("SELECT sum(alive) FROM @chunk")
            if row is None or row.build != reader.shelf.tables.build:
                raise Swapped
            return EngineState("ready", f"{row.build}.{row.generation}", int(count[0][0] or 0))

        state = self._read(look, None)
        if state is None:
            with self._engine.connect() as connection:
                is_there = self._find_current(connection) is not None
            state = EngineState("outdated" if is_there else "missing", "", 0)
        return state

    def close(self) -> None:
        """See `SearchEngine.close`."""
        self._engine.dispose()

    # Writing

    def _connect(self) -> sa.Connection:
        """A connection that lives: the pool may hold some of before the server was restarted."""
        connection = self._engine.connect()
        try:
            connection.exec_driver_sql("SELECT 1")
        except DBAPIError as error:
            connection.close()
            if not error.connection_invalidated:
                raise
            connection = self._engine.connect()
        connection.rollback()
        return connection

    @contextmanager
    def _lock(self) -> Iterator[sa.Connection]:
        """A connection that holds the writer's lock and commits every statement by itself."""
        with self._connect() as connection:
            wait = {"wait": f"{round(self._lock_timeout * 1000)}ms", "schema": self.schema}
            # A build lasts; only searches are ended after a while.
            connection.exec_driver_sql(
                "SELECT set_config('lock_timeout', %(wait)s, false),"
                " set_config('statement_timeout', '0', false)",
                wait,
            )
            try:
                connection.exec_driver_sql(f"SELECT pg_advisory_lock({_KEY})", wait)
            except DBAPIError as error:
                if not isinstance(error.orig, errors.LockNotAvailable):
                    raise
                raise SearchBusy(
                    f"another process has been writing the search index in {self.schema}"
                ) from None
            connection.exec_driver_sql("SET lock_timeout = 0")
            try:
                yield connection
            finally:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_KEY})", wait)
                connection.exec_driver_sql("RESET statement_timeout")

    def _ready_tables(self, connection: sa.Connection) -> Tables:
        row = self._find_current(connection)
        if row is None:
            raise IndexUnusable("missing")
        if row.schema_version != self.schema_version:
            raise IndexUnusable("outdated")
        return Tables(self.schema, row.build)

    def apply(self, changes: Iterable[Change]) -> None:
        """See `SearchEngine.apply`."""
        last: dict[str, Change] = {}
        with self._lock() as lock:
            tables = self._ready_tables(lock)
            for change in changes:
                last[change.document.id if isinstance(change, Add) else change.id] = change
            if not last:
                return
            added = [change.document for change in last.values() if isinstance(change, Add)]
            with self._change(tables) as (connection, run, generation):
                chunks = LiveChunks(run, generation)
                writer = DocumentWriter(connection, tables, chunks, counts=True)
                if not writer.remove(last, chunks) and not added:
                    connection.rollback()
                    return
                if added:
                    rows = writer.make_rows(added)
                    writer.copy(rows)
                    writer.count(rows.words)
                chunks.save()

    @contextmanager
    def _change(self, tables: Tables) -> Iterator[tuple[sa.Connection, Run, int]]:
        """A transaction that changes the live build: its connection, statements, and the new generation."""
        writing = self._connect().execution_options(isolation_level="READ COMMITTED")
        with writing as connection, connection.begin():
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")

            def run(statement: str, parameters: dict[str, Any] | None = None) -> sa.CursorResult[Any]:
                return connection.exec_driver_sql(tables.sql(statement), parameters)

            generation = run("UPDATE @current SET generation = generation + 1 RETURNING generation")
            yield connection, run, generation.scalar_one()

    def _pack_one(self) -> bool:
        """Pack one worn chunk; says whether there was any."""
        with self._lock() as lock:
            tables = self._ready_tables(lock)
            number = find_worn(lock, tables)
            if number is not None:
                with self._change(tables) as (_, run, generation):
                    pack_chunk(run, number, generation)
            return number is not None

    def tidy(self, *, thorough: bool = False) -> None:
        """See `SearchEngine.tidy`. PostgreSQL does most of it by itself (autovacuum)."""
        while self._pack_one():
            pass  # each in a turn of its own: who writes a new document does not wait for all of them
        with self._lock() as lock:
            tables = self._ready_tables(lock)
            sweep(lock, tables)
            if thorough:
                clear(lock, tables)

    def rebuild(
        self, documents: Iterable[SearchDocument], progress: Callable[[int], None] | None = None
    ) -> int:
        """See `SearchEngine.rebuild`."""
        with self._lock() as lock:
            tables = Tables(self.schema, f"b{secrets.token_hex(6)}")
            make_home(lock, tables)
            try:
                count = IndexBuilder(lock, tables).build(documents, progress)
            except BaseException:
                row = self._find_current(lock)
                sweep(lock, Tables(self.schema, row.build) if row else self._live)
                raise
            lock.exec_driver_sql(
                tables.sql(
                    "INSERT INTO @current (build, schema_version, generation) VALUES (%(build)s, %(version)s, 0)"  # noqa: E501
                    " ON CONFLICT (is_only) DO UPDATE SET build = excluded.build,"
                    " schema_version = excluded.schema_version, generation = 0"
                ),
                {"build": tables.build, "version": self.schema_version},
            )
            sweep(lock, tables)
        if progress:
            progress(count)
        return count
