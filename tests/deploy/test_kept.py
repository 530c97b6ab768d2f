"""A few kills, writers, stops and a full disk on real servers: what was acknowledged is there, once.

`python -m bench reliability` does the same fifty times over; docs/reliability.md has the figures.
"""

import resource
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from bench.houses import House, Load, tree_of
from bench.ports import free_port
from bench.reliability import kill_often, stop_gracefully, write_together

pytestmark = pytest.mark.slow
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(params=BOTH)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> House:
    """A forum with a discussion, on each database."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("own_empty_postgresql")
    return House(tmp_path / "instance", url).fill()


@pytest.fixture
def said() -> Iterator[list[str]]:
    """What the measurement prints."""
    lines: list[str] = []
    yield lines
    assert lines


def test_nothing_is_lost_when_the_server_is_killed(house: House, said: list[str]) -> None:
    """Three SIGKILLs in the midst of writing; the index has everything afterwards."""
    kill_often(house, 3, said.append)


def test_eight_processes_write_at_once(house: House, said: list[str]) -> None:
    """None is refused, none is lost."""
    write_together(house, said.append, count=5)


def test_a_stop_loses_and_doubles_nothing(house: House, said: list[str]) -> None:
    """SIGTERM under load: no 5xx, nothing lost or there twice."""
    stop_gracefully(house, said.append, rounds=1)


def test_what_was_acknowledged_survives_files_that_may_not_grow(tmp_path: Path) -> None:
    """Writers are told 503, readers are served; once there is room the same server takes texts again."""
    house = House(tmp_path / "instance").fill()
    journal = house.folder / "forum.db-wal"
    with house.serving(1) as (port, server), Load(house, port, "full", writers=2) as load:
        load.wait_for(5)
        processes = tree_of(server.pid)
        for process in processes:
            resource.prlimit(process, resource.RLIMIT_FSIZE, (journal.stat().st_size, resource.RLIM_INFINITY))
        load.wait_for_refusals(3)
        with closing(HTTPConnection("127.0.0.1", port)) as reader:
            reader.request("GET", "/groups/rough/")
            status = reader.getresponse().status
        refused = set(load.written.refused)
        for process in processes:
            resource.prlimit(process, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        taken = len(load.written.acknowledged)
        load.wait_for(taken + 5)
    assert (status, refused) == (200, {503})
    assert len(load.written.acknowledged) >= taken + 5
    assert house.lost_and_doubled(load.written) == (0, 0)


def test_a_port_for_a_server_is_none_that_the_kernel_gives_to_clients() -> None:
    """Else a connection that somebody opens meanwhile could have it."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(free_port() < first for _ in range(20))
