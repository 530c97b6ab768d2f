"""Reading all that an answer says: status, headers, addresses, text, and the text inside files."""

import io
import re
import zipfile
from collections.abc import Iterable
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from pypdf import PdfReader
from werkzeug.test import TestResponse

from tests.attacks.canaries import found_in

_DRAWN_ANEW = re.compile(
    r'nonce(?:="|-)[\w-]+|name="(?:[\w-]*-)?(?:csrf_token|submission|state)"[^>]*|[\d,.]+ GB free'
    r'|last used <time[^>]*>[^<]*|data-options="[^"]*"'
)


def words_of(answer: TestResponse) -> str:
    """Give everything that an answer tells, the words inside office files included."""
    head = "\n".join(f"{name}: {value}" for name, value in answer.headers)
    data = answer.get_data()
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = [archive.read(name).decode("utf-8", "replace") for name in archive.namelist()]
        return "\n".join([head, *parts])
    if data.startswith(b"%PDF"):
        return "\n".join([head, *(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)])
    return f"{head}\n{data.decode('utf-8', 'replace')}"


def canaries_in(answer: TestResponse) -> set[str]:
    """Give the canaries that an answer tells, in any part of it."""
    return found_in(words_of(answer))


def neutral(answer: TestResponse, *echoed: str) -> str:
    """Give an answer without what differs by itself: nonce, tokens, request id, and the address asked for."""
    kept = [
        f"{name}: {value}"
        for name, value in answer.headers
        if name not in {"Date", "Set-Cookie", "X-Request-Id", "Content-Length"}
    ]
    text = _DRAWN_ANEW.sub("", "\n".join([answer.status, *kept, answer.get_data(as_text=True)]))
    for part in sorted(filter(None, echoed), key=len, reverse=True):
        text = text.replace(part, "·")
    return text


def follow(client: FlaskClient, path: str, *, most: int = 4) -> list[TestResponse]:
    """Ask for an address and follow where it leads, within the site."""
    answers = [client.get(path)]
    while answers[-1].location and len(answers) < most:
        parts = urlsplit(answers[-1].location)
        answers.append(client.get(parts.path + (f"?{parts.query}" if parts.query else "")))
    return answers


def links_of(answers: Iterable[TestResponse]) -> set[str]:
    """Give the site's own addresses that pages link to."""
    return {link for answer in answers if answer.mimetype == "text/html" for link in links_in(answer.text)}


def links_in(html: str) -> set[str]:
    """Give the site's own addresses that a page links to."""
    return {
        link.replace("&amp;", "&")
        for link in re.findall(r'href="(/[^"#]*)', html)
        if not link.startswith(("/static", "/bootstrap", "//"))
    }
