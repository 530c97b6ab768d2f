"""Keeping the server busy: patterns that go back and forth, forms of endless parts, lists and mail without end."""

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
PROCESSOR_SECONDS = 60
"""What the child may use for all patterns together: one that is exponential would take years."""

CHILD = r"""
import ast, re, sys, warnings
from pathlib import Path

warnings.simplefilter("ignore")
FUNCTIONS = {"compile", "match", "fullmatch", "search", "sub", "split", "findall", "finditer"}
UNITS = [
    " ", "a", "A1", "1", "-", ".", "<", "<a ", "<a b='", "&#", "&amp;", "[", "[[", "](", "(", "\n", "\t ", "a,", "a b ",
    "https://a", "@a.", "é", "\u0300", "_", "*", "\\", "/", "//a", ":", "\"", "'", "<p>", "</p>", "=?utf-8?q?", "; ", "1.",
]

def patterns(tree):
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        if node.func.attr in FUNCTIONS and getattr(node.func.value, "id", "") == "re":
            try:
                yield ast.literal_eval(node.args[0]), flags(node)
            except ValueError:
                continue

def flags(node):
    words = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute) and part.attr.isupper()}
    return sum(getattr(re, word) for word in words if isinstance(getattr(re, word, None), re.RegexFlag))

count = 0
for path in sorted(Path("forum").rglob("*.py")):
    for pattern, flag in patterns(ast.parse(path.read_text(encoding="utf-8"))):
        count += 1
        print(path, repr(pattern)[:120], flush=True)
        made = re.compile(pattern, flag)
        for unit in UNITS:
            for text in (unit * (4000 // len(unit)), unit * (4000 // len(unit)) + "\x00!", "a" + unit * 900 + "]>)"):
                made.search(text)
                made.fullmatch(text)
print("patterns:", count)
"""


def test_no_pattern_is_slow_on_any_text() -> None:
    """Every regular expression of ours against thousands of repetitions of what it looks for.

    A child does it that the system ends after a minute of its processor; the last line says at which pattern.
    """

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))

    done = subprocess.run(
        [sys.executable, "-c", CHILD], cwd=ROOT, preexec_fn=limit, capture_output=True, text=True, check=False
    )
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
    """In the other spelling of forms."""
    answer = app.test_client().post(
        "/accounts/sign-in", data="a&" * 200_000, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 413


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
