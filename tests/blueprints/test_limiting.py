"""Limits in front of the routes: a sentence, Retry-After, and whom it concerns."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config import ConfigurationError
from forum import create_app
from forum.blueprints.limiting import LIMITED, READ_LIMITED, network_address
from forum.domain.accounts import Account
from forum.domain.labels import Ceiling
from forum.policy.routes import ENTRIES
from tests.builders import Builder
from tests.conftest import StoppedClock, test_settings
from tests.servers import redis_server
from tests.support import submit

ClientOf = Callable[[Account | None], FlaskClient]


def test_every_limited_route_is_one() -> None:
    """No limit for a route that is not there any more."""
    assert set(LIMITED) | set(READ_LIMITED) <= set(ENTRIES)


def test_a_flood_of_posts(app: Flask, build: Builder, client_of: ClientOf, clock: StoppedClock) -> None:
    """The third of two is not taken, says when, and tells that nothing is lost; another person goes on."""
    app.config["LIMIT_POSTS"] = "2/600"
    group = build.group(Ceiling.PUBLIC)
    ada, bob = build.member(group), build.member(group)
    thread = build.thread(group, bob)
    path = f"/posts/{build.post(thread, bob).public_id}/reply"
    client = client_of(ada)
    for n in range(2):
        assert submit(client, path, {"body": f"Text number {n}."}).status_code != 429
    answer = submit(client, path, {"body": "One more."})
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "600"
    assert "still in your browser" in answer.text
    assert submit(client_of(bob), path, {"body": "Mine."}).status_code != 429


def test_searching_very_often(app: Flask, client: FlaskClient) -> None:
    """Visitors are counted by their network; the limit counts questions, not pages."""
    app.config["LIMIT_SEARCHES"] = "3/60"
    assert [client.get("/search?q=scope").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert client.get("/groups/").status_code == 200
    elsewhere = {"REMOTE_ADDR": "192.0.2.9"}
    assert client.get("/search?q=scope", environ_base=elsewhere).status_code == 200


def test_asking_for_links_and_accounts(app: Flask, client: FlaskClient) -> None:
    """Nobody's mailbox and nobody's desk is flooded from one place."""
    app.config["LIMIT_LINKS"] = app.config["LIMIT_REQUESTS"] = "2/3600"
    for path, data in (
        ("/accounts/forgotten", {"email": "ada@members.example"}),
        ("/accounts/request", {"email": "new@body.example", "name": "N", "message": "Please."}),
    ):
        seen = [submit(client, path, data).status_code for _ in range(3)]
        assert seen[2] == 429
        assert 429 not in seen[:2]
        assert client.get(path).status_code == 200


def test_the_api_says_it_as_a_problem(app: Flask, client: FlaskClient) -> None:
    """429 with problem details and Retry-After; tokens that are none are fewer."""
    app.config["LIMIT_API"], app.config["LIMIT_TOKENS"] = "3/60", "2/60"
    for _ in range(3):
        assert client.get("/api/v1/groups").status_code == 200
    answer = client.get("/api/v1/groups")
    assert answer.status_code == 429
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["status"] == 429
    assert int(answer.headers["Retry-After"]) in range(1, 61)
    seen = [
        client.get("/api/v1/me", headers={"Authorization": f"Bearer forum_{n}"}).status_code for n in range(3)
    ]
    assert seen == [401, 401, 429]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("nonsense", "nonsense"),
    ],
)
def test_how_an_address_is_counted(app: Flask, address: str, counted: str) -> None:
    """A household of IPv6 is one, and an old address in new clothes is the old one."""
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert network_address() == counted


@pytest.mark.parametrize(("hops", "limited"), [(0, True), (1, False)])
def test_proxies_are_believed_as_far_as_the_setting_says(
    empty_database: Path, tmp_path: Path, hops: int, limited: bool
) -> None:
    """Without a proxy of ours a header changes nobody's address; with one the last hop counts."""
    from tests.conftest import copy_instance

    instance = tmp_path / "behind"
    copy_instance(empty_database, instance)
    app = create_app(test_settings(instance) | {"TRUSTED_PROXIES": hops, "LIMIT_SEARCHES": "1/60"})
    client = app.test_client()
    seen = [
        client.get("/search?q=x", headers={"X-Forwarded-For": f"198.51.100.9, 192.0.2.{n}"}).status_code
        for n in range(2)
    ]
    assert (429 in seen) is limited
    spoofed = [
        client.get("/search?q=x", headers={"X-Forwarded-For": f"198.51.100.{n}, 192.0.2.77"}).status_code
        for n in range(2)
    ]
    assert 429 in spoofed


def test_redis_counts_and_its_absence_is_a_warning(empty_database: Path, tmp_path: Path) -> None:
    """Two applications share a limit; when Redis stops both go on, and readiness says so without failing."""
    from tests.conftest import copy_instance

    with redis_server() as (url, stop):
        clients = []
        for n in range(2):
            instance = tmp_path / str(n)
            copy_instance(empty_database, instance)
            settings = {"REDIS_URL": url, "LIMIT_SEARCHES": "3/3600"}
            clients.append(create_app(test_settings(instance) | settings).test_client())
        assert clients[0].get("/readyz").get_json()["parts"]["limits"] == "ok"
        seen = [clients[n % 2].get("/search?q=x").status_code for n in range(4)]
        assert seen == [200, 200, 200, 429]
        stop()
        answer = clients[0].get("/readyz")
        assert (answer.status_code, answer.get_json()["parts"]["limits"]) == (200, "warning")
        assert [clients[0].get("/search?q=x").status_code for _ in range(4)] == [200, 200, 200, 429]
        wrong = {"email": "ada@a.example", "password": "wrong wrong wrong"}
        assert submit(clients[0], "/accounts/sign-in", wrong).status_code == 422


def test_a_limit_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    """With the name of the setting."""
    with pytest.raises(ConfigurationError, match="FORUM_LIMIT_API"):
        create_app(test_settings(tmp_path) | {"LIMIT_API": "often"})
