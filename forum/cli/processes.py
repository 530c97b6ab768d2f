"""Supervising child processes: the server, and the worker beside it under `forum demo`.

Each child is the leader of a session of its own, so that a Ctrl-C in the terminal reaches the
supervisor alone: it sends each child one SIGTERM and waits. Children end when the supervisor dies.
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import FrameType

GRACE = 10.0
"""Seconds that a child has between SIGTERM and SIGKILL."""

_PR_SET_PDEATHSIG = 1


class PortInUse(OSError):
    """The address cannot be served; the message says why."""


@dataclass(frozen=True, slots=True)
class Child:
    """A program to keep beside the others."""

    name: str
    command: Sequence[str]


def probe_port(host: str, port: int) -> None:
    """Raise PortInUse unless the port can be bound now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortInUse(f"port {port} on {host} cannot be used: {error.strerror}") from None


def server_command(host: str, port: int, workers: int) -> list[str]:
    """Give the command of the production server: one blocking thread a worker, no websockets."""
    return [
        sys.executable,
        *("-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", str(workers), "--blocking-threads", "1", "--backlog", "1024"),
        *("--no-ws", "--workers-kill-timeout", "8", "--respawn-failed-workers", "--log-level", "warning"),
        "wsgi:app",
    ]


def worker_command() -> list[str]:
    """Give the command of the worker that drains the outbox."""
    return [sys.executable, "-m", "forum", "worker"]


def default_workers(setting: int) -> int:
    """Give the number of server processes: the setting, or one a processor and two at most."""
    return setting or min(2, os.cpu_count() or 1)


def _end_with_parent() -> None:
    """In the child, before exec: ask the kernel for SIGTERM when the supervisor dies (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def start(child: Child, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own."""
    return subprocess.Popen(
        child.command,
        env=dict(environ),
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        preexec_fn=_end_with_parent,
    )


def supervise(children: Sequence[Child], environ: Mapping[str, str]) -> int:
    """Run the children until one ends or we are told to stop; give the exit code."""
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    previous = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    running = [(child, start(child, environ)) for child in children]
    code = 0
    try:
        while not stopping:
            ended = next(((child, p) for child, p in running if p.poll() is not None), None)
            if ended is not None:
                child, process = ended
                sys.stderr.write(f"forum: the {child.name} ended with code {process.returncode}\n")
                code = 1
                break
            time.sleep(0.2)
    finally:
        _stop_all([process for _, process in running])
        for number, handler in previous.items():
            signal.signal(number, handler)
    return code


def _stop_all(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """One SIGTERM each, then wait; SIGKILL to the whole session of whoever does not end in time."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + GRACE
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
