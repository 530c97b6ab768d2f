"""The supervisor: children end with it, whatever way it ends."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from forum.cli.processes import PortInUse, probe_port

SUPERVISOR = """
import sys
from forum.cli.processes import Child, supervise
import os
code = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); os.close(1); time.sleep(60)"
children = [Child(name, [sys.executable, "-c", code, name]) for name in sys.argv[1:]]
sys.exit(supervise(children, os.environ))
"""


def start(*names: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", SUPERVISOR, *names], stdout=subprocess.PIPE)


def wait_until_started(process: "subprocess.Popen[bytes]", names: tuple[str, ...]) -> list[int]:
    """The children close their copy of the pipe when they run; their pids are in the files."""
    assert process.stdout is not None
    while not all(os.path.exists(name) and Path(name).read_text() for name in names):
        assert process.poll() is None
        os.sched_yield()
    return [int(Path(name).read_text()) for name in names]


def is_gone(pid: int) -> bool:
    """Whether the process has ended (a zombie has ended)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_supervisor_and_children(tmp_path: Path, number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C end every child, and the supervisor exits with 0."""
    names = (str(tmp_path / "a"), str(tmp_path / "b"))
    with start(*names) as process:
        pids = wait_until_started(process, names)
        process.send_signal(number)
        assert process.wait(20) == 0
    assert all(is_gone(pid) for pid in pids)


def test_one_dead_child_ends_the_rest(tmp_path: Path) -> None:
    """A child that dies takes the others with it and the exit code says so."""
    names = (str(tmp_path / "a"), str(tmp_path / "b"))
    with start(*names) as process:
        pids = wait_until_started(process, names)
        os.kill(pids[0], signal.SIGKILL)
        assert process.wait(20) == 1
    assert is_gone(pids[1])


@pytest.mark.skipif(sys.platform != "linux", reason="parent-death signals are Linux's")
def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    """SIGKILL of the supervisor leaves nothing running."""
    names = (str(tmp_path / "a"),)
    with start(*names) as process:
        (pid,) = wait_until_started(process, names)
        process.kill()
        process.wait(20)
    watch = os.pidfd_open(pid) if not is_gone(pid) else None
    if watch is not None:
        import select

        ended, _, _ = select.select([watch], [], [], 20)
        os.close(watch)
        assert ended, "the child outlived its supervisor"


def test_a_port_in_use_is_found_before_anything_starts() -> None:
    """The message names port and host."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=str(port)):
            probe_port("127.0.0.1", port)
