"""Keeping the server busy: slow patterns, forms of endless parts, mail without end."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import deliver, submit

ROOT = Path(__file__).parent.parent.parent
PROCESSOR_SECONDS = 40
"""What the child may use for all patterns together: one that is exponential would take years."""


def test_no_pattern_is_slow_on_any_text() -> None:
    """Every regular expression of ours against thousands of repetitions of what it looks for.

    A child does it, which the system ends after 40 seconds of its processor; the last line says where.
    """

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))

    command = [sys.executable, "-m", "tests.attacks.patterns"]
    done = subprocess.run(command, cwd=ROOT, preexec_fn=limit, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, (lines[-1:], done.stderr[-500:])
    assert int(lines[-1].removeprefix("patterns: ")) > 100


def test_the_child_would_be_ended() -> None:
    """The limit works: a pattern that goes back and forth does not come to its end."""
    code = "import re; re.fullmatch('(a+)+b', 'a' * 60)"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (1, 1))

    done = subprocess.run([sys.executable, "-c", code], preexec_fn=limit, capture_output=True, check=False)
    assert done.returncode < 0


def parts(count: int) -> bytes:
    one = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    return one * count + b"--x--\r\n"


@pytest.mark.parametrize("count", [501, 100_000])
@pytest.mark.parametrize("path", ["/accounts/sign-in", "/accounts/request", "/search"])
def test_a_form_of_endless_parts_is_not_read(app: Flask, path: str, count: int) -> None:
    """More than 500 parts, or more bytes than a form has: 413 (405 where nothing is taken), as a page."""
    answer = app.test_client().post(path, data=parts(count), content_type="multipart/form-data; boundary=x")
    assert answer.status_code in {400, 405, 413}
    assert len(answer.data) < 20_000


def test_neither_is_one_of_endless_fields(app: Flask) -> None:
    """In the other spelling of forms: refused, whatever is in them."""
    answer = app.test_client().post(
        "/accounts/sign-in", data="a&" * 200_000, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code in {400, 413}


def test_a_mailbox_is_not_flooded(app: Flask, build: Builder, clock: StoppedClock) -> None:
    """Whoever asks for links again and again, from one place or many, sends a person few mails."""
    build.account(email="ada@members.example", password_hash="x")
    for number in range(40):
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = f"198.51.100.{number}"
        submit(client, "/accounts/forgotten", {"email": "ada@members.example"})
        if number % 10 == 0:
            deliver(app, clock)
    mails = [mail for mail in deliver(app, clock) if "ada@members.example" in str(mail["To"])]
    assert 1 <= len(mails) <= 5
