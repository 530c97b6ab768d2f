"""What is particular to the embedded engine: folders, processes, locks, crashes, segments."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

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
from forum.search.whoosh_engine import WhooshEngine
from forum.search.whoosh_engine_write import SEGMENTS_AT_REST, SEGMENTS_IN_A_BURST

Make = Callable[..., SearchDocument]
PUBLIC = frozenset(["public"])

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from forum.search.protocol import Add, Remove, SearchDocument
from forum.search.whoosh_engine import WhooshEngine

engine = WhooshEngine(Path(sys.argv[1]), lock_timeout=30)
name, most = sys.argv[2], int(sys.argv[3])
for number in range(most):
    changes = [
        Add(SearchDocument(f"{name}-{number}-{part}", "post", audience, "", "beacon lantern " * 20, "en", "g",
            datetime(2021, 1, 1, tzinfo=UTC), version=str(number)))
        for part, audience in enumerate(("public", "group:7", "public"))
    ]
    engine.apply([*changes, Remove(f"{name}-{number - 3}-0")])
    print(number, flush=True)
"""


def start_writer(folder: Path, name: str, most: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), name, str(most)], stdout=subprocess.PIPE, text=True
    )


def count(engine: SearchEngine, word: str = "beacon", clearances: frozenset[str] = PUBLIC) -> int:
    return engine.search(SearchRequest(clearances, Word(word))).total


def test_without_an_index_nothing_is_found_and_nothing_written(tmp_path: Path, make: Make) -> None:
    engine = WhooshEngine(tmp_path / "nothing")
    assert engine.state().status == "missing"
    assert count(engine) == 0
    assert engine.suggest(SearchRequest(PUBLIC, Word("beacon"))) is None
    assert list(engine.inventory()) == []
    with pytest.raises(IndexUnusable, match="missing"):
        engine.apply([Add(make("a", "beacon"))])


def test_an_index_of_other_code_is_outdated_until_it_is_rebuilt(tmp_path: Path, make: Make) -> None:
    engine = WhooshEngine(tmp_path)
    engine.rebuild([make("a", "beacon")])
    (build,) = tmp_path.glob("build-*")
    (build / "schema").write_text("0")
    engine = WhooshEngine(tmp_path)
    assert engine.state().status == "outdated"
    assert count(engine) == 0
    with pytest.raises(IndexUnusable, match="outdated"):
        engine.apply([Remove("a")])
    engine.rebuild([make("a", "beacon")])
    assert (engine.state().status, count(engine)) == ("ready", 1)


def test_a_rebuild_leaves_one_build_and_no_remains_of_failed_ones(tmp_path: Path, make: Make) -> None:
    engine = WhooshEngine(tmp_path)
    (tmp_path / "build-interrupted" / "@public").mkdir(parents=True)
    engine.rebuild([make("a", "beacon")])
    engine.rebuild([make("b", "beacon")])
    assert len(list(tmp_path.glob("build-*"))) == 1


def test_labels_are_folders_that_cannot_leave_the_build(tmp_path: Path, make: Make) -> None:
    engine = WhooshEngine(tmp_path / "index")
    labels = ["group:7", "../../outside", "..", ".", "a/b", "ä%2f"]
    engine.rebuild([make(f"d{n}", "beacon", audience=label) for n, label in enumerate(labels)])
    assert [path.name for path in tmp_path.iterdir()] == ["index"]
    for label in labels:
        assert count(engine, clearances=frozenset([label])) == 1


def test_text_is_not_stored(tmp_path: Path, make: Make) -> None:
    engine = WhooshEngine(tmp_path)
    engine.rebuild([make("a", "harbour beacon lantern tower")])
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"harbour" in stored
    assert b"harbour beacon" not in stored


def count_segments(folder: Path) -> int:
    return len(list(folder.glob("build-*/@public/*.doc")))


def test_segments_stay_few_and_are_fewer_at_rest(tmp_path: Path, make: Make) -> None:
    engine = WhooshEngine(tmp_path)
    engine.rebuild(make(f"d{n}", f"beacon w{n}") for n in range(60))
    for number in range(30):
        engine.apply([Add(make(f"n{number}", "beacon"))])
        assert count_segments(tmp_path) <= SEGMENTS_IN_A_BURST
    engine.tidy()
    assert count_segments(tmp_path) <= SEGMENTS_AT_REST
    assert count(engine) == 90


def test_what_was_removed_is_gone_from_the_files(tmp_path: Path, make: Make) -> None:
    engine = WhooshEngine(tmp_path)
    engine.rebuild([make("a", "harbour"), make("b", "beacon")])
    engine.apply([Remove("a")])
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"beacon" in stored
    assert b"harbour" not in stored


