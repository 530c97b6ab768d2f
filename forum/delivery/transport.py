"""How a mail leaves: into a folder, or over SMTP."""

import os
import socket
import ssl
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

PING_TIMEOUT = 2.0
"""Seconds in which a mail server has to greet whoever only asks whether it is there."""
TIMEOUT = 20.0
"""Seconds that a mail server has for each step."""


class Transport(Protocol):
    """Hands a message on; raises where that failed."""

    def send(self, message: EmailMessage, name: str) -> None:
        """Send; `name` is the same each time the same mail is sent, so that a repeat can be recognised."""
        ...

    def ping(self) -> str:
        """Say how mail leaves; OSError (of which SMTP's are) where it cannot. Sends nothing."""
        ...


@dataclass(frozen=True, slots=True)
class FolderTransport:
    """Writes each mail to a file: what the demonstration does, and what tests read."""

    folder: Path

    def send(self, message: EmailMessage, name: str) -> None:
        """Write `name`.eml; a mail sent again replaces itself."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / f".{name}.{os.getpid()}"
        fresh.write_bytes(message.as_bytes())
        fresh.replace(self.folder / f"{name}.eml")

    def ping(self) -> str:
        """Name the folder, once it is clear that it can be written."""
        place = self.folder if self.folder.exists() else self.folder.parent
        if not os.access(place, os.W_OK):
            raise PermissionError(f"{place} cannot be written")
        return f"written into {self.folder.name!r} of the instance folder"


@dataclass(frozen=True, slots=True)
class SmtpTransport:
    """Speaks SMTP, in the clear, over TLS, or with STARTTLS."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    is_tls: bool = False
    is_starttls: bool = False

    def send(self, message: EmailMessage, name: str) -> None:
        """Send in a connection of its own; the Message-ID holds the name for whoever filters repeats."""
        import smtplib  # by the worker alone: server processes look at most whether a mail server greets

        with ExitStack() as stack:
            server: smtplib.SMTP
            if self.is_tls:
                context = ssl.create_default_context()
                server = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT, context=context)
            else:
                server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
            stack.enter_context(server)
            if self.is_starttls:
                server.starttls(context=ssl.create_default_context())
            if self.user:
                server.login(self.user, self.password)
            server.send_message(message)

    def ping(self) -> str:
        """Name the server, once it has greeted: nothing is said of who we are, and nothing is sent."""
        with socket.create_connection((self.host, self.port), timeout=PING_TIMEOUT) as connection:
            stream: socket.socket = connection
            if self.is_tls:
                stream = ssl.create_default_context().wrap_socket(connection, server_hostname=self.host)
            greeting = stream.recv(4)
        if not greeting.startswith(b"220"):
            raise ConnectionError("no greeting of a mail server")
        return f"sent through {self.host}"


_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


def transport_for(url: str, instance: Path) -> Transport:
    """Give the transport that the setting MAIL_URL names; ValueError says what is wrong with it."""
    parts = urlsplit(url)
    if parts.scheme == "folder" and parts.path.strip("/"):
        return FolderTransport(instance / parts.path)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in _PORTS or not parts.hostname or port == -1:
        raise ValueError(
            "FORUM_MAIL_URL must be folder:NAME, or smtp://, smtps:// or smtp+starttls:// with a host, "
            "as in smtp+starttls://user:password@mail.example:587."
        )
    return SmtpTransport(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_tls=parts.scheme == "smtps",
        is_starttls=parts.scheme == "smtp+starttls",
    )
