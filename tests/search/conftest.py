"""An engine of each kind in an empty folder, and short ways to fill and ask it."""

import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from forum.search.grammar import parse
from forum.search.postgres_engine import PostgresEngine
from forum.search.protocol import Add, Results, SearchDocument, SearchEngine, SearchRequest
from forum.search.whoosh_engine import WhooshEngine


@pytest.fixture(params=["whoosh", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchEngine]:
    """Each engine that keeps the contract, empty and ready."""
    engine: SearchEngine
    if request.param == "whoosh":
        engine = WhooshEngine(tmp_path / "index", lock_timeout=5)
    else:
        engine = request.getfixturevalue("postgres_engine")
    engine.rebuild([])
    yield engine
    engine.close()


@pytest.fixture
def postgres_engine(postgresql_url: str) -> Iterator[PostgresEngine]:
    """An engine in a schema of its own, where nothing was built yet."""
    schema = f"search_{secrets.token_hex(6)}"
    engine = PostgresEngine(postgresql_url, schema, lock_timeout=5)
    yield engine
    engine.close()
    admin = sa.create_engine(postgresql_url)
    with admin.begin() as connection:
        connection.exec_driver_sql(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
    admin.dispose()


@pytest.fixture
def make() -> Callable[..., SearchDocument]:
    """A document of which only the id and what matters to the test is said."""

    def make_document(id: str, text: str = "", **fields: Any) -> SearchDocument:
        usual: dict[str, Any] = {
            "kind": "post",
            "audience": "public",
            "title": "",
            "language": "en",
            "group": "expert-process",
            "date": datetime(2021, 5, 1, 12, tzinfo=UTC),
        }
        return SearchDocument(id=id, text=text, **(usual | fields))

    return make_document


@pytest.fixture
def add(engine: SearchEngine) -> Callable[..., None]:
    """Add documents in one go."""

    def add_documents(*documents: SearchDocument) -> None:
        engine.apply([Add(document) for document in documents])

    return add_documents


@pytest.fixture
def ask(engine: SearchEngine) -> Callable[..., Results]:
    """Search for what somebody types, by default as an anonymous visitor."""

    def search(text: str, clearances: Iterable[str] = ("public",), **fields: Any) -> Results:
        parsed = parse(text)
        return engine.search(SearchRequest(frozenset(clearances), parsed.query, parsed.filters, **fields))

    return search


@pytest.fixture
def find(ask: Callable[..., Results]) -> Callable[..., list[str]]:
    """The ids that a search finds, in order."""

    def search(text: str, clearances: Iterable[str] = ("public",), **fields: Any) -> list[str]:
        return [hit.id for hit in ask(text, clearances, **fields).hits]

    return search