def test_a_thorough_tidying_leaves_nothing_of_what_was_removed_from_a_large_segment(
    tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.search.whoosh_engine_write.MERGE_AT_ONCE", 10)
    engine = WhooshEngine(tmp_path)
    engine.rebuild([make("a", "harbour"), *(make(f"b{n}", "beacon") for n in range(30))])
    engine.apply([Remove("a")])
    engine.tidy()
    assert count(engine, "harbour") == 0
    assert any(b"harbour" in path.read_bytes() for path in tmp_path.rglob("*.trm"))
    engine.tidy(thorough=True)
    assert not any(b"harbour" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert count(engine) == 30


def test_an_emptied_index_can_be_filled_again(tmp_path: Path, make: Make) -> None:
    engine = WhooshEngine(tmp_path)
    engine.rebuild([make("a", "beacon")])
    engine.apply([Remove("a")])
    assert count(engine) == 0
    engine.tidy()
    engine.apply([Add(make("b", "beacon"))])
    assert count(engine) == 1


def test_another_engine_sees_a_change_at_once(tmp_path: Path, make: Make) -> None:
    writer, reader = WhooshEngine(tmp_path), WhooshEngine(tmp_path)
    writer.rebuild([make("a", "beacon")])
    assert count(reader) == 1
    writer.apply([Add(make("b", "beacon"))])
    assert count(reader) == 2
    writer.rebuild([make("c", "beacon")])
    assert count(reader) == 1


def test_who_waits_too_long_for_the_lock_is_told(tmp_path: Path, make: Make) -> None:
    """While one process rebuilds, another can search but is told to come back for writing."""
    slow, other = WhooshEngine(tmp_path), WhooshEngine(tmp_path, lock_timeout=0.05)
    slow.rebuild([make("a", "beacon")])

    def documents() -> object:
        yield make("b", "beacon")
        assert count(other) == 1
        with pytest.raises(SearchBusy):
            other.apply([Add(make("c", "beacon"))])
        yield make("d", "beacon")

    assert slow.rebuild(documents()) == 2  # type: ignore[arg-type]
    other.apply([Add(make("c", "beacon"))])
    assert count(other) == 3


def test_two_processes_write_without_losing_anything(tmp_path: Path) -> None:
    WhooshEngine(tmp_path).rebuild([])
    writers = [start_writer(tmp_path, name, 8) for name in ("one", "two")]
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    found = {(i.id, i.audience) for i in WhooshEngine(tmp_path).inventory()}
    for name in ("one", "two"):
        assert {(f"{name}-{n}-1", "group:7") for n in range(8)} <= found
        assert {(f"{name}-{n}-0", "public") for n in range(5)} & found == set()
    assert len(found) == 2 * (8 * 3 - 5)


def test_a_killed_writer_leaves_a_sound_index(tmp_path: Path, make: Make) -> None:
    """Killed again and again in the middle of commits: what was acknowledged is there, and it goes on."""
    engine = WhooshEngine(tmp_path, lock_timeout=10)
    engine.rebuild([])
    acknowledged: set[str] = set()
    for turn in range(6):
        writer = start_writer(tmp_path, f"turn{turn}", 10_000)
        assert writer.stdout is not None
        for line in writer.stdout:
            acknowledged.add(f"turn{turn}-{int(line)}-1")
            if int(line) >= 2 + turn:
                os.kill(writer.pid, signal.SIGKILL)
                break
        writer.communicate()
        present = {i.id for i in WhooshEngine(tmp_path).inventory()}
        assert acknowledged <= present
        everything = SearchRequest(frozenset(["public", "group:7"]), Phrase(("lantern", "beacon")), limit=1)
        assert WhooshEngine(tmp_path).search(everything).total == len(present)
    engine.apply([Add(make("after", "harbour"))])
    assert count(engine, "harbour") == 1
    engine.tidy()
    assert acknowledged <= {i.id for i in engine.inventory()}


def test_readers_in_threads_go_on_while_another_process_commits(tmp_path: Path, make: Make) -> None:
    """Four threads search one engine without an error while a process adds and removes."""
    engine = WhooshEngine(tmp_path)
    engine.rebuild([make("a", "beacon")])
    writer = start_writer(tmp_path, "w", 25)
    faults: list[BaseException] = []

    def read() -> None:
        try:
            while writer.poll() is None:
                assert count(engine, clearances=frozenset(["public", "group:7"])) >= 1
                engine.complete("bea", PUBLIC)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    writer.communicate()
    for thread in threads:
        thread.join()
    assert faults == []
    assert writer.returncode == 0
    assert count(engine) == 1 + 25 + 3


def test_closed_audiences_are_not_even_opened(tmp_path: Path, make: Make) -> None:
    """A closed index with broken files disturbs nobody who may not read it."""
    engine = WhooshEngine(tmp_path)
    engine.rebuild([make("a", "beacon"), make("b", "beacon", audience="group:7")])
    for path in tmp_path.glob("build-*/@group%3A7/*"):
        path.write_bytes(b"broken")
    assert count(WhooshEngine(tmp_path)) == 1
