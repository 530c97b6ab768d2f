"""What is particular to the PostgreSQL engine: transactions, locks, crashes, processes, what is stored."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from forum.search.grammar import parse
from forum.search.postgres_engine import PostgresEngine
from forum.search.protocol import (
    Add,
    IndexUnusable,
    Remove,
    SearchBusy,
    SearchDocument,
    SearchEngine,
    SearchRequest,
)
from forum.search.query import Phrase, Word
from tests.support import count_statements

pytestmark = pytest.mark.postgresql

Make = Callable[..., SearchDocument]
PUBLIC = frozenset(["public"])

WRITER = """
import sys
from datetime import UTC, datetime
from forum.search.postgres_engine import PostgresEngine
from forum.search.protocol import Add, Remove, SearchDocument

engine = PostgresEngine(sys.argv[1], sys.argv[2], lock_timeout=30)
name, most = sys.argv[3], int(sys.argv[4])
for number in range(most):
    changes = [
        Add(SearchDocument(f"{name}-{number}-{part}", "post", audience, "", "beacon lantern " * 20, "en", "g",
            datetime(2021, 1, 1, tzinfo=UTC), version=str(number)))
        for part, audience in enumerate(("public", "group:7", "public"))
    ]
    engine.apply([*changes, Remove(f"{name}-{number - 3}-0")])
    print(number, flush=True)
