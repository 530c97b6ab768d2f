"""Real servers for tests, started where they are installed; no mocks."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.ports import free_port


def postgresql_binaries() -> Path | None:
    """Where initdb and pg_ctl are: Debian's newest, or on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    path = shutil.which("initdb")
    return Path(path).parent if path else None


def _as_server_user() -> list[str]:
    """PostgreSQL refuses to run as root: become its own user there."""
    if os.geteuid() != 0:
        return []
    pwd.getpwnam("postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL server of our own; give the SQLAlchemy address of an empty database."""
    binaries = postgresql_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed")
    become = _as_server_user()
    folder = Path(tempfile.mkdtemp(prefix="forum-pg-"))
    folder.chmod(0o777)
    data, port = folder / "data", free_port()
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    subprocess.run(
        [*become, binaries / "initdb", "-D", data, "-U", "forum", "-A", "trust", "-E", "UTF8", "--no-sync"],
        **quiet,  # type: ignore[call-overload]
    )
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=50"
    control = [*become, binaries / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-t", "60"]
    subprocess.run([*control, "-o", options, "start"], **quiet)  # type: ignore[call-overload]
    try:
        subprocess.run(
            [*become, binaries / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "forum", "forum"],
            **quiet,  # type: ignore[call-overload]
        )
        yield f"postgresql+psycopg://forum@127.0.0.1:{port}/forum"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **quiet)  # type: ignore[call-overload]
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis_server() -> Iterator[tuple[str, Callable[[], None]]]:
    """Run a Redis server of our own; give its address, and what stops it before the end."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("Redis is not installed")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(
        [binary, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "Ready to accept connections" in line:
            break

    def stop() -> None:
        process.terminate()
        process.wait()

    try:
        yield f"redis://127.0.0.1:{port}/0", stop
    finally:
        if process.poll() is None:
            stop()
        process.stdout.close()
