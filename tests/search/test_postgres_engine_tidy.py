"""Packing: what was removed leaves no places behind, and no search can tell that anything was moved."""

from collections.abc import Callable, Iterator, Sequence

import pytest
import sqlalchemy as sa

from forum.search.grammar import parse
from forum.search.postgres_engine import PostgresEngine
from forum.search.postgres_engine_tables import Tables
from forum.search.protocol import Add, Remove, Results, SearchDocument, SearchRequest

pytestmark = pytest.mark.postgresql

Make = Callable[..., SearchDocument]
CLEARANCES = frozenset(["public", "group:1"])
QUERIES = (
    "beacon", "word7 beacon", '"beacon word7"', "word* -word7", "beacon NEAR word8", "kind:paper", "year:2021"
)  # fmt: skip


@pytest.fixture
def database(postgresql_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(postgresql_url)
    yield engine
    engine.dispose()


def documents(make: Make, numbers: Sequence[int]) -> list[SearchDocument]:
    """Documents of two audiences, no two alike."""
    return [
        make(
            f"d{n}",
            f"A beacon word{n % 10} and " + "lantern " * n,
            audience="group:1" if n % 3 else "public",
            kind="paper" if n % 4 else "post",
            author=f"Person {n}",
            thread=f"t{n}",
        )
        for n in numbers
    ]


def ask(engine: PostgresEngine, text: str) -> Results:
    parsed = parse(text)
    return engine.search(SearchRequest(CLEARANCES, parsed.query, parsed.filters, limit=100))


def holes(engine: PostgresEngine, database: sa.Engine) -> tuple[int, int]:
    """Places in all chunks, and how many of them are empty."""
    build = Tables(engine.schema, "none").sql("SELECT build FROM @current")
    with database.connect() as connection:
        tables = Tables(engine.schema, connection.exec_driver_sql(build).scalar_one())
        places = tables.sql("SELECT sum(size), sum(size - alive) FROM @chunk")
        size, empty = connection.exec_driver_sql(places).one()
    return int(size or 0), int(empty or 0)


@pytest.fixture
def worn(postgres_engine: PostgresEngine, make: Make) -> PostgresEngine:
    """An index of sixty documents of which forty are left, twenty of them written anew."""
    postgres_engine.rebuild(documents(make, range(60)))
    postgres_engine.apply([Remove(f"d{n}") for n in range(0, 60, 3)])
    postgres_engine.apply([Add(document) for document in documents(make, range(1, 60, 3))])
    return postgres_engine


LEFT = [n for n in range(60) if n % 3]


def test_a_tidying_closes_the_holes_and_no_search_can_tell(
    worn: PostgresEngine, database: sa.Engine, make: Make
) -> None:
    """The same hits, scores, totals and facets for a process that had read the chunks, and as if built so."""
    worn.apply([Remove("d58")])
    assert holes(worn, database) == (80, 41)
    before = [ask(worn, query) for query in QUERIES]
    assert before[0].total == 39
    generation = worn.state().generation
    worn.tidy()
    assert holes(worn, database) == (39, 0)
    assert worn.state().generation != generation
    assert [ask(worn, query) for query in QUERIES] == before
    assert worn.complete("lan", CLEARANCES) == ("lantern",)
    worn.rebuild(documents(make, LEFT[:-2] + LEFT[-1:]))
    assert [ask(worn, query) for query in QUERIES] == before


def test_what_was_packed_is_changed_and_removed_like_anything_else(
    worn: PostgresEngine, database: sa.Engine, make: Make
) -> None:
    """To the last document, and from there on."""
    worn.tidy()
    worn.apply([Remove("d1"), Add(make("d2", "A torch."))])
    assert [hit.id for hit in ask(worn, "torch").hits] == ["d2"]
    assert {hit.id for hit in ask(worn, "beacon").hits} == {f"d{n}" for n in LEFT[2:]}
    worn.apply([Remove(f"d{n}") for n in range(60)])
    worn.tidy()
    assert holes(worn, database) == (0, 0)
    assert ask(worn, "beacon").total == 0
    worn.apply([Add(document) for document in documents(make, range(3))])
    assert ask(worn, "beacon").total == 3


def test_few_holes_are_left_as_they_are(
    postgres_engine: PostgresEngine, database: sa.Engine, make: Make
) -> None:
    """Moving documents costs more than passing over one place in four."""
    postgres_engine.rebuild(documents(make, range(60)))
    postgres_engine.apply([Remove(f"d{n}") for n in range(0, 15, 3)])
    generation = postgres_engine.state().generation
    postgres_engine.tidy()
    assert holes(postgres_engine, database) == (60, 5)
    assert postgres_engine.state().generation == generation
    postgres_engine.apply([Remove("d15")])
    postgres_engine.tidy()
    assert holes(postgres_engine, database) == (54, 0)