"""


@pytest.fixture
def schema(postgres_engine: PostgresEngine) -> str:
    return postgres_engine.schema


@pytest.fixture
def database(postgresql_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture
def ready(postgres_engine: PostgresEngine) -> PostgresEngine:
    postgres_engine.rebuild([])
    return postgres_engine


def count(engine: SearchEngine, word: str = "beacon", clearances: frozenset[str] = PUBLIC) -> int:
    return engine.search(SearchRequest(clearances, Word(word))).total


def list_tables(database: sa.Engine, schema: str) -> list[str]:
    return sa.inspect(database).get_table_names(schema=schema)


def start_writer(url: str, schema: str, name: str, most: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, url, schema, name, str(most)], stdout=subprocess.PIPE, text=True
    )


def test_without_an_index_nothing_is_found_and_nothing_written(
    postgres_engine: PostgresEngine, database: sa.Engine, schema: str, make: Make
) -> None:
    engine = postgres_engine
    assert engine.state().status == "missing"
    assert count(engine) == 0
    assert engine.suggest(SearchRequest(PUBLIC, Word("beacon"))) is None
    assert engine.complete("bea", PUBLIC) == ()
    assert list(engine.inventory()) == []
    with pytest.raises(IndexUnusable, match="missing"):
        engine.apply([Add(make("a", "beacon"))])
    assert schema not in sa.inspect(database).get_schema_names()


def test_an_index_of_other_code_is_outdated_until_it_is_rebuilt(
    ready: PostgresEngine, database: sa.Engine, schema: str, make: Make
) -> None:
    ready.apply([Add(make("a", "beacon"))])
    with database.connect() as connection:
        connection.exec_driver_sql(f"UPDATE {schema}.current SET schema_version = 0")
    assert ready.state().status == "outdated"
    assert count(ready) == 0
    with pytest.raises(IndexUnusable, match="outdated"):
        ready.apply([Remove("a")])
    ready.rebuild([make("a", "beacon")])
    assert (ready.state().status, count(ready)) == ("ready", 1)


def test_a_rebuild_leaves_one_build_and_no_remains_of_failed_ones(
    ready: PostgresEngine, database: sa.Engine, schema: str, make: Make
) -> None:
    with database.connect() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {schema}.b0123456789ab_doc (number int)")
        connection.exec_driver_sql(f"CREATE TABLE {schema}.somebody_elses (number int)")
    before = len(list_tables(database, schema))
    ready.rebuild([make("a", "beacon")])

    def broken() -> Iterator[SearchDocument]:
        yield make("n", "lantern")
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError, match="went away"):
        ready.rebuild(broken())
    assert len(list_tables(database, schema)) == before - 1
    assert "somebody_elses" in list_tables(database, schema)
    assert count(ready) == 1


def test_searches_go_on_while_the_index_is_rebuilt(ready: PostgresEngine, make: Make) -> None:
    """The old index is searched until the new one is swapped in; readers never fail."""
    ready.rebuild([make("a", "beacon")])
    wrong: list[object] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                found = count(ready)
                if found not in (1, 2):
                    wrong.append(found)
            except Exception as error:
                wrong.append(error)

    def documents() -> Iterator[SearchDocument]:
        for number in range(2):
            assert count(ready) >= 1
            yield make(f"n{number}", "beacon")

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(6):
        ready.rebuild(documents())
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert count(ready) == 2


def test_a_busy_index_says_so(ready: PostgresEngine, postgresql_url: str, schema: str, make: Make) -> None:
    impatient = PostgresEngine(postgresql_url, schema, lock_timeout=0.05)

    def documents() -> Iterator[SearchDocument]:
        with pytest.raises(SearchBusy, match="another process"):
            impatient.apply([Add(make("b", "beacon"))])
        with pytest.raises(SearchBusy, match="another process"):
            impatient.rebuild([])
        yield make("a", "beacon")

    ready.rebuild(documents())
    impatient.apply([Add(make("b", "beacon"))])
    assert count(impatient) == 2
    impatient.close()


def test_changes_are_read_when_the_writers_turn_has_come(
    ready: PostgresEngine, postgresql_url: str, schema: str, make: Make
) -> None:
    """What is to be indexed is asked for under the lock: an older text cannot overwrite a newer one."""
    impatient = PostgresEngine(postgresql_url, schema, lock_timeout=0.05)

    def changes() -> Iterator[Add]:
        with pytest.raises(SearchBusy):
            impatient.apply([])
        yield Add(make("a", "beacon"))

    ready.apply(changes())
    impatient.close()
    assert count(ready) == 1


def test_failed_changes_change_nothing(ready: PostgresEngine, make: Make) -> None:
    ready.apply([Add(make("a", "beacon"))])
    before = ready.state()
    broken = replace(make("b", "beacon"), date=None)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        ready.apply([Remove("a"), Add(make("c", "beacon")), Add(broken)])
    assert ready.state() == before
    assert count(ready) == 1


def test_processes_write_at_once_and_lose_nothing(
    ready: PostgresEngine, postgresql_url: str, schema: str
) -> None:
    writers = [start_writer(postgresql_url, schema, name, 6) for name in ("one", "two")]
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    expected = {
        f"{name}-{number}-{part}"
        for name in ("one", "two")
        for number in range(6)
        for part in range(3)
        if part or number >= 3
    }
    assert {indexed.id for indexed in ready.inventory()} == expected
    assert count(ready) == sum(not id_.endswith("-1") for id_ in expected)


def test_a_killed_writer_leaves_whole_changes_and_no_lock(
    ready: PostgresEngine, postgresql_url: str, schema: str, make: Make
) -> None:
    """Of each change that was made, all or nothing is there, and the next one can write."""
    for turn in range(3):
        writer = start_writer(postgresql_url, schema, f"turn{turn}", 500)
        assert writer.stdout is not None
        for _ in range(turn + 1):
            last = int(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
        there = {indexed.id for indexed in ready.inventory()}
        assert {f"turn{turn}-{last}-{part}" for part in range(3)} <= there
        done = [number for number in range(501) if f"turn{turn}-{number}-1" in there]
        assert done == list(range(len(done)))
        assert all(f"turn{turn}-{number}-2" in there for number in done)
        ready.apply([Add(make("after", f"lantern{turn}"))])
        assert count(ready, f"lantern{turn}") == 1
    assert count(ready) == sum(i.audience == "public" and i.id != "after" for i in ready.inventory())


def test_what_was_erased_leaves_the_disk(
    ready: PostgresEngine, database: sa.Engine, schema: str, make: Make
) -> None:
    """No column of any table holds the words, names or ids of a removed document."""
    ready.apply([Add(make("kept", "lantern")), Add(make("gone-id", "zebrafish", author="Zebra Smith"))])
    ready.apply([Remove("gone-id")])
    ready.tidy(thorough=True)
    with database.connect() as connection:
        for table in list_tables(database, schema):
            rows = connection.exec_driver_sql(f'SELECT t::text FROM {schema}."{table}" t').scalars()
            assert not any("zebra" in row.lower() or "gone-id" in row for row in rows), table
    assert count(ready, "lantern") == 1


def test_a_value_used_again_is_named_rightly(ready: PostgresEngine, make: Make) -> None:
    """Numbers of values that nobody has any more are not given to others, which processes may have cached."""
    ready.apply([Add(make("a", "beacon", group="first")), Add(make("b", "beacon", group="second"))])
    assert len(ready.search(SearchRequest(PUBLIC, Word("beacon"))).facets["group"]) == 2
    ready.apply([Remove("b")])
    ready.tidy(thorough=True)
    ready.apply([Add(make("c", "beacon", group="third"))])
    facet = ready.search(SearchRequest(PUBLIC, Word("beacon"))).facets["group"]
    assert [value.value for value in facet] == ["first", "third"]


def test_a_text_beyond_the_limits_of_a_tsvector_keeps_its_phrases(ready: PostgresEngine, make: Make) -> None:
    """100,000 different words do not fit; they are found all the same, and counted out again."""
    words = [f"w{number}x" for number in range(100_000)]
    ready.apply([Add(make("large", " ".join(words))), Add(make("small", "w99998x"))])

    def find(text: str) -> set[str]:
        results = ready.search(SearchRequest(PUBLIC, parse(text).query))
        return {hit.id for hit in results.hits}

    assert find('"w16383x w16384x"') == {"large"}
    assert find('"w99998x w99999x"') == {"large"}
    assert find('"w99999x w99998x"') == set()
    assert find("w99998*") == {"large", "small"}
    assert find("w99997* OR nothing*") == {"large"}
    assert find("w99998x -w9999*") == set()
    assert find("w99998x") == {"large", "small"}
    ready.apply([Remove("large")])
    assert ready.complete("w9", PUBLIC) == ("w99998x",)


def test_without_trigrams_the_same_is_suggested(
    ready: PostgresEngine, database: sa.Engine, make: Make, schema: str
) -> None:
    """The extension pg_trgm narrows the candidates where it is installed, nothing else."""
    ready.rebuild([make("a", "interoperability of proportionality"), make("b", "interoperable")])
    asked = [
        SearchRequest(PUBLIC, Word(word)) for word in ("interopreability", "proportoinailty", "interperable")
    ]
    with_trigrams = [ready.suggest(request) for request in asked]
    assert with_trigrams == [Word("interoperability"), Word("proportionality"), Word("interoperable")]
    with database.connect() as connection:
        connection.exec_driver_sql("DROP EXTENSION pg_trgm CASCADE")
    assert [ready.suggest(request) for request in asked] == with_trigrams
    ready.rebuild([make("a", "beacon")])
    with database.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'").scalar()


def test_a_role_that_may_not_install_trigrams_builds_without_them(
    database: sa.Engine, postgresql_url: str, schema: str, make: Make
) -> None:
    with database.connect() as connection:
        connection.exec_driver_sql("DROP EXTENSION IF EXISTS pg_trgm CASCADE")
        connection.exec_driver_sql("CREATE ROLE plain LOGIN")
        connection.exec_driver_sql(f"CREATE SCHEMA {schema} AUTHORIZATION plain")
    engine = PostgresEngine(sa.make_url(postgresql_url).set(username="plain"), schema)
    try:
        assert engine.rebuild([make("a", "interoperability")]) == 1
        assert engine.suggest(SearchRequest(PUBLIC, Word("interopreability"))) == Word("interoperability")
    finally:
        engine.close()
        with database.connect() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
            connection.exec_driver_sql("DROP ROLE plain")


def test_connections_that_were_cut_are_made_anew(
    ready: PostgresEngine, database: sa.Engine, make: Make
) -> None:
    """After a restart of the server neither a search nor a change fails."""

    def cut() -> None:
        with database.connect() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE application_name = 'forum-search'"
            )

    ready.apply([Add(make("a", "beacon"))])
    cut()
    assert count(ready) == 1
    cut()
    ready.apply([Add(make("b", "beacon"))])
    assert count(ready) == 2


def test_threads_share_one_engine(ready: PostgresEngine, make: Make) -> None:
    ready.rebuild([make(f"d{n}", "quiet harbour " * (n % 7 + 1), group=f"g{n % 5}") for n in range(100)])
    request = SearchRequest(PUBLIC, Phrase(("quiet", "harbour")))
    expected = ready.search(request)
    seen: list[bool] = []

    def look() -> None:
        seen.extend(ready.search(request) == expected for _ in range(10))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 40


def test_a_search_is_answered_however_often_others_write_meanwhile(
    ready: PostgresEngine, postgresql_url: str, schema: str, make: Make
) -> None:
    """Before the last statement of each attempt a document comes and another goes."""
    ready.apply([Add(make("a", "beacon")), Add(make("n0", "beacon"))])
    writer = PostgresEngine(postgresql_url, schema)
    written = [0]

    def write(_c: object, _k: object, statement: str, *_rest: object) -> None:
        if "SELECT number, id, thread" in statement:
            written.append(len(written))
            writer.apply([Add(make(f"n{written[-1]}", "beacon")), Remove(f"n{written[-2]}")])

    sa.event.listen(sa.Engine, "before_cursor_execute", write)
    try:
        found = ready.search(SearchRequest(PUBLIC, Word("beacon")))
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", write)
        writer.close()
    assert {hit.id for hit in found.hits} == {"a", f"n{written[-2]}"}
    assert found.total == 2
    assert [hit.id for hit in ready.search(SearchRequest(PUBLIC, Word("beacon"), limit=1)).hits] == ["a"]
    assert count(ready) == 2


def test_what_was_read_once_is_not_read_again_until_something_is_written(
    ready: PostgresEngine, make: Make
) -> None:
    ready.apply([Add(make("a", "beacon", title="Beacons"))])
    asked: list[str] = []

    def note(_c: object, _k: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    def count_asked() -> int:
        asked.clear()
        assert ready.search(SearchRequest(PUBLIC, Word("beacon"))).total == len(written)
        return len(asked)

    written = ["a"]
    ready.search(SearchRequest(PUBLIC, Word("beacon")))
    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        assert count_asked() == 2
        written.append("b")
        ready.apply([Add(make("b", "beacon"))])
        assert count_asked() > 2
        assert count_asked() == 2
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def test_nears_cost_as_many_statements_for_many_audiences_as_for_one(
    ready: PostgresEngine, make: Make
) -> None:
    """A word is looked up once, a near is counted once and looked for once, in all audiences together."""
    names = [f"group:{number}" for number in range(12)]
    ready.apply([Add(make(name, "quiet harbour beacon", audience=name)) for name in names])

    def ask(text: str, clearances: list[str]) -> tuple[int, int]:
        request = SearchRequest(frozenset(clearances), parse(text).query)
        ready.search(request)  # what is kept of the index is read now
        with count_statements(sa.Engine) as statements:  # type: ignore[arg-type]
            total = ready.search(request).total
        return total, len(statements)

    _, plain = ask("", names)
    for text, words, nears in (
        ("quiet near harbour", 2, 1),
        ("quiet near harbour near beacon", 3, 2),
        ("quiet near beacon OR harbour near beacon -(harbour near beacon)", 3, 2),
        ("quiet near harbour " * 30, 2, 2),
    ):
        for audiences in (names[:1], names):
            total, statements = ask(text, audiences)
            assert statements <= plain + words + 2 * nears
            assert total == (0 if "-(" in text else len(audiences))


def test_names_that_are_none_are_refused(postgresql_url: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        PostgresEngine(postgresql_url, 'x"; DROP SCHEMA public')
