"""The virus scanner: ClamAV over its socket, or none. What cannot be asked leaves a file in quarantine."""

import re
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from forum.errors import ForumError

TIMEOUT = 60.0
"""Seconds that the scanner has for each step."""
_CHUNK = 256 * 1024
_MAX_ANSWER = 4096


class ScannerUnreachable(ForumError):
    """The scanner did not answer, or answered with an error of its own: nothing is known of the file."""


class Scanner(Protocol):
    """Looks into files."""

    def scan(self, path: Path) -> bool:
        """Whether nothing was found in a file; raises ScannerUnreachable where nobody can tell."""
        ...

    def ping(self) -> str:
        """Say in words what answers; raises ScannerUnreachable where nothing does."""
        ...


@dataclass(frozen=True, slots=True)
class NoScanner:
    """The twin for a forum without a scanner: files are judged by their structure alone."""

    def scan(self, path: Path) -> bool:
        """Nothing is found."""
        return True

    def ping(self) -> str:
        """There is nothing to ask."""
        return "none: files are judged by their structure alone"


@dataclass(frozen=True, slots=True)
class ClamAv:
    """Speaks clamd's protocol over a Unix or a TCP socket: a file is streamed, never a path given."""

    address: str | tuple[str, int]
    timeout: float = TIMEOUT

    def scan(self, path: Path) -> bool:
        """See `Scanner.scan`."""
        try:
            with self._connect() as connection, path.open("rb") as file:
                connection.sendall(b"zINSTREAM\0")
                try:
                    while chunk := file.read(_CHUNK):
                        connection.sendall(struct.pack("!I", len(chunk)) + chunk)
                    connection.sendall(struct.pack("!I", 0))
                except (BrokenPipeError, ConnectionResetError):
                    pass  # it has answered already, and says why
                answer = _read(connection)
        except OSError as error:
            raise ScannerUnreachable("The virus scanner cannot be reached.") from error
        if answer == "stream: OK":
            return True
        if re.fullmatch(r"stream: .+ FOUND", answer):
            return False
        raise ScannerUnreachable("The virus scanner answered with an error.")

    def ping(self) -> str:
        """See `Scanner.ping`."""
        try:
            with self._connect() as connection:
                connection.sendall(b"zPING\0")
                answer = _read(connection)
        except OSError as error:
            raise ScannerUnreachable("The virus scanner cannot be reached.") from error
        if answer != "PONG":
            raise ScannerUnreachable("The virus scanner answered with an error.")
        return f"ClamAV at {self._place()}"

    def _place(self) -> str:
        return self.address if isinstance(self.address, str) else f"{self.address[0]}:{self.address[1]}"

    def _connect(self) -> socket.socket:
        if isinstance(self.address, str):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.settimeout(self.timeout)
                connection.connect(self.address)
            except BaseException:
                connection.close()
                raise
            return connection
        return socket.create_connection(self.address, timeout=self.timeout)


def _read(connection: socket.socket) -> str:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < _MAX_ANSWER:
        part = connection.recv(_MAX_ANSWER)
        if not part:
            break
        answer += part
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")


def scanner_for(setting: str) -> Scanner:
    """Give the scanner that the setting SCANNER names; ValueError says what is wrong with it."""
    if not setting:
        return NoScanner()
    parts = urlsplit(setting)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme == "clamav" and parts.hostname and not parts.path and port != -1:
        return ClamAv((parts.hostname, port or 3310))
    if parts.scheme == "clamav" and not parts.netloc and parts.path.startswith("/"):
        return ClamAv(parts.path)
    raise ValueError(
        "FORUM_SCANNER must be empty, clamav:/path/of/the/socket, or clamav://host:port, "
        "as in clamav:/run/clamav/clamd.ctl."
    )
