"""Walks over every route for what is no word of anybody: sockets, statements, formulas, old addresses.

They go as insiders of the closed groups, who are shown the most.
"""

import csv
import io
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from forum import create_app
from forum.domain.groups import Membership
from forum.domain.organisations import Mandate
from forum.extensions import db
from forum.services.login_sessions import start_session
from forum.services.memberships import end_memberships
from tests.attacks import canaries
from tests.attacks.addresses import addresses, column_of
from tests.attacks.conftest import Attack
from tests.attacks.crawling import canaries_in, follow
from tests.attacks.entitled import OWN_RECORD
from tests.attacks.twins import copied
from tests.conftest import Client, test_settings
from tests.support import count_statements, look_again


def insider(attack: Attack, name: str) -> FlaskClient:
    """Give a client that is signed in as somebody of the closed groups."""
    client = attack.app.test_client()
    session = attack.world.session
    session.rollback()  # what it reads is older than what the visits wrote
    account = attack.world.insiders.people[name]
    token = start_session(session, account, now=attack.world.build.clock(), hours=12, has_second_factor=True)
    session.commit()
    with client.session_transaction() as cookie:
        cookie.update({"_user_id": token, "_fresh": True})
    return client


def one_of_each(attack: Attack) -> list[str]:
    """Give two addresses of every page that takes GET."""
    found: dict[str, list[str]] = {}
    for endpoint, path in addresses(attack.app, attack.values(1)):
        if not path.startswith("/api/"):
            found.setdefault(endpoint, []).append(path)
    return [path for paths in found.values() for path in {paths[0], paths[-1]}]


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every attempt to reach another machine, each of which fails."""
    tried: list[str] = []

    def refuse(*args: Any, **_kwargs: Any) -> Any:
        tried.append(repr(args[-1]))
        raise OSError("nothing is reached from here")

    for name in ("connect", "connect_ex", "sendto", "bind"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return tried


def test_no_page_reaches_out(attack: Attack, reached: list[str]) -> None:
    """Neither to look at a link, a file, an address of mail or a picture, nor to a name server."""
    with pytest.raises(OSError, match="nothing is reached"):
        socket.create_connection(("192.0.2.1", 80))
    assert len(reached) == 1
    client = insider(attack, "chair")
    for path in one_of_each(attack):
        assert client.get(path).status_code < 500, path
    assert reached[1:] == []


HOSTILE = ("' OR 1=1 --", '") OR ("1"="1', "1); DROP TABLE post; --", "%' UNION SELECT email FROM account --")
LISTS = (
    "/search", "/organisations/", "/moderation/log", "/groups/", "/consultations/", "/groups/public/threads/",
    "/groups/public/papers/", "/registers/gaps/", "/library/", "/moderation/", "/me/contributions",
    "/groups/unlisted/threads/", "/groups/unlisted/papers/", "/moderation/transparency",
)  # fmt: skip


def parameters_of(client: FlaskClient, path: str) -> list[str]:
    """Give the names that a page's own forms and links ask by."""
    page = BeautifulSoup(client.get(path).text, "html.parser")
    names = {str(field["name"]) for field in page.select("form:not([method=post]) [name]")}
    names |= set(
        re.findall(r"[?&;]([a-z_]+)=", " ".join(str(link["href"]) for link in page.select("a[href]")))
    )
    return sorted(names | {"sort", "order", "page", "after", "limit"})


def test_no_parameter_becomes_a_statement(attack: Attack) -> None:
    """In filters and orders, of pages and of the API: values are bound, unknown orders are none."""
    client, engine = insider(attack, "chair"), db.engine
    asked = 0
    for path in LISTS:
        for number, name in enumerate(parameters_of(client, path)):
            value = HOSTILE[number % len(HOSTILE)]
            with count_statements(engine) as statements:
                answer = client.get(f"{path}?{name}={quote(value)}")
            asked += 1
            assert answer.status_code < 500, (path, name)
            assert not any(
                "1=1" in text or "DROP" in text or "UNION SELECT email" in text for text in statements
            )
    assert asked > 100


NUMBERS = ("999999999999999999999999", "-1", "1e9", "٣", "")


def test_no_number_is_without_bound(attack: Attack) -> None:
    """However far a page, however long a list is asked for: never an error, never all there is."""
    client, caller = insider(attack, "chair"), attack.caller_of("administrator")
    for path in (*LISTS, "/administration/people/"):
        usual = len(client.get(path).data)
        for name in ("page", "limit", "per_page", "size", "count"):
            answer = client.get(f"{path}?{name}={quote(NUMBERS[0])}")
            assert answer.status_code < 500, (path, name)
            assert len(answer.data) < usual + 20_000, (path, name)
        for number in NUMBERS[1:]:
            assert client.get(f"{path}?page={quote(number)}").status_code < 500, (path, number)
    for path in ("/api/v1/groups", "/api/v1/search?q=open", "/api/v1/groups/public/threads"):
        joint = "&" if "?" in path else "?"
        for number in (*NUMBERS, "201"):
            assert caller.get(f"{path}{joint}limit={quote(number)}").status_code == 422, (path, number)


PREFIXES = ("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1")


