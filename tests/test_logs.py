"""The log: a line a request, and no line that holds what people wrote, are called or carry."""

import json
import logging
import re
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from forum.blueprints import request_log
from forum.domain.accounts import Account, PlatformRole
from forum.domain.labels import Ceiling
from forum.domain.second_factors import OneTimeCode
from forum.logs import JsonLines, log_slow_statements
from tests.blueprints.forms import send
from tests.builders import Builder
from tests.support import submit

ClientOf = Callable[[Account | None], FlaskClient]
CANARY = "quoinstone"


@pytest.fixture
def lines(app: Flask) -> Iterator[list[str]]:
    """What the forum's loggers write, as JSON lines."""
    written: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler = Kept()
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("forum")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    request_log.init_app(app)
    yield written
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_no_line_holds_a_name_an_address_a_text_or_a_token(
    build: Builder, client_of: ClientOf, lines: list[str]
) -> None:
    """Pages, searches, sign-ins, posts, refusals, the API and addresses of nothing."""
    group = build.group(Ceiling.PUBLIC)
    person = build.member(group)
    person.name, person.email = f"Ada {CANARY}", f"{CANARY}@members.example"
    build.session.commit()
    thread = build.thread(group, person, title=f"About {CANARY}")
    client = client_of(person)
    path = f"/groups/{group.slug}/threads/{thread.public_id}/"
    client.get(path)
    send(client, path, "composer", body=f"The {CANARY} clause.")
    client.get(f"/search?q={CANARY}")
    client.get(f"/accounts/invitations/{CANARY * 5}")
    client.get(f"/{CANARY}?{CANARY}={CANARY}", headers={"User-Agent": CANARY, "X-Request-Id": CANARY})
    submit(client_of(None), "/accounts/sign-in", {"email": f"{CANARY}@x.example", "password": CANARY * 3})
    client.get("/api/v1/me", headers={"Authorization": f"Bearer {CANARY}"})
    assert len(lines) >= 8
    assert [line for line in lines if CANARY in line] == []
    told = [json.loads(line) for line in lines]
    assert len({line["request"] for line in told}) >= 8
    assert {"method", "route", "status", "ms"} <= told[0].keys()


SECRETS = ("quoinstone", "203.0.113.77", "2001:db8::7")
"""Of the person who asks: a name in every field, and where they ask from."""


def test_no_route_logs_who_asks_or_what(
    app: Flask, build: Builder, client_of: ClientOf, lines: list[str]
) -> None:
    """Every rule of the URL map, read and sent to, with the name wherever a word fits."""
    person = build.account(f"Ada {CANARY}", email=f"{CANARY}@members.example", handle=CANARY)
    person.platform_role = PlatformRole.ADMINISTRATOR
    build.session.add(OneTimeCode(account_id=person.id, secret="x", last_step=0))
    build.session.commit()
    headers = {
        "User-Agent": CANARY, "X-Forwarded-For": "2001:db8::7", "X-Request-Id": CANARY,
        "Referer": f"http://localhost/{CANARY}", "Authorization": f"Bearer {CANARY}",
    }  # fmt: skip
    here = {"REMOTE_ADDR": "203.0.113.77"}
    client = client_of(person)
    asked = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint in {"static", "bootstrap.static"}:
            continue
        path = re.sub(r"<int[^>]*>", "7", rule.rule)
        path = re.sub(r"<[^>]+>", CANARY, path)
        client.get(f"{path}?q={CANARY}", headers=headers, environ_base=here)
        token = {"body": CANARY, "reason": CANARY, "email": f"{CANARY}@x.example", "name": CANARY}
        if rule.endpoint != "accounts.sign_out":
            client.post(path, data=token, headers=headers, environ_base=here)
        asked += 2
    assert len(lines) >= asked - 1
    assert [line for line in lines if any(secret in line for secret in SECRETS)] == []


def test_of_an_error_only_kind_and_place_are_logged(lines: list[str]) -> None:
    """Messages of libraries quote what people wrote."""
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("forum").exception("something")
    (line,) = lines
    assert CANARY not in line
    assert json.loads(line)["error"] == "ValueError"


def test_a_slow_statement_is_logged_without_its_values(lines: list[str]) -> None:
    """The statement and how long it took."""
    engine = sa.create_engine("sqlite://")
    log_slow_statements(engine, 1)
    count = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)"
        " SELECT count(*), :word FROM n"
    )
    with engine.connect() as connection:
        connection.execute(sa.text(count), {"word": CANARY})
    engine.dispose()
    told = json.loads(lines[-1])
    assert told["statement"].startswith("WITH RECURSIVE")
    assert told["slow_ms"] >= 1
    assert CANARY not in lines[-1]
