"""Mail over real SMTP, and into a folder."""

import socket
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from forum.delivery.transport import FolderTransport, SmtpTransport, transport_for
from tests.servers import free_port


class Inbox:
    """Keeps what a mail server was given; refuses one address."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], bytes]] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _o: Any) -> str:
        if address.startswith("unknown@"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append((list(envelope.rcpt_tos), envelope.content))
        return "250 taken"


def _login(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    is_known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"forum", b"p@ss/word")
    return AuthResult(success=is_known, handled=False)  # the server answers: taken, or 535


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    """A mail server on a free port of the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    inbox = Inbox()
    controller = Controller(
        inbox, hostname="127.0.0.1", port=port, authenticator=_login, auth_require_tls=False
    )
    controller.start()
    yield inbox, port
    controller.stop()


def message(to: str = "ana@members.example") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "forum@forum.example", to, "Čeština"
    mail.set_content("Dobrý den")
    return mail


def test_mail_arrives_over_smtp(inbox: tuple[Inbox, int], tmp_path: Path) -> None:
    """Signed in with a password that had to be escaped in the address."""
    received, port = inbox
    transport = transport_for(f"smtp://forum:p%40ss%2Fword@127.0.0.1:{port}", tmp_path)
    transport.send(message(), "notice-1")
    ((recipients, content),) = received.mails
    assert recipients == ["ana@members.example"]
    assert b"Subject: =?utf-8?" in content


def test_a_refusal_is_raised(inbox: tuple[Inbox, int], tmp_path: Path) -> None:
    """A wrong password, an unknown recipient and a closed port raise: the worker puts the mail off."""
    received, port = inbox
    for url, mail in (
        (f"smtp://forum:wrong@127.0.0.1:{port}", message()),
        (f"smtp://127.0.0.1:{port}", message("unknown@members.example")),
        (f"smtp+starttls://127.0.0.1:{port}", message()),
        ("smtp://127.0.0.1:1", message()),
    ):
        with pytest.raises(OSError):
            transport_for(url, tmp_path).send(mail, "notice-1")
    assert received.mails == []


def test_a_mail_sent_again_replaces_itself_in_the_folder(tmp_path: Path) -> None:
    """The folder is made at first use and holds one file a mail."""
    transport = transport_for("folder:mail", tmp_path)
    assert transport == FolderTransport(tmp_path / "mail")
    for _ in range(2):
        transport.send(message(), "notice-1")
    assert [path.name for path in (tmp_path / "mail").iterdir()] == ["notice-1.eml"]


def test_addresses_of_mail_servers(tmp_path: Path) -> None:
    """Each scheme has its port and its kind of protection."""
    assert transport_for("smtps://mail.example", tmp_path) == SmtpTransport("mail.example", 465, is_tls=True)
    assert transport_for("smtp+starttls://mail.example", tmp_path) == SmtpTransport(
        "mail.example", 587, is_starttls=True
    )


@pytest.mark.parametrize(
    "url", ["", "folder:", "mail.example", "http://mail.example", "smtp://", "smtp://a:port"]
)
def test_an_unusable_setting_says_what_is_wanted(url: str, tmp_path: Path) -> None:
    """One sentence with an example."""
    with pytest.raises(ValueError, match="FORUM_MAIL_URL must be"):
        transport_for(url, tmp_path)


def test_a_server_is_asked_without_sending(tmp_path: Path) -> None:
    """It greets, or somebody else does, or nobody; a folder that can be written is enough."""
    assert "mail" in FolderTransport(tmp_path / "mail").ping()
    with pytest.raises(ConnectionRefusedError):
        SmtpTransport("127.0.0.1", free_port()).ping()
    for greeting, is_right in ((b"220 mail.example\r\n", True), (b"HTTP/1.1 400\r\n", False)):
        with socket.create_server(("127.0.0.1", 0)) as server:
            answering = threading.Thread(target=_greet, args=(server, greeting))
            answering.start()
            transport = SmtpTransport("127.0.0.1", server.getsockname()[1])
            if is_right:
                assert transport.ping() == "sent through 127.0.0.1"
            else:
                with pytest.raises(ConnectionError):
                    transport.ping()
            answering.join()


def _greet(server: socket.socket, greeting: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(greeting)
