"""Ports for servers that are started for a while."""

import random
import socket
from pathlib import Path

_CLIENTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """Give a TCP port that nobody uses now, and that the kernel gives to no client until the server listens.

    A port that the kernel chooses is one of those that it gives to connections too: where many are opened, as
    to PostgreSQL, one of them can have it by the time at which the server wants it.
    """
    first = int(_CLIENTS.read_text().split()[0]) if _CLIENTS.exists() else 32768
    for port in random.SystemRandom().sample(range(min(20_000, first - 1000), first), 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise OSError("no port is free")
