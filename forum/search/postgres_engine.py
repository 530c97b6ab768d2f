"""The engine for several machines: an index in tables of the PostgreSQL database, beside the forum's own.

It analyses, weighs and ranks as the embedded engine does, so that results agree; PostgreSQL does the set
work. A search is one read transaction over the live build, so that what it shows is of one moment. One
process writes at a time (an advisory lock); all may read meanwhile. postgres_engine_tables says what is
stored.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
from psycopg import errors
from sqlalchemy.exc import DBAPIError

from forum.search.postgres_engine_build import IndexBuilder, clear, find_trigrams, make_home, sweep
from forum.search.postgres_engine_collect import Values, collect
from forum.search.postgres_engine_plan import Audience, Planner
from forum.search.postgres_engine_suggest import TableVocabulary, complete_word
from forum.search.postgres_engine_tables import SCHEMA, SCHEMA_VERSION, Tables
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
OPTIONS = "-c jit=off -c max_parallel_workers_per_gather=0 -c work_mem=16MB"
"""What short statements want of every connection: compiling or sharing them costs more than running them."""
_RETRIES = 5
_KEY = "hashtext('forum search index'), hashtext(%(schema)s)"
_Seen = TypeVar("_Seen")
_GONE = (errors.UndefinedTable, errors.InvalidSchemaName)


class _Reader:
    """One read transaction over the build that is live in it."""

    def __init__(self, connection: sa.Connection, tables: Tables) -> None:
        self.connection, self.tables = connection, tables

    def run(self, statement: str, parameters: dict[str, Any] | None = None) -> list[Any]:
        """Execute a statement over the build's tables and give its rows."""
        return list(self.connection.exec_driver_sql(self.tables.sql(statement), parameters))


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
            pool_pre_ping=True,
            connect_args={"options": OPTIONS, "application_name": "forum-search"},
        )
        self._reading = self._engine.execution_options(isolation_level="REPEATABLE READ")
        self._values: tuple[str, Values] = ("", {})

    # Reading

    def _read(self, look: Callable[[_Reader], _Seen], otherwise: _Seen) -> _Seen:
        """What is seen in one read transaction over the live build; `otherwise` where there is none."""
        for attempt in range(_RETRIES):
            try:
                with self._reading.connect() as connection:
                    row = self._find_current(connection)
                    if row is None or row.schema_version != self.schema_version:
                        return otherwise
                    return look(_Reader(connection, Tables(self.schema, row.build)))
            except DBAPIError as error:
                # Another process swapped just now and took the tables away.
                if not isinstance(error.orig, _GONE) or attempt == _RETRIES - 1:
                    raise
        return otherwise

    def _find_current(self, connection: sa.Connection) -> Any:
        """The row of the live build, or None where there is none."""
        try:
            select = "SELECT build, schema_version, generation FROM @current"
            return connection.exec_driver_sql(self._live.sql(select)).first()
        except DBAPIError as error:
            if not isinstance(error.orig, _GONE):
                raise
            connection.rollback()
            return None

    def search(self, request: SearchRequest) -> Results:
        """See `SearchEngine.search`."""

        def look(reader: _Reader) -> Results | None:
            planner, labels = self._plan_for(reader, request)
            if not labels:
                return None
            return collect(reader.run, request, planner, labels, self._values_of(reader.tables.build))

        return self._read(look, None) or Results(0, (), dict.fromkeys(FACETS, ()), frozenset())

    def _values_of(self, build: str) -> Values:
        if self._values[0] != build:
            self._values = (build, {})
        return self._values[1]

    def _plan_for(self, reader: _Reader, request: SearchRequest) -> tuple[Planner, dict[int, str]]:
        """A planner for the audiences within the clearances, and their labels by number."""
        rows = reader.run(
            "SELECT a.number, a.label, s.language, s.found FROM @audience a"
            " JOIN @spoken s ON s.audience = a.number WHERE a.label = ANY(%(labels)s) ORDER BY a.label",
            {"labels": sorted(map(clean, request.clearances))},
        )
        labels = {row.number: row.label for row in rows}
        spoken: dict[int, set[str]] = {number: set() for number in labels}
        for row in rows:
            if row.language and (request.languages is None or row.language in request.languages):
                spoken[row.number].add(row.language)
        audiences = [Audience(number, frozenset(found or [""])) for number, found in spoken.items()]
        return Planner(reader.run, audiences, sum(row.found for row in rows)), labels

    def suggest(self, request: SearchRequest) -> Query | None:
        """See `SearchEngine.suggest`."""

        def look(reader: _Reader) -> Query | None:
            planner, labels = self._plan_for(reader, request)
            vocabulary = TableVocabulary(
                reader.run, list(labels), find_trigrams(reader.connection, may_install=False)
            )
            return suggest_query(request.query, vocabulary, planner.languages)

        return self._read(look, None)

    def complete(self, start: str, clearances: frozenset[str], limit: int = 10) -> tuple[str, ...]:
        """See `SearchEngine.complete`."""

        def look(reader: _Reader) -> tuple[str, ...]:
            _, labels = self._plan_for(reader, SearchRequest(clearances))
            return complete_word(reader.run, start, list(labels), limit)

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
        with self._reading.connect() as connection:
            row = self._find_current(connection)
            if row is None:
                return EngineState("missing", "", 0)
            if row.schema_version != self.schema_version:
                return EngineState("outdated", "", 0)
            tables = Tables(self.schema, row.build)
            count = connection.exec_driver_sql(tables.sql("SELECT coalesce(sum(found), 0) FROM @spoken"))
            return EngineState("ready", f"{row.build}.{row.generation}", int(count.scalar_one()))

    def close(self) -> None:
        """See `SearchEngine.close`."""
        self._engine.dispose()

    # Writing

    @contextmanager
    def _lock(self) -> Iterator[sa.Connection]:
        """A connection that holds the writer's lock and commits every statement by itself."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            wait = {"wait": f"{round(self._lock_timeout * 1000)}ms", "schema": self.schema}
            connection.exec_driver_sql("SELECT set_config('lock_timeout', %(wait)s, false)", wait)
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
            with self._engine.begin() as connection:
                writer = DocumentWriter(connection, tables, counts=True)
                if not writer.remove(last) and not added:
                    return
                if added:
                    rows = writer.make_rows(added)
                    writer.copy(rows)
                    writer.count(rows)
                writer.run("UPDATE @current SET generation = generation + 1")

    def tidy(self, *, thorough: bool = False) -> None:
        """See `SearchEngine.tidy`. PostgreSQL does most of it by itself (autovacuum)."""
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
