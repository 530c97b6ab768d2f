"""Writing chunks and blocks: in place where an index lives, whole where one is built."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import sqlalchemy as sa

from forum.search.postgres_engine_blocks import change_block, write_block
from forum.search.postgres_engine_tables import CHUNK, Tables

MOST_OPEN = 6_000_000
"""Impacts that a building process holds; then the fullest chunk is written although it has room."""

_EIGHT = struct.Struct(">q")
Run = Callable[..., Any]


class Chunks(Protocol):
    """Where documents are put."""

    def add(self, audience: int, facts: int, moment: int, impacts: Mapping[int, int]) -> int:
        """Take a document with its impacts by term; gives its number."""


class _Open:
    """A chunk that is being filled."""

    def __init__(self, number: int, audience: int) -> None:
        self.number, self.readable_by = number, audience
        self.size = self.held = 0
        self.facts: list[bytes] = []
        self.moments: list[bytes] = []
        self.pairs: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)


class NewChunks:
    """The chunks of a build: each is written when it is full. Nothing is removed from them."""

    def __init__(self, connection: sa.Connection, tables: Tables) -> None:
        self._connection, self._tables = connection, tables
        self._open: dict[int, _Open] = {}
        self._next = self._held = 0

    def add(self, audience: int, facts: int, moment: int, impacts: Mapping[int, int]) -> int:
        """See `Chunks.add`."""
        chunk = self._open.get(audience)
        if chunk is None:
            chunk = self._open[audience] = _Open(self._next, audience)
            self._next += 1
        place = chunk.size
        chunk.size += 1
        chunk.facts.append(_EIGHT.pack(facts))
        chunk.moments.append(_EIGHT.pack(moment))
        for term, impact in impacts.items():
            chunk.pairs[term].append((place, impact))
        chunk.held += len(impacts)
        self._held += len(impacts)
        if chunk.size == CHUNK:
            self._write(chunk)
        elif self._held > MOST_OPEN:
            self._write(max(self._open.values(), key=lambda one: one.held))
        return chunk.number * CHUNK + place

    def finish(self) -> None:
        """Write what is not full."""
        for chunk in list(self._open.values()):
            self._write(chunk)

    def _write(self, chunk: _Open) -> None:
        del self._open[chunk.readable_by]
        self._held -= chunk.held
        cursor: Any = self._connection.connection.cursor()
        cursor.execute(
            self._tables.sql("INSERT INTO @chunk VALUES (%s, %s, %s, %s, 0, %s, %s)"),
            (
                chunk.number,
                chunk.readable_by,
                chunk.size,
                chunk.size,
                b"".join(chunk.facts),
                b"".join(chunk.moments),
            ),
        )
        with cursor.copy(self._tables.sql("COPY @block (term, chunk, impacts) FROM STDIN")) as copy:
            lines = [
                f"{term}\t{chunk.number}\t\\\\x{write_block(pairs).hex()}\n"
                for term, pairs in sorted(chunk.pairs.items())
            ]
            copy.write("".join(lines))
        cursor.close()


class LiveChunks:
    """The chunks of the live index, changed within the caller's transaction by `save`."""

    def __init__(self, run: Run, version: int) -> None:
        self._run, self._version = run, version
        self._last: dict[int, tuple[int, int]] = {}
        self._changes: defaultdict[tuple[int, int], dict[int, int]] = defaultdict(dict)
        self._columns: defaultdict[int, dict[int, tuple[int, int] | None]] = defaultdict(dict)
        self._audiences: dict[int, int] = {}
        self._next: int | None = None

    def add(self, audience: int, facts: int, moment: int, impacts: Mapping[int, int]) -> int:
        """See `Chunks.add`."""
        number, size = self._last.get(audience) or self._find_roomiest(audience)
        if size == CHUNK:
            number, size = self._number(), 0
        self._last[audience] = number, size + 1
        self._audiences[number] = audience
        self._columns[number][size] = facts, moment
        for term, impact in impacts.items():
            self._changes[term, number][size] = impact
        return number * CHUNK + size

    def _find_roomiest(self, audience: int) -> tuple[int, int]:
        row = self._run(
            "SELECT number, size FROM @chunk WHERE audience = %(audience)s ORDER BY size, number LIMIT 1",
            {"audience": audience},
        ).first()
        return (row[0], row[1]) if row else (self._number(), 0)

    def _number(self) -> int:
        if self._next is None:
            self._next = int(self._run("SELECT coalesce(max(number) + 1, 0) FROM @chunk").scalar_one())
        self._next += 1
        return self._next - 1

    def remove(self, number: int, terms: Iterable[int]) -> None:
        """Forget a document that has these terms."""
        chunk, place = divmod(number, CHUNK)
        self._columns[chunk][place] = None
        for term in terms:
            self._changes[term, chunk][place] = 0

    def save(self) -> None:
        """Write all changes."""
        self._save_columns()
        self._save_blocks()

    def _save_columns(self) -> None:
        known = self._run(
            "SELECT number, audience, facts, moments FROM @chunk WHERE number = ANY(%(numbers)s)",
            {"numbers": list(self._columns)},
        )
        rows = {row[0]: (row[1], bytearray(row[2]), bytearray(row[3])) for row in known}
        for number, changes in self._columns.items():
            audience, facts, moments = rows.get(number) or (
                self._audiences[number],
                bytearray(),
                bytearray(),
            )
            for place, values in sorted(changes.items()):
                at = slice(8 * place, 8 * place + 8)
                facts[at], moments[at] = (_EIGHT.pack(value) for value in values or (0, 0))
            size = len(facts) // 8
            alive = size - bytes(facts[7::8]).count(0)
            self._run(
                "INSERT INTO @chunk VALUES (%(n)s, %(a)s, %(s)s, %(l)s, %(v)s, %(f)s, %(m)s)"
                " ON CONFLICT (number) DO UPDATE SET size = excluded.size, alive = excluded.alive,"
                " version = excluded.version, facts = excluded.facts, moments = excluded.moments",
                {
                    "n": number,
                    "a": audience,
                    "s": size,
                    "l": alive,
                    "v": self._version,
                    "f": bytes(facts),
                    "m": bytes(moments),
                },
            )

    def _save_blocks(self) -> None:
        keys = sorted(self._changes)
        terms, chunks = [term for term, _ in keys], [chunk for _, chunk in keys]
        known = self._run(
            "SELECT b.term, b.chunk, b.impacts FROM unnest(%(terms)s::bigint[], %(chunks)s::int[])"
            " AS w(term, chunk) JOIN @block b ON b.term = w.term AND b.chunk = w.chunk",
            {"terms": terms, "chunks": chunks},
        )
        old = {(row[0], row[1]): row[2] for row in known}
        new = [change_block(old.get(key, b""), self._changes[key]) for key in keys]
        kept = [place for place, data in enumerate(new) if data]
        gone = [place for place, data in enumerate(new) if not data]
        if kept:
            self._run(
                "INSERT INTO @block SELECT * FROM unnest(%(t)s::bigint[], %(c)s::int[], %(d)s::bytea[])"
                " ON CONFLICT (term, chunk) DO UPDATE SET impacts = excluded.impacts",
                {
                    "t": [terms[place] for place in kept],
                    "c": [chunks[place] for place in kept],
                    "d": [new[place] for place in kept],
                },
            )
        if gone:
            self._run(
                "DELETE FROM @block b USING unnest(%(t)s::bigint[], %(c)s::int[]) AS g(term, chunk)"
                " WHERE b.term = g.term AND b.chunk = g.chunk",
                {"t": [terms[place] for place in gone], "c": [chunks[place] for place in gone]},
            )
