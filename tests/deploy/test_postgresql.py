"""The whole product on PostgreSQL as deploy/postgresql sets it up: a role that owns nothing is enough."""

import secrets
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from forum import create_app
from forum.cli import cli
from forum.clock import system_clock
from forum.database import writing
from forum.domain.accounts import Account
from forum.domain.audit import AuditAction
from forum.domain.groups import Group, Membership
from forum.domain.labels import Status
from forum.domain.threads import Thread
from forum.extensions import db, search_engine
from forum.services.audit import record, verify
from forum.services.login_sessions import start_session
from forum.services.outbox_work import count_outbox
from tests.blueprints.forms import send, soup_of
from tests.conftest import Client, test_settings
from tests.servers import postgresql_binaries
from tests.support import deliver

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]
MEMBER, SECRETARIAT = (
    "iris.sample@example-messenger.example",
    "claire.modele@demonstration-secretariat.example",
)
SCRIPTS = Path(__file__).parent.parent.parent / "deploy" / "postgresql"


@dataclass(frozen=True)
class House:
    """A database with the demonstration in it, and its addresses by role."""

    name: str
    addresses: dict[str, str]
    instance: Path

    def app(self, role: str, index_role: str = "") -> Flask:
        """The application as one role of the server, and as another for the index."""
        settings = test_settings(self.instance) | {
            "DATABASE_URL": self.addresses[role],
            "SEARCH": "postgresql",
            "SEARCH_DATABASE_URL": self.addresses.get(index_role, ""),
        }
        app = create_app(settings)
        app.test_client_class = Client
        return app


def psql(script: str, *arguments: str) -> None:
    binaries = postgresql_binaries()
    assert binaries is not None
    command = [binaries / "psql", "-q", "-X", *arguments, "-f", SCRIPTS / script]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def house(postgresql_url: str, tmp_path_factory: pytest.TempPathFactory) -> House:
    """What docs/operate.md says, in its order, with the demonstration instead of nothing."""
    admin = sa.make_url(postgresql_url)
    name = f"house_{secrets.token_hex(4)}"
    plain = admin.set(drivername="postgresql")
    words = [f"-v{role}_password={role}" for role in ("owner", "app", "index")]
    for _ in range(2):  # safe to repeat
        psql("roles.sql", *words, f"-vdatabase={name}", plain.set(database="postgres").render_as_string())
    addresses = {
        role: admin.set(database=name, username=role).render_as_string()
        for role in ("forum_owner", "forum_app", "forum_index")
    }
    made = House(name, addresses, tmp_path_factory.mktemp("house"))
    owner = made.app("forum_owner", "forum_index")
    done = owner.test_cli_runner().invoke(cli, ["demo", "--no-serve"])
    assert done.exit_code == 0, done.output
    for _ in range(2):
        psql("grants.sql", plain.set(database=name, username="forum_owner").render_as_string())
    close(owner)
    return made


@pytest.fixture
def app(house: House) -> Iterator[Flask]:
    """What the server runs as."""
    app = house.app("forum_app")
    yield app
    close(app)


def close(app: Flask) -> None:
    with app.app_context():
        search_engine().close()
        db.session.remove()
        db.engine.dispose()


def sign_in(app: Flask, email: str) -> Client:
    with app.app_context(), writing(db.session()) as session:
        account = session.scalars(sa.select(Account).where(Account.email == email)).one()
        token = start_session(session, account, now=system_clock(), hours=12, has_second_factor=True)
    client = app.test_client()
    assert isinstance(client, Client)
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = token, True
    return client


