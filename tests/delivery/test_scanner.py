"""ClamAV's protocol, spoken with a small server of our own."""

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from forum.delivery.scanner import ClamAv, NoScanner, ScannerUnreachable, scanner_for

MARK = b"a-word-that-the-test-scanner-finds"


class Clamd(socketserver.StreamRequestHandler):
    """As much of clamd as we speak with; `limit` is its StreamMaxLength."""

    limit = 1_000_000

    def handle(self) -> None:
        command = self._command()
        if command == b"zPING":
            self.wfile.write(b"PONG\0")
        elif command == b"zINSTREAM":
            self._scan()
        else:
            self.wfile.write(b"UNKNOWN COMMAND\0")

    def _command(self) -> bytes:
        command = b""
        while not command.endswith(b"\0"):
            command += self.rfile.read(1)
        return command[:-1]

    def _scan(self) -> None:
        data = b""
        while True:
            (length,) = struct.unpack("!I", self.rfile.read(4))
            if not length:
                break
            data += self.rfile.read(length)
            if len(data) > self.limit:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.wfile.write(b"stream: Test.Mark FOUND\0" if MARK in data else b"stream: OK\0")


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class TcpServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(params=["unix", "tcp"])
def setting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The setting that names a running scanner."""
    if request.param == "unix":
        path = tmp_path / "clamd.ctl"
        with serving(UnixServer(str(path), Clamd)):
            yield f"clamav:{path}"
    else:
        server = TcpServer(("127.0.0.1", 0), Clamd)
        with serving(server):
            yield f"clamav://127.0.0.1:{server.server_address[1]}"


def test_a_harmless_file_passes_and_a_marked_one_does_not(setting: str, tmp_path: Path) -> None:
    """Over both kinds of socket, in more than one chunk."""
    scanner = scanner_for(setting)
    file = tmp_path / "file"
    file.write_bytes(b"x" * 600_000)
    assert scanner.scan(file)
    file.write_bytes(b"x" * 300_000 + MARK + b"x" * 300_000)
    assert not scanner.scan(file)


def test_it_says_where_it_is(setting: str) -> None:
    """For the doctor."""
    assert "ClamAV at" in scanner_for(setting).ping()


def test_an_error_of_the_scanner_is_no_verdict(setting: str, tmp_path: Path) -> None:
    """A file that it would not look at is not thereby clean."""
    file = tmp_path / "file"
    file.write_bytes(b"x" * 3_000_000)
    with pytest.raises(ScannerUnreachable):
        scanner_for(setting).scan(file)


@pytest.mark.parametrize("answer", [b"", b"stream: OK and more\0", b"something else\0"])
def test_an_answer_that_nobody_understands_is_no_verdict(tmp_path: Path, answer: bytes) -> None:
    """Nor is silence, nor a line that only begins as it should."""

    class Strange(Clamd):
        def _scan(self) -> None:
            self.wfile.write(answer)

    file = tmp_path / "file"
    file.write_bytes(b"words")
    server = TcpServer(("127.0.0.1", 0), Strange)
    with serving(server), pytest.raises(ScannerUnreachable):
        ClamAv(("127.0.0.1", server.server_address[1])).scan(file)


def test_nobody_there_is_no_verdict(tmp_path: Path) -> None:
    """On a socket that is not there, and on a port where nobody listens."""
    file = tmp_path / "file"
    file.write_bytes(b"words")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    for scanner in (ClamAv(str(tmp_path / "none.ctl")), ClamAv(("127.0.0.1", port))):
        with pytest.raises(ScannerUnreachable):
            scanner.scan(file)
        with pytest.raises(ScannerUnreachable):
            scanner.ping()


def test_without_a_setting_nothing_is_scanned(tmp_path: Path) -> None:
    """The twin says so."""
    assert scanner_for("") == NoScanner()
    assert NoScanner().scan(tmp_path)
    assert "structure" in NoScanner().ping()


@pytest.mark.parametrize("setting", ["yes", "clamav", "clamav:relative/path", "http://x:1", "clamav://h:x"])
def test_a_setting_that_cannot_be_used_says_how_it_should_be(setting: str) -> None:
    """In one line."""
    with pytest.raises(ValueError, match="FORUM_SCANNER must be"):
        scanner_for(setting)


def test_settings_name_sockets_and_hosts() -> None:
    """With the port that clamd has by default."""
    assert scanner_for("clamav:/run/clamav/clamd.ctl") == ClamAv("/run/clamav/clamd.ctl")
    assert scanner_for("clamav://scanner.example") == ClamAv(("scanner.example", 3310))
