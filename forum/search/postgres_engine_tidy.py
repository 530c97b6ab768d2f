"""Packing chunks: what was removed or written anew leaves places in them that every search passes over."""

from __future__ import annotations

import sqlalchemy as sa

from forum.search.postgres_engine_blocks import read_pairs, write_block
from forum.search.postgres_engine_chunks import Run
from forum.search.postgres_engine_tables import CHUNK, Tables

WORN = 4
"""A chunk is worn when more than one in so many of its places is empty."""


def find_worn(connection: sa.Connection, tables: Tables) -> int | None:
    """The most worn chunk of the live build; None where all are well."""
    found = connection.exec_driver_sql(
        tables.sql(
            "SELECT number FROM @chunk WHERE (size - alive) * %(worn)s > size"
            " ORDER BY alive::float / size, number LIMIT 1"
        ),
        {"worn": WORN},
    ).scalar()
    return None if found is None else int(found)


def pack_chunk(run: Run, number: int, version: int) -> None:
    """Put the documents of a chunk into a new one without empty places, within the caller's transaction."""
    audience, facts, moments = run(
        "SELECT audience, facts, moments FROM @chunk WHERE number = %(number)s", {"number": number}
    ).one()
    places = {place: at for at, place in enumerate(p for p in range(len(facts) // 8) if facts[8 * p + 7])}
    if places:
        made = int(run("SELECT max(number) + 1 FROM @chunk").scalar_one())
        run(
            "INSERT INTO @chunk VALUES (%(n)s, %(a)s, %(s)s, %(s)s, %(v)s, %(f)s, %(m)s)",
            {"n": made, "a": audience, "s": len(places), "v": version}
            | {"f": _keep(facts, places), "m": _keep(moments, places)},
        )
        _move_blocks(run, number, made, places)
        _move_documents(run, number, made, places)
    run("DELETE FROM @chunk WHERE number = %(number)s", {"number": number})


def _keep(column: bytes, places: dict[int, int]) -> bytes:
    return b"".join(column[8 * place : 8 * place + 8] for place in places)


def _move_blocks(run: Run, old: int, made: int, places: dict[int, int]) -> None:
    """Every block of a chunk has a term that one of its documents has: the last one took it with it."""
    span = {"first": old * CHUNK, "last": old * CHUNK + CHUNK - 1}
    body = "SELECT DISTINCT unnest(terms) FROM @body WHERE doc BETWEEN %(first)s AND %(last)s"
    terms = sorted(run(body, span).scalars())
    blocks = run(
        "SELECT b.term, b.impacts FROM unnest(%(terms)s::bigint[]) AS w(term)"
        " JOIN @block b ON b.term = w.term AND b.chunk = %(chunk)s",
        {"terms": terms, "chunk": old},
    ).all()
    packed = [
        (term, write_block([(places[place], value) for place, value in read_pairs(data) if place in places]))
        for term, data in blocks
    ]
    of = {"t": [term for term, _ in packed], "d": [data for _, data in packed], "old": old, "made": made}
    run(
        "INSERT INTO @block SELECT t, %(made)s, d FROM unnest(%(t)s::bigint[], %(d)s::bytea[]) AS w(t, d)", of
    )
    run("DELETE FROM @block WHERE chunk = %(old)s AND term = ANY(%(t)s::bigint[])", of)


def _move_documents(run: Run, old: int, made: int, places: dict[int, int]) -> None:
    numbers = {
        "old": [old * CHUNK + place for place in places],
        "made": [made * CHUNK + place for place in places.values()],
    }
    moved = "unnest(%(old)s::int[], %(made)s::int[]) AS w(old, made)"
    run(f"UPDATE @doc SET number = w.made FROM {moved} WHERE number = w.old", numbers)
    run(f"UPDATE @body SET doc = w.made FROM {moved} WHERE doc = w.old", numbers)
