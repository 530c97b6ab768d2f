"""Two servers and two workers behind nginx, on PostgreSQL and Redis: one of each dies, nothing is lost."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from bench.houses import House, Load, kill_tree, wait_for
from bench.ports import free_port
from bench.reliability_worker import work
from tests.servers import redis_server

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.slow]
CONFIGURATION = Path(__file__).parent.parent.parent / "deploy" / "nginx" / "forum.conf"


@contextmanager
def running(command: list[str | Path], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Keep a server running that listens on a port."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        until = time.monotonic() + 30
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
            assert time.monotonic() < until, f"{command[0]} does not listen"
        yield process
    finally:
        kill_tree(process)


@contextmanager
def nginx(folder: Path, servers: list[int]) -> Iterator[int]:
    """Run nginx with the file of deploy/, without TLS and for load from one address; give its port."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        pytest.skip("nginx is not installed")
    port = free_port()
    text = CONFIGURATION.read_text(encoding="utf-8")
    text = re.sub(r"^ *ssl_.*\n", "", text, flags=re.M)
    lines = "\n".join(f"    server 127.0.0.1:{server} max_fails=1 fail_timeout=2s;" for server in servers)
    text = re.sub(r"^.*@servers@.*$", lines, text, flags=re.M)
    text = re.sub(r"^.*@plain@.*$", f"    listen 127.0.0.1:{free_port()};", text, flags=re.M)
    text = re.sub(r"^.*@listen@.*$", f"    listen 127.0.0.1:{port};", text, flags=re.M)
    text = re.sub(r"rate=\d+r/s", "rate=10000r/s", text)
    text = text.replace("server_name forum.example;", "server_name _;")
    written = folder / "nginx.conf"
    temporary = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    written.write_text(
        f"daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;\n"
        f"user root;\nevents {{ worker_connections 256; }}\nhttp {{\n{temporary}\n{text}\n}}\n"
        if os.geteuid() == 0
        else f"daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;\n"
        f"events {{ worker_connections 256; }}\nhttp {{\n{temporary}\n{text}\n}}\n",
        encoding="utf-8",
    )
    checked = subprocess.run([program, "-t", "-c", written], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    with running([program, "-c", written], port):
        yield port


def test_one_of_each_is_killed_and_nothing_is_lost(own_empty_postgresql: str, tmp_path: Path) -> None:
    """Every text acknowledged through nginx is there once, and is indexed by the worker that is left."""
    with redis_server() as (redis_url, _):
        house = House(tmp_path / "instance", own_empty_postgresql)
        house.more = {"REDIS_URL": redis_url, "TRUSTED_PROXIES": "1"}
        house.fill()
        ports = [free_port(), free_port()]
        servers = [house.start("serve", "--port", str(port), "--workers", "1") for port in ports]
        workers = [house.start("worker") for _ in range(2)]
        try:
            for port, server in zip(ports, servers, strict=True):
                wait_for(port, server)
            with nginx(tmp_path, ports) as port, Load(house, port, "machines") as load:
                load.wait_for(20)
                kill_tree(servers[0])
                os.kill(workers[0].pid, signal.SIGKILL)
                at_the_kill = len(load.written.acknowledged)
                load.wait_for(at_the_kill + 30)
                went_on = len(load.written.acknowledged) - at_the_kill
        finally:
            for process in (*servers, *workers):
                kill_tree(process)
        assert went_on >= 30
        assert house.lost_and_doubled(load.written) == (0, 0)
        assert set(load.written.refused) <= {502}, "what was under way in the one that died"
        work(house, timedelta(hours=2))  # past the leases of the worker that died
        house.run("search", "check")
