"""Building an index from nothing beside the live one, and clearing away what is left of others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from forum.search.postgres_engine_chunks import NewChunks
from forum.search.postgres_engine_tables import CURRENT, TABLES, Tables, facet_of
from forum.search.postgres_engine_write import DocumentWriter
from forum.search.protocol import SearchDocument
from forum.search.query import FACETS, FIELDS

BATCH = 200
_BUILD = re.compile(r"(b[0-9a-f]{12})_[a-z]+")


class IndexBuilder:
    """Fills the tables of a new build. The connection commits every statement by itself."""

    def __init__(self, connection: sa.Connection, tables: Tables) -> None:
        self._connection, self._tables = connection, tables

    def build(
        self, documents: Iterable[SearchDocument], progress: Callable[[int], None] | None = None
    ) -> int:
        """Make the tables and load them; gives the number of documents."""
        for statement in self._tables.make_tables():
            self._connection.exec_driver_sql(statement)
        count = self._load(documents, progress)
        for statement in (*self._tables.make_indexes(), *self._tables.make_counts()):
            self._connection.exec_driver_sql(statement)
        if schema := find_trigrams(self._connection, may_install=True):
            index = f'CREATE INDEX ON @word USING gin (word "{schema}".gin_trgm_ops) WITH (fastupdate = off)'
            self._connection.exec_driver_sql(self._tables.sql(index))
        if count:
            names = ", ".join(f"@{name}" for name in TABLES)
            self._connection.exec_driver_sql(self._tables.sql(f"VACUUM (ANALYZE) {names}"))
        return count

    def _load(self, documents: Iterable[SearchDocument], progress: Callable[[int], None] | None) -> int:
        chunks = NewChunks(self._connection, self._tables)
        writer = DocumentWriter(self._connection, self._tables, chunks, counts=False)
        stream, count = iter(documents), 0
        while batch := list(islice(stream, BATCH)):
            rows = writer.make_rows(batch)
            writer.copy(rows)
            for _ in batch:
                count += 1
                if progress and count % 100 == 0:
                    progress(count)
        chunks.finish()
        return count


def make_home(connection: sa.Connection, tables: Tables) -> None:
    """Make the schema, if nobody has made it for us, and the table that names the live build."""
    exists = "SELECT 1 FROM pg_namespace WHERE nspname = %(schema)s"
    if not connection.exec_driver_sql(exists, {"schema": tables.schema}).scalar():
        connection.exec_driver_sql(f'CREATE SCHEMA "{tables.schema}"')
    connection.exec_driver_sql(tables.sql(CURRENT))


def find_trigrams(connection: sa.Connection, *, may_install: bool) -> str | None:
    """The schema of the extension pg_trgm; installs it where that is allowed, None where it is not there."""
    where = (
        "SELECT nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"
        " WHERE extname = 'pg_trgm'"
    )
    if found := connection.exec_driver_sql(where).scalar():
        return str(found)
    if not may_install:
        return None
    try:
        connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public")
    except DBAPIError:
        return None
    found = connection.exec_driver_sql(where).scalar()
    return str(found) if found else None


def sweep(connection: sa.Connection, tables: Tables) -> None:
    """Drop the tables of builds that were replaced or never finished; `tables` are the live ones."""
    present = connection.exec_driver_sql(
        "SELECT tablename FROM pg_tables WHERE schemaname = %(schema)s", {"schema": tables.schema}
    ).scalars()
    builds = {match[1] for name in present if (match := _BUILD.fullmatch(name))}
    for build in sorted(builds - {tables.build}):
        old = Tables(tables.schema, build)
        dropped = ", ".join(f"@{name}" for name in TABLES)
        connection.exec_driver_sql(old.sql(f"DROP TABLE IF EXISTS {dropped}"))


def clear(connection: sa.Connection, tables: Tables) -> None:
    """Leave nothing on the disk of what was removed: blank values that nobody has, and vacuum."""
    for name in FIELDS:
        column = facet_of(name) if name in FACETS else name
        if name == "organisation":
            column = "unnest(organisation)"
        orphans = f"SELECT ref FROM @value WHERE field = %(name)s EXCEPT SELECT {column} FROM @doc"
        blank = f"UPDATE @value SET value = '', folded = '' WHERE field = %(name)s AND ref IN ({orphans})"
        connection.exec_driver_sql(tables.sql(blank + " AND value <> ''"), {"name": name})
    connection.exec_driver_sql(tables.sql("DELETE FROM @chunk WHERE alive = 0"))
    names = ", ".join(f"@{name}" for name in TABLES)
    connection.exec_driver_sql(tables.sql(f"VACUUM {names}"))