def test_no_export_has_a_formula(attack: Attack, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where every text begins as a formula does, every CSV and XLSX of the site has words only."""
    instance = tmp_path_factory.mktemp("formulas")
    attack.world.session.rollback()
    cookie = start_session(
        attack.world.session, attack.world.insiders.people["chair"], now=attack.world.build.clock(), hours=12,
        has_second_factor=True,
    )  # fmt: skip
    attack.world.session.commit()
    copied(Path(attack.app.config["INSTANCE"]) / "forum.db", instance / "forum.db")
    app = create_app(test_settings(instance), clock=attack.world.build.clock)
    app.test_client_class = Client
    with app.app_context():
        for number, table in enumerate(canaries.tables_with_text()):
            for column in canaries.text_columns(table):
                if isinstance(column.type, sa.String):
                    begun = sa.literal(PREFIXES[number % len(PREFIXES)]) + column
                    db.session.execute(sa.update(table).values({column.name: begun}))
        db.session.execute(sa.text("UPDATE account SET name = '=1+1' || name"))
        db.session.execute(sa.text("UPDATE organisation SET name = '@SUM(1)' || name"))
        db.session.commit()
    client = app.test_client()
    with client.session_transaction() as kept:
        kept.update({"_user_id": cookie, "_fresh": True})
    read = 0
    for _, path in addresses(attack.app, attack.values(1)):
        if path.endswith((".csv", ".xlsx")):
            answer = client.get(path)
            assert answer.status_code < 500, path
            if answer.status_code == 200:
                read += 1
                dangerous = [cell for cell in cells_of(path, answer.data) if cell.startswith(PREFIXES)]
                assert dangerous == [], path
    with app.app_context():
        db.engine.dispose()
    assert read > 8


def cells_of(path: str, data: bytes) -> Iterator[str]:
    """Give the text of every cell of a file, formulas as what they are."""
    if path.endswith(".csv"):
        for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))):
            yield from row
        return
    for sheet in openpyxl.load_workbook(io.BytesIO(data)):
        for row in sheet.iter_rows():
            for cell in row:
                yield f"=1+1 {cell.value}" if cell.data_type == "f" else str(cell.value or "")


def test_what_stands_in_one_group_is_not_in_another(attack: Attack) -> None:
    """Group ids swapped in every address, by somebody who reads both: nothing is told."""
    client = insider(attack, "chair")
    tried, told = 0, {}
    for endpoint, path in addresses(attack.app, attack.values(1)):
        if not path.startswith("/groups/unlisted/") or not belongs_to_a_group(attack, endpoint):
            continue
        swapped = path.replace("/groups/unlisted/", "/groups/listed/", 1)
        answer = client.get(swapped)
        tried += 1
        if (
            answer.status_code < 400
            and not answer.location
            and canaries_in(answer) & canaries_in(client.get(path))
        ):
            told[swapped] = endpoint
    assert told == {}
    assert tried > 40


def belongs_to_a_group(attack: Attack, endpoint: str) -> bool:
    """Say whether an address names something besides the group."""
    rules = [rule for rule in attack.app.url_map.iter_rules() if rule.endpoint == endpoint]
    named = {name for rule in rules for name in rule.arguments} - {"slug"}
    return any("public_id" in column for name in named - OF_NO_GROUP for column in column_of(endpoint, name))


OF_NO_GROUP = {
    "key", "number", "kind", "of", "form", "anchor", "criterion", "solution", "country",
    "catalogue", "article",
}  # fmt: skip
"""Variables that mean something of their own in each group."""

NO_PAGES = (
    "/forum.db", "/instance/forum.db", "/static/../instance/forum.db", "/static/..%2finstance%2fforum.db",
    "/static/%2e%2e/%2e%2e/instance/secrets.json", "/backup.tar", "/backups/", "/attachments/", "/instance/",
    "/static/", "/bootstrap/static/", "/.git/config", "/.env", "/config/default.py", "/index/", "/mail/",
    "/static/..\\..\\instance\\forum.db", "/static//etc/passwd", "/sitemap.xml", "/.well-known/",
)  # fmt: skip


@pytest.mark.parametrize("path", NO_PAGES)
def test_no_file_of_the_house_has_an_address(attack: Attack, path: str) -> None:
    """Databases, backups, keys, mail, folders: absent to administrators too, as any other address."""
    for name in ("visitor", "administrator"):
        answer = attack.client_of(name).get(path)
        assert answer.status_code in {400, 404, 308}, path
        assert b"SQLite" not in answer.data


def test_nothing_is_streamed(attack: Attack) -> None:
    """There is no subscription that could outlive a right: no route answers in a stream, or over a socket."""
    assert not any(rule.websocket for rule in attack.app.url_map.iter_rules())
    for path in one_of_each(attack)[:200]:
        answer = attack.client_of("visitor").get(path)
        assert answer.mimetype != "text/event-stream", path
        assert answer.headers.get("Transfer-Encoding") is None, path


OWN = (
    "/accounts/settings", "/me/searches/", "/moderation/decisions/", "/moderation/appeals/",
    "/moderation/statements/",
)  # fmt: skip
"""What is a person's alone: sessions, tokens, searches, and what was decided about their own texts."""


def test_old_addresses_of_somebody_who_left(attack: Attack) -> None:
    """Whatever a member was shown, where it led and what stood there: after leaving it is as it never was.

    But for the copy of what they wrote themselves, and what is theirs alone.
    """
    client = insider(attack, "member")
    seen = {}
    for endpoint, path in addresses(attack.app, attack.values(1)):
        if not path.startswith(("/api/", *OWN_RECORD, *OWN)):
            words = {word for answer in follow(client, path) for word in canaries_in(answer)}
            if words:
                seen[path] = endpoint
    assert len(seen) > 100
    session, member = attack.world.session, attack.world.insiders.people["member"]
    look_again(session)
    now = attack.world.build.clock()
    memberships = session.scalars(sa.select(Membership).where(Membership.account_id == member.id)).all()
    end_memberships(session, [one for one in memberships if one.ended_at is None], now=now)
    session.execute(sa.delete(Mandate).where(Mandate.account_id == member.id))
    session.commit()
    told = {}
    for path in seen:
        if words := {word for answer in follow(client, path) for word in canaries_in(answer)}:
            told[path] = sorted(words)[:4]
    assert told == {}