def test_the_application_owns_nothing(app: Flask, house: House) -> None:
    """No table, sequence, function, schema or database is its own."""
    with app.app_context():
        owned = db.session().execute(
            sa.text(
                "SELECT 'relation ' || relname FROM pg_class WHERE relowner = me"
                " UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspowner = me"
                " UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE proowner = me"
                " UNION ALL SELECT 'base ' || datname FROM pg_database WHERE datdba = me".replace(
                    "= me", "= current_user::regrole"
                )
            )
        )
        assert owned.all() == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE TABLE forum_search.mine (id int)",
        "DROP TABLE post",
        "TRUNCATE post",
        "ALTER TABLE post ADD COLUMN mine int",
        "UPDATE audit_entry SET action = 'x'",
        "DELETE FROM audit_entry",
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
        "UPDATE alembic_version SET version_num = 'x'",
        "DELETE FROM forum_search.current",
        "COPY post TO PROGRAM 'true'",
    ],
)
def test_it_may_change_rows_and_nothing_else(app: Flask, statement: str) -> None:
    """Whoever gets hold of its password changes neither tables nor record nor index."""
    with app.app_context(), pytest.raises(sa.exc.ProgrammingError, match=r"denied|must be"):
        db.session().execute(sa.text(statement))


def test_it_adds_to_the_record(app: Flask) -> None:
    """Entries can be added, and the chain is read."""
    with app.app_context():
        before = verify(db.session()).entries
        with writing(db.session()) as session:
            record(session, None, AuditAction.FLAGGED, now=system_clock())
        after = verify(db.session())
        assert (after.entries, after.fault) == (before + 1, None)


def test_a_reply_is_written_indexed_and_found(app: Flask, house: House) -> None:
    """The server as forum_app writes; the worker, with forum_index for the index, makes it found."""
    client = sign_in(app, MEMBER)
    answered = send(client, discussion_of(app, MEMBER), "composer", body="A quoinstone is laid once.")
    assert answered.status_code == 303, answered.text
    worker = house.app("forum_app", "forum_index")
    deliver(worker, system_clock)
    close(worker)
    assert "quoinstone is laid" in soup_of(client.get("/search?q=quoinstone")).text
    with app.app_context():
        assert count_outbox(db.session(), now=system_clock()).failed == 0


def discussion_of(app: Flask, email: str) -> str:
    """The address of a discussion of a group in which somebody has a role."""
    with app.app_context():
        found = db.session().execute(
            sa.select(Group.slug, Thread.public_id)
            .join(Thread, Thread.group_id == Group.id)
            .join(Membership, Membership.group_id == Group.id)
            .join(Account, Account.id == Membership.account_id)
            .where(Account.email == email, Thread.status == Status.PUBLISHED, Thread.locked_at.is_(None))
        )
        slug, public_id = found.first() or ("", "")
    return f"/groups/{slug}/threads/{public_id}/"


@pytest.mark.parametrize("email", [MEMBER, SECRETARIAT])
def test_every_page_is_shown(app: Flask, email: str) -> None:
    """Two of each kind of page that two people can follow links to: PostgreSQL can answer all of them."""
    client = sign_in(app, email)
    adapter = app.url_map.bind("localhost")
    waiting = ["/", "/groups/", "/strategy/", "/search?q=report", "/moderation/"]
    visits: Counter[str] = Counter()
    broken = {}
    seen = set(waiting)
    while waiting:
        path = waiting.pop(0)
        endpoint = adapter.match(path.split("?")[0])[0]
        if visits[endpoint] == 2 or endpoint == "accounts.sign_out":
            continue
        visits[endpoint] += 1
        answer = client.get(path)
        if answer.status_code >= 500:
            broken[path] = answer.status_code
        found = {link for link in links_of(answer) if adapter.test(link.split("?")[0], "GET")}
        waiting += sorted(found - seen)
        seen |= found
    assert broken == {}
    assert len(visits) > 60


def links_of(answer: TestResponse) -> set[str]:
    """The addresses of this site that a page links to, or redirects to."""
    if answer.location:
        return {answer.location.split("#")[0]}
    if answer.mimetype != "text/html":
        return set()
    hrefs = {str(link["href"]).split("#")[0] for link in soup_of(answer).find_all("a", href=True)}
    return {href for href in hrefs if href.startswith("/")}
